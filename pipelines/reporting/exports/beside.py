"""The files of an area, written by a second process where there is much to write, while this one makes the pages."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines.reporting.data import Facts, load
from pipelines.reporting.exports.build import Downloads
from pipelines.reporting.marts import Marts
from pipelines.second_process import MUCH, SecondProcess, cores


@dataclass(frozen=True)
class Files:
    """What is to be written: each language's files into its folder, of districts only those that are due."""

    folders: Mapping[str, Path]
    tables: Path
    """Where the tables lie that all languages share."""
    receipts: Path | None
    due: Collection[str]

    def write(self, facts: Facts) -> None:
        """Write them here and now."""
        for lang, folder in self.folders.items():
            Downloads(facts, lang).write(folder, self.receipts, self.due)
        Downloads(facts, "zh").write_tables(self.tables)


@contextmanager
def written(facts: Facts, files: Files) -> Iterator[None]:
    """Have the files written when the block is left."""
    if not _is_much(facts, files.due):
        files.write(facts)
        yield
        return
    with SecondProcess() as other, other.meanwhile(_Known.write, _Known.of(facts), files):
        yield


def _is_much(facts: Facts, due: Collection[str]) -> bool:
    if facts.current is None or not due or cores() < 2:
        return False
    listed = facts.marts.count("fct_community_status", plan_id=facts.plan.plan_id, period_id=facts.current.period_id)
    return listed * len(due) >= MUCH * len(facts.districts)


@dataclass(frozen=True)
class _Known:
    """From what the other process makes the same facts; what was worked out already travels with it."""

    marts: Path
    plan_id: str
    contents: Mapping[tuple[str, str], str]
    number: int | None
    numbers: Mapping[str, int]
    known_on: date | None

    @classmethod
    def of(cls, facts: Facts) -> _Known:
        contents = facts.marts.contents(facts.plan.plan_id)
        return cls(facts.marts.folder, facts.plan.plan_id, contents, facts.number, dict(facts.numbers), facts.known_on)

    def write(self, files: Files) -> None:
        with Marts(self.marts) as marts:
            marts.know(self.plan_id, dict(self.contents))
            [plan] = marts.plans(self.plan_id)
            files.write(load(marts, plan, self.known_on, self.number, self.numbers))
