"""What must hold of every figure, asked of the project's own SQL: thousands of cases in a query, answered exactly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import polars as pl
import pytest

from tests.warehouse.models import ask, model, rendered, table

OPERATORS = ("gte", "gt", "eq", "hold_gte", "done_by", "lte", "lt")
TARGETS = [
    Decimal(t) for t in ("0", "37.5", "50", "62.5", "66.6667", "79.96", "80", "90", "94.95", "95", "99.99", "100")
]
BIG = pl.Decimal(38, 0)
TEXT, FLAG = pl.String, pl.Boolean
AMOUNT = pl.Decimal(18, 2)


# -- thresholds --------------------------------------------------------------------------------------------------------


def lacking(operator: str, n: Fraction, d: Fraction, target: Fraction) -> Fraction:
    """How many units a figure is short of its target; negative beyond it."""
    return (n - target * d / 100) * (-1 if operator not in ("lte", "lt") else 1)


def reached(operator: str, n: Fraction, d: Fraction, target: Fraction) -> bool:
    short = lacking(operator, n, d, target)
    return short < 0 if operator in ("gt", "lt") else short <= 0


def observations() -> Iterator[dict[str, Any]]:
    """Figures around every target, small and as large as a province's floor area; counts of communities and of ㎡."""
    rng = Random(1)
    for number in range(12_000):
        target, operator = rng.choice(TARGETS), OPERATORS[number % len(OPERATORS)]
        in_area = number % 3 == 0
        d = Fraction(rng.randrange(1, 10**13), 100) if in_area else Fraction(rng.choice((rng.randrange(1, 60), 10**6)))
        step = Fraction(1, 100) if in_area else Fraction(1)
        edge = Fraction(target) * d / 100 // step * step
        n = max(edge + rng.randint(-2, 2) * step, Fraction(0))
        yield {"id": number, "operator": operator, "n": n, "d": d, "target": Fraction(target)}
    for number, (n, d, t) in enumerate([(9496, 10000, 95), (9495, 10000, "94.95"), (0, 7, 0), (7, 7, 100)], 12_000):
        yield {"id": number, "operator": "gte", "n": Fraction(n), "d": Fraction(d), "target": Fraction(t)}


def judged(cases: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    rows = [
        {
            "id": case["id"],
            "operator": case["operator"],
            "turn": -1 if case["operator"] in ("lte", "lt") else 1,
            "n": int(case["n"] * 100),
            "d": int(case["d"] * 100),
            "t": int(case["target"] * 10_000),
        }
        for case in cases
    ]
    types = {"id": pl.Int64, "operator": TEXT, "turn": pl.Int32, "n": BIG, "d": BIG, "t": BIG}
    found = ask(
        rendered("""
            select id, {{ is_reached('o') }} as is_reached, cast({{ gap_units('o') }} as bigint) as gap_units
            from (
                select id, operator, turn, {{ whole('n') }} as n, {{ whole('d') }} as d, {{ whole('t') }} as t from o
            ) as o
        """),
        {"o": table(rows, **types)},
    )
    return {row["id"]: row for row in found}


def test_no_threshold_is_crossed_by_rounding_and_no_gap_is_a_unit_too_long() -> None:
    """94.96 % is never 95. A gap of k units: with k more it is reached, with k − 1 it is not."""
    cases = list(observations())
    found = judged(cases)
    for case in cases:
        operator, n, d, target = (case[name] for name in ("operator", "n", "d", "target"))
        row, turn = found[case["id"]], -1 if operator in ("lte", "lt") else 1
        assert row["is_reached"] == reached(operator, n, d, target), case
        gap = row["gap_units"]
        assert gap >= 0
        assert reached(operator, n + turn * gap, d, target), case
        assert gap == 0 or not reached(operator, n + turn * (gap - 1), d, target), case


def test_won_units_are_what_the_gap_said() -> None:
    """The same SQL asked again with the gap made up: met, and one short of it not."""
    cases = [case for case in observations() if case["operator"] in ("gte", "gt", "hold_gte")]
    gaps = {number: row["gap_units"] for number, row in judged(cases).items()}
    won = judged([{**case, "n": case["n"] + gaps[case["id"]]} for case in cases])
    short = judged([{**case, "n": case["n"] + gaps[case["id"]] - 1} for case in cases if gaps[case["id"]] > 0])
    assert len(short) > 1000
    assert all(row["is_reached"] and row["gap_units"] == 0 for row in won.values())
    assert all(not row["is_reached"] and row["gap_units"] == 1 for row in short.values())


def test_the_straight_path_is_exact() -> None:
    rng, cases = Random(2), []
    for number in range(6_000):
        total = rng.randrange(1, 1_200)
        d0, d = rng.randrange(1, 400), rng.randrange(1, 400)
        case = {"id": number, "d0": d0, "d": d, "n0": rng.randrange(d0 + 1), "days_total": total}
        case |= {"days_passed": rng.randrange(total + 1), "t": int(rng.choice(TARGETS) * 10_000), "turn": 1}
        start, target = Fraction(100 * case["n0"], d0), Fraction(case["t"], 10_000)
        path = start + (target - start) * Fraction(case["days_passed"], total)
        case["n"] = min(max(int(path * d / 100) + rng.randint(-1, 1), 0), d)
        cases.append(case | {"short": path - Fraction(100 * case["n"], d)})
    types = dict.fromkeys(("d0", "d", "n0", "n", "days_total", "days_passed", "t"), BIG)
    rows = [{**case, **{name: 100 * case[name] for name in ("n", "d", "n0", "d0")}} for case in cases]
    names = ", ".join(f"{{{{ whole('{name}') }}}} as {name}" for name in types)
    found = ask(
        rendered(f"""
            select id, {{{{ is_near_path('o', '0') }}}} as on_track, {{{{ is_near_path('o', '50000') }}}} as near
            from (select id, turn, {names} from o) as o
        """),
        {"o": table(rows, id=pl.Int64, turn=pl.Int32, **types)},
    )
    for row in found:
        short = cases[row["id"]]["short"]
        assert (row["on_track"], row["near"]) == (short <= 0, short <= 5), cases[row["id"]]


# -- sums --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def districts() -> pl.DataFrame:
    """Figures of five districts in two hundred plans: on every basis, in every variant, some of them silent."""
    rng, rows = Random(3), []
    for number in range(200):
        for basis, is_main in (("communities", True), ("households", False), ("floor_area", False)):
            for variant in ("audited", "reported", "strict", "frozen_baseline", "claimed"):
                for district in "abcde":
                    silent = rng.random() < 0.25
                    if variant == "reported" and silent:
                        continue
                    d = Decimal(rng.randrange(0, 10**8)) / (100 if basis == "floor_area" else 1)
                    n = None if silent else (d * rng.randrange(101) / 100).quantize(Decimal("0.01"))
                    rows.append(
                        {"plan_id": f"p{number}", "district_code": district, "period_id": "t", "indicator_id": "rate"}
                        | {"basis": basis, "is_main": is_main, "variant": variant, "numerator": n, "denominator": d}
                    )
    keys = dict.fromkeys(("plan_id", "district_code", "period_id", "indicator_id", "basis", "variant"), TEXT)
    return table(rows, **keys, is_main=FLAG, numerator=AMOUNT, denominator=AMOUNT)


def test_the_whole_area_is_the_sum_of_its_districts(districts: pl.DataFrame) -> None:
    """To the cent on every basis. Silent districts stay below the line of what is audited, and add nothing above it."""
    plans = districts["plan_id"].unique().sort()
    places = pl.DataFrame({"plan_id": plans}).join(pl.DataFrame({"district_code": list("abcde")}), how="cross")
    found = ask(
        model("fct_indicator"),
        {
            "int_indicator": districts,
            "district": places,
            "indicator": pl.DataFrame({"plan_id": plans}).with_columns(
                indicator_id=pl.lit("rate"),
                denominator_sql=pl.lit("true"),
                district_scope=pl.lit(None, pl.List(TEXT)),
                pools=pl.lit([], pl.List(TEXT)),
            ),
            "int_district_period": places.with_columns(
                period_id=pl.lit("t"), submission_id=pl.lit("s"), is_silent=pl.lit(False)
            ),
            "int_period": pl.DataFrame({"plan_id": plans}).with_columns(
                period_id=pl.lit("t"), as_of=date(2024, 12, 31)
            ),
        },
    )
    parts: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in districts.iter_rows(named=True):
        parts[row["plan_id"], row["basis"], row["variant"]].append(row)
    wholes = [row for row in found if row["district_code"] == "ALL"]
    assert len(wholes) == len(parts)
    for row in wholes:
        own = parts[row["plan_id"], row["basis"], row["variant"]]
        known = [part for part in own if part["numerator"] is not None]
        below = known if row["variant"] in ("reported", "claimed") else own
        assert row["numerator"] == (sum(part["numerator"] for part in known) if known else None)
        assert row["denominator"] == (sum(part["denominator"] for part in below) if below else None)
        assert row["districts_missing"] == 5 - len(known)
        if row["value"] is not None:
            assert row["value"] == pytest.approx(float(100 * Fraction(row["numerator"]) / Fraction(row["denominator"])))


def test_work_and_denominator_explain_the_whole_change() -> None:
    """As fractions to the last digit, and as published to a billionth of a point."""
    rng, rows = Random(4), []
    for number in range(5_000):
        for period in ("t1", "t2"):
            d = Decimal(rng.choice((rng.randrange(0, 50), rng.randrange(1, 10**9)))) / rng.choice((1, 100))
            n = (d * rng.randrange(101) / 100).quantize(Decimal("0.01")) if rng.random() > 0.05 else None
            value = float(100 * n / d) if d and n is not None else None
            rows.append(
                {"plan_id": "p", "district_code": str(number), "indicator_id": "rate", "period_id": period}
                | {"numerator": n, "denominator": d, "value": value, "variant": "audited", "is_main": True}
            )
    keys = dict.fromkeys(("plan_id", "district_code", "indicator_id", "period_id", "variant"), TEXT)
    figures = table(rows, **keys, numerator=AMOUNT, denominator=AMOUNT, value=pl.Float64, is_main=FLAG)
    periods = pl.DataFrame(
        {"plan_id": "p", "period_id": ["t1", "t2"], "previous_period_id": [None, "t1"], "is_open": True}
    )
    found = {
        row["district_code"]: row
        for row in ask(
            model("mart_rate_change"),
            {
                "fct_indicator": figures,
                "int_period": periods,
                "indicator": pl.DataFrame({"plan_id": "p", "indicator_id": ["rate"]}),
                "district": figures.select("plan_id", "district_code").unique(),
            },
        )
    }
    pairs: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        pairs[row["district_code"]].append(row)
    for district, (a, b) in pairs.items():
        if not (a["value"] is not None and b["value"] is not None):
            assert district not in found
            continue
        n0, d0, n1, d1 = (Fraction(x) for x in (a["numerator"], a["denominator"], b["numerator"], b["denominator"]))
        work, size = (n1 - n0) * (1 / d0 + 1 / d1) * 50, (n0 + n1) * (1 / d1 - 1 / d0) * 50
        change = 100 * n1 / d1 - 100 * n0 / d0
        assert work + size == change
        row = found[district]
        near = 1e-9 * max(1, abs(work), abs(size))
        assert float(work) == pytest.approx(row["work_effect"], rel=1e-9, abs=near)
        assert float(size) == pytest.approx(row["denominator_effect"], rel=1e-9, abs=near)
        assert row["work_effect"] + row["denominator_effect"] == pytest.approx(
            row["value_to"] - row["value_from"], abs=near
        )


# -- leaving communities out -------------------------------------------------------------------------------------------

RATES = [
    {"indicator_id": "managed", "denominator": "is_completed", "numerator": "has_management"},
    {"indicator_id": "large", "denominator": "is_completed and households > 50", "numerator": "is_professional"},
    {"indicator_id": "told", "denominator": "is_completed and has_management", "numerator": "disclosure_done"},
]
BASES = {"communities": "1", "households": "households", "floor_area": "floor_area_sqm"}


def test_leaving_communities_out_never_raises_an_audited_rate() -> None:
    """Two thousand districts, each told twice: in full, and without some communities, which are missing then."""
    rng, rows = Random(5), []
    for number in range(2_000):
        for community in range(rng.randrange(1, 9)):
            row = {
                name: rng.choice((True, False, None))
                for name in ("has_management", "is_professional", "disclosure_done")
            }
            row |= {"is_completed": rng.random() < 0.9, "households": rng.choice((None, rng.randrange(400)))}
            row |= {"floor_area_sqm": Decimal(rng.randrange(10**7)) / 100, "community_id": f"{number}/{community}"}
            row |= {"plan_id": "p", "in_register": True, "is_ended": False}
            for told, is_reported in (("full", True), ("less", rng.random() < 0.6)):
                rows.append({**row, "period_id": told, "district_code": str(number), "is_reported": is_reported})
    texts = dict.fromkeys(("plan_id", "period_id", "district_code", "community_id"), TEXT)
    names = (
        "has_management",
        "is_professional",
        "disclosure_done",
        "is_completed",
        "in_register",
        "is_ended",
        "is_reported",
    )
    homes = table(rows, **texts, **dict.fromkeys(names, FLAG), households=pl.Int64, floor_area_sqm=AMOUNT)
    bases = [
        {**rate, "plan_id": "p", "strict": None, "basis": basis, "above": amount, "below": amount}
        for rate in RATES
        for basis, amount in BASES.items()
    ]
    found: dict[tuple[str, ...], dict[str, dict[str, Any]]] = defaultdict(dict)
    sql = rendered("{{ figures('community', 'audited', bases) }}", bases=bases)
    for row in ask(sql, {"int_community": homes}):
        found[row["district_code"], row["indicator_id"], row["basis"]][row["period_id"]] = row
    fell = 0
    for both in found.values():
        full, less = both["full"], both["less"]
        assert less["denominator"] == full["denominator"]
        assert less["numerator"] <= full["numerator"]
        fell += less["numerator"] < full["numerator"]
    assert fell > 1000


# -- communities that close a gap --------------------------------------------------------------------------------------

LIFTS = {
    "plan_id": "p",
    "indicator_id": "lifts",
    "denominator": "is_completed and old_elevators > 0",
    "numerator": "true",
    "strict": None,
    "basis": "bodies",
    "above": "least(coalesce(assessed_elevators, 0), old_elevators)",
    "below": "old_elevators",
}
HOMES = LIFTS | {
    "indicator_id": "homes",
    "denominator": "is_completed",
    "numerator": "has_management",
    "above": "households",
    "below": "households",
}


@pytest.mark.parametrize("rate", [LIFTS, HOMES], ids=["partly", "wholly"])
def test_what_uncovered_communities_lack_is_what_the_figure_lacks(rate: dict[str, Any]) -> None:
    """Also where a community counts above the line with a part of what it has below."""
    rng, rows = Random(6), []
    for number in range(5_000):
        row = {
            "is_completed": rng.random() < 0.9,
            "is_reported": rng.random() < 0.8,
            "has_management": rng.choice((True, False, None)),
            "old_elevators": rng.choice((None, 0, 1, 4)),
            "assessed_elevators": rng.choice((None, 0, 1, 3, 6)),
            "households": rng.choice((None, rng.randrange(400))),
        }
        row |= {"plan_id": "p", "period_id": "t", "district_code": str(number // 8), "community_id": str(number)}
        rows.append(
            {**row, "ledger_no": number // 8, "community_no": number, "in_register": True, "district_silent": False}
        )
    texts = dict.fromkeys(("plan_id", "period_id", "district_code", "community_id"), TEXT)
    numbers = ("ledger_no", "community_no", "old_elevators", "assessed_elevators", "households")
    flags = ("is_completed", "is_reported", "has_management", "in_register", "district_silent")
    homes = {"int_community": table(rows, **texts, **dict.fromkeys(numbers, pl.Int64), **dict.fromkeys(flags, FLAG))}
    figures = ask(rendered("{{ figures('community', 'audited', [rate]) }}", rate=rate), homes)
    lack: dict[str, Decimal] = defaultdict(Decimal)
    for row in ask(rendered("{{ uncovered(rate) }}", rate=rate), homes):
        assert row["units"] >= 0
        lack[row["district_code"]] += row["units"]
    assert len(figures) == 625
    assert all(lack[row["district_code"]] == row["denominator"] - row["numerator"] for row in figures)
