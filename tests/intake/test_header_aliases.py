"""What analysts write into data/raw/register/headers.csv settles how odd headers and sheet names are read."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from pipelines.intake.judging import Judgement, Source, judge_batch
from pipelines.intake.layout import AliasError, Aliases, read_aliases
from pipelines.intake.reader import read_workbook
from pipelines.intake.receive import submit
from pipelines.intake.service import process_inbox
from pipelines.settings import Workspace
from tests.conftest import Command
from tests.intake.books import RECEIVED, found, grid, plans

ODD = ["编次", "片区", "楼院", "总户数", "建筑面积(㎡)", "管理形态", "地址"]
LINE = [1, "团结街道", "甲院", 100, 9000, "无物业", "胜利路1号"]
SETTLED = """form,header,field,sheet,plan,district,reason
小区明细,片区,街道(乡镇),,,,各旗县的叫法
community,楼院,community_name,,,,
小区明细,管理形态（填写）,物业管理方式,,,,
小区明细,地址,不采用,,,,与本表无关
小区明细,,,楼院底册,,,
"""


def aliases(tmp_path: Path, text: str = SETTLED) -> Aliases:
    path = tmp_path / "headers.csv"
    path.write_text(text, encoding="utf-8")
    return read_aliases(path, plans())


def judged(data: bytes, known: Aliases) -> Judgement:
    source = Source("0" * 16, "0" * 64, len(data), "报表.xlsx", None, RECEIVED, "first_seen")
    [judgement] = judge_batch([(source, read_workbook(data))], plans(), known)
    return judgement


def test_a_hard_case_is_settled(tmp_path: Path) -> None:
    text = SETTLED.replace("（填写）", "")
    data = grid([ODD, LINE], title="楼院底册")
    assert judged(data, Aliases()).status == "returned"
    judgement = judged(data, aliases(tmp_path, text))
    record = judgement.frames["community"].row(0, named=True)
    assert (record["subdistrict"], record["community_name"], record["management_mode"]) == ("团结街道", "甲院", "none")
    assert record["address"] is None, "the analyst left the column out"
    columns = {column["header"]: column for column in judgement.recognised[0]["columns"]}
    assert {columns[header]["how"] for header in ("片区", "楼院", "管理形态")} == {"analyst"}
    assert columns["地址"]["problem"] == "ignored"
    assert [issue.cell for issue in found(judgement, "unmapped_column")] == ["A1"], "编次 alone is unknown"


def test_variants_of_the_header_are_the_same_header(tmp_path: Path) -> None:
    odd = ["序号", "★片 区", "楼院（填全称）", "总户数", "建筑面积(㎡)", "管理形态"]
    text = SETTLED.replace("管理形态（填写）", "管理形态")
    judgement = judged(grid([odd, LINE[:6]]), aliases(tmp_path, text))
    assert judgement.frames["community"]["community_name"].to_list() == ["甲院"]


def test_a_parent_joined_with_its_leaf(tmp_path: Path) -> None:
    lines = [
        ["片区", "小区名称", "总户数", "建筑面积(㎡)", "管理", None],
        [None, None, None, None, "形态", "备注"],
        LINE[1:6],
    ]
    text = "form,header,field\n小区明细,片区,街道(乡镇)\n小区明细,管理-形态,物业管理方式\n"
    merged = ["E1:F1", *(f"{c}1:{c}2" for c in "ABCD")]
    judgement = judged(grid(lines, merged), aliases(tmp_path, text))
    assert judgement.frames["community"]["management_mode"].to_list() == ["none"]


def test_a_line_may_hold_for_one_district_only(tmp_path: Path) -> None:
    text = "form,header,field,plan,district\n小区明细,片区,社区,,\n小区明细,片区,街道(乡镇),bayannur_2023_2025,{}\n"
    data = grid([["序号", "片区", "小区名称", "总户数", "建筑面积(㎡)", "物业管理方式"], LINE[:6]])
    here = judged(data, aliases(tmp_path, text.format("临河区")))
    assert here.frames["community"]["subdistrict"].to_list() == ["团结街道"]
    elsewhere = judged(data, aliases(tmp_path, text.format("150821")))
    assert [i.field for i in elsewhere.issues if i.severity == "fatal"] == ["subdistrict"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("小区表,片区,社区,,,", "headers.csv:2 form: 小区表 is no form"),
        ("小区明细,片区,片,,,", "headers.csv:2 field: 片 is no column of 小区明细"),
        ("小区明细,片区,,,,", "headers.csv:2 field: is blank"),
        ("小区明细,,,,,", "headers.csv:2 header: one of header and sheet"),
        ("小区明细,片区,社区,底册,,", "headers.csv:2 header: one of header and sheet"),
        ("小区明细,片区,社区,,nowhere,", "headers.csv:2 plan: nowhere is no plan"),
        ("小区明细,片区,社区,,,999999", "headers.csv:2 district: 999999 is no district"),
        ("小区明细,片区,社区,,,后旗", "headers.csv:2 district: 后旗"),
        ("小区明细,片区,社区,,,\n小区明细,片区,街道(乡镇),,,", "headers.csv:3 header: means something else in line 2"),
        (",片区,社区,,,", "headers.csv:2 form: is blank"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(AliasError) as error:
        aliases(tmp_path, f"form,header,field,sheet,plan,district\n{line}\n")
    assert said in str(error.value)


def test_all_mistakes_at_once_also_without_the_columns(tmp_path: Path) -> None:
    with pytest.raises(AliasError) as error:
        aliases(tmp_path, "form,header,field\n甲,乙,丙\n\n# a remark\n小区明细,乙,丙\n")
    assert len(error.value.mistakes) == 2
    assert "headers.csv:5" in error.value.mistakes[1]
    with pytest.raises(AliasError, match="no such column"):
        aliases(tmp_path, "header,field\n片区,社区\n")


def test_chinese_headers_and_gb18030(tmp_path: Path) -> None:
    path = tmp_path / "headers.csv"
    path.write_bytes("表,表头,含义,原因\n小区明细,片区,街道(乡镇),叫法\n".encode("gb18030"))
    assert len(read_aliases(path, plans()).lines) == 1
    assert read_aliases(tmp_path / "none.csv", plans()) == Aliases()


def test_a_run_reads_by_them(tmp_path: Path) -> None:
    ws = Workspace(tmp_path / "ws").prepare()
    ws.register.mkdir(parents=True)
    ws.header_aliases.write_text(SETTLED.replace("（填写）", ""), encoding="utf-8")
    drop = tmp_path / "台账.xlsx"
    drop.write_bytes(grid([ODD, LINE], title="楼院底册"))
    submit(ws, [drop])
    [outcome] = process_inbox(ws, plans(), datetime(2024, 11, 28, 10))
    assert outcome.status == "accepted_with_issues"
    assert outcome.receipt is not None
    receipt = json.loads(outcome.receipt.with_suffix(".json").read_text(encoding="utf-8"))
    assert "analyst" in {column["how"] for table in receipt["recognised"] for column in table["columns"]}


@pytest.mark.slow
def test_the_commands_read_them_and_tell_mistakes(tmp_path: Path, actionplan: Command) -> None:
    ws = Workspace(tmp_path / "ws").prepare()
    ws.register.mkdir(parents=True)
    ws.header_aliases.write_text(SETTLED.replace("（填写）", ""), encoding="utf-8")
    drop = tmp_path / "台账.xlsx"
    drop.write_bytes(grid([ODD, LINE], title="楼院底册"))
    checked = json.loads(actionplan(ws.root, "check", drop, "--json").stdout)
    assert "accepted_with_issues" in json.dumps(checked)
    ws.header_aliases.write_text("form,header,field\n小区明细,片区,片\n", encoding="utf-8")
    for command in (("check", drop), ("run",)):
        done = actionplan(ws.root, *command)
        assert done.returncode == 3
        assert "headers.csv:2 field" in done.stderr
