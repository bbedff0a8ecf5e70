"""Files of evidence beside workbooks: kept by hash, each with its place, compared with the list; late ones too."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from pipelines.intake import receive
from pipelines.intake.filing import unrecorded
from pipelines.intake.records import EVIDENCE_FILE_SCHEMA
from pipelines.intake.service import Outcome, process_inbox
from pipelines.settings import Limits, Workspace
from tests.intake.books import COVER, PLAN, Book, communities, plans
from tests.intake.test_bundles import zipped
from tests.intake.test_inbox import killed_when, read, snapshot

NOW = datetime(2025, 12, 5, 9)
HEADERS = ("材料编号", "指标/任务编号", "材料名称", "材料类型", "形成日期", "存放位置", "SHA-256")
LINES = (
    ("Z1", "pm_coverage_rate", "河套1号院物业合同", "合同", "2024-05-01", "", ""),
    ("Z2", "information_disclosure_rate", "公示照片", "照片", "2024-06-01", "照片/二.jpg", ""),
    ("Z3", "information_disclosure_rate", "公示网址", "链接", "2024-06-01", "https://example.cn", ""),
)


@cache
def ledger(period: str = "2024-11", district: str = "临河区", lines: tuple[tuple[str, ...], ...] = LINES) -> bytes:
    code = {"临河区": "150802", "五原县": "150821"}[district]
    rows = [row | {"旗县区": district} for row in communities(2)]
    cover = COVER | {"填报单位": district, "行政区划代码": code, "填报期": period}
    return Book(rows, cover=cover, sheets={"佐证材料清单": [HEADERS, *lines]} if lines else {}).bytes()


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace").prepare()


def drop(ws: Workspace, *names: str, **files: bytes) -> None:
    for name, content in {**{name: name.encode() for name in names}, **files}.items():
        path = ws.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (1_700_000_000, 1_700_000_000))


def run(ws: Workspace, now: datetime = NOW, **options: object) -> list[Outcome]:
    return process_inbox(ws, plans(), now, **options)  # type: ignore[arg-type]


def findings(ws: Workspace) -> list[tuple[str, str | None]]:
    """What was found about evidence, with its cell."""
    issues = read(ws, "issue").filter(pl.col("rule_id").str.starts_with("evidence"))
    return sorted(issues.select("rule_id", "cell").iter_rows())


def in_inbox(ws: Workspace) -> list[str]:
    return sorted(path.relative_to(ws.inbox).as_posix() for path in ws.inbox.rglob("*") if path.is_file())


def test_files_beside_a_workbook_are_kept_and_compared(ws: Workspace) -> None:
    drop(ws, "报送/evidence/Z1 合同.pdf", "报送/evidence/照片/二.jpg", "报送/佐证材料/别的13812345678.pdf")
    drop(ws, **{"报送/台账.xlsx": ledger(), "报送/evidence/Z1.pdf": b"%PDF-1.7"})
    outcomes = run(ws)
    assert [(o.kind, o.status) for o in outcomes] == [("evidence", "taken_in"), ("workbook", "accepted_with_issues")]
    assert outcomes[0].note == "临河区2024年度工作台账：4 个"
    files = read(ws, "evidence_file")
    assert files.schema == EVIDENCE_FILE_SCHEMA
    assert set(files.select("plan_id", "district_code", "period_id").iter_rows()) == {(PLAN, "150802", "2024-11")}
    assert dict(files.select("path", "format").iter_rows()) == {
        "Z1.pdf": "pdf",
        "Z1 合同.pdf": "other",
        "照片/二.jpg": "other",
        "别的***.pdf": "other",
    }
    for row in files.iter_rows(named=True):
        original = (ws.archive / row["archive_path"]).read_bytes()
        assert hashlib.sha256(original).hexdigest() == row["sha256"]
    assert findings(ws) == [("evidence_unlisted", None)]
    [message] = read(ws, "issue").filter(pl.col("rule_id") == "evidence_unlisted")["message"]
    assert "别的***.pdf" in message
    assert in_inbox(ws) == []
    before = snapshot(ws.raw)
    assert run(ws) == []
    assert snapshot(ws.raw) == before


def test_what_is_wrong_between_list_and_files(ws: Workspace) -> None:
    lines = (
        *LINES,
        ("Z4", "", "制度", "文件", "2024-05-01", "", hashlib.sha256(b"another").hexdigest()),
        ("Z5", "", "记录", "会议纪要", "2024-05-01", "", ""),
    )
    drop(ws, "报送/evidence/Z1.pdf", "报送/evidence/Z4.pdf")
    drop(ws, **{"报送/台账.xlsx": ledger(lines=lines), "报送/evidence/Z5.pdf": b""})
    run(ws)
    assert findings(ws) == [
        ("evidence_file_empty", "A6"),
        ("evidence_file_missing", "A3"),
        ("evidence_hash_mismatch", "G5"),
    ]


def test_without_files_only_the_list_is_judged(ws: Workspace) -> None:
    drop(ws, **{"台账.xlsx": ledger()})
    [outcome] = run(ws)
    assert findings(ws) == []
    assert outcome.receipt
    assert any("佐证材料" in note for note in json.loads(outcome.receipt.with_suffix(".json").read_text())["notes"])


def test_files_that_come_later_belong_to_the_ledger_in_force(ws: Workspace) -> None:
    drop(ws, **{"台账.xlsx": ledger()})
    run(ws)
    before = snapshot(ws.records / "submission") | snapshot(ws.records / "issue")
    drop(ws, f"{PLAN}/2024-11/150802/evidence/Z1.pdf", f"{PLAN}/2024-11/150802/evidence/乱.pdf")
    [outcome] = run(ws)
    assert (outcome.kind, outcome.period_id, outcome.note) == ("evidence", "2024-11", "临河区2024年度工作台账：2 个")
    assert snapshot(ws.records / "submission") | snapshot(ws.records / "issue") == before
    assert outcome.receipt
    assert outcome.receipt.exists()
    standing = json.loads(outcome.receipt.with_suffix(".json").read_text())
    assert [(line["evidence_id"], line["state"]) for line in standing["lines"]] == [
        ("Z1", "已收到"),
        ("Z2", "没有文件"),
        ("Z3", "网址，不需文件"),
        (None, "清单中没有"),
    ]
    assert in_inbox(ws) == []


def test_files_that_came_before_count_for_the_next_ledger(ws: Workspace) -> None:
    drop(ws, f"{PLAN}/2024-11/150802/evidence/Z1.pdf", f"{PLAN}/2024-11/150802/evidence/照片/二.jpg")
    run(ws)
    drop(ws, **{"台账.xlsx": ledger()})
    run(ws)
    assert findings(ws) == []


def test_files_wait_for_their_workbook(ws: Workspace) -> None:
    drop(ws, "报送/evidence/Z1.pdf")
    [outcome] = run(ws)
    assert (outcome.kind, outcome.status, outcome.receipt) == ("evidence", "waiting", None)
    assert "留在收件箱" in outcome.note
    assert in_inbox(ws) == ["报送/evidence/Z1.pdf"]
    assert not list((ws.records / "evidence_file").glob("*"))
    drop(ws, **{"报送/台账.xlsx": ledger()})
    assert [o.kind for o in run(ws)] == ["evidence", "workbook"]
    assert in_inbox(ws) == []
    assert findings(ws) == [("evidence_file_missing", "A3")]
    drop(ws, "报送/evidence/照片/二.jpg")  # the workbook has gone; its folder still says whose it is
    assert [(o.kind, o.status, o.period_id) for o in run(ws)] == [("evidence", "taken_in", "2024-11")]


def test_one_file_in_two_districts(ws: Workspace) -> None:
    photo = b"\xff\xd8\xff photo"
    drop(ws, **{"甲/台账.xlsx": ledger(), "甲/evidence/Z2.jpg": photo, "甲/evidence/Z1.pdf": b"1"})
    run(ws)
    assert findings(ws) == []
    drop(ws, **{"乙/台账.xlsx": ledger(district="五原县"), "乙/evidence/Z2.jpg": photo, "乙/evidence/Z1.pdf": b"2"})
    run(ws, NOW.replace(hour=10))
    assert findings(ws) == [("evidence_used_elsewhere", "A3")]
    [issue] = read(ws, "issue").filter(pl.col("rule_id") == "evidence_used_elsewhere").iter_rows(named=True)
    assert "共用于2处：临河区2024年度工作台账" in issue["message"]
    assert read(ws, "evidence_file").height == 4
    archived = [path for path in ws.archive.glob("??/*") if not path.suffix]
    assert len(archived) == 5


def test_the_same_files_again_change_nothing(ws: Workspace) -> None:
    files = {"报送/台账.xlsx": ledger(), "报送/evidence/Z1.pdf": b"1", "报送/evidence/照片/二.jpg": b"2"}
    drop(ws, **files)
    run(ws)
    before = snapshot(ws.records) | snapshot(ws.archive)
    drop(ws, **files)
    assert [(o.kind, o.is_new) for o in run(ws, NOW.replace(hour=11))] == [("workbook", False)]
    assert snapshot(ws.records) | snapshot(ws.archive) == before
    assert in_inbox(ws) == []


def test_evidence_in_a_zip(ws: Workspace) -> None:
    files = {"临河/台账.xlsx": ledger(), "临河/佐证材料/Z1.pdf": b"1", "临河/佐证材料/照片/二.jpg": b"2"}
    drop(ws, **{"包.zip": zipped(files)})
    outcomes = run(ws)
    assert sorted(o.kind for o in outcomes) == ["bundle", "evidence", "workbook"]
    assert findings(ws) == []
    assert set(read(ws, "evidence_file")["drop_path"]) == {
        "包.zip/临河/佐证材料/Z1.pdf",
        "包.zip/临河/佐证材料/照片/二.jpg",
    }
    assert run(ws) == []


def test_a_zip_of_evidence_alone(ws: Workspace) -> None:
    content = zipped({"evidence/Z1.pdf": b"1"})
    drop(ws, **{"包.zip": content})
    [outcome] = run(ws)
    assert (outcome.kind, outcome.note) == ("bundle", "没有采用的文件 1 个")
    drop(ws, **{f"{PLAN}/2024-11/150802/包.zip": content})
    assert sorted(o.kind for o in run(ws)) == ["bundle", "evidence"]
    assert read(ws, "evidence_file")["path"].to_list() == ["Z1.pdf"]
    assert in_inbox(ws) == []


def test_a_workbook_among_the_evidence_is_evidence(ws: Workspace) -> None:
    drop(
        ws, **{f"{PLAN}/2024-11/150802/evidence/Z1.xlsx": ledger(), f"{PLAN}/2024-11/150802/evidence/a.zip": b"PK\3\4"}
    )
    assert [o.kind for o in run(ws)] == ["evidence"]
    assert read(ws, "evidence_file")["format"].to_list() == ["zip", "zip"]
    drop(ws, **{"台账.xlsx": ledger()})
    assert [(o.kind, o.is_new) for o in run(ws)] == [("workbook", True)]


def test_a_file_beyond_the_limit_stays(ws: Workspace) -> None:
    limits = replace(Limits(), evidence_bytes=10)
    drop(ws, **{"报送/台账.xlsx": ledger(), "报送/evidence/Z1.pdf": b"0" * 11})
    outcomes = run(ws, limits=limits)
    assert {(o.kind, o.status) for o in outcomes} == {("workbook", "accepted_with_issues"), ("evidence", "waiting")}
    assert in_inbox(ws) == ["报送/evidence/Z1.pdf"]
    assert len(list(ws.archive.glob("??/*.json"))) == 1


def test_a_run_for_one_period_leaves_the_evidence_of_others(ws: Workspace) -> None:
    drop(ws, f"{PLAN}/2024-11/150802/evidence/a.pdf", f"{PLAN}/2025-11/150802/evidence/b.pdf")
    run(ws, only_plan=PLAN, only_period="2025-11")
    assert in_inbox(ws) == [f"{PLAN}/2024-11/150802/evidence/a.pdf"]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "count"), [("archive", 3), ("evidence_file", 1), ("submission", 1)])
def test_a_kill_leaves_work_that_the_next_run_finishes(ws: Workspace, kind: str, count: int) -> None:
    files = {f"evidence/Z{n}.pdf": b"%d" % n for n in (1, 2, 4)}
    drop(ws, **{"台账.xlsx": ledger(), **files})
    folder = ws.archive if kind == "archive" else ws.records / kind
    killed_when(ws, lambda: [p for p in folder.rglob("*") if p.suffix in (".json", ".parquet")], count)
    run(ws)
    assert in_inbox(ws) == []
    assert sorted(read(ws, "evidence_file")["path"]) == ["Z1.pdf", "Z2.pdf", "Z4.pdf"]
    assert findings(ws) == [("evidence_unlisted", None)]
    assert read(ws, "submission").height == 1
    assert unrecorded(ws) == []
    assert run(ws) == []


def test_archived_before_a_kill_and_then_taken_out_of_the_inbox(ws: Workspace) -> None:
    drop(ws, f"{PLAN}/2024-11/150802/evidence/a.pdf", "nowhere/evidence/b.pdf")
    for found in receive.find_drops(ws.inbox):
        receive.archive(ws, found, NOW)
        found.path.unlink()
    run(ws)
    assert read(ws, "evidence_file")["path"].to_list() == ["a.pdf"]
    assert unrecorded(ws) == []


def test_windows_leftovers_are_no_evidence(ws: Workspace) -> None:
    drop(ws, f"{PLAN}/2024-11/150802/evidence/Thumbs.db", f"{PLAN}/2024-11/150802/evidence/~$a.docx")
    assert receive.find_drops(ws.inbox) == []
