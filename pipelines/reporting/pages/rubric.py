"""How points are earned, in words: the methods of the rubric with what the plan gives them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any

from markupsafe import Markup

from pipelines.reporting.format import MISSING, plain, share
from pipelines.reporting.marts import Item
from pipelines.reporting.words import Words


def earning(words: Words, method: str, params: str | None, unit: str = "%") -> Markup:
    """How a line earns its points: ``80%及以下不得分，100%得满分，其间按比例``.

    ``params``: what the plan gives the method, as JSON. A method that the catalogue does not know is named as it is.
    """
    return _method(words, method, json.loads(params or "{}"), unit)


def item_name(words: Words, item: Item) -> str:
    """A line of the assessment by its name in the language of the page."""
    rubric = words.facts.rubric.get(item.item_id)
    return rubric.item_name_en if words.lang == "en" and rubric and rubric.item_name_en else item.item_name or ""


def item_value(words: Words, item: Item, which: str) -> str | Markup:
    """An item's actual value or target in its unit, the actual with its numerator and denominator."""
    value = getattr(item, which)
    if value is None:
        return MISSING
    if item.unit != "%":
        return words.fmt.target(value, item.unit or "" if words.lang == "zh" else "")
    if which == "target":
        return words.fmt.target(value)
    targets = (("gte", item.target),) if item.target is not None else ()
    exact = share(item.numerator, item.denominator)
    parts = f"{words.fmt.count(item.numerator)}/{words.fmt.count(item.denominator)}" if exact is not None else ""
    return Markup('{}<span class="parts">{}</span>').format(
        words.fmt.rate(value if exact is None else exact, targets), parts
    )


def next_unit(words: Words, item: Item) -> Markup | None:
    """What would bring points next: ``每多1个小区，加1.22分``; None where nothing is lost."""
    if item.status == "not_applicable" or item.points is None or item.points >= item.max_points:
        return None
    t = words.t
    if item.next_unit is None and item.next_unit_points is None:
        return t("next_unit.unknown")
    if not item.units_to_gain:
        return t("next_unit.nothing")
    if t.has(f"next_unit.{item.next_unit}"):
        return t(f"next_unit.{item.next_unit}", points=words.fmt.points(item.units_to_gain_points))
    many = not item.next_unit_points
    amount = item.units_to_gain if many else 1
    points = words.fmt.points(item.units_to_gain_points if many else item.next_unit_points)
    indicator = words.facts.indicators.get(item.indicator_id or "")
    unit = words.amount(item.next_unit, amount or 1, indicator.entity if indicator else None)
    return t("next_unit.many" if many else "next_unit.each", unit=unit, points=points)


def _method(words: Words, method: str, given: dict[str, Any], unit: str) -> Markup:
    t = words.t
    if method == "by_case":
        return t("earning.or").join(_case(words, case, unit) for case in given["cases"])
    if not t.has(f"earning.{method}"):
        return Markup("{}").format(t.label("method", method))
    shown = {name: _shown(words, name, value, unit) for name, value in given.items()}
    shown["tiers"] = t("earning.comma").join(
        t("earning.tier", at_least=plain(Fraction(str(tier["at_least"]))) + unit, points=_points(tier["points"]))
        for tier in given.get("tiers", ())
    )
    sentence = t(f"earning.{method}", **_filled(shown))
    return sentence + Markup("").join(_additions(words, method, given, shown))


def _additions(words: Words, method: str, given: dict[str, Any], shown: dict[str, str]) -> Iterable[Markup]:
    """What a method's sentence leaves to its parameters: the date, what a late one is worth, one date or several."""
    t = words.t
    if "due" in given:
        yield t("earning.due", due=shown["due"])
    if "occasions" in given:
        yield t("earning.occasions", days=shown["occasions"])
    if method == "deadline":
        yield t("earning.late_days", days=given.get("late_days", 30), share=_share(given.get("late_factor", "0.5")))
    elif "late_factor" in given:
        yield t("earning.late", share=_share(given["late_factor"]))
    if "points_each" in given and method in ("boolean", "deadline", "checklist"):
        yield t("earning.each", points=shown["points_each"])


def _case(words: Words, case: dict[str, Any], unit: str) -> Markup:
    indicator = words.facts.indicators.get(case["indicator"])
    districts = [words.facts.district[code] for code in case["districts"] or () if code in words.facts.district]
    return words.t(
        "earning.case",
        districts=words.names(districts) if districts else words.t("earning.others"),
        indicator=words.indicator_name(indicator) if indicator else case["indicator"],
        method=_method(words, case["method"], case["params"], unit),
    )


def _shown(words: Words, name: str, value: Any, unit: str) -> str:
    if name in ("floor", "target", "limit"):
        return plain(Fraction(str(value))) + unit
    if name == "due":
        return words.fmt.day(date.fromisoformat(value))
    if name == "occasions":
        return str(words.t("verdict.separator")).join(words.fmt.day(date.fromisoformat(day)) for day in value)
    if name in ("points_each", "per"):
        return _points(value)
    return str(value)


def _filled(shown: dict[str, str]) -> dict[str, str]:
    """With the value each method has where a plan says nothing."""
    return {"per": "1", "target": "100%", "points_each": "1", **shown}


def _points(value: Any) -> str:
    """Points as a plan gives them; a fraction stays one."""
    number = Fraction(str(value))
    return plain(number) if number.denominator in (1, 2, 4, 5, 10) else f"{number.numerator}/{number.denominator}"


def _share(factor: Any) -> str:
    return plain(Fraction(str(factor)) * 100) + "%"
