"""The page of the register."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from markupsafe import Markup

from pipelines.reporting import data, waterfall
from pipelines.reporting.format import MISSING
from pipelines.reporting.marts import Bridge
from pipelines.reporting.pages.site import Site
from pipelines.reporting.words import Words

COLUMNS = ("opening", "added", "split_in", "merged_out", "demolished", "corrected", "closing", "missing")


def pages(site: Site) -> Iterator[tuple[str, str]]:
    """File name and text."""
    words = site.words
    yield (
        "register.html",
        site.render(
            "register",
            page=data.register_page(site.facts),
            bridge_cell=lambda bridge, column: _bridge_cell(words, bridge, column),
            register_delta=lambda bridge: _register_delta(words, bridge),
            bridge_drawing=lambda bridge: _drawing(words, bridge),
            BRIDGE=COLUMNS,
            MISSED=150,
            PROPOSED=60,
        ),
    )


def _drawing(words: Words, bridge: Bridge) -> Markup:
    """The step from opening to closing."""
    t, count = words.t, words.fmt.count
    signs = (("added", 1), ("split_in", 1), ("merged_out", -1), ("demolished", -1), ("corrected", 1))
    steps = [
        waterfall.Step(t(f"register.{name}"), sign * value, words.fmt.signed(sign * value, 0))
        for name, sign in signs
        if (value := getattr(bridge, name))
    ]
    passed = list(accumulate([bridge.opening, *(int(step.change) for step in steps)]))
    reach = max(max(passed) - min(passed), 5)
    moves = t("verdict.separator").join(f"{step.label} {step.text}" for step in steps)
    return waterfall.draw(
        waterfall.End(t("register.opening"), bridge.opening, count(bridge.opening)),
        steps,
        waterfall.End(t("register.closing"), bridge.closing, count(bridge.closing)),
        (min(passed) - reach // 5, max(passed) + reach // 10),
        t("register.said", opening=bridge.opening, moves=moves, closing=bridge.closing),
        grid=_grid(reach),
    )


def _grid(reach: int) -> int:
    """A round distance of lines: about four of them."""
    step = 1
    while reach / step > 8:
        step *= 5 if str(step)[0] == "1" else 2
    return step


def _register_delta(words: Words, bridge: Bridge) -> str:
    step = bridge.closing - bridge.opening
    key = "more" if step > 0 else "fewer" if step < 0 else "same"
    return words.t(f"register.{key}", n=abs(step))


def _bridge_cell(words: Words, bridge: Bridge, column: str) -> str:
    """A number of the bridge; what changes the register carries its sign, nothing is a dash."""
    value: int = getattr(bridge, column)
    if column in ("opening", "closing"):
        return words.fmt.count(value)
    if not value:
        return MISSING
    if column == "missing":
        return words.fmt.count(value)
    return words.fmt.signed(-value if column in ("merged_out", "demolished") else value, 0)
