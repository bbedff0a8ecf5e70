"""How well duplicates are found, on real names: 530 estates and 329 pairs of them, labelled by hand.

``data/estates.csv``: names as public listings of Bayannur and Chengdu spell them, with what they state of place, size
and age. ``data/pairs.csv``: *same* where two listings mean one estate, *different* where they only look alike,
*unclear* where it can't be told. Labels rest on what proposals don't see (three portals that list the same small city,
coordinates: ``metres_apart``) and on reading addresses and sizes. The points of ``proposals_names`` and
``proposals_evidence`` were set with these pairs in view. The figures below are what is reached, to the pair: better
ones are welcome and to be entered here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import polars as pl
import pytest

from pipelines.warehouse import proposals

DATA = Path(__file__).parent / "data"
PLACES = {"巴彦淖尔": ["巴彦淖尔", "临河", "临河区", "杭锦后旗", "杭后", "五原县"], "成都": ["成都"]}
Pair = frozenset[str]


@dataclass(frozen=True)
class Sample:
    """The labelled pairs and what is proposed for all estates together."""

    labels: dict[Pair, str]
    proposed: dict[Pair, int]

    def labelled(self, label: str) -> set[Pair]:
        return {pair for pair, given in self.labels.items() if given == label}

    @cached_property
    def groups(self) -> dict[str, int]:
        """Which estates the proposals make one, when all of them are confirmed."""
        group: dict[str, int] = {}
        for number, pair in enumerate(self.proposed):
            joined = {group.get(one, -1) for one in pair} - {-1}
            group |= {one: number for one, at in group.items() if at in joined} | dict.fromkeys(pair, number)
        return group

    def are_one(self, pair: Pair) -> bool:
        return len({self.groups.get(one, one) for one in pair}) == 1


@pytest.fixture(scope="module")
def sample() -> Sample:
    text = pl.read_csv(DATA / "estates.csv", infer_schema=False)
    number = {"households": pl.Int64, "floor_area_sqm": pl.Float64, "built": pl.Int64}
    listed = text.select(
        "district_code",
        "subdistrict",
        "address",
        *(pl.col(name).cast(kind) for name, kind in number.items()),
        plan_id=pl.when(pl.col("district_code").str.starts_with("1508"))
        .then(pl.lit("巴彦淖尔"))
        .otherwise(pl.lit("成都")),
        community_id="id",
        community_name="name",
        building_count=pl.col("buildings").cast(pl.Int64),
        is_missing=pl.lit(False),
        first_seq=pl.lit(1),
        last_seq=pl.lit(1),
        first_as_of=pl.lit(date(2023, 9, 30)),
    )
    frame = pl.concat([pl.DataFrame(schema=proposals.INPUT_SCHEMA), listed], how="diagonal_relaxed")
    found = proposals.propose(frame.select(*proposals.INPUT_SCHEMA), PLACES)
    pairs = pl.read_csv(DATA / "pairs.csv", infer_schema=False).select("one", "other", "label")
    return Sample(
        labels={frozenset((one, other)): label for one, other, label in pairs.iter_rows()},
        proposed={
            frozenset((c, r[0])): s for c, r, s in found.select("community_id", "related_ids", "score").iter_rows()
        },
    )


def counts(sample: Sample, label: str) -> tuple[int, int]:
    """How many pairs bear the label, and how many of them come together when every proposal is confirmed."""
    pairs = sample.labelled(label)
    return len(pairs), sum(map(sample.are_one, pairs))


def test_true_pairs_found(sample: Sample) -> None:
    """Recall 115 of 126."""
    assert counts(sample, "same") == (126, 115)


def test_look_alikes_proposed(sample: Sample) -> None:
    """None of 184, and nothing that nobody has labelled: precision 101 of 101, besides three that are unclear."""
    assert counts(sample, "different") == (184, 0)
    assert [sorted(pair) for pair in sample.proposed if pair not in sample.labels] == []
    assert len(sample.proposed) == 104
    assert sum(pair in sample.labelled("same") for pair in sample.proposed) == 101
    assert counts(sample, "unclear") == (19, 3)


def test_what_is_missed(sample: Sample) -> None:
    """By name, so that a change shows what it loses or wins."""
    names = dict(pl.read_csv(DATA / "estates.csv", infer_schema=False).select("id", "name").iter_rows())
    missed = {" ".join(sorted(names[i] for i in pair)) for pair in sample.labelled("same") if not sample.are_one(pair)}
    assert missed == {
        "欧洲假日 鸿臣欧洲假日",
        "鸥洲假日 鸿臣欧洲假日",
        "盛世豪城 盛世豪城",
        "紫腾花园 紫藤花园4楼",
        "芳和园 芳和园4楼",
        "玉林东路7号 玉林栋路7号",
        "三号线 中铁瑞城三号线",
        "万基蓝金湾 万基金蓝湾",
        "保利拉斐庄园 保利拉斐庄园（需删除）",
    }


def columns() -> Iterator[tuple[str, list[str]]]:
    for path in sorted(DATA.glob("*.csv")):
        yield path.name, pl.read_csv(path, infer_schema=False).columns


def test_the_sample_holds_no_more_than_it_needs() -> None:
    assert dict(columns()) == {
        "estates.csv": [
            "id",
            "district_code",
            "name",
            "subdistrict",
            "address",
            "households",
            "floor_area_sqm",
            "buildings",
            "built",
        ],
        "pairs.csv": ["one", "other", "label", "metres_apart"],
    }
