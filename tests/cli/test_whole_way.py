"""`actionplan run` on a small synthetic world, with real processes: repeated, killed, out of room, looked back at."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from pipelines.commands.history import dagster_instance
from pipelines.intake.receive import submit
from pipelines.plans.loader import load_plans
from pipelines.samples import write_drops
from pipelines.settings import Workspace
from tests.alerts import world
from tests.conftest import NOW, Command, environment
from tests.starter import Starter

pytestmark = pytest.mark.slow
PLAN = "bayannur_2023_2025"


def marts(root: Path) -> dict[str, bytes]:
    """The published tables, byte for byte; ``run_time`` columns don't exist, so nothing has to be left out."""
    return {file.name: file.read_bytes() for file in sorted((root / "data" / "marts").glob("*.parquet"))}


def inbox(root: Path) -> list[Path]:
    return [path for path in (root / "data" / "raw" / "inbox").rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose inbox holds what three districts sent over four periods."""
    root = tmp_path_factory.mktemp("handed-in")
    drops = write_drops(load_plans()[PLAN], root / "drops", communities=15, districts=["150802", "150821", "150825"])
    for drop in drops:
        submit(Workspace(root), [drop.path], drop.received_at, "/".join(drop.path.parts[-4:-1]))
    return root


@pytest.fixture(scope="module")
def undisturbed(handed_in: Path, tmp_path_factory: pytest.TempPathFactory, typed: Command) -> Path:
    """The same after one run."""
    root = tmp_path_factory.mktemp("undisturbed") / "workspace"
    shutil.copytree(handed_in, root)
    done = typed(root, "run")
    assert done.returncode == 0, done.stderr
    assert str(root / "reports" / PLAN / "index.html") in done.stdout
    return root


@pytest.fixture
def robot(monkeypatch: pytest.MonkeyPatch) -> Iterator[world.Web]:
    """A group's robot, whose address commands find in the environment."""
    with world.web() as web:
        monkeypatch.setenv("ROBOT", web.url)
        monkeypatch.setenv("no_proxy", "localhost")
        yield web


def test_a_run_does_everything(undisturbed: Path) -> None:
    received = pl.read_parquet(undisturbed / "data" / "marts" / "fct_submission.parquet")
    sent = {path.read_bytes() for path in (undisturbed / "drops").rglob("*.xlsx")}
    assert received["submission_id"].n_unique() == len(sent)
    assert inbox(undisturbed) == []
    assert {"150802.html", "150821.html", "assessment.html"} <= {
        page.name for page in (undisturbed / "reports" / PLAN).iterdir()
    }


def test_a_run_is_summed_up_and_logged(undisturbed: Path, actionplan: Command) -> None:
    [log] = (undisturbed / "logs").glob("*.jsonl")
    text = log.read_text(encoding="utf-8")
    events = [json.loads(line) for line in text.splitlines()]
    names = {path.name for path in (undisturbed / "drops").rglob("*.xlsx")}
    workbooks = [event for event in events if event["event"] == "workbook"]
    assert len(workbooks) == len(names)
    assert [name for name in names if name in text] == []
    assert {"findings", "node", "pages", "stage_finished"} <= {event["event"] for event in events}
    told = events[-1]
    assert sum(told["received"].values()) == len(names)
    assert told["tables"] == told["tables_changed"] == len(marts(undisturbed))
    late = {late["period"]: late["districts"] for late in told["late"]}
    assert late["2024-11"][:2] == ["磴口县", "乌拉特前旗"]
    shown = actionplan(undisturbed, "runs", "--run", told["run_id"]).stdout
    assert f"收到 {len(names)} 份" in shown
    assert "用时：启动" in shown


def test_the_run_is_in_dagsters_history(undisturbed: Path) -> None:
    import dagster as dg

    with dagster_instance(Workspace(undisturbed)) as instance:
        [run] = instance.get_runs()
        assert run.status is dg.DagsterRunStatus.SUCCESS
        assert run.job_name == "refresh"
        for key in (["submissions"], ["register_inputs"], ["fct_indicator"], ["published"], ["reports", PLAN]):
            event = instance.get_latest_materialization_event(dg.AssetKey(key))
            assert event, key
            assert event.asset_materialization, key
            if key != ["fct_indicator"]:
                assert event.asset_materialization.metadata["seconds"].value >= 0, key
        assert "- 收到 " in str(event.asset_materialization.metadata["summary"].value)
        assert "| 汇总与考核 |" in str(event.asset_materialization.metadata["timings"].value)
        of_type = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
        checks = [record.event_log_entry.dagster_event.asset_check_evaluation_data for record in of_type]
        names = {check.check_name for check in checks}
        assert {"archive_is_recorded", "records_fit_their_forms", "published_equals_built"} <= names
        assert all(check.passed for check in checks if check.blocking)
        assert len(names) > 20  # dbt's tests are among them
        asked = dg.AssetRecordsFilter(asset_key=dg.AssetKey("submissions"), asset_partitions=[f"{PLAN}/2024-11"])
        [record] = instance.fetch_materializations(asked, limit=2).records
        assert record.asset_materialization
        table = record.asset_materialization.metadata["status"]
        assert isinstance(table, dg.TableMetadataValue)
        districts = {row.data["district_code"] for row in table.records}
        assert districts <= {"150802", "150821", "150825"}
        assert districts


def test_again_changes_nothing(undisturbed: Path, actionplan: Command) -> None:
    before = marts(undisturbed)
    done = actionplan(undisturbed, "run")
    assert done.returncode == 0, done.stderr
    assert "没有新的填报表" in done.stderr
    assert "汇总与考核：没有变化" in done.stderr
    assert marts(undisturbed) == before
    said = done.stderr + done.stdout  # nobody watches on a terminal: plain lines, and nothing of Dagster's or dbt's own
    assert [word for word in ("\r", "\033", "dagster", "dbt", "Warning") if word in said] == []


def test_status_tells_where_everyone_stands(undisturbed: Path, actionplan: Command) -> None:
    shown = actionplan(undisturbed, "status").stdout
    assert "临河区" in shown
    assert "未报：" in shown
    overview = json.loads(actionplan(undisturbed, "status", "--json").stdout)
    standings = {(s["district_code"], s["period_id"]): s for s in overview["standings"] if s["plan_id"] == PLAN}
    assert len(standings) == 28
    assert standings["150823", "2024-11"]["status"] == "missing"
    assert standings["150823", "2024-11"]["days_late"] == 370
    later = json.loads(actionplan(undisturbed, "status", "--json", now="2025-12-15").stdout)
    aged = {(s["district_code"], s["period_id"]): s["days_late"] for s in later["standings"] if s["plan_id"] == PLAN}
    assert aged["150823", "2024-11"] == 380


def test_the_assessment_and_what_if(undisturbed: Path, tmp_path: Path, actionplan: Command) -> None:
    """All districts side by side, then why; trying something else leaves every published file as it was."""
    before = _files(undisturbed / "data" / "marts") | _files(undisturbed / "reports")
    published = pl.read_parquet(undisturbed / "data" / "marts" / "mart_assessment_score.parquet")
    scores = dict(published.select("district_code", pl.col("score").cast(pl.Float64)).rows())
    shown = json.loads(actionplan(undisturbed, "assess", "--plan", PLAN, "--json").stdout)
    assert {row["district_code"]: row["score"] for row in shown["scores"]} == scores
    told = actionplan(undisturbed, "assess", "--plan", PLAN).stdout.splitlines()
    table = {
        words[2]: float(words[3])
        for line in told
        if len(words := line.split()) > 4 and words[0].isdigit() and words[3][:1].isdigit()
    }
    assert sorted(table.values()) == sorted(scores.values())
    change = tmp_path / "what-if.yaml"
    change.write_text("items: {G4: {points: 30}}")
    done = actionplan(undisturbed, "assess", "--plan", PLAN, "--district", "临河区", "--what-if", change)
    assert done.returncode == 0, done.stderr
    assert [word in done.stdout for word in ("只是试算", "G4", "五原县")] == [True, True, False]
    change.write_text("items: {G9: {points: 30}}")
    refused = actionplan(undisturbed, "assess", "--plan", PLAN, "--what-if", change)
    assert (refused.returncode, "what-if.yaml:1" in refused.stderr) == (2, True)
    change.write_text("items: {G4: {points: 2}}")
    same = actionplan(undisturbed, "assess", "--plan", PLAN, "--what-if", change)
    assert "没有任何变化" in same.stdout
    assert _files(undisturbed / "data" / "marts") | _files(undisturbed / "reports") == before


def _files(folder: Path) -> dict[Path, tuple[int, bytes]]:
    """Every file with when it was written and what it holds."""
    return {
        file: (file.stat().st_mtime_ns, hashlib.sha256(file.read_bytes()).digest())
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_one_period_at_a_time(handed_in: Path, tmp_path: Path, actionplan: Command) -> None:
    root = tmp_path / "workspace"
    shutil.copytree(handed_in, root)
    done = actionplan(root, "run", "--plan", PLAN, "--period", "2024-11")
    assert done.returncode == 0, done.stderr
    left = {path.relative_to(root / "data" / "raw" / "inbox").parts[1] for path in inbox(root)}
    assert "2024-11" not in left
    assert "2025-11" in left
    received = pl.read_parquet(root / "data" / "marts" / "fct_submission.parquet")
    assert set(received["period_id"]) == {"2024-11"}


def test_as_known_on_a_past_day(undisturbed: Path, actionplan: Command) -> None:
    published = marts(undisturbed)
    done = actionplan(undisturbed, "report", "--as-of", "2024-06-30", "--plan", PLAN)
    assert done.returncode == 0, done.stderr
    pages = undisturbed / "reports" / "as-of" / "2024-06-30" / PLAN
    assert "按2024年6月30日当天已收到的报送重新生成" in (pages / "index.html").read_text(encoding="utf-8")
    assert marts(undisturbed) == published
    past = pl.read_parquet(undisturbed / ".build" / "as-of" / "2024-06-30" / "marts" / "fct_submission.parquet")
    assert past["received_at"].max().isoformat() < "2024-07-01"  # type: ignore[union-attr]
    before = actionplan(undisturbed, "report", "--as-of", "2020-01-01")
    first = pl.read_parquet(undisturbed / "data" / "marts" / "fct_submission.parquet")["received_at"].min()
    assert before.returncode == 2
    assert f"最早的一份收于 {first:%Y-%m-%d}" in before.stderr
    assert not (undisturbed / "reports" / "as-of" / "2020-01-01").exists()


STOPS = (
    ("data/raw/archive/*/*.json", signal.SIGINT),
    ("data/raw/records/submission/[0-9a-f]*.parquet", signal.SIGKILL),
    (".build/warehouse.duckdb", signal.SIGKILL),
    ("data/marts/dim_plan.parquet", signal.SIGKILL),
    (f"reports/.{PLAN}.new/*.html", signal.SIGKILL),
)
"""Where a run is stopped, by what is there then, and how."""


def test_stopped_again_and_again(
    handed_in: Path, undisturbed: Path, tmp_path: Path, starter: Starter, actionplan: Command
) -> None:
    root = tmp_path / "workspace"
    shutil.copytree(handed_in, root)
    for number, (seen, blow) in enumerate(STOPS):
        said = tmp_path / f"said-{number}"
        process = starter.start(["run"], environment(root, NOW), said, said)
        while starter.goes_on() and not next(root.glob(seen), None):
            time.sleep(0.002)
        os.killpg(process, blow)
        code = starter.end()
        assert code == (3 if blow is signal.SIGINT else -blow), said.read_text()
        if blow is signal.SIGINT:
            assert "已中断" in said.read_text()
            assert "Traceback" not in said.read_text()
    done = actionplan(root, "run")
    assert done.returncode == 0, done.stderr
    assert marts(root) == marts(undisturbed)
    assert inbox(root) == []
    assert not list((root / "data").rglob("*.tmp"))
    with dagster_instance(Workspace(root)) as instance:
        statuses = [run.status.value for run in instance.get_runs()]
    assert statuses[0] == "SUCCESS"
    assert set(statuses[1:]) == {"FAILURE"}


def test_restored_from_a_backup(undisturbed: Path, tmp_path: Path, actionplan: Command) -> None:
    root = tmp_path / "workspace"
    for arguments in (
        ("backup", tmp_path / "backup", "--root", undisturbed),
        ("restore", tmp_path / "backup"),
        ("run",),
    ):
        done = actionplan(root, *arguments)
        assert done.returncode == 0, done.stderr
    assert marts(root) == marts(undisturbed)
    records = Path("data", "raw", "records")
    assert list(_files(root / records).values()) == list(_files(undisturbed / records).values())
    ledger = Path("reports", PLAN, "edition", "ledger.json")
    assert (root / ledger).read_bytes() == (undisturbed / ledger).read_bytes()  # the same publication, not another one
    assert actionplan(root, "doctor").stdout == "没有发现问题。\n"


def overwritten(path: Path) -> None:
    """The second half is zeros; the length stays."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + bytes(len(content) - len(content) // 2))


def test_damaged_everywhere_and_repaired(undisturbed: Path, tmp_path: Path, actionplan: Command) -> None:
    """What a bad disk or a power cut leaves: found by name, moved aside, made anew to the same bytes."""
    root = tmp_path / "workspace"
    shutil.copytree(undisturbed, root)
    ledger = root / "reports" / PLAN / "edition" / "ledger.json"
    records = sorted((root / "data" / "raw" / "records").glob("community/[0-9a-f]*.parquet"))
    damaged = {
        records[0]: lambda path: path.write_bytes(path.read_bytes()[:300]),
        records[1]: Path.unlink,
        root / "data" / "marts" / "dim_plan.parquet": overwritten,
        root / "data" / "marts" / "warehouse.duckdb": overwritten,
        root / ".dagster" / "history" / "runs.db": lambda path: path.write_bytes(os.urandom(8192)),
        ledger: lambda path: path.write_bytes(path.read_bytes()[:40]),
    }
    disposable = root / ".build" / "warehouse.duckdb"
    disposable.write_bytes(disposable.read_bytes()[:1000])
    (root / "data" / "raw" / "records" / "company" / "_schema.parquet").write_bytes(b"")
    for path, damage in damaged.items():
        damage(path)
    found = json.loads(actionplan(root, "doctor", "--json").stdout)["findings"]
    named = "".join(finding["where"] for finding in found)
    assert [path.name for path in damaged if path.stem not in named] == []
    broken = actionplan(root, "run")
    assert (broken.returncode, "actionplan doctor" in broken.stderr) == (3, True)
    repaired = actionplan(root, "doctor", "--repair")
    assert "已修复" in repaired.stdout, repaired.stderr
    done = actionplan(root, "run")
    assert done.returncode == 0, done.stderr
    assert marts(root) == marts(undisturbed)
    assert [edition["number"] for edition in json.loads(ledger.read_text())] == [1]
    assert actionplan(root, "doctor").stdout == "没有发现问题。\n"


@pytest.mark.skipif(sys.platform != "linux", reason="a limit on file size stands in for a full disk")
def test_no_room_left(
    handed_in: Path, undisturbed: Path, tmp_path: Path, actionplan: Command, typed: Command, robot: world.Web
) -> None:
    root = tmp_path / "workspace"
    shutil.copytree(handed_in, root)
    (root / "alerts.yaml").write_text(f"channels: [{{id: group, kind: wecom, url_from: ROBOT, plans: [{PLAN}]}}]")
    room = 16 * 1024**2
    too_much = root / "data" / "raw" / "inbox" / "too-much.xlsx"
    too_much.write_bytes(b"PK" + bytes(room))
    done = typed(root, "run", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)))
    assert done.returncode == 3
    assert "文件超出系统允许的大小" in done.stderr, done.stderr
    assert "已收到的文件都在" in done.stderr.splitlines()[-1]
    assert not (root / "data" / "marts" / "dim_plan.parquet").exists()
    assert too_much.stat().st_size > room
    [failure] = robot.taken
    assert "运行失败：接收填报表" in failure.json["markdown"]["content"]
    assert "文件超出系统允许的大小" in failure.json["markdown"]["content"]
    too_much.unlink()
    done = actionplan(root, "run", "--quiet")
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("", "")
    assert marts(root) == marts(undisturbed)
    titles = [taken.json["markdown"]["content"].splitlines()[0] for taken in robot.taken[1:]]
    assert [title.partition("】")[2][:7] for title in titles] == ["运行已恢复正常", "报送情况：逾期"]
