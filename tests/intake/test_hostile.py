"""Files made to do harm: each is refused or read within seconds, by a child with ordinary limits, and none does any."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from pipelines.intake.guard import Guard, outcome
from pipelines.intake.issues import Refusal
from pipelines.intake.judging import Judgement, Source, judge_batch, refused
from pipelines.intake.reader import RawWorkbook, read_workbook
from pipelines.intake.receipt import write_receipt
from pipelines.settings import Limits
from tests.intake import formats
from tests.intake.books import Book, community, plans, saved
from tests.intake.formats import SOUND

SECONDS = 10
"""A real ledger takes a tenth of a second; this machine may be busy."""


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    with Guard(1, Limits(read_seconds=SECONDS)) as guard:
        yield guard


def read(guard: Guard, data: bytes, limits: Limits | None = None) -> RawWorkbook | str:
    """What was read, or the rule of the refusal."""
    try:
        return outcome(guard.submit(read_workbook, data, limits))
    except Refusal as refusal:
        return refusal.rule_id


def xlsx(**parts: bytes) -> bytes:
    """The sound workbook with a part exchanged: sheet, workbook, styles, strings."""
    names = {
        "sheet": "xl/worksheets/sheet1.xml",
        "workbook": "xl/workbook.xml",
        "styles": "xl/styles.xml",
        "strings": "xl/sharedStrings.xml",
    }
    return formats.repacked(SOUND["xlsx"], {names[name]: part for name, part in parts.items()})


def part(name: str = "xl/worksheets/sheet1.xml", data: bytes = SOUND["xlsx"]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)


def sheet(rows: bytes) -> bytes:
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return b'<worksheet xmlns="' + space + b'"><sheetData>' + rows + b"</sheetData></worksheet>"


# ── bombs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_part_that_unpacks_to_a_thousand_times_its_size(guard: Guard) -> None:
    data = xlsx(sheet=b" " * (33 * 1024**2))
    assert len(data) < 50_000
    assert read(guard, data, Limits(unpacked_bytes=32 * 1024**2)) == "over_limit"


def test_a_part_that_unpacks_to_more_than_it_says(guard: Guard) -> None:
    data = xlsx(sheet=sheet(b"<row/>" * 200_000))
    size = struct.pack("<L", len(sheet(b"<row/>" * 200_000)))
    assert data.count(size) == 2
    assert read(guard, data.replace(size, struct.pack("<L", 1000))) == "unreadable"


def test_parts_that_share_their_bytes(guard: Guard) -> None:
    """A thousand entries of the directory that all point to one compressed part."""
    data = xlsx(sheet=sheet(b"<row/>" * 1_000_000))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        start = archive.start_dir
    end = data.rindex(b"PK\5\6")
    entry = next(e for e in re.split(b"(?=PK\\x01\\x02)", data[start:end]) if b"sheet1.xml" in e)
    directory = data[start:end] + entry * 80
    count = data[start:end].count(b"PK\1\2") + 80
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), start, 0)
    assert read(guard, data[:start] + directory + tail) in ("unreadable", "over_limit")


def test_one_part_as_two_hundred_sheets(guard: Guard) -> None:
    xml = part("xl/workbook.xml")
    one = re.findall(rb'<sheet name="[^"]*" sheetId="1" r:id="rId1"/>', xml)[0]
    many = b"".join(one.replace("小区明细".encode(), b"s%d" % n) for n in range(200))
    data = xlsx(workbook=xml.replace(one, many), sheet=sheet(b"<row/>" * 1_000_000))
    assert read(guard, data) == "over_limit"


ENTITIES = b"<!DOCTYPE x [" + b"".join(
    b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10 if n else b"ha" * 10) for n in range(10)
)
OUTSIDE = b'<!DOCTYPE x [<!ENTITY e9 SYSTEM "file:///etc/passwd">'


@pytest.mark.parametrize("declared", [ENTITIES, OUTSIDE], ids=["billion laughs", "outside"])
@pytest.mark.parametrize("before", [b"", b"<?xml version='1.0'?>", b"<!-- x --> \n<?a b?>"])
@pytest.mark.parametrize("kind", ["sheet", "workbook", "styles", "strings", "ods", "fods", "xml"])
def test_entities(guard: Guard, kind: str, before: bytes, declared: bytes) -> None:
    def poisoned(xml: bytes) -> bytes:
        xml = re.sub(rb"^<\?xml[^>]*\?>\s*", b"", xml)
        return before + declared + b"]>" + re.sub(rb">([^<>]+)<", b">&e9;<", xml, count=1)

    if kind == "ods":
        data = formats.ods(poisoned(formats.ods_content().encode()))
    elif kind in SOUND:
        data = poisoned(SOUND[kind])
    else:
        name = {"sheet": "worksheets/sheet1", "strings": "sharedStrings"}.get(kind, kind)
        data = xlsx(**{kind: poisoned(part(f"xl/{name}.xml"))})
    # Styles that cannot be read are no reason to return a workbook, as long as nothing in them is followed.
    assert read(guard, data) in ("unreadable", "unsupported_format")


@pytest.mark.parametrize("tag", [b"row", b"c", b"x", b"is"])
def test_deep_nesting_in_xlsx(guard: Guard, tag: bytes) -> None:
    depth = 200_000
    read(guard, xlsx(sheet=sheet(b"<%s>" % tag * depth + b"</%s>" % tag * depth)))


@pytest.mark.parametrize(
    "wrap",
    [
        lambda n: formats.ods(formats.ods_content().replace("<text:p>", "<text:p>" + "<text:span>" * n, 1)),
        lambda n: formats.ods(formats.ods_content().replace("<table:table ", "<table:table>" * n + "<table:table ", 1)),
        lambda n: (formats.spreadsheetml().replace("<Table>", "<Table>" * n, 1)).encode(),
        lambda n: b"<table><tr><td>" * n,
        lambda n: b"<table>" + b"<tr><td><b>" * n,
        lambda n: b"<" * n + b"<table>",
        lambda n: b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n" * n,
    ],
    ids=["ods spans", "ods tables", "xml", "html", "html cells", "html brackets", "mime"],
)
def test_deep_nesting_elsewhere(guard: Guard, wrap: Callable[[int], bytes]) -> None:
    assert read(guard, wrap(30_000)) not in ("read_timeout", "read_aborted")


# ── size ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("claimed", ["999999999", "99999999999999999999"])
def test_a_claimed_number_of_texts_that_is_not_there(guard: Guard, claimed: str) -> None:
    honest = part("xl/sharedStrings.xml")
    lying = re.sub(rb'(uniqueCount|count)="\d+"', rb'\1="' + claimed.encode() + b'"', honest)
    assert lying != honest
    raw = read(guard, xlsx(strings=lying))
    assert isinstance(raw, RawWorkbook)
    assert raw.sheets[0].cells == read_workbook(SOUND["xlsx"]).sheets[0].cells


def test_a_million_declared_rows_without_content(guard: Guard) -> None:
    book = Book().workbook()
    book["小区明细"].cell(1_048_576, 3).number_format = "0.00"
    raw = read(guard, saved(book))
    assert isinstance(raw, RawWorkbook)
    assert len(raw.sheets[1].cells) == 2


@pytest.mark.parametrize("far", ["XFD1048576", "A1048576", "XFD1"])
@pytest.mark.parametrize("honest", [True, False])
def test_a_stray_cell_far_away(guard: Guard, far: str, honest: bool) -> None:
    """Refused, or read where the rectangle is bearable. A sheet that lies about its range is refused all the same."""
    xml = part().replace(
        b"</sheetData>",
        b'<row r="%s"><c r="%s"><v>1</v></c></row></sheetData>' % (re.sub(r"\D", "", far).encode(), far.encode()),
    )
    if honest:
        xml = re.sub(rb"<dimension[^>]*>", b"", xml)
    raw = read(guard, xlsx(sheet=xml))
    if far == "XFD1":
        assert isinstance(raw, RawWorkbook)
    else:
        assert raw in ("over_limit", "read_aborted")


def test_stray_cells_in_other_formats(guard: Guard) -> None:
    xml = formats.spreadsheetml().replace(
        '<Row ss:Index="3"><Cell ss:Index="2"', '<Row ss:Index="1048576"><Cell ss:Index="9999"'
    )
    assert read(guard, xml.encode()) == "over_limit"
    wide = "<table:table-cell table:number-columns-repeated='16000'><text:p>x</text:p></table:table-cell>"
    row = f"<table:table-row table:number-rows-repeated='1048576'>{wide}</table:table-row></table:table>"
    assert read(guard, formats.ods(formats.ods_content().replace("</table:table>", row, 1))) == "over_limit"
    far = formats.xlsb_sheet().replace(
        struct.pack("<LLHBB", 2, 0, 300, 0, 0), struct.pack("<LLHBB", 1_048_575, 0, 300, 0, 0)
    )
    far = far.replace(struct.pack("<LL", 6, 0) + b"\1", struct.pack("<LL", 16_383, 0) + b"\1")
    assert read(guard, formats.xlsb(far)) == "over_limit"


def test_thousands_of_sheets_and_columns(guard: Guard) -> None:
    xml = part("xl/workbook.xml")
    one = re.findall(rb'<sheet name="[^"]*" sheetId="1" r:id="rId1"/>', xml)[0]
    assert read(guard, xlsx(workbook=xml.replace(one, one * 5_000))) == "over_limit"
    assert read(guard, ("<table><tr><td>a" * 3 + "</table>" * 3).encode() * 5_000) != "read_timeout"
    wide = read(guard, (",".join(["x"] * 16_384) + "\n" + ",".join(["1"] * 16_384) + "\n").encode())
    assert isinstance(wide, RawWorkbook)
    assert len(wide.sheets[0].cells[0]) == 16_384
    sheets = "".join(f'<Worksheet ss:Name="{n}"><Table/></Worksheet>' for n in range(5_000))
    assert read(guard, formats.spreadsheetml().replace("</Workbook>", sheets + "</Workbook>").encode()) == "over_limit"


def test_spans_that_cover_the_world(guard: Guard) -> None:
    page = "<table>" + "<tr><td rowspan=99999 colspan=99999>x" * 50
    assert read(guard, page.encode(), Limits(cells=2_000_000)) == "over_limit"


# ── texts ─────────────────────────────────────────────────────────────────────────────────────────────────────────

FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    '=HYPERLINK("http://example.org","x")',
    "=cmd|' /C calc'!A0",
]
ODD_TEXTS = [
    "\u202exslx.exe",
    "\u200b\ufeff",
    "a\u0000b".replace("\0", "\x01"),
    "\x0b\x1f",
    "😀",
    "]]>",
    "&lt;",
    "_x0041_",
    "x" * 100_000,
]


def judged(data: bytes) -> tuple[Judgement, RawWorkbook | None]:
    source = Source("0" * 16, "0" * 64, len(data), "报表.xlsx", None, datetime(2024, 11, 28), "first_seen")
    try:
        raw = read_workbook(data)
    except Refusal as refusal:
        return refused(source, refusal), None
    return judge_batch([(source, raw)], plans())[0], raw


def receipt(data: bytes, folder: Path) -> bytes:
    """The receipt of a workbook; it can be opened again by two programs."""
    judgement, raw = judged(data)
    original = folder / "original"
    original.write_bytes(data)
    target = write_receipt(judgement, original if raw else None, folder / "receipt.xlsx", plans())
    content = target.read_bytes()
    if raw is None or raw.kind != "xlsx" or _opens(data):
        openpyxl.load_workbook(io.BytesIO(content))
    CalamineWorkbook.from_filelike(io.BytesIO(content))
    return content


def _opens(data: bytes) -> bool:
    """Whether openpyxl takes the original: it refuses odd names, and makes an object of each merged cell."""
    if b"XFD1048576" in part("xl/worksheets/sheet2.xml", data):
        return False
    with suppress(ValueError):
        openpyxl.load_workbook(io.BytesIO(data))
        return True
    return False


def formulas_of(content: bytes) -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [
            archive.read(name) for name in archive.namelist() if "worksheets/sheet" in name and "_rels" not in name
        ]
    return [formula for xml in sheets for formula in re.findall(rb"<f[ >][^<]*", xml)]


@pytest.mark.parametrize("kind", ["xlsx", "csv", "html", "xml", "ods"])
def test_texts_that_look_like_formulas_stay_texts(kind: str, tmp_path: Path) -> None:
    """In the receipt as in the original: no program computes what a stranger typed."""
    from html import escape

    if kind == "xlsx":
        book = Book([community(小区名称=text, 总户数=text, 备注=text) for text in FORMULAS]).workbook()
        for row in book["小区明细"].iter_rows(min_row=2):
            for cell in row:
                if cell.data_type == "f":
                    cell.data_type = "s"
        data = saved(book)
    else:
        header = ["小区名称", "总户数", "物业管理方式", "街道(乡镇)", "建筑面积(㎡)", "备注"]
        rows = [header, *[[text, text, text, "团结街道", text, text] for text in FORMULAS]]
        if kind == "csv":
            data = "\n".join(",".join(f'"{c.replace(chr(34), chr(34) * 2)}"' for c in row) for row in rows).encode()
        elif kind == "html":
            cells = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows)
            data = f"<html><table>{cells}</table></html>".encode()
        elif kind == "xml":
            cell = '<Cell><Data ss:Type="String">{}</Data></Cell>'
            cells = "".join("<Row>" + "".join(cell.format(escape(c)) for c in row) + "</Row>" for row in rows)
            data = re.sub(
                "<Table>.*?</Table>",
                f"<Table>{cells}</Table>".replace("\\", ""),
                formats.spreadsheetml(),
                count=1,
                flags=re.S,
            ).encode()
        else:
            cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
            cells = "".join(
                "<table:table-row>" + "".join(cell.format(escape(c.strip())) for c in row) + "</table:table-row>"
                for row in rows
            )
            content = re.sub(
                "<table:table-column.*?</table:table>", f"{cells}</table:table>", formats.ods_content(), count=1
            )
            data = formats.ods(content)
    content = receipt(data, tmp_path)
    assert formulas_of(content) == []
    shown = openpyxl.load_workbook(io.BytesIO(content))
    typed = {str(cell.value).strip() for sheet in shown for row in sheet.iter_rows() for cell in row if cell.value}
    assert "=1+1" in typed
    assert not [c for sheet in shown for row in sheet.iter_rows() for c in row if c.data_type == "f"]


@pytest.mark.parametrize("kind", ["xlsx", "csv", "xml"])
@pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
def test_odd_characters_in_cells(kind: str, text: str, tmp_path: Path) -> None:
    if kind == "csv":
        data = f'小区名称,总户数,物业管理方式,街道(乡镇),建筑面积(㎡)\n"{text}",{text},{text},{text},1\n'.encode()
    elif kind == "xml":
        clean = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text)
        data = formats.spreadsheetml().replace(formats.TEXT, f"<![CDATA[{clean.replace(']]>', ']')}]]>").encode()
    else:
        clean = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text)[:32_000]
        data = Book([community(小区名称=clean, 总户数=clean, 备注=clean, 物业管理方式=clean)]).bytes()
    receipt(data, tmp_path)


SHEET_NAMES = [
    "",
    "&#xD800;",
    "a/b\\c?*[x]:",
    "'quoted'",
    "\u202eabc",
    "x" * 400,
    "&#1;",
    "History",
    "问题清单",
    "=1+1",
    "小区明细&quot;&lt;",
]


@pytest.mark.parametrize("name", SHEET_NAMES, ids=range(len(SHEET_NAMES)))
def test_odd_names_of_sheets(name: str, tmp_path: Path) -> None:
    data = Book().bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read("xl/workbook.xml").decode()
    for old in ("小区明细", "填报说明"):
        odd = xml.replace(f'name="{old}"', f'name="{name}"')
        assert odd != xml
        receipt(formats.repacked(data, {"xl/workbook.xml": odd.encode()}), tmp_path)


def test_two_sheets_of_one_name(tmp_path: Path) -> None:
    data = Book(sheets={"小区明细2": [["小区名称", "总户数"], ["x", 1]]}).bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read("xl/workbook.xml").decode().replace("小区明细2", "小区明细")
    receipt(formats.repacked(data, {"xl/workbook.xml": xml.encode()}), tmp_path)


@pytest.mark.parametrize(
    "area", ["A1:A1", "A1:XFD1048576", "C3:A1", "A2:C9", "A1:B2"], ids=["one", "all", "backwards", "rows", "overlap"]
)
def test_odd_merged_ranges(area: str, tmp_path: Path) -> None:
    data = Book().bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read("xl/worksheets/sheet2.xml").decode()
    merged = f'<mergeCells count="2"><mergeCell ref="A1:B1"/><mergeCell ref="{area}"/></mergeCells>'
    odd = xml.replace("</sheetData>", f"</sheetData>{merged}")
    assert odd != xml
    receipt(formats.repacked(data, {"xl/worksheets/sheet2.xml": odd.encode()}), tmp_path)


@pytest.mark.parametrize("value", ["0001-01-01", "1582-10-05", "9999-12-31", "-0044-03-15"])
def test_days_no_workbook_can_hold(value: str, tmp_path: Path) -> None:
    content = formats.ods_content().replace('office:date-value="2023-03-15"', f'office:date-value="{value}"')
    receipt(formats.ods(content), tmp_path)


@pytest.mark.parametrize("kind", ["xls", "xlsb", "ods", "fods", "xml", "html", "mhtml", "csv"])
def test_each_format_gets_a_receipt(kind: str, tmp_path: Path) -> None:
    receipt(SOUND[kind], tmp_path)
