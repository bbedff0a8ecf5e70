"""What a build starts from: which submissions are in force, as known when, and what analysts wrote."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.intake.records import SUBMISSION_SCHEMA
from pipelines.plans.loader import load_plans
from pipelines.settings import Workspace
from pipelines.warehouse.decisions import DecisionError, read_decisions, read_entries
from pipelines.warehouse.snapshot import SUBMISSION_INPUT_SCHEMA, effective, inputs_folder, write_inputs
from tests.warehouse.world import BASELINE, NOW, P23, P24, A, B, World, estate
from tests.warehouse.world import PLAN as MADE_UP

PLANS = load_plans()
BAYANNUR = "bayannur_2023_2025"


def received(*rows: tuple[str, str, datetime, str], **values: object) -> pl.DataFrame:
    """(id, period, moment, status) of one district's workbooks."""
    return pl.DataFrame(
        [
            {
                **dict.fromkeys(SUBMISSION_SCHEMA),
                "submission_id": name,
                "plan_id": BAYANNUR,
                "district_code": "150825",
                "period_id": period,
                "received_at": moment,
                "file_name": f"{name}.xlsx",
                "status": status,
                **values,
            }
            for name, period, moment, status in rows
        ],
        schema=SUBMISSION_SCHEMA,
        orient="row",
    )


def judged(*rows: tuple[str, str, datetime, str], **values: object) -> dict[str, dict[str, object]]:
    made = effective(received(*rows, **values), PLANS)
    return {row["submission_id"]: row for row in made.rows(named=True)}


def test_the_newest_accepted_one_is_in_force() -> None:
    rows = judged(
        ("s1", "2024-11", datetime(2024, 11, 1), "accepted"),
        ("s2", "2024-11", datetime(2024, 11, 20), "accepted_with_issues"),
        ("s3", "2024-11", datetime(2024, 11, 25), "returned"),
        ("s4", "2025-11", datetime(2025, 11, 1), "accepted"),
    )
    assert {name for name, row in rows.items() if row["is_effective"]} == {"s2", "s4"}
    assert {name: row["supersedes"] for name, row in rows.items()} == {"s1": None, "s2": "s1", "s3": None, "s4": None}
    assert [rows[name]["is_first_accepted"] for name in ("s1", "s2", "s3")] == [True, False, False]
    assert rows["s2"]["first_accepted_at"] == datetime(2024, 11, 1)


VERSIONS = st.lists(
    st.tuples(
        st.sampled_from(["2023-11", "2024-11", "2025-11"]),
        st.datetimes(datetime(2023, 11, 1), datetime(2025, 12, 31)).map(lambda moment: moment.replace(microsecond=0)),
        st.sampled_from(["accepted", "accepted_with_issues", "returned"]),
    ),
    max_size=12,
)


@given(VERSIONS, st.randoms())
def test_whatever_order_they_come_in_the_newest_accepted_one_is_in_force(
    versions: list[tuple[str, datetime, str]], rng: Random
) -> None:
    rows = [(f"s{number}", *version) for number, version in enumerate(versions)]
    shuffled = rng.sample(rows, len(rows))
    made = effective(received(*rows), PLANS)
    assert made.equals(effective(received(*shuffled), PLANS))
    told = {row["submission_id"]: row for row in made.rows(named=True)}
    for period in {period for _, period, _, _ in rows}:
        own = [row for row in rows if row[1] == period and row[3] != "returned"]
        own.sort(key=lambda row: (row[2], f"{row[0]}.xlsx"))
        names = [row[0] for row in own]
        assert [name for name in names if told[name]["is_effective"]] == names[-1:]
        assert [told[name]["supersedes"] for name in names] == [None, *names[:-1]][: len(names)]
        assert {told[name]["first_accepted_at"] for name in names} <= {own[0][2]} if own else not names


def test_ties_go_to_the_later_file_name() -> None:
    moment = datetime(2024, 11, 1)
    rows = judged(("s2", "2024-11", moment, "accepted"), ("s1", "2024-11", moment, "accepted"))
    assert rows["s2"]["is_effective"]
    assert rows["s2"]["supersedes"] == "s1"


@pytest.mark.parametrize(
    ("moments", "late"),
    [
        ([datetime(2024, 11, 30, 23, 59, 59)], False),
        ([datetime(2024, 12, 1, 0, 0, 1)], True),
        ([datetime(2024, 11, 30, 12), datetime(2025, 3, 1)], False),
        ([datetime(2024, 12, 2), datetime(2024, 12, 3)], True),
    ],
)
def test_lateness_is_judged_by_the_first_accepted_one(moments: list[datetime], late: bool) -> None:
    rows = judged(*((f"s{n}", "2024-11", moment, "accepted") for n, moment in enumerate(moments)))
    assert {row["is_late"] for row in rows.values()} == {late}


def test_a_returned_file_is_no_receipt() -> None:
    rows = judged(
        ("s1", "2024-11", datetime(2024, 11, 20), "returned"), ("s2", "2024-11", datetime(2024, 12, 2), "accepted")
    )
    assert rows["s1"]["is_late"] is None
    assert rows["s2"]["is_late"] is True


def test_a_baseline_is_never_late() -> None:
    assert judged(("s1", "2023-baseline", datetime(2024, 5, 1), "accepted"))["s1"]["is_late"] is False


@pytest.mark.parametrize("odd", [{"plan_id": "no_such_plan"}, {"district_code": "999999"}, {"period_id": "1999-11"}])
def test_what_no_plan_knows_is_kept_but_not_in_force(odd: dict[str, str]) -> None:
    rows = judged(("s1", "2024-11", datetime(2024, 11, 1), "accepted"), **odd)
    assert rows["s1"]["is_effective"] is False


def test_unidentified_workbooks_stay_on_record() -> None:
    nowhere = dict.fromkeys(("plan_id", "district_code", "period_id"))
    rows = judged(("s1", "2024-11", datetime(2024, 11, 1), "returned"), **nowhere)
    assert rows["s1"]["is_effective"] is False


# --- a whole workspace


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    world = World()
    world.hand_in(A, BASELINE, community=[estate(1), estate(2)])
    world.hand_in(A, P23, community=[estate(1), estate(2)])
    world.hand_in(A, P23, datetime(2024, 3, 1), community=[estate(1), estate(2), estate(3)])
    world.hand_in(B, BASELINE, returned=True)
    return world.write(tmp_path)


def table(ws: Workspace, name: str) -> pl.DataFrame:
    return pl.read_parquet(inputs_folder(ws) / f"{name}.parquet")


def test_everything_a_build_reads_is_there(ws: Workspace) -> None:
    assert table(ws, "submission").schema == SUBMISSION_INPUT_SCHEMA
    assert table(ws, "register").filter(pl.col("period_id") == P23)["community_id"].n_unique() == 3
    assert table(ws, "run").to_dicts() == [{"today": date(2025, 12, 5)}]
    assert table(ws, "plan")["plan_id"].to_list() == [MADE_UP.id]


def test_as_known_on_a_past_day(ws: Workspace) -> None:
    write_inputs(ws, {MADE_UP.id: MADE_UP}, NOW, datetime(2023, 12, 31))
    register = table(ws, "register")
    assert table(ws, "submission").height == 3
    assert register.filter(pl.col("period_id") == P23)["community_id"].n_unique() == 2
    assert P24 not in register["period_id"]
    assert table(ws, "run")["today"].to_list() == [date(2023, 12, 31)]


def test_the_same_records_give_the_same_bytes(ws: Workspace) -> None:
    def content() -> dict[Path, bytes]:
        return {file: file.read_bytes() for file in inputs_folder(ws).rglob("*.parquet")}

    before = content()
    write_inputs(ws, {MADE_UP.id: MADE_UP}, NOW)
    assert before == content()


def test_an_empty_workspace_is_no_special_case(tmp_path: Path) -> None:
    ws = Workspace(tmp_path).prepare()
    counts = write_inputs(ws, PLANS, NOW)
    assert (counts["submission"], counts["register"]) == (0, 0)
    assert table(ws, "register_event").is_empty()


def test_decisions_reach_the_register(ws: Workspace) -> None:
    ws.register.mkdir(parents=True)
    lines = ["district_code,event,community,related,date,reason"]
    lines += [f"{A},demolished,C02,,2023-10-15,拆除", f"{A},剔除,没有,,2023-10-15,"]
    (ws.register / f"{MADE_UP.id}.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    write_inputs(ws, {MADE_UP.id: MADE_UP}, NOW)
    rows = table(ws, "register").filter(pl.col("period_id") == P23)
    assert dict(rows.select("community_name", "fate").rows())["2号院"] == "demolished"
    assert table(ws, "decision")["is_applied"].to_list() == [True, False]


# --- the analysts' files


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding=encoding)
    return folder


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_decisions_in_any_spelling(tmp_path: Path, encoding: str) -> None:
    text = (
        "行政区划代码,事件,小区,相关小区,日期,原因\n"
        "临河区,同一小区,乌兰小区,WL01,,两种写法\n"
        "\n# 备注行\n"
        "150802,merge,合院,甲院、乙院;丙院,2024年6月1日,调整\n"
    )
    made = read_decisions(write(tmp_path / "r", f"{BAYANNUR}.csv", text, encoding), PLANS)
    assert made["event"].to_list() == ["same", "merge"]
    assert made["district_code"].to_list() == ["150802", "150802"]
    assert made["related"].to_list() == [["WL01"], ["甲院", "乙院", "丙院"]]
    assert made["date"].to_list() == [None, date(2024, 6, 1)]
    assert made["line"].to_list() == [2, 5]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("999999,same,甲,乙,,", ":2 district_code: 999999 is no district"),
        (",same,甲,乙,,", ":2 district_code: is blank; write the district's code"),
        ("150802,marry,甲,乙,,", ":2 event: marry is unknown; use one of same (同一小区)"),
        ("150802,,甲,乙,,", ":2 event: is blank; use one of"),
        ("150802,same,,乙,,", ":2 community: is blank"),
        ("150802,same,甲,,,", ":2 related: is blank, but same needs it"),
        ("150802,核销,甲,,,", ":2 date: is blank, but demolished needs it"),
        ("150802,核销,甲,,2024-13-01,", ":2 date: 2024-13-01 is no date; write it as 2024-11-30"),
        ("150802,核销,甲,,上周,", ":2 date: 上周 is no date"),
    ],
)
def test_mistakes_name_file_line_field_and_remedy(tmp_path: Path, line: str, message: str) -> None:
    folder = write(tmp_path / "r", f"{BAYANNUR}.csv", f"district_code,event,community,related,date,reason\n{line}\n")
    with pytest.raises(DecisionError) as raised:
        read_decisions(folder, PLANS)
    assert f"{BAYANNUR}.csv{message}" in str(raised.value)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    folder = write(tmp_path / "r", f"{BAYANNUR}.csv", "district_code,event,community\nx,y,\nz,same,甲\n")
    with pytest.raises(DecisionError) as raised:
        read_decisions(folder, PLANS)
    assert len(raised.value.mistakes) == 5


def test_a_file_without_the_columns(tmp_path: Path) -> None:
    with pytest.raises(DecisionError, match=r"\.csv:1 event, community: no such column"):
        read_decisions(write(tmp_path / "r", f"{BAYANNUR}.csv", "district_code,date\n150802,2024-01-01\n"), PLANS)


def test_assessment_entries(tmp_path: Path) -> None:
    text = (
        "district_code,kind,entry_id,item_id,date,reason\n"
        "150802,加分,commendation,,2025-06-01,自治区通报表扬\n"
        "150821,veto,falsified_data,A1,,核查属实\n"
    )
    made = read_entries(write(tmp_path / "r", f"{BAYANNUR}_assessment.csv", text), PLANS)
    assert made["kind"].to_list() == ["bonus", "veto"]
    assert made["item_id"].to_list() == [None, "A1"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("150802,bonus,nothing,,,好", "entry_id: nothing is no bonus of the rubric; use one of"),
        ("150802,gift,commendation,,,好", "kind: gift is unknown"),
        ("150802,bonus,commendation,,,", "reason: is blank; say why"),
        ("150802,bonus,commendation,Z9,,好", "item_id: Z9 is no item of the rubric"),
        ("150802,veto,falsified_data,,,好", "item_id: is blank, but falsified_data takes an item's points away"),
    ],
)
def test_mistakes_in_assessment_entries(tmp_path: Path, line: str, message: str) -> None:
    text = f"district_code,kind,entry_id,item_id,date,reason\n{line}\n"
    with pytest.raises(DecisionError) as raised:
        read_entries(write(tmp_path / "r", f"{BAYANNUR}_assessment.csv", text), PLANS)
    assert message in str(raised.value)
