"""The browser the pages are tested in, and what a visit to a page tells."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = (1280, 360, 320)
PHONE = 360


def program() -> str:
    """The browser to start. Without it or a Chinese font tests are skipped with that reason, and fail in CI."""
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if found is None:
        _lacking("Chromium is not installed (Debian: chromium)")
    fonts = shutil.which("fc-list")
    if fonts is None or not subprocess.run([fonts, ":lang=zh-cn"], capture_output=True, check=False).stdout.strip():
        _lacking("no Chinese font is installed (Debian: fonts-noto-cjk, fontconfig)")
    return str(found)


def _lacking(what: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"{what}; tools/test_needs.sh should have installed it")
    pytest.skip(what)


@dataclass
class Visit:
    """What a page did and held when it was opened from disk, at every width."""

    url: str
    said: list[str] = field(default_factory=list)
    """On the console, as errors of scripts, in dialogs."""
    asked: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    too_wide: dict[int, list[str]] = field(default_factory=dict)
    """Width of the window → what sticks out of it."""
    links: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    """Of the WCAG 2.2 AA rules of axe-core, all folded parts open."""

    @property
    def file(self) -> Path:
        return Path(unquote(urlsplit(self.url).path))


WIDE = """width => document.documentElement.scrollWidth <= width ? [] : [
    `page ${document.documentElement.scrollWidth}px`,
    ...[...document.querySelectorAll('body *')]
        .filter(e => e.getBoundingClientRect().right > width + 1 && !e.closest('.scroll') && e.children.length === 0)
        .slice(0, 5).map(e => e.outerHTML.slice(0, 120))]"""
HOLDS = """() => ({links: [...document.querySelectorAll('a[href]')].map(
                     a => new URL(a.getAttribute('href'), document.baseURI).href),
                 ids: [...document.querySelectorAll('[id]')].map(e => e.id)})"""
DRAWN = """() => [...document.querySelectorAll('script[data-chart]')].every(
    s => document.getElementById(s.dataset.chart).querySelector('.main-svg'))"""
OPEN = "() => document.querySelectorAll('details').forEach(part => part.open = true)"
AXE = """async () => (await axe.run(document, {
    preload: false, resultTypes: ['violations'],
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
    rules: {'target-size': {enabled: true}},
})).violations.map(v => `${v.id}: ${v.help} (${v.nodes.length}×, ` + v.nodes.slice(0, 3).map(
    n => `${n.target.join(' ')} ${n.html.slice(0, 160)} ${n.failureSummary.split('\\n').slice(1, 3).join(' ')}`
).join(' | ') + ')')"""


def visit(page: Any, file: Path, axe: str) -> Visit:
    """Open one page, look at it in every width, and hand it to axe-core."""
    found = Visit(file.as_uri())
    with _listening(page, found):
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        opened(page, found.url)
        held = page.evaluate(HOLDS)
        found.links, found.ids = held["links"], held["ids"]
        page.evaluate(axe)
        page.evaluate(OPEN)
        found.violations += page.evaluate(AXE)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if wide := page.evaluate(WIDE, width):
                found.too_wide[width] = wide
    return found


def opened(page: Any, url: str) -> None:
    """Go to a page and wait until its charts are drawn."""
    page.goto(url)
    page.wait_for_function(DRAWN)


@contextmanager
def _listening(page: Any, found: Visit) -> Iterator[None]:
    def dialog(opened: Any) -> None:
        found.said.append(f"dialog: {opened.message}")
        opened.dismiss()

    heard = {
        "console": lambda message: found.said.append(message.text),
        "pageerror": lambda error: found.said.append(str(error)),
        "dialog": dialog,
        "request": lambda request: found.asked.append(request.url),
        "requestfailed": lambda request: found.failed.append(request.url),
    }
    for event, listener in heard.items():
        page.on(event, listener)
    try:
        yield
    finally:
        for event, listener in heard.items():
            page.remove_listener(event, listener)


def kind(file: Path) -> str:
    """Pages made from one template: the file's name without what tells districts apart."""
    return re.sub(r"\d{6,}(-[A-Z]+)?", "district", file.stem)
