"""Bytes → sheets of raw cells, by content and never by name.

The bytes decide what a file is (``reading/sniff.py``), and one module of ``reading`` knows that format. A package is
looked into before it is unpacked, so that a bomb or a sheet with one cell in the last corner is refused and not read.
Only visible sheets and the template's ``_meta`` are read; others are listed. Runs inside a guarded child process
(``guard.py``) and therefore imports little: the readers of rarer formats only when such a file comes.
"""

from __future__ import annotations

from importlib import import_module

from pipelines.intake.reading.archive import Archive
from pipelines.intake.reading.refusals import too_large, unreadable
from pipelines.intake.reading.sheets import (
    HIDDEN,
    META_SHEET,
    VERY_HIDDEN,
    VISIBLE,
    Area,
    Cell,
    RawSheet,
    RawWorkbook,
)
from pipelines.intake.reading.sniff import is_zip, sniff, sniff_zip
from pipelines.intake.reading.xlsx import read_xlsx
from pipelines.settings import Limits

KINDS = {
    "xlsx": "Excel 工作簿 (.xlsx、.xlsm)",
    "xlsb": "Excel 二进制工作簿 (.xlsb)",
    "xls": "Excel 97—2003 及更早的工作簿、WPS 表格 (.xls、.et)",
    "xml": "Excel 2003 的 XML 表格",
    "ods": "OpenDocument 表格 (.ods)",
    "fods": "OpenDocument 单文件表格 (.fods)",
    "csv": "文本表格 (逗号、制表符或分号分隔)",
    "html": "网页表格",
    "mhtml": "单个文件的网页 (.mht)",
}
"""What ``RawWorkbook.kind`` can be, for people."""

_READERS = {
    "xlsb": "xlsb:read_xlsb",
    "xls": "xls:read_xls",
    "xml": "spreadsheetml:read_spreadsheetml",
    "ods": "ods:read_ods",
    "fods": "ods:read_flat",
    "csv": "text:read_csv",
    "html": "html:read_html",
    "mhtml": "mhtml:read_mhtml",
}


def read_workbook(data: bytes, limits: Limits | None = None) -> RawWorkbook:
    """The sheets of a workbook. Raises Refusal for what is encrypted, foreign, broken or beyond the limits."""
    limits = limits or Limits()
    if len(data) > limits.file_bytes:
        raise too_large(limits)
    if is_zip(data):
        archive = Archive(data)
        kind = sniff_zip(archive)
        book = read_xlsx(archive, limits) if kind == "xlsx" else _read(kind, archive, limits)
    else:
        book = _read(sniff(data), data, limits)
    for sheet in book.sheets:
        if sheet.merged:
            sheet.trim_merged()
    return book


def _read(kind: str, content: bytes | Archive, limits: Limits) -> RawWorkbook:
    """Have the module of this kind read it."""
    module, _, function = _READERS[kind].partition(":")
    book: RawWorkbook = getattr(import_module(f"pipelines.intake.reading.{module}"), function)(content, limits)
    return book


__all__ = [
    "HIDDEN",
    "KINDS",
    "META_SHEET",
    "VERY_HIDDEN",
    "VISIBLE",
    "Area",
    "Cell",
    "RawSheet",
    "RawWorkbook",
    "read_workbook",
    "sniff",
    "too_large",
    "unreadable",
]
