"""Many runs killed at random points, from seeds: ``make soak SEEDS="1 2 3"`` or ``SEEDS=1-200``.

A seed decides what is killed (a whole run, or by itself its first or its last part, which are many times cheaper), on
which workspace, and where. What each came to is told in ``.build/soak.jsonl``.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.faults.blows import Killer, World, chain, drawn, starter, world

BLOWS = {"intake": 5, "publish": 6, "run": 5}
"""Blows on one workspace, before a run finishes the work."""


def seeds() -> list[int]:
    """``SEEDS``: numbers, and ranges of them such as 1-40."""
    wanted: list[int] = []
    for part in os.environ.get("SEEDS", "1-40").split():
        first, _, last = part.partition("-")
        wanted += range(int(first), int(last or first) + 1)
    return wanted


@pytest.fixture(scope="module")
def start() -> Iterator[Killer]:
    with starter() as started:
        yield started


@pytest.fixture(scope="module")
def small(start: Killer, tmp_path_factory: pytest.TempPathFactory) -> World:
    return world(tmp_path_factory.mktemp("world"), start)


@pytest.mark.soak
@pytest.mark.parametrize("seed", seeds())
def test_killed_at_random(seed: int, start: Killer, small: World, tmp_path: Path) -> None:
    draw = random.Random(seed)
    what = "run" if seed % 8 == 0 else ("intake", "publish")[seed % 2]
    source = {"publish": small.built}.get(what, draw.choice([small.handed_in, small.grown]))
    root = tmp_path / "w"
    blows = [drawn(draw, what) for _ in range(BLOWS[what])]
    fell = chain(start, small, source, root, blows, what)
    told = {
        "seed": seed,
        "what": what,
        "on": source.parent.name,
        "blows": list(map(str, blows[: len(fell)])),
        "after": fell,
    }
    log = CHECKOUT / ".build" / "soak.jsonl"
    log.parent.mkdir(exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(told, ensure_ascii=False) + "\n")
    shutil.rmtree(root)
