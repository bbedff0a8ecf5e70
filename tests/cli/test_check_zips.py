"""``check`` and ``submit`` take zips and evidence as a run would."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipelines.cli import cli
from tests.intake.test_bundles import zipped
from tests.intake.test_evidence import ledger

Invoke = Callable[..., Result]


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    monkeypatch.setenv("ACTIONPLAN_ROOT", str(tmp_path / "workspace"))
    monkeypatch.setenv("ACTIONPLAN_NOW", "2024-12-05T09:00:00")
    return lambda *arguments: CliRunner().invoke(cli, [str(argument) for argument in arguments])


def rules(result: dict[str, object]) -> set[str]:
    return {issue["rule_id"] for issue in result["issues"]}  # type: ignore[attr-defined]


def test_each_workbook_in_a_zip(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "包.zip"
    path.write_bytes(
        zipped(
            {
                "临河/台账.xlsx": ledger(),
                "临河/evidence/Z1.pdf": b"1",
                "五原.xlsx": ledger(district="五原县"),
                "坏.xlsx": b"?",
                "说明.txt": b"x",
            }
        )
    )
    done = invoke("check", path, "--json", "--receipt", tmp_path / "receipts")
    assert done.exit_code == 1
    results = {Path(r["file"]).relative_to(path).as_posix(): r for r in json.loads(done.stdout)}
    assert {name: r["status"] for name, r in results.items()} == {
        "临河/台账.xlsx": "accepted_with_issues",
        "五原.xlsx": "accepted_with_issues",
        "坏.xlsx": "returned",
    }
    assert "evidence_file_missing" in rules(results["临河/台账.xlsx"])
    assert "evidence_file_missing" not in rules(results["五原.xlsx"])
    assert "压缩包内没有采用：说明.txt，不是表格文件" in results["五原.xlsx"]["notes"]
    assert len(list((tmp_path / "receipts").glob("*.xlsx"))) == 3
    assert not (tmp_path / "workspace").exists()
    assert "包.zip/临河/台账.xlsx" in invoke("check", path).stdout


def test_evidence_beside_a_workbook(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "佐证材料" / "照片").mkdir(parents=True)
    (tmp_path / "台账.xlsx").write_bytes(ledger())
    for name in ("Z1.pdf", "照片/二.jpg", "Thumbs.db"):
        (tmp_path / "佐证材料" / name).write_bytes(b"x" + name.encode())
    [result] = json.loads(invoke("check", tmp_path / "台账.xlsx", "--json").stdout)
    assert not {rule for rule in rules(result) if rule.startswith("evidence")}
    (tmp_path / "佐证材料" / "Z1.pdf").unlink()
    [result] = json.loads(invoke("check", tmp_path / "台账.xlsx", "--json").stdout)
    assert {rule for rule in rules(result) if rule.startswith("evidence")} == {"evidence_file_missing"}


def test_a_zip_with_nothing_to_take(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "包.zip"
    path.write_bytes(zipped({"说明.txt": b"x"}))
    done = invoke("check", path)
    assert done.exit_code == 1
    assert "说明.txt" in done.stdout


def test_a_folder_of_evidence_alone_has_no_workbook(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    done = invoke("submit", tmp_path / "evidence")
    assert done.exit_code == 2
    assert "填报表的文件夹" in done.stderr
