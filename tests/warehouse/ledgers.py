"""Ledgers typed by hand as frames: the rows of 小区明细 as intake would record them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from pipelines.forms import keys
from pipelines.forms.community import Community
from pipelines.warehouse import register
from pipelines.warehouse.decisions import DECISION_SCHEMA

PLAN = "p"
PERIODS = pl.DataFrame(
    {
        "plan_id": PLAN,
        "period_id": ["2023-baseline", "2023-11", "2024-11", "2025-11"],
        "as_of": [date(2023, 9, 30), date(2023, 11, 30), date(2024, 11, 30), date(2025, 11, 30)],
        "due_date": [date(2023, 9, 30), date(2023, 11, 30), date(2024, 11, 30), date(2025, 11, 30)],
        "seq": [1, 2, 3, 4],
    }
)
BRIDGE = ("added", "split_in", "merged_out", "demolished", "corrected")
Row = dict[str, Any]


def estate(code: str | None, name: str | None, **values: Any) -> Row:
    """A completed estate that was delivered in 2010, unless told otherwise."""
    row = {
        "community_code": code,
        "community_name": name,
        "subdistrict": "团结街道",
        "construction_status": "completed",
        "delivered_date": date(2010, 6, 1),
        "delivered_date_precision": "day",
        "households": 100,
        **values,
    }
    if row["delivered_date"] is None:
        row["delivered_date_precision"] = None
    return row


def site(code: str, name: str, **values: Any) -> Row:
    """An estate still being built."""
    return estate(code, name, construction_status="under_construction", delivered_date=None, **values)


def frame(ledgers: Mapping[tuple[str, str], Iterable[Row]]) -> pl.DataFrame:
    """(district, period) → rows, as one frame of community records."""
    rows = [
        {
            "submission_id": f"{district}/{period}",
            "plan_id": PLAN,
            "district_code": district,
            "period_id": period,
            "source_sheet": "小区明细",
            "source_row": number,
            "withheld": [],
            **row,
        }
        for (district, period), ledger in ledgers.items()
        for number, row in enumerate(ledger, 2)
    ]
    schema = {name: Community.record_schema[name] for name in (*register.COMMUNITY_COLUMNS, "address")}
    made = pl.DataFrame(rows, schema={k: v for k, v in schema.items() if not k.endswith("_key")}, orient="row")
    made = keys.add(made, {k: v for k, v in Community.key_columns.items() if k in schema})
    return made.select(register.COMMUNITY_COLUMNS).with_row_index("record_no")


@dataclass
class History:
    """A register with the questions tests ask."""

    made: register.Register

    def counted(self, period: str, district: str | None = None) -> int:
        """Completed communities in the register."""
        rows = self.made.register.filter(
            (pl.col("period_id") == period) & pl.col("in_register") & pl.col("is_completed")
        )
        return rows.height if district is None else rows.filter(pl.col("district_code") == district).height

    def bridge(self, period: str, district: str = "A") -> dict[str, int]:
        """The step into the period, without what is 0."""
        here = (pl.col("period_id") == period) & (pl.col("district_code") == district)
        rows = self.made.events.filter(here & pl.col("event").is_in(BRIDGE))
        summed = rows.group_by("event").agg(pl.col("units").sum()).filter(pl.col("units") != 0)
        return dict(summed.rows())

    def events(self, period: str, event: str) -> list[tuple[str, str]]:
        """(name, cause) of every event of the kind."""
        found = self.made.events.filter((pl.col("period_id") == period) & (pl.col("event") == event))
        names = self.made.register.select("community_id", "community_name").unique(
            "community_id", keep="last", maintain_order=True
        )
        return sorted(found.join(names, on="community_id").select("community_name", "cause").rows())

    def fate(self, period: str) -> dict[str, str]:
        """Name → fate of whoever stands in the register or leaves it in the period."""
        rows = self.made.register.filter(pl.col("period_id") == period)
        return dict(rows.select("community_name", "fate").rows())

    def ids(self, period: str) -> dict[str, str]:
        """Name → community_id."""
        rows = self.made.register.filter(pl.col("period_id") == period)
        return dict(rows.select("community_name", "community_id").rows())

    def row(self, period: str, name: str) -> Row:
        """The register's row of the community that is called so in force."""
        return self.made.register.filter((pl.col("period_id") == period) & (pl.col("community_name") == name)).row(
            0, named=True
        )

    def closes(self) -> bool:
        """Whether closing = opening + units in every district and step."""
        counts = pl.col("in_register") & pl.col("is_completed")
        places = ("district_code", "period_id")
        districts = self.made.register["district_code"].unique()
        closing = dict.fromkeys(itertools.product(districts, PERIODS["period_id"]), 0)
        for district, period, count in self.made.register.filter(counts).group_by(places).len().iter_rows():
            closing[district, period] = count
        sign = pl.when(pl.col("event").is_in(["merged_out", "demolished"])).then(-1).otherwise(1)
        stepped = self.made.events.group_by(places).agg((sign * pl.col("units")).sum())
        steps = {(district, period): units for district, period, units in stepped.iter_rows()}
        return all(
            closing[d, later] == closing[d, earlier] + steps.get((d, later), 0)
            for earlier, later in itertools.pairwise(PERIODS["period_id"])
            for d in districts
        )


def replay(
    ledgers: Mapping[tuple[str, str], Iterable[Row]],
    today: date = date(2025, 12, 5),
    decisions: Iterable[Row] = (),
    shuffle: int | None = None,
) -> History:
    """The register of these ledgers; ``shuffle`` is a seed for the order in which their rows are given."""
    communities = frame(ledgers)
    if shuffle is not None:
        communities = communities.sample(fraction=1, shuffle=True, seed=shuffle)
    submissions = pl.DataFrame(
        [(PLAN, d, p) for d, p in ledgers], schema=["plan_id", "district_code", "period_id"], orient="row"
    )
    decided = pl.DataFrame(
        [
            {"plan_id": PLAN, "line": n, "district_code": "A", "related": [], **row}
            for n, row in enumerate(decisions, 2)
        ],
        schema=DECISION_SCHEMA,
        orient="row",
    )
    return History(register.build(communities, PERIODS, submissions, today, decided))
