"""What intake costs, beside the bare read of the same files in the same run. Measured and printed, not judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import bench_intake

pytestmark = pytest.mark.benchmark


def test_reading_and_validating_against_the_bare_read(tmp_path: Path) -> None:
    for line in bench_intake.throughput(tmp_path, books=128, rows=250):
        ratio = f", {line.ratio:.2f} times the bare read" if line.ratio else ""
        print(f"{line.what}: {line.seconds:.2f} s{ratio}")


def test_check_of_one_workbook(tmp_path: Path) -> None:
    line = bench_intake.one_check(tmp_path)
    print(f"{line.what}: {line.seconds:.2f} s")


def test_receipt_of_a_large_ledger(tmp_path: Path) -> None:
    line = bench_intake.one_receipt(tmp_path)
    print(f"{line.what}: {line.seconds:.2f} s")
