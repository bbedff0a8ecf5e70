"""佐证材料: files that come along with a workbook, in ``evidence/`` beside it, and whose they are.

A file of evidence is kept by its hash and never read. It belongs to a plan, district and period: those its path names,
else those of the workbooks in the folder that its ``evidence/`` lies in. One whose place is not known yet waits in the
inbox.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.intake.receive import Received

FOLDERS = frozenset({"evidence", "佐证材料"})

Place = tuple[str, str, str]
"""Plan, district and period."""


def digest(*texts: str) -> str:
    """A short text that stands for others in the name of a record."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:8]


def split(drop_path: str) -> tuple[str, str] | None:
    """The folder in which a file's ``evidence/`` lies, and its path below that; None for what is no evidence."""
    parts = drop_path.split("/")
    for number, part in enumerate(parts[:-1]):
        if part.lower() in FOLDERS:
            return "/".join(parts[:number]), "/".join(parts[number + 1 :])
    return None


_MAGIC = (
    (b"%PDF", "pdf"), (b"\xff\xd8\xff", "jpeg"), (b"\x89PNG", "png"), (b"GIF8", "gif"), (b"BM", "bmp"),
    (b"II*\0", "tiff"), (b"MM\0*", "tiff"), (b"PK\3\4", "zip"), (b"\xd0\xcf\x11\xe0", "ole"), (b"Rar!", "rar"),
    (b"7z\xbc\xaf", "7z"), (b"RIFF", "riff"), (b"MZ", "program"), (b"\x7fELF", "program"),
)  # fmt: skip


def format_of(original: Path) -> str:
    """What the first bytes of a file say it is: pdf, jpeg, zip (.docx and .xlsx too), ole (.doc too) …, else other."""
    with original.open("rb") as file:
        head = file.read(16)
    if not head:
        return "empty"
    if head[4:8] == b"ftyp":
        return "heic" if head[8:12] in (b"heic", b"heix", b"mif1") else "video"
    return next((name for magic, name in _MAGIC if head.startswith(magic)), "other")


@dataclass(frozen=True)
class File:
    """A file of evidence and whose it is. One that two workbooks share is there twice."""

    plan_id: str
    district_code: str
    period_id: str
    path: str
    """Below ``evidence/``, with ``/``; masked."""
    sha256: str
    size_bytes: int
    format: str
    received_at: datetime
    received_at_source: str
    drop_path: str
    archive_path: str

    @classmethod
    def of(cls, place: Place, path: str, drop_path: str, received: Received, original: Path) -> File:
        return cls(
            *place,
            path,
            received.sha256,
            received.size_bytes,
            format_of(original),
            received.received_at,
            received.received_at_source,
            drop_path,
            received.archive_path,
        )

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> File:
        """From its record."""
        return cls(**{field.name: row[field.name] for field in fields(cls)})

    @property
    def place(self) -> Place:
        return self.plan_id, self.district_code, self.period_id

    @property
    def file_id(self) -> str:
        """From its bytes, its place and its path: the same file sent again is the same."""
        return f"{self.sha256[:16]}-{digest(*self.place)}-{digest(self.path)}"

    def as_row(self) -> dict[str, Any]:
        """Its record."""
        return {"file_id": self.file_id, "file_name": self.path.rpartition("/")[2], **asdict(self)}


def in_force(files: Iterable[File]) -> list[File]:
    """The files that count: of those with one path in one place, the last received."""
    newest: dict[tuple[Place, str], File] = {}
    for file in sorted(files, key=lambda f: (f.received_at, f.sha256)):
        newest[file.place, file.path] = file
    return sorted(newest.values(), key=lambda f: (f.place, f.path))


class Neighbours:
    """Which workbooks lie where, by what their folder is called."""

    def __init__(self) -> None:
        self._places: dict[str, set[Place]] = {}

    def add(self, drop_path: str | None, place: Place | None) -> None:
        """Note a workbook. One that nobody could identify is no neighbour."""
        if drop_path and place:
            self._places.setdefault(drop_path.rpartition("/")[0], set()).add(place)

    def of(self, folder: str) -> list[Place]:
        """Whose evidence lies in this folder: of the workbooks in it, else of those anywhere below it."""
        found = self._places.get(folder)
        if not found and folder:
            below = (places for name, places in self._places.items() if name.startswith(f"{folder}/"))
            found = {place for places in below for place in places}
        return sorted(found or ())
