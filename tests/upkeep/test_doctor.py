"""An examination finds what is damaged and says where; a repair brings back what was, and loses nothing."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from pipelines.cli import cli
from pipelines.forms import FORMS
from pipelines.intake import receive
from pipelines.intake.service import process_inbox
from pipelines.locking import run_lock
from pipelines.settings import Workspace
from pipelines.upkeep.doctor import Examination, examine
from tests.conftest import CHECKOUT
from tests.intake.books import plans
from tests.intake.test_inbox import hand_in, ledger, snapshot
from tests.upkeep.conftest import Tear, cut_short, emptied, gone, taken_in


def wanting(ws: Workspace) -> dict[str, str]:
    """What is wrong, by where; a workspace that was never published says so, and that is not meant here."""
    return {finding.where: finding.what for finding in examine(ws).wanting if finding.where != "data/marts"}


def command(ws: Workspace, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--root", str(ws.root)])


def record(ws: Workspace, kind: str, file_name: str) -> Path:
    """The record of the workbook of that name."""
    [row] = pl.read_parquet(ws.records / "submission" / "[0-9a-f]*.parquet").filter(file_name=file_name).to_dicts()
    return ws.records / kind / f"{row['submission_id']}.parquet"


def evidence(ws: Workspace, code: str) -> Path:
    """The record of the file of evidence that two districts share."""
    rows = pl.read_parquet(ws.records / "evidence_file" / "[0-9a-f]*.parquet").filter(format="jpeg", district_code=code)
    return ws.records / "evidence_file" / f"{rows['file_id'][0]}.parquet"


def receipts(ws: Workspace) -> dict[str, object]:
    """What the receipts say."""
    return {
        path.relative_to(ws.receipts).as_posix(): json.loads(path.read_text("utf-8"))
        for path in ws.receipts.rglob("*.json")
    }


def test_a_sound_workspace(ws: Workspace) -> None:
    assert wanting(ws) == {}


DAMAGE: dict[str, Callable[[Workspace], tuple[Path, Tear]]] = {
    "rows cut short": lambda ws: (record(ws, "community", "2024.xlsx"), cut_short),
    "rows empty": lambda ws: (record(ws, "community", "2023.xlsx"), emptied),
    "rows gone": lambda ws: (record(ws, "community", "2024(2).xlsx"), gone),
    "findings gone": lambda ws: (record(ws, "issue", "2024.xlsx"), gone),
    "verdict cut short": lambda ws: (record(ws, "submission", "2024(2).xlsx"), cut_short),
    "verdict of a returned file": lambda ws: (record(ws, "submission", "破损.xlsx"), emptied),
    "changes cut short": lambda ws: (record(ws, "change", "2024(2).xlsx"), cut_short),
    "receipt gone": lambda ws: (next(ws.receipts.rglob("2023-回执-*.xlsx")), gone),
    "receipt's JSON cut short": lambda ws: (next(ws.receipts.rglob("2023-回执-*.json")), cut_short),
    "evidence cut short": lambda ws: (evidence(ws, "150821"), cut_short),
    "zip's list empty": lambda ws: (next(ws.records.glob("bundle/[0-9a-f]*.parquet")), emptied),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_damaged_is_named(ws: Workspace, damage: str) -> None:
    path, tear = DAMAGE[damage](ws)
    tear(path)
    [where] = wanting(ws)
    assert path.stem in where


@pytest.mark.slow
@pytest.mark.parametrize(
    "damages",
    [
        ("rows cut short", "verdict of a returned file", "receipt gone", "changes cut short", "evidence cut short"),
        ("rows gone", "findings gone", "rows empty", "zip's list empty"),
        ("verdict cut short", "receipt's JSON cut short"),
    ],
)
def test_what_is_damaged_is_made_anew(ws: Workspace, damages: tuple[str, ...]) -> None:
    before, said = snapshot(ws.records), receipts(ws)
    damaged: dict[str, bytes] = {}
    for path, tear in [DAMAGE[damage](ws) for damage in damages]:
        tear(path)
        if path.exists():
            damaged[path.relative_to(ws.root).as_posix()] = path.read_bytes()
    done = command(ws, "doctor", "--repair")
    assert f"已修复 {len(damages)} 处" in done.stdout, done.output
    [aside] = ws.aside.iterdir()
    assert {name: (aside / name).read_bytes() for name in damaged} == damaged
    moved = (aside / "moved.txt").read_text("utf-8")
    assert all(name in moved for name in damaged)
    taken_in(ws)
    assert wanting(ws) == {}
    assert snapshot(ws.records) == before
    assert receipts(ws).keys() == said.keys()


@pytest.mark.slow
def test_how_an_original_came_is_found_out_again(ws: Workspace) -> None:
    """From its record, else from its receipt; both the torn record and the torn note are mended at once."""

    def notes() -> dict[str, tuple[str, ...]]:
        told = [json.loads(path.read_bytes()) for path in ws.archive.glob("??/*.json")]
        return {one["sha256"]: (one["drop_path"], one["received_at"], one["received_at_source"]) for one in told}

    before, kept = snapshot(ws.records), notes()
    for path in ws.archive.glob("??/*.json"):
        emptied(path)
    cut_short(record(ws, "submission", "2023.xlsx"))
    assert len(wanting(ws)) == len(kept) + 1
    command(ws, "doctor", "--repair")
    assert notes() == kept
    taken_in(ws)
    assert snapshot(ws.records) == before
    assert wanting(ws) == {}


def test_a_damaged_original_is_named_and_never_touched(ws: Workspace) -> None:
    submission = pl.read_parquet(record(ws, "submission", "2023.xlsx")).row(0, named=True)
    home = ws.archive / submission["archive_path"]
    sound = home.read_bytes()
    rotten = bytes([sound[0] ^ 1]) + sound[1:]
    home.write_bytes(rotten)
    cut_short(record(ws, "community", "2023.xlsx"))
    before = snapshot(ws.records)
    for arguments in (("doctor",), ("doctor", "--repair")):
        done = command(ws, *arguments)
        assert done.exit_code == 1
        assert home.name in done.stdout
        assert "SHA-256" in done.stdout
    assert home.read_bytes() == rotten
    assert snapshot(ws.records) == before
    hand_in(ws, {"2023.xlsx": sound})  # the district sends the same file once more
    [drop] = receive.find_drops(ws.inbox)
    received = receive.archive(ws, drop, datetime(2025, 12, 5))
    assert received
    assert received.received_at == submission["received_at"]
    assert home.read_bytes() == sound
    assert home.with_suffix(receive.DAMAGED).read_bytes() == rotten


@pytest.mark.slow
def test_a_clock_that_was_wrong(ws: Workspace) -> None:
    """Set back, nothing is taken in, for it would stand behind what came before; a wrong time can be put right."""
    later = datetime(2035, 1, 1, 8)
    hand_in(ws, {"2025.xlsx": ledger(2, "2025-11")})
    process_inbox(ws, plans(), later)
    hand_in(ws, {"2025(2).xlsx": ledger(3, "2025-11")})
    before = snapshot(ws.root)
    with pytest.raises(receive.ClockError, match=r"收到 2025\.xlsx 的时间 2035-01-01 08:00") as told:
        taken_in(ws)
    assert snapshot(ws.root) == before
    home = ws.archive / pl.read_parquet(record(ws, "submission", "2025.xlsx"))["archive_path"][0]
    note = home.with_suffix(".json")
    assert note.relative_to(ws.root).as_posix() in str(told.value)
    note.write_text(note.read_text("utf-8").replace("2035-01-01", "2025-12-01"), "utf-8")
    assert "2025-12-01 08:00:00" in next(iter(wanting(ws).values()))
    command(ws, "doctor", "--repair")
    taken_in(ws)
    assert wanting(ws) == {}
    assert pl.read_parquet(record(ws, "submission", "2025.xlsx"))["received_at"][0] == datetime(2025, 12, 1, 8)
    changed = pl.read_parquet(record(ws, "change", "2025(2).xlsx"))
    assert set(changed["supersedes"]) == {home.name[:16]}


def test_an_original_that_is_gone(ws: Workspace) -> None:
    home = ws.archive / pl.read_parquet(record(ws, "submission", "2023.xlsx"))["archive_path"][0]
    home.unlink()
    before = snapshot(ws.records)
    done = command(ws, "doctor", "--repair")
    assert done.exit_code == 1
    assert "原件不在存档中" in done.stdout
    assert snapshot(ws.records) == before


def test_what_people_write_is_read(ws: Workspace) -> None:
    ws.register.mkdir(exist_ok=True)
    (ws.register / "bayannur_2023_2025.csv").write_text("district_code,event,community\n150802,nonsense,某小区\n")
    ws.header_aliases.write_text("form,field,header\nnonsense,x,某列\n")
    ws.plans.mkdir()
    (ws.plans / "mine.yaml").write_text("id: mine\n")
    ws.geo.mkdir()
    (ws.geo / "bayannur_2023_2025.geojson").write_text("{")
    ws.alerts.write_text("channels: nonsense")
    said = command(ws, "doctor").stdout
    for name in (
        "bayannur_2023_2025.csv:2",
        "headers.csv:2",
        "mine.yaml:1",
        "bayannur_2023_2025.geojson",
        "alerts.yaml:1",
    ):
        assert name in said, name


def test_run_history_with_two_versions_is_damaged(ws: Workspace) -> None:
    """Dagster opens such a one no more, though every page of it is sound."""
    history = ws.dagster_home / "history"
    history.mkdir(parents=True)
    with sqlite3.connect(history / "runs.db") as connection:
        connection.execute("create table alembic_version (version_num text)")
        connection.executemany("insert into alembic_version values (?)", [("a",), ("b",)])
    assert list(wanting(ws)) == [".dagster/history/runs.db"]


def test_damaged_run_history_is_moved_aside(ws: Workspace) -> None:
    history = ws.dagster_home / "history"
    history.mkdir(parents=True)
    (ws.dagster_home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with sqlite3.connect(history / "sound.db") as connection:
        connection.execute("create table t (x)")
    assert wanting(ws) == {}
    (history / "runs.db").write_bytes(os.urandom(8192))
    assert list(wanting(ws)) == [".dagster/history/runs.db"]
    command(ws, "doctor", "--repair")
    assert wanting(ws) == {}
    assert [path.name for path in ws.dagster_home.iterdir()] == ["dagster.yaml"]
    [aside] = ws.root.glob(".dagster.set-aside-*")
    assert (aside / "history" / "runs.db").stat().st_size == 8192


def test_leftovers_are_cleared(ws: Workspace) -> None:
    left = [ws.archive / ".1-a.tmp", ws.records / "community" / ".x.parquet.7.tmp", ws.inbox / ".half.xlsx.tmp"]
    for path in left:
        path.write_bytes(b"half")
    long_ago = 1_600_000_000
    (ws.reports / ".bayannur_2023_2025.new").mkdir()
    found = wanting(ws)
    assert "data/raw/inbox/.half.xlsx.tmp" not in found  # it may still be growing
    assert len(found) == 3
    os.utime(left[2], (long_ago, long_ago))
    command(ws, "doctor", "--repair")
    assert wanting(ws) == {}
    assert not left[0].exists()
    assert left[2].exists()


def test_while_a_run_is_going_on(ws: Workspace) -> None:
    hold = (
        "import sys; from pathlib import Path\n"
        "from pipelines.locking import run_lock; from pipelines.settings import Workspace\n"
        "with run_lock(Workspace(Path(sys.argv[1])), 'actionplan run'): print('held', flush=True); sys.stdin.read()"
    )
    cut_short(record(ws, "community", "2023.xlsx"))
    arguments = [sys.executable, "-c", hold, str(ws.root)]
    pipe = subprocess.PIPE
    with subprocess.Popen(arguments, cwd=CHECKOUT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        done = command(ws, "doctor")
        assert (done.exit_code, str(process.pid) in done.stdout) == (0, True)
        refused = command(ws, "doctor", "--repair")
        assert (refused.exit_code, str(process.pid) in refused.stderr) == (3, True)
        process.kill()
    assert command(ws, "doctor").exit_code == 1
    with run_lock(ws, "test"):  # and nothing holds it any more
        pass


def test_as_json_for_programs(ws: Workspace) -> None:
    emptied(record(ws, "community", "2023.xlsx"))
    told = json.loads(command(ws, "doctor", "--json").stdout)
    assert told["is_sound"] is False
    assert {finding["check"] for finding in told["findings"]} == {"records", "marts"}
    assert all(finding["remedy"] for finding in told["findings"])


def test_no_workspace_at_all(tmp_path: Path) -> None:
    done = command(Workspace(tmp_path / "nowhere"), "doctor")
    assert done.exit_code == 1
    assert "data/raw" in done.stdout
    assert not (tmp_path / "nowhere").exists()


def test_records_of_every_kind_are_looked_at(ws: Workspace) -> None:
    """One of each form is damaged in turn, where the workspace has one."""
    for path in sorted(path for name in FORMS for path in (ws.records / name).glob("[0-9a-f]*.parquet")):
        content = path.read_bytes()
        cut_short(path)
        assert list(wanting(ws)) == [path.relative_to(ws.root).as_posix()]
        path.write_bytes(content)


def test_set_aside_never_overwrites(ws: Workspace) -> None:
    from pipelines.durable import set_aside

    path = record(ws, "community", "2023.xlsx")
    content = path.read_bytes()
    first, second = set_aside(ws, [path], "one"), []
    path.write_bytes(b"another")
    second = set_aside(ws, [path, ws.root / "nothing-here"], "two")
    assert [file.read_bytes() for file in (*first, *second)] == [content, b"another"]
    shutil.move(first[0], path)
    assert wanting(ws) == {}


def test_examination_without_findings_is_sound() -> None:
    assert Examination().as_dict() == {"is_sound": True, "findings": [], "mended": []}
