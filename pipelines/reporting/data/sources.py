"""The rows behind a district's figures: which count, which don't, and the cells that say so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from pipelines.intake.changes import Places, places
from pipelines.reporting.data.facts import Facts, Source
from pipelines.reporting.marts import Community, Figure, FigureOfSet, FigureRow, Indicator, Submission

ORDER = ("committee", "company", "survey", "subdistrict", "neighbourhood")
"""Kinds of rows beside communities in the order a reader meets them; others follow by name."""


class Mark(NamedTuple):
    """What a row adds to one figure. Both None: it speaks of the matter without a number."""

    numerator: Decimal | None
    denominator: Decimal | None
    cells: tuple[str, ...]
    """The cells that decide, ``小区明细!V12`` each; of the row's own sheet without its name: ``V12``."""

    @property
    def counts(self) -> bool:
        return bool(self.numerator)

    @property
    def is_plain(self) -> bool:
        """Whether the row is one unit, so that the sign says all."""
        return self.denominator in (None, 0, 1) and self.numerator in (None, 0, 1)


@dataclass(frozen=True)
class Behind:
    """One row with what it adds to each figure; a figure it is no part of is absent."""

    name: str | None
    community: Community | None
    source: Source | None
    marks: Mapping[str, Mark]


@dataclass(frozen=True)
class Column:
    """One figure of a list: how many rows count, don't count, and are no part of it, and which fields decide."""

    indicator: Indicator
    figure: Figure | None
    counted: int
    uncounted: int
    outside: int


@dataclass(frozen=True)
class Rows:
    """The rows of one kind, and the figures that rest on them."""

    entity: str
    columns: list[Column]
    rows: list[Behind]
    submissions: list[Submission]
    """The workbooks they were read from."""


@dataclass
class _Cells:
    """Finds the cells of rows: which column of which workbook a field became. What it found out it remembers."""

    facts: Facts
    _sets: dict[tuple[str, str], list[tuple[FigureOfSet, tuple[str, ...]]]] = field(default_factory=dict)
    _known: dict[tuple[str, str, tuple[str, ...]], list[tuple[str, str]]] = field(default_factory=dict)
    _places: dict[str, Places] = field(default_factory=dict)

    def figures(self, row: FigureRow) -> list[tuple[FigureOfSet, tuple[str, ...]]]:
        """The figures that a row is part of, each with the fields that decide."""
        key = row.entity, row.figure_set
        if key not in self._sets:
            indicators = self.facts.indicators
            self._sets[key] = [
                (figure, tuple(indicators[figure.indicator_id].decided_by) if figure.indicator_id in indicators else ())
                for figure in self.facts.figure_sets[key]
            ]
        return self._sets[key]

    def of(self, row: FigureRow, fields: tuple[str, ...], related: Sequence[FigureRow]) -> tuple[str, ...]:
        """The cells of ``fields`` on the row itself, then those on rows of other sheets that belong to it, by sheet."""
        if not related:
            return tuple(dict.fromkeys(self._on(row, fields)))
        found: dict[str, dict[str, None]] = {}
        for one in (row, *related):
            for cell in self._on(one, fields):
                found.setdefault(one.source_sheet, {})[cell] = None
        own = tuple(found.pop(row.source_sheet, ()))
        return own + tuple(f"{sheet}!{','.join(cells)}" for sheet, cells in found.items())

    def _on(self, row: FigureRow, fields: tuple[str, ...]) -> Iterator[str]:
        for form, name in self._columns(row.submission_id, row.entity, fields):
            if cell := self._cell_of(row.submission_id)(form, row.source_sheet, row.source_row, name):
                yield cell

    def _columns(self, submission_id: str, entity: str, fields: tuple[str, ...]) -> list[tuple[str, str]]:
        """Form and field of those that such rows of the workbook have a column for."""
        key = submission_id, entity, fields
        if key not in self._known:
            submission = self.facts.submission.get(submission_id)
            names = {text.partition("=")[0] for text in submission.layout} if submission else set()
            parted = (name.partition(".") for name in fields if name in names)
            self._known[key] = [(form, name) for form, _, name in parted if form == _FORM.get(entity, entity)]
        return self._known[key]

    def _cell_of(self, submission_id: str) -> Places:
        if submission_id not in self._places:
            self._places[submission_id] = places(self.facts.submission[submission_id].layout)
        return self._places[submission_id]


_FORM = {"survey": "satisfaction"}
"""Forms that go by another name than the rows they give."""


def sources(facts: Facts, code: str, communities: list[Community]) -> list[Rows]:
    """Every row behind the district's figures of the current period: communities first, then the other kinds.

    ``communities``: the register of the period, so that those outside every figure are listed too.
    """
    if facts.current is None:
        return []
    found = facts.marts.read(
        FigureRow,
        "mart_figure_row",
        "entity source_sheet source_row submission_id",
        plan_id=facts.plan.plan_id,
        period_id=facts.current.period_id,
        district_code=code,
    )
    by_entity: dict[str, list[FigureRow]] = defaultdict(list)
    for row in found:
        by_entity[row.entity].append(row)
    belonging: dict[str, list[FigureRow]] = defaultdict(list)
    for row in by_entity.get("committee", []):
        if row.community_id:
            belonging[row.community_id].append(row)
    cells = _Cells(facts)

    listed = {"community": _communities(facts, by_entity.get("community", []), communities, belonging, cells)}
    order = [kind for kind in ORDER if kind in by_entity] + sorted(by_entity.keys() - {*ORDER, "community"})
    listed |= {entity: _others(facts, by_entity[entity], cells) for entity in order}
    return [_rows(facts, code, entity, rows) for entity, rows in listed.items() if rows]


def _rows(facts: Facts, code: str, entity: str, rows: list[Behind]) -> Rows:
    present = {key for row in rows for key in row.marks}
    columns = []
    for key, indicator in facts.indicators.items():
        if key in present and facts.current:
            marks = [row.marks[key] for row in rows if key in row.marks]
            counted = sum(mark.counts for mark in marks)
            figure = facts.figure(indicator, code, facts.current.period_id)
            columns.append(Column(indicator, figure, counted, len(marks) - counted, len(rows) - len(marks)))
    read = {row.source.submission_id for row in rows if row.source}
    return Rows(entity, columns, rows, [s for s in facts.submissions if s.submission_id in read])


def _communities(
    facts: Facts,
    rows: list[FigureRow],
    communities: list[Community],
    belonging: Mapping[str, list[FigureRow]],
    cells: _Cells,
) -> list[Behind]:
    by = {row.community_id: row for row in rows}
    return [
        Behind(
            community.community_name,
            community,
            facts.place(community).source,
            _marks(facts, by.get(community.community_id), cells, belonging.get(community.community_id, ())),
        )
        for community in communities
    ]


def _others(facts: Facts, rows: list[FigureRow], cells: _Cells) -> list[Behind]:
    return [Behind(row.row_name, None, _source(facts, row), _marks(facts, row, cells)) for row in rows]


def _marks(facts: Facts, row: FigureRow | None, cells: _Cells, related: Sequence[FigureRow] = ()) -> Mapping[str, Mark]:
    if row is None:
        return {}
    marks, found = dict[str, Mark](), dict[tuple[str, ...], tuple[str, ...]]()
    for figure, decided_by in cells.figures(row):
        if decided_by not in found:
            found[decided_by] = cells.of(row, decided_by, related)
        marks[figure.indicator_id] = Mark(*figure.added_by(row), found[decided_by])
    return marks


def _source(facts: Facts, row: FigureRow) -> Source | None:
    submission = facts.submission.get(row.submission_id)
    return Source(submission.file_name, row.source_sheet, row.source_row, row.submission_id) if submission else None
