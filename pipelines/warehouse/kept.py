"""Tables that are dear to work out, kept from one build to the next and found by what they were worked out from.

A table is found by a digest of the work's name, all that it was given, this program and the libraries under it: where
any of these is another, it is worked out anew, so nothing kept can be out of date. Delete it at any time.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

import polars as pl

from pipelines.warehouse.program import fingerprint

T = TypeVar("T")


class Each(Protocol):
    """``work(*one)`` for each one that is given, in their order."""

    def __call__(self, work: Callable[..., T], given: Sequence[tuple[Any, ...]]) -> list[T]: ...


def one_by_one(work: Callable[..., T], given: Sequence[tuple[Any, ...]]) -> list[T]:
    """Here and now."""
    return [work(*one) for one in given]


class Kept:
    """Tables in a folder; without one, nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._used: set[Path] = set()

    def frame(self, work: Callable[..., pl.DataFrame], *given: Any) -> pl.DataFrame:
        """What ``work(*given)`` comes to. It must depend on nothing else but this program.

        ``given``: frames, and values whose ``repr`` tells all there is to know; sets and mappings of such values, in
        whatever order. A folder that can't be written to keeps nothing.
        """
        [found] = self.frames(work, [given])
        return found

    def frames(
        self, work: Callable[..., pl.DataFrame], given: Sequence[tuple[Any, ...]], each: Each = one_by_one
    ) -> list[pl.DataFrame]:
        """``frame`` for each one that is given. ``each``: how those that are not kept are worked out."""
        if self._folder is None:
            return each(work, given)
        files = [self._folder / f"{_digest(work, one)}.parquet" for one in given]
        self._used.update(files)
        found = {file: frame for file in files if (frame := _read(file)) is not None}
        lacking = {file: one for file, one in zip(files, given, strict=True) if file not in found}
        for file, frame in zip(lacking, each(work, list(lacking.values())), strict=True):
            _write(frame, file)
            found[file] = frame
        return [found[file] for file in files]

    def forget_others(self) -> None:
        """Delete what was not asked for since this object was made."""
        if self._folder is not None and self._folder.is_dir():
            for file in set(self._folder.iterdir()) - self._used:
                file.unlink(missing_ok=True)


NOTHING_KEPT = Kept(None)


def _digest(work: Callable[..., object], given: tuple[Any, ...]) -> str:
    digest = hashlib.sha256(_program())
    for part in (f"{work.__module__}.{work.__qualname__}", *given):
        if isinstance(part, pl.DataFrame):
            told = io.BytesIO()
            # Columns as Arrow has always laid them out: the same rows, the same bytes.
            part.rechunk().write_ipc(told, compat_level=pl.CompatLevel.oldest())
            content = told.getbuffer()
        else:
            content = memoryview(_told(part).encode())
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()


def _told(value: object) -> str:
    """The value in words that don't depend on the order in which sets and mappings are gone through."""
    if isinstance(value, set | frozenset):
        return f"{{{','.join(sorted(map(_told, value)))}}}"
    if isinstance(value, dict):
        return f"{{{','.join(sorted(f'{_told(key)}:{_told(one)}' for key, one in value.items()))}}}"
    if hasattr(value, "__dataclass_fields__"):
        return f"{type(value).__qualname__}({_told(vars(value))})"
    return repr(value)


_program = cache(fingerprint)


def _read(file: Path) -> pl.DataFrame | None:
    """The table, where the file is whole: it begins with the digest of the rest."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    length = hashlib.sha256().digest_size
    if hashlib.sha256(content[length:]).digest() != content[:length]:
        return None
    return pl.read_parquet(io.BytesIO(content[length:]))


def _write(frame: pl.DataFrame, file: Path) -> None:
    told = io.BytesIO()
    frame.write_parquet(told, compression="lz4", statistics=False)
    content = told.getvalue()
    fresh = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as out:
            fresh = Path(out.name)
            out.write(hashlib.sha256(content).digest() + content)
        os.replace(fresh, file)
    except OSError:
        if fresh is not None:
            fresh.unlink(missing_ok=True)
