"""``actionplan register`` on a workspace: what it says, what it writes, and that confirmed lines settle it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.commands.register import PlanRegister, read_register
from pipelines.settings import Workspace
from pipelines.warehouse.proposals_file import path_of
from pipelines.warehouse.snapshot import inputs_folder, write_inputs
from tests.warehouse.world import BASELINE, NOW, P23, PLAN, A, B, Row, World, estate

Read = Callable[..., PlanRegister]


def _named(n: int, name: str, **values: Any) -> Row:
    return estate(n, community_name=name, company_name=None, **values)


def world(coded: bool) -> World:
    """District A renames one estate, merges two, loses one without a word and lists one under two spellings."""
    door: Row = {"address": "团结路12号", "households": 412, "floor_area_sqm": 38_215}
    twice = [
        _named(6, "金沙丽苑", households=300, address="河套大街8号"),
        _named(7, "金莎丽苑", households=300, address="河套大街8号"),
    ]
    first = [
        _named(1, "机床厂宿舍", **door),
        _named(2, "翠湖花园一期", households=200, floor_area_sqm=20_000),
        _named(3, "翠湖花园二期", households=300, floor_area_sqm=31_000),
        _named(4, "河畔人家", households=80),
        _named(5, "北国花府", households=640),
        *twice,
    ]
    later = [
        _named(5, "北国花府", households=640),
        _named(8, "锦绣名邸", **door),
        _named(9, "翠湖花园", households=500, floor_area_sqm=51_000),
        *twice,
    ]
    made = World()
    for period, rows in ((BASELINE, first), (P23, later)):
        rows = [row if coded else {**row, "community_code": None} for row in rows]
        made.hand_in(A, period, community=rows)
        made.hand_in(B, period, community=[_named(11, "北国花府", households=90)])
    return made


@pytest.fixture(params=[True, False], ids=["coded", "uncoded"])
def ws(request: pytest.FixtureRequest, tmp_path: Path) -> Workspace:
    return world(request.param).write(tmp_path)


@pytest.fixture
def read(ws: Workspace) -> Read:
    def now_in(district: str | None = None, write: bool = False) -> PlanRegister:
        overview = read_register(ws, {PLAN.id: PLAN}, NOW, None, district, write)
        json.dumps(overview.as_dict(), ensure_ascii=False)
        assert all(isinstance(line, str) for line in overview.lines())
        return overview.plans[0]

    return now_in


def kinds(register: PlanRegister) -> dict[str, list[str]]:
    return {p["kind"]: sorted([p["community_name"], *p["related_names"]]) for p in register.proposals}


def test_what_it_says(read: Read) -> None:
    register = read()
    assert kinds(register) == {
        "duplicate": ["金沙丽苑", "金莎丽苑"],
        "rename": ["机床厂宿舍", "锦绣名邸"],
        "merge": ["翠湖花园", "翠湖花园一期", "翠湖花园二期"],
    }
    assert {m["community_name"] for m in register.missing} == {"机床厂宿舍", "翠湖花园一期", "翠湖花园二期", "河畔人家"}
    text = "\n".join(register.lines())
    for words in ("建议核对 3 处", "疑似更名", "漏报的小区 4 个", "河畔人家，东街道，80户，最后一次上报", "没有坐标"):
        assert words in text


def test_a_build_proposes_the_same(ws: Workspace, read: Read) -> None:
    write_inputs(ws, {PLAN.id: PLAN}, NOW)
    built = pl.read_parquet(inputs_folder(ws) / "register_proposal.parquet").to_dicts()
    said = read().proposals
    assert built
    assert [(p["kind"], p["community_id"], p["score"]) for p in built] == [
        (p["kind"], p["community_id"], p["score"]) for p in said
    ]


def test_one_district_alone(read: Read) -> None:
    other = read(B)
    assert other.proposals == []
    assert other.missing == []
    assert "没有漏报的小区" in "\n".join(other.lines())


def test_nothing_is_written_unless_asked(ws: Workspace, read: Read) -> None:
    before = sorted(ws.root.rglob("*"))
    read()
    assert sorted(ws.root.rglob("*")) == before


def test_confirmed_lines_settle_what_was_proposed(ws: Workspace, read: Read) -> None:
    written = read(write=True)
    assert written.written
    assert written.written.added == 3
    assert "尚未生效" in "\n".join(written.lines())
    assert len(read().proposals) == 3
    assert len(read().pending) == 3
    path_of(ws.register, PLAN.id).rename(ws.register / f"{PLAN.id}.csv")
    settled = read()
    assert settled.proposals == []
    assert settled.unsettled == []
    assert [m["community_name"] for m in settled.missing] == ["河畔人家"]


def test_lines_that_were_copied_wait_no_more(ws: Workspace, read: Read) -> None:
    read(write=True)
    (ws.register / f"{PLAN.id}.csv").write_bytes(path_of(ws.register, PLAN.id).read_bytes())
    settled = read(write=True)
    assert (settled.pending, settled.proposals) == ([], [])
    assert settled.written
    assert settled.written.added == 0


def test_a_line_that_is_turned_down_is_proposed_no_more(ws: Workspace, read: Read) -> None:
    read(write=True)
    path = path_of(ws.register, PLAN.id)
    apart = path.read_text("utf-8-sig").replace(",same,", ",distinct,").replace(",merge,", ",distinct,")
    (ws.register / f"{PLAN.id}.csv").write_text(apart, encoding="utf-8")
    settled = read(write=True)
    assert (settled.proposals, settled.unsettled, settled.pending) == ([], [], [])


def test_what_is_held_apart_is_proposed_no_more(ws: Workspace, read: Read) -> None:
    ws.register.mkdir(parents=True, exist_ok=True)
    lines = f"district_code,event,community,related,date,reason\n{A},不同小区,锦绣名邸,机床厂宿舍,,两处\n"
    (ws.register / f"{PLAN.id}.csv").write_text(lines, encoding="utf-8")
    assert set(kinds(read())) == {"duplicate", "merge"}


def test_a_decision_without_effect_is_named(ws: Workspace, read: Read) -> None:
    ws.register.mkdir(parents=True, exist_ok=True)
    lines = f"district_code,event,community,related,date,reason\n{A},same,没有这个小区,北国花府,,\n"
    (ws.register / f"{PLAN.id}.csv").write_text(lines, encoding="utf-8")
    register = read()
    assert [line["line"] for line in register.unsettled] == [2]
    assert f"{PLAN.id}.csv 第2行：same 没有这个小区 北国花府" in "\n".join(register.lines())


def test_an_empty_workspace(tmp_path: Path) -> None:
    overview = read_register(Workspace(tmp_path), {PLAN.id: PLAN}, NOW)
    assert overview.plans == []
    assert "还没有小区" in "\n".join(overview.lines())
