"""Estates and the companies that serve them: how they come into the world."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from pipelines.samples.names import EstateNames, Place, Quarter, address
from pipelines.samples.truth import Committee, Community, Company


@dataclass(slots=True, eq=False)
class Estate:
    """One community as the simulation knows it."""

    now: Community
    ready: float
    """When its district gets round to its management: small is soon."""
    willing: float
    """The same for its owners' committee."""
    bodies: list[Committee] = field(default_factory=list)
    is_dropped: bool = False
    """The district no longer lists it."""
    is_stubborn: bool = False
    """Never comes under professional management."""
    counted: tuple[str, ...] = ("owners_committee", "pm_committee")
    """The bodies that make it one with a committee."""

    @property
    def has_committee(self) -> bool:
        formed = ("formed", "term_expired", "re_election")
        return any(body.status in formed and body.body_type in self.counted for body in self.bodies)


def day(rng: Random, first: date, last: date) -> date:
    """A day between the two, both included (the first when they are in the wrong order)."""
    return first + timedelta(days=rng.randrange(max((last - first).days, 0) + 1))


class Builder:
    """Makes a district's estates; every one has a name and a code of its own."""

    def __init__(self, place: Place, rng: Random, name: str, start: date, counted: tuple[str, ...]) -> None:
        """``start``: the plan's first day; ``counted``: the bodies that its rate of committees counts."""
        self.place, self._rng, self._name = place, rng, name
        self._start, self._counted = start, counted
        self.names = EstateNames(rng)
        self._serial: dict[str, int] = {}
        # A county seat has most of the estates: weights fall with the order of the townships.
        order = {town: i for i, town in enumerate(place.subdistricts)}
        busy = 12 if len(place.quarters) > 20 else 2
        self._weights = [1 / (1 + order[q.subdistrict] // busy) for q in place.quarters]

    def quarter(self) -> Quarter:
        return self._rng.choices(self.place.quarters, self._weights)[0]

    def code(self, quarter: Quarter) -> str:
        self._serial[quarter.code] = serial = self._serial.get(quarter.code, 0) + 1
        return f"{quarter.code}-{serial:04}"

    def standing(self) -> Estate:
        """An estate that has stood since before the plan."""
        rng = self._rng
        year = rng.choice((rng.randrange(1983, 2001), rng.randrange(1996, 2012), rng.randrange(2003, self._start.year)))
        month = rng.randrange(3, 12)
        completed = date(year, month, rng.randrange(1, 29))
        last = date(self._start.year - 1, 12, 20)
        return self._estate(completed, min(completed + timedelta(days=rng.randrange(20, 160)), last))

    def delivered(self, completed: date, delivered: date) -> Estate:
        """An estate handed over during the plan."""
        return self._estate(completed, delivered)

    def site(self) -> Estate:
        """A building site: listed, not yet completed."""
        return self._estate(None, None)

    def _estate(self, completed: date | None, delivered: date | None) -> Estate:
        rng, quarter = self._rng, self.quarter()
        year = completed.year if completed else None
        is_old = year is not None and year <= 2000
        kind, unit_type, property_type = self._kind(year)
        households = {
            "single_building": lambda: rng.randrange(12, 73),
            "building_group": lambda: rng.randrange(60, 241),
        }.get(unit_type, lambda: max(72, min(2600, int(rng.lognormvariate(5.9, 0.62)))))()
        per_household = rng.randrange(54, 78) if is_old else rng.randrange(84, 131)
        name = {"building": self.names.building, "unit": self.names.unit_housing}.get(kind)
        age = 0.3 if is_old else 0.0
        single = 0.3 if unit_type == "single_building" else 0.0
        return Estate(
            Community(
                community_code=self.code(quarter),
                district_name=self._name,
                subdistrict=quarter.subdistrict,
                neighbourhood=quarter.neighbourhood,
                community_name=name() if name else self.names.estate(kind),
                address=address(rng),
                unit_type=unit_type,
                property_type=property_type,
                built_year=year,
                completed_date=completed,
                delivered_date=delivered,
                construction_status="completed" if delivered else "under_construction",
                is_new_build=delivered is not None and delivered >= self._start,
                is_old_community=is_old,
                renovation_status="not_planned" if is_old else None,
                renovation_date=None,
                floor_area_sqm=households * per_household + rng.randrange(0, 900),
                building_count=max(1, households // rng.randrange(34, 90)),
                households=households,
                occupied_households=int(households * rng.uniform(0.62, 0.98)) if delivered else 0,
                management_mode="none",
            ),
            ready=rng.random() * 0.6 + age + single,
            willing=rng.random() * 0.7 + single + (0.1 if households < 200 else 0.0),
            counted=self._counted,
        )

    def _kind(self, year: int | None) -> tuple[str, str, str]:
        """Kind of name, type of unit and type of property, as the years had them."""
        rng, draw = self._rng, self._rng.random()
        if year is not None and year <= 2000:
            if draw < 0.26:
                return "building", "single_building", rng.choice(("reformed", "self_built"))
            if draw < 0.62:
                return "unit", rng.choice(("community", "building_group")), rng.choice(("reformed", "self_built"))
            return "old", "community", rng.choice(("commodity", "reformed"))
        if year is not None and year <= 2012:
            if draw < 0.08:
                return "building", "single_building", "mixed"
            if draw < 0.2:
                return "resettlement", "community", "resettlement"
            return "middle", "community", rng.choice(("commodity", "commodity", "commodity", "affordable", "mixed"))
        if draw < 0.1:
            return "resettlement", "community", "resettlement"
        if draw < 0.16:
            return "public", "community", "public_rental"
        return "new", "community", rng.choice(("commodity", "commodity", "commodity", "mixed"))


@dataclass(slots=True, eq=False)
class Firm:
    """A property company as the simulation knows it."""

    now: Company
    rank: float
    """Who of the companies gets party work first: small is soon."""


def firm(rng: Random, name: str, code: str, region: str, *, state: bool = False) -> Firm:
    """A company without projects yet."""
    members = rng.choice((0, 0, 0, 1, 1, 2, 2, 3, 4, 6))
    return Firm(
        Company(
            company_name=name,
            uscc=code,
            ownership_type="state" if state else rng.choice(("private", "private", "private", "private", "collective")),
            registered_region=region,
            party_member_count=max(members, 4) if state else members,
        ),
        rank=rng.random() - members / 10 - (1 if state else 0),
    )
