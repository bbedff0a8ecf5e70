"""The workbooks: the same bytes each time, readable through the forms, with each planted problem in its cell."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook
from xlsxwriter.utility import xl_cell_to_rowcol

from pipelines.forms import FORMS
from pipelines.forms.headers import form_of_sheet, header_key, index, normalise_header
from pipelines.plans import Plan, find_plan, load_plans
from pipelines.samples import Drop, stream_drops, write_drops, write_load_plan
from pipelines.samples.truth import Raw
from pipelines.samples.workbooks import STYLES


def digest(paths: list[Path]) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def test_the_same_seed_writes_the_same_bytes_in_another_process(plan: Plan, drops: list[Drop], tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pipelines.plans import load_plans;"
        "from pipelines.samples import write_drops; plan = load_plans()['bayannur_2023_2025'];"
        "write_drops(plan, Path(sys.argv[1]), districts=['150825', '150821'])"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "TZ": "America/Lima"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, env=environment)
    ours = [drop.path for drop in drops if drop.district_code in ("150821", "150825")]
    root = drops[0].path.parents[3]
    theirs = [tmp_path / path.relative_to(root) for path in ours]
    assert sorted(tmp_path.rglob("*.xlsx")) == sorted(theirs)
    assert digest(ours) == digest(theirs)


def test_the_selection_of_districts_and_periods_changes_no_workbook(
    plan: Plan, drops: list[Drop], tmp_path: Path
) -> None:
    some = write_drops(plan, tmp_path, districts=["150826"], periods=["2024-11"])
    assert [drop.received_at.isoformat() for drop in some] == ["2024-11-29T20:30:00", "2025-03-18T09:05:00"]
    same = [drop.path for drop in drops if (drop.district_code, drop.period_id) == ("150826", "2024-11")]
    assert digest([drop.path for drop in some]) == digest(same)


def test_drops_come_as_received_under_plan_period_and_district(drops: list[Drop], folder: Path) -> None:
    assert [drop.received_at for drop in drops] == sorted(drop.received_at for drop in drops)
    for drop in drops:
        assert drop.path.relative_to(folder).parts[:3] == (drop.plan_id, drop.period_id, drop.district_code)
    assert len({drop.path for drop in drops}) == len(drops) == 29


def test_the_cover_says_whose_it_is_and_that_it_is_synthetic(plan: Plan, drops: list[Drop]) -> None:
    for drop in drops:
        book = load_workbook(drop.path, read_only=True)
        said = {str(row[0]): str(row[1]) for row in book["填报说明"].iter_rows(values_only=True, max_col=2) if row[1]}
        assert find_plan(load_plans(), said["方案"]) is plan
        assert (
            plan.district(said["填报单位"]) is plan.district(said["行政区划代码"]) is plan.district(drop.district_code)
        )
        period = plan.period(said["填报期"])
        assert period is not None
        assert period.id == drop.period_id
        assert date.fromisoformat(said["数据截止日期"]) == period.as_of
        assert "合成数据" in said["备注"]


def grid(sheet: Worksheet) -> list[list[object]]:
    """The cells with merged ranges filled, as far as a header needs it."""
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    for area in sheet.merged_cells.ranges:
        for row in range(area.min_row - 1, min(area.max_row, 4)):
            for column in range(area.min_col - 1, area.max_col):
                rows[row][column] = rows[area.min_row - 1][area.min_col - 1]
    return rows


@pytest.mark.parametrize("style", sorted(STYLES))
def test_every_sheet_and_header_of_every_style_is_one_that_must_be_read(drops: list[Drop], style: str) -> None:
    for drop in [drop for drop in drops if drop.submission.style == style][:2]:
        book = load_workbook(drop.path)
        for name, rows in drop.submission.typed.items():
            form = FORMS[name]
            sheet = next(
                sheet for sheet in book if form_of_sheet(sheet.title) is form and sheet.sheet_state == "visible"
            )
            cells = grid(sheet)
            top = 2 if STYLES[style].title else 0
            double = STYLES[style].two_rows and name in ("community", "committee")
            parents, leaves = (cells[top], cells[top + 1]) if double else ([None] * len(cells[top]), cells[top])
            found: set[str] = set()
            for parent, leaf in zip(parents, leaves, strict=True):
                if leaf and leaf != "网格员数量":
                    above = str(parent) if parent and parent != leaf else ""
                    texts = (normalise_header(text)[0] for text in (above + str(leaf), str(leaf)))
                    matched = next(filter(None, (index(form).get(header_key(text)) for text in texts)), None)
                    assert matched, f"{name}: {parent} {leaf}"
                    assert matched.field not in found, leaf
                    found.add(matched.field)
            required = {column.field for column in form.required_columns}
            assert required - found <= {"households"} & set(re.findall("households", " ".join(drop.submission.quirks)))
            assert len(rows) <= len(cells) - top


def test_each_planted_problem_stands_in_its_cell(drops: list[Drop]) -> None:
    """What the cell says, read through the form's own parser, is what the clerk was made to type."""
    checked = 0
    for drop in drops:
        book = CalamineWorkbook.from_path(str(drop.path))
        for problem in drop.submission.planted:
            if problem.cell is None:
                continue
            assert problem.form
            assert problem.field
            assert problem.sheet
            rows = book.get_sheet_by_name(problem.sheet).to_python(skip_empty_area=False)
            row, place = xl_cell_to_rowcol(problem.cell)
            raw = rows[row][place]
            typed = drop.submission.typed[problem.form][problem.row or 0].get(problem.field)
            checked += 1
            if isinstance(typed, Raw):
                assert raw == typed.value
            elif typed is None:
                assert raw == ""
            elif raw != typed:
                column = FORMS[problem.form].column(problem.field)
                area = {"floor_area_sqm": STYLES[drop.submission.style].area_unit, "managed_area": "万㎡"}
                shown = STYLES[drop.submission.style].rates == "format" and column.unit == "%"
                parsed = column.parse(raw, unit=area.get(problem.field), percent_format=shown)
                if parsed.problem is not None and parsed.value is None:
                    assert problem.severity == "error", f"{problem.rule_id}: {parsed.problem}"
                elif isinstance(typed, Decimal):
                    assert Decimal(str(parsed.value)) == typed
                else:
                    assert parsed.value == typed, problem.rule_id
    assert checked > 60


def test_a_percentage_in_a_percent_cell_is_formatted_as_one(drops: list[Drop]) -> None:
    drop = next(drop for drop in drops if "percent_mixed" in drop.submission.problems)
    problem = next(p for p in drop.submission.planted if p.rule_id == "R23")
    cell = load_workbook(drop.path)[problem.sheet][problem.cell]
    assert cell.number_format == "0.0%"
    assert cell.value > 1


def test_odd_layouts_are_really_there(drops: list[Drop]) -> None:
    by_quirk = {quirk: drop for drop in drops for quirk in drop.submission.quirks}

    def community(quirk: str) -> list[list[object]]:
        book = load_workbook(by_quirk[quirk].path)
        return grid(next(s for s in book if form_of_sheet(s.title) is FORMS["community"]))

    headers = community("lacks_households")[2]
    assert not [h for h in headers if h and "总户数" in str(h)]
    assert "建筑面积*" in community("no_area_unit")[2]
    assert "网格员数量" in community("unmapped_column")[0]
    middle = [row for row in community("total_in_the_middle")[6:-6] if "合计" in row]
    assert len(middle) == 1
    assert sum("项目名称" in row for row in community("total_in_the_middle")) == 2  # the header again, in the middle
    hidden = load_workbook(by_quirk["hidden_sheet"].path)
    assert [s.title for s in hidden if s.sheet_state == "hidden"] == ["小区明细(上年)"]
    assert any("小计" in str(cell) for row in community("wrong_subtotal") for cell in row)


def test_a_made_up_plan_is_sound_and_its_drops_stream(tmp_path: Path) -> None:
    path = write_load_plan(tmp_path / "plans", 40)
    plan = load_plans(path.parent)["load_2023_2025"]
    assert [d.code for d in plan.districts][:2] == ["900001", "900002"]
    assert len(plan.districts) == 40
    stream = stream_drops(plan, tmp_path / "drops", communities=4, periods=["2025-11"])
    first = next(stream)
    assert first.exists()
    assert sum(1 for _ in (tmp_path / "drops").rglob("*.xlsx")) == 1  # nothing is written ahead
    assert len([first, *stream]) == 40


def test_a_plan_with_other_periods_is_told_on_its_own_calendar(plan: Plan, tmp_path: Path) -> None:
    """The story is stretched over the periods: it begins and ends where it does on its own."""
    other = plan.model_copy(update={"periods": plan.periods[:2]})
    drops = write_drops(other, tmp_path, districts=["150821"])
    assert [drop.period_id for drop in drops] == ["2023-baseline", "2023-11"]
    assert all(drop.received_at.date() < period.due for drop, period in zip(drops, other.periods, strict=True))
    last = [c for c in drops[-1].submission.ledger.of("community") if c.is_completed]
    assert all(c.is_managed for c in last)  # where the story stands after its last period


def test_a_load_plan_has_as_many_districts_as_there_are_codes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="1 to 99999"):
        write_load_plan(tmp_path, 0)
