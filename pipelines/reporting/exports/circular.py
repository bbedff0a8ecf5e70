"""The circular (通报) on a plan's progress, drafted from the published figures for an official to edit.

Every sentence is a message of the catalogue and the figures it states. It is left out where any of them is missing,
and where there is nothing to say (a number of 0, an empty list); a paragraph without sentences, a heading without
paragraphs goes with them. So a draft never says more than the marts do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

from pipelines.reporting import data
from pipelines.reporting.data import MANY, MEASURED, Facts, Measure, Standing, Verdict
from pipelines.reporting.data.facts import measures_of
from pipelines.reporting.format import MISSING, exact, share
from pipelines.reporting.marts import ALL, Bridge, Change, District, Expected, Indicator, Issue, Period
from pipelines.reporting.messages import bare
from pipelines.reporting.words import Words

OPEN = ("overdue_not_met", "behind", "at_risk", "on_track")
NAMED = 5
"""So many are named in one sentence; how many there are is said."""
TOLD = 3
"""So many, where each is told with its figures."""
SHOWN, NOISE = Fraction(5, 100), Fraction(1, 10**6)
"""A change of fewer points shows as 0.0; of fewer than that, two floats only fail to cancel out."""
STEP = Decimal("0.5")
"""From so many points on a rise by mergers alone is worth a sentence."""


@dataclass(frozen=True)
class Paragraph:
    """Sentences under a short heading that runs into them (empty: none)."""

    lead: str
    text: str


@dataclass(frozen=True)
class Section:
    """A numbered part of the circular."""

    heading: str
    paragraphs: list[Paragraph]


@dataclass(frozen=True)
class Annex:
    """A table at the end: headings, and a row per area or milestone."""

    title: str
    head: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Circular:
    """The draft as text; ``spoken`` names the messages it is made of, in order."""

    title: str
    notes: list[str]
    basis: str
    """One of the notes, which stays with the document when they are deleted: as-of date and publication."""
    addressee: str
    opening: list[str]
    sections: list[Section]
    annexes: list[Annex]
    closing: list[str]
    spoken: list[str]


def is_due(facts: Facts) -> bool:
    """Whether there is progress to report on: a plan with milestones, and a period."""
    return facts.current is not None and any(facts.rows.values())


def draft(facts: Facts, lang: str) -> Circular | None:
    """The circular of a plan; None where there is nothing to report on."""
    return _Draft(facts, lang).circular() if is_due(facts) else None


@dataclass(frozen=True)
class _Draft:
    facts: Facts
    lang: str
    spoken: list[str] = field(default_factory=list)

    @cached_property
    def words(self) -> Words:
        return Words(self.facts, self.lang)

    @property
    def current(self) -> Period:
        assert self.facts.current is not None
        return self.facts.current

    # ── saying ────────────────────────────────────────────────────────────────────────────────────────────────────

    def text(self, key: str, **values: Any) -> str:
        return bare(self.words.t(f"circular.{key}", **values))

    def say(self, key: str, **values: Any) -> Iterator[str]:
        """The sentence; nothing where a value it needs is missing, empty or none at all."""
        if all(value not in (None, "", 0, MISSING) for value in values.values()):
            self.spoken.append(key)
            yield self.text(f"say.{key}", **values)

    def listed(self, things: Iterable[str], mark: str = "comma") -> str:
        return self.text(mark).join(things)

    def some(self, things: Sequence[str], mark: str = "comma", named: int = NAMED) -> str:
        """The first of a list in words, with how many there are when not all are named; never one left out alone."""
        if len(things) <= named + 1:
            return self.listed(things, mark)
        return self.text("and_more", named=self.listed(things[:named], mark), n=len(things))

    def name(self, code: str) -> str:
        return bare(self.words.name(code))

    def names(self, codes: Iterable[str]) -> str:
        return self.some([self.name(code) for code in codes])

    def day(self, value: Any) -> str:
        return self.words.fmt.day(value)

    # ── the whole ─────────────────────────────────────────────────────────────────────────────────────────────────

    def circular(self) -> Circular:
        facts, words = self.facts, self.words
        parts: list[tuple[str, Callable[[], Iterator[tuple[str, Iterable[str]]]]]] = [
            ("progress", self._progress),
            ("districts", self._districts),
            ("problems", self._problems),
            ("next", self._next),
        ]
        told = {"plan": words.plan_name, "day": self.day(self.current.as_of)}
        number = facts.plan.document_no
        opening = list(self.say("opening", **told, no=number) if number else self.say("opening_plain", **told))
        sections: list[Section] = []
        for key, write in parts:
            paragraphs = [Paragraph(lead, "".join(found)) for lead, said in write() if (found := list(said))]
            if paragraphs:
                heading = self.text(
                    "numbered", number=self._number(len(sections) + 1), heading=self.text(f"section.{key}")
                )
                leads = sum(bool(p.lead) for p in paragraphs)
                count = iter(range(1, leads + 1))
                sections.append(
                    Section(
                        heading,
                        [
                            Paragraph(
                                self.text("lead", number=self._number(next(count)), heading=p.lead) if p.lead else "",
                                p.text,
                            )
                            for p in paragraphs
                        ],
                    )
                )
        return Circular(
            title=self.text("title", plan=words.plan_name, period=words.fmt.month(self.current.as_of)),
            notes=list(self._notes()),
            basis=self._basis,
            addressee=self.text("addressee"),
            opening=opening,
            sections=sections,
            annexes=list(self._annexes()),
            closing=[facts.plan.issuer or self.text("issuer_open"), self.text("date_open")],
            spoken=self.spoken,
        )

    def _number(self, number: int) -> str:
        """一、二 … 十、十一 …; in English plain digits."""
        digits = self.text("digits")
        if not digits.strip():
            return str(number)
        tens, ones = divmod(number, 10)
        return ("" if tens == 0 else "十" if tens == 1 else digits[tens - 1] + "十") + (
            digits[ones - 1] if ones else ""
        )

    @cached_property
    def _basis(self) -> str:
        """What the draft stands on."""
        return self.text(
            "note.basis",
            day=self.day(self.current.as_of),
            version=bare(self.words.version(ALL)),
            done=sum(e.status in ("on_time", "late") for e in self.facts.expected_now),
            all=len(self.facts.districts),
        )

    def _notes(self) -> Iterator[str]:
        facts = self.facts
        yield self.text("note.draft")
        yield self._basis
        if facts.known_on:
            yield self.text("note.known_on", day=self.day(facts.known_on))
        if facts.is_synthetic:
            yield self.text("note.synthetic")
        if facts.plan.source_complete is False:
            yield bare(self.words.t("notice.incomplete"))

    # ── progress as a whole ───────────────────────────────────────────────────────────────────────────────────────

    def _measures(self, kind: str, code: str = ALL) -> list[Measure]:
        return [m for m in measures_of(self.facts.rows[kind], code) if m.progress.district_scope_in is not False]

    def _counts(self, verdict: Verdict) -> str:
        return bare(self.words.sentence(verdict.counts, "verdict.part"))

    def _target(self, measure: Measure) -> str:
        """``80%以上``; above all of it there is nothing."""
        p, indicator = measure.progress, measure.indicator
        unit = (indicator.unit or "") if indicator.kind == "count" else "%"
        whole = unit == "%" and p.operator == "gte" and p.target == 100
        return self.text(f"target.{'eq' if whole else p.operator}", target=self.words.fmt.target(p.target, unit))

    def _standing(self, measure: Measure, short: bool = False) -> str:
        """Indicator, target and what was reached; ``short``: and how much is lacking."""
        p = measure.progress
        return self.text(
            "standing_short" if short and p.gap_units else "standing",
            indicator=self.words.indicator_name(measure.indicator) + self._scope(measure),
            month=self.words.fmt.month(p.due_date),
            target=self._target(measure),
            value=self._value(measure, "rate_within"),
            gap=bare(self.words.gap_units(measure)),
        )

    def _value(self, measure: Measure, within: str) -> str:
        """What was reached; of a rate with what it is made of."""
        p, value = measure.progress, self.words.value_text(measure)
        if share(p.numerator, p.denominator) is None:
            return value + (measure.indicator.unit or "")
        counted = f"{self.words.fmt.count(p.numerator)}/{self.words.fmt.count(p.denominator)}"
        return self.text(within, value=value, parts=counted)

    def _scope(self, measure: Measure) -> str:
        if not measure.scope or len(measure.scope) > NAMED:
            return ""
        return bare(self.words.t("verdict.scope", districts=self.words.names(measure.scope)))

    def _progress(self) -> Iterator[tuple[str, Iterable[str]]]:
        yield self.text("lead_text.targets"), self._targets()
        yield self.text("lead_text.duties"), self._duties()
        yield self.text("lead_text.rates"), self._rates()
        yield self.text("lead_text.reporting"), self._reporting()
        yield self.text("lead_text.scores"), self._scores()

    def _targets(self) -> Iterator[str]:
        verdict = Verdict.of(self._measures("measured"))
        yield from self.say(
            "targets",
            day=self.day(self.current.as_of),
            region=self.name(ALL),
            n=verdict.total,
            parts=self._counts(verdict),
        )
        for key, measures in self._remarkable.items():
            shown = [self._standing(m, key != "met") for m in measures]
            yield from self.say(key, list=self.some(shown, "semicolon", TOLD))
        yield from self.say("in_table", n=verdict.total if self._is_long else 0)

    @cached_property
    def _remarkable(self) -> dict[str, list[Measure]]:
        """The milestones that are named, by sentence; of what is lacking the widest gap first."""
        verdict = Verdict.of(self._measures("measured"))
        lacking = {
            "missed": [m for m in verdict.overdue if m.tone != "soft"],
            "missed_soft": [m for m in verdict.overdue if m.tone == "soft"],
            "trouble": verdict.behind + verdict.at_risk,
        }
        widest = {key: sorted(found, key=lambda m: -(m.progress.gap_points or 0)) for key, found in lacking.items()}
        return {"met": verdict.met, **widest}

    @property
    def _is_long(self) -> bool:
        """There are more milestones than a paragraph bears: a table shows them all."""
        return any(len(measures) > TOLD + 1 for measures in self._remarkable.values())

    def _duties(self) -> Iterator[str]:
        duties = self._measures("duties")
        verdict = Verdict.of(duties)
        yield from self.say("duties", n=verdict.total, parts=self._counts(verdict))
        rows = {row.measure.progress.milestone_id: row for row in self.facts.rows["duties"]}
        late = [
            self.text(
                "duty_of",
                duty=self.words.indicator_name(m.indicator),
                districts=self.names(rows[m.progress.milestone_id].places("overdue_not_met", "behind", "no_data")),
            )
            for m in verdict.overdue + verdict.behind
            if rows[m.progress.milestone_id].places("overdue_not_met", "behind", "no_data")
        ]
        yield from self.say("duties_late", list=self.listed(late, "semicolon"))

    @cached_property
    def _changes(self) -> dict[tuple[str, str], Change]:
        read = self.facts.marts.read(
            Change,
            "mart_rate_change",
            "indicator_id",
            plan_id=self.facts.plan.plan_id,
            period_id=self.current.period_id,
        )
        return {(c.indicator_id, c.district_code): c for c in read if c.work_effect is not None}

    @cached_property
    def _headline(self) -> list[Indicator]:
        """The rates the plan puts first, those that have figures."""
        rates = [i for i in self.facts.indicators.values() if i.kind in MEASURED and i.kind != "count"]
        shown = [i for i in rates if i.is_headline] or rates
        return [
            i
            for i in shown
            if (f := self.facts.figure(i, ALL, self.current.period_id))
            and share(f.numerator, f.denominator) is not None
        ]

    def _rates(self) -> Iterator[str]:
        """Each headline rate, and by how much and why it moved; at the end what of that is no work."""
        fmt, silence = self.words.fmt, dict[str, float]()
        for indicator in self._headline:
            name = self.words.indicator_name(indicator)
            told = {"indicator": name, "value": self._rate(indicator, ALL)}
            change = self._changes.get((indicator.indicator_id, ALL))
            if change is None:
                yield from self.say("rate_now", **told)
                continue
            work, base = exact(change.work_effect or 0), exact(change.denominator_effect or 0)
            if abs(work + base) < SHOWN:
                yield from self.say("rate_same" if abs(work + base) < NOISE else "rate_near", **told)
                continue
            key = "rate_rose" if work + base > 0 else "rate_fell"
            told["points"] = fmt.effect(abs(work + base)).lstrip("+")
            if base or change.silence_effect:
                yield from self.say(key, **told, work=fmt.effect(work), base=fmt.effect(base))
            else:
                yield from self.say(f"{key}_by_work", **told)
            if change.silence_effect and change.districts_one_sided:
                silence[name] = change.silence_effect
        largest = sorted(silence.items(), key=lambda item: -abs(item[1]))
        parts = [self.text("silence_of", indicator=name, points=fmt.effect(effect)) for name, effect in largest]
        yield from self.say("rate_silence", list=self.some(parts, named=TOLD))

    def _parts(self, indicator: Indicator, code: str, variant: str = "audited") -> tuple[str, str] | None:
        """A rate and what it is made of: ``95.7%`` and ``597/624``; None where it is not known."""
        figure = self.facts.figure(indicator, code, self.current.period_id, variant)
        if figure is None or (value := share(figure.numerator, figure.denominator)) is None:
            return None
        fmt = self.words.fmt
        parts = f"{fmt.count(figure.numerator)}/{fmt.count(figure.denominator)}"
        return fmt.rate(value, self.words.thresholds(indicator)), parts

    def _rate(self, indicator: Indicator, code: str, variant: str = "audited") -> str | None:
        found = self._parts(indicator, code, variant)
        return self.text("rate", value=found[0], parts=found[1]) if found else None

    # ── who reported ──────────────────────────────────────────────────────────────────────────────────────────────

    def _with_status(self, *statuses: str) -> list[Expected]:
        return [e for e in self.facts.expected_now if e.status in statuses and e.district_code in self.facts.district]

    def _reporting(self) -> Iterator[str]:
        counts = Counter(e.status for e in self.facts.expected_now)
        yield from self.say(
            "reporting",
            n=len(self.facts.expected_now),
            parts=bare(self.words.sentence(dict(counts), "intake.part")),
        )
        late = [
            self.text("late_by", district=self.name(e.district_code), n=e.days_late)
            if e.days_late
            else self.name(e.district_code)
            for e in self._with_status("late")
        ]
        yield from self.say("late", list=self.some(late))
        yield from self.say("silent", districts=self.names(e.district_code for e in self._with_status("missing")))
        yield from self.say("returned", districts=self.names(e.district_code for e in self._with_status("returned")))

    def _scores(self) -> Iterator[str]:
        scored = [
            s for s in self.facts.scores.values() if s.score is not None and s.district_code in self.facts.district
        ]
        if len(scored) < 2:
            return
        scored.sort(key=lambda s: (-(s.score or 0), s.district_code))
        best, worst = scored[0], scored[-1]
        yield from self.say(
            "scores_final" if all(s.is_final for s in scored) else "scores",
            best=self.name(best.district_code),
            best_score=self.words.fmt.points(best.score),
            worst=self.name(worst.district_code),
            worst_score=self.words.fmt.points(worst.score),
        )
        ranges = sorted((s.rank_low, s.rank_high) for s in scored if s.rank_low is not None and s.rank_high is not None)
        overlap = any(later[0] <= earlier[1] for earlier, later in pairwise(ranges))
        yield from self.say("inseparable", overlap=overlap or None)
        yield from self.say("proposal", proposal=self.facts.plan.rubric_is_proposal or None)

    # ── district by district ──────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def _laggards(self) -> list[Standing]:
        """The districts with a milestone behind or without data, the one furthest behind first."""
        found = data.standings(self.facts)
        return [s for s in found if s.laggard.milestones_behind or s.laggard.milestones_no_data]

    @cached_property
    def _missing(self) -> Counter[str]:
        """Communities left out without a word by districts that did report."""
        unreported = self.facts.communities(in_register=True, is_reported=False)
        return Counter(c.district_code for c in unreported if not c.district_silent)

    @cached_property
    def _errors(self) -> list[Issue]:
        return [
            i
            for i in self.facts.marts.read(
                Issue,
                "fct_issue",
                "submission_id issue_no",
                plan_id=self.facts.plan.plan_id,
                period_id=self.current.period_id,
                is_effective=True,
                severity="error",
            )
            if i.district_code in self.facts.district
        ]

    def _districts(self) -> Iterator[tuple[str, Iterable[str]]]:
        """All districts where they are few, else those that lag most."""
        worst = {lag.district.district_code: lag.worst for lag in self._laggards}
        few = len(self.facts.districts) <= MANY
        shown = self.facts.districts if few else [lag.district for lag in self._laggards[: 2 * NAMED]]
        if not few:
            yield "", self.say("most_lagging", n=len(shown), all=len(self.facts.districts))
        for district in shown:
            yield self.name(district.district_code), self._district(district, worst.get(district.district_code))

    def _district(self, district: District, worst: Measure | None) -> Iterator[str]:
        code = district.district_code
        verdict = Verdict.of(self._measures("measured", code))
        yield from self.say("district_targets", n=verdict.total, parts=self._counts(verdict))
        if worst is not None and worst.indicator.kind in MEASURED and worst.progress.gap_units:
            yield from self.say("district_worst", standing=self._standing(worst, True))
        duties = Verdict.of(self._measures("duties", code))
        open_duties = [self.words.indicator_name(m.indicator) for m in duties.overdue + duties.behind]
        yield from self.say("district_duties", duties=self.some(open_duties))
        for e in self.facts.expected_now:
            if e.district_code == code and e.status != "not_due":
                key = {"missing": "silent"}.get(e.status, e.status)
                told = {"n": e.days_late} if e.status == "late" else {}
                yield from self.say(f"district_{key}", **told)
        yield from self.say("district_missing", n=self._missing[code])
        score = self.facts.scores.get(code)
        if score is not None:
            apart = score.rank_low == score.rank_high
            yield from self.say(
                "district_score_apart" if apart else "district_score",
                score=self.words.fmt.points(score.score),
                low=score.rank_low,
                high=score.rank_high,
            )

    # ── what is wrong ─────────────────────────────────────────────────────────────────────────────────────────────

    def _problems(self) -> Iterator[tuple[str, Iterable[str]]]:
        yield self.text("lead_text.gaps"), self._gaps()
        yield self.text("lead_text.ledgers"), self._ledgers()
        yield self.text("lead_text.substance"), self._substance()

    def _lacking_in(self, milestone_id: str) -> Iterator[str]:
        """The districts short of a target, those that lack most first, and those nothing is known of."""
        row = next(r for r in self.facts.rows["measured"] if r.measure.progress.milestone_id == milestone_id)
        short = [(code, m) for code, m in row.districts.items() if m.progress.gap_units and m.progress.status in OPEN]
        for code, m in sorted(short, key=lambda pair: -(pair[1].progress.gap_units or 0)):
            yield self.text("short_of", district=self.name(code), gap=bare(self.words.gap_units(m)))
        for code in row.places("no_data"):
            yield self.text("unknown_of", district=self.name(code))

    def _gaps(self) -> Iterator[str]:
        measures = self._measures("measured")
        lacking = self._latest(
            m
            for m in measures
            if m.progress.gap_units and m.progress.status in OPEN and m.progress.is_scored is not False
        )
        lacking.sort(key=lambda m: (-(m.progress.gap_points or 0), m.progress.milestone_id))
        for measure in lacking[:3]:
            yield from self.say(
                "gap",
                indicator=self.words.indicator_name(measure.indicator) + self._scope(measure),
                target=self._target(measure),
                points=self.words.fmt.gap(measure.progress.gap_points),
                gap=bare(self.words.gap_units(measure)),
                districts=self.some(list(self._lacking_in(measure.progress.milestone_id))),
            )
        often = [lag for lag in self._laggards if lag.laggard.milestones_behind]
        yield from self.say(
            "laggards",
            n=len(often),
            districts=self.some(
                [
                    self.text(
                        "behind_in", district=self.name(lag.district.district_code), n=lag.laggard.milestones_behind
                    )
                    for lag in often
                ]
            ),
        )

    def _by_district(self, counted: Counter[str]) -> str:
        ranked = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
        return self.some([self.text("so_many", district=self.name(code), n=n) for code, n in ranked if n])

    def _ledgers(self) -> Iterator[str]:
        silent = [e.district_code for e in self._with_status("missing", "returned")]
        yield from self.say("not_in", n=len(silent), districts=self.names(silent))
        yield from self.say(
            "left_out", n=sum(self._missing.values()), districts=self._by_district(self._missing)
        )  # fmt: skip
        per = Counter(i.district_code for i in self._errors if i.district_code)
        rules = Counter(i.rule_id for i in self._errors)
        common = sorted(rules.items(), key=lambda pair: (-pair[1], pair[0]))[:3]
        yield from self.say(
            "errors",
            n=len(self._errors),
            districts=len(per),
            rules=self.listed(self.text("so_many", district=self._rule(rule), n=n) for rule, n in common),
        )

    def _rule(self, rule_id: str) -> str:
        from pipelines.intake.rules.base import title_of

        return title_of(rule_id) if self.lang == "zh" else rule_id

    def _substance(self) -> Iterator[str]:
        """What stands on paper only: strict figures, rates that mergers raised, results without evidence."""
        found = []
        for indicator in self._headline:
            audited = self.facts.figure(indicator, ALL, self.current.period_id)
            strict = self.facts.figure(indicator, ALL, self.current.period_id, "strict")
            now, severe = (share(f.numerator, f.denominator) if f else None for f in (audited, strict))
            if now is not None and severe is not None and severe < now:
                found.append(
                    self.text(
                        "strict_of",
                        indicator=self.words.indicator_name(indicator),
                        value=self._rate(indicator, ALL, "strict"),
                        points=self.words.fmt.gap(now - severe),
                    )
                )
        yield from self.say("strict", list=self.listed(found, "semicolon"))
        yield from self._mergers()
        whole = next((e for e in self.facts.evidence if e.district_code == ALL), None)
        if whole is not None:
            yield from self.say("no_evidence", n=whole.results - whole.listed, all=whole.results)

    def _mergers(self) -> Iterator[str]:
        bridges = self.facts.marts.read(
            Bridge,
            "mart_register_bridge",
            "district_code",
            plan_id=self.facts.plan.plan_id,
            period_id=self.current.period_id,
        )
        for bridge in bridges:
            if bridge.district_code not in self.facts.district or not bridge.merged_out:
                continue
            raised = [
                (self._changes[key], i)
                for i in self._headline
                if (key := (i.indicator_id, bridge.district_code)) in self._changes
                and (self._changes[key].denominator_effect or 0) >= STEP
            ]
            if raised:
                change, indicator = max(raised, key=lambda pair: pair[0].denominator_effect or 0)
                yield from self.say(
                    "merged",
                    district=self.name(bridge.district_code),
                    n=bridge.merged_out,
                    indicator=self.words.indicator_name(indicator),
                    points=self.words.fmt.effect(change.denominator_effect).lstrip("+"),
                )

    # ── what is asked ─────────────────────────────────────────────────────────────────────────────────────────────

    def _next(self) -> Iterator[tuple[str, Iterable[str]]]:
        yield self.text("lead_text.close"), self._close()
        yield self.text("lead_text.report"), self._report()
        yield self.text("lead_text.prove"), self._prove()

    def _close(self) -> Iterator[str]:
        measures = [m for m in self._measures("measured") if m.progress.gap_units and m.progress.is_scored is not False]
        yield from self.say(
            "close",
            list=self.listed(
                self.text(
                    "short_of",
                    district=self.words.indicator_name(m.indicator) + self._scope(m),
                    gap=bare(self.words.gap_units(m)),
                )
                for m in self._latest(measures)
            ),
        )
        paces = [
            self.text(
                "pace_of",
                indicator=self.words.indicator_name(m.indicator) + self._scope(m),
                day=self.day(m.progress.due_date),
                pace=self.words.fmt.pace(m.progress.required_per_month),
            )
            for m in measures
            if m.progress.required_per_month and m.progress.status in ("behind", "at_risk", "on_track")
        ]
        yield from self.say("pace", list=self.listed(paces, "semicolon"))
        duties = Verdict.of(self._measures("duties"))
        yield from self.say(
            "finish_duties",
            list=self.some([self.words.indicator_name(m.indicator) for m in duties.overdue + duties.behind]),
        )

    @staticmethod
    def _latest(measures: Iterable[Measure]) -> list[Measure]:
        """One milestone per indicator: the last, which asks for most."""
        by: dict[str, Measure] = {}
        for m in measures:
            before = by.get(m.indicator.indicator_id)
            if before is None or (m.progress.due_date or date.min) >= (before.progress.due_date or date.min):
                by[m.indicator.indicator_id] = m
        return list(by.values())

    def _report(self) -> Iterator[str]:
        silent = [e.district_code for e in self._with_status("missing", "returned")]
        yield from self.say("send", districts=self.names(silent))
        yield from self.say("explain", n=sum(self._missing.values()))
        yield from self.say("mend", n=len(self._errors))
        later = [
            p
            for p in self.facts.marts.read(Period, "dim_period", "as_of seq", plan_id=self.facts.plan.plan_id)
            if p.as_of > self.current.as_of
        ]
        if later:
            yield from self.say(
                "next_period",
                period=self.words.period_name(later[0]),
                day=self.day(later[0].due_date) if later[0].due_date else None,
            )

    def _prove(self) -> Iterator[str]:
        bare_results = [e for e in self.facts.evidence if e.district_code != ALL and e.results > e.listed]
        yield from self.say(
            "prove",
            n=sum(e.results - e.listed for e in bare_results),
            districts=self.names(e.district_code for e in bare_results if e.district_code in self.facts.district),
        )

    # ── the table ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _annexes(self) -> Iterator[Annex]:
        tables = [found for found in (self._main_rates(), self._milestones()) if found]
        for number, (name, head, rows) in enumerate(tables, 1):
            title = self.text(f"annex.{name}", region=self.name(ALL))
            key = "annex.title" if len(tables) == 1 else "annex.title_of"
            yield Annex(self.text(key, number=number, title=title), head, rows)

    def _main_rates(self) -> tuple[str, list[str], list[list[str]]] | None:
        """The first headline rates of every area."""
        shown = self._headline[:5]
        if not shown:
            return None
        rows = []
        for code in (ALL, *(d.district_code for d in self.facts.districts)):
            found = [self._parts(i, code) for i in shown]
            rows.append([self.name(code), *("\n".join(parts) if parts else MISSING for parts in found)])
        return "rates", [self.text("area"), *(self.words.indicator_name(i) for i in shown)], rows

    def _milestones(self) -> tuple[str, list[str], list[list[str]]] | None:
        """Every milestone, the earliest first, where the text names some of them only."""
        if not self._is_long:
            return None
        measures = [m for m in self._measures("measured") if m.progress.is_scored is not False]
        rows = [
            [
                self.words.indicator_name(m.indicator) + self._scope(m),
                self.words.fmt.month(m.progress.due_date),
                self._target(m),
                self._value(m, "annex.value"),
                bare(self.words.gap_units(m)) if m.progress.gap_units else MISSING,
                bare(self.words.t(f"status.{m.progress.status}")),
            ]
            for m in sorted(measures, key=lambda m: m.progress.due_date or date.max)
            if m.progress.status != "not_applicable"
        ]
        columns = ("indicator", "due", "target", "value", "gap_units", "status")
        return "milestones", [bare(self.words.t(f"export.column.{name}")) for name in columns], rows
