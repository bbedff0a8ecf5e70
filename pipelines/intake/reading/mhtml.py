"""MHTML: a workbook that Excel saved as one web page, or a page a browser saved."""

from __future__ import annotations

import posixpath
import re
from email import message_from_bytes
from email.message import Message
from html import unescape
from urllib.parse import unquote

from pipelines.intake.issues import Refusal
from pipelines.intake.reading.decode import decoded
from pipelines.intake.reading.html import page_sheets
from pipelines.intake.reading.refusals import SEND_XLSX, broken, too_many_sheets
from pipelines.intake.reading.sheets import RawSheet, RawWorkbook
from pipelines.settings import Limits

_SHEET = re.compile(
    r"<x:ExcelWorksheet>\s*<x:Name>([^<]*)</x:Name>(?:(?!</x:ExcelWorksheet>).)*?<x:WorksheetSource\s+HRef=\"?([^\"/>]*(?:/[^\"/>]+)*)",
    re.I | re.S,
)
_MOST_PARTS = 1000


def read_mhtml(data: bytes, limits: Limits) -> RawWorkbook:
    """The tables of all pages in it; sheets have their names where Excel gives them."""
    with broken("MHTML"):
        parts = [part for part in _pages(message_from_bytes(data)) if part[1]]
    sheets: list[RawSheet] = []
    names = {_base(source): unescape(name) for _, text in parts for name, source in _SHEET.findall(text)}
    for location, text in parts:
        for sheet in page_sheets(text, limits):
            sheet.name = names.get(_base(location)) or f"表{len(sheets) + 1}"
            sheets.append(sheet)
            if len(sheets) > limits.sheets:
                raise too_many_sheets(limits)
    if not sheets:
        raise Refusal("no_sheet", "这是一个网页，里面没有表格。", SEND_XLSX)
    return RawWorkbook("mhtml", sheets)


def _pages(message: Message) -> list[tuple[str, str]]:
    """Place and text of each HTML part."""
    pages = []
    for number, part in enumerate(message.walk()):
        if number == _MOST_PARTS:
            break
        if part.get_content_type() == "text/html":
            content = part.get_payload(decode=True)
            text = decoded(content) if isinstance(content, bytes) else None
            pages.append((str(part.get("Content-Location") or ""), text or ""))
    return pages


def _base(location: str) -> str:
    return posixpath.basename(unquote(location.replace("\\", "/")).strip()).lower()
