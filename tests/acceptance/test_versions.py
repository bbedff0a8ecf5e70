"""A ledger that is sent again, the whole way: what it replaced, what it changed, and what that did to the figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.acceptance.world import Book, entrusted, estate, unmanaged
from tests.conftest import Command

DISTRICT, PERIOD = "150821", "2023-11"
JIA, YI, BING = estate("WY0001", "甲院"), estate("WY0002", "乙院"), estate("WY0003", "丙院")
DING, WU = unmanaged("WY0004", "丁院"), entrusted("WY0005", "戊院")
BODIES = "小区编码 街道(乡镇) 小区名称 组织类型 状态 成立日期"


def _book(suffix: str, day: int, *rows: dict[str, object], **options: Any) -> Book:
    return Book(DISTRICT, PERIOD, f"2023-11-{day:02}T10:00:00", suffix=suffix).community(rows, **options)


def _body(code: str, name: str, status: str) -> list[object]:
    return [code, "团结街道", name, "业主委员会", status, "2020-05-01"]


FIRST = _book("", 6, JIA, YI, BING, DING).sheet(
    "业委会(物管会)明细", BODIES, [_body("WY0001", "甲院", "已成立"), _body("WY0003", "丙院", "筹备中")]
)
"""Three of four are managed, one of four has a committee."""
SECOND = _book("第二版", 16, JIA, BING | {"总户数": 120}, DING | {"物业管理方式": "居委会托管"}, WU).sheet(
    "业委会(物管会)明细", BODIES, [_body("WY0003", "丙院", "已成立"), _body("WY0001", "甲院", "已成立")]
)
"""乙院 is gone, 戊院 came; 丙院 is larger and has its committee now, 丁院 is looked after by the residents' committee.

What was typed as 居委会托管 is called 社区托管 in the list of the template.
"""
THIRD = _book("第三版", 26, JIA, BING, drop=["总户数"])
"""Returned: a required column is missing."""

CHANGES = [
    ("community", "removed", "乙院", None, None, None, None),
    ("community", "added", "戊院", None, None, None, "E5"),
    ("community", "changed", "丙院", "households", "100", "120", "L3"),
    ("community", "changed", "丁院", "management_mode", "无物业", "社区托管", "M4"),
    ("committee", "changed", "丙院", "status", "筹备中", "已成立", "E2"),
]


def submit(actionplan: Command, root: Path, book: Book) -> None:
    path = book.save(root / "sent")
    done = actionplan(root, "submit", str(path), "--received-at", book.received)
    assert done.returncode == 0, done.stderr


def run(actionplan: Command, root: Path) -> None:
    done = actionplan(root, "run")
    assert done.returncode == 0, done.stdout + done.stderr


def published(root: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted((root / "data" / "marts").glob("*.parquet"))}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, actionplan: Command) -> Path:
    """Three versions in the order in which they came."""
    folder = tmp_path_factory.mktemp("versions")
    for book in (FIRST, SECOND, THIRD):
        submit(actionplan, folder, book)
    run(actionplan, folder)
    return folder


def ask(root: Path, query: str) -> list[tuple[Any, ...]]:
    connection = duckdb.connect()
    for file in (root / "data" / "marts").glob("*.parquet"):
        connection.execute(f"create view {file.stem} as from read_parquet('{file.as_posix()}')")
    return connection.execute(query).fetchall()


def test_a_returned_version_replaces_nothing(root: Path) -> None:
    rows = ask(
        root,
        """select s.status, s.is_effective, o.received_at::date::varchar from fct_submission as s
        left join fct_submission as o on s.supersedes = o.submission_id order by s.received_at""",
    )
    assert [(status == "returned", effective, replaced) for status, effective, replaced in rows] == [
        (False, False, None),
        (False, True, "2023-11-06"),
        (True, False, None),
    ]


def test_every_difference_is_published(root: Path) -> None:
    columns = "form, kind, entity, field, before, after, cell"
    assert ask(root, f"select {columns} from mart_submission_change order by change_no") == CHANGES


def test_what_it_did_to_the_figures(root: Path) -> None:
    figures = ask(
        root,
        """select f.indicator_id, f.numerator::int, f.denominator::int, f.previous_numerator::int, f.previous_denominator::int
        from fct_submission_indicator as f join fct_submission as s using (submission_id)
        where f.indicator_id in ('pm_coverage_rate', 'professional_pm_coverage_rate', 'committee_formation_rate')
        order by s.received_at, f.indicator_id""",
    )
    assert figures == [
        ("committee_formation_rate", 1, 4, None, None),
        ("pm_coverage_rate", 3, 4, None, None),
        ("professional_pm_coverage_rate", 3, 4, None, None),
        ("committee_formation_rate", 2, 4, 1, 4),
        ("pm_coverage_rate", 4, 4, 3, 4),
        ("professional_pm_coverage_rate", 2, 4, 3, 4),
    ]
    restated = ask(
        root,
        """select difference, restated_at::date::varchar from mart_restatement
        where indicator_id in ('pm_coverage_rate', 'professional_pm_coverage_rate') order by indicator_id""",
    )
    assert restated == [(25.0, "2023-11-16"), (-25.0, "2023-11-16")]


def test_the_district_and_the_city_are_told(root: Path) -> None:
    receipts = [json.loads(file.read_text("utf-8")) for file in (root / "data" / "raw" / "receipts").rglob("*.json")]
    told = {receipt["received_at"][:10]: receipt["changes"] for receipt in receipts}
    assert told["2023-11-06"] is None
    assert told["2023-11-26"] is None
    assert [row["entity"] for row in told["2023-11-16"]["rows"]] == [change[2] for change in CHANGES]
    page = (root / "reports" / "bayannur_2023_2025" / "intake.html").read_text("utf-8")
    for words in ("重新报送的台账", "+25.0", "−25.0", "社区托管", "改动5处"):
        assert words in page


def test_check_says_what_would_change(root: Path, actionplan: Command) -> None:
    again = _book("第四版", 28, JIA, BING | {"总户数": 120}, DING | {"物业管理方式": "居委会托管"}).sheet(
        *_sheet(SECOND)
    )
    path = again.save(root / "sent")
    done = actionplan(root, "check", str(path), "--json")
    assert done.stdout, done.stderr
    [file] = json.loads(done.stdout)
    assert [(row["kind"], row["entity"]) for row in file["changes"]["rows"]] == [("removed", "戊院")]


def _sheet(book: Book) -> tuple[str, str, list[list[object]]]:
    name = "业委会(物管会)明细"
    headers, rows = book.sheets[name]
    return name, " ".join(headers), rows


def test_any_order_and_the_same_bytes_again(root: Path, tmp_path: Path, actionplan: Command) -> None:
    """The newest first; the oldest in a later run, with the second one's bytes again: what is published is the same."""
    sent = {book.suffix: next((root / "sent").glob(f"*{PERIOD}{book.suffix}.xlsx")) for book in (FIRST, SECOND, THIRD)}
    for books in ((THIRD, SECOND), (FIRST,)):
        for book in books:
            done = actionplan(tmp_path, "submit", str(sent[book.suffix]), "--received-at", book.received)
            assert done.returncode == 0, done.stderr
        if FIRST in books:
            assert actionplan(tmp_path, "submit", str(sent[SECOND.suffix])).returncode == 0
        run(actionplan, tmp_path)
    assert published(tmp_path) == published(root)
