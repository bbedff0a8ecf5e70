"""What every page must hold, whatever it shows."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

from tests.browser.browser import PROGRAMS, Visit, program

pytestmark = pytest.mark.browser


def _told(reports: Path, visits: list[Visit], what: str) -> dict[str, object]:
    """The pages where something was found that should not be, with what it is."""
    return {v.file.relative_to(reports).as_posix(): found for v in visits if (found := getattr(v, what))}


def test_nothing_is_said_on_the_console(reports: Path, visits: list[Visit]) -> None:
    assert _told(reports, visits, "said") == {}


def test_nothing_is_asked_for_but_files_beside_the_page(reports: Path, visits: list[Visit]) -> None:
    inside = (reports.resolve().as_uri() + "/", "data:")
    assert {v.url: a for v in visits for a in v.asked if not a.startswith(inside)} == {}
    assert _told(reports, visits, "failed") == {}


def test_no_page_is_wider_than_its_window(reports: Path, visits: list[Visit]) -> None:
    """At a desk, on a phone, and at 320 pixels: what needs more scrolls in a box of its own."""
    assert _told(reports, visits, "too_wide") == {}


def test_every_link_leads_to_a_file_and_a_place_in_it(reports: Path, visits: list[Visit]) -> None:
    ids = {v.file.resolve(): set(v.ids) for v in visits}
    astray = []
    for v in visits:
        for address in set(v.links):
            target, fragment = urldefrag(address)
            file = Path(unquote(urlsplit(target).path)).resolve()
            known = urlsplit(address).scheme == "file" and file.is_relative_to(reports.resolve()) and file.is_file()
            if not known or (fragment and unquote(fragment) not in ids.get(file, ())):
                astray.append((v.file.name, address.removeprefix(reports.as_uri())))
    assert astray == []


def test_no_two_things_have_one_name(visits: list[Visit]) -> None:
    assert {v.url for v in visits if len(v.ids) != len(set(v.ids))} == set()


def test_axe_finds_nothing(reports: Path, visits: list[Visit]) -> None:
    assert _told(reports, visits, "violations") == {}


def test_without_a_browser_the_reason_is_told_and_in_ci_it_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="Chromium is not installed"):
        program()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="Chromium is not installed"):
        program()
    browser = tmp_path / PROGRAMS[0]
    browser.touch(mode=0o755)
    with pytest.raises(pytest.fail.Exception, match="no Chinese font"):
        program()
