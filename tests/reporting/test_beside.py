"""Files written by a second process: the same bytes, its failure told here, and it never outlives who started it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.reporting import data
from pipelines.reporting.exports import beside, written
from pipelines.reporting.marts import Marts
from tests.reporting.conftest import DISTRICTS


@pytest.fixture
def facts(marts: Path):
    with Marts(marts) as source:
        [plan] = source.plans()
        yield data.load(source, plan)


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_second_process_writes_the_same_bytes(
    facts: data.Facts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    for name, much in (("here", 10**9), ("beside", 1)):
        monkeypatch.setattr(beside, "MUCH", much)
        home = tmp_path / name
        with written(facts, {"zh": home}, home / "tables", None, list(DISTRICTS)[:2]):
            assert home.exists() == (name == "here")
    assert len([name for name in _files(tmp_path / "here") if "/" not in name]) == 6
    assert {f"tables/{table}.csv" for table in facts.marts.tables} < _files(tmp_path / "here").keys()
    assert _files(tmp_path / "beside") == _files(tmp_path / "here")


def test_what_goes_wrong_in_it_is_raised_here_as_what_it_is(
    facts: data.Facts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(beside, "MUCH", 1)
    (tmp_path / "file").touch()
    home = tmp_path / "file" / "zh"
    with (
        pytest.raises(NotADirectoryError),
        written(facts, {"zh": home}, home / "tables", None, list(DISTRICTS)[:1]),
    ):
        pass


def test_it_ends_when_the_one_who_started_it_does(facts: data.Facts, tmp_path: Path) -> None:
    told = beside._told(facts, {"zh": tmp_path / "zh"}, tmp_path / "tables", None, list(DISTRICTS))
    command = [sys.executable, "-c", "from pipelines.reporting.exports.beside import main; main()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        # All it is told, and then nobody is there any more.
        assert other.communicate(json.dumps(told).encode() + b"\n", timeout=60) == (b"", None)
    assert other.returncode == 1
    assert not list((tmp_path / "zh").glob("*.zip"))
