"""The pages as a browser shows them, and the colours they are drawn in."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pipelines.reporting
from tests.reporting.conftest import PLAN

STYLE = (Path(pipelines.reporting.__file__).parent / "assets" / "style.css").read_text("utf-8")
NAMES = ["index", "150826", "150824", "150802-communities", "assessment", "intake", "register", "en/index", "en/150826"]
QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * d for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_stands_out_from_its_ground() -> None:
    root = STYLE[STYLE.index(":root") : STYLE.index("}")]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", root))
    pairs = [(name, f"{name}-bg") for name in colours if f"{name}-bg" in colours]
    assert len(pairs) == 6
    grounds = [("ink", g) for g in ("paper", "faint", "risk-bg")] + [("quiet", g) for g in ("paper", "faint")]
    for text, ground in pairs + grounds + [("link", "paper"), ("link", "faint"), ("deep", "faint")]:
        assert _contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for text in ("late", "behind", "risk", "met", "good", "none"):
        assert _contrast(colours[text], colours["paper"]) >= 4.5, text


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", *QUIET])
        yield chromium
        chromium.close()


@pytest.mark.browser
@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_draws_and_fits(browser: Any, site: Path, name: str) -> None:
    """From a file, at 1280 and 320 pixels: no error, no request but for the folder's files, every chart drawn."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    try:
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((site / PLAN / f"{name}.html").as_uri())
        charts = page.locator("script[data-chart]").count()
        page.wait_for_function("n => document.querySelectorAll('.chart .main-svg:first-child').length >= n", arg=charts)
        assert said == []
        assert [url for url in asked if not url.startswith((site.as_uri(), "data:"))] == []
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    finally:
        page.close()


@pytest.mark.browser
def test_without_javascript_every_figure_is_there(browser: Any, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto((site / PLAN / "150826.html").as_uri())
        assert page.locator(".chart").first.is_hidden()
        gap = page.locator("section[aria-labelledby=gaps] details").first
        gap.locator("summary").click()
        assert gap.locator("table").is_visible()
        assert "小区明细" in gap.locator("table").inner_text()
    finally:
        context.close()


@pytest.mark.browser
def test_a_link_into_a_folded_part_opens_it_and_the_keyboard_reaches_the_content(browser: Any, site: Path) -> None:
    page = browser.new_page()
    try:
        page.goto((site / PLAN / "150826.html").as_uri())
        target = page.locator("a[href^='#list-']").first.get_attribute("href")
        page.goto((site / PLAN / "150826.html").as_uri() + target)
        assert page.locator(target).evaluate("part => part.open")
        page.goto((site / PLAN / "index.html").as_uri())
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
    finally:
        page.close()


@pytest.mark.browser
def test_printing_opens_every_part(browser: Any, site: Path, tmp_path: Path) -> None:
    page = browser.new_page()
    try:
        page.goto((site / PLAN / "150826.html").as_uri())
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert page.locator("details:not([open])").count() == 0
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        assert page.locator("details[open]").count() == 0
        assert len(page.pdf(prefer_css_page_size=True)) > 50_000
    finally:
        page.close()
