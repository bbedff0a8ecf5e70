"""Whether a community is built, from what its row says."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from pipelines.warehouse.completion import floor_to, is_completed, is_site, stood_before
from tests.warehouse.ledgers import estate, frame

AS_OF = date(2023, 9, 30)
BLANK = {"construction_status": None, "delivered_date": None}


def told(**values: object) -> pl.DataFrame:
    return frame({("A", "2023-baseline"): [estate("1", "甲", **values)]})


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"construction_status": "completed", "delivered_date": date(2030, 1, 1)}, True),
        ({"construction_status": "under_construction"}, False),
        ({**BLANK}, False),
        ({**BLANK, "delivered_date": date(2023, 9, 30), "delivered_date_precision": "day"}, True),
        ({**BLANK, "delivered_date": date(2023, 10, 1), "delivered_date_precision": "day"}, False),
        ({**BLANK, "completed_date": date(2023, 9, 1), "completed_date_precision": "month"}, True),
        ({**BLANK, "completed_date": date(2023, 10, 1), "completed_date_precision": "month"}, False),
        ({**BLANK, "built_year": date(2023, 1, 1), "built_year_precision": "year"}, True),
        ({**BLANK, "built_year": date(2024, 1, 1), "built_year_precision": "year"}, False),
        ({**BLANK, "built_year": date(2020, 1, 1), "built_year_precision": "decade"}, True),
        ({**BLANK, "withheld": ["construction_status"]}, True),
        ({**BLANK, "withheld": ["built_year"]}, True),
        ({**BLANK, "withheld": ["households"]}, False),
        ({"construction_status": "under_construction", "withheld": ["delivered_date"]}, False),
    ],
)
def test_completed(values: dict[str, object], expected: bool) -> None:
    assert told(**values).select(is_completed(pl.lit(AS_OF))).item() is expected


def test_without_a_list_of_withheld_fields() -> None:
    assert told(**BLANK, withheld=None).select(is_completed(pl.lit(AS_OF))).item() is False


def test_building_sites_are_those_that_say_so() -> None:
    assert told(construction_status="under_construction").select(is_site()).item() is True
    assert told(**BLANK).select(is_site()).item() is False


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"delivered_date": date(2023, 9, 29)}, True),
        ({"delivered_date": AS_OF}, False),
        ({"delivered_date": date(2023, 9, 1), "delivered_date_precision": "month"}, False),
        ({"delivered_date": date(2022, 1, 1), "delivered_date_precision": "year"}, True),
        ({"delivered_date": date(2023, 1, 1), "delivered_date_precision": "year"}, False),
        ({"delivered_date": None, "built_year": date(2015, 1, 1), "built_year_precision": "year"}, True),
        (
            {
                "delivered_date": date(2024, 3, 1),
                "completed_date": date(2023, 1, 1),
                "completed_date_precision": "day",
            },
            False,
        ),
        ({"delivered_date": None}, None),
    ],
)
def test_stood_before(values: dict[str, object], expected: bool | None) -> None:
    assert told(**values).select(stood_before(pl.lit(AS_OF))).item() is expected


def test_decades_are_cut_at_tens() -> None:
    day = pl.DataFrame({"day": [date(1999, 12, 31)], "precision": ["decade"]})
    assert day.select(floor_to(pl.col("day"), pl.col("precision"))).item() == date(1990, 1, 1)
