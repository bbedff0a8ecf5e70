"""Receipts of workbooks that hold more than cells: nothing personal gets out, and Excel opens what comes out."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from html import unescape
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table

from pipelines.intake.receipt.ownsheet import FILLS
from tests.intake.books import COVER, ROW, Book, community, saved
from tests.intake.packages import faults
from tests.intake.test_receipt import every_part, receipt

PHONES = [f"138{n:08}" for n in range(40)]
"""Numbers of nobody; each place of a workbook gets one of its own."""
PEOPLE = ["甄不该", "贾隐藏", "史批注", "苗作者", "尤页眉", "温属性", "倪区域"]
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
Part = bytes | Callable[[str], str]


def with_parts(data: bytes, parts: Mapping[str, Part]) -> bytes:
    """The package with parts added, or changed by a function of their text."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            change = parts.get(name)
            new.writestr(name, change(part.decode()).encode() if callable(change) else part)
        for name, part in parts.items():
            if not callable(part):
                new.writestr(name, part)
    return content.getvalue()


def main_sheet(data: bytes) -> str:
    """The part that holds 小区明细."""
    names = openpyxl.load_workbook(io.BytesIO(data)).sheetnames
    return f"xl/worksheets/sheet{names.index('小区明细') + 1}.xml"


def loaded_with_secrets() -> bytes:
    """A ledger with personal data wherever a workbook can hold some."""
    headers = [*ROW, "项目负责人", "联系电话"]
    rows = [
        community(备注=f"找{PHONES[0]}") | {"项目负责人": PEOPLE[0], "联系电话": int(PHONES[1])},
        community(
            小区编码="LH0002", 小区名称="乙", 总户数=0, 变更原因=f"（{PHONES[2][:3]} {PHONES[2][3:7]} {PHONES[2][7:]}）"
        ),
    ]
    cover = COVER | {"填报人": PEOPLE[0], "联系电话": PHONES[3]}
    book = Book(rows, cover=cover, headers=headers, sheets={"其他": [["x", PHONES[4]]]}).workbook()
    sheet = book["小区明细"]
    sheet["A1"].comment = Comment(f"问{PEOPLE[2]} {PHONES[5]}", PEOPLE[3])
    sheet.oddHeader.left.text = f"制表人：{PEOPLE[4]}"
    sheet.oddFooter.right.text = f"电话{PHONES[6]}"
    sheet["AK1"] = f'=IF(1=1,"{PHONES[7]}","")'
    sheet["AK2"] = f'=HYPERLINK("mailto:zhen{PHONES[8]}@example.com","信")'
    sheet["AK3"].hyperlink = f"mailto:a{PHONES[9]}@example.com"
    lists = DataValidation(type="list", formula1=f'"{PHONES[10]},否"', promptTitle="找谁", prompt=PHONES[11])
    lists.add("AL2:AL9")
    sheet.add_data_validation(lists)
    red = PatternFill("solid", bgColor="FFFF0000")
    sheet.conditional_formatting.add("AM2:AM9", FormulaRule(formula=[f'AM2="{PHONES[12]}"'], fill=red))
    hidden = book.create_sheet("旧表")
    hidden["A1"], hidden["A2"] = PEOPLE[1], PHONES[13]
    hidden.sheet_state = "veryHidden"
    book.defined_names["号码"] = DefinedName("号码", attr_text=f'"{PHONES[14]}"', comment=PHONES[15])
    book.defined_names["来自旧表"] = DefinedName("来自旧表", attr_text="旧表!$A$1")
    book.properties.creator, book.properties.lastModifiedBy = PEOPLE[5], PEOPLE[5]
    book.properties.description = PHONES[16]
    data = saved(book)
    part = main_sheet(data)
    extra = "".join(
        (
            f'<protectedRanges><protectedRange sqref="A1" name="{PEOPLE[6]}"/></protectedRanges>',
            f'<scenarios><scenario name="s" user="{PEOPLE[6]}" count="1">'
            f'<inputCells r="A9" val="{PHONES[17]}"/></scenario></scenarios>',
        )
    )
    extension = (
        '<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" '
        'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main">'
        '<x14:dataValidations count="1" xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main">'
        f'<x14:dataValidation type="list" prompt="{PHONES[18]}">'
        f'<x14:formula1><xm:f>"{PHONES[19]}"</xm:f></x14:formula1>'
        "<xm:sqref>AN2</xm:sqref></x14:dataValidation></x14:dataValidations></ext></extLst>"
    )
    return with_parts(
        data,
        {
            part: lambda xml: xml.replace("</sheetData>", f"</sheetData>{extra}", 1).replace(
                "</worksheet>", f"{extension}</worksheet>"
            ),
            "docProps/app.xml": lambda xml: xml.replace(
                "</Properties>", f"<Manager>{PEOPLE[5]}</Manager></Properties>"
            ),
            "docProps/custom.xml": f"<Properties><p>{PHONES[20]}</p></Properties>".encode(),
            "customXml/item1.xml": f"<root>{PHONES[21]}</root>".encode(),
            "xl/pivotCache/pivotCacheRecords1.xml": f"<r><s v='{PHONES[22]}'/></r>".encode(),
            "xl/externalLinks/externalLink1.xml": f"<e>{PHONES[23]}</e>".encode(),
            "xl/persons/person.xml": f"<personList>{PEOPLE[5]}</personList>".encode(),
            "xl/threadedComments/threadedComment1.xml": f"<t>{PHONES[24]}</t>".encode(),
            "xl/printerSettings/printerSettings1.bin": PHONES[25].encode("utf-16-le"),
            "xl/vbaProject.bin": PHONES[26].encode(),
            "xl/calcChain.xml": f"<c>{PHONES[27]}</c>".encode(),
            "xl/media/image1.png": b"\x89PNG" + PHONES[28].encode(),
        },
    )


def test_nothing_personal_is_left_in_any_part(tmp_path: Path) -> None:
    data = loaded_with_secrets()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        before = "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    assert sum(secret in before for secret in [*PHONES, *PEOPLE]) >= 30, "the workbook holds what is looked for"
    path = receipt(data, tmp_path)
    assert faults(path) == []
    after = every_part(path) + path.with_suffix(".json").read_text(encoding="utf-8")
    everywhere = after + path.read_bytes().decode("utf-16-le", "ignore")
    assert [secret for secret in [*PHONES, *PEOPLE] if secret in everywhere] == []
    folded = re.sub(r"[\s（）-]", "", after)
    assert [phone for phone in PHONES if phone in folded] == []


def test_only_what_is_needed_to_show_the_sheets_is_in_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(receipt(loaded_with_secrets(), tmp_path)) as archive:
        kinds = {re.sub(r"\d+", "", name) for name in archive.namelist()}
    assert kinds <= {
        "[Content_Types].xml",
        "_rels/.rels",
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/styles.xml",
        "xl/sharedStrings.xml",
        "xl/theme/theme.xml",
        "xl/worksheets/sheet.xml",
        "xl/worksheets/_rels/sheet.xml.rels",
        "xl/comments.xml",
        "xl/drawings/notes.vml",
    }


# ── odd originals ─────────────────────────────────────────────────────────────────────────────────────────────────

BAD = [community(), community(小区编码="LH0002", 小区名称="乙", 总户数=0)]


def changed(tmp_path: Path, change: Callable[[str], str], book: openpyxl.Workbook | None = None) -> str:
    """The main sheet of the receipt of a ledger whose main sheet was changed as text. The receipt is sound."""
    data = saved(book or Book(BAD).workbook())
    path = receipt(with_parts(data, {main_sheet(data): change}), tmp_path)
    assert faults(path) == []
    again = openpyxl.load_workbook(path)
    assert again["小区明细"]["N3"].fill.fgColor.rgb == FILLS["error"]
    assert again["小区明细"]["N3"].comment
    with zipfile.ZipFile(path) as archive:
        return archive.read(f"xl/worksheets/sheet{again.sheetnames.index('小区明细') + 1}.xml").decode()


def test_a_filter_as_wps_writes_it(tmp_path: Path) -> None:
    """WPS puts an empty ``extLst`` into the filter; the notes' drawing must not be named there."""
    xml = changed(
        tmp_path, lambda xml: xml.replace("</sheetData>", '</sheetData><autoFilter ref="A1:C3"><extLst/></autoFilter>')
    )
    assert "<extLst/></autoFilter>" in xml


def test_two_windows_on_a_sheet(tmp_path: Path) -> None:
    xml = changed(tmp_path, lambda xml: xml.replace("</sheetViews>", '<sheetView workbookViewId="1"/></sheetViews>', 1))
    assert xml.count("<sheetView ") == 1


def test_views_of_other_people(tmp_path: Path) -> None:
    view = (
        '<customSheetViews><customSheetView guid="{00000000-0000-0000-0000-000000000001}">'
        "<headerFooter><oddHeader>老李</oddHeader></headerFooter></customSheetView></customSheetViews>"
    )
    xml = changed(tmp_path, lambda xml: xml.replace("</sheetData>", f"</sheetData>{view}"))
    assert "老李" not in xml


def test_drop_downs_as_newer_programs_write_them(tmp_path: Path) -> None:
    """Those that look into a sheet that stays are kept; those into a hidden one would make Excel complain."""
    ext = (
        '<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" '
        'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main">'
        '<x14:dataValidations count="1" xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main">'
        '<x14:dataValidation type="list"><x14:formula1><xm:f>%s</xm:f></x14:formula1>'
        "<xm:sqref>AN2</xm:sqref></x14:dataValidation></x14:dataValidations></ext></extLst></worksheet>"
    )
    kept = changed(tmp_path, lambda xml: xml.replace("</worksheet>", ext % "填报说明!$A$1:$A$3"))
    gone = changed(tmp_path, lambda xml: xml.replace("</worksheet>", ext % "词表!$A$1:$A$3"))
    assert "x14:dataValidation" in kept
    assert "x14:dataValidation" not in gone


def test_formulas_and_drop_downs_from_a_hidden_sheet(tmp_path: Path) -> None:
    book = Book(BAD).workbook()
    words = book.create_sheet("词表")
    words.sheet_state = "hidden"
    lists = DataValidation(type="list", formula1="词表!$A$1:$A$3")
    lists.add("J2:J9")
    book["小区明细"].add_data_validation(lists)
    book["小区明细"]["AK2"] = "=词表!A1"
    xml = changed(tmp_path, lambda xml: xml, book)
    assert "词表" not in xml


def test_tables_keep_their_place(tmp_path: Path) -> None:
    book = Book(BAD).workbook()
    book["小区明细"].add_table(Table(displayName="台账", ref="A1:AG3"))
    assert "<tablePart" in changed(tmp_path, lambda xml: xml, book)


def test_a_table_fed_by_a_query_is_shown_as_cells(tmp_path: Path) -> None:
    book = Book(BAD).workbook()
    book["小区明细"].add_table(Table(displayName="台账", ref="A1:AG3", tableType="queryTable"))
    assert "<tablePart" not in changed(tmp_path, lambda xml: xml, book)


def test_thousands_of_notes(tmp_path: Path) -> None:
    """More than a block of shape numbers on one sheet, and another sheet with notes behind it."""
    rows = [community(小区编码=f"LH{n:04}", 小区名称=f"甲{n}", 总户数=0) for n in range(1500)]
    body = ["序号", "小区名称", "组织类型", "成立情况", "成立日期"]
    sheets = {"业委会(物管会)明细": [body, [1, "甲1", "业主委员会", "乱填", "2020-01-01"]]}
    assert faults(receipt(Book(rows, sheets=sheets).bytes(), tmp_path)) == []


def test_own_sheets_of_the_district_by_our_names(tmp_path: Path) -> None:
    """A district's sheet 本期数据 is its own: shown again, and ours stands beside it under another name."""
    path = receipt(Book(BAD, sheets={"本期数据": [["自己的", 1]]}).bytes(), tmp_path)
    assert faults(path) == []
    book = openpyxl.load_workbook(path)
    assert book["本期数据"]["A1"].value == "自己的"
    assert str(book["本期数据(回执)"]["A1"].value).startswith("本期数据：")


@pytest.mark.parametrize("name", ["台账/2024", "a" * 40])
def test_sheet_names_that_excel_refuses(tmp_path: Path, name: str) -> None:
    """Other programs write them; the receipt that comes back must open."""
    book = Book([community(总户数=0)]).workbook()
    book.create_sheet("换名").append(["另附"])
    odd = with_parts(saved(book), {"xl/workbook.xml": lambda text: text.replace('name="换名"', f'name="{name}"')})
    path = receipt(odd, tmp_path)
    assert faults(path) == []
    shown = openpyxl.load_workbook(path).sheetnames
    assert all(len(title) <= 31 and "/" not in title for title in shown)


def test_formulas_filled_down_from_a_hidden_sheet(tmp_path: Path) -> None:
    """Excel writes the formula once and lets the cells below share it: all keep their values and their look."""
    cells = {
        2: '<c r="AK2"><f t="shared" ref="AK2:AK3" si="0">词表!A1</f><v>7</v></c>',
        3: '<c r="AK3"><f t="shared" si="0"/><v>8</v></c>',
    }
    book = Book(BAD).workbook()
    book.create_sheet("词表").sheet_state = "hidden"

    def fill_down(xml: str) -> str:
        for row, cell in cells.items():
            xml = re.sub(rf'(<row r="{row}".*?)</row>', rf"\1{cell}</row>", xml, count=1, flags=re.S)
        return xml

    xml = changed(tmp_path, fill_down, book)
    assert "<f" not in xml
    assert '<c r="AK2"><v>7</v></c>' in xml
    assert '<c r="AK3"><v>8</v></c>' in xml


def test_what_builds_on_a_name_that_is_left_out(tmp_path: Path) -> None:
    """A list on a hidden sheet under a name: drop-downs and formulas with it would show #NAME? after the next look."""
    book = Book(BAD).workbook()
    book.create_sheet("词表").sheet_state = "hidden"
    book.defined_names["物业方式"] = DefinedName("物业方式", attr_text="词表!$A$1:$A$3")
    book.defined_names["再一层"] = DefinedName("再一层", attr_text="物业方式")
    for area, formula in (("J2:J9", "物业方式"), ("K2:K9", "再一层"), ("L2:L9", '"是,否"')):
        lists = DataValidation(type="list", formula1=formula)
        lists.add(area)
        book["小区明细"].add_data_validation(lists)
    book["小区明细"]["AK2"] = "=COUNTA(再一层)"
    xml = changed(tmp_path, lambda xml: xml, book)
    assert "再一层" not in xml
    assert "物业方式<" not in xml
    assert xml.count("<dataValidation ") == 1


def test_formulas_that_name_columns_of_a_table(tmp_path: Path) -> None:
    book = Book(BAD).workbook()
    book["小区明细"].add_table(Table(displayName="台账", ref="A1:AG3"))
    book["小区明细"]["AK1"], book["小区明细"]["AK2"] = "=SUM(台账[总户数])", "=SUM(别处[总户数])"
    xml = unescape(changed(tmp_path, lambda xml: xml, book))
    assert "SUM(台账[总户数])" in xml
    assert "别处" not in xml


def test_cells_that_lead_into_parts_left_out(tmp_path: Path) -> None:
    """Dynamic arrays and pictures in cells point to metadata that is not taken along; pivots to a pivot table."""
    pivot = '<pivotSelection activeRow="1" r:id="rId7"><pivotArea/></pivotSelection></sheetView>'
    on_pivot = (
        '<conditionalFormatting pivot="1" sqref="A1"><cfRule type="expression" priority="1">'
        "<formula>A1=1</formula></cfRule></conditionalFormatting><pageMargins"
    )

    def change(xml: str) -> str:
        xml = xml.replace('<c r="B2"', '<c r="B2" vm="1"').replace('<c r="C2"', '<c r="C2" cm="1"')
        xml = re.sub(r"(<sheetView [^>]*?)/>", rf"\1>{pivot}", xml) if "</sheetView>" not in xml else xml
        xml = xml.replace("</sheetView>", pivot, 1) if "pivotSelection" not in xml else xml
        return xml.replace("<worksheet ", f'<worksheet xmlns:r="{REL}" ', 1).replace("<pageMargins", on_pivot, 1)

    xml = changed(tmp_path, change)
    assert not re.search(r' (?:cm|vm)="', xml)
    assert "pivot" not in xml


def test_a_sheet_that_is_a_chart(tmp_path: Path) -> None:
    book = Book(BAD).workbook()
    chart = BarChart()
    chart.add_data(Reference(book["小区明细"], min_col=14, min_row=1, max_row=3))
    book.create_chartsheet("图").add_chart(chart)
    path = receipt(saved(book), tmp_path)
    assert faults(path) == []
    again = openpyxl.load_workbook(path)
    assert again["小区明细"]["N3"].fill.fgColor.rgb == FILLS["error"]
    assert again["小区明细"].column_dimensions["A"].width == pytest.approx(
        book["小区明细"].column_dimensions["A"].width
    )


# ── real ones ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_real_workbooks_of_many_makes(shared: Path, tmp_path: Path) -> None:
    """Whatever wrote them: their receipts can be opened, all of them."""
    from pipelines.intake.issues import Refusal

    checked = 0
    for file in sorted((shared / "data" / "workbooks").rglob("*.xls*")):
        if file.stat().st_size > 400_000:
            continue
        try:
            path = receipt(file.read_bytes(), tmp_path, name="表.xlsx")
        except Refusal:
            continue
        assert faults(path) == [], file.name
        checked += 1
    assert checked > 15


def test_the_strict_look_sees_faults(tmp_path: Path) -> None:
    """It would be of no use otherwise."""
    path = receipt(Book(BAD).bytes(), tmp_path)
    breaks: dict[str, tuple[str, str, str]] = {
        "style": ("xl/worksheets/sheet1.xml", ' s="', ' s="9'),
        "order": ("xl/worksheets/sheet1.xml", "<sheetData>", '<pageMargins left="1"/><sheetData>'),
        "merged": ("xl/worksheets/sheet1.xml", "<mergeCell ref=", '<mergeCell ref="A1:B9"/><mergeCell ref='),
        "link": ("xl/worksheets/sheet1.xml", "小区明细'!", "没有的表'!"),
        "type": ("[Content_Types].xml", "xl/comments2.xml", "xl/comments9.xml"),
        "relation": ("xl/_rels/workbook.xml.rels", "sheet2.xml", "sheet99.xml"),
        "shape": ("xl/drawings/notes2.vml", "<x:Row>2</x:Row>", "<x:Row>3</x:Row>"),
        "name": ("xl/workbook.xml", 'name="识别结果"', 'name="问题清单"'),
    }
    for what, (part, old, new) in breaks.items():
        broken = with_parts(path.read_bytes(), {part: lambda xml, old=old, new=new: xml.replace(old, new, 1)})  # type: ignore[misc]
        assert faults(broken), what
