"""How a district's estates come to stand as they do: one step per reporting period, after its story.

A story (``stories.yaml``) gives, per period, how many communities are managed, professionally managed, have a committee
and so on, and what happened to the list itself: deliveries, merges, splits, renamings, demolitions, omissions. Which
estates they are is drawn from a seeded generator, so that the same seed makes the same world on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from random import Random
from typing import Any

from pipelines.samples.estates import Builder, Estate, Firm, day, firm
from pipelines.samples.names import Place, company_names, uscc
from pipelines.samples.truth import Committee, Community

QUIET_DAYS = 14
"""Nothing happens in the last days before an as-of date: ledgers are filled in before it."""
_SPARE = 9.0  # the readiness of the estate that is always last


def reach(target: float | Mapping[str, float], of: int) -> int:
    """How many of ``of`` a story's target means: a percentage, or one less than a threshold needs (``short_of``)."""
    if isinstance(target, Mapping):
        return max(-(-of * int(target["short_of"]) // 100) - 1, 0)
    return min(int(of * target / 100 + 0.5), of)


@dataclass(frozen=True)
class Step:
    """One period of a story, with the span in which things happened since the last."""

    period_id: str
    as_of: date
    since: date
    story: Mapping[str, Any]
    is_first: bool

    @property
    def until(self) -> date:
        return self.as_of - timedelta(days=QUIET_DAYS)


def history_begins(start: date) -> date:
    """From when on the world of a plan that starts then has anything to tell."""
    return date(start.year - 5, 1, 1)


def chains(seed: int, region: str, region_code: str) -> list[Firm]:
    """The companies that work in several districts of the region."""
    rng = Random(f"{seed}:chains")
    names = islice(company_names(rng, region), 3)
    return [firm(rng, name, uscc(rng, region_code), region) for name in names]


class DistrictWorld:
    """A district's estates, bodies and companies as they stand; ``advance`` takes them to the next as-of date."""

    def __init__(
        self,
        place: Place,
        story: Mapping[str, Any],
        rng: Random,
        shared: Sequence[Firm],
        size: float = 1.0,
        *,
        start: date = date(2023, 1, 1),
        counted: Sequence[str] = ("owners_committee", "pm_committee"),
    ) -> None:
        """``size`` multiplies the story's numbers of communities and events.

        ``start``: the plan's first day; ``counted``: the bodies that its rate of committees counts.
        """
        self.place, self.story, self.rng, self.size = place, story, rng, size
        self.start, self.counted = start, tuple(counted)
        self.build = Builder(place, rng, place.name, start, self.counted)
        self.estates: list[Estate] = []
        self.leaving: list[Community] = []
        """Demolished since the last as-of date: listed one last time."""
        self.firms: list[Firm] = [Firm(shared[i].now, shared[i].rank) for i in story["chains"]]
        self._company_names = company_names(rng, place.name)
        self._ended_codes: list[str] = []
        self._free_codes: list[str] = []

    def times(self, number: float) -> int:
        """A number of the story at this world's size; something stays something."""
        return max(round(number * self.size), 1) if number else 0

    # -- which estates -------------------------------------------------------------------------------------------

    @property
    def standing(self) -> list[Estate]:
        """Completed, whether the district lists them or not."""
        return [e for e in self.estates if e.now.is_completed]

    @property
    def listed(self) -> list[Estate]:
        """Completed and listed: what the district works on."""
        return [e for e in self.standing if not e.is_dropped]

    def advance(self, step: Step, *, reset_changes: bool = True) -> None:
        """Everything that happens from the last as-of date to this one."""
        story = step.story
        if reset_changes:
            self.leaving = []
            mark = None if step.is_first else "unchanged"
            for estate in self.estates:
                estate.now = estate.now.changed(
                    change_type=mark, prior_codes=None, change_date=None, change_reason=None
                )
        if step.is_first:
            self._found_district(step)
        for name, amount in story["events"].items():
            _EVENTS[name](self, step, amount)
        self._deliver(step)
        self._renovate(step)
        self._hire(step)
        self.cover(step, story)
        self._renew_contracts(step)
        self._run_terms(step)
        self.organise(step, story)
        self._prepare(step)
        self._substitute(step)
        self.disclose(step, story)
        self._equip(step)
        self._lead(step)

    def improve(self, step: Step, story: Mapping[str, Any]) -> None:
        """The same as-of date told again, with better numbers."""
        self.cover(step, story)
        self.organise(step, story)
        self.disclose(step, story)
        self._equip(step)
        self._lead(step)

    # -- the list ------------------------------------------------------------------------------------------------

    def _found_district(self, step: Step) -> None:
        for _ in range(self.times(step.story["completed"])):
            self.estates.append(self.build.standing())
        for _ in range(self.times(self.story["companies"])):
            self.firms.append(self._new_firm())
        old = [e for e in self.estates if e.now.is_old_community]
        if self.story["straggler"] and old:  # an old estate that will be renovated and never managed
            max(old, key=lambda e: e.ready).ready = _SPARE

    def _new_firm(self, *, state: bool = False) -> Firm:
        name = f"{self.place.name}渠城国有物业服务有限公司" if state else next(self._company_names)
        return firm(self.rng, name, uscc(self.rng, self.place.code[:6]), self.place.name, state=state)

    def _deliver(self, step: Step) -> None:
        """Finish building sites, then list estates delivered since, until the story's number stands."""
        rng, wanted = self.rng, self.times(step.story["completed"]) - len(self.standing)
        sites = [e for e in self.estates if not e.now.is_completed][: max(wanted - len(self._free_codes), 0)]
        first = max(step.since, self.start.replace(month=1, day=10))
        for number in range(max(wanted, 0)):
            delivered = day(rng, first, step.until - timedelta(days=20))
            completed = delivered - timedelta(days=rng.randrange(25, 120))
            if number < len(sites):
                estate = sites[number]
                estate.now = estate.now.changed(
                    built_year=completed.year,
                    completed_date=completed,
                    delivered_date=delivered,
                    construction_status="completed",
                    is_new_build=True,
                    occupied_households=int(estate.now.households * rng.uniform(0.05, 0.5)),
                )
            else:
                self.estates.append(estate := self.build.delivered(completed, delivered))
                if self._free_codes:
                    estate.now = estate.now.changed(community_code=self._free_codes.pop())
            if not step.is_first:
                estate.now = estate.now.changed(
                    change_type="new_delivery", change_date=delivered, change_reason="新建交付"
                )
            estate.ready = rng.random() * 0.2
            if number < self.times(step.story["unprofessional_new"]):
                estate.is_stubborn, estate.ready = True, 0.0
        while len([e for e in self.estates if not e.now.is_completed]) < self.times(step.story["sites"]):
            self.estates.append(self.build.site())

    def _group(self, of: int) -> list[Estate]:
        """Neighbours of one kind of which exactly one has a committee, for a merge that raises the rate by itself."""

        def alike(estate: Estate) -> tuple[object, ...]:
            now = estate.now
            return now.subdistrict, now.is_old_community, now.renovation_status

        free = [e for e in self.listed if e.now.change_type == "unchanged" and e.now.households < 900]
        for leader in (e for e in free if e.has_committee and e.now.is_managed):
            others = [e for e in free if e is not leader and not e.has_committee and alike(e) == alike(leader)]
            if len(others) >= of - 1:
                return [leader, *others[: of - 1]]
        return []

    def _merge(self, step: Step, amount: Mapping[str, int]) -> None:
        for _ in range(self.times(amount["groups"])):
            parents = self._group(amount["of"])
            if not parents:
                return
            leader, rows = parents[0], [p.now for p in parents]
            quarter = next(q for q in self.place.quarters if q.neighbourhood == leader.now.neighbourhood)
            when = day(self.rng, step.since, step.until)
            merged = Estate(
                leader.now.changed(
                    community_code=self.build.code(quarter),
                    community_name=self.build.names.again(leader.now.community_name, ("片区", "联合小区")),
                    unit_type="building_group",
                    **{
                        name: sum(getattr(row, name) or 0 for row in rows)
                        for name in ("floor_area_sqm", "building_count", "households", "occupied_households")
                    },
                    built_year=min((row.built_year for row in rows if row.built_year), default=None),
                    change_type="merge",
                    prior_codes="、".join(row.community_code or row.community_name for row in rows),
                    change_date=when,
                    change_reason="零散小区划为一个物业管理区域",
                ),
                leader.ready,
                leader.willing,
                counted=self.counted,
            )
            merged.bodies = [_belongs_to(body, merged.now) for body in leader.bodies]
            self.estates = [e for e in self.estates if e not in parents] + [merged]

    def _split(self, step: Step, amount: int) -> None:
        for _ in range(self.times(amount)):
            free = [e for e in self.listed if e.now.change_type == "unchanged" and not e.is_stubborn]
            if not free:
                return
            parent = max(free, key=lambda e: e.now.households if e.ready < _SPARE else 0)
            quarter = next(q for q in self.place.quarters if q.neighbourhood == parent.now.neighbourhood)
            when, halves = day(self.rng, step.since, step.until), []
            for half, tail in enumerate(("东区", "西区")):
                share = {
                    name: _half(getattr(parent.now, name) or 0, half)
                    for name in ("floor_area_sqm", "building_count", "households", "occupied_households")
                }
                row = parent.now.changed(
                    community_code=self.build.code(quarter),
                    community_name=self.build.names.again(parent.now.community_name, (tail,)),
                    change_type="split",
                    prior_codes=parent.now.community_code,
                    change_date=when,
                    change_reason="道路分隔，分设物业管理区域",
                    **share,
                )
                halves.append(Estate(row, parent.ready, parent.willing, counted=self.counted))
            halves[0].bodies = [_belongs_to(body, halves[0].now) for body in parent.bodies]
            self.estates = [e for e in self.estates if e is not parent] + halves

    def _rename(self, step: Step, amount: int) -> None:
        for estate in self._pick(amount, lambda e: e.ready < _SPARE):
            estate.now = estate.now.changed(
                community_name=self.build.names.estate("middle"),
                change_type="rename",
                prior_codes=estate.now.community_code,
                change_date=day(self.rng, step.since, step.until),
                change_reason=f"原名{estate.now.community_name}，按标准地名更名",
            )
            estate.bodies = [_belongs_to(body, estate.now) for body in estate.bodies]

    def _demolish(self, step: Step, amount: int) -> None:
        for estate in self._pick(
            amount, lambda e: e.now.is_old_community and not e.now.is_managed and e.ready < _SPARE
        ):
            self.estates.remove(estate)
            self._ended_codes += filter(None, [estate.now.community_code])
            self.leaving.append(
                estate.now.changed(
                    change_type="demolished",
                    change_date=day(self.rng, step.since, step.until),
                    change_reason="棚户区改造整体拆除",
                )
            )

    def _reuse_code(self, step: Step, amount: int) -> None:
        """An earlier demolition's code is given to an estate delivered now (R32)."""
        self._free_codes, self._ended_codes = self._ended_codes[:amount], self._ended_codes[amount:]

    def _omit(self, step: Step, amount: Mapping[str, int]) -> None:
        """Estates that stood all along are listed only now: declared as such (补录), or not (R33)."""
        for change, number in amount.items():
            for _ in range(self.times(number)):
                estate = self.build.standing()
                estate.now = estate.now.changed(
                    change_type="scope_correction" if change == "declared" else "new_delivery",
                    change_date=day(self.rng, step.since, step.until),
                    change_reason="摸底时漏报，本次补录" if change == "declared" else None,
                )
                self.estates.append(estate)

    def _drop(self, step: Step, amount: int) -> None:
        """The hardest cases leave the list without a word (R31)."""
        hard = sorted((e for e in self.listed if not e.now.is_managed), key=lambda e: -e.ready)
        for estate in hard[: self.times(amount)]:
            estate.is_dropped = True

    def _restore(self, step: Step, amount: int) -> None:
        """Some that had been dropped are listed again, by now with somebody who looks after them."""
        dropped = [e for e in self.estates if e.is_dropped]
        for estate in dropped[: self.times(amount)]:
            estate.is_dropped = False
            self._look_after(estate, step)

    def _withdraw(self, step: Step, amount: int) -> None:
        """A company leaves before its contract ends; nobody follows for now."""
        for estate in self._pick(amount, lambda e: e.now.is_professional and not e.now.is_new_build):
            estate.now = _unmanaged(estate.now).changed(remark="原物业企业已撤出")
            estate.ready = 2.0

    def _relapse(self, step: Step, amount: int) -> None:
        """A finished renovation is typed 改造中 again."""
        for estate in self._pick(amount, lambda e: e.now.is_renovated_old):
            estate.now = estate.now.changed(renovation_status="in_progress", remark="二次提升施工中")

    def _pick(self, amount: int, fits: Callable[[Estate], bool]) -> list[Estate]:
        free = [e for e in self.listed if e.now.change_type == "unchanged" and fits(e)]
        return self.rng.sample(free, min(self.times(amount), len(free)))

    # -- renovation and management -------------------------------------------------------------------------------

    def _renovate(self, step: Step) -> None:
        old = [e for e in self.listed if e.now.is_old_community]
        order = sorted(old, key=lambda e: -1.0 if e.ready == _SPARE else e.willing)
        done = [e for e in order if e.now.renovation_status == "completed"]
        wanted = reach(step.story["renovated"], len(old)) - len(done)
        for estate in [e for e in order if e.now.renovation_status != "completed"][: max(wanted, 0)]:
            first = date(self.start.year - 3, 6, 1) if step.is_first else step.since
            when = day(self.rng, first, step.until)
            estate.now = estate.now.changed(renovation_status="completed", renovation_date=when)
        rest = [e for e in order if e.now.renovation_status != "completed"]
        for number, estate in enumerate(rest):
            share = number / max(len(rest), 1)
            status = "in_progress" if share < 0.15 else "planned" if share < 0.4 else "not_planned"
            estate.now = estate.now.changed(renovation_status=status)

    def _hire(self, step: Step) -> None:
        since = self.story["state_company"]
        if since and since <= step.as_of and not any(f.now.ownership_type == "state" for f in self.firms):
            self.firms.append(self._new_firm(state=True))

    def cover(self, step: Step, story: Mapping[str, Any]) -> None:
        """Bring management and professional management up to the story's numbers."""
        listed = self.listed
        for estate in listed:
            if estate.now.is_new_build and not estate.now.is_managed and not estate.is_stubborn:
                self._contract(estate, step)
        lacking = sorted((e for e in listed if not e.now.is_professional and not e.is_stubborn), key=lambda e: e.ready)
        wanted = reach(story["professional"], len(listed)) - sum(e.now.is_professional for e in listed)
        for estate in lacking[: max(wanted, 0)]:
            self._contract(estate, step)
        unmanaged = sorted((e for e in listed if not e.now.is_managed), key=lambda e: e.ready)
        wanted = reach(story["managed"], len(listed)) - sum(e.now.is_managed for e in listed)
        for estate in unmanaged[: max(wanted, 0)]:
            self._look_after(estate, step)
        if (share := self.story.get("large_managed")) is not None:
            self._leave_large(share, step)

    def _leave_large(self, share: float, step: Step) -> None:
        """Let so many percent of the communities of 20 000 ㎡ or more be managed, and others instead of the rest."""
        large = [e for e in self.listed if e.now.floor_area_sqm >= 20_000]
        spare = [e for e in self.listed if e.now.floor_area_sqm < 20_000]
        change = reach(share, len(large)) - sum(e.now.is_managed for e in large)
        for estate in [e for e in large if e.now.is_managed is (change < 0)][: abs(change)]:
            if change < 0:
                estate.now = _unmanaged(estate.now)
            else:
                self._look_after(estate, step)
        for estate in [e for e in spare if e.now.is_managed is (change > 0)][: abs(change)]:
            if change > 0:
                estate.now = _unmanaged(estate.now)
            else:
                self._look_after(estate, step)

    def _contract(self, estate: Estate, step: Step) -> None:
        state = [f for f in self.firms if f.now.ownership_type == "state"]
        chosen = self.rng.choice(state) if state and self.rng.random() < 0.5 else self.rng.choice(self.firms)
        now = estate.now
        start = day(self.rng, max(step.since, now.delivered_date or step.since), step.until)
        if now.is_new_build and now.delivered_date:
            start = now.delivered_date
        estate.now = now.changed(
            management_mode="professional_state" if chosen.now.ownership_type == "state" else "professional_market",
            company_name=chosen.now.company_name,
            uscc=chosen.now.uscc,
            contract_start=start,
            contract_end=_years_later(start, self.rng.choice((1, 2, 2, 3, 3))),
            contract_filed=self.rng.random() < 0.85,
            fee_standard=Decimal(self.rng.randrange(*((90, 190) if now.is_new_build else (40, 120)))) / 100,
            fee_collection_rate=Decimal(self.rng.randrange(520, 930)) / 10,
            service_level=f"level_{self.rng.choice((1, 2, 2, 3, 3))}",
            remark=None,
        )

    def _look_after(self, estate: Estate, step: Step) -> None:
        """Management short of a company's contract."""
        now = estate.now
        modes = ["quasi_residents_committee", "quasi_residents_committee", "quasi_owner_self", "quasi_basic"]
        if now.property_type == "self_built":
            modes += ["quasi_unit", "quasi_unit"]
        if now.property_type == "resettlement":
            modes += ["quasi_social_org"]
        estate.now = _unmanaged(now).changed(
            management_mode=self.rng.choice(modes),
            fee_standard=Decimal(self.rng.choice((0, 10, 15, 20, 30))) / 100 or None,
            remark=None,
        )

    def _renew_contracts(self, step: Step) -> None:
        for estate in self.listed:
            while (end := estate.now.contract_end) and end < step.as_of:
                if self.rng.random() > self.story["renewed"]:
                    break
                start = end + timedelta(days=1)
                estate.now = estate.now.changed(
                    contract_start=start, contract_end=_years_later(start, self.rng.choice((1, 2, 3)))
                )

    # -- owners' bodies ------------------------------------------------------------------------------------------

    def _run_terms(self, step: Step) -> None:
        for estate in self.listed:
            estate.bodies = [after for body in estate.bodies for after in self._run_term(body, estate, step)]

    def _run_term(self, body: Committee, estate: Estate, step: Step) -> Iterable[Committee]:
        """A body's terms up to the as-of date: re-elected, being re-elected, or left to expire."""
        if body.status not in ("formed", "term_expired", "re_election") or not body.term_end:
            return (body,)
        if body.filed_date is None and body.established_date:
            body = body.changed(filed_date=self._filing(body.established_date, step))
        while (end := body.term_end) and end < step.as_of:
            start = end + timedelta(days=self.rng.randrange(5, 50))
            draw = self.rng.random()
            if draw < self.story["re_elected"] and start <= step.until:
                filed = start + timedelta(days=self.rng.randrange(8, 40))
                body = body.changed(
                    status="formed",
                    term_no=(body.term_no or 0) + 1,
                    term_start=start,
                    term_end=_years_later(start, body.term_years or 3),
                    filed_date=filed if filed <= step.until else body.filed_date,
                )
                continue
            if draw > 0.93 and body.body_type == "owners_committee" and start <= step.until:
                second = self._body(estate.now, "pm_committee", day(self.rng, start, step.until), step)
                return body.changed(status="term_expired"), *self._run_term(second, estate, step)
            return (body.changed(status="re_election" if draw > 0.8 else "term_expired"),)
        return (body,)

    def organise(self, step: Step, story: Mapping[str, Any]) -> None:
        """Form committees up to the story's number."""
        listed = self.listed
        lacking = sorted((e for e in listed if not e.has_committee), key=lambda e: e.willing)
        wanted = reach(story["committee"], len(listed)) - (len(listed) - len(lacking))
        for estate in lacking[: max(wanted, 0)]:
            large = estate.now.is_professional and estate.now.households >= 250
            body_type = "owners_committee" if large and self.rng.random() < 0.7 else "pm_committee"
            body_type = body_type if body_type in self.counted else self.counted[0]
            first = max(step.since, estate.now.delivered_date or step.since)
            body = self._body(estate.now, body_type, day(self.rng, first, step.until), step)
            estate.bodies = [b for b in estate.bodies if b.status != "preparing"]
            estate.bodies += list(self._run_term(body, estate, step))

    def _body(self, community: Community, body_type: str, established: date, step: Step) -> Committee:
        rng = self.rng
        years = rng.choice((3, 3, 5)) if body_type == "owners_committee" else rng.choice((2, 3))
        members = rng.choice((5, 5, 7, 7, 9, 11) if body_type == "owners_committee" else (7, 7, 9))
        return Committee(
            community_code=community.community_code,
            subdistrict=community.subdistrict,
            community_name=community.community_name,
            body_type=body_type,
            body_name=_body_name(community.community_name, body_type),
            status="formed",
            established_date=established,
            filed_date=self._filing(established, step),
            term_no=1,
            term_years=years,
            term_start=established,
            term_end=_years_later(established, years),
            member_count=members,
            party_member_count=min(members, int(rng.random() * members * self.story["party_share"] * 2)),
            chair_is_party_member=rng.random() < self.story["party_share"] * 1.4,
            has_seal=rng.random() < 0.9,
        )

    def _filing(self, established: date, step: Step) -> date | None:
        filed = established + timedelta(days=self.rng.randrange(8, 60))
        return filed if filed <= step.until and self.rng.random() < self.story["filed"] else None

    def _prepare(self, step: Step) -> None:
        """Some of those without a committee have begun; the others' preparatory groups are gone."""
        lacking = sorted((e for e in self.listed if not e.has_committee), key=lambda e: e.willing)
        number = self.times(step.story["preparing"])
        for place, estate in enumerate(lacking):
            begun = [b for b in estate.bodies if b.status == "preparing"]
            if place >= number:
                estate.bodies = [b for b in estate.bodies if b.status != "preparing"]
            elif not begun:
                body = self._body(estate.now, "owners_committee", step.until, step)
                blank = dict.fromkeys(
                    ("established_date", "filed_date", "term_start", "term_end", "term_no", "term_years",
                     "member_count", "party_member_count", "chair_is_party_member", "has_seal")
                )  # fmt: skip
                estate.bodies.append(body.changed(status="preparing", **blank))

    def _substitute(self, step: Step) -> None:
        """Where a property-management committee is no committee of the plan, some have one all the same."""
        if "pm_committee" in self.counted:
            return
        for estate in [e for e in self.listed if not e.bodies][: self.times(step.story.get("substitutes", 0))]:
            when = day(self.rng, max(step.since, estate.now.delivered_date or step.since), step.until)
            estate.bodies.append(self._body(estate.now, "pm_committee", when, step))

    # -- what else a row says ------------------------------------------------------------------------------------

    def disclose(self, step: Step, story: Mapping[str, Any]) -> None:
        """Information disclosure, among the managed."""
        managed = [e for e in self.listed if e.now.is_managed]
        lacking = sorted((e for e in managed if not e.now.disclosure_done), key=lambda e: e.ready)
        wanted = reach(story["disclosed"], len(managed)) - (len(managed) - len(lacking))
        for number, estate in enumerate(lacking):
            done = number < wanted
            first = max(step.since, date(self.start.year - 2, 3, 1), estate.now.delivered_date or step.since)
            estate.now = estate.now.changed(
                disclosure_done=done, disclosure_date=day(self.rng, first, step.until) if done else None
            )

    def _equip(self, step: Step) -> None:
        """Fees, party branches, stewards, and what the sheet says of committees."""
        listed = self.listed
        for field_name, target in (("has_party_branch", "party_branch"), ("building_steward", "steward")):
            having = sum(bool(getattr(e.now, field_name)) for e in listed)
            wanted = reach(step.story[target], len(listed)) - having
            for estate in sorted((e for e in listed if not getattr(e.now, field_name)), key=lambda e: e.willing):
                estate.now = estate.now.changed(**{field_name: wanted > 0})
                wanted -= 1
        for estate in self.estates:
            status = (
                "formed" if estate.has_committee else "preparing" if estate.bodies else "none"
            )  # a dissolved body is none
            rate = estate.now.fee_collection_rate
            better = min(rate + Decimal(self.rng.randrange(0, 40)) / 10, Decimal(99)) if rate else None
            estate.now = estate.now.changed(committee_status_typed=status, fee_collection_rate=better)

    def _lead(self, step: Step) -> None:
        """What each company has to manage, and the party's work in it."""
        projects: dict[str, list[Community]] = {}
        for estate in self.listed:
            if estate.now.company_name:
                projects.setdefault(estate.now.company_name, []).append(estate.now)
        if step.is_first:
            self.firms = [f for f in self.firms if f.now.company_name in projects] or self.firms[:1]
        for place in self.firms:
            served = projects.get(place.now.company_name, [])
            area = sum(c.floor_area_sqm for c in served)
            place.now = place.now.changed(
                status="active" if served else "exited",
                managed_project_count=len(served),
                managed_area=area,
                employee_count=max(area // 2600 + 3, 4 * place.now.party_member_count) if served else 0,
                party_member_count=place.now.party_member_count if served else 0,
                annual_revenue=int(area * 0.62 * self.story.get("revenue", 1)) // 100 * 100 if served else None,
            )
        active = sorted((f for f in self.firms if f.now.status == "active"), key=lambda f: f.rank)
        covered = reach(step.story["party"], len(active))
        for number, place in enumerate(active):
            members = place.now.party_member_count
            alone = "joint" if self.story.get("joint_branches") else "instructor"
            form = "own" if members >= 3 else "joint" if members else alone
            had = place.now.party_org_form not in (None, "none")
            place.now = place.now.changed(party_org_form=form if had or number < covered else "none")


_EVENTS: dict[str, Callable[[DistrictWorld, Step, Any], None]] = {
    "merge": DistrictWorld._merge,
    "split": DistrictWorld._split,
    "rename": DistrictWorld._rename,
    "reuse_code": DistrictWorld._reuse_code,
    "demolish": DistrictWorld._demolish,
    "omit": DistrictWorld._omit,
    "drop": DistrictWorld._drop,
    "restore": DistrictWorld._restore,
    "withdraw": DistrictWorld._withdraw,
    "relapse": DistrictWorld._relapse,
}


def _unmanaged(row: Community) -> Community:
    blank = dict.fromkeys(
        ("company_name", "uscc", "contract_start", "contract_end", "contract_filed", "fee_standard",
         "fee_collection_rate", "service_level", "disclosure_done", "disclosure_date")
    )  # fmt: skip
    return row.changed(management_mode="none", **blank)


def _belongs_to(body: Committee, community: Community) -> Committee:
    return body.changed(
        community_code=community.community_code,
        community_name=community.community_name,
        body_name=_body_name(community.community_name, body.body_type),
    )


def _body_name(community_name: str, body_type: str) -> str:
    return community_name + ("业主委员会" if body_type == "owners_committee" else "物业管理委员会")


def _half(number: int, half: int) -> int:
    return number - number // 2 if half == 0 else number // 2


def _years_later(start: date, years: int) -> date:
    """The last day of a span of whole years."""
    try:
        return start.replace(year=start.year + years) - timedelta(days=1)
    except ValueError:  # 29 February
        return date(start.year + years, 2, 28)
