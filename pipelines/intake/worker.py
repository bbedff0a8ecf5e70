"""What guarded children do for a run: read and judge a batch, settle a district's workbooks, write a receipt."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipelines.intake.issues import Refusal
from pipelines.intake.judging import Judgement, Source, judge_batch, refused
from pipelines.intake.layout import NO_ALIASES, Aliases
from pipelines.intake.reader import RawWorkbook, read_workbook, too_large
from pipelines.intake.receipt import write_receipt
from pipelines.intake.records import write_forms
from pipelines.intake.settle import Settled
from pipelines.intake.settle import settle as settle_group
from pipelines.plans import Plan
from pipelines.settings import Limits

Scope = tuple[str | None, str | None]
"""The plan and period to which a run is limited; None = any."""

_plans: Mapping[str, Plan] = {}
_limits = Limits()
_aliases = NO_ALIASES


def prepare(plans: Mapping[str, Plan], limits: Limits, aliases: Aliases = NO_ALIASES) -> None:
    """Once per child."""
    global _plans, _limits, _aliases
    _plans, _limits, _aliases = plans, limits, aliases


def is_wanted(judgement: Judgement, scope: Scope) -> bool:
    """Whether a run limited to ``scope`` takes this workbook; what nobody can identify is taken by every run."""
    if judgement.key is None:
        return True
    plan, period = scope
    return plan in (None, judgement.key[0]) and period in (None, judgement.key[2])


def read_and_judge(batch: Sequence[tuple[Source, Path]], records: Path, scope: Scope) -> list[Judgement]:
    """Judge archived originals and record their rows; the rows are not sent back."""
    with _no_collection():
        return _read_and_judge(batch, records, scope)


def _read_and_judge(batch: Sequence[tuple[Source, Path]], records: Path, scope: Scope) -> list[Judgement]:
    books: list[tuple[Source, RawWorkbook]] = []
    judgements: dict[str, Judgement] = {}
    for source, path in batch:
        try:
            if source.size_bytes > _limits.file_bytes:
                raise too_large(_limits)
            books.append((source, read_workbook(path.read_bytes(), _limits)))
        except Refusal as refusal:
            judgements[source.submission_id] = refused(source, refusal)
    for judgement in judge_batch(books, _plans, _aliases):
        judgements[judgement.submission["submission_id"]] = judgement
    for submission_id, judgement in judgements.items():
        if is_wanted(judgement, scope):
            write_forms(records, submission_id, judgement.frames)
        judgement.frames = {}
    return [judgements[source.submission_id] for source, _ in batch]


@contextmanager
def _no_collection() -> Iterator[None]:
    """Millions of cells make Python's search for cycles slow, and there are none among them.

    What outlives a batch (modules, memories) outlives them all: frozen, it is not searched again.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def settle(records: Path, group: Sequence[Settled]) -> list[Judgement]:
    """Against earlier ledgers, then the verdicts on record."""
    return settle_group(records, group)


def answer(judgement: Judgement, original: Path | None, target: Path) -> Path:
    """Write the receipt of a recorded submission."""
    return write_receipt(judgement, original, target, _plans)
