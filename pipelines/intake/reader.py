"""Bytes → sheets of raw cells, by content and never by name.

The bytes decide what a file is. A zip is looked into before it is unpacked, so that a bomb or a sheet with one cell in
the last corner is refused and not read. Only visible sheets and the template's ``_meta`` are read; others are listed.
Runs inside a guarded child process (``guard.py``) and therefore imports little.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import cast
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from pipelines.intake.issues import Refusal, column_index
from pipelines.settings import Limits

META_SHEET = "_meta"
VISIBLE, HIDDEN, VERY_HIDDEN = "visible", "hidden", "very_hidden"

Cell = tuple[int, int]
"""0-based row and column."""

SEND_XLSX = "请用 Excel 或 WPS 打开后另存为 .xlsx 文件(不加密码)再报送。"


@dataclass(slots=True)
class RawSheet:
    """One sheet as it is. ``cells`` is dense from A1; what calamine cannot say is beside it."""

    name: str
    state: str = VISIBLE
    cells: list[list[object]] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    """First row, first column, last row, last column; all inclusive and 0-based."""
    percent_cells: set[Cell] = field(default_factory=set)
    error_cells: dict[Cell, str] = field(default_factory=dict)
    formula_without_value: set[Cell] = field(default_factory=set)
    hidden_rows: int = 0
    hidden_columns: int = 0


@dataclass(slots=True)
class RawWorkbook:
    """All sheets of a workbook in their order. ``kind`` is what the bytes are: xlsx, xlsb, xls, ods, csv, html."""

    kind: str
    sheets: list[RawSheet]
    date1904: bool = False

    @property
    def visible(self) -> list[RawSheet]:
        return [sheet for sheet in self.sheets if sheet.state == VISIBLE]


def sniff(data: bytes) -> str:
    """What the bytes are: xlsx, xlsb, ods, xls, csv or html. Raises Refusal for everything else, with the remedy."""
    if not data.strip(b"\0 \r\n\t"):
        raise Refusal("empty_file", "文件是空的，没有任何内容。", "请检查原文件，重新保存后再报送。")
    if data[:4] in (b"PK\3\4", b"PK\5\6"):
        return _sniff_zip(data)
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return _sniff_ole(data)
    if data[:2] in (b"\x09\x00", b"\x09\x02", b"\x09\x04", b"\x09\x08") and data[3:4] == b"\0":
        raise Refusal("unsupported_format", "文件是很早以前的 Excel 格式(Excel 4.0 或更早)，无法读取。", SEND_XLSX)
    for magic, what in FOREIGN:
        if data.startswith(magic):
            raise Refusal("foreign_file", f"这不是表格文件，而是{what}。", "请报送填写好的 .xlsx 工作簿。")
    head = _decode(data[:4096], partial=True)
    if head is None:
        raise Refusal("foreign_file", "无法识别文件内容，这不是表格文件。", SEND_XLSX)
    if re.search(r"<(?:!doctype\s+html|html|table)\b", head, re.I):
        return "html"
    if re.match(r"\s*<[?\w]", head):
        raise Refusal("unsupported_format", "文件是 XML 格式的表格，无法读取。", SEND_XLSX)
    return "csv"


FOREIGN: list[tuple[bytes, str]] = [
    (b"%PDF", " PDF 文件"),
    (b"\x89PNG", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"GIF8", "图片"),
    (b"Rar!", "压缩包(RAR)"),
    (b"7z\xbc\xaf", "压缩包(7z)"),
    (b"\x1f\x8b", "压缩包(gzip)"),
    (b"{\\rtf", "文字处理文档"),
    (b"version https://git-lfs", "一个指向原文件的占位文件(Git LFS)"),
    (b"\0\5\x16\7", "苹果系统的附属文件，不是表格本身"),
]


def _sniff_zip(data: bytes) -> str:
    names = set(_open_zip(data).namelist())
    if "xl/workbook.bin" in names:
        return "xlsb"
    if "[Content_Types].xml" in names and any(re.fullmatch(r"[^/]*word/document\d*\.xml", name) for name in names):
        raise Refusal("foreign_file", "这不是表格文件，而是文字处理文档。", "请报送填写好的 .xlsx 工作簿。")
    if "[Content_Types].xml" in names or "xl/workbook.xml" in names:
        return "xlsx"
    if "content.xml" in names:
        return "ods"
    if any(name.lower().endswith((".xlsx", ".xls", ".xlsm", ".et", ".csv", ".ods")) for name in names):
        raise Refusal("zip_of_files", "这是一个压缩包，里面有若干文件。", "请解压后把每个工作簿分别报送。")
    raise Refusal("foreign_file", "这是一个压缩包，里面没有表格。", "请报送填写好的 .xlsx 工作簿。")


def _sniff_ole(data: bytes) -> str:
    def has(stream: str) -> bool:
        return stream.encode("utf-16-le") in data

    if has("EncryptedPackage") or has("EncryptionInfo") or _has_password(data):
        raise _encrypted()
    if has("WordDocument"):
        raise Refusal("foreign_file", "这不是表格文件，而是文字处理文档。", "请报送填写好的 .xlsx 工作簿。")
    return "xls"


def _has_password(data: bytes) -> bool:
    """Whether an .xls begins with a FILEPASS record: the stream starts at a sector, the record is among its first."""
    for start in re.finditer(rb"\x09\x08[\x08\x10]\x00", data):
        place = start.start()
        if place % 512:
            continue
        for _ in range(8):
            kind, length = int.from_bytes(data[place : place + 2], "little"), data[place + 2 : place + 4]
            if kind == 0x2F:
                return True
            place += 4 + int.from_bytes(length, "little")
    return False


def read_workbook(data: bytes, limits: Limits | None = None) -> RawWorkbook:
    """The sheets of a workbook. Raises Refusal for what is encrypted, foreign, broken or beyond the limits."""
    limits = limits or Limits()
    if len(data) > limits.file_bytes:
        raise too_large(limits)
    kind = sniff(data)
    return READERS[kind](data, kind, limits)


# ── spreadsheets, through calamine ────────────────────────────────────────────────────────────────────────────────


def _read_spreadsheet(data: bytes, kind: str, limits: Limits) -> RawWorkbook:
    package = XlsxPackage(data, limits) if kind == "xlsx" else None
    if kind in ("xlsb", "ods"):
        archive = _open_zip(data)
        _check_zip(archive, limits)
        if b"encryption-data" in _part(archive, "META-INF/manifest.xml"):
            raise _encrypted()
    with _calamine():
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        listed = book.sheets_metadata
    if len(listed) > limits.sheets:
        raise _over_limit(f"工作表多于 {limits.sheets} 张")
    sheets, cells = [], 0
    for number, meta in enumerate(listed):
        if meta.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = RawSheet(meta.name, _state(meta.visible))
        sheets.append(sheet)
        if sheet.state != VISIBLE and sheet.name != META_SHEET:
            continue
        if package:
            package.look_into(sheet)
        with _calamine():
            table = book.get_sheet_by_index(number)
            size = table.total_height * table.total_width
            merged = table.merged_cell_ranges or []
        cells += size
        if cells > limits.cells:
            raise _over_limit(f"单元格多于 {limits.cells:,} 个")
        with _calamine():
            sheet.cells = cast("list[list[object]]", table.to_python(skip_empty_area=False))
        sheet.merged = [(*start, *end) for start, end in merged]
    if not sheets:
        raise Refusal("no_sheet", "文件里没有工作表。", "请检查原文件，重新保存后再报送。")
    return RawWorkbook(kind, sheets, date1904=bool(package and package.date1904))


@contextmanager
def _calamine() -> Iterator[None]:
    """Whatever calamine raises becomes a Refusal: its own errors, IndexError, ValueError … and PanicException, which is
    not even an Exception.
    """
    try:
        yield
    except PasswordError:
        raise _encrypted() from None
    except CalamineError as error:
        if "password" in str(error).lower():
            raise _encrypted() from None
        raise unreadable(type(error).__name__) from None
    except MemoryError:
        raise
    except Exception as error:
        raise unreadable(type(error).__name__) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise unreadable("PanicException") from None


def _encrypted() -> Refusal:
    return Refusal("encrypted", "文件加了打开密码，无法读取。", "请取消密码(文件→信息→保护工作簿)后再报送。")


def _state(visible: SheetVisibleEnum) -> str:
    if visible == SheetVisibleEnum.Visible:
        return VISIBLE
    return HIDDEN if visible == SheetVisibleEnum.Hidden else VERY_HIDDEN


def unreadable(detail: str) -> Refusal:
    """The refusal of a file that claims to be a spreadsheet and is none that can be read."""
    return Refusal("unreadable", f"文件已损坏或不是有效的表格，无法读取({detail})。", SEND_XLSX)


def too_large(limits: Limits) -> Refusal:
    """The refusal of a file that is not even opened."""
    return _over_limit(f"文件大小超过 {limits.file_bytes // 1024**2} MB")


def _over_limit(what: str) -> Refusal:
    return Refusal(
        "over_limit", f"{what}，超出可以接收的范围。", "请删除多余的工作表、空白格式和图片，只保留填报内容后再报送。"
    )


def _open_zip(data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise unreadable("zip") from None


def _check_zip(archive: zipfile.ZipFile, limits: Limits) -> None:
    entries = archive.infolist()
    if any(entry.flag_bits & 1 for entry in entries):
        raise _encrypted()
    if sum(entry.file_size for entry in entries) > limits.unpacked_bytes or len(entries) > 20_000:
        raise _over_limit(f"文件解压后超过 {limits.unpacked_bytes // 1024**2} MB 或内含文件过多")


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    """A part of a zip; empty when it has none of this name."""
    try:
        return archive.read(name)
    except KeyError:
        return b""
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
        raise unreadable("zip") from None


class XlsxPackage:
    """What an xlsx says in its XML that calamine does not pass on: percent formats, errors, formulas never computed."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self.archive = _open_zip(data)
        self.limits = limits
        _check_zip(self.archive, limits)
        try:
            workbook = ElementTree.fromstring(self._read("xl/workbook.xml") or b"<workbook/>")
            relations = ElementTree.fromstring(self._read("xl/_rels/workbook.xml.rels") or b"<r/>")
        except ElementTree.ParseError:
            raise unreadable("XML") from None
        targets = {relation.get("Id"): _part_name(relation.get("Target") or "") for relation in relations}
        self.date1904 = False
        self.parts: dict[str, str] = {}
        for node in workbook.iter():
            tag = node.tag.rpartition("}")[2]
            if tag == "workbookPr":
                self.date1904 = node.get("date1904") in ("1", "true")
            elif tag == "sheet":
                relation_id = next((value for key, value in node.items() if key.endswith("}id")), None)
                self.parts[node.get("name") or ""] = targets.get(relation_id, "")
        if len(self.parts) > limits.sheets:
            raise _over_limit(f"工作表多于 {limits.sheets} 张")
        self.percent_styles = _percent_styles(self._read("xl/styles.xml"))

    def _read(self, part: str) -> bytes:
        return _part(self.archive, part)

    def look_into(self, sheet: RawSheet) -> None:
        """Fill in what the sheet's XML says. Raises Refusal when its used range is beyond the limit."""
        xml = self._read(self.parts.get(sheet.name, ""))
        self._check_extent(sheet.name, xml)
        sheet.percent_cells = self._percent_cells(xml)
        if b't="e"' in xml:
            sheet.error_cells = {
                _cell(column, row): text.decode("ascii", "replace") for column, row, text in ERROR_CELL.findall(xml)
            }
        if b"</f>" in xml:
            sheet.formula_without_value = {
                _cell(column, row)
                for column, row, attributes, value in FORMULA_CELL.findall(xml)
                if not value and b't="str"' not in attributes
            }
        sheet.hidden_rows = len(re.findall(rb'<row [^>]*hidden="(?:1|true)"', xml)) if b"hidden=" in xml else 0
        columns = xml[: max(xml.find(b"<sheetData"), 0)].partition(b"<cols>")[2]
        sheet.hidden_columns = len(re.findall(rb'hidden="(?:1|true)"', columns))

    def _percent_cells(self, xml: bytes) -> set[Cell]:
        """The filled cells whose number format shows a percent sign."""
        styles = self.percent_styles
        if not styles or (len(styles) <= 8 and not any(b's="%d"' % style in xml for style in styles)):
            return set()
        return {_cell(column, row) for column, row, style in STYLED_CELL.findall(xml) if int(style) in styles}

    def _check_extent(self, name: str, xml: bytes) -> None:
        """Calamine reserves the whole rectangle around the filled cells: one stray cell in a corner kills it."""
        declared = re.search(rb'<dimension[^>]*ref="(?:[A-Z]+\d+:)?([A-Z]+)(\d+)"', xml[:4096])
        last_row = xml.rfind(b"<row ")
        tail = re.match(rb'<row [^>]*?r="(\d+)"', xml[last_row : last_row + 200]) if last_row >= 0 else None
        rows = max(int(declared[2]) if declared else 0, int(tail[1]) if tail else 0)
        columns = column_index(declared[1].decode()) + 1 if declared else 16_384
        if rows * columns <= self.limits.cells and declared:
            return
        filled = [_cell(*found) for found in FILLED_CELL.findall(xml)]
        if filled:
            height = max(row for row, _ in filled) - min(row for row, _ in filled) + 1
            width = max(column for _, column in filled) - min(column for _, column in filled) + 1
            if height * width > self.limits.cells:
                raise _over_limit(f"工作表「{name}」的内容分布在 {height:,} 行 × {width:,} 列的范围内")


CELL = rb'<c (?:[^>]* )?r="([A-Z]+)(\d+)"'
ERROR_CELL = re.compile(CELL + rb'(?=[^>]* t="e")[^>]*>(?:<f\b[^>]*/>|<f\b[^>]*>[^<]*</f>)?<v>([^<]*)</v>')
FORMULA_CELL = re.compile(CELL + rb"([^>]*)>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v[^>]*>([^<]*)</v>)?")
STYLED_CELL = re.compile(CELL + rb'[^>]*? s="(\d+)"[^>]*(?<!/)>')
FILLED_CELL = re.compile(CELL + rb"[^>]*>\s*<(?:v|is|f)\b")


def _cell(letters: bytes, row: bytes) -> Cell:
    return int(row) - 1, column_index(letters.decode())


def _part_name(target: str) -> str:
    """Path of a part inside the package: targets are relative to ``xl/`` or absolute."""
    return target.lstrip("/") if target.startswith("/") else "xl/" + target.removeprefix("./")


def _percent_styles(styles: bytes) -> frozenset[int]:
    """The cell styles (positions in ``cellXfs``) whose number format shows a percent sign."""
    if b"%" not in styles and b'numFmtId="9"' not in styles and b'numFmtId="10"' not in styles:
        return frozenset()
    try:
        root = ElementTree.fromstring(styles)
    except ElementTree.ParseError:
        return frozenset()
    percent = {"9", "10"}
    for node in root.iter():
        if node.tag.endswith("numFmt") and "%" in re.sub(r'"[^"]*"|\\.', "", node.get("formatCode") or ""):
            percent.add(node.get("numFmtId") or "")
    formats = next((node for node in root.iter() if node.tag.endswith("}cellXfs")), None)
    return (
        frozenset(i for i, xf in enumerate(formats) if xf.get("numFmtId") in percent)
        if formats is not None
        else frozenset()
    )


# ── text formats ──────────────────────────────────────────────────────────────────────────────────────────────────


def _decode(data: bytes, *, partial: bool = False) -> str | None:
    """Text of a file in UTF-8, UTF-16, UTF-32 or GB18030; None when it is no text. ``partial``: the end may be cut."""
    if data[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        encodings = ["utf-32"]
    elif data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        for cut in range(4 if partial else 1):
            try:
                text = data[: len(data) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
            return None if "\0" in text else text
    return None


def _read_csv(data: bytes, kind: str, limits: Limits) -> RawWorkbook:
    text = _decode(data)
    if text is None:
        raise unreadable("编码")
    delimiter = max("\t,;", key=text[:4096].count)
    csv.field_size_limit(1_000_000)
    rows: list[list[object]] = []
    cells = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            cells += len(row)
            if cells > limits.cells:
                raise _over_limit(f"单元格多于 {limits.cells:,} 个")
            rows.append(list(row))
    except csv.Error:
        raise unreadable("CSV") from None
    return RawWorkbook(kind, [_text_sheet("CSV", rows, limits)])


def _text_sheet(name: str, rows: list[list[object]], limits: Limits) -> RawSheet:
    width = max(map(len, rows), default=0)
    if width * len(rows) > limits.cells:
        raise _over_limit(f"单元格多于 {limits.cells:,} 个")
    return RawSheet(name, cells=[row + [""] * (width - len(row)) for row in rows])


class _Tables(HTMLParser):
    """The tables of an HTML page as rows of texts; spanned cells are merged ranges like in a workbook."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[tuple[list[list[object]], list[tuple[int, int, int, int]]]] = []
        self.taken: dict[Cell, bool] = {}
        self.text: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append(([], []))
            self.taken = {}
        elif not self.tables:
            return
        elif tag == "tr":
            self._close()
            self.tables[-1][0].append([])
        elif tag in ("td", "th") and self.tables[-1][0]:
            self._close()
            rows, merged = self.tables[-1]
            row = len(rows) - 1
            while self.taken.pop((row, len(rows[row])), False):
                rows[row].append("")
            column = len(rows[row])
            spans = dict(attrs)
            down, across = (_span(spans.get(name)) for name in ("rowspan", "colspan"))
            if down > 1 or across > 1:
                merged.append((row, column, row + down - 1, column + across - 1))
                self.taken |= {(row + i, column + j): True for i in range(down) for j in range(across) if i or j}
            self.text = []
        elif tag == "br" and self.text is not None:
            self.text.append("\n")

    def handle_data(self, data: str) -> None:
        if self.text is not None:
            self.text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._close()

    def _close(self) -> None:
        if self.text is None:
            return
        rows = self.tables[-1][0]
        rows[-1].append("".join(self.text).strip())
        self.text = None
        while self.taken.pop((len(rows) - 1, len(rows[-1])), False):
            rows[-1].append("")


def _span(text: str | None) -> int:
    return min(int(text), 1000) if text and text.isdigit() and int(text) else 1


def _read_html(data: bytes, kind: str, limits: Limits) -> RawWorkbook:
    text = _decode(data)
    if text is None:
        raise unreadable("编码")
    page = _Tables()
    page.feed(text)
    sheets = []
    for number, (rows, merged) in enumerate(page.tables[: limits.sheets], start=1):
        sheet = _text_sheet(f"表{number}", rows, limits)
        sheet.merged = merged
        sheets.append(sheet)
    if not sheets:
        raise Refusal("no_sheet", "网页里没有表格。", SEND_XLSX)
    return RawWorkbook(kind, sheets)


READERS: dict[str, Callable[[bytes, str, Limits], RawWorkbook]] = {
    "xlsx": _read_spreadsheet,
    "xlsb": _read_spreadsheet,
    "xls": _read_spreadsheet,
    "ods": _read_spreadsheet,
    "csv": _read_csv,
    "html": _read_html,
}
