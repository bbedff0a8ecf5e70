"""Files whose bytes depend on their content alone, put in place whole."""

from __future__ import annotations

import filecmp
import io
import os
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

_BIRTH = (1980, 1, 1, 0, 0, 0)
_PACKED = (".xlsx", ".zip", ".parquet", ".docx")
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\u200e\u200f\u202a-\u202e\u2066-\u2069]+')


def put(path: Path, content: bytes) -> Path:
    """Put the whole file in place at once; leave it alone when nothing changed."""
    if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    part.write_bytes(content)
    os.replace(part, path)
    return path


def swap_in(fresh: Path, path: Path) -> None:
    """The same for a finished file on the same disk, however large."""
    if not (path.is_file() and filecmp.cmp(fresh, path, shallow=False)):
        os.replace(fresh, path)


def pack(entries: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip of (name, content) in the order given. No clock and no owner is in it; what is packed already is stored."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, content in entries:
            info = zipfile.ZipInfo(name, _BIRTH)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_STORED if name.endswith(_PACKED) else zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return memory.getvalue()


def repack(package: bytes) -> bytes:
    """The same package without the moment it was written."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        memory = io.BytesIO()
        with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as fresh:
            for entry in archive.infolist():
                info = zipfile.ZipInfo(entry.filename, _BIRTH)
                info.compress_type = zipfile.ZIP_DEFLATED
                fresh.writestr(info, archive.read(entry))
    return memory.getvalue()


def safe(name: str) -> str:
    """A name that every file system takes."""
    return _UNSAFE.sub("_", name).strip(" .") or "_"
