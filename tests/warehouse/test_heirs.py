"""Who stands for a community of the baseline list once that is split."""

from __future__ import annotations

import pytest

from tests.warehouse.ledgers import estate, replay

BEFORE = {("A", p): [estate("C1", "河套院")] for p in ("2023-baseline", "2023-11")}


@pytest.mark.parametrize("households", [(60, 40), (40, 60), (50, 50)])
@pytest.mark.parametrize("codes", [("C2", "C3"), ("C3", "C2"), ("C8", "C5")])
def test_the_largest_part_stands_for_it_and_of_equals_the_one_listed_first(
    households: tuple[int, int], codes: tuple[str, str]
) -> None:
    parts = [
        estate(code, name, change_type="split", prior_codes="C1", households=size)
        for code, name, size in zip(codes, ("河套东院", "河套西院"), households, strict=True)
    ]
    split = replay(BEFORE | {("A", "2024-11"): parts})
    heir = "河套西院" if households == (40, 60) else "河套东院"
    stands_for = {name: split.row("2024-11", name)["baseline_ids"] for name in ("河套东院", "河套西院")}
    assert stands_for.pop(heir) == [split.ids("2023-11")["河套院"]]
    assert list(stands_for.values()) == [[]]
