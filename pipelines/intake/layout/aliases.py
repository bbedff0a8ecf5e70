"""What analysts add to the headers and sheet names that are understood: ``data/raw/register/headers.csv``.

::

    form,header,field,sheet,plan,district,reason
    小区明细,片区,社区,,bayannur_2023_2025,150802,临河区的叫法
    小区明细,楼院概况,不采用,,,,与本表无关
    小区明细,,,楼院底册,,,五原县的表名

A line with ``header`` and ``field`` says what a header means on a form; 不采用 leaves the column out. A line with
``sheet`` says which form a sheet of that name holds. ``plan`` and ``district`` limit it; the narrower line wins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.forms import FORMS, Form
from pipelines.forms.headers import BUILT_IN, Lexicon, form_of_sheet, key_of
from pipelines.handwritten import HandwrittenError, Line, lines
from pipelines.plans import Plan, find_plan

LEFT_OUT = ("不采用", "-", "none", "ignore")
_HEADERS = {
    "form": ("表", "表单", "台账"),
    "header": ("表头", "列名"),
    "field": ("字段", "含义", "识别为"),
    "sheet": ("工作表", "表名", "工作表名"),
    "plan": ("方案", "plan_id"),
    "district": ("行政区划代码", "旗县区", "地区", "district_code"),
    "reason": ("原因", "理由", "说明"),
}


class AliasError(HandwrittenError):
    """The file can't be used."""


@dataclass(frozen=True)
class Alias:
    """One line."""

    form: str
    header: str | None
    field: str | None
    """None leaves the column out."""
    sheet: str | None
    plan: str | None
    district: str | None

    @property
    def scope(self) -> tuple[str | None, str | None]:
        return self.plan, self.district


@dataclass(frozen=True)
class Aliases:
    """All lines. ``lexicon`` gives what holds for a plan and district, the same object each time."""

    lines: tuple[Alias, ...] = ()
    _lexica: dict[tuple[str | None, str | None], Lexicon] = field(default_factory=dict, compare=False, repr=False)

    def lexicon(self, plan: str | None = None, district: str | None = None) -> Lexicon:
        """What headers and sheet names mean for a district of a plan; without them, what holds everywhere."""
        scopes = [(None, None), (plan, None), (None, district), (plan, district)]
        known = {line.scope for line in self.lines}
        narrowest = max((n for n, scope in enumerate(scopes) if scope in known), default=None)
        if narrowest is None:
            return BUILT_IN
        key = (plan, district) if narrowest else (None, None)
        if key not in self._lexica:
            self._lexica[key] = self._made([scope for scope in dict.fromkeys(scopes) if scope in known])
        return self._lexica[key]

    @property
    def are_scoped(self) -> bool:
        """Whether some hold for a plan or district only."""
        return any(line.scope != (None, None) for line in self.lines)

    def _made(self, scopes: Sequence[tuple[str | None, str | None]]) -> Lexicon:
        headers: dict[tuple[str, str], str | None] = {}
        sheets: dict[str, str] = {}
        for scope in scopes:
            for line in self.lines:
                if line.scope == scope and line.header:
                    headers[line.form, key_of(line.header)] = line.field
                elif line.scope == scope and line.sheet:
                    sheets[key_of(line.sheet)] = line.form
        return Lexicon(headers, sheets)


NO_ALIASES = Aliases()


def read_aliases(path: Path, plans: Mapping[str, Plan]) -> Aliases:
    """The lines of a file; none when there is no such file. Raises AliasError listing all mistakes."""
    if not path.is_file():
        return NO_ALIASES
    mistakes: list[str] = []
    found: list[Alias] = []
    places: dict[tuple[object, ...], tuple[int, object]] = {}
    for line in lines(path, _HEADERS, ("form",), mistakes, Line):
        alias = _alias(line, plans)
        if alias:
            about = alias.form if alias.header else "sheet", key_of(alias.header or alias.sheet or ""), *alias.scope
            says = alias.field if alias.header else alias.form
            number, before = places.setdefault(about, (line.number, says))
            if before != says:
                name = "header" if alias.header else "sheet"
                line.wrong(name, f"means something else in line {number}", "keep one of the two lines")
            found.append(alias)
        mistakes.extend(line.mistakes)
    if mistakes:
        raise AliasError(mistakes)
    return Aliases(tuple(found))


def _alias(line: Line, plans: Mapping[str, Plan]) -> Alias | None:
    form = _form(line)
    header, name, sheet = line.text("header"), line.text("field"), line.text("sheet")
    if (header is None) == (sheet is None):
        line.wrong("header", "one of header and sheet must be given", "write the header, or the sheet's name, as typed")
    if header and not key_of(header):
        line.wrong("header", f"{header} is no header", "write it as it stands on the sheet")
    field_name = _field(line, form, name) if header and form else None
    if sheet and name:
        line.wrong("field", "is given beside a sheet's name", "leave it blank, or write the header it belongs to")
    plan, district = _scope(line, plans)
    return Alias(form.name, header, field_name, sheet, plan, district) if form and not line.mistakes else None


def _form(line: Line) -> type[Form] | None:
    text = line.needed("form", "name the form by its sheet, such as 小区明细")
    form = (FORMS.get(text) or form_of_sheet(text)) if text else None
    if text and form is None:
        line.wrong("form", f"{text} is no form", f"use one of {'、'.join(form.sheet for form in FORMS.values())}")
    return form


def _field(line: Line, form: type[Form], text: str | None) -> str | None:
    if text in LEFT_OUT:
        return None
    columns = {name: c.field for c in (*form.columns, *form.alternatives) for name in (c.field, key_of(c.header))}
    found = columns.get(text or "") or columns.get(key_of(text or ""))
    if found is None:
        said = f"{text} is no column of {form.sheet}" if text else "is blank"
        headers = "、".join(column.header for column in form.columns)
        line.wrong("field", said, f"use one of {headers}, or 不采用 to leave the column out")
    return found


def _scope(line: Line, plans: Mapping[str, Plan]) -> tuple[str | None, str | None]:
    plan_text, district_text = line.text("plan"), line.text("district")
    plan = find_plan(plans, plan_text) if plan_text else None
    if plan_text and plan is None:
        line.wrong("plan", f"{plan_text} is no plan", f"use one of {', '.join(plans)}")
    if not district_text:
        return plan.id if plan else None, None
    districts = {d.code for p in ([plan] if plan else plans.values()) if (d := p.district(district_text))}
    if len(districts) != 1:
        said = "means several districts" if districts else "is no district" + (f" of {plan.id}" if plan else "")
        line.wrong("district", f"{district_text} {said}", "write the district's code, such as 150802")
        return None, None
    return plan.id if plan else None, districts.pop()
