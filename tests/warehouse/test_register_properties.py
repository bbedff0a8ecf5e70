"""What must hold of the register whatever districts send."""

from __future__ import annotations

import itertools
from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.warehouse.ledgers import PERIODS, Row, estate, replay

IDS = PERIODS["period_id"].to_list()
DISTRICTS = ("A", "B")
NAMES = [f"{n}号院" for n in range(1, 7)]
CODES = [f"CODE-{n:03}" for n in range(1, 7)]
CHANGES = (None, "unchanged", "new_delivery", "merge", "split", "rename", "demolished", "scope_correction")
few = settings(max_examples=15, deadline=None)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """Any row: names and codes from small pools, so that they meet again, and any declaration."""
    change = draw(st.sampled_from(CHANGES))
    refs = st.lists(st.sampled_from(NAMES + CODES), max_size=3).map("、".join)
    return estate(
        draw(st.none() | st.sampled_from(CODES)),
        draw(st.sampled_from(NAMES)),
        subdistrict=draw(st.sampled_from(["东街道", "西街道", None])),
        construction_status=draw(st.sampled_from(["completed", "completed", "under_construction", None])),
        delivered_date=draw(st.none() | st.sampled_from([date(2010, 1, 1), date(2023, 10, 15), date(2024, 5, 1)])),
        households=draw(st.integers(1, 500)),
        renovation_status=draw(st.sampled_from([None, "completed", "in_progress"])),
        change_type=change,
        prior_codes=(draw(refs) or None) if change else None,
    )


ledgers = st.dictionaries(
    st.tuples(st.sampled_from(DISTRICTS), st.sampled_from(IDS)), st.lists(rows(), max_size=6), min_size=1
)


@few
@given(ledgers)
def test_the_bridge_closes_to_the_unit_in_every_district(given_ledgers: dict[tuple[str, str], list[Row]]) -> None:
    assert replay(given_ledgers).closes()


@few
@given(ledgers, st.integers(0, 1000))
def test_the_order_of_arrival_plays_no_part(given_ledgers: dict[tuple[str, str], list[Row]], seed: int) -> None:
    first, second = replay(given_ledgers).made, replay(given_ledgers, shuffle=seed).made
    assert first.register.equals(second.register)
    assert first.events.equals(second.events)


@few
@given(ledgers)
def test_everybody_stands_once_and_stays_until_ended(given_ledgers: dict[tuple[str, str], list[Row]]) -> None:
    register = replay(given_ledgers).made.register
    assert register.select(pl.struct("period_id", "community_id").is_duplicated().any()).item() is False
    assert register.filter(pl.col("is_reported") & ~pl.col("in_register")).is_empty()
    unnested = register.explode("baseline_ids").drop_nulls("baseline_ids")
    assert unnested.select(pl.struct("period_id", "baseline_ids").is_duplicated().any()).item() is False
    for earlier, later in itertools.pairwise(IDS):
        stood = set(register.filter(pl.col("in_register") & (pl.col("period_id") == earlier))["community_id"])
        told = set(register.filter(pl.col("period_id") == later)["community_id"])
        assert stood <= told


@few
@given(st.lists(st.sets(st.sampled_from(NAMES)), min_size=4, max_size=4))
def test_dropping_rows_never_lowers_the_audited_denominator(reported: list[set[str]]) -> None:
    history = replay({("A", p): [estate(None, n) for n in sorted(s)] for p, s in zip(IDS, reported, strict=True)})
    counts = [history.counted(period) for period in IDS]
    assert counts == sorted(counts)
    assert counts[-1] == len(set().union(*reported))


@few
@given(ledgers, st.data())
def test_dropping_rows_of_those_already_known_changes_no_denominator(
    given_ledgers: dict[tuple[str, str], list[Row]], data: st.DataObject
) -> None:
    """Without change records, what a ledger leaves out counts as before."""
    plain = {
        place: [{**row, "change_type": None, "prior_codes": None, "construction_status": "completed"} for row in own]
        for place, own in given_ledgers.items()
    }
    district = data.draw(st.sampled_from(sorted({place[0] for place in plain})))
    periods = [p for p in IDS if (district, p) in plain]
    cut = {**plain, (district, periods[-1]): plain[district, periods[-1]][: data.draw(st.integers(0, 6))]}
    if len(periods) > 1:
        history = replay(cut)
        left = history.made.events.filter(cause="moved_out", period_id=periods[-1], district_code=district).height
        assert history.counted(periods[-1], district) + left >= history.counted(periods[-2], district)
