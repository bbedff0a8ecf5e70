"""From a submission to its workbook, through the forms: sheets, headers, words and units as this clerk likes them.

A ``Style`` is a way of filling in forms: the template as it is, title rows and totals, two-row headers, or other names,
units and notations for everything.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pipelines.forms import FORM_VERSION, FORMS, Column, Form, types
from pipelines.forms.headers import header_key, normalise_header
from pipelines.forms.units import find_unit
from pipelines.samples.truth import SET_ASIDE, Raw, Submission

MADE_AT = datetime(2023, 8, 1)
"""The creation date in every workbook's properties: the same seed must make the same bytes."""

SYNTHETIC = "合成数据（演示）：小区、企业、数字均为虚构"

Cells = Mapping[str, object]


@dataclass(frozen=True)
class Style:
    """How a clerk fills in the forms."""

    title: bool = False
    """Title rows above the header, a total row and a line for signatures below the data."""
    two_rows: bool = False
    """Some headers have a parent above them."""
    other_names: bool = False
    """Aliases of sheets and headers, synonyms of words."""
    subtotals: bool = False
    """A 小计 row after each township."""
    dates: str | None = None
    """strftime pattern for dates typed as text; None: real dates."""
    rates: str = "number"
    """number (93.6), text (93.6%) or format (0.936 shown as a percentage)."""
    area_unit: str | None = None
    """Unit of the community list's area where it is not the form's."""
    meta: bool = False
    """The template's hidden ``_meta`` sheet."""


STYLES: Mapping[str, Style] = {
    "canonical": Style(meta=True),
    "titled": Style(title=True, dates="%Y/%m/%d"),
    "two_row": Style(title=True, two_rows=True, dates="%Y年%-m月%-d日", rates="format"),
    "aliased": Style(title=True, other_names=True, subtotals=True, dates="%Y.%-m.%-d", rates="text", area_unit="万㎡"),
}

PARENTS: Mapping[str, Mapping[str, Mapping[str, str | None]]] = {
    "community": {
        "建成交付": {"built_year": None, "completed_date": None, "delivered_date": None},
        "规模": {"floor_area_sqm": None, "building_count": None, "households": None, "occupied_households": None},
        "合同期限": {"contract_start": "开始日期", "contract_end": "结束日期"},
    },
    "committee": {
        "本届任期": {"term_start": "开始日期", "term_end": "结束日期"},
        "委员": {"member_count": None, "party_member_count": None},
    },
}
"""Form → parent header → the fields under it, with their leaf where it differs from the field's own header."""

_TITLE_ROWS = 2


def write_workbook(submission: Submission, title: str, path: Path, fields: Collection[str] = ()) -> None:
    """Write a submission as an .xlsx file; notes the cell of every planted problem in ``submission.planted``.

    ``title`` is the plan's, for the cover; ``fields`` what it rests on (``Plan.fields``), which decides about the
    columns that only some plans have. Raises OSError when the file can't be written.
    """
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True})
    book.set_properties({"title": "合成数据（演示）", "author": "", "created": MADE_AT})
    formats = _Formats(book)
    style = STYLES[submission.style]
    _cover(book, formats, submission, title)
    for form in (FORMS[name] for name in submission.typed):
        _Sheet(book, formats, submission, style, form, fields).write()
    if "hidden_sheet" in submission.quirks:
        _stale(book, submission)
    if style.meta:
        _meta(book, submission)
    book.close()


class _Formats:
    """The few formats a workbook uses."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        frame = {"border": 1, "valign": "vcenter"}
        self.title: Format = book.add_format({"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"})
        self.header: Format = book.add_format(
            {**frame, "bold": True, "align": "center", "text_wrap": True, "bg_color": "#DDEBF7"}
        )
        self.date: Format = book.add_format({"num_format": "yyyy-mm-dd"})
        self.percent: Format = book.add_format({"num_format": "0.0%"})
        self.text: Format = book.add_format({"num_format": "@"})


def _cover(book: xlsxwriter.Workbook, formats: _Formats, submission: Submission, title: str) -> None:
    sheet, ledger = book.add_worksheet("填报说明"), submission.ledger
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 60)
    sheet.merge_range(0, 0, 0, 1, "填报说明", formats.title)
    lines = [
        ("方案", title),
        ("填报单位", ledger.district_name),
        ("行政区划代码", ledger.district_code),
        ("填报期", ledger.period_id),
        ("数据截止日期", ledger.as_of.isoformat()),
        ("填报日期", submission.filled.isoformat()),
        ("单位", "" if "no_area_unit" in submission.quirks else "个、户、㎡、元、%"),
        ("填报人", ""),
        ("联系电话", ""),
        ("审核人", ""),
        ("备注", SYNTHETIC),
    ]
    for row, (label, value) in enumerate(lines, 2):
        sheet.write_string(row, 0, label, formats.header)
        if value:
            sheet.write_string(row, 1, value, formats.text)


def _meta(book: xlsxwriter.Workbook, submission: Submission) -> None:
    sheet, ledger = book.add_worksheet("_meta"), submission.ledger
    lines = {
        "plan_id": ledger.plan_id,
        "district_code": ledger.district_code,
        "period_id": ledger.period_id,
        "template_version": str(FORM_VERSION),
    }
    for row, (key, value) in enumerate(lines.items()):
        sheet.write_string(row, 0, key)
        sheet.write_string(row, 1, value)
    sheet.very_hidden()


def _stale(book: xlsxwriter.Workbook, submission: Submission) -> None:
    """A hidden sheet with numbers of another year, which nobody may count."""
    sheet = book.add_worksheet("小区明细(上年)")
    for column, header in enumerate(("街道(乡镇)*", "小区名称*", "总户数*", "建筑面积(㎡)*", "物业管理方式*")):
        sheet.write_string(0, column, header)
    for row, cells in enumerate(submission.typed["community"][:5], 1):
        sheet.write_string(row, 0, str(cells["subdistrict"]))
        sheet.write_string(row, 1, str(cells["community_name"]))
        sheet.write_number(row, 2, 1)
        sheet.write_number(row, 3, 80)
        sheet.write_string(row, 4, "市场化物业")
    sheet.hide()


Put = Callable[[int, int, object], None]


class _Sheet:
    """One form's sheet."""

    def __init__(
        self,
        book: xlsxwriter.Workbook,
        formats: _Formats,
        submission: Submission,
        style: Style,
        form: type[Form],
        fields: Collection[str],
    ) -> None:
        self.submission, self.style, self.form, self.formats = submission, style, form, formats
        self.rows: Sequence[Cells] = submission.typed[form.name]
        self.quirks = submission.quirks if form.name == "community" else frozenset()
        self.columns = [
            column
            for column in form.columns_for(fields)
            if not (column.personal and style.other_names)
            and not ("lacks_households" in self.quirks and column.field == "households")
        ]
        self.name = form.sheet_aliases[0] if style.other_names and form.sheet_aliases else form.sheet
        self.sheet: Worksheet = book.add_worksheet(self.name)
        self.units = [self._unit(column) for column in self.columns]
        self.cells: dict[int, int] = {}
        """Index of a typed row → its row on the sheet."""

    # -- the layout ----------------------------------------------------------------------------------------------

    def write(self) -> None:
        top = self._head()
        put = [self._writer(column, unit) for column, unit in zip(self.columns, self.units, strict=True)]
        row, number = top, 0
        for block in self._blocks():
            for index in block:
                number += 1
                self.cells[index] = row
                cells = self.rows[index]
                for place, column in enumerate(self.columns):
                    value = number if column.field == "seq_no" else cells.get(column.field)
                    if value is not None:
                        put[place](row, place, value)
                if "unmapped_column" in self.quirks:
                    self.sheet.write_number(row, len(self.columns), 1 + index % 4)
                row += 1
                if "total_in_the_middle" in self.quirks and number == len(self.rows) // 2:
                    self._total(row, "合计", "community_name", list(self.cells))
                    for place, (column, unit) in enumerate(zip(self.columns, self.units, strict=True)):
                        self.sheet.write_string(row + 1, place, self._heading(column, unit))
                    row += 2
            if self.style.subtotals and self.form.name == "community" and block:
                town = str(self.rows[block[0]]["subdistrict"])
                extra = 50 if "wrong_subtotal" in self.quirks and row == top + len(block) else 0
                self._total(row, f"{town}小计", "subdistrict", block, extra)
                row += 1
        if self.style.title and self.form.name in ("community", "company") and self.rows:
            self._total(row, "合计", self.columns[0].field, range(len(self.rows)))
            row += 1
        if self.style.title:
            self.sheet.write_string(row + 1, 0, "填表人：")
            self.sheet.write_string(row + 1, 3, "审核人：")
        self._note_places()

    def _head(self) -> int:
        """Title and header rows; returns the first data row."""
        top = 0
        if self.style.title:
            last = len(self.columns) - 1
            district = self.submission.ledger.district_name
            self.sheet.merge_range(0, 0, 0, last, f"{district}{self.form.title}", self.formats.title)
            self.sheet.write_string(1, 0, f"填报单位：{district}")
            self.sheet.write_string(1, 4, f"填报日期：{self.submission.filled:%Y-%m-%d}")
            top = _TITLE_ROWS
        parents = PARENTS.get(self.form.name, {}) if self.style.two_rows else {}
        above = {name: (parent, leaf) for parent, under in parents.items() for name, leaf in under.items()}
        header = self.formats.header
        bottom = top + 1 if parents else top
        for place, (column, unit) in enumerate(zip(self.columns, self.units, strict=True)):
            text = self._heading(column, unit)
            if column.field in above:
                self.sheet.write_string(bottom, place, above[column.field][1] or text, header)
            elif parents:
                self.sheet.merge_range(top, place, bottom, place, text, header)
            else:
                self.sheet.write_string(top, place, text, header)
        for parent, under in parents.items():
            places = [place for place, column in enumerate(self.columns) if column.field in under]
            if len(places) > 1:
                self.sheet.merge_range(top, places[0], top, places[-1], parent, header)
            elif places:
                self.sheet.write_string(top, places[0], parent, header)
        if "unmapped_column" in self.quirks:
            self.sheet.write_string(bottom, len(self.columns), "网格员数量", header)
        self.sheet.freeze_panes(bottom + 1, 0)
        self.sheet.set_column(0, len(self.columns), 13)
        return bottom + 1

    def _heading(self, column: Column, unit: str | None) -> str:
        name = _alias(self.form, column) if self.style.other_names else column.header
        stated = "" if unit is None or ("no_area_unit" in self.quirks and column.unit == "㎡") else f"({unit})"
        return name + stated + ("*" if column.required and not self.style.other_names else "")

    def _blocks(self) -> Iterator[list[int]]:
        """Typed rows in the order of the sheet: by township where each has a subtotal."""
        if not (self.style.subtotals and self.form.name == "community"):
            yield list(range(len(self.rows)))
            return
        towns: dict[object, list[int]] = {}
        for index, cells in enumerate(self.rows):
            towns.setdefault(cells["subdistrict"], []).append(index)
        yield from towns.values()

    def _total(self, row: int, label: str, at: str, of: Iterable[int], extra: int = 0) -> None:
        """A row that adds up what the rows say; rows that must be set aside are left out of it."""
        aside = {p.row for p in self.submission.planted if p.form == self.form.name and p.row_is == SET_ASIDE}
        counted = [index for index in of if index not in aside]
        for place, (column, unit) in enumerate(zip(self.columns, self.units, strict=True)):
            if column.field == at:
                self.sheet.write_string(row, place, label)
            elif column.field in ("households", "floor_area_sqm", "managed_area"):
                values = (self.rows[index][column.field] for index in counted)
                numbers = [v.means if isinstance(v, Raw) else v for v in values]
                total: Any = sum((n for n in numbers if isinstance(n, int | Decimal)), start=0)
                if column.field == "households":
                    total += extra
                self.sheet.write_number(row, place, _number(total, unit))

    def _note_places(self) -> None:
        places = {column.field: place for place, column in enumerate(self.columns)}
        for planted in self.submission.planted:
            if planted.form == self.form.name:
                planted.sheet = self.name
                if planted.row is not None and planted.field in places:
                    planted.cell = xlsxwriter.utility.xl_rowcol_to_cell(self.cells[planted.row], places[planted.field])

    # -- cells ---------------------------------------------------------------------------------------------------

    def _unit(self, column: Column) -> str | None:
        return self.style.area_unit or column.unit if column.unit == "㎡" else column.unit

    def _writer(self, column: Column, unit: str | None) -> Put:
        """How the values of a column are typed."""
        sheet, kind = self.sheet, column.type

        def plain(row: int, place: int, value: object) -> None:
            if isinstance(value, str):
                sheet.write_string(row, place, value)
            elif isinstance(value, bool):
                sheet.write_string(row, place, words[value])
            elif isinstance(value, date):
                typed(row, place, value)
            elif isinstance(value, int | float | Decimal):
                sheet.write_number(row, place, _number(value, unit))
            elif isinstance(value, Raw):
                self._raw(row, place, value)
            else:
                raise TypeError(f"{self.form.name}.{column.field}: no way to type {value!r}")

        def typed(row: int, place: int, value: date) -> None:
            pattern = "%Y年%-m月%-d日" if "dates_as_text" in self.quirks and row % 2 else self.style.dates
            if pattern is None:
                sheet.write_datetime(row, place, value, self.formats.date)
            else:
                sheet.write_string(row, place, value.strftime(pattern))

        def worded(row: int, place: int, value: object) -> None:
            if isinstance(value, str) and (choice := column.allowed.get(value)):
                other = choice.synonyms[0] if self.style.other_names and choice.synonyms else choice.label
                sheet.write_string(row, place, other)
            else:
                plain(row, place, value)

        def rated(row: int, place: int, value: object) -> None:
            if isinstance(value, Raw) or self.style.rates == "number":
                plain(row, place, value)
            elif self.style.rates == "text":
                sheet.write_string(row, place, f"{value}%")
            else:
                sheet.write_number(row, place, float(value / 100), self.formats.percent)  # type: ignore[operator]

        words = {True: "√", False: "×"} if self.style.two_rows else {True: "是", False: "否"}
        if isinstance(kind, types.Enum):
            return worded
        return rated if isinstance(kind, types.Percent) else plain

    def _raw(self, row: int, place: int, value: Raw) -> None:
        if isinstance(value.value, str):
            self.sheet.write_string(row, place, value.value)
        else:
            self.sheet.write_number(row, place, value.value, self.formats.percent if value.percent else None)


def _number(value: int | float | Decimal, unit: str | None) -> float:
    """A value in base units as a number in the column's unit."""
    worth = find_unit(unit) if unit else None
    if worth is None or worth.factor == 1 or worth.dimension not in ("area", "money"):
        return float(value)
    return float(Decimal(value) / worth.factor)


def _alias(form: type[Form], column: Column) -> str:
    """Another header for the column that can't be taken for any other of the form."""
    claimed = {header_key(normalise_header(other.header)[0]) for other in form.columns if other is not column}
    for alias in column.aliases:
        name, unit = normalise_header(alias)
        if "-" not in alias and unit is None and header_key(name) not in claimed and len(name) > 1:
            return alias
    return column.header
