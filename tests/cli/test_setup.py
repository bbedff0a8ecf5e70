"""What set-up says on a machine that lacks something."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As much of a checkout as set-up looks at, with one small requirement."""
    (tmp_path / "tools").mkdir()
    shutil.copy(CHECKOUT / "tools" / "setup.sh", tmp_path / "tools")
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    (tmp_path / "requirements.txt").write_text(f"click==8.0.0 --hash=sha256:{'0' * 64}\n")
    return tmp_path


def setup(clone: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [clone / "tools" / "setup.sh"],
        env={"PATH": os.environ["PATH"], "HOME": str(clone), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_python_too_old(clone: Path) -> None:
    old = clone / "python-of-old"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit 0\nexit 1\n')
    old.chmod(0o755)
    done = setup(clone, PYTHON=str(old))
    assert done.returncode != 0
    assert "3.11 or later is needed" in done.stderr
    assert "3.9.2" in done.stderr
    assert not (clone / ".venv").exists()


def test_no_python(clone: Path) -> None:
    done = setup(clone, PYTHON="no-such-python")
    assert done.returncode != 0
    assert "found: no" in done.stderr


@pytest.mark.slow
def test_no_index(clone: Path) -> None:
    done = setup(clone, PYTHON=sys.executable, PIP_NO_INDEX="1", PIP_FIND_LINKS="")
    assert done.returncode != 0
    assert "can't get the packages" in done.stderr
    assert str(clone / ".venv" / "setup.log") in done.stderr
    assert not (clone / ".venv" / "ready").exists()
