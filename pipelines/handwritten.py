"""Small CSV files that people write by hand: read leniently, every mistake told with file, line, field and remedy.

They may be saved as UTF-8 (with or without a BOM) or GB18030, with English or Chinese headers; blank lines and lines
that begin with # are passed over.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TypeVar


class HandwrittenError(ValueError):
    """A file that can't be used: every mistake in it, each with file, line, field and remedy."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class Line:
    """One line of a file: its cells by field, and the mistakes found in them."""

    def __init__(self, path: Path, number: int, cells: Mapping[str, str]) -> None:
        self._path, self.number, self._cells = path, number, cells
        self.mistakes: list[str] = []

    def text(self, field: str) -> str | None:
        """What stands in a column, half-width; None when it is blank or not there."""
        return _half_width(self._cells.get(field, "")) or None

    def prose(self, field: str) -> str | None:
        """The same as it was typed, for what is only read by people."""
        return self._cells.get(field) or None

    def wrong(self, field: str, message: str, remedy: str) -> None:
        """Note a mistake."""
        self.mistakes.append(f"{self._path.name}:{self.number} {field}: {message}; {remedy}")

    def needed(self, field: str, remedy: str) -> str | None:
        """What stands in a column that must not be blank."""
        if (value := self.text(field)) is None:
            self.wrong(field, "is blank", remedy)
        return value


Kind = TypeVar("Kind", bound=Line)


def lines(
    path: Path,
    headers: Mapping[str, tuple[str, ...]],
    needed: Collection[str],
    mistakes: list[str],
    kind: type[Kind],
) -> Iterator[Kind]:
    """The file's lines that hold anything, numbered as an editor numbers them.

    ``headers``: field → other names of its column. That a column of ``needed`` is not there is a mistake, and then
    nothing more is read.
    """
    reader = csv.reader(io.StringIO(_decoded(path, mistakes), newline=""))
    header: list[str] | None = None
    for cells in reader:
        values = [_half_width(cell) for cell in cells]
        if not any(values) or values[0].startswith("#"):
            continue
        if header is None:
            header = [_field(value, headers) for value in values]
            if lacking := [field for field in needed if field not in header]:
                mistakes.append(f"{path.name}:{reader.line_num} {', '.join(lacking)}: no such column; add it to line 1")
                return
            continue
        yield kind(path, reader.line_num, dict(zip(header, map(str.strip, cells), strict=False)))


def _half_width(cell: str) -> str:
    return unicodedata.normalize("NFKC", cell).strip()


def _field(header: str, headers: Mapping[str, tuple[str, ...]]) -> str:
    for field, others in headers.items():
        if header.lower() in (field, *others):
            return field
    return header


def _decoded(path: Path, mistakes: list[str]) -> str:
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    mistakes.append(f"{path.name}:1 encoding: is neither UTF-8 nor GB18030; save it as CSV UTF-8")
    return ""
