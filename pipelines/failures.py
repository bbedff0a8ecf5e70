"""What made a run fail, in one line that says what to do: the same on the terminal and in a message to people.

An exception is looked at as the process that met it has it, or as Dagster keeps it: by its class and its words alone.
A line holds nothing of a workbook's content, so it may leave the house; what only the terminal shows is ``detail``.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

DISK_TROUBLE = {
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "超出磁盘配额",
    errno.EFBIG: "文件超出系统允许的大小",
    errno.EROFS: "磁盘为只读",
    errno.EACCES: "没有读写权限",
    errno.EPERM: "没有读写权限",
}
_IN_WORDS = {
    **{os.strerror(number).lower(): name for number, name in DISK_TROUBLE.items()},
    "database or disk is full": "磁盘已满",
    "readonly database": "磁盘为只读",
    "disk i/o error": "磁盘读写出错",
}
"""SQLite and DuckDB say it in words only, and so does what is kept of an exception."""
_DAMAGE = (
    "database disk image is malformed",
    "file is not a database",
    "parquet: File out of specification",
    "'alembic_version' has more than one head",
)
"""What says that a file of the workspace is not what it was written as; the last of Dagster's tables."""
_BY_HAND = ("HandwrittenError", "DecisionError", "ProposalFileError", "AliasError")
_PLAIN = ("WrongHistory", "FormatError")
"""What says in Chinese what to do already."""
_MARTS_STAND = "已发布的数据和报告仍是上一次的"


@dataclass(frozen=True)
class Cause:
    """One exception of a chain: the name of its class, what it says, and the file it is about."""

    kind: str
    text: str
    path: str | None = None

    @classmethod
    def of(cls, error: BaseException) -> Cause:
        text = str(error).strip()
        if not isinstance(error, OSError):
            return cls(type(error).__name__, text)
        filename = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes | os.PathLike) else None
        return cls(type(error).__name__, f"{text} {os.strerror(error.errno)}" if error.errno else text, filename)


@dataclass(frozen=True)
class Explanation:
    """``line``: what happened and what to do, without its full stop. ``detail``: the places, for whoever is there."""

    line: str
    detail: str = ""
    known: bool = True
    """False where nobody has foreseen it: its trace is worth keeping."""

    def __str__(self) -> str:
        return f"{self.line}：\n{self.detail}" if self.detail else f"{self.line}。"


def explain(causes: Iterable[Cause]) -> Explanation:
    """The exception and what it came from, first to last → what to tell people."""
    causes = list(causes)
    for cause in causes:
        if told := _told(cause):
            return told
    last = causes[-1] if causes else Cause("", "")
    return Explanation(f"程序出错（{last.kind or '原因不明'}），请把运行编号告诉维护人员", known=False)


def _told(cause: Cause) -> Explanation | None:
    if cause.kind == "Busy":
        return Explanation(f"另一次运行正在进行：{cause.text}。请等它结束后再试")
    if cause.kind == "PlanError":
        return Explanation("方案文件有误，请先用 actionplan plans check 检查", cause.text)
    if cause.kind in _PLAIN:
        return Explanation(cause.text.rstrip("。"))
    if cause.kind == "ClockError":
        return Explanation("系统时钟早于上一次收到填报表的时间，收件箱里的文件都没有接收", cause.text)
    if cause.kind in _BY_HAND:
        return Explanation("认定文件（data/raw/register）有误，请逐条改正后再运行", cause.text)
    if trouble := disk_trouble(cause):
        where = f"：{cause.path}" if cause.path else ""
        return Explanation(f"{trouble}{where}。已收到的文件都在，处理后再次运行即可")
    if any(words in cause.text for words in _DAMAGE):
        first = cause.text.splitlines()[0]
        return Explanation(f"有数据文件已损坏：{first}。请运行 actionplan doctor 查明，用 doctor --repair 修复")
    if cause.kind == "BuildFailed":
        nodes = re.findall(r"^([\w.]+) \(", cause.text, re.MULTILINE)
        named = f"（{_some(nodes)}）" if nodes else ""
        return Explanation(f"数据汇总或检验未通过{named}，{_MARTS_STAND}；请告诉维护人员", cause.text)
    if cause.kind == "DagsterAssetCheckFailedError":
        checks = [name for names in re.findall(r"^\S+: (\S+)$", cause.text, re.MULTILINE) for name in names.split(",")]
        named = f"（{_some(checks)}）" if checks else ""
        return Explanation(f"数据检查未通过{named}；请在 Dagster 中查看这项检查")
    return None


def _some(names: list[str]) -> str:
    return "、".join(names[:3]) + (f" 等 {len(names)} 项" if len(names) > 3 else "")


def disk_trouble(cause: Cause) -> str | None:
    """What is wrong with the disk, where that is what the exception says."""
    return next((name for words, name in _IN_WORDS.items() if words in cause.text.lower()), None)


def chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and what it came from, first to last; a chain that bites its own tail is followed once."""
    found: BaseException | None = error
    seen: set[int] = set()
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def explained(error: BaseException) -> Explanation:
    """An exception of this process, as people are told it."""
    return explain(map(Cause.of, chain(error)))
