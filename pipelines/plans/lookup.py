"""From what people write to the plan, district or period they mean. A text counts only when all of it is understood."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from pipelines.plans.model import District, Period, Plan

T = TypeVar("T")

_OFFICES = re.compile(
    r"(人民政府|政府)?(住房和城乡建设局|住房城乡建设局|住建局|房产管理局|房管局|物业管理(服务)?中心)?\Z"
)
_PERIOD_NOISE = re.compile(r"(?<=[年月])[底末份]|工作|考核|台账|报告|报表|统计表|调查|情况")


class Index(Generic[T]):
    """Keys to things. A key that two things claim belongs to neither."""

    def __init__(self) -> None:
        self._things: dict[str, T] = {}
        self._ambiguous: set[str] = set()

    def add(self, key: str, thing: T) -> None:
        if self._things.setdefault(key, thing) is not thing:
            self._ambiguous.add(key)

    def add_unless_taken(self, key: str, thing: T) -> None:
        self._things.setdefault(key, thing)

    def bar(self, key: str) -> None:
        """Mark a key as ambiguous whoever claims it."""
        self._ambiguous.add(key)

    def find(self, key: str) -> T | None:
        return None if key in self._ambiguous else self._things.get(key)

    def is_ambiguous(self, key: str) -> bool:
        return key in self._ambiguous


def plain(text: str) -> str:
    """NFKC, without any white space, zero-width characters or title marks."""
    return re.sub(r"[\s\u200b-\u200d\u2060\ufeff《》“”\"'「」]", "", unicodedata.normalize("NFKC", str(text)))


def find_plan(plans: Mapping[str, Plan], text: str) -> Plan | None:
    """The plan with this id or title, in any of the title's spellings."""
    key = plain(text)
    for plan in plans.values():
        if key in {plan.id, *map(plain, (plan.name.zh, plan.name.en, *plan.aliases))}:
            return plan
    return None


def district_key(text: str, region: str) -> str:
    """A district's text without the province and city before it and the office after it."""
    key = plain(text)
    key = re.sub(rf"\A(?:\w{{2,6}}?(?:省|自治区))?{re.escape(plain(region))}(?=.)", "", key)
    return _OFFICES.sub("", key) or key


def district_index(plan: Plan) -> Index[District]:
    """Codes, names, short names and aliases; what the plan calls ambiguous belongs to nobody."""
    index: Index[District] = Index()
    for district in plan.districts:
        names = (district.code, district.name.zh, district.name.en, district.short_name or "", *district.aliases)
        for name in filter(None, names):
            index.add(plain(name), district)
        for name in district.ambiguous_aliases:
            index.bar(plain(name))
    return index


def period_key(text: str) -> str:
    """A period's text in one spelling: ``2024-11`` for a month, ``2024`` for a year, ``2023摸底`` or an id."""
    key = _PERIOD_NOISE.sub("", plain(text).lower()).removesuffix("00:00:00")
    if year_only := re.fullmatch(r"(\d{4})(?:\.0|年度?)?", key):
        return year_only[1]
    if month := re.fullmatch(r"(\d{4})[-./年](\d{1,2})(?:月|[-./月]\d{1,2}日?)?|(\d{4})(\d{2})(?:\d{2})?", key):
        year, number = (month[1], month[2]) if month[1] else (month[3], month[4])
        return f"{year}-{int(number):02}"
    return re.sub(r"(?<=\d{4})年度?", "", key)


def period_index(periods: Iterable[Period]) -> Index[Period]:
    """Ids, names and aliases first; then the month of the as-of date, the year of a ledger and the baseline words.

    What two periods would claim by rule (the year of two ledgers) is nobody's, unless one of them is called so.
    """
    periods = tuple(periods)
    index: Index[Period] = Index()
    by_rule: Index[Period] = Index()
    for period in periods:
        for name in (period.id, period.name.zh, period.name.en, *period.aliases):
            index.add(period_key(name), period)
        for key in _keys_by_rule(period):
            by_rule.add(key, period)
    for key in (key for period in periods for key in _keys_by_rule(period)):
        if (only := by_rule.find(key)) is not None:
            index.add_unless_taken(key, only)
    return index


def _keys_by_rule(period: Period) -> Iterator[str]:
    yield f"{period.as_of:%Y-%m}"
    if period.kind == "baseline":
        yield from (f"{period.id[:4]}摸底", "摸底", "baseline")
    elif period.kind != "snapshot":
        yield f"{period.as_of:%Y}"
