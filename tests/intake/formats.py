"""One small sheet in every format intake reads, written record by record where no library writes it.

On sheet 小区明细 row 1 has a text, a number, a day, a percentage, an error, a formula and a truth value; row 2 and
column D are hidden, B3:C4 is merged, of which row 4 holds nothing. Sheets 藏 and 深藏 are hidden and very hidden (ods
knows no difference).
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable
from datetime import date

import xlsxwriter

TITLE, HIDDEN, DEEP = "小区明细", "藏", "深藏"
TEXT, NUMBER, DAY, RATE = "河套人家", 100.0, date(2023, 3, 15), 0.855
ROW_ONE = [TEXT, NUMBER, DAY, RATE, "", 3.0, True]
"""The error in E1 reads as blank; F1 is a formula with its value."""
CELLS = [ROW_ONE, ["甲", 1.0, "", "", "", "", ""], ["", "并", "", "", "", "", ""]]


def xlsx() -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet(TITLE)
        sheet.write(0, 0, TEXT)
        sheet.write(0, 1, NUMBER)
        sheet.write(0, 2, 45000, book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write(0, 3, RATE, book.add_format({"num_format": "0.0%"}))
        sheet.write_formula(0, 4, "=1/0", None, "#DIV/0!")
        sheet.write_formula(0, 5, "=1+2", None, 3)
        sheet.write(0, 6, True)
        sheet.write_row(1, 0, ["甲", 1])
        sheet.set_row(1, 15, None, {"hidden": True})
        sheet.set_column(3, 3, 8, None, {"hidden": True})
        sheet.merge_range(2, 1, 3, 2, "并")
        for name in (HIDDEN, DEEP):
            other = book.add_worksheet(name)
            other.write(0, 0, "x")
            other.hide() if name == HIDDEN else other.very_hidden()
    return content.getvalue()


def zipped(parts: dict[str, bytes | str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


def repacked(data: bytes, changes: dict[str, bytes]) -> bytes:
    """A package with some parts exchanged."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts: dict[str, bytes | str] = {name: archive.read(name) for name in archive.namelist()}
    return zipped(parts | changes)


# ── xls ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _biff(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _wide(text: str, length: str = "<H") -> bytes:
    return struct.pack(length, len(text)) + b"\1" + text.encode("utf-16-le")


def xls(*, date1904: bool = False, formula_flags: int = 0, formula_result: float = 3.0) -> bytes:
    """A BIFF8 stream as xlrd reads it without a compound file around it."""
    formats = {164: "yyyy-mm-dd", 165: "0.0%"}
    head = _biff(0x0809, struct.pack("<HHHHLL", 0x0600, 0x0005, 0x1C9B, 0x07CD, 0, 0x0600))
    head += _biff(0x0042, struct.pack("<H", 1200)) + _biff(0x0022, struct.pack("<H", date1904))
    head += _biff(0x0031, struct.pack("<HHHHHBBBB", 200, 0, 8, 400, 0, 0, 0, 0, 0) + b"\5\0Arial") * 4
    head += b"".join(_biff(0x041E, struct.pack("<H", number) + _wide(code)) for number, code in formats.items())
    styles = (0, 164, 165)
    head += b"".join(_biff(0x00E0, struct.pack("<HHH", 0, style, 0) + bytes(14)) for style in styles)
    sheets = [_xls_sheet(formula_flags, formula_result), *[_small_sheet()] * 2]
    names = [_wide(name, "<B") for name in (TITLE, HIDDEN, DEEP)]
    size = len(head) + sum(4 + 6 + len(name) for name in names) + 4
    bound = b""
    for state, (name, sheet) in enumerate(zip(names, sheets, strict=True)):
        bound += _biff(0x0085, struct.pack("<LBB", size, state, 0) + name)
        size += len(sheet)
    return head + bound + _biff(0x000A) + b"".join(sheets)


_SHEET_BOF = _biff(0x0809, struct.pack("<HHHHLL", 0x0600, 0x0010, 0x1C9B, 0x07CD, 0, 0x0600))


def _small_sheet() -> bytes:
    return _SHEET_BOF + _biff(0x0204, struct.pack("<HHH", 0, 0, 0) + _wide("x")) + _biff(0x000A)


def _xls_sheet(flags: int, result: float) -> bytes:
    def cell(kind: int, row: int, column: int, style: int, body: bytes) -> bytes:
        return _biff(kind, struct.pack("<HHH", row, column, style) + body)

    formula = struct.pack("<dHLH", result, flags, 0, 3) + b"\x1e\1\0"
    return b"".join(
        (
            _SHEET_BOF,
            _biff(0x007D, struct.pack("<HHHHHH", 3, 3, 2000, 0, 1, 0)),
            _biff(0x0208, struct.pack("<HHHHHHL", 1, 0, 2, 300, 0, 0, 0x120)),
            cell(0x0204, 0, 0, 0, _wide(TEXT)),
            cell(0x0203, 0, 1, 0, struct.pack("<d", NUMBER)),
            cell(0x0203, 0, 2, 1, struct.pack("<d", 45000)),
            cell(0x0203, 0, 3, 2, struct.pack("<d", RATE)),
            cell(0x0205, 0, 4, 0, b"\7\1"),
            cell(0x0006, 0, 5, 0, formula),
            cell(0x0205, 0, 6, 0, b"\1\0"),
            cell(0x0204, 1, 0, 0, _wide("甲")),
            cell(0x0203, 1, 1, 0, struct.pack("<d", 1)),
            cell(0x0204, 2, 1, 0, _wide("并")),
            _biff(0x00E5, struct.pack("<HHHHH", 1, 2, 3, 1, 2)),
            _biff(0x000A),
        )
    )


# ── xlsb ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _record(kind: int, body: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    length = bytearray()
    left = len(body)
    while True:
        length.append(left & 0x7F | (0x80 if left > 0x7F else 0))
        left >>= 7
        if not left:
            return head + bytes(length) + body


def _long(text: str) -> bytes:
    return struct.pack("<L", len(text)) + text.encode("utf-16-le")


def xlsb_sheet() -> bytes:
    def cell(kind: int, column: int, body: bytes, style: int = 0) -> bytes:
        return _record(kind, struct.pack("<LL", column, style) + body)

    def row(number: int, *, hidden: bool = False) -> bytes:
        return _record(
            0, struct.pack("<LLHBB", number, 0, 300, 0, 0x10 if hidden else 0) + b"\0" + struct.pack("<L", 0)
        )

    formula = struct.pack("<HLL", 0, 0, 0)
    return b"".join(
        (
            _record(129),
            _record(148, struct.pack("<4L", 0, 3, 0, 6)),
            _record(390) + _record(60, struct.pack("<4LH", 3, 3, 2000, 0, 1)) + _record(391),
            _record(145),
            row(0),
            cell(6, 0, _long(TEXT)),
            cell(2, 1, struct.pack("<L", int(NUMBER) << 2 | 2)),
            cell(5, 2, struct.pack("<d", 45000), 1),
            cell(5, 3, struct.pack("<d", RATE), 2),
            cell(3, 4, b"\7"),
            cell(9, 5, struct.pack("<d", 3.0) + formula),
            cell(4, 6, b"\1"),
            row(1, hidden=True),
            cell(6, 0, _long("甲")),
            cell(5, 1, struct.pack("<d", 1)),
            row(2),
            cell(6, 1, _long("并")),
            _record(146),
            _record(177, struct.pack("<L", 1)) + _record(176, struct.pack("<4L", 2, 3, 1, 2)) + _record(178),
            _record(130),
        )
    )


def xlsb(sheet: bytes | None = None, *, date1904: bool = False) -> bytes:
    book = _record(131) + _record(153, struct.pack("<LL", int(date1904), 0) + _long("")) + _record(143)
    for number, name in enumerate((TITLE, HIDDEN, DEEP)):
        book += _record(156, struct.pack("<LL", number, number + 1) + _long(f"r{number}") + _long(name))
    book += _record(144) + _record(132)
    styles = _record(278) + _record(615, struct.pack("<L", 2))
    styles += _record(44, struct.pack("<H", 164) + _long("yyyy\\-mm\\-dd")) + _record(
        44, struct.pack("<H", 165) + _long("0.0%")
    )
    styles += _record(616) + _record(617, struct.pack("<L", 3))
    styles += b"".join(_record(47, struct.pack("<HH", 0, number) + bytes(12)) for number in (0, 164, 165))
    styles += _record(618) + _record(279)
    related = [(f"r{number}", "worksheet", f"worksheets/sheet{number}.bin") for number in range(3)]
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": _relations([("r1", "officeDocument", "xl/workbook.bin")]),
        "xl/workbook.bin": book,
        "xl/_rels/workbook.bin.rels": _relations([*related, ("r9", "styles", "styles.bin")]),
        "xl/styles.bin": styles,
        "xl/worksheets/sheet0.bin": xlsb_sheet() if sheet is None else sheet,
    }
    parts |= {
        f"xl/worksheets/sheet{number}.bin": _record(129) + _record(145) + _record(146) + _record(130)
        for number in (1, 2)
    }
    return zipped(parts)


def _relations(items: Iterable[tuple[str, str, str]]) -> str:
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    nodes = "".join(f'<Relationship Id="{i}" Type="{kinds}/{kind}" Target="{part}"/>' for i, kind, part in items)
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{nodes}</Relationships>'
    )


# ── markup ────────────────────────────────────────────────────────────────────────────────────────────────────────

_ODF = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text", "style")
)


def ods_content(*, flat: bool = False) -> str:
    def cell(text: str, **attributes: str) -> str:
        given = "".join(
            f' {name.replace("_", ":", 1).replace("_", "-")}="{value}"' for name, value in attributes.items()
        )
        return f"<table:table-cell{given}><text:p>{text}</text:p></table:table-cell>"

    one = (
        cell(TEXT, office_value_type="string")
        + cell("100", office_value_type="float", office_value="100")
        + cell("2023-03-15", office_value_type="date", office_date_value="2023-03-15")
        + cell("85.5%", office_value_type="percentage", office_value="0.855")
        + cell("#DIV/0!", table_formula="of:=1/0", office_value_type="string", calcext_value_type="error")
        + cell("3", table_formula="of:=1+2", office_value_type="float", office_value="3")
        + cell("TRUE", office_value_type="boolean", office_boolean_value="true")
    )
    merged = cell("并", table_number_columns_spanned="2", table_number_rows_spanned="2", office_value_type="string")
    blank = '<table:table-cell table:number-columns-repeated="16000"/>'
    rows = (
        f"<table:table-row>{one}{blank}</table:table-row>"
        f'<table:table-row table:visibility="collapse">{cell("甲")}'
        f"{cell('1', office_value_type='float', office_value='1')}</table:table-row>"
        f"<table:table-row><table:table-cell/>{merged}<table:covered-table-cell/></table:table-row>"
        f'<table:table-row table:number-rows-repeated="1048573">{blank}</table:table-row>'
    )
    columns = '<table:table-column table:number-columns-repeated="3"/><table:table-column table:visibility="collapse"/>'
    row = f"<table:table-row>{cell('x')}</table:table-row>"
    hidden = "".join(
        f'<table:table table:name="{name}" table:style-name="h">{row}</table:table>' for name in (HIDDEN, DEEP)
    )
    styles = (
        '<office:automatic-styles><style:style style:name="h" style:family="table">'
        '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
    )
    root = "office:document" if flat else "office:document-content"
    body = f'<table:table table:name="{TITLE}">{columns}{rows}</table:table>{hidden}'
    kind = ' office:mimetype="application/vnd.oasis.opendocument.spreadsheet"' if flat else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><{root} {_ODF} xmlns:calcext="urn:calcext"{kind}>{styles}'
        f"<office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></{root}>"
    )


def ods(content: str | bytes | None = None) -> bytes:
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": ods_content() if content is None else content,
            "META-INF/manifest.xml": "<manifest/>",
        }
    )


def spreadsheetml(*, date1904: bool = False) -> str:
    def data(kind: str, text: str) -> str:
        return f'<Data ss:Type="{kind}">{text}</Data>'

    def options(state: str) -> str:
        excel = "urn:schemas-microsoft-com:office:excel"
        return f'<WorksheetOptions xmlns="{excel}"><Visible>{state}</Visible></WorksheetOptions>'

    small = f"<Table><Row><Cell>{data('String', 'x')}</Cell></Row></Table>"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<ExcelWorkbook xmlns="urn:schemas-microsoft-com:office:excel">{"<Date1904/>" if date1904 else ""}</ExcelWorkbook>
<Styles><Style ss:ID="p"><NumberFormat ss:Format="0.0%"/></Style></Styles>
<Worksheet ss:Name="{TITLE}"><Table><Column ss:Index="4" ss:Hidden="1"/>
<Row><Cell>{data("String", TEXT)}</Cell><Cell>{data("Number", "100")}</Cell>
<Cell>{data("DateTime", "2023-03-15T00:00:00.000")}</Cell><Cell ss:StyleID="p">{data("Number", "0.855")}</Cell>
<Cell ss:Formula="=1/0">{data("Error", "#DIV/0!")}</Cell><Cell ss:Formula="=1+2">{data("Number", "3")}</Cell>
<Cell>{data("Boolean", "1")}</Cell></Row>
<Row ss:Hidden="1"><Cell>{data("String", "甲")}</Cell><Cell>{data("Number", "1")}</Cell></Row>
<Row ss:Index="3"><Cell ss:Index="2" ss:MergeAcross="1" ss:MergeDown="1">{data("String", "并")}</Cell></Row>
</Table></Worksheet>
<Worksheet ss:Name="{HIDDEN}">{small}{options("SheetHidden")}</Worksheet>
<Worksheet ss:Name="{DEEP}">{small}{options("SheetVeryHidden")}</Worksheet>
</Workbook>"""


def html() -> str:
    """What Excel writes into a page: texts as shown, the sheet's name in a comment."""
    return f"""<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta charset=utf-8>
<!--[if gte mso 9]><xml><x:ExcelWorkbook><x:ExcelWorksheets><x:ExcelWorksheet><x:Name>{TITLE}</x:Name>
<x:WorksheetSource HRef="files/sheet001.htm"/></x:ExcelWorksheet></x:ExcelWorksheets></x:ExcelWorkbook></xml>
<![endif]-->
</head><body><table><col><col><col><col style='display:none'>
<tr><td>{TEXT}</td><td x:num>100</td><td>2023-03-15</td><td>85.5%</td><td>#DIV/0!</td><td>3</td><td>TRUE</td></tr>
<tr style='display:none'><td>甲<td>1</tr>
<tr><td></td><td colspan=2 rowspan=2>并</td></tr></table></body></html>"""


def mhtml() -> bytes:
    """A workbook that Excel saved as one web page: a frame, and a page per sheet."""
    frame, _, page = html().partition("</head>")
    parts = "".join(
        f"--=_b\r\nContent-Location: file:///C:/{place}\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Type: text/html; charset="utf-8"\r\n\r\n{_base64(text)}\r\n'
        for place, text in (("a.htm", frame + "</head></html>"), ("files/sheet001.htm", "<html>" + page))
    )
    return f'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="=_b"\r\n\r\n{parts}--=_b--\r\n'.encode()


def _base64(text: str) -> str:
    import base64

    return base64.encodebytes(text.encode()).decode()


def csv() -> str:
    return f'小区名称,"总户数",备注\n{TEXT},100,"两\n行"\n'


SOUND: dict[str, bytes] = {
    "xlsx": xlsx(),
    "xls": xls(),
    "xlsb": xlsb(),
    "ods": ods(),
    "fods": ods_content(flat=True).encode(),
    "xml": spreadsheetml().encode(),
    "html": html().encode(),
    "mhtml": mhtml(),
    "csv": csv().encode("gb18030"),
}
"""A sound file of each kind."""
