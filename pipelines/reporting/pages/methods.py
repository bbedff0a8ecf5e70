"""The page of data and methods: what every figure means, where it comes from, how it is worked out, what limits it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from pipelines.reporting import data
from pipelines.reporting.conditions import in_words, noun
from pipelines.reporting.format import MISSING, clauses
from pipelines.reporting.marts import Indicator, RubricRule, Target
from pipelines.reporting.pages.fields import field_title, form_title
from pipelines.reporting.pages.rubric import earning
from pipelines.reporting.pages.site import Site
from pipelines.reporting.words import Words

HOW = ("status", "deciding", "gap", "pace", "projection", "change", "pooled", "rounding", "score", "rank_range")
"""What the page explains about working out, in the order a reader needs it."""
PARTS = ("sources", "variants", "how", "indicators", "rubric", "clauses", "limits")


def pages(site: Site) -> Iterator[tuple[str, str]]:
    """File name and text."""
    words = site.words
    page = data.methods_page(site.facts)

    def own_name(rule: RubricRule) -> str:
        return (rule.rule_name_en or rule.rule_name) if site.lang == "en" else rule.rule_name

    ranges = json.loads(site.facts.plan.rubric_params or "{}").get("rank_ranges", {})
    yield (
        "methods.html",
        site.render(
            "methods",
            page=page,
            PARTS=[part for part in PARTS if part != "rubric" or page.groups],
            HOW=[key for key in HOW if page.groups or key not in ("score", "rank_range")],
            ranges={"spread": ranges.get("weight_spread", 20), "draws": ranges.get("draws", 1000)},
            counted=lambda indicator, side: _counted(words, indicator, side),
            bases=lambda making: words.t("verdict.separator").join(words.t.label("basis", b) for b in making.bases),
            sheets=lambda definition: list(_sheets(words, definition)),
            target_flags=lambda target: list(_flags(words, target)),
            districts=lambda codes: words.names(
                site.facts.district[code] for code in codes or () if code in site.facts.district
            ),
            indicators_of=lambda ids: [site.facts.indicators[i] for i in ids if i in site.facts.indicators],
            clause_list=clauses,
            grade_name=lambda grade: next(
                (own_name(r) for r in page.rules.get("grade", ()) if r.rule_id == grade), MISSING
            ),
            earning=lambda item: earning(words, item.method, item.method_params, _unit(words, item.indicator_ids)),
            own=lambda zh, en: (en or zh) if site.lang == "en" else zh,
        ),
    )


def _counted(words: Words, indicator: Indicator, side: str) -> Markup | None:
    """A side of the fraction in words: which things count, and what is summed over them."""
    lang, entity = words.lang, indicator.entity
    sql = getattr(indicator, f"{side}_sql")
    if entity is None or sql is None:
        return None
    measure = getattr(indicator, "denominator_measure_sql" if side == "denominator" else "numerator_measure_sql")
    summed = "" if measure in (None, "1") else in_words(measure, entity, lang)
    condition = in_words(sql, entity, lang)
    first = side == "denominator" or indicator.denominator_sql is None
    key = ("all" if first else "every") if not condition else ("which" if first else "of_these")
    text = words.t(f"counted.{key}", noun=noun(entity, lang), condition=condition)
    return words.t("counted.summed", text=text, measure=summed) if summed else text


def _sheets(words: Words, definition: data.Definition) -> Iterator[tuple[str, str]]:
    """Sheet and columns, as the clerk knows them."""
    for form, names in definition.sheets.items():
        titles = [field_title(form, name, words.lang) for name in dict.fromkeys(names)]
        yield form_title(form), str(words.t("verdict.separator")).join(titles)


def _flags(words: Words, target: Target) -> Iterator[Any]:
    """What a reader must know about a target, in short."""
    t = words.t
    if target.binding != "hard":
        yield t.label("binding", target.binding)
    for key in ("is_hold", "date_is_default", "target_is_derived", "whole_area_only"):
        if getattr(target, key):
            yield t(f"target.{key}")
    if not target.is_scored:
        yield t("milestones.tracked")
    if target.operational_deadline:
        yield t("target.operational", day=words.fmt.day(target.operational_deadline))
    if target.all_of:
        names = [words.indicator_name(words.facts.indicators[i]) for i in target.all_of if i in words.facts.indicators]
        yield t("target.all_of", indicators=t("verdict.separator").join(names))


def _unit(words: Words, indicator_ids: list[str]) -> str:
    """The unit of an item's thresholds."""
    found = (words.facts.indicators.get(name) for name in indicator_ids)
    return "" if any(i is not None and i.kind in ("count", "trend") and i.unit != "%" for i in found) else "%"
