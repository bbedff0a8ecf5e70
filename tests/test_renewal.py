"""A folder that is renewed is whole at every moment, also when the process that renews it is killed."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines import renewal
from pipelines.renewal import renewed
from tests.conftest import CHECKOUT

FILES = ("index.html", "150802.html", "en/index.html")
LOOP = """
import sys
from pathlib import Path
from pipelines.renewal import renewed
from tests.test_renewal import put
for number in range(int(sys.argv[2]), 1_000_000):
    with renewed(Path(sys.argv[1])) as fresh:
        put(fresh, number)
    print(number, flush=True)
"""


def put(folder: Path, number: int) -> None:
    for name in FILES:
        (folder / name).parent.mkdir(exist_ok=True)
        part = folder / f"{name}.part"
        part.write_text(f"{number}")
        os.replace(part, folder / name)


def seen(folder: Path) -> set[str]:
    """What one who opened the folder finds in its files; nothing when it was put away meanwhile."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        found = set()
        for name in FILES:
            file = os.open(name, os.O_RDONLY, dir_fd=handle)
            found.add(os.read(file, 100).decode())
            os.close(file)
        return found
    except FileNotFoundError:
        return set()
    finally:
        os.close(handle)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.parent.iterdir())


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the folder is away for a moment")
def test_readers_see_one_state_whole_and_a_kill_changes_nothing_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "plan"
    with renewed(folder) as fresh:
        put(fresh, 0)
    reads, number = 0, 0
    for pause in (0.0, 0.003, 0.011, 0.02):
        writer = subprocess.Popen(
            [sys.executable, "-c", LOOP, str(folder), str(number + 1)], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        until = time.monotonic() + 0.3 + pause
        while time.monotonic() < until:
            found = seen(folder)  # raises where the folder is not there
            assert len(found) <= 1
            reads += len(found)
        writer.kill()
        writer.communicate()
        [state] = seen(folder)
        assert int(state) > number
        number = int(state)
    assert reads > 100
    with renewed(folder) as fresh:
        put(fresh, number + 1)
    assert seen(folder) == {str(number + 1)}
    assert left(folder) == ["plan"]


@pytest.fixture
def without_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "_exchanged", lambda one, other: False)


@pytest.mark.usefixtures("without_exchange")
def test_where_folders_cannot_change_places_two_renames_do(tmp_path: Path) -> None:
    folder = tmp_path / "plan"
    for number in (1, 2):
        with renewed(folder) as fresh:
            put(fresh, number)
    assert seen(folder) == {"2"}
    assert left(folder) == ["plan"]


def test_one_killed_between_two_renames_is_mended(tmp_path: Path) -> None:
    folder = tmp_path / "plan"
    with renewed(folder) as fresh:
        put(fresh, 1)
    os.rename(folder, folder.with_name(".plan.old"))
    folder.with_name(".plan.new").mkdir()
    with renewed(folder) as fresh:
        assert seen(fresh) == {"1"}
    assert left(folder) == ["plan"]


@pytest.mark.parametrize("links", [True, False])
def test_what_does_not_change_stays_the_same_file(links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    if not links:
        monkeypatch.setattr(os, "link", no_links)
    folder = tmp_path / "plan"
    with renewed(folder) as fresh:
        put(fresh, 1)
    before = {name: (folder / name).stat() for name in FILES}
    with renewed(folder) as fresh:
        put(fresh, 1)  # other files of the same content
    assert {name: (folder / name).stat().st_ino for name in FILES} == {n: s.st_ino for n, s in before.items()}
    with renewed(folder) as fresh:
        (fresh / "new.html").write_text("new")
        (fresh / FILES[0]).unlink()
    assert not (folder / FILES[0]).exists()
    assert (folder / "new.html").read_text() == "new"
    kept = (folder / FILES[1]).stat()
    assert kept.st_mtime_ns == before[FILES[1]].st_mtime_ns
    assert (kept.st_ino == before[FILES[1]].st_ino) is links


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    folder = tmp_path / "plan"
    with renewed(folder) as fresh:
        put(fresh, 1)

    def fail() -> None:
        with renewed(folder) as fresh:
            put(fresh, 2)
            shutil.rmtree(fresh / "en")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert seen(folder) == {"1"}
    assert left(folder) == ["plan"]
