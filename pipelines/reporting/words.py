"""Names and phrases of one plan in one language, as every page may show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from markupsafe import Markup

from pipelines.reporting import data
from pipelines.reporting.format import MISSING, Format, share
from pipelines.reporting.marts import ALL, District, Figure, Indicator, Laggard, Period, Progress, Score, Target
from pipelines.reporting.messages import Catalogue, catalogue

READING_ORDER = ("met", "on_track", "at_risk", "behind", "overdue_not_met", "no_data")
EXPECTED_ORDER = ("on_time", "late", "returned", "missing", "not_due")


@dataclass(frozen=True)
class Words:
    """What every page says in the same words; a page's own sentences are in its module."""

    facts: data.Facts
    lang: str

    @cached_property
    def t(self) -> Catalogue:
        return catalogue(self.lang)

    @cached_property
    def fmt(self) -> Format:
        return Format(self.lang)

    @property
    def region(self) -> str:
        return self.t("site.whole", region=self.facts.plan.region_name or self.facts.plan.plan_name)

    @property
    def plan_name(self) -> str:
        plan = self.facts.plan
        return (plan.plan_name_en or plan.plan_name) if self.lang == "en" else plan.plan_name

    @property
    def whole(self) -> str:
        """The plan area in two letters where there is no room for its name: 全市, 全县."""
        kind = (self.facts.plan.region_name or "")[-1:]
        return f"全{kind}" if self.lang == "zh" and kind in tuple("省市县区州盟旗镇") else self.region

    def name(self, code: str) -> str:
        """A district's name; the plan area's for ``ALL``."""
        return self.region if code == ALL else self.facts.name(code, self.lang)

    def names(self, districts: Iterable[District]) -> str:
        return str(self.t("verdict.separator")).join(self.name(d.district_code) for d in districts)

    def short(self, district: District) -> str:
        return self.name(district.district_code) if self.lang == "en" else district.short_name or district.district_name

    def indicator_name(self, indicator: Indicator) -> str:
        return (
            (indicator.indicator_name_en or indicator.indicator_name) if self.lang == "en" else indicator.indicator_name
        )

    def period_name(self, period: Period | str | None) -> str:
        """A period's name, the period given or its id."""
        if isinstance(period, str):
            period = next((p for p in self.facts.periods if p.period_id == period), period)
        if period is None or isinstance(period, str):
            return period or MISSING
        stated = period.period_name_en if self.lang == "en" else period.period_name
        return stated or self.fmt.month(period.as_of)

    def unit(self, aim: Progress | Target) -> str:
        return "%" if self.facts.indicators[aim.indicator_id].kind != "count" else ""

    def unit_of(self, indicator: Indicator) -> str:
        """What an indicator's value is counted in."""
        return "%" if indicator.kind != "count" else indicator.unit or ""

    def target(self, aim: Progress | Target) -> str:
        """What a milestone asks for, in words: ``≥80%``, ``55``, done."""
        operator = str(self.t.label("operator", aim.operator))
        return operator if aim.operator == "done_by" else f"{operator}{self.fmt.target(aim.target, self.unit(aim))}"

    @cached_property
    def _threshold_map(self) -> dict[str, tuple[tuple[str, Any], ...]]:
        found: dict[str, tuple[tuple[str, Any], ...]] = {}
        for row in self.facts.rows["measured"]:
            key = row.measure.indicator.indicator_id
            found[key] = found.get(key, ()) + row.measure.thresholds
        return found

    def thresholds(self, indicator: Indicator) -> tuple[tuple[str, Any], ...]:
        return self._threshold_map.get(indicator.indicator_id, ())

    def flags(self, row: data.Row, measure: data.Measure) -> list[str]:
        """Short remarks a reader must see beside a milestone."""
        progress, flags = measure.progress, list[str]()
        current = self.facts.current.period_id if self.facts.current else None
        if progress.binding and progress.binding != "hard":
            flags.append(str(self.t.label("binding", progress.binding)))
        if progress.is_final and progress.deciding_period_id not in (None, current):
            deciding = next((p for p in self.facts.periods if p.period_id == progress.deciding_period_id), None)
            if deciding:
                flags.append(str(self.t("milestones.early", day=self.fmt.day(deciding.as_of))))
        if measure is row.measure and (unknown := len(row.places("no_data"))):
            flags.append(str(self.t("milestones.silent", n=unknown)))
        for key, on in (
            ("restated", progress.is_restated),
            ("breached", progress.is_breached),
            ("default_date", progress.date_is_default),
            ("derived", progress.target_is_derived and progress.binding != "derived"),
            ("tracked", progress.is_scored is False),
        ):
            if on:
                flags.append(str(self.t(f"milestones.{key}")))
        return flags

    def gap_units(self, measure: data.Measure) -> str:
        indicator = measure.indicator
        return self.amount(indicator.basis, int(measure.progress.gap_units or 0), indicator.entity)

    def amount(self, basis: str | None, n: int, entity: str | None = None) -> str:
        """So many of what a basis counts: ``3个小区``."""
        # Bodies are committees of owners, offices of streets, party organisations: named so where there is a word.
        own = f"{basis}_{entity}"
        basis = own if self._knows_unit(own) else basis
        return self.t(f"gap_unit.{basis}", n=n) if basis and self._knows_unit(basis) else self.fmt.count(n)

    def _knows_unit(self, basis: str) -> bool:
        return self.t.has(f"gap_unit.{basis}") or self.t.has(f"gap_unit.{basis}.other")

    def value_text(self, measure: data.Measure) -> str:
        value = exact_share(measure.progress)
        if value is None:
            return self.fmt.count(measure.progress.numerator)
        return self.fmt.rate(value, measure.thresholds)

    def sentence(self, counts: dict[str, int], family: str) -> Markup:
        """Counts as a list in words, in the order of the keys the catalogue knows."""
        order = READING_ORDER if family == "verdict.part" else EXPECTED_ORDER
        return self.t("verdict.separator").join(
            self.t(f"{family}.{key}", n=counts[key]) for key in order if counts.get(key)
        )

    def version(self, code: str) -> str:
        """What a file of an area is known by: its version, and the publication that brought it."""
        version, number = self.facts.version_of(code), self.facts.number_of(code)
        return version if number is None else self.t("stamp.numbered", version=version, number=str(number))

    def reporting(self) -> str:
        facts = self.facts
        if facts.current is None:
            return ""
        expected = facts.expected_now
        done = [e for e in expected if e.status in ("on_time", "late")]
        late = sum(e.status == "late" for e in done)
        silent = [
            facts.district[e.district_code]
            for e in expected
            if e.status in ("missing", "returned") and e.district_code in facts.district
        ]
        return self.t(
            "verdict.reporting",
            all=len(expected),
            done=len(done),
            late=self.t("verdict.late", n=late) if late else "",
            silent=self.t("verdict.silent", districts=self.names(silent)) if silent else "",
        )

    @property
    def foreign(self) -> Markup:
        """The attribute that marks Chinese text on a page in another language."""
        return Markup("" if self.lang == "zh" else ' lang="zh-CN"')

    def reason(self, laggard: Laggard) -> str:
        """Why a district lags, with the figures that say so."""
        if not laggard.main_reason or not self.t.has(f"reason.{laggard.main_reason}"):
            return ""
        observed, compared = laggard.reason_observed, laggard.reason_compared_with
        return self.t(
            f"reason.{laggard.main_reason}",
            units=self.fmt.count(observed),
            rate=self.fmt.rate(observed) if observed is not None and 0 <= observed <= 100 else self.fmt.pace(observed),
            of=self.fmt.count(compared),
            whole=self.fmt.rate(compared) if compared is not None and 0 <= compared <= 100 else self.fmt.pace(compared),
            pace=self.fmt.pace(abs(observed) if observed is not None else None),
        )

    def grade(self, score: Score) -> Markup:
        """The grade's name; in Chinese where the rubric has no other."""
        if not score.grade:
            return Markup(MISSING)
        english = self.facts.grades.get(score.grade) if self.lang == "en" else None
        return Markup("{}").format(english) if english else self.chinese(score.grade)

    def chinese(self, text: str) -> Markup:
        """Text that is Chinese on every page, marked as such on others."""
        return Markup("<span{}>{}</span>").format(self.foreign, text)

    def said(self, chinese: str | None, english: str | None) -> Markup:
        """A sentence that is published in both languages; the Chinese one where there is no other."""
        if self.lang == "en" and english:
            return Markup("{}").format(english)
        return self.chinese(chinese) if chinese else Markup(MISSING)

    def score(self, score: Score) -> str:
        return self.t(
            "assessment.district_line",
            score=self.fmt.points(score.score),
            raw=self.fmt.points(score.raw_points),
            applicable=self.fmt.points(score.applicable_points),
            grade=self.grade(score),
            rank=score.rank if score.rank is not None else MISSING,
            low=score.rank_low if score.rank_low is not None else MISSING,
            high=score.rank_high if score.rank_high is not None else MISSING,
        )


def exact_share(figure: Figure | Progress) -> Fraction | None:
    """The rate a figure states, exactly, from its own numerator and denominator."""
    return share(figure.numerator, figure.denominator)
