"""Zip packages: looked into before they are unpacked, each part inflated once, never more than was declared."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable

from pipelines.intake.reading.refusals import broken, encrypted, incomplete, over_limit, unreadable
from pipelines.settings import Limits

MOST_PARTS = 20_000


class Archive:
    """The parts of a zip, by their names without regard to case (as packages of Office are specified)."""

    def __init__(self, data: bytes) -> None:
        """Raises Refusal when it is no zip, or one that breaks off."""
        if b"PK\5\6" not in data[-66_000:]:
            raise incomplete()
        with broken("zip"):
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        self._size = len(data)
        self._parts = {info.filename.replace("\\", "/").lstrip("/").lower(): info for info in self._zip.infolist()}

    def check(self, limits: Limits) -> None:
        """Raises Refusal when it is encrypted, or too large once unpacked, or lies about itself."""
        parts = self._zip.infolist()
        if any(part.flag_bits & 1 for part in parts):
            raise encrypted()
        if sum(part.file_size for part in parts) > limits.unpacked_bytes or len(parts) > MOST_PARTS:
            raise over_limit(f"文件解压后超过 {limits.unpacked_bytes // 1024**2} MB 或内含文件过多")
        if sum(part.compress_size for part in parts) > self._size:
            raise unreadable("zip")  # parts that overlap: together they are larger than the file

    @property
    def names(self) -> list[str]:
        """As they are written."""
        return [info.filename for info in self._zip.infolist()]

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._parts

    def read(self, name: str) -> bytes:
        """A part; empty when there is none of this name."""
        part = self._parts.get(name.lower())
        if part is None:
            return b""
        with broken("zip"):
            return self._zip.read(part)


_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_DAY_ONE = 0x21
"""1980-01-01, the first day a zip can name."""


def stored(parts: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip of these parts, not compressed: what was inflated once needs no second time."""
    content: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for name, part in parts:
        encoded = name.encode()
        sizes = zlib.crc32(part), len(part), len(part)
        head = _LOCAL.pack(b"PK\3\4", 20, 0x800, 0, 0, _DAY_ONE, *sizes, len(encoded), 0) + encoded
        directory.append(
            _CENTRAL.pack(b"PK\1\2", 20, 20, 0x800, 0, 0, _DAY_ONE, *sizes, len(encoded), 0, 0, 0, 0, 0, offset)
            + encoded
        )
        content += head, part
        offset += len(head) + len(part)
    size = sum(map(len, directory))
    end = _END.pack(b"PK\5\6", 0, 0, len(directory), len(directory), size, offset, 0)
    return b"".join([*content, *directory, end])
