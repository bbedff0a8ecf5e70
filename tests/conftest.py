"""What every test can use."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.starter import Starter

# A slow moment of the machine is no failure; on CI the same examples every time.
settings.register_profile("project", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("project")

CHECKOUT = Path(__file__).resolve().parents[1]
Done = subprocess.CompletedProcess[str]
NOW = "2025-12-05T09:00:00"


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
def actionplan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """The same, of a process that has imported everything already, which saves seconds."""
    starters: list[Starter] = []
    said = tmp_path_factory.mktemp("said")

    def command(root: Path, *arguments: str | Path, now: str = NOW) -> Done:
        words = [str(argument) for argument in arguments]
        if not starters:
            starters.append(Starter())
        out, err = said / "out", said / "err"
        starters[0].start(words, environment(root, now), out, err)
        code = starters[0].end()
        told = [path.read_text(encoding="utf-8") for path in (out, err)]
        out.unlink()
        err.unlink()
        return Done(words, code, *told)

    yield command
    for starter in starters:
        starter.close()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real input beside the checkout (or ``ACTIONPLAN_SHARED``); tests that need it skip without it."""
    folder = Path(os.environ.get("ACTIONPLAN_SHARED") or CHECKOUT.parent / "shared")
    if not (folder / "data" / "drops").is_dir():
        pytest.skip(f"no real input: {folder.name}/data/drops is not beside the checkout (ACTIONPLAN_SHARED names it)")
    return folder
