"""The circular as a Word document in the layout of GB/T 9704: A4, 22 lines of 28 characters, fonts by name.

Offices have the fonts; elsewhere each falls back to one of its kind. Same text, same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import docx
from docx.document import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from pipelines.letters import half_widths
from pipelines.reporting.exports.circular import Annex, Circular
from pipelines.reporting.files import repack

TITLE_SIZE, BODY_SIZE, NOTE_SIZE, TABLE_SIZE, PAGE_SIZE = Pt(22), Pt(16), Pt(12), Pt(10.5), Pt(14)
"""二号、三号、小四、五号、四号."""
TEXT_WIDTH = 156
"""Millimetres between the margins."""
_CELL_MARGINS, _ROW_LETTERS = 4, 84
"""Half-width characters of a table's size that the margins of a cell take, and that fit between the page's."""
LINE = Pt(28.95)
"""225 mm of text in 22 lines."""
_LINE_PITCH, _TIGHTER = 579, -5
"""In twentieths of a point: the lines' pitch, and what each character gives so that 28 fit into 156 mm.

A grid of characters would say the same, but only Word keeps to it.
"""


@dataclass(frozen=True)
class Face:
    """A font by the name offices know, and what stands in for it."""

    name: str
    instead: str
    family: str = "roman"


TITLE = Face("方正小标宋简体", "方正小标宋_GBK,小标宋,STZhongsong,SimSun,Noto Serif CJK SC")
BODY = Face("仿宋_GB2312", "仿宋,FangSong,STFangsong,Noto Serif CJK SC")
FIRST = Face("黑体", "SimHei,STHeiti,Noto Sans CJK SC", "swiss")
SECOND = Face("楷体_GB2312", "楷体,KaiTi,STKaiti,Noto Serif CJK SC")
PAGE = Face("宋体", "SimSun,STSong,Noto Serif CJK SC")
_LATIN = "Times New Roman"


def write_paper(circular: Circular, made: date) -> bytes:
    """The draft as the bytes of a .docx. ``made``: the date in its properties."""
    document = docx.Document()
    _page(document)
    _styles(document)
    _fonts(document)
    for note in circular.notes:
        _note(document, note)
    document.add_paragraph(circular.title.replace("》", "》\n", 1), style="Title")
    document.add_paragraph(circular.addressee, style="Flush")
    for sentence in circular.opening:
        document.add_paragraph(sentence)
    for section in circular.sections:
        document.add_paragraph(section.heading, style="Heading 1")
        for paragraph in section.paragraphs:
            line = document.add_paragraph()
            if paragraph.lead:
                _face(line.add_run(paragraph.lead), SECOND)
            line.add_run(paragraph.text.strip())
    document.add_paragraph(style="Flush")
    for line_text in circular.closing:
        document.add_paragraph(line_text, style="Signature")
    for annex in circular.annexes:
        _annex(document, annex)
    _properties(document, circular, made)
    memory = io.BytesIO()
    document.save(memory)
    return repack(memory.getvalue())


def _page(document: Document) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(23)
    _child(section._sectPr, "w:docGrid", type="lines", linePitch=_LINE_PITCH)
    document.settings.odd_and_even_pages_header_footer = True
    for footer, side in (
        (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        paragraph = footer.paragraphs[0]
        paragraph.alignment = side
        _page_number(paragraph, outer="right" if side == WD_ALIGN_PARAGRAPH.RIGHT else "left")


def _page_number(paragraph: Paragraph, outer: str) -> None:
    """— 1 —, one character in from the outer edge."""
    indent = _child(paragraph._p.get_or_add_pPr(), "w:ind", firstLineChars=0, firstLine=0)
    indent.set(qn(f"w:{outer}Chars"), "100")
    for kind, text in (("text", "— "), ("begin", ""), ("code", " PAGE "), ("end", ""), ("text", " —")):
        run = paragraph.add_run(text if kind == "text" else "")
        _face(run, PAGE, latin=PAGE.name)
        run.font.size = PAGE_SIZE
        if kind == "code":
            code = _child(run._r, "w:instrText")
            code.text = text
        elif kind != "text":
            _child(run._r, "w:fldChar", fldCharType=kind)


def _styles(document: Document) -> None:
    styles: Any = document.styles
    defaults = styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    _child(defaults, "w:lang", val="en-GB", eastAsia="zh-CN")
    normal = styles["Normal"]
    _letters(normal, BODY, BODY_SIZE, tighter=_TIGHTER)
    _lines(normal, WD_ALIGN_PARAGRAPH.JUSTIFY, indent=200)
    flush = styles.add_style("Flush", 1)
    flush.base_style = normal
    _lines(flush, WD_ALIGN_PARAGRAPH.LEFT)
    title = styles["Title"]
    _letters(title, TITLE, TITLE_SIZE)
    _lines(title, WD_ALIGN_PARAGRAPH.CENTER, line=Pt(35))
    title.paragraph_format.space_before, title.paragraph_format.space_after = Pt(29), Pt(29)
    first = styles["Heading 1"]
    _letters(first, FIRST, BODY_SIZE, tighter=_TIGHTER)
    _lines(first, WD_ALIGN_PARAGRAPH.LEFT, indent=200)
    first.paragraph_format.keep_with_next = True
    note = styles.add_style("Draft note", 1)
    note.base_style = normal
    _letters(note, SECOND, NOTE_SIZE)
    _lines(note, WD_ALIGN_PARAGRAPH.LEFT, line=Pt(18))
    signature = styles.add_style("Signature", 1)
    signature.base_style = normal
    _lines(signature, WD_ALIGN_PARAGRAPH.RIGHT)
    signature.paragraph_format.keep_together = True
    _child(signature.element.get_or_add_pPr(), "w:ind", rightChars=400, right=1260, firstLineChars=0, firstLine=0)
    cell = styles.add_style("Cell", 1)
    cell.base_style = normal
    _letters(cell, BODY, TABLE_SIZE)
    _lines(cell, WD_ALIGN_PARAGRAPH.CENTER, line=Pt(16))


def _letters(style: ParagraphStyle, face: Face, size: Pt, tighter: int = 0) -> None:
    font = style.font
    font.name, font.size, font.bold, font.italic = _LATIN, size, False, False
    properties = style.element.get_or_add_rPr()
    for leftover in ("w:color", "w:spacing", "w:kern"):
        for element in properties.findall(qn(leftover)):
            properties.remove(element)
    _child(properties, "w:spacing", val=tighter)
    fonts = properties.get_or_add_rFonts()
    for attribute in list(fonts.attrib):
        if attribute.endswith("Theme"):
            del fonts.attrib[attribute]
    fonts.set(qn("w:ascii"), _LATIN)
    fonts.set(qn("w:hAnsi"), _LATIN)
    fonts.set(qn("w:eastAsia"), face.name)


def _lines(style: ParagraphStyle, side: WD_ALIGN_PARAGRAPH, indent: int = 0, line: Pt = LINE) -> None:
    """Exact lines without gaps; ``indent`` of the first one in hundredths of a character."""
    shape = style.paragraph_format
    shape.alignment = side
    shape.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    shape.line_spacing = line
    shape.space_before = shape.space_after = Pt(0)
    properties = style.element.get_or_add_pPr()
    for border in properties.findall(qn("w:pBdr")):
        properties.remove(border)
    if line != LINE:
        _child(properties, "w:snapToGrid", val=0)
    _child(properties, "w:ind", firstLineChars=indent, firstLine=0 if not indent else int(indent / 100 * 320))


def _fonts(document: Document) -> None:
    """The table of fonts, with what stands in for each where it isn't installed."""
    entries = "".join(
        f'<w:font w:name="{face.name}"><w:altName w:val="{face.instead}"/><w:charset w:val="86"/>'
        f'<w:family w:val="{face.family}"/><w:pitch w:val="fixed"/></w:font>'
        for face in (TITLE, BODY, FIRST, SECOND, PAGE)
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<w:fonts xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">{entries}</w:fonts>'
    )
    for part in document.part.package.iter_parts():
        if part.partname == "/word/fontTable.xml":
            part._blob = text.encode()


def _note(document: Document, text: str) -> None:
    """A line of the framed remark that this is a draft, to be deleted before signing."""
    properties = document.add_paragraph(text, style="Draft note")._p.get_or_add_pPr()
    borders = _child(properties, "w:pBdr")
    for side in ("top", "left", "bottom", "right"):
        _child(borders, f"w:{side}", val="single", sz=6, space=4, color="7F7F7F")


def _annex(document: Document, annex: Annex) -> None:
    heading = document.add_paragraph(annex.title, style="Heading 1")
    heading.paragraph_format.page_break_before = True
    table = document.add_table(rows=0, cols=len(annex.head), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    _row(table, annex.head, FIRST)
    _child(table.rows[0]._tr.get_or_add_trPr(), "w:tblHeader")
    for row in annex.rows:
        _row(table, row, None)
    widths = _widths(annex)
    table.autofit = False
    for row_ in table.rows:
        _child(row_._tr.get_or_add_trPr(), "w:cantSplit")
        for cell, width in zip(row_.cells, widths, strict=True):
            cell.width = width
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width


def _widths(annex: Annex) -> list[int]:
    """The page's width shared among the columns, so that cells stay on one line.

    Headings may take three; where it can't be done for all, the widest column gives way.
    """
    rows = [[max(map(half_widths, text.split("\n"))) for text in row] for row in annex.rows]
    heads = [half_widths(text) / 3 for text in annex.head]
    wanted = [max(letters) + _CELL_MARGINS for letters in zip(heads, *rows, strict=True)]
    widest = max(range(len(wanted)), key=wanted.__getitem__)
    wanted[widest] = min(wanted[widest], max(_ROW_LETTERS - sum(wanted) + wanted[widest], _ROW_LETTERS / len(wanted)))
    return [int(Mm(TEXT_WIDTH) * letters / sum(wanted)) for letters in wanted]


def _row(table: Any, texts: Sequence[str], face: Face | None) -> None:
    for cell, text in zip(table.add_row().cells, texts, strict=True):
        paragraph = cell.paragraphs[0]
        paragraph.style = "Cell"
        run = paragraph.add_run(text)
        if face:
            _face(run, face)


def _face(run: Run, face: Face, latin: str = _LATIN) -> None:
    run.font.name = latin
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face.name)


def _properties(document: Document, circular: Circular, made: date) -> None:
    properties, moment = document.core_properties, datetime.combine(made, time(), UTC)
    properties.title, properties.comments = circular.title[:255], circular.basis[:255]
    properties.author = properties.last_modified_by = properties.keywords = ""
    properties.created = properties.modified = moment
    properties.revision = 1


def _child(parent: Any, tag: str, **attributes: object) -> Any:
    """The child of that tag with these attributes, made where it is missing and the schema's order allows."""
    element = parent.find(qn(tag))
    if element is None:
        element = OxmlElement(tag)
        _insert(parent, element, tag)
    for name, value in attributes.items():
        element.set(qn(f"w:{name}"), str(value))
    return element


_ORDER = {
    "pPr": "pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers pBdr shd tabs "
    "suppressAutoHyphens kinsoku wordWrap overflowPunct topLinePunct autoSpaceDE autoSpaceDN bidi adjustRightInd "
    "snapToGrid spacing ind contextualSpacing mirrorIndents suppressOverlap jc textDirection textAlignment "
    "textboxTightWrap outlineLvl divId cnfStyle rPr sectPr pPrChange",
    "rPr": "rStyle rFonts b bCs i iCs caps smallCaps strike dstrike outline shadow emboss imprint noProof snapToGrid "
    "vanish webHidden color spacing w kern position sz szCs highlight u effect bdr shd fitText vertAlign rtl cs em "
    "lang eastAsianLayout specVanish oMath",
    "sectPr": "headerReference footerReference footnotePr endnotePr type pgSz pgMar paperSrc pgBorders lnNumType "
    "pgNumType cols formProt vAlign noEndnote titlePg textDirection bidi rtlGutter docGrid printerSettings "
    "sectPrChange",
}
"""What the schema asks: Word refuses children out of order."""


def _insert(parent: Any, element: Any, tag: str) -> None:
    order = _ORDER.get(parent.tag.rpartition("}")[2], "").split()
    if order:
        later = {qn(f"w:{name}") for name in order[order.index(tag.removeprefix("w:")) + 1 :]}
        for position, sibling in enumerate(parent):
            if sibling.tag in later:
                parent.insert(position, element)
                return
    parent.append(element)
