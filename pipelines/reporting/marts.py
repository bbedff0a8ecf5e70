"""The published Parquet marts as plain records: one small dataclass per table, filled by column name.

Reads only the Parquet files, through an in-memory DuckDB, so that no reader ever holds the lock of a database file. A
column a mart does not publish leaves its field at the default; a table that is not there is an empty one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import duckdb

ALL = "ALL"
"""The district code that stands for the whole plan area."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A plan and where it comes from."""

    plan_id: str
    plan_name: str
    plan_name_en: str | None = None
    issuer: str | None = None
    document_no: str | None = None
    issued: date | None = None
    start_date: date | None = None
    end_date: date | None = None
    operational_deadline: date | None = None
    region_code: str | None = None
    region_name: str | None = None
    source_complete: bool | None = None
    rubric_is_proposal: bool | None = None
    rubric_note: str | None = None
    rubric_note_en: str | None = None
    rubric_params: str | None = None
    rubric_period_id: str | None = None
    new_build_cutoff: date | None = None
    truncated_after: str | None = None
    source_note: str | None = None
    source_note_en: str | None = None
    source_sha256: str | None = None
    sort_order: int | None = None


@dataclass(frozen=True, kw_only=True)
class District:
    """A reporting unit."""

    district_code: str
    district_name: str
    district_name_en: str | None = None
    short_name: str | None = None
    is_pseudo_region: bool | None = None
    tile_column: int | None = None
    tile_row: int | None = None
    sort_order: int | None = None


@dataclass(frozen=True, kw_only=True)
class Period:
    """A reporting occasion."""

    period_id: str
    as_of: date
    period_name: str | None = None
    period_name_en: str | None = None
    kind: str | None = None
    due_date: date | None = None
    lateness_judged: bool = True
    seq: int = 0
    is_due: bool = True


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """What is measured, and by which definition and clause."""

    indicator_id: str
    indicator_name: str
    indicator_name_en: str | None = None
    kind: str = "rate"
    entity: str | None = None
    basis: str = "communities"
    unit: str | None = None
    direction: str | None = None
    binding: str | None = None
    clause: str | None = None
    definition: str | None = None
    definition_en: str | None = None
    denominator_sql: str | None = None
    numerator_sql: str | None = None
    strict_numerator_sql: str | None = None
    denominator_measure_sql: str | None = None
    numerator_measure_sql: str | None = None
    decided_by: tuple[str, ...] = field(default=(), hash=False)
    is_headline: bool = False
    sort_order: int | None = None


@dataclass(frozen=True, kw_only=True)
class Making:
    """What an indicator is made from: lists that only the page of data and methods reads."""

    indicator_id: str
    bases: list[str] = field(default_factory=list)
    pools: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    occasions: list[date] = field(default_factory=list)
    district_scope: list[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Target:
    """A milestone as the plan states it."""

    milestone_id: str
    indicator_id: str
    due_date: date
    operator: str
    target: Decimal
    binding: str
    operational_deadline: date | None = None
    clause: str | None = None
    is_hold: bool = False
    date_is_default: bool = False
    target_is_derived: bool = False
    is_scored: bool = True
    whole_area_only: bool = False
    district_scope: list[str] | None = None
    all_of: list[str] = field(default_factory=list)
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Clause:
    """A clause, or part of one, that no indicator measures."""

    clause: str
    what: str
    why: str
    what_en: str | None = None
    covered_by: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class RubricItem:
    """A line of the assessment as the plan has it."""

    item_id: str
    item_name: str
    method: str
    max_points: Decimal
    item_name_en: str | None = None
    group_id: str | None = None
    group_name: str | None = None
    group_name_en: str | None = None
    indicator_ids: list[str] = field(default_factory=list)
    method_params: str | None = None
    evidence: str | None = None
    evidence_note: str | None = None
    clause: str | None = None
    district_scope: list[str] | None = None


@dataclass(frozen=True, kw_only=True)
class RubricRule:
    """A grade, bonus, penalty or veto."""

    kind: str
    rule_id: str
    rule_name: str
    rule_name_en: str | None = None
    points: Decimal | None = None
    cap: Decimal | None = None
    per_case: bool = False
    effect: str | None = None
    capped_grade: str | None = None
    zero_item: bool = False


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One published value with what it is made of."""

    indicator_id: str
    district_code: str
    period_id: str
    basis: str
    variant: str
    numerator: int | Decimal | None = None
    denominator: int | Decimal | None = None
    value: float | None = None
    districts_missing: int | None = None


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One milestone in one district (or ``ALL``) as seen in one period."""

    milestone_id: str
    indicator_id: str
    district_code: str
    period_id: str
    due_date: date | None
    operator: str
    target: Decimal | None
    binding: str | None
    status: str
    numerator: int | Decimal | None = None
    denominator: int | Decimal | None = None
    value: float | None = None
    gap_points: float | None = None
    gap_units: int | None = None
    required_per_month: float | None = None
    observed_per_month: float | None = None
    projected_value: float | None = None
    reached_on_at_pace: date | None = None
    exceeds_best_pace: bool | None = None
    is_out_of_reach: bool | None = None
    clause: str | None = None
    deciding_period_id: str | None = None
    assessed_early: bool | None = None
    is_final: bool | None = None
    is_restated: bool | None = None
    is_breached: bool | None = None
    is_scored: bool | None = None
    district_scope_in: bool | None = None
    date_is_default: bool | None = None
    target_is_derived: bool | None = None
    baseline_value: float | None = None
    months_left: float | None = None
    operational_deadline: date | None = None
    note: str | None = None
    sort_order: int | None = None


@dataclass(frozen=True, kw_only=True)
class Laggard:
    """How far behind a district is, 1 = furthest."""

    district_code: str
    period_id: str
    rank: int
    milestones_behind: int
    worst_indicator_id: str | None
    worst_milestone_id: str | None = None
    milestones_no_data: int = 0
    main_reason: str | None = None
    reason_observed: float | None = None
    reason_compared_with: float | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """A rate's step between two periods, split exactly into work done and change of the denominator."""

    indicator_id: str
    district_code: str
    period_id: str
    period_from: str
    value_from: float | None
    value_to: float | None
    work_effect: float | None
    denominator_effect: float | None
    silence_effect: float | None = None
    districts_one_sided: int | None = None


@dataclass(frozen=True, kw_only=True)
class Bridge:
    """How the completed communities of an area moved between two periods."""

    district_code: str
    period_id: str
    period_from: str
    opening: int
    added: int
    split_in: int
    merged_out: int
    demolished: int
    corrected: int
    missing: int
    closing: int


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a district owes for a period, and what became of it."""

    district_code: str
    period_id: str
    status: str
    expected_by: date | None = None
    received_at: datetime | None = None
    first_accepted_at: datetime | None = None
    submission_id: str | None = None
    versions: int | None = None
    days_late: int | None = None


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A workbook received."""

    submission_id: str
    district_code: str | None
    period_id: str | None
    file_name: str
    received_at: datetime
    status: str
    is_effective: bool | None = None
    is_late: bool | None = None
    supersedes: str | None = None
    row_count: int | None = None
    error_count: int | None = None
    warning_count: int | None = None
    community_count: int | None = None
    sha256: str | None = None
    form_version: int | None = None
    is_synthetic: bool | None = None
    archive_path: str | None = None
    layout: tuple[str, ...] = field(default=(), hash=False)
    """Where its columns stand, ``form.field=sheet!C5:C120`` each."""


@dataclass(frozen=True, kw_only=True)
class Issue:
    """A problem found in a workbook."""

    submission_id: str
    severity: str
    rule_id: str
    message: str
    district_code: str | None = None
    period_id: str | None = None
    issue_no: int = 0
    sheet: str | None = None
    cell: str | None = None
    source_row: int | None = None
    field: str | None = None
    entity: str | None = None
    remedy: str | None = None
    answer: str | None = None
    is_effective: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A question that the figures of a district raise, with its evidence."""

    district_code: str
    period_id: str
    rule_id: str
    subject: str
    title_zh: str
    evidence_zh: str
    subject_type: str | None = None
    title_en: str | None = None
    evidence_en: str | None = None
    question_zh: str | None = None
    question_en: str | None = None
    submission_id: str | None = None
    source_sheet: str | None = None
    source_row: int | None = None
    sort_order: int | None = None


@dataclass(frozen=True, kw_only=True)
class FindingExample:
    """A row that a finding stands on."""

    district_code: str
    period_id: str
    rule_id: str
    subject: str
    example_no: int
    name: str | None = None
    value_of: str | None = None
    value: str | None = None
    value_before: str | None = None
    found_in: str | None = None
    submission_id: str | None = None
    source_sheet: str | None = None
    source_row: int | None = None


@dataclass(frozen=True, kw_only=True)
class VersionFigure:
    """What one version of a ledger says of an indicator, and what the version it replaced said."""

    submission_id: str
    indicator_id: str
    numerator: int | Decimal | None = None
    denominator: int | Decimal | None = None
    value: float | None = None
    previous_numerator: int | Decimal | None = None
    previous_denominator: int | Decimal | None = None
    previous_value: float | None = None


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One row or cell in which a re-sent ledger differs from the version it replaced."""

    submission_id: str
    change_no: int
    form: str
    kind: str
    entity: str | None = None
    field: str | None = None
    before: str | None = None
    after: str | None = None
    sheet: str | None = None
    cell: str | None = None
    source_row: int | None = None

    @property
    def row(self) -> tuple[str, str | None, int | None, int | None]:
        """Stands for the row it is in; a row that was removed has no place but its number."""
        return self.form, self.sheet, self.source_row, self.change_no if self.kind == "removed" else None


@dataclass(frozen=True, kw_only=True)
class Community:
    """One community as it stands in one period, with the row it was read from."""

    community_id: str
    district_code: str
    period_id: str
    community_name: str | None = None
    subdistrict: str | None = None
    in_register: bool | None = None
    is_reported: bool | None = None
    district_silent: bool | None = None
    is_completed: bool | None = None
    has_management: bool | None = None
    management_mode: str | None = None
    is_professional: bool | None = None
    has_committee: bool | None = None
    committee_type: str | None = None
    has_party_org: bool | None = None
    is_new_build: bool | None = None
    is_renovated_old: bool | None = None
    households: int | None = None
    floor_area_sqm: Decimal | None = None
    disclosure_done: bool | None = None
    company_name: str | None = None
    submission_id: str | None = None
    source_sheet: str | None = None
    source_row: int | None = None
    attributes_period_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class CommunityId:
    """That a community is there, where a large area's are only counted."""

    community_id: str


@dataclass(frozen=True, kw_only=True)
class RegisterEvent:
    """What became of a community from one period to the next."""

    district_code: str
    period_id: str
    community_id: str
    event: str
    community_name: str | None = None
    former_name: str | None = None
    subdistrict: str | None = None
    cause: str | None = None
    units: int = 0
    related_names: str | None = None
    related_count: int = 0
    submission_id: str | None = None
    source_sheet: str | None = None
    source_row: int | None = None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What an analyst decided about the register."""

    line: int
    district_code: str
    event: str
    community: str | None = None
    related: list[str] = field(default_factory=list)
    decision_date: date | None = None
    reason: str | None = None
    is_applied: bool = False


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Communities that are probably one, or came out of one another."""

    district_code: str
    kind: str
    community_id: str
    community_name: str
    score: int
    grade: str
    event: str
    related_ids: list[str] = field(default_factory=list)
    related_names: list[str] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    can_be_decided: bool = False


@dataclass(frozen=True, kw_only=True)
class GapCommunity:
    """A community that would close a milestone's gap if it were brought in."""

    milestone_id: str
    district_code: str
    community_id: str
    rank: int
    indicator_id: str | None = None
    community_name: str | None = None
    subdistrict: str | None = None
    households: int | None = None
    management_mode: str | None = None
    is_reported: bool | None = None


@dataclass(frozen=True, kw_only=True)
class FigureRow:
    """A row behind figures: where it was read, and the set of figures it is part of."""

    entity: str
    submission_id: str
    source_sheet: str
    source_row: int
    figure_set: str
    community_id: str | None = None
    row_name: str | None = None
    amounts: list[Decimal] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class FigureOfSet:
    """A figure that the rows of a set are part of, and what each adds on either side of its line."""

    entity: str
    figure_set: str
    indicator_id: str
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    numerator_at: int | None = None
    denominator_at: int | None = None

    def added_by(self, row: FigureRow) -> tuple[Decimal | None, Decimal | None]:
        """What a row of the set adds above and below the line; None: nothing is counted, or nothing divided."""
        return (
            self.numerator if self.numerator_at is None else row.amounts[self.numerator_at - 1],
            self.denominator if self.denominator_at is None else row.amounts[self.denominator_at - 1],
        )


@dataclass(frozen=True, kw_only=True)
class Item:
    """One rubric item scored for one district."""

    district_code: str
    item_id: str
    max_points: Decimal
    points: Decimal | None
    indicator_id: str | None = None
    item_name: str | None = None
    group_id: str | None = None
    group_name: str | None = None
    method: str | None = None
    method_params: str | None = None
    actual: Any = None
    target: Any = None
    reason: str | None = None
    clause: str | None = None
    status: str | None = None
    evidence_count: int | None = None
    points_low: Decimal | None = None
    points_high: Decimal | None = None
    reason_code: str | None = None
    next_unit: str | None = None
    next_unit_points: Decimal | None = None
    units_to_gain: int | None = None
    units_to_gain_points: Decimal | None = None
    period_id: str | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    unit: str | None = None
    reason_en: str | None = None
    sort_order: int | None = None


@dataclass(frozen=True, kw_only=True)
class Score:
    """A district's total, grade and rank."""

    district_code: str
    raw_points: Decimal | None
    applicable_points: Decimal | None
    score: Decimal | None
    bonus: Decimal | None
    penalty: Decimal | None
    veto: str | None
    grade: str | None
    rank: int | None
    rank_low: int | None
    rank_high: int | None
    is_final: bool | None
    is_proposal: bool | None = None
    bonus_reason: str | None = None
    penalty_reason: str | None = None
    veto_reason: str | None = None
    provisional_reason: str | None = None
    bonus_reason_en: str | None = None
    penalty_reason_en: str | None = None
    veto_reason_en: str | None = None
    provisional_reason_en: str | None = None
    reason_en: str | None = None


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How far what a district claims for an indicator rests on evidence."""

    district_code: str
    period_id: str
    indicator_id: str
    is_asked: bool
    results: int
    results_listed: int
    results_present: int
    evidence_reused: int


Record = TypeVar("Record")


@dataclass(frozen=True, kw_only=True)
class Stated:
    """A number that the text of a plan states, beside what the ledgers show."""

    indicator_id: str
    operator: str
    stated: Decimal
    stated_to: Decimal | None = None
    of_each: bool = False
    unit: str | None = None
    as_of: date | None = None
    as_of_note: str | None = None
    period_id: str | None = None
    numerator: int | Decimal | None = None
    denominator: int | Decimal | None = None
    value: float | None = None
    agrees: bool | None = None


class Marts:
    """A folder of published Parquet files. Use as a context manager; holds no lock on any file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._connection = duckdb.connect(config={"threads": 2})
        self._connection.execute("set enable_progress_bar = false")  # it would be drawn into anything
        self._types: dict[str, dict[str, str]] = {}
        self._contents: dict[str, dict[tuple[str, str], str]] = {}

    def __enter__(self) -> Marts:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def content(self, plan_id: str) -> str:
        """Hex digits that stand for everything published about a plan: the same rows, the same content."""
        return hashlib.sha256(repr(sorted(self.contents(plan_id).items())).encode()).hexdigest()

    def contents(self, plan_id: str) -> dict[tuple[str, str], str]:
        """The same for each table and district, read once and then remembered.

        What is of no district stands under "", a table's columns under "columns".
        """
        if plan_id not in self._contents:
            self._contents[plan_id] = {
                (table, code): digest for table in self.tables for code, digest in self._digests(table, plan_id)
            }
        return self._contents[plan_id]

    def know(self, plan_id: str, contents: dict[tuple[str, str], str]) -> None:
        """What ``contents`` of a plan would come to, where somebody has worked it out already."""
        self._contents[plan_id] = contents

    def count(self, table: str, **where: Any) -> int:
        """How many rows of a table have these values."""
        if table not in self.tables:
            return 0
        sql = f"select count(*) from read_parquet(?) where {' and '.join(f'{column} = ?' for column in where)}"
        [found] = self._connection.execute(
            sql, [(self.folder / f"{table}.parquet").as_posix(), *where.values()]
        ).fetchone() or (0,)
        return int(found)

    def _digests(self, table: str, plan_id: str) -> Iterator[tuple[str, str]]:
        types, path = self.types(table), (self.folder / f"{table}.parquet").as_posix()
        # Signs that no text has keep neighbours apart and tell nothing from an empty text.
        texts = ", ".join(f"coalesce({column}::varchar, chr(30))" for column in types)
        line = f"md5_number(concat_ws(chr(31), {texts}))"
        code = "coalesce(district_code, '')" if "district_code" in types else "''"
        own = "where plan_id = ?" if "plan_id" in types else ""
        # Rows of a table differ by its key, so that none cancels another.
        rows = self._connection.execute(
            f"select {code}, count(*), bit_xor({line}) from read_parquet(?) {own} group by 1",
            [path, plan_id] if own else [path],
        ).fetchall()
        yield "columns", repr(types)
        for district, count, digest in rows:
            yield district, f"{count} {digest}"

    def keep(self, table: str, plan_id: str, file: Path) -> None:
        """Write a plan's rows of a table into a Parquet file of their own."""
        self._connection.execute(
            f"copy (from read_parquet(?) where plan_id = ? order by all) to '{_quoted(file)}' "
            "(format parquet, compression zstd)",
            [(self.folder / f"{table}.parquet").as_posix(), plan_id],
        )

    def read(self, kind: type[Record], table: str, order: str, **where: Any) -> list[Record]:
        """The rows of a table whose columns equal ``where`` (None: no condition), ordered, as records of ``kind``.

        A row that lacks a value the record requires raises ValueError naming table and column.
        """
        file = self.folder / f"{table}.parquet"
        if not file.is_file():
            return []
        present = self.types(table)
        wanted = [f for f in fields(kind) if f.name in present]  # type: ignore[arg-type]
        required = self._required(kind)
        lacking = sorted(required - present.keys())
        if lacking:
            raise ValueError(f"{table}.parquet lacks {', '.join(lacking)}; run the pipeline to publish it anew")
        conditions = {column: value for column, value in where.items() if value is not None and column in present}
        sql = f"select {', '.join(f.name for f in wanted)} from read_parquet(?)"
        if conditions:
            sql += " where " + " and ".join(f"{column} = ?" for column in conditions)
        sql += f" order by {', '.join(column for column in order.split() if column in present) or 'all'}"
        rows = self._connection.execute(sql, [file.as_posix(), *conditions.values()]).fetchall()
        names = [f.name for f in wanted]
        # A null where a default stands means "not said": the default applies.
        return [
            kind(**{n: v for n, v in zip(names, row, strict=True) if v is not None or n in required}) for row in rows
        ]

    @cached_property
    def tables(self) -> list[str]:
        """The names of the published tables."""
        return sorted(file.stem for file in self.folder.glob("*.parquet"))

    def types(self, table: str) -> dict[str, str]:
        """The columns of a table with their types, in order."""
        if table not in self._types:
            path = (self.folder / f"{table}.parquet").as_posix()
            rows = self._connection.execute("describe from read_parquet(?)", [path]).fetchall()
            self._types[table] = {row[0]: row[1] for row in rows}
        return self._types[table]

    @staticmethod
    def _required(kind: type) -> frozenset[str]:
        return frozenset(f.name for f in fields(kind) if f.default is NO_DEFAULT and f.default_factory is NO_DEFAULT)

    def plans(self, plan_id: str | None = None) -> Iterator[Plan]:
        """The plan asked for, else those that have received at least one workbook, in plan order."""
        seen = {row.plan_id for row in self.read(_Received, "fct_submission", "plan_id")}
        for plan in self.read(Plan, "dim_plan", "sort_order plan_id", plan_id=plan_id):
            if plan_id or plan.plan_id in seen:
                yield plan


def _quoted(path: Path) -> str:
    return path.as_posix().replace("'", "''")


@dataclass(frozen=True, kw_only=True)
class _Received:
    plan_id: str | None
