"""What a re-sent ledger says differently from the version it replaces: rows added and removed, cells changed.

Rows are the same where what identifies them agrees: a community by code and name, name and subdistrict, code, name and
address, much as in the register; the rows of other forms by what makes them one of their kind (``NATURAL``). Rows that
are equal in everything are no change, wherever they stand. What several rows share tells none of them apart: such rows
count as removed and added, nothing is guessed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import polars as pl

from pipelines.forms import FORMS, Form
from pipelines.forms.base import Column
from pipelines.forms.types import Enum, Flag, PartialDate, Percent, Year
from pipelines.forms.units import find_unit

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
KIND_NAMES = {REMOVED: "删除", ADDED: "新增", CHANGED: "修改"}
"""The kinds of change in the order in which they are told."""
NOT_TAKEN = "（未采用）"
"""Instead of a value that was typed and withheld."""
NOT_COMPARED = frozenset({"seq_no"})
"""Running numbers say nothing of the row they stand in."""

NATURAL: Mapping[str, tuple[str, ...]] = {
    "community": (
        "community_code name_key",
        "name_key subdistrict_key",
        "community_code",
        "name_key address_key",
        "name_key",
    ),
    "company": ("uscc company_key", "uscc", "company_key"),
    "committee": (
        "community_code body_type body_name?",
        "name_key subdistrict_key? body_type body_name?",
        "community_code body_type",
        "name_key subdistrict_key? body_type",
        "community_code",
        "name_key subdistrict_key?",
    ),
    "party": ("subject_type subject_code", "subject_type name_key"),
    "credit": ("rating_year uscc name_key?", "rating_year company_key name_key?"),
    "dispute": ("case_no",),
    "inspection": ("date name_key? company_key? type?", "date name_key? company_key?"),
    "satisfaction": (
        "survey_year organiser community_code",
        "survey_year organiser name_key",
        "survey_year name_key",
    ),
    "subdistrict": ("subdistrict_key",),
    "neighbourhood": ("subdistrict_key neighbourhood", "neighbourhood"),
    "task": ("task_id task", "task_id", "task"),
    "mechanism": ("indicator_id document_no", "indicator_id document_name", "indicator_id"),
    "evidence": ("evidence_id",),
    "meeting": ("date type level?", "date type"),
    "special": ("community_code name_key", "name_key subdistrict_key", "community_code"),
    "member": ("community_name subdistrict? member_no", "community_name member_no"),
    "summary": ("measure",),
}
"""What identifies a row of a form, the surest first; what has a ``?`` may be blank. Of forms without an entry the
identity columns do."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``before`` and ``after`` as a clerk reads them; sheet, cell and row are those of the new version.

    A row that was added or removed has no field; a removed one has no place any more.
    """

    form: str
    kind: str
    entity: str | None
    field: str | None = None
    before: str | None = None
    after: str | None = None
    sheet: str | None = None
    cell: str | None = None
    source_row: int | None = None

    @property
    def header(self) -> str | None:
        """The column's name on the form."""
        return FORMS[self.form].column(self.field).header if self.field else None

    @property
    def text(self) -> str:
        """In one line, without its place."""
        sheet, who = FORMS[self.form].sheet, f"「{self.entity}」" if self.entity else "一行"
        if self.kind != CHANGED:
            return f"{sheet}：{KIND_NAMES[self.kind]}{who}"
        return f"{sheet}{who}{self.header}：{self.before or '（空）'} → {self.after or '（空）'}"


@dataclass(frozen=True)
class Changes:
    """What a ledger changed against the version it replaces: that one's submission_id, arrival and file name."""

    supersedes: str
    received_at: datetime
    file_name: str
    rows: tuple[Change, ...] = ()

    def counts(self) -> dict[str, dict[str, int]]:
        """Form → kind → how many rows; a row with several changed cells is one."""
        rows: dict[str, Counter[str]] = {}
        seen = set()
        for change in self.rows:
            place = change.form, change.kind, change.sheet, change.source_row
            if change.kind != CHANGED or place not in seen:
                rows.setdefault(change.form, Counter())[change.kind] += 1
            seen.add(place)
        return {form: {kind: found[kind] for kind in KIND_NAMES if found[kind]} for form, found in rows.items()}

    @property
    def headline(self) -> str:
        """What it replaced, and how much is different, in a sentence."""
        what = "；".join(
            f"{FORMS[form].sheet}" + "、".join(f"{KIND_NAMES[kind]} {count} 行" for kind, count in kinds.items())
            for form, kinds in self.counts().items()
        )
        version = f"与{self.received_at:%Y-%m-%d %H:%M}收到的上一版「{self.file_name}」相比"
        return f"{version}：{what}。" if what else f"{version}，各表内容没有变化。"


Places = Callable[[str, str, int, str | None], str | None]
"""Form, sheet, row and field → the cell."""


def compare(old: Mapping[str, pl.DataFrame], new: Mapping[str, pl.DataFrame], cell_of: Places) -> tuple[Change, ...]:
    """Every difference between the records of two versions, form by form."""
    found: list[Change] = []
    for name, form in FORMS.items():
        before, after = (_Rows.of(form, frames.get(name)) for frames in (old, new))
        if before.lines or after.lines:
            found += _differences(form, before, after, cell_of)
    return tuple(found)


@dataclass(frozen=True)
class _Rows:
    """One version's rows of a form, in the order of the workbook."""

    columns: frozenset[str]
    lines: list[dict[str, Any]]

    @classmethod
    def of(cls, form: type[Form], frame: pl.DataFrame | None) -> _Rows:
        if frame is None or frame.is_empty():
            return cls(frozenset(form.record_schema), [])
        return cls(frozenset(frame.columns), frame.to_dicts())


def _differences(form: type[Form], before: _Rows, after: _Rows, cell_of: Places) -> Iterator[Change]:
    # A column that one of the records does not know yet was not taken out of the workbook.
    columns = [
        column
        for column in form.columns
        if column.field not in NOT_COMPARED and column.record_columns and column.field in before.columns & after.columns
    ]
    pairs, removed, added = _matched(form, columns, before.lines, after.lines)

    def place(row: Mapping[str, Any], field: str | None = None) -> dict[str, Any]:
        sheet, number = row["source_sheet"], row["source_row"]
        return {"sheet": sheet, "cell": cell_of(form.name, sheet, number, field), "source_row": number}

    for row in removed:
        yield Change(form.name, REMOVED, entity(form, row))
    for row in added:
        yield Change(form.name, ADDED, entity(form, row), **place(row))
    for old, new in pairs:
        for column in columns:
            if _value(column, old) != _value(column, new):
                said = spoken(column, old), spoken(column, new)
                yield Change(form.name, CHANGED, entity(form, new), column.field, *said, **place(new, column.field))


Row = dict[str, Any]


def _matched(
    form: type[Form], columns: Sequence[Column], old: list[Row], new: list[Row]
) -> tuple[list[tuple[Row, Row]], list[Row], list[Row]]:
    """Rows of both versions that are the same one and differ, in the new order; then the old and new ones left over."""
    content: Callable[[Row], Any] = lambda row: tuple(_value(column, row) for column in columns)  # noqa: E731
    old_left, new_left = _without_equal(old, new, content)
    found: list[tuple[int, Row, Row]] = []
    for key in _keys(form):
        if not old_left or not new_left:
            break
        mine, yours = _by_key(old_left, key), _by_key(new_left, key)
        alone = [
            (mine[value][0], yours[value][0]) for value in mine if len(mine[value]) == 1 == len(yours.get(value, ()))
        ]
        sure = [(a, b) for a, b in alone if _is_one(form, key, old_left[a], new_left[b])]
        found += [(b, old_left[a], new_left[b]) for a, b in sure]
        for a, b in sure:
            del old_left[a], new_left[b]
    return [(a, b) for _, a, b in sorted(found, key=lambda one: one[0])], [*old_left.values()], [*new_left.values()]


def _without_equal(
    old: list[Row], new: list[Row], content: Callable[[Row], Any]
) -> tuple[dict[int, Row], dict[int, Row]]:
    """The rows, by position, that have no equal in the other version."""
    places: dict[Any, list[int]] = defaultdict(list)
    for number, row in enumerate(old):
        places[content(row)].append(number)
    left_old, left_new = dict(enumerate(old)), {}
    for number, row in enumerate(new):
        if equal := places.get(content(row)):
            del left_old[equal.pop(0)]
        else:
            left_new[number] = row
    return left_old, left_new


def _keys(form: type[Form]) -> Iterator[tuple[str, ...]]:
    named = NATURAL.get(form.name) or (" ".join(column.field for column in form.columns if column.identity),)
    yield from (tuple(key.split()) for key in named if key)


def _by_key(rows: Mapping[int, Row], key: tuple[str, ...]) -> dict[tuple[Any, ...], list[int]]:
    """Positions by the value of a key; a row that lacks a part of it has none."""
    parts = [(part.rstrip("?"), part.endswith("?")) for part in key]
    by: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for number, row in rows.items():
        value = tuple(row.get(name) for name, _ in parts)
        if all(part is not None or may_be_blank for part, (_, may_be_blank) in zip(value, parts, strict=True)):
            by[value].append(number)
    return by


def _is_one(form: type[Form], key: tuple[str, ...], old: Row, new: Row) -> bool:
    """What else must hold of two communities that alone have this key: the same subdistrict, where both have one.

    A code may have been given to another community (R32), unless that is said to be a new name.
    """
    if form.name != "community" or key not in (("community_code",), ("name_key",)):
        return True
    streets = {old["subdistrict_key"], new["subdistrict_key"]} - {None}
    return len(streets) < 2 or (key == ("community_code",) and new["change_type"] == "rename")


def _value(column: Column, row: Mapping[str, Any]) -> Any:
    """What a row says in a column, for comparison: a date with its precision, what was withheld as such."""
    value = row[column.field]
    if value is None:
        return NOT_TAKEN if column.field in (row["withheld"] or ()) else None
    return (value, row[f"{column.field}_precision"]) if isinstance(column.type, PartialDate) else value


# ── as a clerk reads it ───────────────────────────────────────────────────────────────────────────────────────────


def entity(form: type[Form], row: Mapping[str, Any]) -> str | None:
    """What a row is about: its identifying value."""
    column = next((column for column in form.columns if column.identity), None)
    return spoken(column, row) if column else None


def spoken(column: Column, row: Mapping[str, Any]) -> str | None:
    """A row's value in a column in words: labels instead of codes, with its unit; None where it is blank."""
    value = row[column.field]
    if value is None:
        return NOT_TAKEN if column.field in (row["withheld"] or ()) else None
    if isinstance(column.type, PartialDate):
        return _day(value, row[f"{column.field}_precision"])
    if isinstance(column.type, Flag):
        value = str(value).lower()
    if isinstance(column.type, Enum | Flag):
        return column.allowed[value].label if value in column.allowed else str(value)
    if isinstance(value, Decimal | float) and not isinstance(value, bool):
        unit = find_unit(column.unit) if column.unit else None
        number = Decimal(str(value)) / (unit.factor if unit and not isinstance(column.type, Percent) else 1)
        return f"{number.normalize():,f}{column.unit or ''}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(column.type, Year) else str(value)


def _day(day: date, precision: str | None) -> str:
    words = {"month": f"{day:%Y}年{day.month}月", "year": f"{day:%Y}年", "decade": f"{day:%Y}年代"}
    return words.get(precision or "day") or day.isoformat()


# ── where columns stand ───────────────────────────────────────────────────────────────────────────────────────────


def layout_of(recognised: Iterable[Mapping[str, Any]]) -> list[str]:
    """Which columns of which sheets became which fields: ``form.field=sheet!C5:C120`` for each."""
    return [
        f"{table['form']}.{column['field']}={table['sheet']}!{letter}{table['first_data_row']}:{letter}{table['last_data_row']}"
        for table in recognised
        if table["first_data_row"]
        for column in table["columns"]
        if column["field"] and (letter := column["letter"])
    ]


def places(layout: Iterable[str]) -> Places:
    """The cells of a workbook, by what ``layout_of`` kept of it; a field without a column has the row's name's cell."""
    found: dict[tuple[str, str, str], list[tuple[int, int, str]]] = defaultdict(list)
    for text in layout:
        name, _, where = text.partition("=")
        form, _, field = name.partition(".")
        sheet, _, cells = where.rpartition("!")
        first, last = cells.split(":")
        letter = first.rstrip("0123456789")
        found[form, sheet, field].append((int(first[len(letter) :]), int(last[len(letter) :]), letter))

    @cache
    def spans(form: str, sheet: str, field: str | None) -> list[tuple[int, int, str]]:
        names = [field, *(column.field for column in FORMS[form].columns if column.identity)]
        return [span for name in names if name for span in found.get((form, sheet, name), ())]

    def cell(form: str, sheet: str, row: int, field: str | None) -> str | None:
        return next(
            (f"{letter}{row}" for first, last, letter in spans(form, sheet, field) if first <= row <= last), None
        )

    return cell
