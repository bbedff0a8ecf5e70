"""Real spreadsheets of many makes, and the odd and broken ones of other projects: each has its verdict, in seconds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pipelines.intake.issues import FATAL
from pipelines.intake.receipt import write_receipt
from tests.conftest import CHECKOUT
from tests.intake.books import plans
from tools.verdicts import Verdict, page, verdicts


@pytest.fixture(scope="module")
def data(shared: Path) -> Path:
    return shared / "data"


@pytest.fixture(scope="module")
def found(data: Path) -> list[Verdict]:
    return verdicts(data)


def test_the_verdicts_are_those_on_the_page(data: Path, found: list[Verdict]) -> None:
    told = (CHECKOUT / "docs" / "verdicts.md").read_text(encoding="utf-8").splitlines()
    assert page(data, found).splitlines() == told, "write it anew: make verdicts DATA=…/data"


def test_no_file_is_beyond_the_reader(found: list[Verdict]) -> None:
    """None runs out of time or memory, none breaks the program, and each reason comes with a remedy."""
    rules = Counter(issue.rule_id for verdict in found for issue in verdict.judgement.issues)
    assert not {"read_timeout", "read_aborted", "internal_error"} & set(rules)
    assert all(i.message and i.remedy for verdict in found for i in verdict.judgement.issues if i.severity == FATAL)


def test_each_gets_a_receipt(found: list[Verdict], tmp_path: Path) -> None:
    for number, verdict in enumerate(found):
        original = verdict.path if verdict.book else None
        target = write_receipt(verdict.judgement, original, tmp_path / f"{number}.xlsx", plans())
        assert target.stat().st_size > 0, verdict.path
