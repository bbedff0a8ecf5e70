"""Bonuses, penalties and vetoes: what figures show by themselves and what analysts entered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple, TypeGuard

from pipelines.warehouse.facts import DONE_KINDS, Facts, Share, Text, value_of, zh_day
from pipelines.warehouse.scoring import number_text, percent_text, rounded

Rule = Mapping[str, Any]
Entry = Mapping[str, Any]


class Extra(NamedTuple):
    """Bonus or penalty points after the cap, and where they come from."""

    points: Decimal
    why: Text | None


def extra_points(rules: Rule, entries: Sequence[Entry], district: str, facts: Facts) -> Extra:
    """The bonus or the penalty of a district. ``rules``: cap and items; ``entries``: what analysts entered for it."""
    total, told = Fraction(0), []
    for rule in rules["items"]:
        entered = (Text(entry["reason"], entry["reason"]) for entry in entries if entry["entry_id"] == rule["id"])
        cases = [*_shown_by_figures(rule, district, facts), *entered]
        if not cases:
            continue
        worth = Fraction(str(rule["points"])) * (len(cases) if rule.get("per_case") else 1)
        total += worth
        zh, en = "；".join(case.zh for case in cases), "; ".join(case.en for case in cases)
        got, name = number_text(worth), rule["name"]
        told.append(Text(f"{name['zh']}{got}分（{zh}）", f"{name['en']} {got} ({en})"))
    return Extra(rounded(min(total, Fraction(str(rules["cap"])))), sentence(told))


def vetoes(
    rules: Sequence[Rule], entries: Sequence[Entry], accepted: Mapping[str, date], today: date
) -> list[tuple[Rule, Text]]:
    """The vetoes that struck a district, each with its reason. ``accepted``: period → day of its first ledger."""
    struck = []
    for rule in rules:
        reasons = [Text(entry["reason"], entry["reason"]) for entry in entries if entry["entry_id"] == rule["id"]]
        if period := rule.get("no_submission_for"):
            last = date.fromisoformat(rule["after"])
            if today > last and (period not in accepted or accepted[period] > last):
                reasons.append(Text(f"截至{zh_day(last)}未收到合格台账", f"no accepted ledger by {last}"))
        if reasons:
            zh, en, name = "；".join(r.zh for r in reasons), "; ".join(r.en for r in reasons), rule["name"]
            struck.append((rule, Text(f"{name['zh']}：{zh}", f"{name['en']}: {en}")))
    return struck


def _shown_by_figures(rule: Mapping[str, Any], district: str, facts: Facts) -> Iterator[Text]:
    """What the figures themselves say for a bonus or penalty: one text per case."""
    if name := rule.get("indicator"):
        if (indicator := facts.indicators[name]).kind in DONE_KINDS:
            told = facts.commitments_told(district, name)
            if told and told[-1][1].is_done:
                yield Text(f"{indicator.name.zh}已完成", f"{indicator.name.en} done")
        elif (shares := _known(facts, district, name)) and shares[-1][0] > 0:
            yield indicator.name
    if rise := rule.get("rise"):
        shares = _known(facts, district, rise["indicator"])
        gain = value_of(shares[-1]) - value_of(shares[0]) if shares else Fraction(0)
        if shares and gain >= Fraction(str(rise["at_least"])):
            shown = number_text(gain)
            yield Text(f"{facts.indicators[rise['indicator']].name.zh}提高{shown}个百分点", f"up {shown} points")
    if (limit := rule.get("claimed_difference_over")) is not None:
        yield from _wrongly_claimed(Fraction(str(limit)), district, facts)


def _wrongly_claimed(limit: Fraction, district: str, facts: Facts) -> Iterator[Text]:
    """Headline rates of the newest period whose typed totals are off the district's own rows by more than the limit."""
    for period in facts.open_periods(district)[-1:]:
        for indicator in facts.indicators.values():
            claimed, reported = (
                facts.values.get((district, indicator.id, period.id, variant)) for variant in ("claimed", "reported")
            )
            if not indicator.is_headline or not _is_rate(claimed) or not _is_rate(reported):
                continue
            typed, found = value_of(claimed), value_of(reported)
            if (gap := abs(typed - found)) > limit:
                shown = percent_text(typed), percent_text(found), number_text(gap)
                yield Text(
                    f"{indicator.name.zh}自报{shown[0]}、复算{shown[1]}，相差{shown[2]}个百分点",
                    f"{indicator.name.en}: typed {shown[0]}, recomputed {shown[1]}, {shown[2]} points apart",
                )


def _is_rate(share: Share | None) -> TypeGuard[Share]:
    return share is not None and share[0] is not None and bool(share[1])


def _known(facts: Facts, district: str, indicator: str) -> list[tuple[Fraction, Fraction | None]]:
    """The indicator's audited figures in the periods that have any, in order."""
    found = (facts.values.get((district, indicator, p.id, "audited")) for p in facts.open_periods(district))
    return [(share[0], share[1]) for share in found if share and share[0] is not None and share[1] != 0]


def sentence(texts: Iterable[Text]) -> Text | None:
    """The texts as one sentence; None without any."""
    known = list(texts)
    return Text("；".join(t.zh for t in known) + "。", "; ".join(t.en for t in known) + ".") if known else None
