"""The refusals of files that cannot be read: why, and what their sender can do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.intake.issues import Refusal
from pipelines.settings import Limits

SEND_XLSX = "请用 Excel 或 WPS 打开后另存为 .xlsx 文件(不加密码)再报送。"
SEND_FILLED = "请报送填写好的 .xlsx 工作簿。"
SEND_WHOLE = "请核对原文件能否正常打开，重新复制或下载完整的文件后再报送。"


def empty() -> Refusal:
    """The refusal of a file without content."""
    return Refusal("empty_file", "文件是空的，没有任何内容。", "请检查原文件，重新保存后再报送。")


def encrypted() -> Refusal:
    """The refusal of a file under a password."""
    return Refusal(
        "encrypted",
        "文件加了密码，无法读取。",
        "请取消打开密码(文件→信息→保护工作簿→用密码进行加密，删去密码)后再报送；"
        "如果打开时并不需要密码，请先撤销工作簿保护，再另存为 .xlsx 文件。",
    )


def foreign(what: str, remedy: str = SEND_FILLED) -> Refusal:
    """Not a spreadsheet. ``what`` completes the sentence 这不是表格文件，而是…"""
    return Refusal("foreign_file", f"这不是表格文件，而是{what}。", remedy)


def unreadable(detail: str) -> Refusal:
    """The refusal of a file that claims to be a spreadsheet and is none that can be read."""
    return Refusal("unreadable", f"文件已损坏或不是有效的表格，无法读取({detail})。", SEND_XLSX)


def incomplete() -> Refusal:
    """The refusal of a file that breaks off: most often a download or copy that was interrupted."""
    return Refusal("unreadable", "文件不完整，可能没有下载或复制完，无法读取。", SEND_WHOLE)


def no_sheet(message: str = "文件里没有工作表。") -> Refusal:
    """The refusal of a workbook without a single sheet."""
    return Refusal("no_sheet", message, "请检查原文件，重新保存后再报送。")


def over_limit(what: str) -> Refusal:
    """The refusal of what no real ledger is. ``what`` says which measure is exceeded."""
    return Refusal(
        "over_limit", f"{what}，超出可以接收的范围。", "请删除多余的工作表、空白格式和图片，只保留填报内容后再报送。"
    )


def too_large(limits: Limits) -> Refusal:
    """The refusal of a file that is not even opened."""
    return over_limit(f"文件大小超过 {limits.file_bytes // 1024**2} MB")


def too_many_cells(limits: Limits) -> Refusal:
    """The refusal of more cells than a ledger can have."""
    return over_limit(f"单元格多于 {limits.cells:,} 个")


def too_many_sheets(limits: Limits) -> Refusal:
    """The refusal of more sheets than a ledger can have."""
    return over_limit(f"工作表多于 {limits.sheets} 张")


def too_spread(name: str, height: int, width: int) -> Refusal:
    """The refusal of a few cells so far apart that the rectangle around them is beyond the limit."""
    return over_limit(f"工作表「{name}」的内容分布在 {height:,} 行 × {width:,} 列的范围内")


@contextmanager
def broken(detail: str) -> Iterator[None]:
    """Whatever a parser of somebody else's format raises on a broken file becomes a Refusal."""
    try:
        yield
    except (Refusal, MemoryError):
        raise
    except Exception:
        raise unreadable(detail) from None
