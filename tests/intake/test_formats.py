"""Every format gives the same sheets, with what stands beside the values; written oddly, still the same."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime, time, timedelta

import pytest

from pipelines.intake.issues import Refusal
from pipelines.intake.reader import HIDDEN, KINDS, VERY_HIDDEN, VISIBLE, RawSheet, read_workbook
from pipelines.intake.reading.xls import moment
from pipelines.settings import Limits
from tests.intake import formats
from tests.intake.formats import CELLS, SOUND, TEXT, TITLE

TYPED = ("xlsx", "xls", "xlsb", "ods", "fods", "xml")
PAGES = ("html", "mhtml")


def only(data: bytes) -> RawSheet:
    return read_workbook(data).sheets[0]


def refusal(data: bytes) -> str:
    with pytest.raises(Refusal) as refused:
        read_workbook(data)
    assert refused.value.remedy
    return refused.value.rule_id


def test_there_is_a_sound_file_of_every_kind() -> None:
    assert {kind: read_workbook(data).kind for kind, data in SOUND.items()} == {kind: kind for kind in KINDS}


@pytest.mark.parametrize("kind", TYPED)
def test_values_and_what_stands_beside_them(kind: str) -> None:
    book = read_workbook(SOUND[kind])
    sheet = book.sheets[0]
    assert (sheet.name, sheet.cells) == (TITLE, CELLS)
    assert {type(cell) for row in sheet.cells for cell in row} == {str, float, date, bool}
    assert sheet.percent_cells == {(0, 3)}
    assert sheet.error_cells == {(0, 4): "#DIV/0!"}
    assert sheet.merged == [(2, 1, 2, 2)]
    assert (sheet.hidden_rows, sheet.hidden_columns) == (1, 1)
    deep = HIDDEN if kind in ("ods", "fods") else VERY_HIDDEN
    assert [s.state for s in book.sheets] == [VISIBLE, HIDDEN, deep]
    assert [s.cells for s in book.sheets[1:]] == [[], []]
    assert not sheet.formula_without_value
    assert not book.date1904


@pytest.mark.parametrize("kind", PAGES)
def test_pages_give_what_they_show(kind: str) -> None:
    [sheet] = read_workbook(SOUND[kind]).sheets
    assert sheet.name == TITLE
    assert sheet.cells[0] == [TEXT, "100", "2023-03-15", "85.5%", "#DIV/0!", "3", "TRUE"]
    assert (sheet.merged, sheet.hidden_rows, sheet.hidden_columns) == ([(2, 1, 2, 2)], 1, 1)


@pytest.mark.parametrize(
    "data", [formats.xls(date1904=True), formats.xlsb(date1904=True), formats.spreadsheetml(date1904=True).encode()]
)
def test_the_calendar_of_1904(data: bytes) -> None:
    assert read_workbook(data).date1904


class TestFormulasNeverComputed:
    def test_xls_of_programs_that_do_not_compute(self) -> None:
        assert only(formats.xls(formula_flags=3, formula_result=0.0)).formula_without_value == {(0, 5)}
        assert not only(formats.xls(formula_flags=3, formula_result=3.0)).formula_without_value
        assert not only(formats.xls(formula_flags=0, formula_result=0.0)).formula_without_value

    def test_ods(self) -> None:
        bare = re.sub(r'(table:formula="of:=1\+2").*?</text:p>', r"\1>", formats.ods_content())
        assert only(formats.ods(bare)).formula_without_value == {(0, 5)}

    def test_xml(self) -> None:
        bare = formats.spreadsheetml().replace('<Data ss:Type="Number">3</Data>', "")
        assert only(bare.encode()).formula_without_value == {(0, 5)}

    def test_xlsx_where_some_were_computed(self) -> None:
        with zipfile.ZipFile(io.BytesIO(SOUND["xlsx"])) as archive:
            xml = archive.read("xl/worksheets/sheet1.xml")
        for nothing in (b"", b"<v/>", b"<v></v>"):
            changed = xml.replace(b"<f>1+2</f><v>3</v>", b"<f>1+2</f>" + nothing)
            sheet = only(formats.repacked(SOUND["xlsx"], {"xl/worksheets/sheet1.xml": changed}))
            assert sheet.formula_without_value == {(0, 5)}
            assert sheet.error_cells == {(0, 4): "#DIV/0!"}


class TestXlsxWrittenOddly:
    """As other programs write it, or nobody does: the sheet stays what it is."""

    def changed(self, change: object, part: str = "xl/worksheets/sheet1.xml") -> RawSheet:
        with zipfile.ZipFile(io.BytesIO(SOUND["xlsx"])) as archive:
            xml = archive.read(part)
        after = change(xml)  # type: ignore[operator]
        assert after != xml
        return only(formats.repacked(SOUND["xlsx"], {part: after}))

    @pytest.mark.parametrize(
        "change",
        [
            lambda xml: re.sub(rb"<(/?)([a-zA-Z])", rb"<\1x:\2", xml).replace(b"xmlns=", b"xmlns:x="),
            lambda xml: re.sub(rb'="([^"]*)"', rb"='\1'", xml),
            lambda xml: re.sub(rb'<c r="[A-Z]+(\d+)"', rb"<c", xml).replace(b"<c><v>", b"<c ><v>"),
            lambda xml: re.sub(rb'<c r="([A-Z]+\d+)"([^>/]*)', rb'<c\2 r="\1"', xml),
            lambda xml: re.sub(rb"<dimension[^>]*>", b"", xml),
            lambda xml: xml.replace(b"<row ", b"\n  <row ").replace(b"<c ", b"\n    <c "),
            lambda xml: xml.replace(b'encoding="UTF-8"', b'encoding="UTF-16"').decode().encode("utf-16"),
            lambda xml: xml.replace(b'<c r="A1"', b'<c r="A1" u=\'t="e"\''),
        ],
        ids=[
            "prefix",
            "single quotes",
            "no names of cells",
            "name last",
            "no range",
            "spaces",
            "UTF-16",
            "a false error",
        ],
    )
    def test_sheet(self, change: object) -> None:
        sheet = self.changed(change)
        if sheet.cells[2][0] == "":  # without names the merged cell moves to the first column
            assert sheet.cells == CELLS
        assert sheet.cells[0] == CELLS[0]
        assert sheet.percent_cells == {(0, 3)}
        assert sheet.error_cells == {(0, 4): "#DIV/0!"}
        assert (sheet.hidden_rows, sheet.hidden_columns) == (1, 1)

    def test_parts_under_other_names(self) -> None:
        with zipfile.ZipFile(io.BytesIO(SOUND["xlsx"])) as archive:
            parts: dict[str, bytes | str] = {n.replace("xl/", "Other\\"): archive.read(n) for n in archive.namelist()}
        parts["_rels/.rels"] = bytes(parts["_rels/.rels"]).replace(b"xl/workbook.xml", b"/other/Workbook.xml")  # type: ignore[arg-type]
        assert only(formats.zipped(parts)).cells == CELLS

    def test_a_sheet_whose_part_is_missing_is_no_empty_sheet(self) -> None:
        with zipfile.ZipFile(io.BytesIO(SOUND["xlsx"])) as archive:
            parts: dict[str, bytes | str] = {n: archive.read(n) for n in archive.namelist() if "sheet1" not in n}
        assert refusal(formats.zipped(parts)) == "unreadable"


class TestText:
    @pytest.mark.parametrize(
        "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
    )
    @pytest.mark.parametrize("delimiter", [",", "\t", ";"])
    def test_encodings_and_delimiters(self, encoding: str, delimiter: str) -> None:
        rows = [["小区名称", "总户数", "备注"], [TEXT, "1,234" if delimiter != "," else "1234", "两\n行"]]
        text = "\r\n".join(delimiter.join(f'"{c}"' if "\n" in c else c for c in row) for row in rows)
        assert only(text.encode(encoding)).cells == rows

    def test_what_a_delimiter_is_stands_above(self) -> None:
        assert only(b"sep=|\r\na,b|c\n1|2\n").cells == [["a,b", "c"], ["1", "2"]]

    def test_titles_above_do_not_hide_the_delimiter(self) -> None:
        text = "临河区小区明细表,,\n填报单位：临河区；单位：户；日期：2024年;;\n名称,户数,备注\n甲,1,\n乙,2,\n"
        assert only(text.encode()).cells[2:] == [["名称", "户数", "备注"], ["甲", "1", ""], ["乙", "2", ""]]

    def test_codes_protected_by_an_equals_sign(self) -> None:
        assert only(b'code,n\n="00123",1\n').cells[1] == ["00123", "1"]

    def test_a_quotation_mark_that_is_never_closed_swallows_no_rows(self) -> None:
        text = 'name,n\n"x,1\n' + "y,2\n" * 300
        assert len(only(text.encode()).cells) == 302

    def test_text_that_is_no_table(self) -> None:
        assert refusal("附件不见了。\n请重新下载。\n".encode()) == "foreign_file"
        assert refusal(b'{"url": "https://example.org/sheet", "id": 1}') == "foreign_file"

    def test_control_characters_are_no_reason_to_refuse(self) -> None:
        rows = "名称,户数\n甲\x01\x1f,1\n" + "乙,2\n" * 20
        assert only(rows.encode()).cells[1] == ["甲\x01\x1f", "1"]


class TestMarkup:
    def test_xml_in_an_encoding_the_parser_does_not_know(self) -> None:
        text = formats.spreadsheetml().replace("UTF-8", "GB2312")
        assert only(text.encode("gb18030")).cells == CELLS
        assert only(formats.spreadsheetml().encode("utf-16")).cells == CELLS

    def test_xml_rows_and_columns_that_span(self) -> None:
        text = formats.spreadsheetml().replace('<Row ss:Hidden="1">', '<Row ss:Hidden="1" ss:Span="1">')
        assert only(text.replace(' ss:Index="3"', "").encode()).cells[3] == CELLS[2]

    def test_xml_days_and_times(self) -> None:
        def read(value: str) -> object:
            text = formats.spreadsheetml().replace("2023-03-15T00:00:00.000", value)
            return only(text.encode()).cells[0][2]

        assert read("2023-03-15T08:30:00.000") == datetime(2023, 3, 15, 8, 30)
        assert read("1899-12-31T08:30:00.000") == time(8, 30)
        assert read("昨天") == "昨天"

    def test_a_table_inside_a_cell_belongs_to_it(self) -> None:
        page = "<table><tr><td>a<table><tr><td>b</td><td>c</td></tr></table></td><td>d</td></tr></table>"
        [sheet] = read_workbook(page.encode()).sheets
        assert [[re.sub(r"\s+", "", str(cell)) for cell in row] for row in sheet.cells] == [["abc", "d"]]

    def test_several_tables_are_several_sheets(self) -> None:
        page = "<table><tr><td>a<td>b</table><p>text</p><table></table><table><tr><td>c<td>d</table>"
        assert [sheet.cells for sheet in read_workbook(page.encode()).sheets] == [[["a", "b"]], [["c", "d"]]]

    def test_ods_repeats_what_is_filled_and_drops_what_is_blank(self) -> None:
        content = formats.ods_content().replace('table:visibility="collapse"><table:table-cell', "><table:table-cell")
        content = re.sub(r"(<table:table-row)( >)", r'\1 table:number-rows-repeated="3">', content, count=1)
        assert [row[:2] for row in only(formats.ods(content)).cells] == [
            [TEXT, 100.0],
            *[["甲", 1.0]] * 3,
            ["", "并"],
        ]

    def test_ods_comments_and_old_versions_are_no_content(self) -> None:
        note = "<office:annotation><text:p>secret</text:p></office:annotation>"
        old = "<table:tracked-changes><table:table-cell><text:p>old</text:p></table:table-cell></table:tracked-changes>"
        content = formats.ods_content().replace(f"<text:p>{TEXT}", f"{note}<text:p>{TEXT}", 1)
        content = content.replace("<office:spreadsheet>", f"<office:spreadsheet>{old}")
        assert only(formats.ods(content)).cells == CELLS

    @pytest.mark.parametrize("text", ['<?xml version="1.0"?><a/>', "<worksheet/>", "<!DOCTYPE html><p>x</p>"])
    def test_markup_that_is_no_table(self, text: str) -> None:
        assert refusal(text.encode()) in ("unsupported_format", "no_sheet")


@pytest.mark.parametrize(
    ("serial", "shown"),
    [
        (45000.0, date(2023, 3, 15)),
        (45000.25, datetime(2023, 3, 15, 6)),
        (0.5, time(12)),
        (0.999999999, time(23, 59, 59)),
        (-3.0, -3.0),
        (1e9, 1e9),
    ],
)
def test_what_a_number_in_a_date_format_shows(serial: float, shown: object) -> None:
    assert moment(serial, date1904=False, elapsed=False) == shown


def test_spans_of_time_and_the_other_calendar() -> None:
    assert moment(1.5, date1904=False, elapsed=True) == timedelta(days=1, hours=12)
    assert moment(45000 - 1462, date1904=True, elapsed=False) == date(2023, 3, 15)


@pytest.mark.parametrize("kind", [kind for kind in SOUND if kind != "csv"])
def test_limits_hold_in_every_format(kind: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_workbook(SOUND[kind], Limits(cells=5))
    assert refused.value.rule_id == "over_limit"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"BM" + bytes(60), "foreign_file"),
        (b"\xff\xd8\xff\xe0", "foreign_file"),
        (b"Rar!\x1a\x07\0", "foreign_file"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "foreign_file"),
        (formats.zipped({"OFD.xml": "<OFD/>"}), "foreign_file"),
        (formats.zipped({"[Content_Types].xml": "<T/>", "ppt/presentation.xml": "<p/>"}), "foreign_file"),
        (
            formats.zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<x/>"}),
            "foreign_file",
        ),
        (SOUND["xlsx"][:-500], "unreadable"),
        (SOUND["ods"][: len(SOUND["ods"]) // 2], "unreadable"),
    ],
)
def test_foreign_and_broken_off_files(data: bytes, what: str) -> None:
    assert refusal(data) == what


def test_a_file_that_breaks_off_is_called_so() -> None:
    with pytest.raises(Refusal, match="不完整"):
        read_workbook(SOUND["xlsx"][:-500])
