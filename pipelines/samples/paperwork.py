"""What a district writes down beside its list of communities: the rows of every sheet of one period's workbook."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from random import Random

from pipelines.plans.model import Indicator, Period, Plan
from pipelines.samples.estates import Firm, day
from pipelines.samples.names import words
from pipelines.samples.truth import (
    Committee,
    Community,
    Company,
    Credit,
    Dispute,
    Evidence,
    Inspection,
    Ledger,
    Mechanism,
    Meeting,
    Member,
    Neighbourhood,
    Party,
    Row,
    Showcase,
    Special,
    Subdistrict,
    Survey,
    Task,
    Total,
)
from pipelines.samples.world import QUIET_DAYS, DistrictWorld, Step, reach

SITE = "https://zjj.example.cn"
COUNTED = ("formed", "term_expired", "re_election")


@dataclass
class Desk:
    """The clerk's desk: everything a sheet is made from."""

    plan: Plan
    period: Period
    world: DistrictWorld
    step: Step
    rng: Random

    @property
    def name(self) -> str:
        return self.world.place.name

    @property
    def code(self) -> str:
        return self.world.place.code

    @property
    def year(self) -> int:
        return self.period.as_of.year

    @property
    def start(self) -> date:
        return self.plan.start

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """What the district hands in: of a month only what it must."""
        asked = self.period.required_forms if self.period.kind == "monthly" else self.period.forms
        owing = next(district for district in self.plan.districts if district.code == self.code)
        return tuple(form for form in asked if owing.owes(form))

    def asks(self, field: str) -> bool:
        """Whether the plan has any use for a column that only some plans have."""
        return field in self.plan.fields

    def first_document(self) -> date:
        """Before this day nobody knew of the plan."""
        return (self.plan.issued or self.plan.start) + timedelta(days=8)

    def share(self, name: str) -> float:
        """The story's percentage of the communities (or companies, members …) with one of the plan's particulars."""
        found: float = self.step.story.get("special", {}).get(name, self.step.story.get("particulars", 60))
        return found

    def communities(self) -> list[Community]:
        """Every row of the list, building sites and last rows of the demolished included."""
        rows = [e.now for e in self.world.estates if not e.is_dropped] + self.world.leaving
        rows.sort(key=lambda row: row.community_code or "")
        if self.period.id in self.world.story["without_codes"]:
            rows = [row.changed(community_code=None) for row in rows]
        return rows

    def completed(self) -> list[Community]:
        return [row for row in self.communities() if row.is_completed and row.change_type != "demolished"]

    def active(self) -> list[Firm]:
        return [firm for firm in self.world.firms if firm.now.status == "active"]

    def indicators(self) -> Iterable[Indicator]:
        """The plan's indicators that concern this district."""
        return (i for i in self.plan.indicators if i.districts is None or self.code in i.districts)

    def done_on(self, indicator: Indicator) -> date | None:
        """When the story lets a thing be established or issued; None while it is not by the as-of date."""
        story = self.world.story["documents"]
        # Drawn per indicator and district, not in passing: the day must be the same in every ledger.
        own = Random(f"{self.code}:{indicator.id}")
        if indicator.id in story["never"] or (not indicator.milestones and own.random() > story["extras"]):
            return None
        last: date = story["by"]
        if own.random() < story["punctual"]:
            last = min(last, self._in_time(indicator) or last)
        when: date = story["late"].get(indicator.id) or day(own, self.first_document(), last)
        return when if when <= self.step.until else None

    def _in_time(self, indicator: Indicator) -> date | None:
        """The last day on which a ledger before the indicator's first date can still say that it is done."""
        due = min((milestone.due for milestone in indicator.milestones), default=None)
        before = [period.as_of for period in self.plan.periods if due is not None and period.as_of <= due]
        return max(before) - timedelta(days=QUIET_DAYS) if before else None

    def commitments(self) -> list[tuple[Indicator, date | None]]:
        return [(i, self.done_on(i)) for i in self.indicators() if i.kind in ("boolean", "document")]

    def evidence_id(self, indicator: Indicator) -> str | None:
        """The number of an indicator's item on the list of evidence; None where the district has none."""
        if indicator.id in self.world.story["no_evidence"]:
            return None
        if indicator.kind in ("boolean", "document") and not self.done_on(indicator):
            return None
        return f"Z{self.year}-{self._numbers[indicator.id]:03}"

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {indicator.id: number for number, indicator in enumerate(self.plan.indicators, 1)}


def write_down(desk: Desk) -> Ledger:
    """The district's whole statement for the period."""
    rows = {form: tuple(_SHEETS[form](desk)) for form in desk.forms if form in _SHEETS}
    return Ledger(
        plan_id=desk.plan.id,
        district_code=desk.code,
        district_name=desk.name,
        period_id=desk.period.id,
        as_of=desk.period.as_of,
        rows=rows,
        dropped=tuple(e.now for e in desk.world.estates if e.is_dropped),
    )


def _companies(desk: Desk) -> Iterable[Company]:
    grades = {row.company_name: row.grade for row in _credit(desk)}
    names = [firm.now.company_name for firm in desk.active()]
    flags = ("is_brand", "is_model", "head_checked_in", "charter_has_party", "fees_refunded")
    ticked = {name: _ticked(desk, f"company.{name}", names) for name in flags if desk.asks(f"company.{name}")}
    for firm in desk.world.firms:
        own = {name: firm.now.company_name in having for name, having in ticked.items()}
        yield firm.now.changed(credit_grade=grades.get(firm.now.company_name), **own)


def _committees(desk: Desk) -> Iterable[Row]:
    codes = desk.period.id not in desk.world.story["without_codes"]
    bodies = [body for estate in desk.world.estates if not estate.is_dropped for body in estate.bodies]
    bodies.sort(key=lambda body: (body.community_code or "", body.body_type))
    bodies = bodies if codes else [body.changed(community_code=None) for body in bodies]
    if (terms := desk.world.story.get("new_terms")) is not None:
        bodies = _new_terms(bodies, desk.start, terms["bodies"], terms["half_party"])
    if not desk.asks("committee.reported_to_party"):
        return bodies
    reported = _ticked(desk, "reported_to_party", [body.body_name or "" for body in bodies])
    earning = _ticked(desk, "has_common_revenue", [body.body_name or "" for body in bodies])
    return (
        body.changed(
            reported_to_party=body.body_name in reported,
            has_common_revenue=body.body_name in earning,
            exit_audited=body.body_name in reported if (body.term_no or 0) > 1 else None,
        )
        for body in bodies
    )


def _new_terms(bodies: list[Committee], start: date, new: int, half_party: int) -> list[Committee]:
    """Let so many of the owners' committees be in a term that began with the plan, and of these so many half party."""
    formed = [b for b in bodies if b.status in COUNTED and b.body_type == "owners_committee"]
    told = {}
    for number, body in enumerate(formed):
        members = body.member_count or 5
        party = members // 2 + 1 if number < half_party else members // 3
        began = body.term_start or start
        if number >= new:
            began = began.replace(year=min(began.year, start.year - 1), day=min(began.day, 28))
        elif began < start:
            began = start.replace(month=6)
        told[id(body)] = body.changed(term_start=began, member_count=members, party_member_count=party)
    return [told.get(id(body), body) for body in bodies]


def _party(desk: Desk) -> Iterable[Party]:
    office = f"中共{desk.name}物业行业委员会"
    own = Random(f"{desk.code}:party")
    for firm in desk.active():
        form = firm.now.party_org_form or "none"
        organised = form in ("own", "joint")
        name = {"own": f"中共{firm.now.company_name}支部委员会", "joint": f"中共{desk.name}物业企业联合支部委员会"}
        yield Party(
            subject_type="company",
            subject_name=firm.now.company_name,
            subject_code=firm.now.uscc,
            party_member_count=firm.now.party_member_count,
            org_form=form,
            org_name=name.get(form),
            parent_org=office if organised else None,
            established_date=day(own, *_before(desk)) if organised else None,
            approval_status="approved" if organised else None,
            agreement_signed=form != "none",
            projects_claimed=own.randrange(1, 5) if form != "none" else 0,
        )
    for row in desk.completed():
        if row.has_party_branch:
            yield Party(
                subject_type="community",
                subject_name=row.community_name,
                subject_code=row.community_code,
                party_member_count=max(3, row.households // 40),
                org_form="own",
                org_name=f"中共{row.community_name}支部委员会",
                parent_org=f"中共{row.neighbourhood}委员会",
                approval_status="approved",
                agreement_signed=True,
            )


def _before(desk: Desk) -> tuple[date, date]:
    """When companies got their party organisations: before the first ledger."""
    return date(desk.start.year - 2, 5, 1), min(date(desk.start.year, 8, 31), desk.plan.periods[0].as_of)


def _credit(desk: Desk) -> Iterable[Credit]:
    """Every rating year whose results were due by the as-of date and were reported at all."""
    reported = desk.world.story["credit"]
    for indicator in desk.plan.indicators:
        if indicator.cadence is None or indicator.cadence.source != "credit":
            continue
        for occasion in indicator.cadence.occasions:
            sent: date | None = reported.get(occasion.due)
            if sent and sent <= desk.step.until:
                yield from _ratings(desk, int(occasion.key or occasion.due.year - 1), sent)


def _ratings(desk: Desk, year: int, sent: date) -> Iterable[Credit]:
    scored = []
    for firm in desk.active():
        own = Random(f"{firm.now.uscc}:{year}")
        base, bonus = Decimal(80), Decimal(own.randrange(0, 41)) / 2
        penalty = Decimal(own.randrange(0, 57)) / 2
        scored.append((base + bonus - penalty, firm.now, base, bonus, penalty))
    scored.sort(key=lambda s: (-s[0], s[1].uscc))
    published = sent + timedelta(days=9)
    for place, (total, company, base, bonus, penalty) in enumerate(scored):
        grade = next((g for g, least in (("AAA", 85), ("AA", 80), ("A", 70), ("B", 60)) if total >= least), "C")
        red = grade == "AAA" and place < 2
        yield Credit(
            rating_year=year,
            company_name=company.company_name,
            uscc=company.uscc,
            legal_representative=None,
            project_name=next((c.community_name for c in desk.completed() if c.uscc == company.uscc), None),
            base_score=base,
            bonus=bonus,
            penalty=penalty,
            total_score=total,
            grade=grade,
            list_flag="red" if red else "black" if grade == "C" else "none",
            submitted_date=sent,
            published_date=published,
            published_url=f"{SITE}/credit/{year}/{desk.code}",
        )


def _disputes(desk: Desk) -> Iterable[Dispute]:
    rng, managed = desk.rng, [c for c in desk.completed() if c.is_managed]
    since = max(desk.step.since, date(desk.year - 1, 12, 1), date(desk.start.year, 1, 5))
    number = max(6, len(managed) * 2 // 3)
    moments = sorted(day(rng, since, desk.step.until) for _ in range(number))
    complaints = words()["complaint"]
    for place, received in enumerate(moments, 1):
        where, category = rng.choice(managed), rng.choice(tuple(complaints))
        due = received + timedelta(days=rng.choice((5, 7, 10, 15)))
        on_time = rng.random() * 100 < desk.step.story["on_time"]
        closed = day(rng, received + timedelta(days=1), due) if on_time else due + timedelta(days=rng.randrange(1, 25))
        open_still = closed > desk.step.until
        is_repeat = rng.random() < 0.04
        yield Dispute(
            case_no=f"GD{desk.year}-{place:04}",
            source=rng.choice(
                ("hotline_12345", "hotline_12345", "hotline_12345", "neighbourhood", "petition", "online")
            ),
            received_date=received,
            community_name=where.community_name,
            company_name=where.company_name,
            category=category,
            content=rng.choice(complaints[category]),
            handler=where.subdistrict,
            due_date=due,
            closed_date=None if open_still else closed,
            status="open" if open_still else "duplicate" if is_repeat else "closed",
            mediation=rng.choice(("peoples", "peoples", "administrative", "judicial", None)),
            is_repeat=is_repeat,
            is_satisfied=None if open_still else rng.random() < 0.78,
        )


def _inspections(desk: Desk) -> Iterable[Inspection]:
    rng, managed = desk.rng, [c for c in desk.completed() if c.is_professional]
    number = desk.world.story["inspections"].get(desk.year, 0)
    first = max(desk.step.since, date(desk.year, 3, 1))
    if not managed and "community" in desk.forms:
        return
    for place, when in enumerate(sorted(day(rng, first, desk.step.until) for _ in range(number))):
        where, problems = rng.choice(managed) if managed else None, rng.randrange(0, 9)
        yield Inspection(
            date=when,
            type="double_random" if place % 2 == 0 else rng.choice(("special", "routine")),
            department="住建、市场监管、消防",
            community_name=where.community_name if where else None,
            company_name=where.company_name if where else None,
            problems=problems,
            rectified=problems - (rng.randrange(0, problems) if problems and rng.random() < 0.3 else 0),
            fine=rng.choice((0, 0, 0, 5000, 10000)),
            published_url=f"{SITE}/inspection/{desk.year}/{place + 1}",
        )


def _surveys(desk: Desk) -> Iterable[Survey]:
    """The answers of a sample of communities that add up to exactly the share the story tells."""
    story, rng = desk.step.story["survey"], desk.rng
    if not story:
        return
    pool = sorted((c for c in desk.completed() if c.is_managed and c.households >= 90), key=lambda c: -c.households)
    chosen = rng.sample(pool, min(desk.world.times(story["communities"]), len(pool)))
    chosen.sort(key=lambda c: c.community_code or c.community_name)
    valid = [min(c.households // 2, rng.randrange(34, 121)) for c in chosen]
    happy = _shares(valid, reach(story["satisfied"], sum(valid)), rng)
    for community, answers, satisfied in zip(chosen, valid, happy, strict=True):
        very, fairly = satisfied * rng.randrange(20, 40) // 100, satisfied * rng.randrange(15, 35) // 100
        unhappy = answers - satisfied
        neutral, angry = unhappy * rng.randrange(50, 80) // 100, unhappy // 10
        yield Survey(
            survey_year=desk.year,
            organiser=story["organiser"],
            agency="河套民意调查中心（演示）" if story["organiser"] == "third_party" else None,
            method=rng.choice(("door_to_door", "qr_code", "telephone")),
            community_code=community.community_code,
            community_name=community.community_name,
            sampled=answers + rng.randrange(0, 18),
            valid_answers=answers,
            very_satisfied=very,
            satisfied=satisfied - very - fairly,
            fairly_satisfied=fairly,
            neutral=neutral,
            dissatisfied=unhappy - neutral - angry,
            very_dissatisfied=angry,
            reported_rate=_percent(satisfied, answers),
        )


def _shares(sizes: list[int], total: int, rng: Random) -> list[int]:
    """Whole parts of the sizes, uneven as life is, that add up to the total."""
    wanted = total / max(sum(sizes), 1)
    parts = [max(0, min(size, round(size * (wanted + rng.uniform(-0.09, 0.09))))) for size in sizes]
    place = 0
    while (gap := total - sum(parts)) != 0:
        one = 1 if gap > 0 else -1
        index = place % len(parts)
        if 0 <= parts[index] + one <= sizes[index]:
            parts[index] += one
        place += 1
    return parts


def _percent(part: int, whole: int) -> Decimal | None:
    if not whole:
        return None
    return (Decimal(100 * part) / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _subdistricts(desk: Desk) -> Iterable[Subdistrict]:
    towns = desk.world.place.subdistricts
    able = reach(desk.step.story["bodies"], len(towns))
    listed = desk.completed()
    for place, town in enumerate(towns):
        own, has = Random(f"{desk.code}:{town}"), place < able
        yield Subdistrict(
            subdistrict=town,
            has_body=has,
            body_name=f"{town}物业管理办公室" if has else None,
            full_time=own.randrange(1, 4) if has else 0,
            part_time=own.randrange(0, 4),
            budget=own.randrange(2, 21) * 10_000 if has else 0,
            neighbourhoods=sum(q.subdistrict == town for q in desk.world.place.quarters),
            communities=sum(c.subdistrict == town for c in listed),
            has_mediation=has and own.random() < 0.9,
            has_party_alliance=has if desk.asks("subdistrict.has_party_alliance") else None,
            has_pm_department=has if desk.asks("subdistrict.has_pm_department") else None,
        )


def _neighbourhoods(desk: Desk) -> Iterable[Neighbourhood]:
    quarters = desk.world.place.quarters
    able, trinity = reach(desk.step.story["bodies"], len(quarters)), desk.world.story.get("trinity")
    for place, quarter in enumerate(quarters):
        has = place < able
        yield Neighbourhood(
            subdistrict=quarter.subdistrict,
            neighbourhood=quarter.neighbourhood,
            has_env_pm_committee=has,
            has_mediation_system=has,
            has_dispute_ledger=has,
            has_patrol_system=place % 5 != 4 or has,
            has_joint_meeting=has,
            has_trinity_mechanism=place < trinity if trinity is not None else has and place % 3 == 0,
            staff=1 + place % 3,
            urban_rural="urban",
            part_time_staff=1 + place % 2 if desk.asks("neighbourhood.part_time_staff") else None,
            has_dedicated_staff=has if desk.asks("neighbourhood.has_dedicated_staff") else None,
        )


def _tasks(desk: Desk) -> Iterable[Task]:
    """One task per thing to establish, per thing to count, and per headline rate, with planned and actual number."""
    office = f"{desk.name}住房和城乡建设局"
    for indicator, done in desk.commitments():
        due = max((m.due for m in indicator.milestones), default=None)
        late = due is not None and due <= desk.period.as_of
        begun = desk.period.as_of >= date(desk.start.year + 1, 1, 1)
        yield Task(
            task_id=indicator.id,
            task=indicator.name.zh,
            target="建立并实施",
            planned=Decimal(1),
            actual=Decimal(1 if done else 0),
            completion_rate=Decimal(100 if done else 0),
            status="done" if done else "delayed" if late else "in_progress" if begun else "not_started",
            done_date=done,
            responsible_unit=office,
            problem=None if done else "部门协同不够，进度偏慢" if late else None,
            next_step=None if done else "列入下一年度工作计划",
            evidence_ids=desk.evidence_id(indicator),
        )
    for indicator in desk.indicators():
        if indicator.entity == "task":
            own = Random(f"{desk.code}:{indicator.id}:{desk.year}")
            planned = own.randrange(2, 9) * (12 if indicator.id.endswith("persons") else 1)
            actual = max(1, planned - own.randrange(0, 3))
            if (stated := _stated(indicator)) is not None:
                planned = actual = stated
            yield Task(
                task_id=indicator.id,
                task=indicator.name.zh,
                target=None,
                planned=Decimal(planned),
                actual=Decimal(actual),
                completion_rate=_percent(actual, planned),
                status="done" if actual == planned else "in_progress",
                done_date=desk.step.until if actual == planned else None,
                responsible_unit=office,
                evidence_ids=desk.evidence_id(indicator),
            )
    listed = desk.completed()
    counted = {
        "pm_coverage_rate": sum(c.is_managed for c in listed),
        "professional_pm_coverage_rate": sum(c.is_professional for c in listed),
        "committee_formation_rate": sum(c.committee_status_typed == "formed" for c in listed),
    }
    for indicator in desk.indicators():
        target = max((m.target for m in indicator.milestones), default=None)
        if indicator.id in counted and target is not None:
            planned, actual = reach(float(target), len(listed)), counted[indicator.id]
            yield Task(
                task_id=indicator.id,
                task=f"提高{indicator.name.zh}",
                target=f"{target.normalize():f}%以上",
                planned=Decimal(planned),
                actual=Decimal(actual),
                completion_rate=_percent(actual, planned),
                status="done" if actual >= planned else "in_progress",
                done_date=None,
                responsible_unit=office,
                evidence_ids=desk.evidence_id(indicator),
            )


def _stated(indicator: Indicator) -> int | None:
    """What a count must be: the number a fact states, or the one a target names exactly."""
    if indicator.fact is not None:
        return int(indicator.fact.stated[1])
    return next((int(m.target) for m in indicator.milestones if m.operator == "eq"), None)


def _mechanisms(desk: Desk) -> Iterable[Mechanism]:
    story = desk.world.story["documents"]
    for number, (indicator, done) in enumerate(desk.commitments(), 11):
        if done and indicator.id not in story["task_only"]:
            yield Mechanism(
                indicator_id=indicator.id,
                document_name=f"关于印发《{desk.name}{indicator.name.zh}实施方案》的通知",
                document_no=f"{desk.name[:2]}住建发〔{done.year}〕{number}号",
                issued_date=done,
                issuer=f"{desk.name}住房和城乡建设局",
                is_public=number % 3 != 0,
                url=f"{SITE}/doc/{done.year}/{number}" if number % 3 else None,
                evidence_ids=desk.evidence_id(indicator),
            )
    for indicator in desk.indicators():
        if indicator.cadence is None or indicator.cadence.source != "mechanism":
            continue
        for number, occasion in enumerate(indicator.cadence.occasions, 61):
            own = Random(f"{desk.code}:{indicator.id}:{occasion.due}")
            issued = date(occasion.due.year, own.randrange(5, 11), own.randrange(1, 29))
            if occasion.due.year in desk.world.story["publishes"] and issued <= desk.step.until:
                yield Mechanism(
                    indicator_id=indicator.id,
                    document_name=f"{desk.name}{issued.year}年度{indicator.name.zh}公告",
                    document_no=f"{desk.name[:2]}住建公告〔{issued.year}〕{number}号",
                    issued_date=issued,
                    issuer=f"{desk.name}住房和城乡建设局",
                    is_public=True,
                    url=f"{SITE}/price/{issued.year}",
                    evidence_ids=desk.evidence_id(indicator),
                )


def _evidence(desk: Desk) -> Iterable[Evidence]:
    for indicator in desk.indicators():
        number = desk.evidence_id(indicator)
        if number is None:
            continue
        document = indicator.kind in ("boolean", "document")
        made = desk.done_on(indicator) if document else None
        name = f"{desk.name}{indicator.name.zh}{'文件及会议纪要' if document else '佐证台账'}"
        own = Random(f"{desk.code}:{number}:{indicator.id}")
        yield Evidence(
            evidence_id=number,
            subject_ids=indicator.id,
            name=name,
            type="document" if document else own.choice(("ledger", "photo", "contract", "filing", "report")),
            date=made or desk.step.until,
            issuer=f"{desk.name}住房和城乡建设局",
            pages=own.randrange(1, 60),
            location=f"档案盒{own.randrange(1, 13)}号",
            sha256=hashlib.sha256(f"{desk.code}{number}{name}".encode()).hexdigest(),
        )


def _meetings(desk: Desk) -> Iterable[Meeting]:
    """Those that the plan wants regularly, but for what the story lets slip; else one every other month."""
    wanted = [(i, i.cadence) for i in desk.indicators() if i.cadence is not None and i.cadence.source == "meeting"]
    for indicator, cadence in wanted:
        for occasion in cadence.occasions:
            key = occasion.key or f"{occasion.due:%Y}"
            first, last = max(_begins(key), desk.step.since), min(occasion.due, desk.step.until)
            if first <= last and key not in desk.world.story.get("missed", ()):
                own = Random(f"{desk.code}:{indicator.id}:{key}")
                items = own.randrange(2, 9)
                yield Meeting(
                    date=day(own, first, last),
                    type=cadence.type or "regular",
                    level="neighbourhood" if desk.period.kind == "monthly" else "district",
                    units=own.randrange(6, 19),
                    items=items,
                    closed=items - own.randrange(0, 2),
                )
    if wanted:
        return
    for month in range(2, 11, 2):
        when = date(desk.year, month, desk.rng.randrange(5, 26))
        if desk.step.since < when <= desk.step.until:
            items = desk.rng.randrange(2, 9)
            yield Meeting(
                date=when,
                type="joint_meeting" if month % 4 else "dispatch",
                level="district",
                units=desk.rng.randrange(6, 19),
                items=items,
                closed=items - desk.rng.randrange(0, 2),
            )


def _begins(key: str) -> date:
    """The first day of a year, quarter or month as plans write them."""
    year, _, part = key.partition("-")
    month = 3 * int(part[1:]) - 2 if part.startswith("Q") else int(part or 1)
    return date(int(year), month, 1)


def _totals(desk: Desk) -> Iterable[Total]:
    """What an honest clerk adds up."""
    listed = desk.completed()
    with_committee = sum(c.committee_status_typed == "formed" for c in listed)
    figures: list[tuple[str, int, str]] = [
        ("community_count", len(listed), "个"),
        ("managed_count", sum(c.is_managed for c in listed), "个"),
        ("professional_count", sum(c.is_professional for c in listed), "个"),
        ("committee_count", with_committee, "个"),
        ("households", sum(c.households for c in listed), "户"),
        ("floor_area_sqm", sum(c.floor_area_sqm for c in listed), "㎡"),
        ("company_count", len(desk.active()), "家"),
    ]
    return (Total(measure=measure, value=Decimal(value), unit=unit) for measure, value, unit in figures)


def _specials(desk: Desk) -> Iterable[Special]:
    """The plan's own columns of each completed community, ticked in as many as the story says."""
    listed = desk.completed()
    asked = [name for name in Special.__dataclass_fields__ if f"special.{name}" in desk.plan.fields]
    ticked = {name: _ticked(desk, name, [c.community_name for c in listed]) for name in asked}
    for row in listed:
        own = Random(f"{desk.code}:{row.community_name}:special")
        lifts = own.randrange(0, 5) if row.is_old_community else 0
        flags: dict[str, object] = {name: row.community_name in ticked[name] for name in asked}
        counted: dict[str, int | None] = {
            "party_activities": own.randrange(1, 9) if row.has_party_branch else 0,
            "old_elevators": lifts,
            "assessed_elevators": lifts if flags.get("assessed_elevators") else lifts // 2,
        }
        if not row.is_old_community:
            counted |= {"consensus_before_listing": None, "consensus_before_start": None}
        if row.property_type != "resettlement":
            counted["is_improved"] = None
        yield Special(
            community_code=row.community_code,
            subdistrict=row.subdistrict,
            community_name=row.community_name,
            **{**flags, **{name: value for name, value in counted.items() if name in asked}},  # type: ignore[arg-type]
        )


def _ticked(desk: Desk, what: str, names: Iterable[str]) -> set[str]:
    """As many of the names as the story says, in an order of their own, so that none loses what it has."""
    order = sorted(names, key=lambda name: Random(f"{desk.code}:{name}:{what}").random())
    return set(order[: reach(desk.share(what), len(order))])


def _members(desk: Desk) -> Iterable[Member]:
    bodies = [body for estate in desk.world.estates if not estate.is_dropped for body in estate.bodies]
    counted = [b for b in bodies if b.body_type == "owners_committee" and b.status in COUNTED]
    seats = [(body, number) for body in counted for number in range(body.member_count or 0)]
    filed = _ticked(desk, "has_credit_file", [f"{body.body_name}{number}" for body, number in seats])
    for body, number in seats:
        has = f"{body.body_name}{number}" in filed
        yield Member(
            subdistrict=body.subdistrict,
            community_name=body.community_name,
            member_no=f"{number + 1:02}",
            position="chair" if number == 0 else "member",
            has_credit_file=has,
            filed_date=desk.step.until if has else None,
        )


def _showcases(desk: Desk) -> Iterable[Showcase]:
    """Model cases; those of the story that are exemplary in all three ways stand first."""
    told = desk.world.story.get("showcase", {"mechanism": 6, "committee": 4, "service": 8, "all": 3})
    every = told["all"]
    ways = [("mechanism", "neighbourhood"), ("committee", "committee"), ("service", "company")]
    kinds: list[tuple[tuple[str, ...], str]] = [(("mechanism", "committee", "service"), "community")] * every
    kinds += [((way,), subject) for way, subject in ways for _ in range(told[way] - every)]
    towns = desk.world.place.subdistricts
    for number, (shown, subject) in enumerate(kinds, 1):
        yield Showcase(
            case_name=f"{desk.name}典型{number:03}号",
            subdistrict=towns[number % len(towns)],
            subject_type=subject,
            is_mechanism_model="mechanism" in shown,
            is_committee_model="committee" in shown,
            is_service_model="service" in shown,
            recognised_date=day(Random(f"{desk.code}:{number}"), desk.first_document(), desk.step.until),
        )


_SHEETS: dict[str, Callable[[Desk], Iterable[Row]]] = {
    "community": lambda desk: desk.communities(),
    "company": _companies,
    "committee": _committees,
    "party": _party,
    "credit": _credit,
    "dispute": _disputes,
    "inspection": _inspections,
    "satisfaction": _surveys,
    "subdistrict": _subdistricts,
    "neighbourhood": _neighbourhoods,
    "task": _tasks,
    "mechanism": _mechanisms,
    "evidence": _evidence,
    "meeting": _meetings,
    "special": _specials,
    "member": _members,
    "showcase": _showcases,
    "summary": _totals,
}
