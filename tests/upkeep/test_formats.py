"""Records of an older form are made anew, once; a workspace of a newer program is left alone."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from pipelines import __version__, durable, formats
from pipelines.cli import cli
from pipelines.formats import FORMAT, FormatError
from pipelines.intake import upgrade
from pipelines.intake.receive import submit
from pipelines.intake.records import write_forms
from pipelines.settings import Workspace
from pipelines.upkeep.doctor import examine
from pipelines.warehouse.records import SCHEMAS
from tests.intake.test_inbox import hand_in, ledger, snapshot
from tests.upkeep.conftest import taken_in

COLUMNS = "13b6"
"""The beginning of the digest of all columns of the format."""


def test_other_columns_are_another_format() -> None:
    """Where this fails: raise formats.FORMAT, so that what is on record is read anew, and put the new digest here."""
    told = repr([(kind, [(name, str(type_)) for name, type_ in schema.items()]) for kind, schema in SCHEMAS.items()])
    assert (FORMAT, hashlib.sha256(told.encode()).hexdigest()[:4]) == (2, COLUMNS)


def aged(ws: Workspace, *file_names: str) -> list[Path]:
    """Make the records of these workbooks those of an earlier version: without a column, and with values of its own."""
    done = []
    for path in (ws.records / "submission").glob("[0-9a-f]*.parquet"):
        submission = pl.read_parquet(path)
        if submission["file_name"][0] in file_names:
            submission.with_columns(form_version=pl.lit(1, pl.Int64)).drop("layout").write_parquet(path)
            rows = ws.records / "community" / path.name
            pl.read_parquet(rows).with_columns(community_name=pl.lit("as it was read then")).write_parquet(rows)
            done += [path, rows]
    formats.marker(ws).unlink(missing_ok=True)
    return done


@pytest.mark.slow
def test_only_what_is_older_is_read_anew(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshot(ws.records)
    old = {path.relative_to(ws.root): path.read_bytes() for path in aged(ws, "2023.xlsx", "2024(2).xlsx")}
    stems = {path.stem for path in old}
    untouched = {path: path.stat().st_ino for path in ws.records.rglob("*.parquet") if path.stem not in stems}
    assert [finding.what for finding in examine(ws).wanting if "旧格式" in finding.what] == ["2 份填报表的记录是旧格式"]
    move, count = durable.set_aside, iter(range(100))

    def dies(*given: object) -> object:
        if next(count) == 1:
            raise KeyboardInterrupt
        return move(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(upgrade, "set_aside", dies)
    with pytest.raises(KeyboardInterrupt):
        taken_in(ws)
    assert formats.read(ws) == formats.State(FORMAT, __version__, formats.UPGRADE)
    refused = CliRunner().invoke(cli, ["report", "--root", str(ws.root)])
    assert (refused.exit_code, "actionplan run" in refused.stderr) == (3, True)
    monkeypatch.setattr(upgrade, "set_aside", move)
    taken_in(ws)
    assert snapshot(ws.records) == before
    assert {path: path.stat().st_ino for path in untouched} == untouched
    [aside] = ws.aside.iterdir()
    assert {name: (aside / name).read_bytes() for name in old} == old
    assert formats.read(ws) == formats.State(FORMAT, __version__, None)


def test_what_cannot_be_read_anew_keeps_its_record(ws: Workspace) -> None:
    old = aged(ws, "2023.xlsx")
    submission = pl.read_parquet(old[0]).row(0, named=True)
    home = ws.archive / submission["archive_path"]
    home.write_bytes(b"rotten")
    before = [path.read_bytes() for path in old]
    upgrade.begin(ws)
    assert [path.read_bytes() for path in old] == before
    assert formats.read(ws) == formats.State(FORMAT, __version__, None)


@pytest.mark.slow
def test_a_run_for_one_period_makes_all_records_anew(ws: Workspace) -> None:
    from pipelines.intake.service import process_inbox
    from tests.intake.books import PLAN, plans
    from tests.upkeep.conftest import NOW

    before = snapshot(ws.records)
    aged(ws, "2023.xlsx", "2024(2).xlsx")
    hand_in(ws, {"2025.xlsx": ledger(2, "2025-11")})
    process_inbox(ws, plans(), NOW, only_plan=PLAN, only_period="2024-11")
    assert snapshot(ws.records) == before
    assert [path.name for path in ws.inbox.glob("*.xlsx")] == ["2025.xlsx"]


@pytest.mark.parametrize(
    "arguments",
    [("run",), ("submit", "a.xlsx"), ("report",), ("status",), ("doctor", "--repair"), ("register", "--write"),
     ("backup", "b"), ("restore", "b"), ("check", "a.xlsx")],
)  # fmt: skip
def test_a_workspace_of_a_newer_program_is_left_alone(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.xlsx").write_bytes(b"x")
    if arguments[0] == "restore":
        assert CliRunner().invoke(cli, ["backup", "b", "--root", str(ws.root)]).exit_code == 0
    told = {"format": FORMAT + 1, "written_by": "9.9", "unfinished": None}
    formats.marker(ws).write_text(json.dumps(told))
    before = snapshot(ws.root)
    done = CliRunner().invoke(cli, [*arguments, "--root", str(ws.root)])
    assert done.exit_code == 3
    assert f"9.9）写入，数据格式为 {FORMAT + 1}" in done.stderr
    assert "--root" in done.stderr
    assert snapshot(ws.root) == before


def test_records_of_a_newer_program_without_its_marker(ws: Workspace) -> None:
    path = next((ws.records / "submission").glob("[0-9a-f]*.parquet"))
    pl.read_parquet(path).with_columns(form_version=pl.lit(FORMAT + 1, pl.Int64)).write_parquet(path)
    formats.marker(ws).unlink()
    before = snapshot(ws.root)
    with pytest.raises(FormatError, match="没有改动任何文件"):
        taken_in(ws)
    assert snapshot(ws.root) == before


def test_a_damaged_marker_is_written_anew(ws: Workspace) -> None:
    formats.marker(ws).write_text("{")
    assert [finding.where for finding in examine(ws).wanting if finding.check == "format"] == ["data/raw/format.json"]
    examine(ws, repair=True)
    upgrade.begin(ws)
    assert formats.read(ws) == formats.State(FORMAT, __version__, None)


FIRST = Path(__file__).parent / "data" / "first-version"
"""What the first version of the program that took workbooks in made of three synthetic ones (without its receipts):
records without ``layout``, with the findings and words of that time."""


@pytest.mark.slow
def test_a_workspace_of_the_first_version(tmp_path: Path) -> None:
    """Its originals are read anew by today's program, as if they had come to it, each when it came."""
    ws = Workspace(tmp_path / "workspace")
    shutil.copytree(FIRST, ws.root)
    old = {path.relative_to(ws.root): path.read_bytes() for path in ws.records.rglob("*.parquet")}
    notes = [json.loads(path.read_text("utf-8")) for path in sorted(ws.archive.glob("??/*.json"))]
    assert "3 份填报表的记录是旧格式" in CliRunner().invoke(cli, ["doctor", "--root", str(ws.root)]).stdout
    taken_in(ws)
    assert [finding for finding in examine(ws).wanting if finding.where != "data/marts"] == []
    [aside] = ws.aside.iterdir()
    assert {name: (aside / name).read_bytes() for name in old} == old
    other = Workspace(tmp_path / "other").prepare()
    for note in notes:
        sent = tmp_path / "sent" / note["file_name"]
        sent.parent.mkdir(exist_ok=True)
        shutil.copyfile(ws.archive / note["sha256"][:2] / note["sha256"], sent)
        submit(other, [sent], datetime.fromisoformat(note["received_at"]), note["drop_path"].rpartition("/")[0])
    taken_in(other)
    assert snapshot(ws.records) == snapshot(other.records)
    assert {path.name for path in ws.receipts.rglob("*.xlsx")} == {path.name for path in other.receipts.rglob("*.xlsx")}


def test_rows_that_an_interrupted_run_left_go(tmp_path: Path) -> None:
    rows = pl.DataFrame({"community_name": ["a"]})
    write_forms(tmp_path, "1", {"community": rows, "credit": rows})
    write_forms(tmp_path, "1", {"community": rows})
    assert [path.parent.name for path in tmp_path.glob("*/1.parquet")] == ["community"]
