"""The file of proposals: only ever added to, never read by a build, and its lines are decisions once moved."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.plans.loader import load_plans
from pipelines.warehouse import decisions, proposals, proposals_file

PLAN, NOW = "bayannur_2023_2025", datetime(2025, 12, 5, 9)


def proposal(community: str = "景辰花园", **values: Any) -> Mapping[str, Any]:
    return {
        "district_code": "150802",
        "event": "same",
        "community": community,
        "related": ["景晨花园"],
        "date": None,
        "reason": "疑似重复（可能，74分）：名称读音相同",
        "score": 74,
        **values,
    }


MERGE = proposal("翠湖花园", event="merge", related=["翠湖一期", "翠湖二期"], date=date(2023, 11, 30))


def test_lines_become_decisions_by_being_moved(tmp_path: Path) -> None:
    written = proposals_file.add(tmp_path, PLAN, [proposal(), MERGE], NOW)
    assert (written.added, written.known, written.backup) == (2, 0, None)
    assert decisions.read_decisions(tmp_path, load_plans()).is_empty()
    written.path.rename(tmp_path / f"{PLAN}.csv")
    moved = decisions.read_decisions(tmp_path, load_plans())
    assert moved.select("event", "community", "date").rows() == [
        ("same", "景辰花园", None),
        ("merge", "翠湖花园", date(2023, 11, 30)),
    ]
    assert moved["related"].to_list() == [["景晨花园"], ["翠湖一期", "翠湖二期"]]


def test_what_is_there_is_not_written_twice(tmp_path: Path) -> None:
    proposals_file.add(tmp_path, PLAN, [proposal()], NOW)
    before = proposals_file.path_of(tmp_path, PLAN).read_bytes()
    again = proposals_file.add(tmp_path, PLAN, [proposal(score=90, reason="另一个说法"), proposal()], NOW)
    assert (again.added, again.known, again.backup) == (0, 1, None)
    assert proposals_file.path_of(tmp_path, PLAN).read_bytes() == before


def test_the_file_as_it_was_is_kept(tmp_path: Path) -> None:
    path = proposals_file.add(tmp_path, PLAN, [proposal()], NOW).path
    versions = [path.read_bytes()]
    for community in ("甲小区", "乙小区"):
        written = proposals_file.add(tmp_path, PLAN, [proposal(community)], NOW)
        assert written.backup
        assert written.backup.read_bytes() == versions[-1]
        versions.append(path.read_bytes())
        assert versions[-1].startswith(versions[-2])
    assert len(list((tmp_path / "backup").iterdir())) == 2
    assert [line["community"] for line in proposals_file.pending(tmp_path, PLAN)] == ["景辰花园", "甲小区", "乙小区"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_that_excel_saved_stays_in_its_encoding(tmp_path: Path, encoding: str) -> None:
    path = proposals_file.path_of(tmp_path, PLAN)
    header = ",".join(proposals_file.COLUMNS)
    path.write_bytes(f"{header}\r\n150802,same,甲,乙,,核对中,60".encode(encoding))
    proposals_file.add(tmp_path, PLAN, [proposal()], NOW)
    text = path.read_bytes().decode(encoding)
    assert text.count("\ufeff") == 0
    assert [row[2] for row in csv.reader(text.splitlines())] == ["community", "甲", "景辰花园"]


def test_somebody_elses_file_is_left_alone(tmp_path: Path) -> None:
    path = proposals_file.path_of(tmp_path, PLAN)
    path.write_text("小区,备注\n甲,乙\n", encoding="utf-8")
    with pytest.raises(proposals_file.ProposalFileError, match="表头"):
        proposals_file.add(tmp_path, PLAN, [proposal()], NOW)
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(proposals_file.ProposalFileError, match="UTF-8"):
        proposals_file.pending(tmp_path, PLAN)
    assert path.read_bytes() == b"\xff\xfe\xff"
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("=HYPERLINK(1)小区", "HYPERLINK(1)小区"),
        ("@甲小区", "甲小区"),
        ("+-=甲", "甲"),
        ("甲/乙、丙，丁\n戊", "甲 乙 丙 丁 戊"),
    ],
)
def test_no_name_runs_as_a_formula_or_splits_in_two(typed: str, written: str) -> None:
    assert proposals.writable(typed) == written
