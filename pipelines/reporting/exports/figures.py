"""The published figures of a plan as sheets for people: of the whole area, or what one district may see of them.

A district sees its own rows, and of figures (never of lists) the area's pooled ones beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

from pipelines.reporting import data
from pipelines.reporting.data import MEASURED, VARIANTS, Facts, Measure, Row, Verdict, tone
from pipelines.reporting.data.facts import measures_of
from pipelines.reporting.exports.book import Cell, Column, Look, Marked, Sheet, write_book
from pipelines.reporting.format import Number, at_least_shown, exact, rate_shown, round_half_up, share
from pipelines.reporting.marts import (
    ALL,
    Bridge,
    Change,
    Community,
    CommunityId,
    Figure,
    GapCommunity,
    Indicator,
    Issue,
    Progress,
)
from pipelines.reporting.messages import bare
from pipelines.reporting.words import Words

LONGEST = 20_000
"""A list of more rows than this is left to the tables beside the workbook: here nobody reads it and it costs memory."""
_EXPECTED_TONES = {"on_time": "met", "late": "risk", "returned": "late", "missing": "late", "not_due": "none"}
_SEVERITY_TONES = {"fatal": "late", "error": "behind", "warning": "risk"}
_ITEM_TONES = {"no_data": "none", "no_evidence": "behind", "not_applicable": "na"}
_BRIDGE = ("opening", "added", "split_in", "merged_out", "demolished", "corrected", "closing", "missing")
_TAKEN = ("merged_out", "demolished")


def figures_book(facts: Facts, lang: str, code: str = ALL) -> bytes:
    """The workbook of the plan area, or of one district."""
    book = Figures(facts, lang, code)
    look = Look(
        day=book.say("day_format"),
        moment=book.say("moment_format"),
        page=book.say("page"),
        heading_font=book.say("heading_font"),
        body_font=book.say("body_font"),
    )
    made = facts.current.as_of if facts.current else facts.plan.issued or date(2000, 1, 1)
    return write_book(list(book.sheets()), look, book.title, made, book.stamp)


@dataclass(frozen=True)
class Figures:
    """The sheets of one area in one language."""

    facts: Facts
    lang: str
    code: str

    @cached_property
    def words(self) -> Words:
        return Words(self.facts, self.lang)

    def say(self, key: str, **values: Any) -> str:
        return bare(self.words.t(f"export.{key}", **values))

    def name(self, code: str) -> str:
        """The area's name."""
        return bare(self.words.name(code))

    @property
    def title(self) -> str:
        """What the whole workbook is about."""
        return bare(self.words.t("title.district", district=self.name(self.code)))

    @property
    def separator(self) -> str:
        return bare(self.words.t("verdict.separator"))

    @property
    def is_city(self) -> bool:
        return self.code == ALL

    @cached_property
    def areas(self) -> list[str]:
        """Whose figures are shown: the whole first, then each district; or the district, then the whole."""
        return [ALL, *(d.district_code for d in self.facts.districts)] if self.is_city else [self.code, ALL]

    @property
    def own(self) -> str | None:
        """The district whose lists are shown; None for all."""
        return None if self.is_city else self.code

    def sheets(self) -> Iterator[Sheet]:
        """In the order they are read; a sheet with nothing to say is left out."""
        yield self._summary()
        if self.facts.current:
            for sheet in (
                self._milestones(),
                self._duties(),
                self._indicators(),
                self._history(),
                self._changes(),
                self._gaps(),
                self._communities(),
                self._register(),
                self._scores(),
                self._items(),
                self._reporting(),
                self._issues(),
            ):
                if sheet.rows or sheet.lead:
                    yield sheet
        yield self._definitions()

    # ── pieces ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _sheet(
        self,
        key: str,
        columns: Sequence[Column],
        rows: Iterable[Sequence[Cell]],
        listed: bool = False,
        size: int | None = None,
        **more: Any,
    ) -> Sheet:
        """A sheet by its key in the catalogue. ``listed``: a list of things, which may be too long for a workbook.

        ``size``: how many ``rows`` there are, where that is known before any of them is made.
        """
        too_long = listed and size is not None and size > LONGEST
        name, found = self.say(f"sheet.{key}.name"), [] if too_long else list(rows)
        size = len(found) if size is None else size
        notes = [*self._notices(), self.say(f"sheet.{key}.note"), *more.pop("notes", ())]
        lead = more.pop("lead", ())
        if listed and size > LONGEST:
            lead, found = (*lead, self.say("too_long", n=size, table=self.say(f"sheet.{key}.table"))), []
        return Sheet(
            name=name,
            title=self.say("heading", area=self.name(self.code), sheet=name),
            columns=columns,
            rows=found,
            stamp=self.stamp,
            notes=[note for note in notes if note],
            lead=lead,
            **more,
        )

    @cached_property
    def stamp(self) -> str:
        facts, words = self.facts, self.words
        if facts.current is None:
            return self.say("stamp_empty", version=words.version(self.code))
        return self.say(
            "stamp",
            day=words.fmt.day(facts.current.as_of),
            done=sum(e.status in ("on_time", "late") for e in facts.expected_now),
            all=len(facts.districts),
            version=words.version(self.code),
        )

    def _notices(self) -> list[str]:
        facts = self.facts
        found = []
        if facts.is_synthetic:
            found.append(self.say("synthetic"))
        if facts.known_on:
            found.append(self.say("known_on", day=self.words.fmt.day(facts.known_on)))
        return found

    def _column(self, key: str, kind: str = "text", band: str = "", width: int = 40) -> Column:
        return Column(self.say(f"column.{key}"), kind, band, width)

    def _rate(self, band: str = "") -> list[Column]:
        """Numerator, denominator and what they come to."""
        return [
            self._column("numerator", "amount", band, 16),
            self._column("denominator", "amount", band, 16),
            self._column("value", "rate", band, 9),
        ]

    def _parts(self, indicator: Indicator, figure: Figure | Progress | None) -> tuple[Cell, Cell, Cell]:
        """A figure's cells: numerator, denominator, rate; a count has its number as the value."""
        if figure is None or (figure.numerator is None and figure.denominator is None and figure.value is None):
            return None, None, None
        if indicator.kind == "count" or figure.denominator is None:
            return None, None, _whole(figure.numerator if figure.numerator is not None else figure.value)
        shown = _rate(figure.numerator, figure.denominator, self.words.thresholds(indicator))
        return _whole(figure.numerator), _whole(figure.denominator), shown

    def _indicator(self, indicator: Indicator) -> str:
        return self.words.indicator_name(indicator)

    def _basis(self, basis: str) -> str:
        return str(self.words.t.label("basis", basis))

    def _status(self, progress: Progress) -> Marked:
        word, colour = str(self.words.t.label("status", progress.status)), tone(progress.status, progress.binding)
        if colour == "soft":
            word = self.say("soft", status=word, binding=str(self.words.t.label("binding", progress.binding)))
        return Marked(word, colour)

    @cached_property
    def _flags(self) -> dict[bool | None, str]:
        return {True: self.say("flag.yes"), False: self.say("flag.no"), None: self.say("flag.unknown")}

    def _measures(self, rows: Sequence[Row]) -> Iterator[tuple[Row, str, Measure]]:
        for row in rows:
            for code in self.areas:
                measure = row.measure if code == ALL else row.districts.get(code)
                if measure is not None and measure.progress.district_scope_in is not False:
                    yield row, code, measure

    # ── the sheets ────────────────────────────────────────────────────────────────────────────────────────────────

    def _summary(self) -> Sheet:
        facts, words = self.facts, self.words
        columns = [
            self._column("milestone", width=44),
            self._column("target", "mark"),
            self._column("due", "day"),
            *self._rate(),
            self._column("status", "status"),
            self._column("gap_points", "rate", width=10),
            self._column("gap_units", "mark", width=18),
            self._column("binding", "mark"),
            self._column("clause", width=24),
        ]
        if facts.current is None:
            return self._sheet("summary", columns, [], lead=[self.say("empty")])
        code, day = self.code, words.fmt.day(facts.current.as_of)
        both = [measures_of(facts.rows[kind], code) for kind in ("measured", "duties")]
        bound = [[m for m in measures if m.progress.district_scope_in is not False] for measures in both]
        lead = []
        for kind, measures in zip(("measured", "duties"), bound, strict=True):
            verdict = Verdict.of(measures)
            if verdict.total:
                parts = words.sentence(verdict.counts, "verdict.part")
                lead.append(bare(words.t(f"verdict.{kind}", n=verdict.total, day=day, parts=parts)))
        if self.is_city:
            lead.append(bare(words.reporting()))
        lead += self._standing()
        rows = [
            (
                self._indicator(m.indicator),
                self.words.target(m.progress),
                m.progress.due_date,
                *self._parts(m.indicator, m.progress),
                self._status(m.progress),
                _gap(m.progress),
                bare(words.gap_units(m)) if m.progress.gap_units else None,
                str(words.t.label("binding", m.progress.binding)) if m.progress.binding else None,
                words.fmt.clause(m.progress.clause or m.indicator.clause),
            )
            for measures in bound
            for m in measures
        ]
        return self._sheet("summary", columns, rows, lead=[sentence for sentence in lead if sentence])

    def _standing(self) -> Iterator[str]:
        """Who lags (of the whole), or how far the district lags, and its score."""
        words = self.words
        if self.is_city:
            names = [
                self.say("laggard", district=self.name(lag.district.district_code), n=n)
                for lag in data.standings(self.facts)
                if (n := lag.laggard.milestones_behind)
            ]
            if names:
                yield self.say("laggards", districts=self.separator.join(names[:5]), n=len(names))
        elif (score := self.facts.scores.get(self.code)) and score.score is not None:
            yield bare(words.score(score))

    def _milestones(self) -> Sheet:
        columns = [
            self._column("indicator", width=44),
            self._column("target", "mark"),
            self._column("due", "day"),
            self._column("area", width=20),
            *self._rate(),
            self._column("status", "status"),
            self._column("gap_points", "rate", width=10),
            self._column("gap_units", "count", width=10),
            self._column("required", "rate", width=10),
            self._column("observed", "rate", width=10),
            self._column("projected", "rate", width=11),
            self._column("decided_by", width=18),
            self._column("remarks", width=26),
        ]
        rows = []
        for row, code, m in self._measures(self.facts.rows["measured"]):
            p = m.progress
            rows.append(
                (
                    self._indicator(m.indicator),
                    self.words.target(m.progress),
                    p.due_date,
                    self.name(code),
                    *self._parts(m.indicator, p),
                    self._status(p),
                    _gap(p),
                    p.gap_units,
                    None if p.required_per_month is None else at_least_shown(p.required_per_month),
                    None if p.observed_per_month is None else round_half_up(p.observed_per_month),
                    None if p.projected_value is None else rate_shown(p.projected_value, m.thresholds),
                    self.words.period_name(p.deciding_period_id) if p.deciding_period_id else None,
                    self.separator.join(self.words.flags(row, m)) or None,
                )
            )
        return self._sheet("milestones", columns, rows, stem=1, section=0)

    def _duties(self) -> Sheet:
        columns = [
            self._column("duty", width=44),
            self._column("due", "day"),
            self._column("area", width=20),
            self._column("done_numerator", "count"),
            self._column("done_denominator", "count"),
            self._column("status", "status"),
            self._column("binding", "mark"),
            self._column("clause", width=24),
        ]
        rows = [
            (
                self._indicator(m.indicator),
                m.progress.due_date,
                self.name(code),
                _whole(m.progress.numerator),
                _whole(m.progress.denominator),
                self._status(m.progress),
                str(self.words.t.label("binding", m.progress.binding)) if m.progress.binding else None,
                self.words.fmt.clause(m.progress.clause or m.indicator.clause),
            )
            for _, code, m in self._measures(self.facts.rows["duties"])
        ]
        return self._sheet("duties", columns, rows, section=0)

    def _indicators(self) -> Sheet:
        """Every way of counting, of every area, in the current period."""
        facts, current = self.facts, self.facts.current.period_id if self.facts.current else ""
        found: dict[tuple[Indicator, str, str], dict[str, Figure]] = {}
        for indicator in facts.indicators.values():
            for basis in sorted(facts.bases, key=lambda basis: (basis != indicator.basis, basis)):
                for area in self.areas:
                    readings = {v: f for v in VARIANTS if (f := facts.figure(indicator, area, current, v, basis))}
                    if readings:
                        found[indicator, basis, area] = readings
        used = [v for v in VARIANTS if any(v in readings for readings in found.values())]
        columns = [
            self._column("indicator", width=44),
            self._column("basis", "mark", width=12),
            self._column("area", width=20),
            *(column for variant in used for column in self._rate(self._variant(variant))),
            self._column("unit", "mark", width=8),
        ]
        rows = [
            (
                self._indicator(indicator),
                self._basis(basis),
                self.name(area),
                *(cell for variant in used for cell in self._parts(indicator, readings.get(variant))),
                self.words.unit_of(indicator),
            )
            for (indicator, basis, area), readings in found.items()
        ]
        return self._sheet("indicators", columns, rows, listed=True, stem=3, section=0)

    def _variant(self, variant: str) -> str:
        return str(self.words.t.label("variant", variant))

    def _history(self) -> Sheet:
        """The audited figures of every period, on each indicator's main basis."""
        columns = [
            self._column("indicator", width=44),
            self._column("area", width=20),
            self._column("period", width=20),
            self._column("as_of", "day"),
            *self._rate(),
            self._column("unit", "mark", width=8),
            self._column("basis", "mark", width=12),
            self._column("districts_missing", "count", width=12),
        ]
        rows = []
        for indicator in self.facts.indicators.values():
            for area in self.areas:
                for period in self.facts.periods:
                    figure = self.facts.figure(indicator, area, period.period_id)
                    if figure is not None:
                        rows.append(
                            (
                                self._indicator(indicator),
                                self.name(area),
                                self.words.period_name(period),
                                period.as_of,
                                *self._parts(indicator, figure),
                                self.words.unit_of(indicator),
                                self._basis(indicator.basis),
                                figure.districts_missing if area == ALL else None,
                            )
                        )
        return self._sheet("history", columns, rows, listed=True, section=0)

    def _changes(self) -> Sheet:
        facts, current = self.facts, self.facts.current
        before, now = self.say("band.before"), self.say("band.now")
        columns = [
            self._column("indicator", width=44),
            self._column("area", width=20),
            *self._rate(before),
            *self._rate(now),
            self._column("change", "signed", width=10),
            self._column("work", "signed", width=10),
            self._column("base", "signed", width=10),
            *([self._column("silence", "signed", width=12)] if self.is_city else []),
        ]
        rows = []
        if current is not None:
            by = {
                (change.indicator_id, change.district_code): change
                for code in ([None] if self.is_city else self.areas)
                for change in facts.marts.read(
                    Change,
                    "mart_rate_change",
                    "indicator_id district_code",
                    plan_id=facts.plan.plan_id,
                    period_id=current.period_id,
                    district_code=code,
                )
            }
            for key, indicator in facts.indicators.items():
                for area in self.areas:
                    change = by.get((key, area))
                    if change and indicator.kind in MEASURED and change.work_effect is not None:
                        old = facts.figure(indicator, area, change.period_from)
                        new = facts.figure(indicator, area, change.period_id)
                        rows.append(
                            (
                                self._indicator(indicator),
                                self.name(area),
                                *self._parts(indicator, old),
                                *self._parts(indicator, new),
                                exact(change.work_effect) + exact(change.denominator_effect or 0),
                                change.work_effect,
                                change.denominator_effect,
                                *([change.silence_effect] if self.is_city else []),
                            )
                        )
        return self._sheet("changes", columns, rows, stem=2, section=0)

    @cached_property
    def _listed_ids(self) -> set[str]:
        facts, current = self.facts, self.facts.current.period_id if self.facts.current else ""
        where = {"plan_id": facts.plan.plan_id, "period_id": current, "district_code": self.own, "in_register": True}
        return {c.community_id for c in facts.marts.read(CommunityId, "fct_community_status", "community_id", **where)}

    @cached_property
    def _listed(self) -> list[Community]:
        return self.facts.communities(self.own, in_register=True)

    def _place(self, community: Community) -> tuple[Cell, Cell, Cell]:
        source = self.facts.place(community).source
        return (source.file_name, source.sheet, source.row) if source else (None, None, None)

    def _mode(self, community: Community) -> str:
        mode = community.management_mode or "unknown"
        if mode not in self._modes:
            self._modes[mode] = str(self.words.t.label("mode", mode))
        return self._modes[mode]

    @cached_property
    def _modes(self) -> dict[str, str]:
        """The words for modes of management, as far as they were asked for."""
        return {}

    def _source_columns(self) -> list[Column]:
        return [
            self._column("file", band="", width=34),
            self._column("sheet", "mark", width=12),
            self._column("row", "count", width=7),
        ]

    def _gaps(self) -> Sheet:
        facts = self.facts
        columns = [
            self._column("milestone", width=44),
            self._column("area", width=20),
            self._column("rank", "count", width=7),
            self._column("subdistrict", width=20),
            self._column("community", width=30),
            self._column("households", "count", width=9),
            self._column("mode", "mark", width=16),
            self._column("reported", "mark", width=9),
            *self._source_columns(),
        ]
        codes = [self.code] if self.own else list(facts.gap_communities)
        lists: list[tuple[str, list[GapCommunity]]] = []
        for row in facts.rows["measured"]:
            p = row.measure.progress
            label = self.say(
                "milestone",
                indicator=self._indicator(row.measure.indicator),
                target=self.words.target(p),
                month=self.words.fmt.month(p.due_date),
            )
            found = (gap for code in codes for gap in facts.gap_communities[code].get(p.milestone_id, ()))
            lists.append((label, [gap for gap in found if gap.community_id in self._listed_ids]))
        size = sum(len(gaps) for _, gaps in lists)
        communities = {c.community_id: c for c in self._listed} if size <= LONGEST else {}
        rows = (
            (
                label,
                self.name(gap.district_code),
                gap.rank,
                c.subdistrict,
                c.community_name,
                c.households,
                self._mode(c),
                self._flags[c.is_reported],
                *self._place(c),
            )
            for label, gaps in lists
            for gap in gaps
            for c in [communities[gap.community_id]]
        )
        return self._sheet("gaps", columns, rows, listed=True, size=size, section=0)

    def _communities(self) -> Sheet:
        flags = (
            "is_completed",
            "is_reported",
            "has_management",
            "is_professional",
            "has_committee",
            "has_party_org",
            "disclosure_done",
            "is_new_build",
            "is_renovated_old",
        )
        columns = [
            *([self._column("area", width=20)] if self.is_city else []),
            self._column("subdistrict", width=20),
            self._column("community", width=30),
            self._column("households", "count", width=9),
            self._column("floor_area", "area", width=14),
            self._column("mode", "mark", width=16),
            *(self._column(flag, "mark", width=9) for flag in flags),
            *self._source_columns(),
        ]
        area, said = {code: self.name(code) for code in self.areas}, self._flags
        rows = (
            (
                *([area[c.district_code]] if self.is_city else []),
                c.subdistrict,
                c.community_name,
                c.households,
                c.floor_area_sqm,
                self._mode(c),
                *[said[getattr(c, flag)] for flag in flags],
                *self._place(c),
            )
            for c in (self._listed if len(self._listed_ids) <= LONGEST else ())
        )
        stem = 3 if self.is_city else 2
        return self._sheet("communities", columns, rows, listed=True, size=len(self._listed_ids), stem=stem)

    def _register(self) -> Sheet:
        columns = [
            self._column("step", width=40),
            self._column("area", width=20),
            *(
                self._column(f"bridge.{key}", "count" if key in ("opening", "closing", "missing") else "signed_count")
                for key in _BRIDGE
            ),
        ]
        facts = self.facts
        bridges = facts.marts.read(Bridge, "mart_register_bridge", "period_id", plan_id=facts.plan.plan_id)
        by = {(b.period_id, b.district_code): b for b in bridges}
        known = {p.period_id for p in facts.periods}
        rows = [
            (
                self.say(
                    "step",
                    from_=self.words.period_name(bridge.period_from),
                    to=self.words.period_name(period),
                ),
                self.name(area),
                *(-getattr(bridge, key) if key in _TAKEN else getattr(bridge, key) for key in _BRIDGE),
            )
            for period in reversed(facts.periods)
            for area in self.areas
            if (bridge := by.get((period.period_id, area))) and bridge.period_from in known
        ]
        return self._sheet("register", columns, rows, section=0)

    def _scores(self) -> Sheet:
        columns = [
            self._column("rank", "count", width=7),
            self._column("area", width=20),
            self._column("score", "points"),
            self._column("raw_points", "points", width=12),
            self._column("applicable_points", "points", width=12),
            self._column("grade", "mark"),
            self._column("rank_low", "count", width=10),
            self._column("rank_high", "count", width=10),
            self._column("bonus", "points"),
            self._column("penalty", "points"),
            self._column("veto", width=30),
            self._column("final", "mark", width=12),
        ]
        rows = [
            (
                s.rank,
                self.name(s.district_code),
                _points(s.score),
                _points(s.raw_points),
                _points(s.applicable_points),
                bare(self.words.grade(s)) if s.grade else None,
                s.rank_low,
                s.rank_high,
                _points(s.bonus),
                _points(s.penalty),
                bare(self.words.said(s.veto_reason or s.veto, s.veto_reason_en)) if s.veto else None,
                self.say("final" if s.is_final else "provisional"),
            )
            for s in self.facts.scores.values()
            if s.district_code in self.facts.district and (self.own is None or s.district_code == self.own)
        ]
        return self._sheet("scores", columns, rows, notes=self._rubric(), stem=2)

    def _rubric(self) -> list[str]:
        return [self.say("proposal")] if self.facts.plan.rubric_is_proposal else []

    def _items(self) -> Sheet:
        columns = [
            self._column("item", "mark", width=8),
            self._column("item_name", width=36),
            self._column("area", width=20),
            self._column("max_points", "points", width=8),
            self._column("points", "points", width=8),
            self._column("lost", "points", width=8),
            self._column("item_status", "status", width=12),
            self._column("numerator", "amount", width=11),
            self._column("denominator", "amount", width=11),
            self._column("actual", "rate", width=9),
            self._column("item_target", "amount", width=9),
            self._column("unit", "mark", width=8),
            self._column("method", width=18),
            self._column("evidence", "count", width=8),
            self._column("reason", width=70),
            self._column("clause", width=20),
        ]
        order = {code: n for n, code in enumerate(self.areas)}
        items = [i for i in self.facts.items if self.own is None or i.district_code == self.own]
        rows = []
        for i in items:
            if i.district_code not in order:
                continue
            value = share(i.numerator, i.denominator) if i.unit == "%" else None
            targets = (("gte", i.target),) if i.target is not None else ()
            scored = i.status != "not_applicable" and i.points is not None
            full = scored and i.points == i.max_points
            status = "full" if full else i.status or "scored"
            rows.append(
                (
                    i.item_id,
                    i.item_name or i.item_id,
                    self.name(i.district_code),
                    i.max_points,
                    _points(i.points) if scored else None,
                    i.max_points - i.points if scored and i.points is not None else None,
                    Marked(
                        str(self.words.t.label("item_status", status)),
                        _ITEM_TONES.get(status, "met" if full else "risk"),
                    ),
                    i.numerator,
                    i.denominator,
                    i.actual if value is None else rate_shown(value, targets),
                    i.target,
                    i.unit,
                    str(self.words.t.label("method", i.method)) if i.method else None,
                    i.evidence_count,
                    (i.reason_en if self.lang == "en" else None) or i.reason,
                    self.words.fmt.clause(i.clause),
                )
            )
        return self._sheet("items", columns, rows, listed=True, notes=self._rubric(), stem=2, section=0)

    def _reporting(self) -> Sheet:
        columns = [
            self._column("area", width=20),
            self._column("period", width=20),
            self._column("expected_by", "day"),
            self._column("reporting_status", "status"),
            self._column("first_accepted", "moment"),
            self._column("days_late", "count", width=9),
            self._column("versions", "count", width=8),
            self._column("file", width=44),
            self._column("rows", "count", width=8),
            self._column("errors", "count", width=8),
            self._column("warnings", "count", width=8),
        ]
        facts = self.facts
        period = {p.period_id: p for p in facts.periods}
        rows = []
        for code in self.areas:
            for e in sorted(
                (e for e in facts.expected if e.district_code == code and e.period_id in period),
                key=lambda e: period[e.period_id].as_of,
                reverse=True,
            ):
                s = facts.submission.get(e.submission_id or "")
                rows.append(
                    (
                        self.name(code),
                        self.words.period_name(period[e.period_id]),
                        e.expected_by,
                        Marked(str(self.words.t.label("expected", e.status)), _EXPECTED_TONES.get(e.status, "none")),
                        e.first_accepted_at,
                        e.days_late,
                        e.versions,
                        s.file_name if s else None,
                        s.row_count if s else None,
                        s.error_count if s else None,
                        s.warning_count if s else None,
                    )
                )
        return self._sheet("reporting", columns, rows, section=0)

    def _issues(self) -> Sheet:
        columns = [
            self._column("area", width=20),
            self._column("severity", "status"),
            self._column("rule", "mark", width=20),
            self._column("sheet", "mark", width=18),
            self._column("cell", "mark", width=8),
            self._column("subject", width=30),
            self._column("problem", width=60),
            self._column("remedy", width=50),
            self._column("answer", width=30),
        ]
        facts = self.facts
        issues = facts.marts.read(
            Issue,
            "fct_issue",
            "district_code submission_id issue_no",
            plan_id=facts.plan.plan_id,
            period_id=facts.current.period_id if facts.current else "",
            district_code=self.own,
            is_effective=True,
        )
        rows = [
            (
                self.name(i.district_code),
                Marked(str(self.words.t.label("severity", i.severity)), _SEVERITY_TONES.get(i.severity, "none")),
                i.rule_id,
                i.sheet,
                i.cell,
                i.entity,
                i.message,
                i.remedy,
                i.answer,
            )
            for i in issues
            if i.district_code in facts.district
        ]
        return self._sheet("issues", columns, rows, listed=True, section=0 if self.is_city else None)

    def _definitions(self) -> Sheet:
        facts = self.facts
        columns = [
            self._column("indicator", width=44),
            self._column("definition", width=90),
            self._column("basis", "mark", width=14),
            self._column("unit", "mark", width=8),
            self._column("clause", width=24),
        ]
        rows = [
            (
                self._indicator(i),
                (i.definition_en if self.lang == "en" else None) or i.definition,
                self._basis(i.basis),
                self.words.unit_of(i),
                self.words.fmt.clause(i.clause),
            )
            for i in facts.indicators.values()
        ]
        plan = facts.plan
        lead = [
            self.say(
                "definitions.plan", name=bare(self.words.plan_name), issuer=plan.issuer or "", no=plan.document_no or ""
            )
            if plan.issuer
            else "",
            *(self.say(f"definitions.{key}") for key in ("audited", "variants", "counting", "rounding", "status")),
            *self._rubric(),
            self.say("definitions.text"),
            self.say("definitions.tables"),
        ]
        return self._sheet("definitions", columns, rows, lead=[line for line in lead if line])


@lru_cache(maxsize=1 << 16)
def _rate(
    numerator: Number | None, denominator: Number | None, thresholds: tuple[tuple[str, Number], ...]
) -> Fraction | None:
    value = share(numerator, denominator)
    return None if value is None else rate_shown(value, thresholds)


def _whole(value: Number | None) -> Cell:
    """A count as an int where it is one."""
    if value is None:
        return None
    return int(value) if value == int(value) else exact(value)


def _gap(progress: Progress) -> Fraction | None:
    return at_least_shown(progress.gap_points) if progress.gap_points else None


def _points(value: Decimal | None) -> Fraction | None:
    return None if value is None else round_half_up(value, 2)
