"""Runs over an inbox: each file its verdict, once, whatever the order and whenever it is killed."""

from __future__ import annotations

import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from pipelines.forms import FORMS
from pipelines.intake import receive
from pipelines.intake.records import ISSUE_SCHEMA, SUBMISSION_SCHEMA
from pipelines.intake.service import Outcome, history_of, judge, process_inbox
from pipelines.settings import Workspace
from tests.conftest import CHECKOUT
from tests.intake.books import COVER, PLAN, ROW, Book, communities, plans, saved

NOW = datetime(2025, 12, 5, 9)
Files = dict[str, bytes]


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace").prepare()


def ledger(count: int, period: str, district: str = "临河区", **cover: object) -> bytes:
    code = {"临河区": "150802", "五原县": "150821"}[district]
    rows = [row | {"旗县区": district} for row in communities(count)]
    return Book(rows, cover=COVER | {"填报单位": district, "行政区划代码": code, "填报期": period, **cover}).bytes()


def hand_in(ws: Workspace, files: Files, received: datetime | None = None) -> None:
    for name, content in files.items():
        folder = ws.root / "sent" / str(abs(hash(name)))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        receive.submit(ws, [folder / name], received)


def run(ws: Workspace, **options: str) -> list[Outcome]:
    return process_inbox(ws, plans(), NOW, **options)  # type: ignore[arg-type]


def read(ws: Workspace, kind: str) -> pl.DataFrame:
    return pl.read_parquet(ws.records / kind / "*.parquet")


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def crashing() -> bytes:
    """A workbook that says it is small and has one cell in the last corner: calamine dies of it."""
    book = openpyxl.Workbook()
    book.active["A1"] = 1
    book.active["XFD1048576"] = 1
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(book))) as old, zipfile.ZipFile(content, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:B2"', part))
    return content.getvalue()


def test_everything_gets_its_verdict(ws: Workspace) -> None:
    """One run over what districts send: good, incomplete, broken, hostile, foreign, and what is no file at all."""
    files = {
        "临河区.xlsx": ledger(3, "2024-11"),
        "五原县.xlsx": ledger(2, "2024-11", "五原县"),
        "缺列.xlsx": Book(headers=[h for h in ROW if h != "总户数"], cover=COVER | {"填报期": "2025-11"}).bytes(),
        "别的.xlsx": saved(openpyxl.Workbook()),
        "图片.xlsx": b"\x89PNG\r\n\x1a\n",
        "炸弹.xlsx": crashing(),
        "空.csv": b"",
    }
    hand_in(ws, files)
    (ws.inbox / "文件夹.xlsx").mkdir()
    steps: list[tuple[int, int]] = []
    outcomes = process_inbox(ws, plans(), NOW, on_progress=lambda done, total, _: steps.append((done, total)))
    assert {outcome.file_name: outcome.status for outcome in outcomes} == {
        "临河区.xlsx": "accepted_with_issues",
        "五原县.xlsx": "accepted_with_issues",
        **dict.fromkeys(("缺列.xlsx", "别的.xlsx", "图片.xlsx", "炸弹.xlsx", "空.csv", "文件夹.xlsx"), "returned"),
    }
    assert steps == [(n, 14) for n in range(1, 15)]
    assert [path.name for path in ws.inbox.iterdir()] == ["文件夹.xlsx"]
    submissions = read(ws, "submission")
    assert submissions.schema == SUBMISSION_SCHEMA
    assert read(ws, "issue").schema == ISSUE_SCHEMA
    assert read(ws, "community").schema == FORMS["community"].record_schema
    assert dict(submissions.select("file_name", "community_count").iter_rows())["临河区.xlsx"] == 3
    assert submissions.filter(pl.col("sha256").is_null())["file_name"].to_list() == ["文件夹.xlsx"]
    fatal = read(ws, "issue").filter(pl.col("severity") == "fatal").join(submissions, on="submission_id")
    reasons = dict(fatal.select("file_name", "rule_id").unique(["file_name", "rule_id"]).sort("rule_id").iter_rows())
    assert reasons == {
        "缺列.xlsx": "missing_column",
        "别的.xlsx": "not_identified",
        "图片.xlsx": "foreign_file",
        "炸弹.xlsx": "read_aborted",
        "空.csv": "empty_file",
        "文件夹.xlsx": "not_regular_file",
    }
    for row in submissions.filter(pl.col("sha256").is_not_null()).iter_rows(named=True):
        assert (ws.archive / row["archive_path"]).read_bytes() == files[row["file_name"]]
    assert len(list(ws.receipts.rglob("*.xlsx"))) == len(list(ws.receipts.rglob("*.json"))) == 8
    before = snapshot(ws.raw)
    assert run(ws) == []
    assert snapshot(ws.raw) == before


def test_same_bytes_again_change_nothing(ws: Workspace) -> None:
    data = ledger(2, "2024-11")
    hand_in(ws, {"一.xlsx": data, "二.xlsx": data})
    [outcome] = run(ws)
    assert outcome.is_new
    before = snapshot(ws.records) | snapshot(ws.archive)
    hand_in(ws, {"三.xlsx": data})
    [again] = run(ws)
    assert (again.is_new, again.submission_id, again.status) == (False, outcome.submission_id, outcome.status)
    assert snapshot(ws.records) | snapshot(ws.archive) == before
    assert not list(ws.inbox.iterdir())
    assert outcome.receipt
    receipt = json.loads(outcome.receipt.with_suffix(".json").read_text())
    assert [note["drop_path"] for note in receipt["received_again"]] == ["二.xlsx", "三.xlsx"]
    assert "2025-12-05T09:00:00" in receipt["received_again"][1]["note"]
    assert "填报日期" in receipt["received_again"][1]["note"]


def test_ledgers_are_compared_whatever_their_order(ws: Workspace) -> None:
    """Both years in one run, the later one first by name: what vanished is found all the same."""
    hand_in(ws, {"b-2023.xlsx": ledger(5, "2023-11"), "a-2024.xlsx": ledger(3, "2024-11")})
    run(ws)
    vanished = read(ws, "issue").filter(pl.col("rule_id") == "R31")
    assert vanished["entity"].to_list() == ["河套4号院", "河套5号院"]
    assert vanished.select("severity", "sheet", "cell", "source_row").unique().rows() == [
        ("error", "小区明细", None, None)
    ]


def test_a_ledger_is_compared_with_what_was_known_when_it_came(ws: Workspace) -> None:
    """2023 was corrected after the 2024 ledger had arrived: the correction is no reproach to 2024, but one to
    2025."""
    hand_in(ws, {"2023.xlsx": ledger(3, "2023-11")}, datetime(2023, 11, 28))
    hand_in(ws, {"2024.xlsx": ledger(3, "2024-11")}, datetime(2024, 11, 28))
    hand_in(ws, {"2023改.xlsx": ledger(5, "2023-11", 填报日期="2025-01-10")}, datetime(2025, 1, 10))
    hand_in(ws, {"2025.xlsx": ledger(3, "2025-11")}, datetime(2025, 11, 28))
    run(ws)
    vanished = read(ws, "issue").filter(pl.col("rule_id") == "R31").join(read(ws, "submission"), on="submission_id")
    assert vanished["period_id"].to_list() == ["2025-11", "2025-11"]


def test_codes_of_others_are_withheld(ws: Workspace) -> None:
    hand_in(ws, {"2023.xlsx": ledger(2, "2023-11")}, datetime(2023, 11, 28))
    rows = communities(2)
    rows[1] |= {"小区名称": "完全不同", "街道(乡镇)": "车站街道", "交付使用时间": "2024-05-01", "建成年份": 2024}
    hand_in(ws, {"2024.xlsx": Book(rows).bytes()}, datetime(2024, 11, 28))
    run(ws)
    issues = read(ws, "issue").join(read(ws, "submission").filter(pl.col("period_id") == "2024-11"), on="submission_id")
    [reused] = issues.filter(pl.col("rule_id") == "R32").iter_rows(named=True)
    assert (reused["severity"], reused["cell"], reused["entity"]) == ("error", "B3", "完全不同")
    later = read(ws, "community").filter(pl.col("period_id") == "2024-11").sort("source_row")
    assert later["community_code"].to_list() == ["LH0001", None]
    assert later["withheld"].to_list() == [[], ["community_code"]]
    submission = read(ws, "submission").filter(pl.col("period_id") == "2024-11")
    assert submission["error_count"][0] == issues.filter(pl.col("severity") == "error").height


def test_check_says_what_a_drop_would_get(ws: Workspace) -> None:
    hand_in(ws, {"2023.xlsx": ledger(5, "2023-11")}, datetime(2023, 11, 28))
    run(ws)
    data = ledger(3, "2024-11")
    path = ws.root / "2024.xlsx"
    path.write_bytes(data)
    before = snapshot(ws.raw)
    checked = judge(path, path.name, path.name, plans(), history_of(ws))
    assert snapshot(ws.raw) == before
    hand_in(ws, {"2024.xlsx": data})
    run(ws)
    stored = read(ws, "issue").filter(pl.col("submission_id") == checked.submission["submission_id"]).sort("issue_no")
    assert [(i.rule_id, i.severity, i.cell, i.message) for i in checked.issues] == stored.select(
        "rule_id", "severity", "cell", "message"
    ).rows()
    assert "R31" in stored["rule_id"].to_list()
    alone = judge(data, "2024.xlsx", None, plans(), None)
    assert "R30—R33" in alone.notes[0]
    assert not [i for i in alone.issues if i.rule_id == "R31"]


def test_a_run_for_one_period_leaves_the_others_in_the_inbox(ws: Workspace) -> None:
    hand_in(ws, {"2023.xlsx": ledger(2, "2023-11"), "2024.xlsx": ledger(2, "2024-11"), "谁.csv": b"a,b\n1,2\n"})
    outcomes = run(ws, only_plan=PLAN, only_period="2024-11")
    assert {outcome.file_name for outcome in outcomes} == {"2024.xlsx", "谁.csv"}
    assert [drop.drop_path for drop in receive.find_drops(ws.inbox)] == ["2023.xlsx"]
    stored = {path.name for path in ws.archive.glob("??/*") if not path.suffix}
    assert stored == set(read(ws, "submission")["sha256"])
    assert {outcome.file_name for outcome in run(ws)} == {"2023.xlsx"}


def test_a_disk_that_cannot_be_written_stops_the_run_and_loses_nothing(ws: Workspace) -> None:
    hand_in(ws, {"2024.xlsx": ledger(2, "2024-11")})
    (ws.records / "community").write_text("in the way")
    with pytest.raises(OSError, match="community"):
        run(ws)
    assert [drop.drop_path for drop in receive.find_drops(ws.inbox)] == ["2024.xlsx"]
    (ws.records / "community").unlink()
    assert [outcome.status for outcome in run(ws)] == ["accepted_with_issues"]


# ── killed ────────────────────────────────────────────────────────────────────────────────────────────────────────

RUN = """
import sys
from datetime import datetime
from pathlib import Path
from pipelines.intake.records import ISSUE_SCHEMA, SUBMISSION_SCHEMA
from pipelines.intake.service import process_inbox
from pipelines.plans import load_plans
from pipelines.settings import Workspace
process_inbox(Workspace(Path(sys.argv[1])), load_plans(), datetime(2025, 12, 5, 9))
"""


def killed_when(ws: Workspace, appears: Callable[[], Iterable[Path]], how_many: int) -> None:
    """Start a run in a process of its own and kill it and its children as soon as so many files are there."""
    with subprocess.Popen([sys.executable, "-c", RUN, str(ws.root)], cwd=CHECKOUT, start_new_session=True) as process:
        deadline = time.monotonic() + 60
        while len(list(appears())) < how_many and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)
        os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def three_years() -> Files:
    return {
        f"{period}.xlsx": ledger(count, period) for period, count in (("2023-11", 4), ("2024-11", 3), ("2025-11", 2))
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, three_years: Files) -> Workspace:
    """A run that nobody killed."""
    ws = Workspace(tmp_path_factory.mktemp("undisturbed")).prepare()
    hand_in(ws, three_years)
    run(ws)
    return ws


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="process groups")
@pytest.mark.parametrize("stage", ["rows", "verdicts", "receipts"])
def test_a_kill_leaves_work_that_the_next_run_finishes(
    ws: Workspace, undisturbed: Workspace, three_years: Files, stage: str
) -> None:
    hand_in(ws, three_years)
    appears: dict[str, Callable[[], Iterable[Path]]] = {
        "rows": lambda: (ws.records / "community").glob("*.parquet"),
        "verdicts": lambda: (ws.records / "submission").glob("*.parquet"),
        "receipts": lambda: ws.receipts.rglob("*.xlsx"),
    }
    killed_when(ws, appears[stage], random.Random(stage).randint(1, 3))
    run(ws)
    assert not list(ws.inbox.iterdir())
    assert snapshot(ws.records) == snapshot(undisturbed.records)
    assert snapshot(ws.receipts).keys() == snapshot(undisturbed.receipts).keys()
    assert snapshot(ws.archive).keys() == snapshot(undisturbed.archive).keys()


@pytest.mark.slow
def test_real_listings_are_taken_in(ws: Workspace, shared: Path) -> None:
    """Real public listings, values as people typed them: each workbook its verdict, each value read or questioned."""
    drops = sorted((shared / "data" / "drops").rglob("*.xlsx"))
    for path in drops:
        receive.submit(ws, [path], drop_folder=path.parent.relative_to(shared / "data" / "drops").as_posix())
    outcomes = run(ws)
    assert len(outcomes) == len(drops) == 18
    assert {outcome.status for outcome in outcomes} == {"accepted_with_issues"}
    communities_ = read(ws, "community")
    issues = read(ws, "issue")
    set_aside = issues.filter(pl.col("rule_id") == "R39").height
    assert communities_.height + set_aside == 10_304
    questioned = set(issues.filter(pl.col("severity") == "error").select("submission_id", "source_row").iter_rows())
    withheld = communities_.filter(pl.col("withheld").list.len() > 0)
    assert set(withheld.select("submission_id", "source_row").iter_rows()) <= questioned
    areas = communities_["floor_area_sqm"].drop_nulls()
    assert 0 < areas.min() < areas.max() < 5_000_000  # type: ignore[operator]
