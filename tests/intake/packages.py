"""What makes Excel say "we found a problem with some content": a strict look at an xlsx package.

Excel opens a package only where its parts agree with one another and keep to the schema's order; LibreOffice and
openpyxl forgive nearly everything. ``faults`` lists what Excel would not forgive, in words.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
ORDER = re.findall(
    r"\w+",
    "sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection protectedRanges scenarios "
    "autoFilter sortState dataConsolidate customSheetViews mergeCells phoneticPr conditionalFormatting dataValidations "
    "hyperlinks printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks customProperties cellWatches "
    "ignoredErrors smartTags drawing drawingHF legacyDrawing legacyDrawingHF picture oleObjects controls "
    "webPublishItems tableParts extLst",
)
STYLE_ORDER = re.findall(
    r"\w+", "numFmts fonts fills borders cellStyleXfs cellXfs cellStyles dxfs tableStyles colors extLst"
)
KINDS = {"drawing": "drawing", "legacyDrawing": "vmlDrawing", "tablePart": "table", "picture": "image"}
CELL = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")


def faults(source: Path | bytes) -> list[str]:
    """Everything that is wrong with a package."""
    data = source if isinstance(source, bytes) else source.read_bytes()
    return list(_Package(zipfile.ZipFile(io.BytesIO(data))).faults())


def column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def area(ref: str) -> tuple[int, int, int, int]:
    """First column and row, last column and row."""
    first, _, last = ref.partition(":")
    one, other = CELL.fullmatch(first), CELL.fullmatch(last or first)
    assert one, ref
    assert other, ref
    return column(one[1]), int(one[2]), column(other[1]), int(other[2])


class _Package:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.names = [name for name in archive.namelist() if not name.endswith("/")]
        self.xml: dict[str, ElementTree.Element] = {}
        self.relations: dict[str, dict[str, tuple[str, str]]] = {}

    def faults(self) -> Iterator[str]:
        yield from (f"{name} is there {n} times" for name, n in Counter(self.names).items() if n > 1)
        for name in self.names:
            if name.endswith((".xml", ".rels", ".vml")):
                try:
                    self.xml[name] = ElementTree.fromstring(self.archive.read(name))
                except ElementTree.ParseError as error:
                    yield f"{name}: {error}"
                    return
                head = self.archive.read(name)[:4000].decode("utf-8", "replace")
                for prefixes in re.findall(r'mc:Ignorable="([^"]*)"', head):
                    yield from (f"{name}: prefix {p}" for p in prefixes.split() if f"xmlns:{p}=" not in head)
        yield from self._types()
        yield from self._relations()
        yield from self._workbook()
        yield from self._styles()
        yield from self._sheets()

    # ── the frame ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _types(self) -> Iterator[str]:
        types = self.xml["[Content_Types].xml"]
        overrides = [e.get("PartName", "").lstrip("/") for e in types if e.tag.endswith("Override")]
        endings = {e.get("Extension", "").lower() for e in types if e.tag.endswith("Default")}
        yield from (f"type of {name} given twice" for name, n in Counter(overrides).items() if n > 1)
        yield from (f"type of {name}, which is not there" for name in overrides if name not in self.names)
        for name in self.names:
            if name not in overrides and name.rpartition(".")[2].lower() not in endings:
                yield f"{name} has no type"

    def _relations(self) -> Iterator[str]:
        for name, root in self.xml.items():
            if not name.endswith(".rels"):
                continue
            folder, _, own = name.rpartition("/_rels/")
            source = posixpath.join(folder, own.removesuffix(".rels")) if folder else ""
            if source and source not in self.names:
                yield f"{name} belongs to nothing"
            ids = [e.get("Id", "") for e in root]
            yield from (f"{name}: {rid} twice" for rid, n in Counter(ids).items() if n > 1)
            found = self.relations.setdefault(source, {})
            for e in root:
                if e.get("TargetMode") == "External":
                    yield f"{name} leads outside: {e.get('Target')}"
                    continue
                target = e.get("Target", "")
                target = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
                found[e.get("Id", "")] = e.get("Type", "").rpartition("/")[2], target
                if target not in self.names:
                    yield f"{name}: {target} is not there"
        for name, root in self.xml.items():
            if name.endswith(".rels"):
                continue
            for e in root.iter():
                for key, rid in e.attrib.items():
                    if not key.startswith(R):
                        continue
                    if rid not in self.relations.get(name, {}):
                        yield f"{name}: {rid} leads nowhere"
                        continue
                    wanted = KINDS.get(e.tag.rpartition("}")[2])
                    if wanted and e.tag.startswith(MAIN) and self.relations[name][rid][0] != wanted:
                        yield f"{name}: {rid} is a {self.relations[name][rid][0]}, not a {wanted}"

    def _workbook(self) -> Iterator[str]:
        book = self.xml["xl/workbook.xml"]
        sheets = list(book.iter(f"{MAIN}sheet"))
        names = [sheet.get("name", "") for sheet in sheets]
        self.sheet_names = {name.lower() for name in names}
        for name in names:
            if not 1 <= len(name) <= 31 or re.search(r"[\[\]:*?/\\]", name) or name[0] == "'" or name[-1] == "'":
                yield f"sheet name {name!r}"
        yield from (f"sheet name {n} twice" for n, k in Counter(map(str.lower, names)).items() if k > 1)
        yield from (f"sheetId {n} twice" for n, k in Counter(s.get("sheetId") for s in sheets).items() if k > 1)
        if not any(sheet.get("state", "visible") == "visible" for sheet in sheets):
            yield "no visible sheet"
        views = list(book.iter(f"{MAIN}workbookView"))
        self.views = len(views)
        for view in views:
            if int(view.get("activeTab", 0)) >= len(sheets):
                yield "active tab"
        keys = []
        for name in book.iter(f"{MAIN}definedName"):
            local = name.get("localSheetId")
            keys.append(((name.get("name") or "").lower(), local))
            if local is not None and int(local) >= len(sheets):
                yield f"name {name.get('name')} on sheet {local}"
            text = name.text or ""
            yield from (f"name {name.get('name')}: no sheet {s}" for s in _sheets_named(text) - self.sheet_names)
            if "#REF" in text or "[" in text:
                yield f"name {name.get('name')}: {text}"
        yield from (f"name {key} twice" for key, n in Counter(keys).items() if n > 1)

    def _styles(self) -> Iterator[str]:
        root = self.xml["xl/styles.xml"]
        yield from _in_order(root, STYLE_ORDER, "styles")
        self.sizes = {}
        for name in ("fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "dxfs", "numFmts"):
            items = root.find(f"{MAIN}{name}")
            self.sizes[name] = len(items) if items is not None else 0
            if items is not None and items.get("count") not in (None, str(len(items))):
                yield f"styles: count of {name}"
        formats = {e.get("numFmtId") for e in root.iter(f"{MAIN}numFmt")}
        for xf in root.findall(f"{MAIN}cellXfs/{MAIN}xf"):
            for key, kind in (
                ("fontId", "fonts"),
                ("fillId", "fills"),
                ("borderId", "borders"),
                ("xfId", "cellStyleXfs"),
            ):
                if int(xf.get(key, 0)) >= max(self.sizes[kind], 1):
                    yield f"styles: {key} {xf.get(key)} of {self.sizes[kind]}"
            number = xf.get("numFmtId", "0")
            if int(number) >= 164 and number not in formats:
                yield f"styles: number format {number}"
        if self.sizes["cellXfs"] > 64_000:
            yield "too many styles"
        strings = self.xml.get("xl/sharedStrings.xml")
        self.strings = len(strings.findall(f"{MAIN}si")) if strings is not None else 0
        if strings is not None and strings.get("uniqueCount") not in (None, str(self.strings)):
            yield "count of shared strings"

    # ── sheets ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _sheets(self) -> Iterator[str]:
        shapes: list[str] = []
        tables: list[tuple[str | None, str]] = []
        for part, root in self.xml.items():
            if re.fullmatch(r"xl/worksheets/[^/]+\.xml", part):
                yield from (f"{part}: {fault}" for fault in self._sheet(part, root, shapes, tables))
        yield from (f"shape {name} twice" for name, n in Counter(shapes).items() if n > 1)
        for place in (0, 1):
            yield from (f"table {t} twice" for t, n in Counter(t[place] for t in tables).items() if n > 1)

    def _sheet(
        self, part: str, root: ElementTree.Element, shapes: list[str], tables: list[tuple[str | None, str]]
    ) -> Iterator[str]:
        yield from _in_order(root, ORDER, "elements", many={"conditionalFormatting"})
        cells: dict[str, str | None] = {}
        yield from self._cells(root, cells)
        yield from self._around(root)
        merges = [area(e.get("ref", "")) for e in root.iter(f"{MAIN}mergeCell")]
        yield from self._merges(root, merges)
        yield from self._validations(root)
        links = list(root.iter(f"{MAIN}hyperlink"))
        for link in links:
            missing = _sheets_named(link.get("location") or "") - self.sheet_names
            yield from (f"link to sheet {name}" for name in missing)
        yield from (f"two links on {r}" for r, n in Counter(e.get("ref") for e in links).items() if n > 1)
        kinds = dict(self.relations.get(part, {}).values())
        drawing = root.find(f"{MAIN}legacyDrawing")
        if ("comments" in kinds) != (drawing is not None):
            yield "comments without shapes, or shapes without comments"
        if "comments" in kinds:
            yield from self._comments(kinds["comments"], kinds["vmlDrawing"], shapes)
        for kind, target in self.relations.get(part, {}).values():
            if kind == "table":
                yield from self._table(target, cells, tables)

    def _cells(self, root: ElementTree.Element, cells: dict[str, str | None]) -> Iterator[str]:
        before = 0
        for row in root.iter(f"{MAIN}row"):
            number = int(row.get("r", 0))
            if not before < number <= 1_048_576:
                yield f"row {number} after {before}"
            before = number
            if float(row.get("ht", 0)) > 409.5 or int(row.get("outlineLevel", 0)) > 7:
                yield f"row {number}: height or level"
            last = 0
            for cell in row:
                found = CELL.fullmatch(cell.get("r", ""))
                if found is None or int(found[2]) != number or not last < column(found[1]) <= 16_384:
                    yield f"cell {cell.get('r')} in row {number}"
                    continue
                last = column(found[1])
                if int(cell.get("s", 0)) >= max(self.sizes["cellXfs"], 1):
                    yield f"cell {cell.get('r')}: style {cell.get('s')}"
                yield from self._value(cell, cells)

    def _value(self, cell: ElementTree.Element, cells: dict[str, str | None]) -> Iterator[str]:
        name, kind = cell.get("r", ""), cell.get("t", "n")
        value = cell.findtext(f"{MAIN}v")
        text = "".join(t.text or "" for t in cell.iter(f"{MAIN}t"))
        cells[name] = text if kind == "inlineStr" else value
        if kind == "s" and (value is None or int(value) >= self.strings):
            yield f"cell {name}: string {value} of {self.strings}"
        if kind == "inlineStr" and cell.find(f"{MAIN}is") is None:
            yield f"cell {name}: inline without text"
        if kind == "n" and value:  # an empty one is what openpyxl writes beside a formula
            try:
                float(value)
            except ValueError:
                yield f"cell {name}: number {value!r}"
        if len(text) > 32_767:
            yield f"cell {name}: too long"
        formula = cell.findtext(f"{MAIN}f") or ""
        yield from (f"cell {name}: formula to {s}" for s in _sheets_named(formula) - self.sheet_names)

    def _around(self, root: ElementTree.Element) -> Iterator[str]:
        for view in root.iter(f"{MAIN}sheetView"):
            if int(view.get("workbookViewId", 0)) >= self.views:
                yield "a view of no window"
        last = 0
        for col in root.iter(f"{MAIN}col"):
            if int(col.get("min", 0)) <= last or float(col.get("width", 0)) > 255:
                yield f"column {col.attrib}"
            last = int(col.get("max", 0))
        for rule in root.iter(f"{MAIN}cfRule"):
            if rule.get("dxfId") and int(rule.get("dxfId", 0)) >= self.sizes["dxfs"]:
                yield f"format {rule.get('dxfId')}"
        for e in root.iter():
            if e.tag.rpartition("}")[2] in ("oddHeader", "oddFooter") and len(e.text or "") > 255:
                yield "printed header too long"
        selected = [v for v in root.iter(f"{MAIN}sheetView") if v.get("tabSelected") in ("1", "true")]
        if len(selected) > 1:
            yield "selected twice"

    def _merges(self, root: ElementTree.Element, merges: list[tuple[int, int, int, int]]) -> Iterator[str]:
        merged = root.find(f"{MAIN}mergeCells")
        if merged is not None and (not merges or merged.get("count") not in (None, str(len(merges)))):
            yield "count of merged ranges"
        taken: set[tuple[int, int]] = set()
        for left, top, right, bottom in merges:
            inside = {(x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)}
            if len(inside) < 2 or inside & taken:
                yield f"merged {left, top, right, bottom}"
            taken |= inside

    def _validations(self, root: ElementTree.Element) -> Iterator[str]:
        holder = root.find(f"{MAIN}dataValidations")
        if holder is not None and (not len(holder) or holder.get("count") not in (None, str(len(holder)))):
            yield "count of drop-downs"
        for item in root.iter(f"{MAIN}dataValidation"):
            for key, most in (("promptTitle", 32), ("prompt", 255), ("errorTitle", 32), ("error", 255)):
                if len(item.get(key) or "") > most:
                    yield f"drop-down: {key} too long"
            formula = item.findtext(f"{MAIN}formula1") or ""
            if formula.startswith('"') and len(formula) > 257:
                yield "drop-down: list too long"
            for ref in (item.get("sqref") or "").split():
                area(ref)
            if not item.get("sqref"):
                yield "drop-down nowhere"
            yield from (f"drop-down from {s}" for s in _sheets_named(formula) - self.sheet_names)

    def _comments(self, comments: str, shapes_part: str, shapes: list[str]) -> Iterator[str]:
        root = self.xml[comments]
        authors = len(list(root.iter(f"{MAIN}author")))
        refs = [e.get("ref", "") for e in root.iter(f"{MAIN}comment")]
        yield from (f"two comments on {ref}" for ref, n in Counter(refs).items() if n > 1)
        if any(int(e.get("authorId", 0)) >= authors for e in root.iter(f"{MAIN}comment")):
            yield "comment without author"
        drawn = []
        for shape in self.xml[shapes_part].iter("{urn:schemas-microsoft-com:vml}shape"):
            shapes.append(shape.get("id", ""))
            x = "{urn:schemas-microsoft-com:office:excel}"
            drawn.append((int(shape.findtext(f".//{x}Row") or -1), int(shape.findtext(f".//{x}Column") or -1)))
            anchor = [int(n) for n in (shape.findtext(f".//{x}Anchor") or "").split(",")]
            if len(anchor) != 8 or anchor[0] > anchor[4] or anchor[2] > anchor[6]:
                yield f"shape at {anchor}"
        if sorted(drawn) != sorted((area(ref)[1] - 1, area(ref)[0] - 1) for ref in refs):
            yield "comments and shapes differ"

    def _table(self, part: str, cells: dict[str, str | None], tables: list[tuple[str | None, str]]) -> Iterator[str]:
        root = self.xml[part]
        tables.append((root.get("id"), (root.get("name") or "").lower()))
        names = [e.get("name", "") for e in root.iter(f"{MAIN}tableColumn")]
        yield from (f"table column {n} twice" for n, k in Counter(map(str.lower, names)).items() if k > 1)
        left, _, right, _ = area(root.get("ref", ""))
        if right - left + 1 != len(names):
            yield "table columns"


def _in_order(root: ElementTree.Element, order: list[str], what: str, many: Any = ()) -> Iterator[str]:
    found = [e.tag.removeprefix(MAIN) for e in root if e.tag.startswith(MAIN)]
    yield from (f"{what}: {tag} unknown" for tag in found if tag not in order)
    known = [order.index(tag) for tag in found if tag in order]
    if known != sorted(known):
        yield f"{what} out of order: {found}"
    yield from (f"{what}: {tag} twice" for tag, n in Counter(found).items() if n > 1 and tag not in many)


def _sheets_named(formula: str) -> set[str]:
    """The sheets a formula or reference names, in lower case."""
    bare = re.sub(r'"[^"]*"', "", formula)
    named = re.findall(r"'((?:[^']|'')+)'!|([^\s'!,;:()&+*/=<>^{}-]+)!", bare)
    found = {(quoted or plain).replace("''", "'").lower() for quoted, plain in named}
    return {name for name in found if name != "#ref"}
