"""The page for comparing areas in use: what is chosen is drawn, told and marked, by keyboard and by address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser import world
from tests.browser.browser import opened

pytestmark = pytest.mark.browser

TRACES = """() => document.getElementById('picture').data.map(t => ({
    area: t.area || null, y: t.y, text: t.text, symbol: t.marker.symbol, dash: t.line && t.line.dash}))"""
PICKED = "() => [...document.querySelectorAll('.pick-areas [aria-pressed=true]')].map(b => b.dataset.area)"
SHOWN = """() => [...document.querySelectorAll('details.chosen tr[data-area]')].map(row => [row.dataset.area,
    ...[...row.querySelectorAll('td')].map(cell => cell.textContent)])"""


@pytest.fixture
def explore(made: Path, reports: Path) -> str:
    return (reports / world.PLAN / "explore.html").as_uri()


def test_the_drawing_shows_the_table_below_it(page: Any, explore: str) -> None:
    opened(page, explore)
    traces = {trace["area"]: trace for trace in page.evaluate(TRACES)}
    rows = {row[0]: row[1:] for row in page.evaluate(SHOWN)}
    periods = len(traces["ALL"]["y"])
    drawn = 0
    for area, trace in traces.items():
        if area is None:
            continue
        for value, text, cell in zip(trace["y"], trace["text"], rows[area][:periods], strict=True):
            assert (value is None) == (not text)
            if value is not None:
                percent, parts = cell.split()[:2]
                numerator, denominator = (int(n.replace(",", "")) for n in parts.split("/"))
                assert value == pytest.approx(100 * numerator / denominator)
                assert text.startswith(f"{percent}（{parts}），截至2")
                drawn += 1
    assert drawn > periods
    assert traces[None]["symbol"] == "diamond-open"
    assert len(traces[None]["y"]) >= 1


def test_keyboard_chooses_indicator_counting_and_areas(page: Any, explore: str) -> None:
    opened(page, explore)
    before, told = page.evaluate(TRACES), page.locator(".told").inner_text()
    assert page.evaluate(PICKED) == ["ALL"]
    page.locator("#indicator").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function(f"document.querySelector('.told').textContent !== {told!r}")
    chosen = page.evaluate("document.querySelector('#indicator').value")
    assert page.locator("details.chosen").get_attribute("id") == chosen
    assert page.locator("details.numbers[open]").count() == 1
    assert page.evaluate(TRACES) != before
    page.locator("#variant").focus()
    page.keyboard.press("ArrowDown")
    assert "自报" in page.locator(".told").inner_text()
    page.locator(f".pick-areas [data-area='{world.DISTRICTS[0]}']").focus()
    page.keyboard.press("Space")
    page.locator(f".pick-areas [data-area='{world.DISTRICTS[1]}']").focus()
    page.keyboard.press("Enter")
    assert page.evaluate(PICKED) == ["ALL", *world.DISTRICTS[:2]]
    looks = [(t["symbol"], t["dash"]) for t in page.evaluate(TRACES) if t["area"] in world.DISTRICTS[:2]]
    assert len({symbol for symbol, _ in looks}) == len({dash for _, dash in looks}) == 2
    assert page.locator("details.chosen tr.marked").count() == 2
    page.keyboard.press("Enter")
    assert page.evaluate(PICKED) == ["ALL", world.DISTRICTS[0]]


def test_an_address_brings_back_what_was_chosen(page: Any, explore: str) -> None:
    opened(page, explore)
    other = page.locator("#indicator option").nth(2).get_attribute("value")
    page.goto("about:blank")
    opened(page, f"{explore}?d={world.DISTRICTS[1]},999999&v=reported#{other}")
    assert page.evaluate(PICKED) == ["ALL", world.DISTRICTS[1]]
    assert page.locator("#variant").input_value() == "reported"
    assert page.locator("details.chosen").get_attribute("id") == other
    page.wait_for_function("document.getElementById('compare').getBoundingClientRect().top < innerHeight / 2")


def test_a_picture_of_the_first_indicator_stands_there_before_the_library_has_run(page: Any, explore: str) -> None:
    page.route("**/plotly*", lambda route: route.abort())
    page.goto(explore)
    first = page.locator("#picture figure")
    assert first.locator("svg").is_visible()
    assert first.locator(".line").count() == 1 + len(world.DISTRICTS)
    name = first.locator("figcaption").inner_text()
    assert not page.locator("#indicator").is_visible()
    page.unroute("**/plotly*")
    opened(page, explore)
    assert page.locator("#indicator").is_visible()
    assert page.locator("#indicator option:checked").inner_text() == name
    assert first.count() == 0


def test_without_the_library_the_tables_are_there(page: Any, explore: str) -> None:
    page.route("**/plotly*", lambda route: route.abort())
    page.goto(explore)
    first = page.locator("details.numbers").first
    first.locator("summary").click()
    assert first.locator("td").first.is_visible()
