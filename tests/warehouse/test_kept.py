"""What is kept between builds is found again only where everything it was made from is the same."""

from __future__ import annotations

import itertools
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.warehouse import kept, proposals
from pipelines.warehouse.kept import Kept
from tests.warehouse.test_proposals import Row, estate

worked: list[int] = []


def doubled(rows: pl.DataFrame, times: int = 2) -> pl.DataFrame:
    worked.append(times)
    return rows.select(pl.col("n") * times)


@pytest.fixture(autouse=True)
def _nothing_worked() -> None:
    worked.clear()


ROWS = pl.DataFrame({"n": [1, None, 3]})


def test_the_same_again_is_not_worked_out(tmp_path: Path) -> None:
    first = Kept(tmp_path / "kept").frame(doubled, ROWS)
    again = Kept(tmp_path / "kept").frame(doubled, pl.DataFrame({"n": [1, None, 3]}))
    assert again.equals(first)
    assert worked == [2]


def test_another_row_argument_or_program_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Kept(tmp_path)
    store.frame(doubled, ROWS)
    assert store.frame(doubled, ROWS, 3)["n"].to_list() == [3, None, 9]
    assert store.frame(doubled, ROWS.fill_null(2))["n"].to_list() == [2, 4, 6]
    monkeypatch.setattr(kept, "_program", lambda: b"another")
    store.frame(doubled, ROWS)
    assert worked == [2, 3, 2, 2]


def test_a_damaged_file_is_worked_out_anew(tmp_path: Path) -> None:
    Kept(tmp_path).frame(doubled, ROWS)
    [file] = tmp_path.iterdir()
    whole = file.read_bytes()
    for damaged in (b"", whole[:-1], whole[:40] + bytes([whole[40] ^ 1]) + whole[41:]):
        file.write_bytes(damaged)
        assert Kept(tmp_path).frame(doubled, ROWS)["n"].to_list() == [2, None, 6]
        assert file.read_bytes() == whole
    assert len(worked) == 4


def test_what_nobody_asks_for_goes(tmp_path: Path) -> None:
    Kept(tmp_path).frame(doubled, ROWS)
    store = Kept(tmp_path)
    store.frame(doubled, ROWS, 3)
    store.forget_others()
    assert len(list(tmp_path.iterdir())) == 1


def test_where_nothing_can_be_written_all_is_worked_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Kept(tmp_path / "file" / "folder")
    for _ in range(2):
        assert store.frame(doubled, ROWS)["n"].to_list() == [2, None, 6]
    store.forget_others()


_NAMES = [
    "景晨花园",
    "景辰花园",
    "景晨苑",
    "景晨小区",
    "临河景晨花园",
    "万科景晨花园",
    "万科城",
    "万科里",
    "万科大道",
    "万科东方",
]
_estates = st.builds(
    estate,
    st.sampled_from(_NAMES),
    st.sampled_from([(1, 2), (1, 1), (2, 2)]),
    district_code=st.sampled_from("ABC"),
    subdistrict=st.sampled_from([None, "团结街道", "临河"]),
    address=st.sampled_from([None, "北环路12号"]),
    households=st.sampled_from([None, 100, 101]),
)


@given(st.lists(st.lists(_estates, min_size=1, max_size=8), min_size=2, max_size=4), st.integers(0, 3))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_proposals_are_those_that_would_be_found_anew(
    tmp_path_factory: pytest.TempPathFactory, parts: list[list[Row]], apart: int
) -> None:
    """Communities come and go in one district after another; what bears on a district is found whatever is kept."""
    folder = tmp_path_factory.mktemp("kept")
    for upto in (*range(1, len(parts) + 1), 1):
        rows = [row for part in parts[:upto] for row in part]
        frame = pl.DataFrame(rows, schema=proposals.INPUT_SCHEMA, orient="row")
        pairs = [("p", a["community_id"], b["community_id"]) for a, b in itertools.pairwise(rows)][:apart]
        distinct = pl.DataFrame(
            pairs, schema=dict.fromkeys(("plan_id", "community_id", "other_id"), pl.String), orient="row"
        )
        store = Kept(folder)
        found = proposals.propose(frame, {"p": ("临河",)}, distinct, kept=store)
        store.forget_others()
        assert found.equals(proposals.propose(frame, {"p": ("临河",)}, distinct))
