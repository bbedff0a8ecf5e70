"""What the demo costs and on what, measured: `make bench`."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.conftest import Command

pytestmark = pytest.mark.benchmark


def test_where_the_time_of_the_demo_goes(tmp_path: Path, typed: Command) -> None:
    """The demo's job after set-up, stage by stage."""
    started = time.perf_counter()
    done = typed(tmp_path / "demo", "demo")
    whole = time.perf_counter() - started
    assert done.returncode == 0, done.stderr
    lines = re.findall(r"^(\S+?)(?:：.*)?（([\d.]+) 秒）$", done.stderr, re.M)
    stages = {name: float(seconds) for name, seconds in lines}
    print(f"demo: {whole:.1f} s; " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in stages.items()))
