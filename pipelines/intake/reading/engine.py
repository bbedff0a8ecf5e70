"""Calamine, with its ways of failing turned into refusals."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from pipelines.intake.reading.refusals import encrypted, too_many_cells, unreadable
from pipelines.intake.reading.sheets import RawSheet
from pipelines.settings import Limits


@contextmanager
def calamine() -> Iterator[None]:
    """Whatever calamine raises becomes a Refusal: its own errors, IndexError, ValueError … and PanicException, which is
    not even an Exception.
    """
    try:
        yield
    except PasswordError:
        raise encrypted() from None
    except CalamineError as error:
        if "password" in str(error).lower():
            raise encrypted() from None
        raise unreadable(type(error).__name__) from None
    except MemoryError:
        raise
    except Exception as error:
        raise unreadable(type(error).__name__) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise unreadable("PanicException") from None


def opened(data: bytes) -> CalamineWorkbook:
    """A workbook of calamine's. Raises Refusal when it cannot be opened."""
    with calamine():
        return CalamineWorkbook.from_filelike(io.BytesIO(data))


def fill(sheet: RawSheet, book: CalamineWorkbook, index: int, room: int, limits: Limits) -> int:
    """Read cells and merged ranges of the book's sheet at ``index``; how many cells that were, at most ``room``."""
    with calamine():
        table = book.get_sheet_by_index(index)
        size = table.total_height * table.total_width
    if size > room:
        raise too_many_cells(limits)
    with calamine():
        sheet.cells = cast("list[list[object]]", table.to_python(skip_empty_area=False))
        sheet.merged = [(*start, *end) for start, end in table.merged_cell_ranges or []]
    return int(size)
