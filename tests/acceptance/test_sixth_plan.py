"""A new plan is a YAML file: from the template to the assessment without a line of Python or SQL.

The plan stands in ``sixth_plan.yaml``; the clerk's part is filling in the templates the command writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from pipelines.forms import FORMS
from pipelines.intake.template import COVER, FIRST_ROW, HEADER_ROW, META
from pipelines.plans.model import METHOD_PARAMS
from tests.conftest import CHECKOUT, Command

pytestmark = pytest.mark.slow
PLAN = Path(__file__).with_name("sixth_plan.yaml")
EAST, WEST = "880101", "880102"
NOW = "2027-02-01T09:00:00"
Rows = Iterable[Mapping[str, object]]


def estate(number: int, mode: str, *, households: int = 120, fee: float = 0.8, grid: str = "否") -> dict[str, object]:
    own = {"街道(乡镇)": "一街道", "小区名称": f"{number}号院", "总户数": households, "建筑面积": 100 * households}
    company = {"物业服务企业": "示范物业有限公司", "合同开始日期": "2025-01-01", "合同结束日期": "2027-12-31"}
    professional = company if mode == "市场化物业" else {}
    return {
        **own,
        "小区编码": f"A{number:03}",
        "建设状态": "建成",
        "物业管理方式": mode,
        "收费标准": fee,
        **professional,
        "_grid": grid,
    }


def fill(path: Path, sheets: Mapping[str, Rows]) -> None:
    """Type rows into a template: header → value, from the line below the sample row on."""
    book = openpyxl.load_workbook(path)
    for form, rows in sheets.items():
        sheet = book[FORMS[form].sheet]
        places = {
            str(cell.value).rstrip("*").split("(元")[0].removesuffix("(㎡)"): cell.column
            for cell in sheet[HEADER_ROW + 1]
        }
        for line, row in enumerate(rows, FIRST_ROW + 1):
            for header, value in row.items():
                if not header.startswith("_"):
                    sheet.cell(line, places[header], value)
    book.save(path)


def task(name: str, actual: float) -> dict[str, object]:
    return {"任务编号": name, "工作任务": name, "完成值": actual, "完成状态": "已完成"}


def ledgers() -> dict[tuple[str, str], dict[str, Rows]]:
    """What the two districts know, by district and period."""
    east = [estate(n, "社区托管") for n in range(1, 6)] + [estate(n, "无物业") for n in range(6, 11)]
    later = [estate(n, "市场化物业", households=150 + 20 * n, fee=0.5 + 0.1 * n, grid="是") for n in range(1, 7)]
    later += [estate(7, "社区托管"), estate(8, "社区托管"), estate(9, "无物业"), estate(10, "无物业")]
    west = [estate(n, "社区托管") for n in (1, 2)] + [estate(n, "无物业") for n in (3, 4)]
    finished = [estate(n, "市场化物业", households=300, fee=1.2, grid="是") for n in range(1, 5)]

    def grid(rows: list[dict[str, object]]) -> list[dict[str, object]]:
        return [
            {**{key: row[key] for key in ("街道(乡镇)", "小区名称", "小区编码")}, "网格化管理": row["_grid"]}
            for row in rows
        ]

    rules = {"指标编号": "rules", "制度名称": "管理办法", "文号": "示住建〔2026〕3号", "印发日期": "2026-09-01"}
    proof = {"材料编号": "Z1", "指标/任务编号": "rules", "材料名称": "管理办法正式文件", "形成日期": "2026-09-01"}
    meetings = [{"会议日期": day, "会议类型": "例会"} for day in ("2026-08-11", "2026-11-12")]
    return {
        (EAST, "2026-h1"): {"community": east, "task": [task("training", 2)]},
        (WEST, "2026-h1"): {"community": west, "task": [task("training", 3)]},
        (EAST, "2026-h2"): {
            "community": later,
            "task": [task("accidents", 3), task("training", 7)],
            "mechanism": [rules],
            "evidence": [proof],
            "meeting": meetings[:1],
            "special": grid(later),
        },
        (WEST, "2026-h2"): {
            "community": finished,
            "task": [task("accidents", 0), task("training", 12)],
            "mechanism": [rules],
            "evidence": [],
            "meeting": meetings,
            "special": grid(finished),
        },
    }


POINTS: dict[str, dict[str, str | None]] = {
    # coverage 5 of 10, then 8 of 10; 3 accidents; 7 trainings; rules with evidence; 1 of 2 meetings; 5 days late
    EAST: {"A1": "8", "A2": "6", "A3": "6", "A4": "5", "A5": "4", "A6": "8", "A7": "6", "A8": "5", "A9": "2.5",
           "A10": "0", "A11": "2.5", "A12": "8"},
    # coverage 2 of 4, then all; no accident; 12 trainings; rules without evidence, which only A8 asks for; in time; A9 is
    # about the other district alone
    WEST: {"A1": "10", "A2": "10", "A3": "10", "A4": "10", "A5": "10", "A6": "10", "A7": "10", "A8": "0", "A9": None,
           "A10": "2.5", "A11": "5", "A12": "0"},
}  # fmt: skip
"""Worked out by hand from what each method says. A veto takes A10 from the east."""
ENTRIES = f"""district_code,kind,entry_id,item_id,date,reason
{EAST},penalty,late_reply,,2026-10-01,第一次逾期
{EAST},penalty,late_reply,,2026-11-01,第二次逾期
{EAST},veto,forged,A10,2027-01-20,清单与事实不符
{WEST},veto,accident,,2026-12-20,发生责任事故
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, actionplan: Command) -> Path:
    """A workspace with the plan's file, both districts' templates filled in and sent, and one run."""
    root = tmp_path_factory.mktemp("sixth")
    (root / "plans").mkdir()
    (root / "plans" / PLAN.name).write_text(PLAN.read_text(encoding="utf-8"), encoding="utf-8")
    (root / "data" / "raw" / "register").mkdir(parents=True)
    (root / "data" / "raw" / "register" / "sixth_2026_assessment.csv").write_text(ENTRIES, encoding="utf-8")
    checked = actionplan(root, "plans", "check", root / "plans" / PLAN.name)
    assert checked.returncode == 0, checked.stdout
    received = {(EAST, "2026-h2"): "2027-01-15T09:00:00", (WEST, "2026-h2"): "2027-01-09T09:00:00"}
    for (district, period), sheets in ledgers().items():
        path = root / f"{district}-{period}.xlsx"
        done = actionplan(
            root, "template", "--plan", "sixth_2026", "--district", district, "--period", period, "--output", path
        )
        assert done.returncode == 0, done.stderr
        fill(path, sheets)
        at = received.get((district, period), "2026-07-05T09:00:00")
        sent = actionplan(root, "submit", path, "--received-at", at, now=NOW)
        assert sent.returncode == 0, sent.stderr
    done = actionplan(root, "run", "--plan", "sixth_2026", now=NOW)
    assert done.returncode == 0, done.stdout + done.stderr
    return root


@pytest.fixture
def query(root: Path) -> Iterable[Callable[[str], list[tuple[Any, ...]]]]:
    with duckdb.connect(str(root / "data" / "marts" / "warehouse.duckdb"), read_only=True) as db:
        yield lambda sql: db.execute(sql).fetchall()


Query = Callable[[str], list[tuple[Any, ...]]]


def test_the_template_has_the_plans_own_sheets_and_columns(root: Path) -> None:
    book = openpyxl.load_workbook(root / f"{EAST}-2026-h2.xlsx")
    asked = ("community", "task", "mechanism", "evidence", "meeting", "special")
    assert book.sheetnames == [COVER, *(form.sheet for form in FORMS.values() if form.name in asked), META]
    special = [cell.value for cell in book["小区专项情况"][HEADER_ROW + 1]]
    assert special == ["序号", "小区编码", "街道(乡镇)", "小区名称*", "网格化管理", "备注"]


def test_every_ledger_was_accepted(query: Query) -> None:
    accepted = {"accepted", "accepted_with_issues"}
    found = query("select status, is_effective from marts.fct_submission")
    assert len(found) == 4
    assert all(status in accepted and effective for status, effective in found)
    assert query("select message from marts.fct_issue where severity in ('fatal', 'error')") == []


def test_figures_of_the_new_conditions(query: Query) -> None:
    found = {
        (indicator, district): (numerator, denominator)
        for indicator, district, numerator, denominator in query(
            """select indicator_id, district_code, numerator, denominator from marts.fct_indicator
            where period_id = '2026-h2' and variant = 'audited' and is_main"""
        )
    }
    assert found["coverage", "ALL"] == (12, 14)
    # Of the six sold to a company, those of 200 households or more begin with the third; the fee passes 1 yuan after the fifth.
    assert found["large_cheap_professional", EAST] == (3, 4)
    assert found["large_cheap_professional", WEST] == (0, 4)
    assert found["grid_rate", "ALL"] == (10, 14)
    assert found["quarterly_meeting", EAST] == (1, 2)
    assert found["accidents", EAST] == (3, None)


def test_milestones_are_judged(query: Query) -> None:
    status = dict(
        query("""select district_code, status from marts.mart_milestone_progress
        where milestone_id = 'coverage@2026-12-31' and period_id = '2026-h2'""")
    )
    assert status == {EAST: "overdue_not_met", WEST: "met", "ALL": "overdue_not_met"}


def test_points_of_every_method(query: Query) -> None:
    found: dict[str, dict[str, Decimal | None]] = {EAST: {}, WEST: {}}
    methods = set()
    for district, item, method, points in query(
        "select district_code, item_id, method, points from marts.mart_assessment_item"
    ):
        found[district][item] = points
        methods.add(method)
    assert methods == set(METHOD_PARAMS)
    assert found == {
        district: {item: points and Decimal(points) for item, points in own.items()} for district, own in POINTS.items()
    }
    status = dict(
        query(f"""select item_id, status from marts.mart_assessment_item where district_code = '{WEST}'
        and status <> 'scored'""")
    )
    assert status == {"A8": "no_evidence", "A9": "not_applicable"}


def test_scores_with_bonus_penalty_and_vetoes(query: Query) -> None:
    scores = query("""select district_code, raw_points, applicable_points, score, bonus, penalty, veto, grade, rank,
        is_final from marts.mart_assessment_score order by rank""")
    points = [(row[0], *map(str, row[1:6]), *row[6:]) for row in scores]
    assert points == [
        # 77.5 of the 95 that apply; 1.5 for the rise and 1 for training, at most 2; an accident takes one grade
        (WEST, "77.50", "95.00", "81.58", "2.00", "0.00", "accident", "合格", 1, True),
        # 63.5 without the item that was forged; the rise of 30 points is no bonus; twice 1.5 off, at most 2
        (EAST, "61.00", "100.00", "61.00", "1.00", "2.00", "forged", "合格", 2, True),
    ]


def test_its_pages_are_there(root: Path) -> None:
    for page in ("index.html", f"{EAST}.html", "assessment.html", "intake.html", "register.html"):
        text = (root / "reports" / "sixth_2026" / page).read_text(encoding="utf-8")
        assert "示范市" in text


def test_nothing_in_the_code_knows_the_plan() -> None:
    code = [*CHECKOUT.glob("pipelines/**/*.py"), *CHECKOUT.glob("dbt_project/**/*.sql")]
    assert code
    assert [file for file in code if "sixth_2026" in file.read_text(encoding="utf-8")] == []
