"""xlsx and xlsm, Strict ones too: cells through calamine, the rest from the XML of each sheet.

The parts that matter are inflated once. They are searched for what calamine does not pass on (percent formats, errors,
formulas never computed, hidden rows), and handed to calamine as a small package of our own making, so that what was
checked is what is read. A sheet written as programs usually write is searched as bytes; any other is walked through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipelines.intake.issues import Refusal, column_index
from pipelines.intake.reading.archive import Archive, Part, stored
from pipelines.intake.reading.engine import fill, opened
from pipelines.intake.reading.ooxml import Relation, percent_formats, relations, workbook_part
from pipelines.intake.reading.refusals import no_sheet, too_many_sheets, too_spread, unreadable
from pipelines.intake.reading.sheets import HIDDEN, VERY_HIDDEN, VISIBLE, Cell, RawSheet, RawWorkbook
from pipelines.intake.reading.xml import checked, local, tree, walk
from pipelines.settings import Limits

_STATES = {"hidden": HIDDEN, "veryHidden": VERY_HIDDEN}


def read_xlsx(archive: Archive, limits: Limits) -> RawWorkbook:
    """All sheets; the cells of those that are wanted."""
    archive.check(limits)
    part = workbook_part(archive, "xl/workbook.xml")
    related = relations(archive, part)
    sheets, parts, date1904 = _listed(archive.read(part), related, limits)
    if not sheets:
        raise no_sheet()
    shared = {relation.kind: relation.part for relation in related.values()}
    strings, styles = (_part(archive, shared.get(kind, f"xl/{kind}.xml")) for kind in ("sharedStrings", "styles"))
    percent = _percent_styles(styles.content)
    wanted = []
    for sheet, name in zip(sheets, parts, strict=True):
        if sheet.is_wanted:
            xml = _part(archive, name)
            if not xml.content:
                raise unreadable(f"缺少工作表「{sheet.name}」的内容")
            _look_into(sheet, xml.content, percent, limits)
            wanted.append((sheet, xml))
    book = opened(_package([xml for _, xml in wanted], _countable(strings), styles, date1904))
    room = limits.cells
    for index, (sheet, _) in enumerate(wanted):
        room -= fill(sheet, book, index, room, limits)
    return RawWorkbook("xlsx", sheets, date1904)


def _part(archive: Archive, name: str) -> Part:
    part = archive.part(name)
    content = checked(part.content)
    return part if content is part.content else Part.of(content)


def _countable(strings: Part) -> Part:
    """The shared texts without a claimed number of them that they can't hold: calamine makes room for as many."""
    content = strings.content
    root = _SHARED_TEXTS.search(content)
    if not root or all(int(claimed) <= len(content) for claimed in _CLAIMED.findall(root[0])):
        return strings
    return Part.of(content[: root.start()] + _CLAIMED.sub(b"", root[0]) + content[root.end() :])


_SHARED_TEXTS = re.compile(rb"<(?:\w+:)?sst\b[^>]*>")
_CLAIMED = re.compile(rb"""\s(?:uniqueCount|count)\s*=\s*["'](\d+)["']""")


def _listed(workbook: bytes, related: Mapping[str, Relation], limits: Limits) -> tuple[list[RawSheet], list[str], bool]:
    """The worksheets a workbook part lists, the part of each, and whether dates count from 1904."""
    sheets: list[RawSheet] = []
    parts: list[str] = []
    date1904 = False
    for node in tree(workbook or b"<workbook/>").iter():
        tag = local(node.tag)
        if tag == "workbookPr":
            date1904 = node.get("date1904") in ("1", "true")
        elif tag == "sheet":
            relation = related.get(next((value for key, value in node.items() if key.endswith("}id")), ""))
            if relation and relation.kind == "worksheet":
                sheets.append(RawSheet(node.get("name") or "", _STATES.get(node.get("state") or "", VISIBLE)))
                parts.append(relation.part)
            if len(sheets) > limits.sheets:
                raise too_many_sheets(limits)
    return sheets, parts, date1904


def _percent_styles(styles: bytes) -> frozenset[int]:
    """The cell styles (positions in ``cellXfs``) whose number format shows a percent sign."""
    if b"%" not in styles and b'"9"' not in styles and b'"10"' not in styles:
        return frozenset()
    try:
        root = tree(styles)
    except Refusal:
        return frozenset()
    codes = {
        int(node.get("numFmtId") or 0): node.get("formatCode") or ""
        for node in root.iter()
        if local(node.tag) == "numFmt" and (node.get("numFmtId") or "").isdecimal()
    }
    percent = {str(number) for number in percent_formats(codes)}
    formats = next((node for node in root.iter() if local(node.tag) == "cellXfs"), ())
    return frozenset(position for position, xf in enumerate(formats) if xf.get("numFmtId") in percent)


# ── the package calamine reads ────────────────────────────────────────────────────────────────────────────────────

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def _package(sheets: Sequence[Part], strings: Part, styles: Part, date1904: bool) -> bytes:
    """These parts as a workbook with sheets 1, 2, 3 …"""
    numbers = range(1, len(sheets) + 1)
    listed = "".join(f'<sheet name="{number}" sheetId="{number}" r:id="r{number}"/>' for number in numbers)
    workbook = (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATION}"><workbookPr date1904="{int(date1904)}"/>'
        f"<sheets>{listed}</sheets></workbook>"
    )
    shared = [(name, part) for name, part in (("sharedStrings", strings), ("styles", styles)) if part.content]
    related = [(f"r{number}", "worksheet", f"worksheets/sheet{number}.xml") for number in numbers]
    return stored(
        [
            ("_rels/.rels", _relations([("r1", "officeDocument", "xl/workbook.xml")])),
            ("xl/workbook.xml", Part.of(workbook.encode())),
            ("xl/_rels/workbook.xml.rels", _relations(related + [(name, name, f"{name}.xml") for name, _ in shared])),
            *((f"xl/{name}.xml", part) for name, part in shared),
            *((f"xl/{target}", xml) for (_, _, target), xml in zip(related, sheets, strict=True)),
        ]
    )


def _relations(items: Iterable[tuple[str, str, str]]) -> Part:
    nodes = "".join(f'<Relationship Id="{i}" Type="{_RELATION}/{kind}" Target="{part}"/>' for i, kind, part in items)
    return Part.of(f'<Relationships xmlns="{_PACKAGE}">{nodes}</Relationships>'.encode())


# ── what calamine does not pass on ────────────────────────────────────────────────────────────────────────────────

_PLACE = rb'<c (?:[^>]* )?r="([A-Z]+)(\d+)"'
_HERE = re.compile(_PLACE)
_STYLE = re.compile(rb' s="(\d+)"')
_ERROR = re.compile(_PLACE + rb'(?=[^>]* t="e")[^>]*>(?:<f\b[^>]*/>|<f\b[^>]*>[^<]*</f>)?<v>([^<]*)</v>')
_FORMULA = re.compile(_PLACE + rb"([^>]*)>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v[^>]*>([^<]*)</v>)?")
_FIRST_CELL = re.compile(rb'<c(?: [a-z]+="[^"]*")* r="[A-Z]+\d+"(?: [a-z]+="[^"]*")*/?>')
_DIMENSION = re.compile(rb'<dimension[^>]*ref="(?:[A-Z]+\d+:)?([A-Z]+)(\d+)"')
_ROW = re.compile(rb'<row [^>]*?\br="(\d+)"')
_FAR = re.compile(rb'r="(?:[A-Z]{3}|[A-Z]{0,3}[1-9]\d{4})')
"""A cell or row beyond column ZZ or row 9,999. Without one no rectangle is dangerously large."""
_HIDDEN_ROW = re.compile(rb'<row [^>]*hidden="(?:1|true)"')
_HIDDEN = re.compile(rb'hidden="(?:1|true)"')


def _look_into(sheet: RawSheet, xml: bytes, percent: frozenset[int], limits: Limits) -> None:
    """Fill in what the sheet's XML says. Raises Refusal when its cells are spread beyond the limit.

    Calamine reserves the whole rectangle around the filled cells: one stray cell in a corner kills it.
    """
    start = xml.find(b"<sheetData")
    first = xml.find(b"<c ", start)
    is_usual = start >= 0 and (first < 0 or _FIRST_CELL.match(xml, first)) and xml.find(b"<c>", start, first) < 0
    if not is_usual or _may_be_far(xml, start, limits) or not _searched(sheet, xml, start, percent):
        _walked(sheet, xml, percent, limits)


def _may_be_far(xml: bytes, start: int, limits: Limits) -> bool:
    """Whether the cells might be spread beyond the limit: by the range a sheet says it has, else by their names.

    A sheet that lies about its range fools nobody but its own process.
    """
    declared = _DIMENSION.search(xml, 0, start)
    if declared is None:
        return _FAR.search(xml, start) is not None
    last = _ROW.match(xml, max(xml.rfind(b"<row "), 0))
    rows = max(int(declared[2]), int(last[1]) if last else 0)
    return rows * (column_index(declared[1].decode()) + 1) > limits.cells


def _searched(sheet: RawSheet, xml: bytes, start: int, percent: frozenset[int]) -> bool:
    """Look for the few things that matter; False when what is found is not written as it usually is."""
    end = xml.rfind(b"</sheetData>")
    # Most sheets hold nothing of the kind, and a single letter is looked for many times faster than a word.
    if xml.find(b"e", start + 10, end) >= 0 and (errors := xml.count(b't="e"')):
        sheet.error_cells = {_cell(column, row): _text(text) for column, row, text in _ERROR.findall(xml)}
        if len(sheet.error_cells) != errors:
            return False
    if xml.find(b"f", start, end) >= 0 and b"<f" in xml:
        formulas = xml.count(b"<f>") + xml.count(b"<f ")
        computed = xml.count(b"</f><v>") - xml.count(b"</f><v></v>")
        if computed != formulas:
            found = _FORMULA.findall(xml)
            if len(found) != formulas:
                return False
            sheet.formula_without_value = {
                _cell(column, row)
                for column, row, attributes, value in found
                if not value and b't="str"' not in attributes
            }
    if percent:
        sheet.percent_cells = _percent_cells(xml, percent)
    if xml.find(b"h", start + 3, end) >= 0 and b"hidden=" in xml:
        sheet.hidden_rows = len(_HIDDEN_ROW.findall(xml, start))
    sheet.hidden_columns = len(_HIDDEN.findall(xml[:start].partition(b"<cols>")[2]))
    return True


FEW = 4
"""So many texts are looked for one by one faster than by an expression."""


def _percent_cells(xml: bytes, percent: frozenset[int]) -> set[Cell]:
    """The filled cells of these styles."""
    names = {b"%d" % style for style in percent}
    if len(names) <= FEW:
        names = {name for name in names if b' s="' + name + b'"' in xml}
    else:
        names &= set(_STYLE.findall(xml))
    if not names:
        return set()
    pattern = rb' s="(?:' + b"|".join(sorted(names)) + rb')"[^>]*(?<!/)>'
    starts = (xml.rfind(b"<", 0, found.start()) for found in re.finditer(pattern, xml))
    return {_cell(*found.groups()) for start in starts if (found := _HERE.match(xml, start))}


def _cell(letters: bytes, row: bytes) -> Cell:
    return int(row) - 1, column_index(letters.decode())


def _text(value: bytes) -> str:
    return value.decode("ascii", "replace")


_NAME = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})")


@dataclass
class _Walker:
    """A sheet element by element: slower, and right however it is written."""

    sheet: RawSheet
    percent: frozenset[int]
    row: int = -1
    column: int = -1
    attributes: dict[str, str] | None = None
    """Of the cell that is open."""
    has_formula: bool = False
    value: list[str] | None = None
    """The text of the value, once one is open."""
    filled: list[int] | None = None
    """First row, first column, last row, last column of the filled cells."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = local(name)
        if tag == "row":
            number = attributes.get("r", "")
            self.row = int(number) - 1 if number.isdecimal() and len(number) < 9 else self.row + 1
            self.column = -1
            self.sheet.hidden_rows += attributes.get("hidden") in ("1", "true")
        elif tag == "c":
            self.row, self.column = self._place(attributes.get("r"))
            self.attributes, self.has_formula, self.value = attributes, False, None
        elif tag == "f":
            self.has_formula = True
        elif tag in ("v", "is"):
            self.value = []
        elif tag == "col" and attributes.get("hidden") in ("1", "true"):
            self.sheet.hidden_columns += 1

    def text(self, text: str) -> None:
        if self.value is not None:
            self.value.append(text)

    def end(self, name: str) -> None:
        tag = local(name)
        if tag != "c" or self.attributes is None:
            return
        kind, style, place = self.attributes.get("t"), self.attributes.get("s", ""), (self.row, self.column)
        value = None if self.value is None else "".join(self.value)
        self.attributes = self.value = None
        if value is None and not self.has_formula:
            return
        self._stretch(*place)
        if kind == "e":
            self.sheet.error_cells[place] = value or ""
        elif self.has_formula and not value and kind != "str":
            self.sheet.formula_without_value.add(place)
        if style.isdecimal() and int(style[:9]) in self.percent:
            self.sheet.percent_cells.add(place)

    def _place(self, name: str | None) -> Cell:
        found = _NAME.fullmatch(name or "")
        return (int(found[2]) - 1, column_index(found[1].upper())) if found else (self.row, self.column + 1)

    def _stretch(self, row: int, column: int) -> None:
        if self.filled is None:
            self.filled = [row, column, row, column]
        top, left, bottom, right = self.filled
        self.filled = [min(top, row), min(left, column), max(bottom, row), max(right, column)]


def _walked(sheet: RawSheet, xml: bytes, percent: frozenset[int], limits: Limits) -> None:
    sheet.error_cells, sheet.formula_without_value, sheet.percent_cells = {}, set(), set()
    sheet.hidden_rows = sheet.hidden_columns = 0
    walker = _Walker(sheet, percent)
    walk(xml, walker.start, walker.end, walker.text)
    if walker.filled:
        top, left, bottom, right = walker.filled
        height, width = bottom - top + 1, right - left + 1
        if height * width > limits.cells:
            raise too_spread(sheet.name, height, width)
