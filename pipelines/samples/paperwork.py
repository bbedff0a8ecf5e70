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
    Community,
    Company,
    Credit,
    Dispute,
    Evidence,
    Inspection,
    Ledger,
    Mechanism,
    Meeting,
    Neighbourhood,
    Party,
    Row,
    Subdistrict,
    Survey,
    Task,
    Total,
)
from pipelines.samples.world import QUIET_DAYS, DistrictWorld, Step, reach

FIRST_DOCUMENT = date(2023, 10, 25)
SITE = "https://zjj.example.cn"


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
        when: date = story["late"].get(indicator.id) or day(own, FIRST_DOCUMENT, last)
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
    rows = {form: tuple(_SHEETS[form](desk)) for form in desk.period.forms if form in _SHEETS}
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
    return (firm.now.changed(credit_grade=grades.get(firm.now.company_name)) for firm in desk.world.firms)


def _committees(desk: Desk) -> Iterable[Row]:
    codes = desk.period.id not in desk.world.story["without_codes"]
    bodies = [body for estate in desk.world.estates if not estate.is_dropped for body in estate.bodies]
    bodies.sort(key=lambda body: (body.community_code or "", body.body_type))
    return bodies if codes else (body.changed(community_code=None) for body in bodies)


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
            established_date=day(own, date(2021, 5, 1), date(2023, 8, 31)) if organised else None,
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
    since = max(desk.step.since, date(desk.year - 1, 12, 1), date(2023, 1, 5))
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
    if not managed:
        return
    for place, when in enumerate(sorted(day(rng, first, desk.step.until) for _ in range(number))):
        where, problems = rng.choice(managed), rng.randrange(0, 9)
        yield Inspection(
            date=when,
            type="double_random" if place % 2 == 0 else rng.choice(("special", "routine")),
            department="住建、市场监管、消防",
            community_name=where.community_name,
            company_name=where.company_name,
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
        )


def _neighbourhoods(desk: Desk) -> Iterable[Neighbourhood]:
    quarters = desk.world.place.quarters
    able = reach(desk.step.story["bodies"], len(quarters))
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
            has_trinity_mechanism=has and place % 3 == 0,
            staff=1 + place % 3,
            urban_rural="urban",
        )


def _tasks(desk: Desk) -> Iterable[Task]:
    """One task per thing to establish, per thing to count, and per headline rate, with planned and actual number."""
    office = f"{desk.name}住房和城乡建设局"
    for indicator, done in desk.commitments():
        due = max((m.due for m in indicator.milestones), default=None)
        late = due is not None and due <= desk.period.as_of
        begun = desk.period.as_of >= date(2024, 1, 1)
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
    "summary": _totals,
}
