"""A zip of several files: what is in it, each kept in the archive as if it had been dropped by itself.

Nothing is ever written by a name from a zip: a file goes into the archive under its hash, or nowhere. Zips inside the
zip are opened once, not deeper. Runs in a guarded child, because a zip is as foreign as what it holds.
"""

from __future__ import annotations

import io
import lzma
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pipelines.intake import evidence
from pipelines.intake.issues import Refusal
from pipelines.intake.receive import WORKBOOK_ENDINGS, Readable, Received, is_ignored, keep, readable
from pipelines.settings import Limits

WORKBOOK, EVIDENCE, LEFT = "workbook", "evidence", "left"
"""What became of a file in a zip; left: it was not taken, for a reason."""

ZIP, OLE = b"PK\3\4", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
DOCUMENT_PARTS = ("[Content_Types].xml", "_rels/", "xl/", "word/", "docProps/", "mimetype", "content.xml", "META-INF/")
"""With one of these a spreadsheet or text document begins, which is a zip too."""
LONGEST_NAME = 240

PASSWORD = "加了密码，无法打开"
_UNSAFE = "路径不合规(绝对路径或含有“..”)"


@dataclass(frozen=True)
class Member:
    """One file of a zip. ``path``: inside the zip, with ``/``, masked; ``reason``: why it was left."""

    path: str
    became: str
    reason: str | None = None
    received: Received | None = None
    drop_path: str | None = None
    """The zip's own drop path and the path inside it."""


class _Unreadable(Exception):
    """A file in a zip can't be read, or not within the limits."""


def may_be(home: Path) -> bool:
    """Whether a file may be a zip of files: it is a zip, and its first entry is not a spreadsheet's. Reads 64 bytes."""
    with home.open("rb") as file:
        head = file.read(64)
    return head[:4] in (ZIP, b"PK\5\6") and not head[30:].startswith(tuple(part.encode() for part in DOCUMENT_PARTS))


def unpack(home: Path, archive: Path, came: Received, drop_path: str, limits: Limits) -> list[Member] | None:
    """Keep in the archive what a zip holds and say what became of each file; None when it is no zip of files.

    Raises Refusal for a zip that is taken as a whole or not at all, and OSError when the archive can't be written.
    """
    with home.open("rb") as file:
        try:
            opened = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            return None  # whatever it is, its reader will say so
        if _is_document(opened):
            return None
        return list(_Unpacking(archive, came, limits).members(opened, f"{drop_path}/", f"{came.file_name}/"))


def refusal(members: Sequence[Member]) -> Refusal:
    """Why a zip is returned in which there was nothing to take."""
    if members and all(member.reason == PASSWORD for member in members):
        return Refusal("zip_encrypted", "压缩包加了密码，无法打开。", "请去掉密码重新压缩，或直接报送工作簿。")
    return Refusal(
        "zip_of_files",
        "压缩包里没有可以采用的填报表。",
        "请报送填写好的 .xlsx 工作簿，或只装有工作簿的压缩包。",
    )


@dataclass
class _Unpacking:
    """One zip being unpacked, and what may still be unpacked of it."""

    archive: Path
    came: Received
    limits: Limits
    files: int = 0
    size: int = 0

    def members(self, opened: zipfile.ZipFile, place: str, label: str, prefix: str = "") -> Iterator[Member]:
        entries = [(info, path) for info, path in _named(opened) if not _is_left_out(info, path)]
        self._count(entries)
        times = Counter(path.casefold() for _, path in entries)
        for info, path in entries:
            shown = _shown(prefix + path)
            if reason := _objection(info, path, times):
                yield Member(shown, LEFT, reason)
                continue
            try:
                yield from self._taken(opened, info, path, place, label, prefix)
            except _Unreadable as error:
                yield Member(shown, LEFT, str(error))

    def _count(self, entries: Sequence[tuple[zipfile.ZipInfo, str]]) -> None:
        """Refuse what would be too much before anything of it is read. A file never unpacks to more than it says."""
        self.files += len(entries)
        self.size += sum(info.file_size for info, _ in entries)
        remedy = "请分成几个压缩包，或直接报送工作簿。"
        if self.files > self.limits.bundle_files:
            raise Refusal("zip_too_large", f"压缩包里的文件多于 {self.limits.bundle_files:,} 个，没有解压。", remedy)
        if self.size > self.limits.bundle_bytes:
            most = self.limits.bundle_bytes // 1024**2
            raise Refusal("zip_too_large", f"压缩包解压后超过 {most:,} MB，没有解压。", remedy)

    def _taken(
        self, opened: zipfile.ZipFile, info: zipfile.ZipInfo, path: str, place: str, label: str, prefix: str
    ) -> Iterator[Member]:
        shown = _shown(prefix + path)
        if evidence.split(shown):
            with _open(opened, info, self.limits.evidence_bytes) as stream:
                yield self._kept(stream, EVIDENCE, shown, place, label)
            return
        with _open(opened, info, self.limits.file_bytes) as stream:
            data = stream.read()
        inner = _zip_of_files(data)
        if inner and prefix:
            yield Member(shown, LEFT, "压缩包里的压缩包又装着压缩包，没有解压")
        elif inner:
            yield from self.members(inner, place, label, f"{path}/")
        elif _is_workbook(path, data):
            yield self._kept(io.BytesIO(data), WORKBOOK, shown, place, label)
        else:
            yield Member(shown, LEFT, "不是表格文件" if data else "文件是空的")

    def _kept(self, stream: Readable, became: str, shown: str, place: str, label: str) -> Member:
        since = self.came.received_at, self.came.received_at_source
        received = keep(self.archive, stream, label + shown, place + shown, since)
        return Member(shown, became, None, received, place + shown)


# ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _named(opened: zipfile.ZipFile) -> list[tuple[zipfile.ZipInfo, str]]:
    """The entries with their names as they were meant.

    Only names marked so are UTF-8 for certain. All others come from one program and are read in one way: as UTF-8 where
    all of them are, with Chinese in them; else as GBK, which Chinese Windows writes; else as the standard says.
    """
    infos = opened.infolist()
    raw = {info: info.orig_filename.encode("cp437") for info in infos if not info.flag_bits & 0x800}
    read = _read_as("utf-8", raw)
    if read is None or any(ord(c) < 0x2E80 for name in read.values() for c in name if ord(c) > 0x7F):
        read = _read_as("gb18030", raw) or {}
    names = {info: _unicode_name(info) or read.get(info) or info.orig_filename for info in infos}
    return [(info, names[info].replace("\\", "/").partition("\0")[0]) for info in infos]


def _read_as(encoding: str, raw: dict[zipfile.ZipInfo, bytes]) -> dict[zipfile.ZipInfo, str] | None:
    try:
        return {info: name.decode(encoding) for info, name in raw.items()}
    except UnicodeDecodeError:
        return None


def _unicode_name(info: zipfile.ZipInfo) -> str | None:
    """The name in Info-ZIP's extra field, which holds while the checksum of the plain one is in it."""
    extra, place = info.extra, 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, place)
        field = extra[place + 4 : place + 4 + length]
        place += 4 + length
        if kind == 0x7075 and len(field) > 5 and field[0] == 1:
            encoding = "utf-8" if info.flag_bits & 0x800 else "cp437"
            if struct.unpack_from("<L", field, 1)[0] == zlib.crc32(info.orig_filename.encode(encoding)):
                return field[5:].decode("utf-8", "replace")
    return None


def _shown(path: str) -> str:
    """A path as it is recorded: masked, without control characters, of ordinary length."""
    from pipelines.forms.personal import mask

    path = readable(path)
    return mask(path if len(path) <= LONGEST_NAME else f"{path[: LONGEST_NAME - 40]}…{path[-39:]}")


# ── what is taken ─────────────────────────────────────────────────────────────────────────────────────────────────


def _is_left_out(info: zipfile.ZipInfo, path: str) -> bool:
    """Folders, and what the inbox ignores too."""
    return path.endswith("/") or info.is_dir() or any(is_ignored(part) for part in path.split("/") if part not in UP)


UP = (".", "..")


def _objection(info: zipfile.ZipInfo, path: str, times: Counter[str]) -> str | None:
    """Why an entry is not even opened."""
    if path.startswith("/") or re.match(r"[A-Za-z]:", path) or any(part in UP for part in path.split("/")):
        return _UNSAFE
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "不是普通文件，而是链接之类"
    if times[path.casefold()] > 1:
        return "压缩包里有几个文件同名，不知以哪一个为准"
    if info.flag_bits & 1:
        return PASSWORD
    return None


def _is_document(opened: zipfile.ZipFile) -> bool:
    names = set(opened.namelist())
    return any(name in names for name in ("[Content_Types].xml", "xl/workbook.xml", "xl/workbook.bin", "content.xml"))


def _zip_of_files(data: bytes) -> zipfile.ZipFile | None:
    """The zip that a file in a zip is, unless that is a spreadsheet."""
    if data[:4] != ZIP:
        return None
    try:
        opened = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    return None if _is_document(opened) else opened


def _is_workbook(path: str, data: bytes) -> bool:
    """Whether a file is to be judged: it is called a workbook, so that its sender hears what is wrong with it, or it is
    one.
    """
    from pipelines.intake.reader import sniff

    if path.lower().endswith(WORKBOOK_ENDINGS):
        return True
    if not data.startswith((ZIP, OLE)):
        return False
    try:
        sniff(data)
    except Refusal:
        return False
    return True


# ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _open(opened: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> _Stream:
    if info.file_size > most:
        raise _Unreadable(f"文件超过 {most // 1024**2} MB")
    try:
        return _Stream(opened.open(info))
    except _ERRORS as error:
        raise _unreadable(error) from None


class _Stream(io.RawIOBase):
    """A file in a zip; whatever goes wrong in reading it says so, and is not taken for a fault of our own disk."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self._inner.read(size)
        except _ERRORS as error:
            raise _unreadable(error) from None

    def close(self) -> None:
        self._inner.close()
        super().close()


_ERRORS = (
    zipfile.BadZipFile, RuntimeError, EOFError, OSError, ValueError, zlib.error, lzma.LZMAError, struct.error
)  # fmt: skip
"""NotImplementedError (an unknown method of packing) is a RuntimeError."""


def _unreadable(error: Exception) -> _Unreadable:
    if isinstance(error, NotImplementedError):
        return _Unreadable("用了不常见的压缩方法，无法解开")
    return _Unreadable("已损坏，无法解开")


__all__ = ["EVIDENCE", "LEFT", "WORKBOOK", "Member", "may_be", "refusal", "unpack"]
