"""What every test can use."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from pipelines.settings import CHECKOUT
from tests.starter import Starter

# A slow moment of the machine is no failure; on CI the same examples every time.
settings.register_profile("project", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("project")

Done = subprocess.CompletedProcess[str]
NOW = "2025-12-05T09:00:00"


FIRST = (
    "tests/services",  # waits more than it works
    "tests/cli/test_whole_way.py",
    "tests/independent",
    "tests/acceptance",
    "tests/browser",
    "tests/notebooks",
    "tests/warehouse",
    "tests/reporting",
)
"""What takes longest is begun first: no worker is left alone with it at the end."""
TOGETHER = {f"tests/{name}" for name in ("browser", "reporting", "samples", "services", "upkeep", "warehouse")}
"""The files of such a folder share what is dear to make, or spend their time waiting: one worker takes them all."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        return next((number for number, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST))

    items.sort(key=rank)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file's tests in one worker, and those of some folders, in the order above."""
    from xdist.scheduler import LoadFileScheduling

    class InOrder(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next(
                (folder for folder in TOGETHER if nodeid.startswith(f"{folder}/")), super()._split_scope(nodeid)
            )

    config.option.loadscopereorder = False
    return InOrder(config, log)


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see no workspace, clock or Dagster home but their own."""
    for name in ("ACTIONPLAN_ROOT", "ACTIONPLAN_NOW", "ACTIONPLAN_LIMITS", "DAGSTER_HOME", "ACTIONPLAN_DEBUG"):
        monkeypatch.delenv(name, raising=False)


Command = Callable[..., Done]


def environment(root: Path, now: str) -> dict[str, str]:
    """What a command finds: this process's environment with a workspace and a clock of its own."""
    own = {"ACTIONPLAN_ROOT": str(root), "ACTIONPLAN_NOW": now, "PYTHONUTF8": "1"}
    return {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"} | own


@pytest.fixture(scope="session")
def typed() -> Command:
    """A command as a user types it, in a process of its own: ``typed(root, "run", now="2025-12-05")``."""

    def command(root: Path, *arguments: str | Path, now: str = NOW, **options: object) -> Done:
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            [sys.executable, "-m", "pipelines", *map(str, arguments)],
            cwd=CHECKOUT,
            env=environment(root, now),
            capture_output=True,
            text=True,
            check=False,
            **options,
        )

    return command


@pytest.fixture(scope="session")
def starter() -> Iterator[Starter]:
    """A process that has imported everything, and starts commands by forking."""
    started = Starter()
    yield started
    started.close()


@pytest.fixture(scope="session")
def actionplan(starter: Starter, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The same as ``typed`` without the seconds that imports take."""
    said = tmp_path_factory.mktemp("said")

    def command(root: Path, *arguments: str | Path, now: str = NOW) -> Done:
        words = [str(argument) for argument in arguments]
        out, err = said / "out", said / "err"
        starter.start(words, environment(root, now), out, err)
        code = starter.end()
        told = [path.read_text(encoding="utf-8") for path in (out, err)]
        out.unlink()
        err.unlink()
        return Done(words, code, *told)

    return command


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real input beside the checkout (or ``ACTIONPLAN_SHARED``); tests that need it skip without it."""
    folder = Path(os.environ.get("ACTIONPLAN_SHARED") or CHECKOUT.parent / "shared")
    if not (folder / "data" / "drops").is_dir():
        pytest.skip(f"no real input: {folder.name}/data/drops is not beside the checkout (ACTIONPLAN_SHARED names it)")
    return folder
