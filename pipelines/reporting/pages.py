"""Pages from templates: one template per page for every language, the words from the catalogue.

A page is a function of the published marts alone: the same marts give the same bytes.
"""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipelines.forms import FORMS
from pipelines.reporting import charts, data
from pipelines.reporting.format import MISSING, Format, share
from pipelines.reporting.marts import (
    ALL,
    Bridge,
    Community,
    District,
    Figure,
    Indicator,
    Item,
    Marts,
    Period,
    Progress,
    Score,
)
from pipelines.reporting.messages import HTML_LANG, LANGUAGES, Catalogue, catalogue
from pipelines.settings import Workspace

HERE = Path(__file__).parent
LANGUAGE_NAMES = {"zh": "中文", "en": "English"}
# Signs differ in shape, so that a status is told apart in grey and by colour-blind readers; its word stands beside it.
SIGNS = {
    "met": "✓",
    "on_track": "→",
    "at_risk": "▲",
    "behind": "▼",
    "overdue_not_met": "✕",
    "no_data": "○",
    "not_applicable": "–",
    "pending": "○",
}
READING_ORDER = ("met", "on_track", "at_risk", "behind", "overdue_not_met", "no_data")
EXPECTED_SIGNS = {"on_time": "✓", "late": "▲", "returned": "↩", "missing": "✕", "not_due": "○"}
ROWS_PER_LIST_PAGE = 600
"""Communities on one page of a district's list: keeps a page under 400 KB."""


def build_reports(
    ws: Workspace,
    plan_id: str | None = None,
    lang: str = "zh",
    marts_dir: Path | None = None,
    out: Path | None = None,
    known_on: date | None = None,
) -> list[Path]:
    """Write the pages of one plan, or of every plan that has received a workbook; returns the pages' paths.

    Chinese pages go to ``<out>/<plan>/``, English ones to ``<out>/<plan>/en/``. A language that was built before is
    built again along with the one asked for, so that no page is older than its sibling. Files are replaced one by one,
    each whole; pages that no longer belong to the plan are removed. ``known_on``: the marts are as known on that past
    day, and every page says so. Raises ValueError for an unknown language or plan.
    """
    catalogue(lang)
    out = out or ws.reports
    written: list[Path] = []
    with Marts(marts_dir or ws.marts) as marts:
        plans = list(marts.plans(plan_id))
        if plan_id and not plans:
            raise ValueError(f"no plan {plan_id!r} in the published tables")
        _write_assets(out / "assets")
        for plan in plans:
            facts = data.load(marts, plan, known_on)
            folder = out / plan.plan_id
            languages = [code for code in LANGUAGES if code == lang or (_home(folder, code) / "index.html").is_file()]
            for code in languages:
                written += Site(facts, code, languages).write(_home(folder, code))
    return written


def _home(folder: Path, lang: str) -> Path:
    return folder if lang == "zh" else folder / lang


def _write_assets(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    package = importlib.util.find_spec("plotly")
    if package is None or package.origin is None:
        raise RuntimeError("the package plotly, whose script the charts need, is not installed")
    _replace(folder / "plotly.min.js", (Path(package.origin).parent / "package_data" / "plotly.min.js").read_bytes())
    for file in sorted((HERE / "assets").iterdir()):
        _replace(folder / file.name, file.read_bytes())


def _replace(path: Path, content: bytes) -> None:
    """Put the whole file in place at once; leave it alone when nothing changed."""
    if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    part.write_bytes(content)
    os.replace(part, path)


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass(frozen=True)
class Site:
    """The pages of one plan in one language."""

    facts: data.Facts
    lang: str
    languages: list[str]

    def write(self, folder: Path) -> list[Path]:
        """Write every page into a folder and remove pages of earlier builds that are no longer made."""
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for name, text in self.pages():
            _replace(folder / name, text.encode())
            written.append(folder / name)
        for old in set(folder.glob("*.html")) - set(written):
            old.unlink()
        return written

    def pages(self) -> Iterator[tuple[str, str]]:
        """File name and text of each page, the city's page last: when it is new, everything it leads to is."""
        facts = self.facts
        for district in facts.districts:
            yield from self._district(district)
        yield "assessment.html", self._render("assessment", "assessment", page=data.assessment(facts))
        yield "intake.html", self._render("intake", "intake", page=data.intake(facts))
        yield "register.html", self._render("register", "register", page=data.register(facts))
        yield "index.html", self._render("index", "index", page=data.city(facts))

    def _district(self, district: District) -> Iterator[tuple[str, str]]:
        code, facts = district.district_code, self.facts
        page = data.district(facts, code)
        title = self.t("title.district", district=self.name(code))
        gap_lists = {gap.measure.progress.milestone_id: gap for gap in page.gaps}
        expected = [e for e in facts.expected_now if e.district_code == code]
        own = (
            self.t(f"verdict.own.{expected[0].status}", n=expected[0].days_late, days=expected[0].days_late or 0)
            if expected
            else ""
        )
        yield (
            f"{code}.html",
            self._render(
                "district",
                code,
                file=f"{code}.html",
                title=title,
                page=page,
                gap_lists=gap_lists,
                own_sentence=own,
                silent=sum(bool(p.community.district_silent) for p in page.communities),
                list_href=_list_page(code, 1),
            ),
        )
        pages = max(1, math.ceil(len(page.communities) / ROWS_PER_LIST_PAGE))
        for number in range(1, pages + 1):
            start = (number - 1) * ROWS_PER_LIST_PAGE
            file = _list_page(code, number)
            yield (
                file,
                self._render(
                    "communities",
                    code,
                    file=file,
                    title=self.t("title.communities", district=self.name(code)),
                    page=page,
                    shown=page.communities[start : start + ROWS_PER_LIST_PAGE],
                    number=number,
                    pages=pages,
                    completed=sum(bool(p.community.is_completed) for p in page.communities),
                    list_page=lambda n: _list_page(code, n),
                ),
            )

    def _render(
        self, template: str, here: str, *, file: str | None = None, title: str | None = None, **context: Any
    ) -> str:
        file = file or f"{template}.html"
        others = [(other, self._sibling(other, file)) for other in self.languages if other != self.lang]
        return (
            _templates()
            .get_template(f"{template}.html.j2")
            .render(
                self._shared,
                here=here,
                title=title or self.t(f"title.{template}", region=self.region),
                others=others,
                **context,
            )
        )

    def _sibling(self, other: str, file: str) -> str:
        up = "" if self.lang == "zh" else "../"
        return f"{up}{file}" if other == "zh" else f"{up}{other}/{file}"

    @cached_property
    def t(self) -> Catalogue:
        return catalogue(self.lang)

    @cached_property
    def fmt(self) -> Format:
        return Format(self.lang)

    @property
    def region(self) -> str:
        return self.t("site.whole", region=self.facts.plan.region_name or self.facts.plan.plan_name)

    @cached_property
    def _shared(self) -> dict[str, Any]:
        """What every template may use: words, formats, names and the plan's shared facts."""
        facts, plan = self.facts, self.facts.plan
        current = facts.current.period_id if facts.current else None
        in_force = [s for s in facts.submissions if s.is_effective and s.period_id == current]
        periods = {p.period_id: p for p in facts.periods}
        return {
            "t": self.t,
            "fmt": self.fmt,
            "lang": self.lang,
            "html_lang": HTML_LANG[self.lang],
            "html_langs": HTML_LANG,
            "language_names": LANGUAGE_NAMES,
            "assets": "../assets/" if self.lang == "zh" else "../../assets/",
            "foreign": self._foreign,
            "home": Markup(' lang="en"') if self.lang == "en" else "",
            "facts": facts,
            "version": facts.marts.version,
            "plan_name": (plan.plan_name_en or plan.plan_name) if self.lang == "en" else plan.plan_name,
            "reported": len(in_force),
            "in_force": len(in_force),
            "is_proposal": plan.rubric_is_proposal,
            "reporting_sentence": self._reporting(),
            "name": self.name,
            "names": self.names,
            "short": self._short,
            "short_names": lambda districts: str(self.t("verdict.separator")).join(map(self._short, districts)),
            "iname": self.indicator_name,
            "pname": lambda period: self._period_name(
                periods.get(period, period) if isinstance(period, str) else period
            ),
            "tone": data.tone,
            "exact_share": _exact_share,
            "svg": _svg,
            "unit": self._unit,
            "thresholds": self._thresholds,
            "headline": data.headline,
            "flags": self._flags,
            "kinds": self._kinds,
            "gap_units": self._gap_units,
            "value_text": self._value_text,
            "sentence": self._sentence,
            "lag_sentence": self._lag_sentence,
            "score_sentence": self._score_sentence,
            "item_value": self._item_value,
            "bridge_cell": self._bridge_cell,
            "register_delta": self._register_delta,
            "whole_measure": lambda row: row.measure,
            "district_measure": lambda code: lambda row: row.districts[code],
            "trend_chart": lambda trend, code: charts.trend(trend, code, self.name, self.t, self.fmt),
            "change_chart": lambda changes: charts.change(changes, self.indicator_name, self.t, self.fmt),
            "lost_chart": lambda page: charts.lost(page.ranking, page.groups, self.name, self.fmt),
            "to_json": charts.to_json,
            "form_title": lambda form: FORMS[form].sheet if form in FORMS else form,
            "field_title": self._field_title,
            "duties": ("boolean", "document", "cadence"),
            "SIGNS": SIGNS,
            "EXPECTED_SIGNS": EXPECTED_SIGNS,
            "STATUSES": data.STATUSES,
            "VARIANTS": data.VARIANTS,
            "BRIDGE": ("opening", "added", "split_in", "merged_out", "demolished", "corrected", "closing", "missing"),
            "MANY": data.MANY,
            "MISSING": MISSING,
            "LISTED": 40,
            "CHANGES": 100,
            "ISSUES": 20,
            "MISSED": 300,
            "RECEIVED": 300,
            "MATRIX": 15,
        }

    def name(self, code: str) -> str:
        """A district's name; the plan area's for ``ALL``."""
        return self.region if code == ALL else self.facts.name(code, self.lang)

    def names(self, districts: Iterable[District]) -> str:
        return str(self.t("verdict.separator")).join(self.name(d.district_code) for d in districts)

    def _short(self, district: District) -> str:
        return self.name(district.district_code) if self.lang == "en" else district.short_name or district.district_name

    def indicator_name(self, indicator: Indicator) -> str:
        return (
            (indicator.indicator_name_en or indicator.indicator_name) if self.lang == "en" else indicator.indicator_name
        )

    def _field_title(self, form: str, field: str) -> str:
        """A column's name on its form, in English what it means."""
        columns = (*FORMS[form].columns, *FORMS[form].alternatives) if form in FORMS else ()
        column = next((column for column in columns if column.field == field), None)
        return field if column is None else column.description if self.lang == "en" else column.header

    def _period_name(self, period: Period | str | None) -> str:
        if period is None or isinstance(period, str):
            return period or MISSING
        stated = period.period_name_en if self.lang == "en" else period.period_name
        return stated or self.fmt.month(period.as_of)

    def _unit(self, progress: Progress) -> str:
        return "%" if self.facts.indicators[progress.indicator_id].kind != "count" else ""

    @cached_property
    def _threshold_map(self) -> dict[str, tuple[tuple[str, Any], ...]]:
        found: dict[str, tuple[tuple[str, Any], ...]] = {}
        for row in self.facts.rows["measured"]:
            key = row.measure.indicator.indicator_id
            found[key] = found.get(key, ()) + row.measure.thresholds
        return found

    def _thresholds(self, indicator: Indicator) -> tuple[tuple[str, Any], ...]:
        return self._threshold_map.get(indicator.indicator_id, ())

    def _flags(self, row: data.Row, measure: data.Measure) -> list[str]:
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

    def _kinds(self, community: Community) -> list[str]:
        found = (
            ("missing", community.is_reported is False),
            ("building", community.is_completed is False),
            ("new", community.is_new_build),
            ("renovated", community.is_renovated_old),
        )
        return [str(self.t(f"community.{key}")) for key, on in found if on]

    def _gap_units(self, measure: data.Measure) -> str:
        units = measure.progress.gap_units or 0
        basis = measure.indicator.basis
        return self.t(f"gap_unit.{basis}", n=int(units)) if self._knows_unit(basis) else self.fmt.count(units)

    def _knows_unit(self, basis: str) -> bool:
        return self.t.has(f"gap_unit.{basis}") or self.t.has(f"gap_unit.{basis}.other")

    def _value_text(self, measure: data.Measure) -> str:
        value = _exact_share(measure.progress)
        if value is None:
            return self.fmt.count(measure.progress.numerator)
        return self.fmt.rate(value, measure.thresholds)

    def _sentence(self, counts: dict[str, int], family: str) -> Markup:
        """Counts as a list in words, in the order of the keys the catalogue knows."""
        order = READING_ORDER if family == "verdict.part" else tuple(EXPECTED_SIGNS)
        return self.t("verdict.separator").join(
            self.t(f"{family}.{key}", n=counts[key]) for key in order if counts.get(key)
        )

    def _reporting(self) -> str:
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

    def _lag_sentence(self, lag: data.Lag) -> Markup:
        row, found = lag.laggard, []
        if row.milestones_behind and lag.worst:
            sentence = self.t(
                "verdict.laggard", n=row.milestones_behind, indicator=self.indicator_name(lag.worst.indicator)
            )
            if lag.worst.progress.gap_units:
                sentence += self.t("verdict.laggard_gap", gap=self._gap_units(lag.worst))
            found.append(sentence)
        elif row.milestones_behind:
            found.append(self.t("verdict.laggard_plain", n=row.milestones_behind))
        if row.milestones_no_data:
            found.append(self.t("verdict.laggard_unknown", n=row.milestones_no_data))
        return self.t("verdict.separator").join(found)

    def _score_sentence(self, score: Score) -> str:
        return self.t(
            "assessment.district_line",
            score=self.fmt.points(score.score),
            raw=self.fmt.points(score.raw_points),
            applicable=self.fmt.points(score.applicable_points),
            grade=Markup("<span{}>{}</span>").format(self._foreign, score.grade) if score.grade else MISSING,
            rank=score.rank if score.rank is not None else MISSING,
            low=score.rank_low if score.rank_low is not None else MISSING,
            high=score.rank_high if score.rank_high is not None else MISSING,
        )

    def _item_value(self, item: Item, which: str) -> str | Markup:
        """An item's actual value or target in its unit, the actual with its numerator and denominator."""
        value = getattr(item, which)
        if value is None:
            return MISSING
        if item.unit != "%":
            return self.fmt.target(value, "")
        if which == "target":
            return self.fmt.target(value)
        targets = (("gte", item.target),) if item.target is not None else ()
        exact = share(item.numerator, item.denominator)
        parts = f"{self.fmt.count(item.numerator)}/{self.fmt.count(item.denominator)}" if exact is not None else ""
        return Markup('{}<span class="parts">{}</span>').format(
            self.fmt.rate(value if exact is None else exact, targets), parts
        )

    @property
    def _foreign(self) -> Markup:
        """The attribute that marks Chinese text on a page in another language."""
        return Markup("" if self.lang == "zh" else ' lang="zh-CN"')

    def _register_delta(self, bridge: Bridge) -> str:
        step = bridge.closing - bridge.opening
        key = "more" if step > 0 else "fewer" if step < 0 else "same"
        return self.t(f"register.{key}", n=abs(step))

    def _bridge_cell(self, bridge: Bridge, column: str) -> str:
        """A number of the bridge; what changes the register carries its sign, nothing is a dash."""
        value: int = getattr(bridge, column)
        if column in ("opening", "closing"):
            return self.fmt.count(value)
        if not value:
            return MISSING
        if column == "missing":
            return self.fmt.count(value)
        return self.fmt.signed(-value if column in ("merged_out", "demolished") else value, 0)


def _exact_share(figure: Figure | Progress) -> Fraction | None:
    """The rate a figure states, exactly, from its own numerator and denominator."""
    return share(figure.numerator, figure.denominator)


def _svg(value: Any) -> str:
    """A coordinate with two decimals."""
    return f"{float(value):.2f}"


def _list_page(code: str, number: int) -> str:
    return f"{code}-communities.html" if number == 1 else f"{code}-communities-{number}.html"
