"""The layering, what commands may load, and what must never be in the repository."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT

TRACKED = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
TEXT = re.compile(r"\.(py|sql|ya?ml|toml|md|txt|in|cfg|sh|j2|html|css|ipynb|csv)$|Makefile$|\.ci/run$")


def tracked_texts() -> list[tuple[str, str]]:
    names = [name for name in TRACKED.split("\0") if TEXT.search(name) and (CHECKOUT / name).is_file()]
    return [(name, (CHECKOUT / name).read_text(encoding="utf-8")) for name in names]


def test_layers_point_one_way() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("command", [["check", "README.md"], ["status"], ["plans"], ["submit", "--help"]])
def test_quick_commands_load_no_orchestration(command: list[str], tmp_path: Path) -> None:
    """`check` has to answer in about a second; Dagster and dbt alone take several."""
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys\nfrom pipelines.cli import cli\n"
            f"try: cli({command!r})\nexcept SystemExit: pass\n"
            "print(*sorted({name.partition('.')[0] for name in sys.modules}))",
        ],
        cwd=CHECKOUT,
        env={"ACTIONPLAN_ROOT": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    modules = set(loaded.stdout.splitlines()[-1].split())
    assert "pipelines" in modules
    assert not modules & {"dagster", "dagster_dbt", "dbt", "duckdb", "plotly", "pandas"}


def test_lock_names_no_index() -> None:
    lock = (CHECKOUT / "requirements.txt").read_text()
    assert not re.search(r"://|--index|--extra-index|--find-links|@ ", lock)
    unhashed = [line for line in lock.splitlines() if re.match(r"\S+==", line) and not line.endswith("\\")]
    assert unhashed == []


def normal(name: str) -> str:
    """A package's name in its one normal spelling."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_stated_requirement_is_locked() -> None:
    lock = (CHECKOUT / "requirements.txt").read_text()
    locked = {normal(name) for name in re.findall(r"^([\w.-]+)", lock, re.MULTILINE)}
    for file in ("requirements.in", "requirements-dev.in"):
        stated = re.findall(r"^([A-Za-z][\w.-]*\w)", (CHECKOUT / file).read_text(), re.MULTILINE)
        assert {normal(name) for name in stated} <= locked


def test_nothing_names_a_registry_or_this_machine() -> None:
    registry = re.compile(
        "|".join(("py" + r"pi\.org", "python" + "hosted", "npm" + r"js\.(org|com)", "debian" + r"\.org"))
    )
    machine = re.compile(r"(?<![\w.])/(work|farm|root|home/\w+)/")
    found = [
        f"{name}: {match[0]}"
        for name, text in tracked_texts()
        for match in (*registry.finditer(text), *machine.finditer(text))
    ]
    assert found == []


def test_documentation_of_the_forms_is_current() -> None:
    from pipelines.forms.dictionary import page

    assert (CHECKOUT / "docs" / "forms.md").read_text(encoding="utf-8") == page(), "run: make docs"
