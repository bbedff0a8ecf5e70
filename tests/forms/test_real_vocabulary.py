"""What people really typed: every distinct value of 60,000 public listings, weighted by how often it occurs."""

from __future__ import annotations

import csv
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.forms import FORMS

COMMUNITY = FORMS["community"].column
AREA = re.compile(r"\s*([\d.,]+)\s*(万?)\s*(?:平方米|㎡|m2|平米|平方)\s*")


def vocabulary(shared: Path, name: str) -> list[tuple[str, int]]:
    path = shared / "data" / "communities" / "vocab" / f"{name}.csv"
    if not path.is_file():
        pytest.skip(f"no real input: {path.name} is not there")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [(row["value"], int(row["count"])) for row in csv.DictReader(file)]


@pytest.mark.parametrize(
    ("name", "field", "share"),
    [
        ("build_year", "built_year", 0.995),  # the rest: bare 3, 10 … and counts of households
        ("households", "households", 0.999),  # several phases in one cell
        ("floor_area", "floor_area_sqm", 0.997),  # one phase only, land in 亩
        ("buildings", "building_count", 0.998),  # developers
        ("fee", "fee_standard", 0.77),  # 0.5至1元: two fees, and neither is the fee
        ("property_company", "company_name", 1),
    ],
)
def test_so_much_of_what_says_anything_is_read(shared: Path, name: str, field: str, share: float) -> None:
    states: Counter[str] = Counter()
    for value, count in vocabulary(shared, name):
        read = COMMUNITY(field).parse(value)
        states[read.state] += count
        assert (read.state == "withheld") <= (read.problem is not None)
    said = states["read"] + states["approximate"] + states["withheld"]
    assert (states["read"] + states["approximate"]) / said >= share, states


def test_nothing_is_misread(shared: Path) -> None:
    """Values of the plainest shapes, read a second time by the plainest means."""
    for value, _ in vocabulary(shared, "build_year"):
        if plain := re.fullmatch(r"\s*((?:19|20)\d\d)(?:年(?:建成)?)?\s*", value):
            read = COMMUNITY("built_year").parse(value)
            assert (read.value.year, read.precision) == (int(plain[1]), "year"), value
    for name, field, counter in (("households", "households", "[户套]?"), ("buildings", "building_count", "[栋幢]?")):
        for value, _ in vocabulary(shared, name):
            if plain := re.fullmatch(rf"\s*(\d+)\s*{counter}\s*", value):
                assert COMMUNITY(field).parse(value).value == int(plain[1]), value
    for value, _ in vocabulary(shared, "floor_area"):
        if plain := AREA.fullmatch(value):
            worth = Decimal(plain[1].replace(",", "")) * (10_000 if plain[2] else 1)
            assert COMMUNITY("floor_area_sqm").parse(value).value == round(worth, 2), value
    for value, _ in vocabulary(shared, "fee"):
        read = COMMUNITY("fee_standard").parse(value)
        amounts = set(re.findall(r"\d+(?:\.\d+)?", value))
        assert (read.value is None) == (len(amounts) != 1), value
        assert read.value is None or read.value == Decimal(*amounts), value


def test_no_body_of_residents_passes_for_a_firm(shared: Path) -> None:
    firms = {read.value for value, _ in vocabulary(shared, "property_company")
             if (read := COMMUNITY("company_name").parse(value)).value}  # fmt: skip
    assert not {name for name in firms if re.search(r"(?:居委会|居民委员会|业委会|业主委员会|自管|自治|无物业)$", name)}
    assert len(firms) > 3_500
