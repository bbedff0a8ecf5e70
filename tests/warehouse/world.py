"""A small world: a made-up plan that uses every kind of indicator once, and ledgers typed as records.

``World.hand_in`` says what a district sent for a period, form by form, as intake would record it; ``World.write`` puts
it into a workspace. Nothing is computed here that the tests are about.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.formats import FORMAT
from pipelines.forms import FORMS
from pipelines.intake.records import ISSUE_SCHEMA, SUBMISSION_SCHEMA
from pipelines.plans.model import Plan
from pipelines.settings import Workspace
from pipelines.warehouse.records import ensure_schemas
from pipelines.warehouse.snapshot import write_inputs

Row = dict[str, Any]
A, B = "990001", "990002"
BASELINE, P23, P24, P25 = "2023-baseline", "2023-11", "2024-11", "2025-11"
NOW = datetime(2025, 12, 5, 9)
SURVEY = ["community", "company", "committee", "subdistrict"]
LEDGER = [*SURVEY, "task", "dispute", "satisfaction", "mechanism", "credit"]


def _rate(id: str, *milestones: Row, **values: Any) -> Row:
    return {
        "id": id,
        "name": {"zh": f"指标{id}", "en": id},
        "definition": {"zh": "定义", "en": "Definition"},
        "clause": "一",
        "milestones": list(milestones),
        **values,
    }


def _homes(id: str, *milestones: Row, **values: Any) -> Row:
    return _rate(
        id,
        *milestones,
        **{"entity": "community", "denominator": "is_completed", "numerator": "has_management", **values},
    )


END = "2025-12-31"
PLAN = Plan.model_validate(
    {
        "id": "two_2024",
        "name": {"zh": "两区方案", "en": "Two districts"},
        "issuer": "某市住建局",
        "start": "2023-01-01",
        "end": END,
        "evaluation": {"start": "2025-12-01", "end": END},
        "region": {"code": "990000", "name": "某市"},
        "parameters": {
            "new_build_cutoff": "2023-06-15",
            "bodies_counted": ["owners_committee", "pm_committee"],
            "counted_statuses": ["formed", "term_expired", "re_election"],
        },
        "districts": [
            {"code": A, "name": {"zh": "甲区", "en": "District A"}},
            {"code": B, "name": {"zh": "乙区", "en": "District B"}},
        ],
        "periods": [
            {
                "id": id,
                "name": {"zh": id, "en": id},
                "kind": "baseline" if id == BASELINE else "ledger",
                "as_of": as_of,
                "due": as_of,
                "lateness_judged": id != BASELINE,
                "required_forms": SURVEY if id == BASELINE else LEDGER,
                "optional_forms": ["party", "summary", "evidence", "inspection"],
            }
            for id, as_of in ((BASELINE, "2023-09-30"), (P23, "2023-11-30"), (P24, "2024-11-30"), (P25, "2025-11-30"))
        ],
        "indicators": [
            _homes(
                "coverage", {"due": "2024-12-31", "equals": "100", "districts": [A]}, {"due": END, "at_least": "90"}
            ),
            _homes(
                "professional",
                {"due": END, "more_than": "50"},
                numerator="is_professional",
                strict="is_professional and has_current_contract",
            ),
            _homes(
                "new_professional",
                {"due": END, "equals": "100"},
                denominator="is_completed and is_new_build",
                numerator="is_professional",
            ),
            _homes("renovated", denominator="is_completed and is_renovated_old"),
            _homes(
                "committees", {"due": END, "at_least": "50"}, numerator="has_committee", strict="has_committee_strict"
            ),
            _homes("disclosure", denominator="is_completed and has_management", numerator="disclosure_done"),
            _homes("branches", {"due": END, "hold_at_least": "40"}, numerator="has_party_branch"),
            _homes("both", {"due": END, "at_least": "50", "all_of": ["both", "committees"]}),
            _homes(
                "homes",
                {"due": END, "at_least": "90"},
                measures={"households": {"numerator": "households", "denominator": "households"}},
            ),
            _rate("bodies", entity="committee", denominator="is_counted", numerator="is_filed and is_in_term"),
            _rate(
                "companies",
                {"due": END, "equals": "100"},
                entity="company",
                denominator="is_active",
                numerator="has_party_work_coverage",
            ),
            _rate(
                "satisfaction",
                {"due": END, "at_least": "80"},
                entity="survey",
                denominator="is_third_party and valid_answers > 0",
                numerator="true",
                measures={"answers": {"numerator": "satisfied_answers", "denominator": "valid_answers"}},
            ),
            _rate("streets", entity="subdistrict", denominator="true", numerator="is_qualified"),
            _rate(
                "late_disputes",
                {"due": END, "at_most": "20"},
                entity="dispute",
                direction="down",
                denominator="is_due",
                numerator="not is_closed_on_time",
            ),
            _rate(
                "trainings",
                {"due": END, "at_least": "10"},
                kind="count",
                entity="task",
                numerator="task_id = 'trainings'",
                measure="actual",
            ),
            _rate("rules", {"due": "2024-12-31"}, kind="boolean"),
            _rate("pilot", {"due": END}, kind="boolean", districts=[A]),
            _rate(
                "ledgers",
                {"due": "2024-11-30", "at_least": "100"},
                kind="cadence",
                numerator="is_on_time",
                cadence={
                    "source": "submission",
                    "occasions": [{"due": f"{year}-11-30", "key": f"{year}-11"} for year in (2023, 2024, 2025)],
                },
            ),
            _rate(
                "credit",
                {"due": "2025-02-28", "at_least": "100"},
                kind="cadence",
                numerator="is_on_time",
                cadence={
                    "source": "credit",
                    "occasions": [{"due": "2024-02-29", "key": "2023"}, {"due": "2025-02-28", "key": "2024"}],
                },
            ),
        ],
        "rubric": {
            "is_proposal": True,
            "note": {"zh": "拟定", "en": "Proposal"},
            "period": P25,
            "grades": [
                {"id": "pass", "name": {"zh": "合格", "en": "Pass"}, "at_least": "60"},
                {"id": "fail", "name": {"zh": "不合格", "en": "Fail"}, "at_least": "0"},
            ],
            "bonus": {"cap": "5", "items": []},
            "penalty": {"cap": "5", "items": []},
            "vetoes": [],
            "rank_ranges": {"seed": 1},
            "groups": [
                {
                    "id": "A",
                    "name": {"zh": "甲", "en": "A"},
                    "items": [
                        {
                            "id": "A1",
                            "name": {"zh": "覆盖", "en": "Coverage"},
                            "indicators": ["coverage"],
                            "points": "60",
                            "method": "floor_linear",
                            "params": {"floor": "50", "target": "90"},
                            "evidence": "ledger",
                            "clause": "一",
                        },
                        {
                            "id": "A2",
                            "name": {"zh": "制度", "en": "Rules"},
                            "indicators": ["rules"],
                            "points": "40",
                            "method": "boolean",
                            "evidence": "listed",
                            "clause": "二",
                        },
                    ],
                }
            ],
        },
    }
)


def estate(n: int, **values: Any) -> Row:
    """Estate number ``n``: completed in 2010, 100 households, a company under contract to the end of 2026."""
    return {
        "community_code": f"C{n:02}",
        "community_name": f"{n}号院",
        "subdistrict": "东街道",
        "unit_type": "community",
        "construction_status": "completed",
        "delivered_date": date(2010, 6, 1),
        "households": 100,
        "floor_area_sqm": 10_000,
        "management_mode": "professional_market",
        "company_name": "甲物业有限公司",
        "contract_start": date(2022, 1, 1),
        "contract_end": date(2026, 12, 31),
        "disclosure_done": True,
        **values,
    }


def unmanaged(n: int, **values: Any) -> Row:
    """Estate number ``n`` that nobody manages."""
    nothing = dict.fromkeys(("company_name", "contract_start", "contract_end", "disclosure_done"))
    return estate(n, **{"management_mode": "none", **nothing, **values})


def body(n: int, **values: Any) -> Row:
    """The owners' committee of estate ``n``: formed and filed in 2023, its term ends with 2026."""
    return {
        "community_code": f"C{n:02}",
        "community_name": f"{n}号院",
        "subdistrict": "东街道",
        "body_type": "owners_committee",
        "status": "formed",
        "established_date": date(2023, 3, 1),
        "filed_date": date(2023, 4, 1),
        "term_end": date(2026, 12, 31),
        **values,
    }


def company(name: str, uscc: str | None = None, **values: Any) -> Row:
    """A company at work, reached by a Party organisation of its own."""
    return {"company_name": f"{name}物业有限公司", "uscc": uscc, "status": "active", "party_org_form": "own", **values}


@dataclass
class World:
    """What was handed in, in the order in which it arrived."""

    submissions: list[Row] = field(default_factory=list)
    records: dict[str, list[Row]] = field(default_factory=dict)
    issues: list[Row] = field(default_factory=list)

    def hand_in(
        self,
        district: str,
        period: str,
        received: datetime | None = None,
        *,
        returned: bool = False,
        missing: tuple[str, ...] = (),
        absent: tuple[str, ...] = (),
        **forms: list[Row],
    ) -> str:
        """One workbook. Every form that the period asks for is in it, empty unless given; ``absent`` ones are not.

        Returns its submission_id.
        """
        due = next(p.due for p in PLAN.periods if p.id == period)
        received = received or datetime(due.year, due.month, due.day, 12)
        submission_id = f"s{len(self.submissions) + 1:02}"
        asked = next(p.required_forms for p in PLAN.periods if p.id == period)
        given = [name for name in FORMS if (name in asked or name in forms) and name not in absent]
        place = {
            "submission_id": submission_id,
            "plan_id": PLAN.id,
            "district_code": district,
            "period_id": period,
        }
        if not returned:
            for name, rows in forms.items():
                for number, row in enumerate(rows, 2):
                    record = {**place, "source_sheet": FORMS[name].sheet, "source_row": number, "withheld": [], **row}
                    for key in [k for k in row if k.endswith(("_date", "contract_start", "contract_end", "term_end"))]:
                        record.setdefault(f"{key}_precision", "day" if row[key] else None)
                    self.records.setdefault(name, []).append(record)
        self.submissions.append(
            {
                **place,
                "file_name": f"{submission_id}.xlsx",
                "sha256": submission_id,
                "size_bytes": 1,
                "received_at": received,
                "received_at_source": "stated",
                "status": "returned" if returned else "accepted",
                "row_count": sum(map(len, forms.values())),
                "community_count": len(forms.get("community", [])),
                "fatal_count": int(returned),
                "error_count": 0,
                "warning_count": 0,
                "forms": given,
                "missing_columns": list(missing),
                "form_version": FORMAT,
                "is_synthetic": False,
            }
        )
        return submission_id

    def warn(self, submission_id: str, form: str, row: int, **values: Any) -> None:
        """A warning on one row of a sheet."""
        issue = {"severity": "warning", "rule_id": "R11", "message": "合同已到期", "remedy": "请核实"}
        place = {"submission_id": submission_id, "form": form, "sheet": FORMS[form].sheet, "source_row": row}
        self.issues.append({**issue, **place, "issue_no": len(self.issues) + 1, **values})

    def write(self, root: Path, now: datetime = NOW) -> Workspace:
        """Put everything into a workspace under ``root``, ready for a build."""
        ws = Workspace(root).prepare()
        ensure_schemas(ws.records)
        for name, rows in self.records.items():
            form = FORMS[name]
            wanted = {c: t for c, t in form.record_schema.items() if c not in form.key_columns}
            frame = form.with_keys(pl.DataFrame(rows, schema=wanted)).select(*form.record_schema)
            for (submission_id,), own in frame.group_by("submission_id", maintain_order=True):
                own.write_parquet(ws.records / name / f"{submission_id}.parquet")
        for kind, rows, schema in (
            ("submission", self.submissions, SUBMISSION_SCHEMA),
            ("issue", self.issues, ISSUE_SCHEMA),
        ):
            frame = pl.DataFrame(rows, schema=schema)
            for (submission_id,), own in frame.group_by("submission_id", maintain_order=True):
                own.write_parquet(ws.records / kind / f"{submission_id}.parquet")
        write_inputs(ws, {PLAN.id: PLAN}, now, None)
        return ws
