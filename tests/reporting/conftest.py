"""A small published Bayannur: seven districts, four periods, every mart in its interface shape."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.plans import load_plans
from pipelines.plans import tables as plan_tables
from pipelines.reporting import build_reports
from pipelines.settings import Workspace

PLAN = "bayannur_2023_2025"
HOSTILE = "<script>alert(1)</script>\"'&花园=1+1\u202e"
DISTRICTS = {
    "150802": ("临河区", "临河", "Linhe"),
    "150821": ("五原县", "五原", "Wuyuan"),
    "150822": ("磴口县", "磴口", "Dengkou"),
    "150823": ("乌拉特前旗", "乌前旗", "Urad Front"),
    "150824": ("乌拉特中旗", "乌中旗", "Urad Middle"),
    "150825": ("乌拉特后旗", "乌后旗", "Urad Rear"),
    "150826": ("杭锦后旗", "杭后", "Hanggin Rear"),
}
SILENT = ("150824", "2025-11")
RESENT, REPLACED = "s150821202511", "sreplaced"
WHOSE = {"plan_id": PLAN, "district_code": "150821", "period_id": "2025-11"}
"""Whose ledger was sent again, and for which period."""
PERIODS = {
    "2023-baseline": date(2023, 9, 30),
    "2023-11": date(2023, 11, 30),
    "2024-11": date(2024, 11, 30),
    "2025-11": date(2025, 11, 30),
}
# indicator: name, English, basis, is_headline, clause, numerator, denominator
Row = dict[str, Any]
INDICATORS: dict[str, tuple[str, str, str, bool, str, Callable[[Row], bool], Callable[[Row], bool]]] = {
    "pm_coverage_rate": (
        "住宅小区物业管理覆盖率",
        "Property-management coverage",
        "communities",
        True,
        "一",
        lambda c: c["has_management"],
        lambda c: True,
    ),
    "professional_pm_coverage_rate": (
        "专业化物业管理覆盖率",
        "Professional management coverage",
        "communities",
        True,
        "一",
        lambda c: c["is_professional"],
        lambda c: True,
    ),
    "professional_pm_coverage_rate_new": (
        "新建住宅小区专业化物业管理覆盖率",
        "Professional coverage of new communities",
        "communities",
        False,
        "一",
        lambda c: c["is_professional"],
        lambda c: c["is_new_build"],
    ),
    "committee_formation_rate": (
        "业主委员会（物业管理委员会）组建率",
        "Owners' committee formation",
        "communities",
        True,
        "一",
        lambda c: c["has_committee"],
        lambda c: True,
    ),
    "information_disclosure_rate": (
        "物业服务信息公开率",
        "Information disclosure",
        "communities",
        True,
        "二（四）",
        lambda c: c["disclosure_done"],
        lambda c: c["has_management"],
    ),
}
DUTIES = {
    "party_led_pm_system_established": (
        "党建引领物业管理体系",
        "Party-led management system",
        "qualitative",
        date(2024, 12, 31),
    ),
    "credit_system_established": ("信用管理制度体系", "Credit system", "hard", date(2024, 12, 31)),
    "state_owned_pm_company": ("国有物业公司", "State-owned company", "aspirational", date(2025, 12, 31)),
}
MILESTONES = [
    ("pm_coverage_rate", date(2024, 12, 31), "eq", 100, "hard", ("150802",)),
    ("committee_formation_rate", date(2024, 12, 31), "gte", 75, "hard", None),
    ("pm_coverage_rate", date(2025, 12, 31), "eq", 100, "hard", None),
    ("professional_pm_coverage_rate", date(2025, 12, 31), "gte", 80, "hard", None),
    ("professional_pm_coverage_rate_new", date(2025, 12, 31), "eq", 100, "hard", None),
    ("committee_formation_rate", date(2025, 12, 31), "gte", 95, "hard", None),
    ("information_disclosure_rate", date(2025, 12, 31), "eq", 100, "aspirational", None),
]
MODES = ["professional_market", "professional_state", "quasi_residents_committee", "quasi_owner_self", "none"]
RUBRIC = [
    ("A1", "A", "全覆盖", "物业管理覆盖率", "pm_coverage_rate", "floor_linear", 12),
    ("A2", "A", "全覆盖", "专业化物业管理覆盖率", "professional_pm_coverage_rate", "proportional", 9),
    ("A5", "A", "全覆盖", "临河区2024年全覆盖", "pm_coverage_rate", "boolean", 3),
    ("B1", "B", "业主自治", "业委会（物管会）组建率", "committee_formation_rate", "floor_linear", 12),
    ("C2", "C", "服务品质与监管", "信息公开率", "information_disclosure_rate", "proportional", 4),
    ("C3", "C", "服务品质与监管", "信用管理制度体系", "credit_system_established", "boolean", 3),
]


def _communities(rng: random.Random) -> list[Row]:
    """One row per community and period; chances grow with time, the later districts lag."""
    rows: list[Row] = []
    for position, code in enumerate(DISTRICTS):
        for number in range(60 if position == 0 else 22 + 3 * position):
            luck, late_start = rng.random(), number % 11 == 10
            mode, households = rng.choice(MODES[:4]), rng.randint(40, 2400)
            for step, period in enumerate(PERIODS):
                if late_start and step < 2:
                    continue
                silent = (code, period) == SILENT
                gone = number == 5 and step == 3
                reach = 0.6 + 0.15 * step - (0.12 if position > 4 else 0.01 * position)
                managed = luck < reach and not gone
                rows.append(
                    {
                        "plan_id": PLAN,
                        "period_id": period,
                        "district_code": code,
                        "community_id": f"{code}-{number:04d}",
                        "community_name": HOSTILE if number == 3 else f"{DISTRICTS[code][1]}示例{number + 1}号小区",
                        "subdistrict": f"{DISTRICTS[code][1]}第{number % 4 + 1}街道",
                        "in_register": True,
                        "is_reported": not silent and not gone,
                        "district_silent": silent,
                        "is_completed": True,
                        "has_management": managed,
                        "management_mode": mode if managed else "none",
                        "is_professional": managed and (mode.startswith("professional") or luck < 0.7),
                        "has_committee": luck < reach - 0.06 and not gone,
                        "committee_type": "owners_committee" if luck < 0.5 else "pm_committee",
                        "has_party_org": luck < 0.4,
                        "is_new_build": late_start,
                        "is_renovated_old": False,
                        "households": households,
                        "floor_area_sqm": Decimal(households * 105),
                        "disclosure_done": managed and luck < reach - 0.15,
                        "submission_id": f"s{code}{period}".replace("-", ""),
                        "source_sheet": "小区明细",
                        "source_row": number + 5,
                        "attributes_period_id": period,
                        "company_name": "演示物业服务有限公司",
                    }
                )
    return rows


def _figures(communities: list[Row]) -> list[Row]:
    rows = []
    for indicator, (*_, numerator, denominator) in INDICATORS.items():
        for period in PERIODS:
            for code in (*DISTRICTS, "ALL"):
                own = [c for c in communities if c["period_id"] == period and code in (c["district_code"], "ALL")]
                base = [c for c in own if denominator(c)]
                reported = [c for c in base if c["is_reported"]]
                silent = (code, period) == SILENT
                missing = int(period == SILENT[1]) if code == "ALL" else int(silent)
                hit = [c for c in reported if numerator(c)]
                for basis, measure in (("communities", lambda c: 1), ("households", lambda c: c["households"])):
                    n, d, r = (sum(map(measure, group)) for group in (hit, base, reported))
                    rows.append(_figure(indicator, period, code, basis, "audited", None if silent else n, d, missing))
                    if basis == "communities" and not silent:
                        rows.append(_figure(indicator, period, code, basis, "reported", n, r, missing))
                        rows.append(_figure(indicator, period, code, basis, "strict", max(0, n - 2), d, missing))
    return rows


def _figure(
    indicator: str, period: str, code: str, basis: str, variant: str, n: int | None, d: int, missing: int
) -> Row:
    value = 100 * n / d if n is not None and d else None
    return {
        "plan_id": PLAN,
        "period_id": period,
        "district_code": code,
        "indicator_id": indicator,
        "basis": basis,
        "variant": variant,
        "numerator": n,
        "denominator": d,
        "value": value,
        "districts_missing": missing,
        "as_of": PERIODS[period],
        "submissions": 1,
    }


def _progress(figures: list[Row]) -> list[Row]:
    at = {
        (f["indicator_id"], f["district_code"], f["period_id"]): f
        for f in figures
        if f["variant"] == "audited" and f["basis"] == "communities"
    }
    rows = []
    for indicator, due, operator, target, binding, scope in MILESTONES:
        for period, as_of in PERIODS.items():
            deciding = (
                max(p for p, day in PERIODS.items() if day <= due and p <= period and p != "2023-baseline")
                if as_of.year > 2023
                else None
            )
            for code in (*DISTRICTS, "ALL"):
                seen = at[indicator, "150802" if scope and code == "ALL" else code, deciding or period]
                n, d = seen["numerator"], seen["denominator"]
                gap = max(0, -(-target * d // 100) - n) if n is not None else None
                final = as_of.year >= due.year
                if (scope and code not in (*scope, "ALL")) or not d:
                    status, n, d, gap = "not_applicable", None, None, None
                elif n is None:
                    status = "no_data"
                else:
                    share = 100 * n - target * d
                    status = (
                        "met"
                        if share >= 0
                        else "overdue_not_met"
                        if final
                        else "at_risk"
                        if share > -15 * d
                        else "behind"
                    )
                row = _milestone(indicator, due, operator, target, binding, period, code, status, n, d, gap, deciding)
                rows.append(row | {"district_scope_in": code == "ALL" or not scope or code in scope})
    for duty, (_, _, binding, due) in DUTIES.items():
        for period, as_of in PERIODS.items():
            done = [code for i, code in enumerate(DISTRICTS) if (i + as_of.year) % 4 != 0]
            for code in (*DISTRICTS, "ALL"):
                n, d = (len(done), 7) if code == "ALL" else (int(code in done), 1)
                status = "met" if n == d else "overdue_not_met" if as_of.year >= due.year else "on_track"
                rows.append(_milestone(duty, due, "done_by", 100, binding, period, code, status, n, d, d - n))
    return rows


def _milestone(
    indicator: str,
    due: date,
    operator: str,
    target: int,
    binding: str,
    period: str,
    code: str,
    status: str,
    n: int | None,
    d: int | None,
    gap: int | None,
    deciding: str | None = None,
) -> Row:
    value = 100 * n / d if n is not None and d else None
    final = PERIODS[period].year >= due.year
    return {
        "plan_id": PLAN,
        "milestone_id": f"{indicator}@{due}",
        "district_code": code,
        "period_id": period,
        "indicator_id": indicator,
        "due_date": due,
        "operator": operator,
        "target": Decimal(target),
        "binding": binding,
        "numerator": n,
        "denominator": d,
        "value": value,
        "status": status,
        "gap_points": max(0.0, target - value) if value is not None else None,
        "gap_units": gap,
        "required_per_month": None if final or gap is None else gap / 12,
        "observed_per_month": 0.8 if gap else None,
        "projected_value": min(100.0, value + 9) if value is not None and not final else None,
        "assessed_early": final,
        "is_final": final,
        "is_restated": False,
        "is_breached": False,
        "deciding_period_id": deciding or period,
        "baseline_value": 50.0,
        "months_left": None,
        "clause": "一",
    }


def _expected() -> list[Row]:
    rows = []
    for code in DISTRICTS:
        for period, due in PERIODS.items():
            late = code == "150825" and period == "2024-11"
            missing = (code, period) == SILENT
            at = None if missing else datetime(due.year, due.month, due.day, 9, 30) + timedelta(days=9 if late else -4)
            rows.append(
                {
                    "plan_id": PLAN,
                    "district_code": code,
                    "period_id": period,
                    "expected_by": due,
                    "received_at": at,
                    "first_accepted_at": at,
                    "status": "missing" if missing else "late" if late else "on_time",
                    "submission_id": None if missing else f"s{code}{period}".replace("-", ""),
                    "versions": 0 if missing else 1,
                    "days_late": 9 if late else 0,
                }
            )
    return rows


def _submissions(expected: list[Row]) -> list[Row]:
    def one(row: Row, **changes: Any) -> Row:
        return {
            "submission_id": row["submission_id"],
            "plan_id": PLAN,
            "district_code": row["district_code"],
            "period_id": row["period_id"],
            "file_name": f"{DISTRICTS[row['district_code']][0]}{row['period_id']}台账.xlsx",
            "sha256": "0" * 64,
            "received_at": row["received_at"],
            "status": "accepted_with_issues",
            "is_effective": True,
            "supersedes": None,
            "row_count": 80,
            "error_count": 2,
            "warning_count": 3,
            "is_late": row["status"] == "late",
            "is_synthetic": True,
            "archive_path": f"00/{row['submission_id']}.xlsx",
            "layout": [
                "community.management_mode=小区明细!F5:F99",
                "community.company_name=小区明细!G5:G99",
                "community.disclosure_done=小区明细!H5:H99",
                "community.committee_status_typed=小区明细!I5:I99",
                "committee.status=业委会明细!D5:D199",
            ],
        } | changes

    rows = [one(row) for row in expected if row["submission_id"]]
    returned = next(row for row in expected if row["district_code"] == "150826" and row["period_id"] == "2025-11")
    early = returned["received_at"] - timedelta(days=3)
    resent = next(row for row in rows if row["submission_id"] == RESENT)
    first = resent | {"submission_id": REPLACED, "is_effective": False, "file_name": "五原县台账(初报).xlsx"}
    first["received_at"] -= timedelta(days=2)
    resent["supersedes"] = REPLACED
    return [
        *rows,
        first,
        one(returned, submission_id="sreturned", status="returned", is_effective=False, received_at=early),
    ]


def _differences() -> list[Row]:
    """What the re-sent ledger changed: a row gone, one come, one community with two changed cells, 200 more."""
    same = {"submission_id": RESENT, "supersedes": REPLACED, "plan_id": PLAN, "form": "community", "sheet": "小区明细"}
    nowhere = dict.fromkeys(("sheet", "cell", "source_row"))
    told: list[Row] = [
        {"kind": "removed", "entity": "旧车站楼", **nowhere},
        {"kind": "added", "entity": HOSTILE, "cell": "E9", "source_row": 9},
        {"kind": "changed", "entity": HOSTILE, "field": "households", "before": "100", "after": "1,200", "cell": "N8"},
        {"kind": "changed", "entity": HOSTILE, "field": "address", "before": None, "after": HOSTILE, "cell": "G8"},
        *(
            {"kind": "changed", "entity": "某小区", "field": "remark", "after": "有", "source_row": n}
            for n in range(10, 210)
        ),
    ]
    return [{"source_row": 8} | same | change | {"change_no": n} for n, change in enumerate(told, 1)]


def _versions() -> list[Row]:
    """Figures of both versions; the second one has a community more that is managed, and loses what nobody answers."""
    rows = []
    before = {"pm_coverage_rate": (20, 25), "committee_formation_rate": (10, 25), "information_disclosure_rate": (5, 9)}
    after = before | {"pm_coverage_rate": (21, 26), "information_disclosure_rate": (None, 9)}
    for submission_id, figures, previous in ((REPLACED, before, {}), (RESENT, after, before)):
        for indicator, (n, d) in figures.items():
            old_n, old_d = previous.get(indicator, (None, None))
            place = {"submission_id": submission_id, "indicator_id": indicator, "numerator": n, "denominator": d}
            rows.append(place | {"previous_numerator": old_n, "previous_denominator": old_d})
    return rows


def _issues(submissions: list[Row]) -> list[Row]:
    rows = []
    for s in submissions:
        base = {k: s[k] for k in ("submission_id", "plan_id", "district_code", "period_id", "is_effective")}
        if s["status"] == "returned":
            found = [
                (
                    "fatal",
                    "missing_required_column",
                    "小区明细",
                    None,
                    None,
                    "缺少必需列：物业管理方式",
                    "补上该列后重新报送",
                )
            ]
        else:
            found = [
                ("error", "R12", "小区明细", "R17", "contract_end", "合同终止日期早于起始日期", "核对合同起止日期"),
                ("warning", "R16", "小区明细", "H9", "floor_area_sqm", f"{HOSTILE} 户均面积偏大", "核对建筑面积"),
                ("warning", "R31", "小区明细", None, "community_name", "上期在册小区本期未填报", "补报或填写变更情况"),
            ]
        for number, (severity, rule, sheet, cell, field, message, remedy) in enumerate(found, 1):
            rows.append(
                base
                | {
                    "severity": severity,
                    "rule_id": rule,
                    "sheet": sheet,
                    "cell": cell,
                    "field": field,
                    "message": message,
                    "issue_no": number,
                    "form": "community",
                    "source_row": 17,
                    "entity": "示例小区",
                    "remedy": remedy,
                    "raw": None,
                    "answer": "已与街道核实" if rule == "R16" and s["district_code"] == "150821" else None,
                }
            )
    return rows


def _bridges(communities: list[Row]) -> list[Row]:
    rows, periods = [], list(PERIODS)
    for code in (*DISTRICTS, "ALL"):
        for earlier, later in pairwise(periods):
            sizes = [
                sum(c["period_id"] == p and code in (c["district_code"], "ALL") for c in communities)
                for p in (earlier, later)
            ]
            missing = sum(
                c["period_id"] == later and code in (c["district_code"], "ALL") and not c["is_reported"]
                for c in communities
            )
            rows.append(
                {
                    "plan_id": PLAN,
                    "district_code": code,
                    "period_id": later,
                    "period_from": earlier,
                    "opening": sizes[0],
                    "added": sizes[1] - sizes[0],
                    "split_in": 0,
                    "merged_out": 0,
                    "demolished": 0,
                    "corrected": 0,
                    "missing": missing,
                    "closing": sizes[1],
                }
            )
    return rows


def _changes(figures: list[Row]) -> list[Row]:
    at = {
        (f["indicator_id"], f["district_code"], f["period_id"]): f
        for f in figures
        if f["variant"] == "audited" and f["basis"] == "communities"
    }
    rows, periods = [], list(PERIODS)
    for (indicator, code, later), f in at.items():
        if later == periods[0]:
            continue
        earlier = periods[periods.index(later) - 1]
        g = at[indicator, code, earlier]
        if f["numerator"] is None or not f["denominator"] or not g["denominator"]:
            continue
        n0, d0, n1, d1 = g["numerator"], g["denominator"], f["numerator"], f["denominator"]
        rows.append(
            {
                "plan_id": PLAN,
                "district_code": code,
                "period_id": later,
                "period_from": earlier,
                "indicator_id": indicator,
                "value_from": g["value"],
                "value_to": f["value"],
                "work_effect": 50 * (n1 - n0) * (1 / d0 + 1 / d1),
                "denominator_effect": 50 * (n0 + n1) * (1 / d1 - 1 / d0),
            }
        )
    return rows


DECIDED_BY = {
    "committee_formation_rate": ["committee.status", "community.committee_status_typed"],
    "information_disclosure_rate": ["community.disclosure_done"],
}
"""The fields that say whether a community counts; of the others how it is managed."""


def _figure_rows(communities: list[Row]) -> list[Row]:
    """The rows behind every figure; a body of its own for each community that has one, and what a duty rests on."""
    rows = []
    for c in communities:
        own = {key: c[key] for key in ("plan_id", "period_id", "district_code", "submission_id", "is_reported")}
        listed = own | {
            "source_sheet": c["source_sheet"],
            "source_row": c["source_row"],
            "entity": "community",
            "community_id": c["community_id"],
            "row_name": None,
            "figure_set": "".join(
                "2" if below(c) and c["is_reported"] and above(c) else "1" if below(c) else "0"
                for *_, above, below in INDICATORS.values()
            ),
        }
        if listed["figure_set"].strip("0"):
            rows.append(listed)
        if c["has_committee"] and c["is_reported"]:
            body = {"entity": "committee", "row_name": c["community_name"], "figure_set": "2"}
            rows.append(listed | body | {"source_sheet": "业委会明细", "source_row": c["source_row"] + 100})
        if c["community_id"].endswith("-0000") and listed["figure_set"].strip("0"):
            duty = {"entity": "mechanism", "community_id": None, "figure_set": "credit_system_established"}
            rows.append(listed | duty | {"row_name": HOSTILE, "source_sheet": "制度机制", "source_row": 4})
    return list({tuple(sorted((k, str(v)) for k, v in row.items())): row for row in rows}.values())


def _figure_sets(rows: list[Row]) -> list[Row]:
    """What the rows of each set add: one unit, or nothing to the numerator; a duty is spoken of without numbers."""
    indicators = {"community": list(INDICATORS), "committee": ["committee_formation_rate"]}
    sets = []
    for plan, entity, digits in sorted({(row["plan_id"], row["entity"], row["figure_set"]) for row in rows}):
        own = {"plan_id": plan, "entity": entity, "figure_set": digits}
        if entity == "mechanism":
            sets.append(own | {"indicator_id": digits, "numerator": None, "denominator": None})
            continue
        for digit, indicator in zip(digits, indicators[entity], strict=True):
            if digit != "0":
                added = {"numerator": Decimal(digit == "2"), "denominator": Decimal(1)}
                sets.append(own | {"indicator_id": indicator} | added)
    return sets


def _gaps(communities: list[Row]) -> list[Row]:
    rows = []
    for indicator, due, _, target, _, scope in MILESTONES:
        numerator, denominator = INDICATORS[indicator][-2:]
        for period in PERIODS:
            for code in scope or DISTRICTS:
                out = [
                    c
                    for c in communities
                    if c["period_id"] == period and c["district_code"] == code and denominator(c) and not numerator(c)
                ]
                base = sum(
                    c["period_id"] == period and c["district_code"] == code and denominator(c) for c in communities
                )
                need = max(0, len(out) - base * (100 - target) // 100)
                for rank, c in enumerate(sorted(out, key=lambda c: (not c["is_reported"], -c["households"]))[:need], 1):
                    rows.append(
                        {
                            "plan_id": PLAN,
                            "period_id": period,
                            "milestone_id": f"{indicator}@{due}",
                            "district_code": code,
                            "community_id": c["community_id"],
                            "rank": rank,
                            "community_name": c["community_name"],
                            "is_reported": c["is_reported"],
                            "households": c["households"],
                            "subdistrict": c["subdistrict"],
                        }
                    )
    return rows


def _lagging(progress: list[Row]) -> list[Row]:
    rows = []
    for period in PERIODS:
        scored = []
        for code in DISTRICTS:
            bad = [
                p
                for p in progress
                if p["period_id"] == period
                and p["district_code"] == code
                and p["status"] in ("overdue_not_met", "behind")
            ]
            worst = max(bad, key=lambda p: p["gap_units"] or 0)["indicator_id"] if bad else None
            scored.append((len(bad), sum(p["gap_units"] or 0 for p in bad), code, worst))
        for rank, (behind, gap, code, worst) in enumerate(sorted(scored, reverse=True), 1):
            rows.append(
                {
                    "plan_id": PLAN,
                    "district_code": code,
                    "period_id": period,
                    "rank": rank,
                    "milestones_behind": behind,
                    "worst_indicator_id": worst,
                    "gap_units": gap,
                }
            )
    return rows


def _of_the_plan() -> dict[str, list[Row]]:
    """What the plan file says of the indicators and lines that the made-up city has."""
    frames = plan_tables.frames({PLAN: load_plans()[PLAN]})
    known = {*INDICATORS, *DUTIES}
    columns = ("entity", "denominator_sql", "numerator_sql", "strict_numerator_sql", "denominator_measure_sql",
               "numerator_measure_sql", "bases", "pools", "sources", "occasions", "district_scope")  # fmt: skip
    items = [
        {k: v for k, v in r.items() if k != "params"} | {"method_params": r["params"]}
        for r in frames["rubric_item"].to_dicts()
    ]
    return {
        "indicator": [
            {"indicator_id": r["indicator_id"], **{name: r[name] for name in columns}}
            for r in frames["indicator"].to_dicts()
        ],
        "dim_milestone": [r for r in frames["milestone"].to_dicts() if r["indicator_id"] in known],
        "dim_rubric_item": [r for r in items if r["item_id"] in {line[0] for line in RUBRIC}],
        "dim_rubric_rule": frames["rubric_rule"].to_dicts(),
        "dim_clause": frames["clause"].to_dicts(),
    }


def _findings() -> list[Row]:
    """A question about the hostile community's sheet in one district, one about a rate in another, one of last year."""
    seen = {
        "plan_id": PLAN, "period_id": "2025-11", "district_code": "150821", "rule_id": "identical_rows",
        "subject": HOSTILE, "subject_type": "community", "title_zh": "若干小区数据完全相同",
        "title_en": "Communities with identical figures", "evidence_zh": "3个小区的户数、面积、楼栋数完全相同",
        "evidence_en": "3 communities share households, area and buildings", "question_zh": "请核对这几行是否复制而来",
        "question_en": "Check whether these rows were copied", "submission_id": RESENT, "source_sheet": "小区明细",
        "source_row": 8, "sort_order": 8,
    }  # fmt: skip
    rate = {
        "district_code": "150826", "rule_id": "rate_rose_by_merging", "subject": "pm_coverage_rate",
        "subject_type": "indicator", "title_zh": "合并小区使指标上升", "title_en": "A rate rose",
        "submission_id": "s150826202511", "source_sheet": None,
        "evidence_zh": "分母变化使指标上升2个百分点", "evidence_en": "2 points", "source_row": None, "sort_order": 4,
    }  # fmt: skip
    return [seen, seen | rate, seen | {"period_id": "2024-11"}]


def _register() -> dict[str, list[Row]]:
    """A rename, a merger and what an analyst decided; two spellings that wait for a decision."""
    step = {
        "plan_id": PLAN, "district_code": "150802", "period_id": "2025-11", "period_from": "2024-11",
        "community_id": "150802-0003", "event": "renamed", "cause": "declared", "units": 0, "community_name": HOSTILE,
        "former_name": "旧名小区", "subdistrict": "临河第4街道", "related_names": None, "related_count": 0,
        "note": "申报变更", "submission_id": "s150802202511", "source_sheet": "小区明细", "source_row": 8,
    }  # fmt: skip
    merged = {"event": "merged_out", "units": 1, "community_id": "x", "community_name": "并入小区",
              "former_name": "并入小区", "related_names": "甲苑、乙苑", "related_count": 2}  # fmt: skip
    return {
        "mart_register_event": [step, step | merged],
        "mart_register_decision": [
            {"plan_id": PLAN, "line": 2, "district_code": "150802", "event": "same", "community": "甲苑",
             "related": ["甲园"], "decision_date": None, "reason": "两种写法", "is_applied": True},
        ],
        "mart_register_proposal": [
            {"plan_id": PLAN, "district_code": "150822", "kind": "duplicate", "community_id": "150822-0003",
             "related_ids": ["150822-0004"], "community_name": HOSTILE, "related_names": ["金莎丽苑"], "score": 82,
             "grade": "很可能", "evidence": ["地址相同", "户数相同"], "event": "same", "can_be_decided": True},
        ],
    }  # fmt: skip


def _assessment() -> tuple[list[Row], list[Row]]:
    rubric = {row["item_id"]: row for row in _of_the_plan()["dim_rubric_item"]}
    items, scores = [], []
    for position, code in enumerate(DISTRICTS):
        raw = Decimal(0)
        for order, (item, group, group_name, name, indicator, method, points) in enumerate(RUBRIC):
            off = item == "A5" and code != "150802"
            unseen = item == "C3" and position == 5
            got = (
                Decimal(0)
                if off or unseen
                else (Decimal(points) * (100 - 4 * position - order) / 100).quantize(Decimal("0.01"))
            )
            raw += got
            items.append(
                {
                    "plan_id": PLAN,
                    "district_code": code,
                    "item_id": item,
                    "indicator_id": indicator,
                    "max_points": Decimal(points),
                    "points": None if off else got,
                    "method": method,
                    "actual": 92.5 - position,
                    "target": Decimal(100),
                    "reason": "不适用：仅考核临河区"
                    if off
                    else "未列佐证材料"
                    if unseen
                    else f"实际{92.5 - position}%，目标100%",
                    "clause": "一",
                    "group_id": group,
                    "group_name": group_name,
                    "item_name": name,
                    "method_params": rubric[item]["method_params"],
                    "next_unit": None if off else "communities" if method != "boolean" else "document",
                    "next_unit_points": None if off else Decimal("0.50"),
                    "units_to_gain": None if off else 1,
                    "units_to_gain_points": None if off else Decimal("0.50"),
                    "unit": "%" if method != "boolean" else "项",
                    "status": "not_applicable" if off else "no_evidence" if unseen else "scored",
                    "evidence_count": 2,
                    "points_low": got,
                    "points_high": got,
                    "sort_order": order,
                }
            )
        applicable = Decimal(43 if code == "150802" else 40)
        score = (raw / applicable * 100).quantize(Decimal("0.01"))
        scores.append(
            {
                "plan_id": PLAN,
                "district_code": code,
                "raw_points": raw,
                "applicable_points": applicable,
                "score": score,
                "bonus": Decimal(1),
                "penalty": Decimal(0),
                "veto": None,
                "grade": "优秀" if score >= 90 else "良好",
                "rank": position + 1,
                "rank_low": max(1, position),
                "rank_high": min(7, position + 2),
                "is_final": False,
            }
        )
    return items, scores


def _evidence() -> list[Row]:
    """Two indicators in each district, one bare in the last; one nobody asks for; nothing claimed before."""
    rows: list[Row] = []
    for code in (*DISTRICTS, "ALL"):
        many = len(DISTRICTS) if code == "ALL" else 1
        for indicator, asked in (("coverage", True), ("professional", True), ("homes", False)):
            bare = indicator == "professional" and code in ([*DISTRICTS][-1], "ALL")
            listed = many - 1 if bare else many
            place = {"plan_id": PLAN, "district_code": code, "period_id": "2025-11", "indicator_id": indicator}
            counts = {"results": many, "results_listed": listed, "results_present": 0, "evidence_reused": 0}
            rows.append(place | {"is_asked": asked} | counts)
            rows.append(rows[-1] | dict.fromkeys(counts, 0) | {"period_id": "2023-baseline"})
    return rows


def until(period: str, content: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The same city as it stood when later periods were not yet due."""
    later = [p for p, day in PERIODS.items() if day > PERIODS[period]]
    cut = {name: [row for row in rows if row.get("period_id") not in later] for name, rows in content.items()}
    cut["dim_period"] = [row | {"is_due": row["period_id"] not in later} for row in content["dim_period"]]
    return cut


def tables() -> dict[str, list[Row]]:
    """Every mart of the made-up city, as rows."""
    communities = _communities(random.Random(7))
    figures = _figures(communities)
    progress = _progress(figures)
    expected = _expected()
    submissions = _submissions(expected)
    items, scores = _assessment()
    planned = _of_the_plan()
    made_from = {row["indicator_id"]: row for row in planned.pop("indicator")}
    headline = {
        name: {
            "indicator_name": zh,
            "indicator_name_en": en,
            "clause": clause,
            "is_headline": head,
            "kind": "rate",
            "basis": basis,
        }
        for name, (zh, en, basis, head, clause, *_) in INDICATORS.items()
    }
    duties = {
        name: {
            "indicator_name": zh,
            "indicator_name_en": en,
            "clause": "二（四）",
            "is_headline": False,
            "kind": "boolean",
            "basis": "districts",
        }
        for name, (zh, en, *_) in DUTIES.items()
    }
    return {
        "dim_plan": [
            {
                "plan_id": PLAN,
                "plan_name": "巴彦淖尔市住宅物业服务全覆盖提品质三年行动方案",
                "plan_name_en": "Bayannur property services plan",
                "issuer": "巴彦淖尔市住房和城乡建设局",
                "document_no": None,
                "issued": date(2023, 10, 17),
                "region_name": "巴彦淖尔市",
                "region_code": "150800",
                "rubric_is_proposal": True,
                "start_date": date(2023, 1, 1),
                "end_date": date(2025, 12, 31),
                "sort_order": 1,
                "clause": None,
            }
        ],
        "dim_district": [
            {
                "plan_id": PLAN,
                "district_code": code,
                "district_name": zh,
                "short_name": short,
                "district_name_en": en,
                "sort_order": i,
                "is_pseudo_region": False,
            }
            for i, (code, (zh, short, en)) in enumerate(DISTRICTS.items())
        ],
        "dim_period": [
            {
                "plan_id": PLAN,
                "period_id": p,
                "period_name": "摸底" if "b" in p else f"{p[:4]}年11月",
                "as_of": day,
                "due_date": day,
                "kind": "baseline" if "b" in p else "ledger",
                "seq": i,
                "is_due": True,
            }
            for i, (p, day) in enumerate(PERIODS.items(), 1)
        ],
        "dim_indicator": [
            {
                "plan_id": PLAN,
                "indicator_id": name,
                "entity": "community",
                "unit": "%",
                "direction": "up",
                "binding": "hard",
                "definition": "已建成小区中符合条件的小区数 ÷ 已建成小区总数",
                "sort_order": i,
                "decided_by": DECIDED_BY.get(name, ["community.management_mode", "community.company_name"]),
            }
            | made_from[name]
            | extra
            for i, (name, extra) in enumerate((headline | duties).items())
        ],
        "fct_submission": submissions,
        "fct_submission_indicator": [row | WHOSE for row in _versions()],
        "mart_submission_change": [row | WHOSE for row in _differences()],
        "fct_issue": _issues(submissions),
        "dim_community": [
            {k: c[k] for k in ("plan_id", "community_id", "district_code", "subdistrict", "community_name")}
            | {
                "first_period": "2023-baseline",
                "last_period": "2025-11",
                "fate": "active" if c["is_reported"] or c["district_silent"] else "missing",
            }
            for c in communities
            if c["period_id"] == "2025-11"
        ],
        "fct_community_status": communities,
        "fct_indicator": figures,
        "mart_milestone_progress": progress,
        "mart_register_bridge": _bridges(communities),
        "mart_rate_change": _changes(figures),
        "mart_gap_community": _gaps(communities),
        "mart_figure_row": (figure_rows := _figure_rows(communities)),
        "mart_figure_set": _figure_sets(figure_rows),
        "mart_submission_status": expected,
        "mart_assessment_item": items,
        "mart_assessment_score": scores,
        "mart_evidence_coverage": _evidence(),
        "mart_finding": _findings(),
        **_register(),
        **planned,
        "mart_lagging_district": _lagging(progress),
    }


def publish(folder: Path, content: dict[str, list[Row]]) -> Path:
    """The tables as Parquet files in a folder; one without rows is left out, for nothing tells its columns."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in content.items():
        if rows:
            pl.DataFrame(rows, infer_schema_length=None).write_parquet(folder / f"{name}.parquet")
    return folder


@pytest.fixture(scope="session")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of published marts."""
    return publish(tmp_path_factory.mktemp("marts"), tables())


@pytest.fixture(scope="session")
def site(marts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reports folder with both languages built."""
    out = tmp_path_factory.mktemp("reports")
    build_reports(Workspace(out), lang="zh", marts_dir=marts, out=out)
    build_reports(Workspace(out), lang="en", marts_dir=marts, out=out)
    return out
