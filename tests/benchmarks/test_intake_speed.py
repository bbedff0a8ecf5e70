"""The limits that intake's times are held to, as ratios within one run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import bench_intake

pytestmark = pytest.mark.benchmark


def test_reading_and_validating_against_the_bare_read(tmp_path: Path) -> None:
    *_, ours = bench_intake.throughput(tmp_path, books=64, rows=250)
    assert ours.ratio is not None
    assert ours.ratio <= 3


def test_check_answers_at_once(tmp_path: Path) -> None:
    assert bench_intake.one_check(tmp_path).seconds < 2


def test_receipt_of_a_large_ledger(tmp_path: Path) -> None:
    assert bench_intake.one_receipt(tmp_path).seconds < 2
