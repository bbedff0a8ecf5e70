"""How long it takes to look for probable duplicates, renames and mergers, and how it grows."""

from __future__ import annotations

import random
import time
from datetime import date

import polars as pl
import pytest

from pipelines.warehouse import proposals

pytestmark = pytest.mark.benchmark
FIRST = "安宝昌达德丰福冠光国海和恒宏华皇汇佳嘉建锦景君康丽龙美明宁平瑞润盛顺泰天万旺祥欣兴阳宜益永裕源正紫"
SECOND = "庭湖苑园府城邸湾景居阁台郡岸墅里轩榭洲渡"
LAST = ["花园", "家园", "小区", "苑", "", "", "一期", "二期", "A区", "家属楼"]


def register(number: int) -> pl.DataFrame:
    """A city: 12 districts of eight subdistricts; a third are named by their address, 5 % are gone, 5 % are new."""
    chance = random.Random(number)

    def row(n: int) -> tuple[object, ...]:
        road = f"{chance.choice(FIRST)}{chance.choice(FIRST)}{chance.choice('路街巷')}"
        door = f"{road}{chance.randrange(1, 400)}号"
        own = "".join(chance.choices(FIRST, k=chance.choice((2, 2, 3)))) + chance.choice(SECOND) + chance.choice(LAST)
        first, last = chance.choices(((1, 2), (1, 1), (2, 2)), (90, 5, 5))[0]
        households = chance.randrange(12, 2_000)
        return (
            "p",
            f"D{n % 12:02}",
            f"{n:06}",
            None,
            door if chance.random() < 0.33 else own,
            f"{chance.choice(FIRST)}街道"[:3] if chance.random() < 0.1 else f"{n % 8}街道",
            door,
            None,
            None,
            households,
            float(households * chance.randrange(70, 130)),
            households // 60 + 1,
            chance.randrange(1980, 2020),
            last == 1,
            first,
            last,
            date(2023, 9, 30) if first == 1 else date(2023, 11, 30),
        )

    return pl.DataFrame([row(n) for n in range(number)], schema=proposals.INPUT_SCHEMA, orient="row")


@pytest.mark.parametrize("number", [10_000, 100_000])
def test_proposals(number: int) -> None:
    frame = register(number)
    started = time.perf_counter()
    proposals.propose(frame)
    print(f"proposals among {number:,} communities: {time.perf_counter() - started:.1f} s")
