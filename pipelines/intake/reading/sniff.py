"""What bytes are, whatever the file is called."""

from __future__ import annotations

import re
import struct

from pipelines.intake.issues import Refusal
from pipelines.intake.reading.archive import Archive
from pipelines.intake.reading.decode import decoded
from pipelines.intake.reading.ooxml import workbook_part
from pipelines.intake.reading.refusals import SEND_FILLED, SEND_WHOLE, SEND_XLSX, empty, encrypted, foreign

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
BIFF_STREAM = re.compile(rb"\x09[\x00\x02\x04\x08][\x04\x06\x08\x10]\x00")
"""The first record of an .xls: the oldest programs wrote nothing around it."""

_ZIPS = (b"PK\3\4", b"PK\5\6", b"PK\7\x08", b"PK00")
_WORD, _SLIDES = "文字处理文档", "演示文稿"
_FOREIGN: list[tuple[bytes, str]] = [
    (b"%PDF", " PDF 文件"),
    (b"\x89PNG", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"GIF8", "图片"),
    (b"II*\0", "图片"),
    (b"MM\0*", "图片"),
    (b"RIFF", "图片或音像文件"),
    (b"Rar!", "压缩包(RAR)"),
    (b"7z\xbc\xaf\x27\x1c", "压缩包(7z)"),
    (b"\x1f\x8b", "压缩包(gzip)"),
    (b"BZh", "压缩包(bzip2)"),
    (b"\xfd7zXZ\0", "压缩包(xz)"),
    (b"{\\rtf", _WORD),
    (b"MZ", "程序文件"),
    (b"\x7fELF", "程序文件"),
    (b"SQLite format 3\0", "数据库文件"),
    (b"\0\1\0\0Standard ", "数据库文件(Access)"),
    (b"PAR1", "数据文件(Parquet)"),
    (b"L\0\0\0\1\x14\2\0", "快捷方式，不是表格本身"),
    (b"[InternetShortcut]", "网址快捷方式，不是表格本身"),
    (b"version https://git-lfs", "一个指向原文件的占位文件(Git LFS)"),
    (b"\0\5\x16\7", "苹果系统的附属文件，不是表格本身"),
]
_PACKED = "压缩包"
_TABLE_NAMES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".et", ".ods", ".csv", ".xml", ".html", ".htm", ".mht")


def sniff(data: bytes) -> str:
    """What the bytes are, as one of ``reader.KINDS``. Raises Refusal for everything else, with the remedy."""
    return sniff_zip(Archive(data)) if is_zip(data) else _sniff(data)


def is_zip(data: bytes) -> bool:
    """Whether the bytes begin like a zip."""
    return data.startswith(_ZIPS)


def _sniff(data: bytes) -> str:
    if not data.strip(b"\0 \r\n\t"):
        raise empty()
    if data.startswith(OLE):
        return _ole(data)
    if BIFF_STREAM.match(data):
        return "xls"
    for magic, what in _FOREIGN:
        if data.startswith(magic):
            raise foreign(what, "请先解压，再报送其中的工作簿。" if what.startswith(_PACKED) else SEND_FILLED)
    if data[4:12] in (b"ftypheic", b"ftypmif1", b"ftypmp42", b"ftypisom"):
        raise foreign("图片或音像文件")
    text = decoded(data[:8192], partial=True)
    if text is None:
        raise Refusal("foreign_file", "无法识别文件内容，这不是表格文件。", SEND_XLSX)
    return _text(text)


def sniff_zip(archive: Archive) -> str:
    """The same for a zip that is open already."""
    if "xl/workbook.xml" in archive:
        return "xlsx"
    if "xl/workbook.bin" in archive:
        return "xlsb"
    names = archive.names
    if "[content_types].xml" in archive:
        for folder, what in (("word/", _WORD), ("ppt/", _SLIDES), ("visio/", "绘图文件")):
            if any(name.startswith(folder) for name in names):
                raise foreign(what)
        return "xlsb" if workbook_part(archive, "xl/workbook.xml").endswith(".bin") else "xlsx"
    if "content.xml" in archive:
        return _open_document(archive)
    if "ofd.xml" in archive:
        raise foreign(" OFD 版式文件")
    if any(name.startswith("index/") and name.endswith(".iwa") for name in names):
        raise foreign("苹果 Numbers 或 Pages 文件", "请在 Numbers 中“导出为 Excel”后再报送。")
    if any(name.endswith(_TABLE_NAMES) and not name.startswith("__macosx/") for name in names):
        raise Refusal("zip_of_files", "这是一个压缩包，里面有若干文件。", "请解压后把每个工作簿分别报送。")
    raise Refusal("foreign_file", "这是一个压缩包，里面没有表格。", SEND_FILLED)


def _open_document(archive: Archive) -> str:
    """ods; text and slides of the same family say so in their first part."""
    kind = archive.read("mimetype")
    for word, what in ((b"opendocument.text", _WORD), (b"opendocument.presentation", _SLIDES)):
        if word in kind:
            raise foreign(what)
    return "ods"


def _ole(data: bytes) -> str:
    def has(stream: str) -> bool:
        """Whether the directory has an entry of this name: 64 bytes, then how many of them are the name."""
        name = stream.encode("utf-16-le") + b"\0\0"
        return name.ljust(64, b"\0") + struct.pack("<H", len(name)) in data

    if has("EncryptedPackage") or has("EncryptionInfo"):
        raise encrypted()
    if has("Workbook") or has("Book"):
        return "xls"
    for stream, what in (
        ("WordDocument", _WORD),
        ("PowerPoint Document", _SLIDES),
        ("VisioDocument", "绘图文件"),
        ("__properties_version1.0", "邮件，表格可能在附件里"),
        ("Catalog", "系统的缩略图文件，不是表格本身"),
    ):
        if has(stream):
            raise foreign(what)
    return "xls"


_SPREADSHEET_ML = "urn:schemas-microsoft-com:office:spreadsheet"
_FLAT_ODS = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"


def _text(head: str) -> str:
    """What a text is, by its beginning."""
    start = head.lstrip("\ufeff \r\n\t")
    if re.match(r"(?:MIME-Version:|From: |Content-Type: multipart/related)", start, re.I):
        return "mhtml"
    root = re.search(r"<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)[\s/>]", start) if start.startswith("<") else None
    if root and root[2] == "Workbook" and _SPREADSHEET_ML in head:
        return "xml"
    if root and root[2] == "document" and _FLAT_ODS in head:
        return "fods"
    if re.search(r"<(?:!doctype\s+html|html|table)\b", head, re.I):
        return "html"
    if root or start.startswith(("<?xml", "<!DOCTYPE")):
        raise Refusal("unsupported_format", "这是 XML 文件，但不是能识别的表格。", SEND_XLSX)
    if start.startswith(("{", "[{")):
        raise foreign("数据文件(JSON)或网络文档的链接", SEND_WHOLE)
    return "csv"
