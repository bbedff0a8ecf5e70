"""dbt's parse of its project: made once, seen whole, and the same wherever it is made."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import pytest

from pipelines.warehouse import parsed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where two processes had to make it at the same time, as Dagster's services do in a new workspace.

    What they left is read while they are at it: a file that is there must be whole.
    """
    folder = tmp_path_factory.mktemp("parsed")
    earlier = folder / "dbt-project-0123456789abcdef.json"
    earlier.write_text("{}")
    makers = [multiprocessing.get_context("spawn").Process(target=parsed.keep, args=(folder,)) for _ in range(2)]
    for maker in makers:
        maker.start()
    looks = 0
    while any(maker.is_alive() for maker in makers):
        for kept in folder.glob("dbt-project-*.json"):
            if kept != earlier:
                json.loads(kept.read_bytes())
                looks += 1
    for maker in makers:
        maker.join()
    assert [maker.exitcode for maker in makers] == [0, 0]
    assert looks
    return folder


def test_what_is_left(folder: Path) -> None:
    """One parse of the project as it stands; nothing half-made, nothing of an earlier project."""
    names = sorted(path.name for path in folder.iterdir())
    assert [Path(name).suffix for name in names] == [".json", ".msgpack"]
    assert len({Path(name).stem for name in names}) == 1
    assert "dbt-project-0123456789abcdef.json" not in names


def test_it_knows_no_workspace(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be used in another one: no folder or file of where it was made stands in it."""
    monkeypatch.setattr(parsed, "HOME", folder / "nowhere")
    made = parsed.as_json(folder)
    assert str(folder) not in json.dumps(made)
    assert {node["database"] for node in made["nodes"].values()} == {"warehouse"}


@pytest.mark.parametrize("ending", [".json", ".msgpack"])
def test_one_that_was_harmed_is_made_anew(
    folder: Path, ending: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(parsed, "HOME", tmp_path / "nowhere")
    [whole] = folder.glob(f"*{ending}")
    made = []

    def keep(home: Path) -> None:
        made.append(home)
        (home / whole.name).write_bytes(whole.read_bytes())

    monkeypatch.setattr(parsed, "keep", keep)
    harmed = tmp_path / whole.name
    read = parsed.as_json if ending == ".json" else parsed.for_dbt
    for content in (b"", whole.read_bytes()[:5000], whole.read_bytes()[:-3]):
        harmed.write_bytes(content)
        assert read(tmp_path)
        assert made.pop() == tmp_path
    read(tmp_path)
    assert made == []


def test_what_the_checkout_has_is_taken_first(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(parsed, "HOME", folder)
    assert parsed.for_dbt(tmp_path).nodes.keys() == parsed.as_json(tmp_path)["nodes"].keys()
    assert list(tmp_path.iterdir()) == []
