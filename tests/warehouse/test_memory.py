"""How much memory a build may take."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from pipelines.settings import Workspace
from pipelines.warehouse import dbt

MILLION = 10**6
PAGE = 4000


def of_rows(root: Path, rows: int) -> int:
    ws = Workspace(root)
    file = ws.build / "inputs" / "register.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame({"plan_id": pl.repeat("p", rows, eager=True)}).write_parquet(file)
    return dbt.memory_for(ws)


@pytest.mark.parametrize(
    ("rows", "machine_gb", "mb"),
    [
        (0, 24, 1500),
        (MILLION, 24, 1500),
        (3 * MILLION, 24, 4500),  # with 1,500 two sorts at once had no room left
        (3 * MILLION, 6, 3000),
        (3 * MILLION, 2, 1500),
    ],
)
def test_it_follows_the_register_up_to_half_of_what_there_is(
    rows: int, machine_gb: int, mb: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = {"SC_PAGE_SIZE": PAGE, "SC_PHYS_PAGES": machine_gb * 10**9 // PAGE}
    monkeypatch.setattr(os, "sysconf", machine.__getitem__)
    assert of_rows(tmp_path / "w[1] *", rows) == mb
