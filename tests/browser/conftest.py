"""One browser and one built site for all of these tests; every page is visited once, the tests look at what was seen.

``ACTIONPLAN_PAGES=demo/reports`` tests the pages of that folder instead, whatever plans it holds (the tests of what the
made-up workbooks say are then skipped).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import world
from tests.browser.browser import QUIET, Visit, kind, program, visit


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    executable = program()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reports folder under test."""
    given = os.environ.get("ACTIONPLAN_PAGES")
    return Path(given).resolve() if given else world.make(tmp_path_factory.mktemp("area"))


@pytest.fixture(scope="session")
def made(reports: Path) -> Path:
    """The workspace that was made from workbooks for these tests."""
    if os.environ.get("ACTIONPLAN_PAGES"):
        pytest.skip("other pages are being tested")
    return reports.parent


@pytest.fixture(scope="session")
def files(reports: Path) -> list[Path]:
    found = sorted(reports.rglob("*.html"))
    assert found, f"no pages in {reports}"
    return found


@pytest.fixture(scope="session")
def one_of_each(files: list[Path]) -> list[Path]:
    """The heaviest Chinese page made from each template."""
    heaviest: dict[str, Path] = {}
    for file in files:
        if file.parent.name != "en" and (
            kind(file) not in heaviest or heaviest[kind(file)].stat().st_size < file.stat().st_size
        ):
            heaviest[kind(file)] = file
    return [heaviest[name] for name in sorted(heaviest)]


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    tab = chromium.new_page(viewport={"width": 1280, "height": 900})
    yield tab
    tab.close()


@pytest.fixture(scope="session")
def visits(chromium: Any, files: list[Path]) -> list[Visit]:
    """Every page, opened and looked at once."""
    from axe_playwright_python.base import AXE_SCRIPT

    tab = chromium.new_page()
    try:
        return [visit(tab, file, AXE_SCRIPT) for file in files]
    finally:
        tab.close()
