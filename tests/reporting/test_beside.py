"""Files written by a second process: the same bytes, and its failure told here."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.reporting import data
from pipelines.reporting.exports import Files, beside, written
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
    monkeypatch.setattr(beside, "cores", lambda: 2)
    for name, much in (("here", 10**9), ("beside", 1)):
        monkeypatch.setattr(beside, "MUCH", much)
        home = tmp_path / name
        with written(facts, Files({"zh": home}, home / "tables", None, set(list(DISTRICTS)[:2]))):
            assert home.exists() == (name == "here")
    assert len([name for name in _files(tmp_path / "here") if "/" not in name]) == 6
    assert {f"tables/{table}.csv" for table in facts.marts.tables} < _files(tmp_path / "here").keys()
    assert _files(tmp_path / "beside") == _files(tmp_path / "here")


def test_what_goes_wrong_in_it_is_raised_here_as_what_it_is(
    facts: data.Facts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "cores", lambda: 2)
    monkeypatch.setattr(beside, "MUCH", 1)
    (tmp_path / "file").touch()
    home = tmp_path / "file" / "zh"
    with (
        pytest.raises(NotADirectoryError),
        written(facts, Files({"zh": home}, home / "tables", None, set(list(DISTRICTS)[:1]))),
    ):
        pass
