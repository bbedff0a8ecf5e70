"""The data dictionary: one row per column of every form, for the documentation and for templates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pipelines.forms import FORMS
from pipelines.forms.schema import limits


class Entry(NamedTuple):
    """One column of one form. ``stored`` are its record columns with their types; none when personal."""

    form: str
    sheet: str
    field: str
    header: str
    unit: str
    type: str
    allowed: str
    required: bool
    personal: bool
    extra: bool
    note: str
    description: str
    aliases: str
    stored: str


def entries() -> Iterator[Entry]:
    """Every column in the order of the forms, those that templates don't print last."""
    for form in FORMS.values():
        for column in (*form.columns, *form.alternatives):
            words = "、".join(f"{choice.label} {code}" for code, choice in column.allowed.items())
            yield Entry(
                form=form.name,
                sheet=form.sheet,
                field=column.field,
                header=column.header,
                unit=column.unit or "",
                type=column.type.label,
                allowed=words or limits(column),
                required=column.required,
                personal=column.personal,
                extra=column.extra,
                note=column.note,
                description=column.description,
                aliases=" ".join(column.aliases),
                stored="、".join(f"{name} {dtype}" for name, dtype in column.record_columns.items()),
            )


def markdown() -> str:
    """The dictionary as one Markdown table per form. Required columns carry *, personal ones †, some plans' own ‡."""
    lines: list[str] = []
    sheet = ""
    for entry in entries():
        if entry.sheet != sheet:
            sheet = entry.sheet
            form = FORMS[entry.form]
            lines += ["", f"## {sheet} `{entry.form}`", "", f"{form.title} · {form.title_en}", ""]
            lines += ["| 表头 | field | 类型 | 允许值 | meaning | stored as |", "|---|---|---|---|---|---|"]
        marks = ("*" if entry.required else "") + ("†" if entry.personal else "") + ("‡" if entry.extra else "")
        header = entry.header + (f"({entry.unit})" if entry.unit else "") + marks
        cells = (header, f"`{entry.field}`", entry.type, entry.allowed, entry.description, entry.stored)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines).strip() + "\n"


def page() -> str:
    """docs/forms.md: the dictionary with its heading."""
    return (
        "# Forms\n\nEvery column that districts fill in, made from the forms themselves (`make docs`). "
        "`*` required, `†` personal: read only to be masked, `‡` on the templates of those plans only that use it.\n\n"
        + markdown()
    )
