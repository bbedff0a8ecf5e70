"""What files are, by their bytes, and what a hostile one can do: nothing."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from pipelines.intake.guard import Guard, outcome
from pipelines.intake.issues import Refusal, cell_name, column_index
from pipelines.intake.reader import RawWorkbook, read_workbook
from pipelines.settings import Limits
from tests.intake.books import Book, judged, saved


def refusal(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(Refusal) as refused:
        read_workbook(data, limits)
    assert refused.value.message
    assert refused.value.remedy
    return refused.value.rule_id


def zipped(**parts: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name.replace("__", "/"), part)
    return content.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)


def stream(name: str) -> bytes:
    """A compound file whose directory has a stream of this name."""
    encoded = name.encode("utf-16-le") + b"\0\0"
    return OLE + encoded.ljust(64, b"\0") + len(encoded).to_bytes(2, "little") + bytes(62)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty_file"),
        (bytes(2048), "empty_file"),
        (b"%PDF-1.7\n", "foreign_file"),
        (b"\x89PNG\r\n\x1a\n", "foreign_file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "foreign_file"),
        (b"\x00\x01\x02\x80\x90\xff" * 50, "foreign_file"),
        (zipped(**{"word__document.xml": b"<w/>", "[Content_Types].xml": b"<Types/>"}), "foreign_file"),
        (zipped(**{"readme.txt": b"x"}), "foreign_file"),
        (zipped(**{"a.xlsx": b"x", "b.xls": b"y"}), "zip_of_files"),
        (b"PK\x03\x04broken", "unreadable"),
        (zipped(**{"[Content_Types].xml": b"<Types/>", "xl__workbook.xml": b"<workbook><sheets>"}), "unreadable"),
        (OLE, "unreadable"),
        (stream("EncryptedPackage"), "encrypted"),
        (stream("WordDocument"), "foreign_file"),
        (stream("Workbook") + "WordDocument".encode("utf-16-le"), "unreadable"),
        (b"\x09\x02\x06\x00\x00\x00\x10\x00", "unreadable"),
        (b'<?xml version="1.0"?><Workbook/>', "unsupported_format"),
        (b"<html><body>nothing</body></html>", "no_sheet"),
    ],
)
def test_what_is_refused(data: bytes, reason: str) -> None:
    assert refusal(data) == reason


TEXT = "小区名称,总户数\n河套人家,100\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_in_the_encodings_of_office_programs(encoding: str) -> None:
    book = read_workbook(TEXT.encode(encoding))
    assert (book.kind, book.sheets[0].cells) == ("csv", [["小区名称", "总户数"], ["河套人家", "100"]])


def test_html_table_with_spans() -> None:
    head = "<tr><th rowspan=2>小区</th><th colspan=2>户数</th></tr>"
    page = f"<html><table>{head}<tr><td>总</td><td>入住</td></tr></table></html>"
    [sheet] = read_workbook(page.encode()).sheets
    assert sheet.cells == [["小区", "户数", ""], ["", "总", "入住"]]
    assert sheet.merged == [(0, 0, 1, 0), (0, 1, 0, 2)]


def test_only_visible_sheets_and_the_mark_of_the_template_are_read() -> None:
    book = openpyxl.Workbook()
    book.active.append(["shown"])
    for name in ("_meta", "secret"):
        sheet = book.create_sheet(name)
        sheet.append([name])
        sheet.sheet_state = "hidden"
    read = read_workbook(saved(book))
    assert [(sheet.name, sheet.state, bool(sheet.cells)) for sheet in read.sheets] == [
        ("Sheet", "visible", True),
        ("_meta", "hidden", True),
        ("secret", "hidden", False),
    ]


def written(fill: object) -> RawWorkbook:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        fill(book, book.add_worksheet("小区明细"))  # type: ignore[operator]
    return read_workbook(content.getvalue())


def test_percent_formats_are_seen() -> None:
    def fill(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.write(0, 0, 0.5, book.add_format({"num_format": 9}))
        sheet.write(1, 1, 0.5, book.add_format({"num_format": '0.00"约"%'}))
        sheet.write(2, 2, 0.5, book.add_format({"num_format": '0.0"%"'}))
        sheet.write_blank(3, 3, None, book.add_format({"num_format": 10}))

    assert written(fill).sheets[0].percent_cells == {(0, 0), (1, 1)}


def test_errors_and_formulas_that_were_never_computed() -> None:
    def fill(_: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.write_formula(0, 0, "=1/0", None, "#DIV/0!")
        sheet.write_formula(0, 1, "=SUM(A2:A3)", None, 12)
        sheet.write_formula(0, 2, '="a"&"b"', None, "ab")
        sheet.write(1, 0, "x")

    sheet = written(fill).sheets[0]
    assert sheet.error_cells == {(0, 0): "#DIV/0!"}
    assert sheet.formula_without_value == set()
    book = openpyxl.Workbook()
    book.active["B2"] = "=1+1"
    assert read_workbook(saved(book)).sheets[0].formula_without_value == {(1, 1)}


def test_a_formula_without_value_is_an_error_and_no_blank() -> None:
    book = Book().workbook()
    book["小区明细"]["N2"] = "=50+50"
    judgement = judged(saved(book))
    [issue] = [i for i in judgement.issues if i.rule_id == "formula_without_value"]
    assert (issue.severity, issue.cell, issue.field) == ("error", "N2", "households")
    assert judgement.frames["community"]["withheld"].to_list() == [["households"]]


def test_dates_of_the_1904_calendar() -> None:
    book = Book().workbook()
    sheet = book["小区明细"]
    serials = {"1900": 45199, "1904": 45199 - 1462}
    sheet["H2"] = serials["1904"]
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    judgement = judged(saved(book))
    assert judgement.frames["community"]["delivered_date"].to_list() == [datetime(2023, 9, 30).date()]


class TestLimits:
    def test_size_of_the_file(self) -> None:
        assert refusal(bytes(range(1, 100)), Limits(file_bytes=10)) == "over_limit"

    def test_unpacked_size(self) -> None:
        data = zipped(**{"[Content_Types].xml": b"<Types/>", "xl__workbook.xml": bytes(5_000_000)})
        assert len(data) < 10_000
        assert refusal(data, Limits(unpacked_bytes=1_000_000)) == "over_limit"

    def test_number_of_sheets(self) -> None:
        book = openpyxl.Workbook()
        for _ in range(5):
            book.create_sheet()
        assert refusal(saved(book), Limits(sheets=3)) == "over_limit"

    def test_cells_far_apart(self) -> None:
        book = openpyxl.Workbook()
        book.active["A1"] = 1
        book.active["XFD1048576"] = 1
        assert refusal(saved(book)) == "over_limit"

    def test_formats_down_to_the_last_row_are_no_content(self) -> None:
        book = Book().workbook()
        book["小区明细"].cell(900_000, 20).number_format = "0.00"
        assert judged(saved(book)).submission["community_count"] == 1

    def test_rows_of_a_text(self) -> None:
        assert refusal(("a,b\n" * 2000).encode(), Limits(cells=1000)) == "over_limit"


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    with Guard(1, Limits(read_seconds=2, memory_bytes=1024**3)) as guard:
        yield guard


def fill_memory() -> int:
    return len(bytearray(4 * 1024**3))


def abort() -> None:
    os.abort()


def hang() -> None:
    while True:
        pass


@pytest.mark.parametrize(
    ("what", "reason"), [(fill_memory, "read_aborted"), (abort, "read_aborted"), (hang, "read_timeout")]
)
def test_a_child_that_misbehaves_is_a_refusal(guard: Guard, what: object, reason: str) -> None:
    with pytest.raises(Refusal) as refused:
        outcome(guard.submit(what))  # type: ignore[arg-type]
    assert refused.value.rule_id == reason
    assert outcome(guard.submit(read_workbook, TEXT.encode())).kind == "csv"


def test_names_of_cells() -> None:
    assert [cell_name(0, column) for column in (0, 25, 26, 701, 702, 16_383)] == [
        "A1",
        "Z1",
        "AA1",
        "ZZ1",
        "AAA1",
        "XFD1",
    ]
    assert all(column_index(cell_name(0, column)[:-1]) == column for column in range(0, 16_384, 97))


def test_real_odd_and_broken_files_each_get_a_verdict(shared: Path) -> None:
    """Files of other programs and broken ones: a reasoned refusal or sheets, within seconds."""
    files = sorted(path for folder in ("hostile", "workbooks") for path in (shared / "data" / folder).glob("*/*"))
    assert len(files) > 100
    with Guard(2) as guard:
        asked = [(path, guard.submit(read_workbook, path.read_bytes())) for path in files]
        for path, future in asked:
            try:
                verdict = outcome(future).sheets
            except Refusal as refused:
                verdict = refused.message and refused.remedy  # type: ignore[assignment]
            assert verdict, path
