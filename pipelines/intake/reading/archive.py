"""Zip packages: looked into before they are unpacked, each part inflated once, never more than was declared."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.intake.reading.refusals import broken, encrypted, incomplete, over_limit, unreadable
from pipelines.settings import Limits

MOST_PARTS = 20_000
SMALL = 256 * 1024
"""A byte becomes 1,032 at most."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part and the checksum it should have: whoever reads it on finds out whether it has."""

    content: bytes = b""
    checksum: int = 0

    @classmethod
    def of(cls, content: bytes) -> Part:
        return cls(content, zlib.crc32(content))


class Archive:
    """The parts of a zip, by their names without regard to case (as packages of Office are specified)."""

    def __init__(self, data: bytes) -> None:
        """Raises Refusal when it is no zip, or one that breaks off."""
        if data.rfind(b"PK\5\6", -66_000) < 0:
            raise incomplete()
        with broken("zip"):
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        self.data = data
        self._room: int | None = None
        self._parts = {info.filename.replace("\\", "/").lstrip("/").lower(): info for info in self._zip.filelist}

    def check(self, limits: Limits) -> None:
        """Raises Refusal when it is encrypted, or too large once unpacked, or lies about itself."""
        parts = self._zip.filelist
        if any(part.flag_bits & 1 for part in parts):
            raise encrypted()
        if sum(part.file_size for part in parts) > limits.unpacked_bytes or len(parts) > MOST_PARTS:
            raise over_limit(f"文件解压后超过 {limits.unpacked_bytes // 1024**2} MB 或内含文件过多")
        if sum(part.compress_size for part in parts) > len(self.data):
            raise unreadable("zip")  # parts that overlap: together they are larger than the file
        self._room = limits.unpacked_bytes

    @property
    def names(self) -> Iterable[str]:
        """All names, in lower case."""
        return self._parts.keys()

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._parts

    def read(self, name: str) -> bytes:
        """A part; empty when there is none of this name."""
        return self.part(name).content

    def part(self, name: str) -> Part:
        """A part with its checksum; empty when there is none of this name."""
        info = self._parts.get(name.lower())
        if info is None:
            return Part()
        if self._room is not None:
            self._room -= info.file_size
            if self._room < 0:  # one part that is asked for again and again
                raise over_limit("文件解压后过大")
        with broken("zip"):
            return Part(self._inflated(info), info.CRC)

    def _inflated(self, info: zipfile.ZipInfo) -> bytes:
        """What ``zipfile`` does in many small steps, in one."""
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return self._zip.read(info)
        signature, name, extra = _BEFORE_PART.unpack_from(self.data, info.header_offset)
        start = info.header_offset + _BEFORE_PART.size + name + extra
        content = self.data[start : start + info.compress_size]
        if info.compress_type == zipfile.ZIP_DEFLATED:
            content = _inflated(content, info.file_size)
        if signature != b"PK\3\4" or len(content) != info.file_size:
            raise unreadable("zip")
        return content


def _inflated(content: bytes, size: int) -> bytes:
    """Inflate what should have this size: in one step where little content can't become much, whatever it claims."""
    if len(content) < SMALL:
        return zlib.decompress(content, -zlib.MAX_WBITS, max(size, 1))
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, size + 1)


_BEFORE_PART = struct.Struct("<4s22x2H")
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_DAY_ONE = 0x21
"""1980-01-01, the first day a zip can name."""


def stored(parts: Iterable[tuple[str, Part]]) -> bytes:
    """A zip of these parts, not compressed: what was inflated once needs no second time."""
    content: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for name, part in parts:
        encoded = name.encode()
        sizes = part.checksum, len(part.content), len(part.content)
        head = _LOCAL.pack(b"PK\3\4", 20, 0x800, 0, 0, _DAY_ONE, *sizes, len(encoded), 0) + encoded
        directory.append(
            _CENTRAL.pack(b"PK\1\2", 20, 20, 0x800, 0, 0, _DAY_ONE, *sizes, len(encoded), 0, 0, 0, 0, 0, offset)
            + encoded
        )
        content += head, part.content
        offset += len(head) + len(part.content)
    size = sum(map(len, directory))
    end = _END.pack(b"PK\5\6", 0, 0, len(directory), len(directory), size, offset, 0)
    return b"".join([*content, *directory, end])
