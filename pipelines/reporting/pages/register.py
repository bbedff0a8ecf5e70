"""The page of the register."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.reporting import data
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
            BRIDGE=COLUMNS,
            MISSED=300,
        ),
    )


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
