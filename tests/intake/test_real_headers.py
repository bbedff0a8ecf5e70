"""How well rows are told apart on real spreadsheets of many makes, against a truth made by hand.

``python -m tests.intake.test_real_headers`` prints the figures and every row that is told otherwise.
"""

from __future__ import annotations

import csv
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipelines.intake.layout import outline
from pipelines.intake.layout.grid import is_filled
from pipelines.intake.layout.outline import Outline
from pipelines.intake.reader import RawSheet, read_workbook

KINDS = {"header": "header_rows", "total": "total_rows", "note": "footer_rows"}
LEAST = {"header": (0.9, 0.9), "data": (0.98, 0.98), "total": (0.7, 0.85), "note": (0.8, 0.9)}
"""Precision and recall that must be reached. Some totals that count as wrong are totals the truth leaves out."""


@dataclass
class Score:
    """How many rows of a kind were found, how many of them rightly, and how many there are."""

    right: int = 0
    found: int = 0
    true: int = 0
    misses: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / max(self.found, 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.true, 1)


def rows(text: str) -> set[int]:
    """``1-3,7`` → 0-based rows."""
    spans = re.findall(r"(\d+)(?:-(\d+))?", text) if re.fullmatch(r"[\d,，\s-]*", text) else []
    return {row - 1 for first, last in spans for row in range(int(first), int(last or first) + 1)}


def labelled(folder: Path) -> Iterator[tuple[str, RawSheet, dict[str, str]]]:
    with (folder / "HEADER_LABELS.csv").open(encoding="utf-8-sig", newline="") as file:
        for label in csv.DictReader(file):
            book = read_workbook((folder / label["workbook"]).read_bytes())
            for sheet in book.sheets:
                if sheet.name == label["sheet"]:
                    yield f"{label['workbook']}[{sheet.name}]", sheet, label


def measure(folder: Path) -> dict[str, Score]:
    """The scores by kind over all labelled sheets."""
    scores = {kind: Score() for kind in LEAST}
    for name, sheet, label in labelled(folder):
        told = outline(sheet)
        filled = {row for row, line in enumerate(sheet.cells) if any(map(is_filled, line))}
        true = {kind: rows(label[column]) & filled for kind, column in KINDS.items()}
        if label["first_data_row"] and label["last_data_row"]:
            span = rows(f"{label['first_data_row']}-{label['last_data_row']}")
            groups = told.rows("group") if label["group_rows"] else set()
            true["data"] = (span & filled) - true["total"] - groups
        for kind in true:
            _count(scores[kind], name, kind, told, true[kind])
    return scores


def _count(score: Score, name: str, kind: str, told: Outline, true: set[int]) -> None:
    found = told.rows(kind)  # type: ignore[arg-type]
    score.right += len(found & true)
    score.found += len(found)
    score.true += len(true)
    for what, wrong in (("not found", true - found), ("wrong", found - true)):
        if wrong:
            score.misses.append(f"{kind} {what}: {name} rows {sorted(row + 1 for row in wrong)[:8]}")


def test_rows_of_real_spreadsheets(shared: Path) -> None:
    folder = shared / "data" / "workbooks"
    if not (folder / "HEADER_LABELS.csv").is_file():
        pytest.skip("no labelled workbooks (data/workbooks/HEADER_LABELS.csv) beside the real input")
    scores = measure(folder)
    for kind, (precision, recall) in LEAST.items():
        score = scores[kind]
        assert score.precision >= precision, (kind, score)
        assert score.recall >= recall, (kind, score)


def main() -> None:
    folder = Path(os.environ.get("ACTIONPLAN_SHARED") or Path(__file__).resolve().parents[3] / "shared")
    for kind, score in measure(folder / "data" / "workbooks").items():
        figures = (
            f"precision {score.precision:.3f}  recall {score.recall:.3f}  ({score.right}/{score.found}/{score.true})"
        )
        sys.stdout.write(f"{kind:7} {figures}\n")
        for miss in score.misses:
            sys.stdout.write(f"        {miss}\n")


if __name__ == "__main__":
    main()
