"""What one item of a rubric earns in one district, and why: facts looked up, method applied, reason told."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import partial
from typing import Any

from pipelines.warehouse import scoring
from pipelines.warehouse.facts import (
    DONE_KINDS,
    NOTHING,
    Facts,
    Indicator,
    Item,
    Occasion,
    Period,
    Share,
    Text,
    value_of,
    zh_day,
)
from pipelines.warehouse.scoring import number_text, percent_text


@dataclass(frozen=True)
class Verdict:
    """What an item earns, unrounded, and why. ``status``: scored, no_data, no_evidence or not_applicable.

    ``low``, ``high``: points when open warnings count against or for the district; None = the same. ``code``: why
    points were lost, in a word. ``gain``: points that one more unit would bring; None where that is unknown. ``next``:
    what that unit is: a basis, ``document``, ``date`` or ``evidence``. ``fewest``: the fewest units that bring any
    points, with what they bring; None where nothing would.
    """

    status: str = "scored"
    indicator_id: str | None = None
    points: Fraction = Fraction(0)
    low: Fraction | None = None
    high: Fraction | None = None
    period_id: str | None = None
    numerator: Fraction | None = None
    denominator: Fraction | None = None
    actual: Fraction | None = None
    target: Fraction | None = None
    unit: str | None = None
    why: Text = NOTHING
    evidence_count: int = 0
    code: str | None = None
    gain: Fraction | None = None
    next: str | None = None
    noun: Text = NOTHING
    fewest: tuple[int, Fraction] | None = None

    @property
    def least(self) -> Fraction:
        """Points with open warnings counted against."""
        return self.points if self.low is None else self.low

    @property
    def most(self) -> Fraction:
        """Points with open warnings counted for."""
        return self.points if self.high is None else self.high


def judge(item: Item, district: str, facts: Facts) -> Verdict:
    """The item's verdict for the district."""
    item = _case(item, district)
    indicators = [facts.indicators[name] for name in item.indicators]
    in_scope = [one for one in indicators if one.scope is None or district in one.scope]
    if (item.scope is not None and district not in item.scope) or not in_scope:
        why = Text("本项不适用于该地区", "The item does not apply to this district")
        return _with_reason(item, Verdict("not_applicable", item.indicators[0], why=why))
    item = replace(item, indicators=tuple(one.id for one in in_scope))
    if item.method == "checklist":
        verdict = _checklist(item, district, facts)
    else:
        verdict = _single(item, in_scope[0], district, facts)
    return _with_reason(item, replace(_evidenced(item, district, facts, verdict), indicator_id=item.indicators[0]))


def _case(item: Item, district: str) -> Item:
    """The item as it is judged in this district."""
    if item.method != "by_case":
        return item
    for case in item.params["cases"]:
        if not case.get("districts") or district in case["districts"]:
            return replace(
                item, indicators=(case["indicator"],), method=case["method"], params=case.get("params") or {}
            )
    return replace(item, scope=())


def _single(item: Item, indicator: Indicator, district: str, facts: Facts) -> Verdict:
    if indicator.kind == "cadence":
        return _cadence(item, indicator, district, facts)
    if indicator.kind in DONE_KINDS:
        return _commitment(item, indicator, district, facts)
    return _figure(item, indicator, district, facts)


def _exact(params: Mapping[str, Any], name: str, default: Any = None) -> Fraction:
    value = params.get(name)
    return Fraction(str(value)) if value is not None else Fraction(default)


def _day(text: str | date | None) -> date | None:
    return date.fromisoformat(text) if isinstance(text, str) else text


def _grace(params: Mapping[str, Any]) -> tuple[int, Fraction]:
    """How many days late still earn something, and what."""
    return int(params.get("late_days", 30)), _exact(params, "late_factor", "1/2")


# --- rates, counts and trends -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Rule:
    """A method with its parameters in: points of a figure, what it is held against, and its wording.

    ``is_falling``: fewer is better.
    """

    points: Callable[[Share], Fraction]
    target: Fraction
    wording: Text
    thresholds: tuple[Fraction, ...] = ()
    is_falling: bool = False


def _figure(item: Item, indicator: Indicator, district: str, facts: Facts) -> Verdict:
    due = _day(item.params.get("due"))
    periods = facts.open_periods(district, due)
    name = indicator.name
    if not periods:
        return Verdict("no_data", why=Text(f"{name.zh}尚无到期的填报期", f"{name.en}: no reporting period is due yet"))
    period = periods[-1]
    share = facts.values.get((district, indicator.id, period.id, "audited"), (None, None))
    place = Verdict(period_id=period.id, numerator=share[0], denominator=share[1], unit=_unit(indicator))
    if share[1] == 0:
        why = Text(f"{period.name}{name.zh}分母为0", f"{name.en}: nothing to count as of {period.as_of}")
        return replace(place, status="not_applicable", why=why)
    if share[0] is None:
        why = Text(f"{period.name}{name.zh}无数据", f"{name.en}: no data as of {period.as_of}")
        return replace(place, status="no_data", why=why)
    rule = _rule(item, indicator, district, facts, due)
    if rule is None:
        why = Text(f"{name.zh}没有基期值", f"{name.en}: no baseline value")
        return replace(place, status="no_data", why=why)
    actual = value_of(share)
    earned = [rule.points(one) for one in (share, *_doubtful(share, indicator, district, period, facts))]
    points, wording = earned[0], rule.wording
    gain = rule.points(_better(share, rule, 1)) - points
    fewest, code = _fewest(share, rule), _short_code(item, rule, actual)
    if item.method == "boolean" and points == 0 and "late_factor" in item.params:
        for later in facts.open_periods(district):
            reached = facts.values.get((district, indicator.id, later.id, "audited"), (None, None))
            if later.as_of > period.as_of and reached[0] is not None and reached[1] != 0 and rule.points(reached):
                points = item.maximum * _exact(item.params, "late_factor")
                earned, wording = [points], Text(f"{later.name}才达到目标", f"reached only as of {later.as_of}")
                gain, fewest, code = Fraction(0), None, "reached_late"
                break
    shown = _shown(share, rule.thresholds)
    fact = Text(f"{period.name}{name.zh}{shown.zh}", f"{name.en} {shown.en} as of {period.as_of}")
    return replace(
        place,
        points=points,
        low=min(earned),
        high=max(earned),
        actual=actual,
        target=rule.target,
        code=code,
        gain=gain,
        next=indicator.basis,
        noun=indicator.noun,
        fewest=fewest,
        why=Text(f"{fact.zh}，{wording.zh}", f"{fact.en}; {wording.en}"),
    )


def _better(share: Share, rule: _Rule, units: int) -> Share:
    """The figure with more units above the line (fewer where less is better), as far as there are any."""
    numerator, denominator = share
    assert numerator is not None
    if rule.is_falling:
        return max(Fraction(0), numerator - units), denominator
    return numerator + units if denominator is None else min(denominator, numerator + units), denominator


def _fewest(share: Share, rule: _Rule) -> tuple[int, Fraction] | None:
    """The fewest units that bring any points, and what they bring; points never fall with more of them."""
    numerator, denominator = share
    assert numerator is not None
    points = rule.points(share)

    def brings(units: int) -> Fraction:
        return rule.points(_better(share, rule, units)) - points

    room = numerator if rule.is_falling else (rule.target if denominator is None else denominator) - numerator
    none, enough = 0, math.ceil(room) if room > 0 else 0
    if enough == 0 or brings(enough) <= 0:
        return None
    while enough - none > 1:
        between = (none + enough) // 2
        none, enough = (none, between) if brings(between) > 0 else (between, enough)
    return enough, brings(enough)


def _short_code(item: Item, rule: _Rule, actual: Fraction) -> str:
    """Why a figure does not earn all, in a word."""
    if rule.is_falling:
        return "over_limit"
    below = item.method == "floor_linear" and actual <= _exact(item.params, "floor")
    return "below_floor" if below else "short_of_target"


def _unit(indicator: Indicator) -> str:
    return "个" if indicator.kind == "count" else "%"


def _shown(share: Share, thresholds: Iterable[Fraction]) -> Text:
    numerator, denominator = share
    assert numerator is not None
    if denominator is None:
        return Text(number_text(numerator), number_text(numerator))
    percent, parts = percent_text(value_of(share), *thresholds), f"{number_text(numerator)}/{number_text(denominator)}"
    return Text(f"{percent}（{parts}）", f"{percent} ({parts})")


def _doubtful(share: Share, indicator: Indicator, district: str, period: Period, facts: Facts) -> Iterable[Share]:
    """The figure with what is in doubt counted against and for: warned rows, and what holds on paper only (strict)."""
    numerator, denominator = share
    assert numerator is not None
    inside, outside = facts.doubts.get((district, indicator.id, period.id), (Fraction(0), Fraction(0)))
    strict = facts.values.get((district, indicator.id, period.id, "strict"), (None, None))[0]
    least = max(Fraction(0), min(numerator - inside, numerator if strict is None else strict))
    yield least, denominator
    yield numerator + outside if denominator is None else min(denominator, numerator + outside), denominator


def _rule(item: Item, indicator: Indicator, district: str, facts: Facts, due: date | None) -> _Rule | None:
    params, most, method = item.params, item.maximum, item.method
    milestone = facts.target(indicator.id, due)
    target = _exact(params, "target", milestone.value)
    unit = "%" if indicator.kind != "count" else ""
    goal = f"{number_text(target)}{unit}"

    def held(
        points: Callable[[Fraction], Fraction], zh: str, en: str, *thresholds: Fraction, is_falling: bool = False
    ) -> _Rule:
        return _Rule(lambda share: points(value_of(share)), target, Text(zh, en), (target, *thresholds), is_falling)

    if method == "proportional":
        return held(
            lambda a: scoring.proportional(most, a, target), f"目标{goal}，按完成比例计分", f"target {goal}, pro rata"
        )
    if method == "boolean_share":
        target = _exact(params, "target", 100)
        return held(lambda a: scoring.proportional(most, a, target), "按完成比例计分", "pro rata")
    if method == "floor_linear":
        floor = _exact(params, "floor")
        low = f"{number_text(floor)}{unit}"
        zh, en = f"{low}及以下不得分、{goal}得满分，其间按比例", f"nothing up to {low}, all at {goal}, pro rata between"
        return held(lambda a: scoring.floor_linear(most, a, floor, target), zh, en, floor)
    if method == "proportional_from_baseline":
        values = (facts.values.get((district, indicator.id, p.id, "audited"), (None, None)) for p in facts.periods)
        first = next((share for share in values if share[0] is not None and share[1] != 0), None)
        if first is None:
            return None
        base = value_of(first)
        start = percent_text(base) if unit else number_text(base)
        zh, en = f"自基期{start}至目标{goal}，按提升比例计分", f"pro rata of the way from {start} to {goal}"
        way = partial(scoring.proportional_from_baseline, most, base=base, target=target)
        return held(way, zh, en, is_falling=target < base)
    if method == "control":
        target = _exact(params, "limit")
        goal = f"{number_text(target)}{unit}"
        zh, en = f"上限{goal}，超出部分按比例扣分", f"limit {goal}, pro rata above it"
        return held(lambda a: scoring.control(most, a, target), zh, en, is_falling=True)
    if method == "tiered":
        tiers = [(_exact(t, "at_least"), _exact(t, "points")) for t in params["tiers"]]
        steps = [f"{number_text(start)}{unit}→{number_text(worth)}" for start, worth in sorted(tiers)]
        target = max(start for start, _ in tiers)
        zh, en = f"分档计分（{'，'.join(steps)}）", f"by tiers ({', '.join(steps)})"
        return held(lambda a: scoring.tiered(most, a, tiers), zh, en, *(start for start, _ in tiers))
    each, per = _exact(params, "points_each", 1), _exact(params, "per", 1)
    many = "" if per == 1 else number_text(per)
    if method == "deduct_per_miss":
        noun = indicator.noun
        zh = f"每{many}{noun.zh}未达到扣{number_text(each)}分"
        en = f"{number_text(each)} off for every {many or 'one'} of the {noun.en} missed"
        return _Rule(
            lambda share: scoring.deduct(most, _missed(share), each, per), Fraction(100), Text(zh, en), (Fraction(100),)
        )
    if method == "deduct_per_pp":
        zh = f"目标{goal}，每低{many or '1'}个百分点扣{number_text(each)}分"
        en = f"target {goal}, {number_text(each)} off per {many or '1'} point short"
        return held(lambda a: scoring.deduct(most, max(Fraction(0), target - a), each, per), zh, en)
    if method == "boolean":
        zh, en = f"目标{goal}", f"target {goal}"
        is_falling = milestone.operator in ("lte", "lt")
        return held(
            lambda a: most if scoring.meets(milestone.operator, a, target) else Fraction(0),
            zh,
            en,
            is_falling=is_falling,
        )
    raise ValueError(f"item {item.id}: the method {method} cannot judge {indicator.id}, which is a {indicator.kind}")


def _missed(share: Share) -> Fraction:
    numerator, denominator = share
    assert numerator is not None
    if denominator is None:
        raise ValueError("a count without a denominator has nothing to miss")
    return denominator - numerator


# --- what is done or not ----------------------------------------------------------------------------------------------


def _commitment(item: Item, indicator: Indicator, district: str, facts: Facts) -> Verdict:
    """A system, a document, a pilot: there or not, in time or late."""
    name, told = indicator.name, facts.commitments_told(district, indicator.id)
    if not told:
        why = Text(f"{name.zh}：未报送制度机制清单和任务台账", f"{name.en}: neither sheet that could show it was given")
        asked = facts.commitments_asked(district, indicator.id)
        return Verdict("no_data", period_id=asked[-1][0].id if asked else None, why=why)
    period, row = told[-1]
    verdict = Verdict(period_id=period.id, actual=Fraction(int(row.is_done)), target=Fraction(1), unit="项")
    due = _day(item.params.get("due")) or _day((item.params.get("occasions") or [None])[0])
    if not row.is_done:
        why = Text(f"{name.zh}：{period.name}未见完成记录", f"{name.en}: not shown as done")
        gain = item.maximum * _late_share(item, due, facts.today)
        return replace(verdict, code="not_done", gain=gain, next="document", fewest=_one(gain), why=why)
    # Without a date it was done by the first ledger that shows it.
    shown_by = next(p.as_of for p, one in told if one.is_done)
    done = row.done or shown_by
    when = Text(f"{zh_day(done)}完成", f"done {done}") if row.done else Text(
        f"{zh_day(done)}的台账中首次显示完成", f"first shown as done on {done}"
    )  # fmt: skip
    if due is None or done <= due:
        note = Text(f"{name.zh}：{when.zh}", f"{name.en}: {when.en}")
        return replace(verdict, points=item.maximum, gain=Fraction(0), why=note)
    factor = _late_share(item, due, done)
    note = Text(
        f"{name.zh}：{when.zh}，晚于{zh_day(due)}，按{percent_text(factor * 100)}计分",
        f"{name.en}: {when.en}, after {due}, counts {percent_text(factor * 100)}",
    )
    return replace(verdict, points=item.maximum * factor, code="done_late", gain=Fraction(0), why=note)


def _late_share(item: Item, due: date | None, done: date) -> Fraction:
    """What a thing done on that day is worth of a whole."""
    if due is None or done <= due:
        return Fraction(1)
    if item.method == "deadline":
        return scoring.lateness((done - due).days, *_grace(item.params))
    return _exact(item.params, "late_factor", 0)


def _cadence(item: Item, indicator: Indicator, district: str, facts: Facts) -> Verdict:
    """Something that recurs. Until the evaluation begins, dates to come are left out unless they have been met."""
    name, dates = indicator.name, {_day(day) for day in item.params.get("occasions") or ()}
    asked = [
        one
        for one in facts.occasions.get((district, indicator.id), ())
        if (one.due in dates if dates else one.is_scored)
    ]
    due = [one for one in asked if one.done or one.due < facts.today or facts.is_evaluated]
    if not due:
        return Verdict("not_applicable", why=Text(f"{name.zh}尚未到期", f"{name.en}: not due yet"))
    done = [one for one in due if one.done]
    verdict = Verdict(actual=Fraction(len(done)), target=Fraction(len(due)), unit="次")
    if not done and not any(one.is_answered for one in due):
        why = Text(f"{name.zh}：未报送可以证明的表", f"{name.en}: the sheet that would show it was never given")
        return replace(verdict, status="no_data", why=why)
    grace = _grace(item.params)

    def credit(one: Occasion, days_late: int) -> Fraction:
        return scoring.lateness(days_late, *grace) if item.method == "deadline" else Fraction(1)

    credits = [credit(one, one.days_late) if one.done else Fraction(0) for one in due]
    made_up = max((credit(one, (facts.today - one.due).days) for one in due if not one.done), default=Fraction(0))

    def share_of(credited: Fraction) -> Fraction:
        share = credited / len(due)
        return Fraction(int(share == 1)) if item.method == "boolean" else share

    share = share_of(sum(credits, Fraction(0)))
    gain = share_of(sum(credits, made_up)) - share
    most = item.maximum
    if "points_each" in item.params:
        most = min(most, _exact(item.params, "points_each") * len(asked))
    told = [_occasion_text(one, item.method == "deadline") for one in due]
    why = Text(f"{name.zh}：{'；'.join(t.zh for t in told)}", f"{name.en}: {'; '.join(t.en for t in told)}")
    code = "dates_missed" if len(done) < len(due) else "dates_late"
    gain *= most
    return replace(verdict, points=most * share, code=code, gain=gain, next="date", fewest=_one(gain), why=why)


def _one(gain: Fraction) -> tuple[int, Fraction] | None:
    """One unit, where it brings anything."""
    return (1, gain) if gain > 0 else None


def _occasion_text(one: Occasion, judged: bool) -> Text:
    day = zh_day(one.due)
    if one.done is None:
        return Text(f"{day}应报未报" if judged else f"{day}前未完成", f"{one.due} not done")
    if judged and one.days_late > 0:
        return Text(f"{day}应报，迟{one.days_late}天", f"{one.due} {one.days_late} days late")
    return Text(f"{day}应报，按时" if judged else f"{day}前已完成", f"{one.due} {'on time' if judged else 'done'}")


def _checklist(item: Item, district: str, facts: Facts) -> Verdict:
    """Several things, each there or not; what does not apply is left out."""
    part = replace(item, method="boolean", maximum=Fraction(1))
    each = [
        (facts.indicators[name], _single(part, facts.indicators[name], district, facts)) for name in item.indicators
    ]
    apply = [(one, verdict) for one, verdict in each if verdict.status != "not_applicable"]
    if not apply:
        return Verdict("not_applicable", why=each[0][1].why)
    if all(verdict.status == "no_data" for _, verdict in apply):
        return replace(apply[0][1], why=_joined(verdict.why for _, verdict in apply))
    share = item.maximum / len(apply)
    done = sum(verdict.points > 0 for _, verdict in apply)
    counted = Text(f"{len(apply)}项中完成{done}项：", f"{done} of {len(apply)} done: ")
    why = _joined(verdict.why for _, verdict in apply)
    best = max((verdict for _, verdict in apply), key=lambda verdict: verdict.gain or Fraction(0))
    gain = share * (best.gain or Fraction(0))
    return Verdict(
        points=share * sum(verdict.points for _, verdict in apply),
        low=share * sum(verdict.least for _, verdict in apply),
        high=share * sum(verdict.most for _, verdict in apply),
        code="part_done",
        gain=gain,
        next=best.next,
        fewest=_one(gain),
        period_id=apply[0][1].period_id,
        actual=Fraction(done),
        target=Fraction(len(apply)),
        unit="项",
        why=Text(counted.zh + why.zh, counted.en + why.en),
    )


def _joined(texts: Iterable[Text]) -> Text:
    known = list(texts)
    return Text("；".join(text.zh for text in known), "; ".join(text.en for text in known))


# --- evidence and wording ---------------------------------------------------------------------------------------------


def _evidenced(item: Item, district: str, facts: Facts, verdict: Verdict) -> Verdict:
    """Nothing for what is not proven, where the item asks for evidence on the list."""
    listed = sum(facts.evidence.get((district, subject.lower()), 0) for subject in (item.id, *item.indicators))
    rows = [row for name in item.indicators for row in facts.commitments.get((district, name), {}).values()]
    count = max(listed, max((row.evidence for row in rows), default=0))
    verdict = replace(verdict, evidence_count=count)
    if item.evidence != "listed" or count or verdict.status != "scored" or not verdict.most:
        return verdict
    worth, note = number_text(scoring.rounded(verdict.points)), item.evidence_note or ""
    asked = Text(f"（应有：{note}）" if note else "", f" (asked for: {note})" if note else "")
    why = Text(
        f"{verdict.why.zh}；应得{worth}分，但佐证材料清单中没有本项材料{asked.zh}",
        f"{verdict.why.en}; worth {worth} points, but no evidence of it is listed{asked.en}",
    )
    return replace(
        verdict,
        status="no_evidence",
        points=Fraction(0),
        low=None,
        high=None,
        gain=verdict.points,
        next="evidence",
        fewest=_one(verdict.points),
        why=why,
    )


def _with_reason(item: Item, verdict: Verdict) -> Verdict:
    """The sentence with what was earned, lost and in doubt, and the word for it."""
    if verdict.status != "scored":
        verdict = replace(verdict, code=verdict.status)
    elif verdict.points == item.maximum:
        verdict = replace(verdict, code="full")
    if verdict.status == "not_applicable":
        why = Text(f"{verdict.why.zh}，不计分。", f"{verdict.why.en}; not counted.")
        return replace(verdict, why=why)
    most, won = scoring.rounded(item.maximum), scoring.rounded(verdict.points)
    full, got, lost = number_text(most), number_text(won), number_text(most - won)
    if most == won:
        tail = Text(f"得满分{full}分", f"all {full} points")
    else:
        short = _short(item, verdict)
        tail = Text(
            f"得{got}分，失{lost}分（满分{full}分）{short.zh}", f"{got} of {full} points, {lost} lost{short.en}"
        )
    low, high = scoring.rounded(verdict.least), scoring.rounded(verdict.most)
    doubt = NOTHING
    if (low, high) != (won, won):
        span = f"{number_text(low)}–{number_text(high)}"
        doubt = Text(f"；有存疑记录，可能为{span}分", f"; open warnings make it {span}")
    why = Text(f"{verdict.why.zh}，{tail.zh}{doubt.zh}。", f"{verdict.why.en}; {tail.en}{doubt.en}.")
    return replace(verdict, why=why)


def _short(item: Item, verdict: Verdict) -> Text:
    """How many more in the numerator reach the target."""
    if verdict.status != "scored" or verdict.denominator is None or verdict.numerator is None or verdict.target is None:
        return NOTHING
    gap = math.ceil(verdict.target * verdict.denominator / 100 - verdict.numerator)
    if gap <= 0 or item.method in ("control", "tiered"):
        return NOTHING
    return Text(f"，还差{gap}{verdict.noun.zh}达到目标", f", {gap} more {verdict.noun.en} reach the target")
