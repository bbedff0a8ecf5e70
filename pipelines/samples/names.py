"""Names and codes nobody bears: estates, companies, townships and their code numbers, from the word lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import yaml

from pipelines.forms.codes import organisation_check_digit, uscc_check_digit

_HERE = Path(__file__).parent


@cache
def words() -> Mapping[str, Any]:
    """The word lists (``words.yaml``)."""
    return load("words.yaml")


@cache
def load(name: str) -> Any:
    """One of the data files beside this module."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((_HERE / name).read_text(encoding="utf-8"), Loader=loader)


@dataclass(frozen=True, slots=True)
class Quarter:
    """A residents' committee's area within a township."""

    subdistrict: str
    neighbourhood: str
    code: str
    """``GB6-3-3``: county, township, residents' committee."""


@dataclass(frozen=True, slots=True)
class Place:
    """A district with its townships and the quarters where estates stand."""

    code: str
    name: str
    subdistricts: tuple[str, ...]
    quarters: tuple[Quarter, ...]


def place(code: str, name: str, rng: Random, told: Mapping[str, Any] | None = None) -> Place:
    """The real townships of a Bayannur district, those a story tells (as ``places.yaml`` does, or so many ``streets``
    with so many ``neighbourhoods``), else made-up ones.
    """
    towns: Mapping[str, Any]
    if told and "streets" in told:
        towns = _many_streets(told["streets"], told["neighbourhoods"])
    else:
        towns = told or load("places.yaml").get(code) or _made_up_towns(rng)
    quarters = tuple(
        Quarter(town, neighbourhood, f"{code.replace('-', '')}-{entry['code']}-{number}")
        for town, entry in towns.items()
        for neighbourhood, number in entry.get("neighbourhoods", {}).items()
    )
    return Place(code, name, tuple(towns), quarters)


def _many_streets(streets: int, neighbourhoods: int) -> dict[str, Any]:
    """Made-up streets, with the neighbourhoods dealt out among them."""
    first, second = words()["first"], words()["neighbourhood"]
    names = [f"{a}{b}社区" for b in second for a in first]
    return {
        f"{first[n % len(first)]}{'' if n < len(first) else n // len(first) + 1}街道": {
            "code": f"{n + 1:03}",
            "neighbourhoods": {name: f"{k:03}" for k, name in enumerate(names[n:neighbourhoods:streets], 1)},
        }
        for n in range(streets)
    }


def _made_up_towns(rng: Random) -> dict[str, Any]:
    towns = rng.sample(words()["town"], 3)
    quarters = rng.sample(words()["neighbourhood"], 6)
    return {
        f"{town}{'街道' if i < 2 else '镇'}": {
            "code": f"{i + 1:03}" if i < 2 else "100",
            "neighbourhoods": {f"{quarters[2 * i + j]}社区": f"{j + 1:03}" for j in range(2)},
        }
        for i, town in enumerate(towns)
    }


class EstateNames:
    """Names for estates, each given once per district; two names never differ by a trailing 小区 alone."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._given: set[str] = set()

    def _fresh(self, make: Iterator[str]) -> str:
        for name in make:
            key = name.removesuffix("小区")
            if key not in self._given:
                self._given.add(key)
                return name
        raise AssertionError("endless")

    def estate(self, kind: str) -> str:
        """A name of the kind: old, middle, new, resettlement or public."""
        return self._fresh(self._estates(kind))

    def _estates(self, kind: str) -> Iterator[str]:
        first, second = words()["first"], words()["estate"][kind]
        for attempt in count():
            phase = "" if attempt < 12 else self._rng.choice("一二三四五六七八九") + "期"
            block = "" if attempt < 60 else f"{self._rng.randrange(1, 1000)}区"
            yield self._rng.choice(first) + self._rng.choice(second) + phase + block

    def unit_housing(self) -> str:
        """What a work unit once built for its staff."""
        units, housing = words()["unit"], words()["housing"]
        return self._fresh(
            f"{self._rng.choice(units)}{self._rng.choice(housing)}"
            + ("" if attempt < 8 else f"{self._rng.randrange(1, 30 + attempt)}院")
            for attempt in count()
        )

    def building(self) -> str:
        """A stand-alone building, named by its street number."""
        streets, roads = words()["street"], words()["road"]
        return self._fresh(
            f"{self._rng.choice(streets)}{self._rng.choice(roads)}{self._rng.randrange(2, 199 + attempt)}号楼"
            for attempt in count()
        )

    def again(self, name: str, tails: tuple[str, ...]) -> str:
        """The name with the first of the tails that makes it a new one."""
        stem = name.removesuffix("小区")
        return self._fresh(f"{stem}{tail}{n or ''}" for n in count() for tail in tails)


def address(rng: Random) -> str:
    """A street, a bearing and a number."""
    one, other = rng.sample(words()["street"], 2)
    return f"{one}{rng.choice(words()['road'])}与{other}路交汇处{rng.choice('东西南北')}{rng.randrange(1, 30) * 10}米"


def company_names(rng: Random, region: str) -> Iterator[str]:
    """Distinct company names of a region, without end."""
    stems, forms = list(words()["company"]), words()["company_form"]
    rng.shuffle(stems)
    for turn in count():
        for stem in stems:
            yield f"{region}{stem}{'' if not turn else rng.choice(words()['town'])}{rng.choice(forms)}"


def uscc(rng: Random, region: str) -> str:
    """A made-up credit code with sound check characters: a company (91) of the region, organisation code ``MAY…``."""
    body = "MAY" + "".join(rng.choice("0123456789") for _ in range(5))
    head = f"91{region}{body}{organisation_check_digit(body)}"
    return head + uscc_check_digit(head)
