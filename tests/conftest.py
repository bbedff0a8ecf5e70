"""What every test can use."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# A slow moment of the machine is no failure; on CI the same examples every time.
settings.register_profile("project", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("project")

CHECKOUT = Path(__file__).resolve().parents[1]
Done = subprocess.CompletedProcess[str]


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see no workspace, clock or Dagster home but their own."""
    for name in ("ACTIONPLAN_ROOT", "ACTIONPLAN_NOW", "ACTIONPLAN_LIMITS", "DAGSTER_HOME", "ACTIONPLAN_DEBUG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def actionplan() -> Callable[..., Done]:
    """A command as a user types it, in a process of its own: ``actionplan(root, "run", now="2025-12-05")``."""

    def command(root: Path, *arguments: str | Path, now: str = "2025-12-05T09:00:00", **options: object) -> Done:
        environment = {**os.environ, "ACTIONPLAN_ROOT": str(root), "ACTIONPLAN_NOW": now, "PYTHONUTF8": "1"}
        environment.pop("DAGSTER_HOME", None)
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            [sys.executable, "-m", "pipelines", *map(str, arguments)],
            **{"cwd": CHECKOUT, "env": environment, "capture_output": True, "text": True, "check": False, **options},
        )

    return command


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real input beside the checkout (or ``ACTIONPLAN_SHARED``); tests that need it skip without it."""
    folder = Path(os.environ.get("ACTIONPLAN_SHARED") or CHECKOUT.parent / "shared")
    if not (folder / "data" / "drops").is_dir():
        pytest.skip(f"no real input: {folder.name}/data/drops is not beside the checkout (ACTIONPLAN_SHARED names it)")
    return folder
