"""The pages in use: by keyboard, without scripts, on paper, from a figure to the cell it came from."""

from __future__ import annotations

import io
import re
import unicodedata
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pypdf
import pytest

from tests.browser import world
from tests.browser.browser import OPEN, opened

pytestmark = pytest.mark.browser

STOPS = """() => {
    const reachable = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]';
    const stops = [...document.querySelectorAll(reachable)].filter(
        e => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({visibilityProperty: true}));
    const name = e => e.tagName + ' ' + (e.textContent.trim() || e.getAttribute('aria-label') || '').slice(0, 40);
    window.reached = [];
    document.addEventListener('focusin', event => {
        const style = getComputedStyle(event.target);
        const seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
        window.reached.push([stops.indexOf(event.target), seen, name(event.target)]);
    });
    return stops.map(name);
}"""


def test_the_keyboard_reaches_every_control_in_reading_order(page: Any, one_of_each: list[Path]) -> None:
    for file in one_of_each:
        opened(page, file.as_uri())
        stops = page.evaluate(STOPS)
        for _ in stops:
            page.keyboard.press("Tab")
        reached = page.evaluate("window.reached")
        assert [number for number, _, _ in reached] == list(range(len(stops))), (file.name, reached)
        assert [name for _, seen, name in reached if not seen] == [], f"{file.name}: focus is not to be seen"


def test_the_first_stop_skips_to_the_content(page: Any, one_of_each: list[Path]) -> None:
    for file in one_of_each:
        page.goto(file.as_uri())
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0, file.name
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.tagName") == "MAIN", file.name


def test_a_folded_part_opens_and_closes_by_keyboard(page: Any, one_of_each: list[Path]) -> None:
    for file in one_of_each:
        page.goto(file.as_uri())
        folded = page.locator("main details:not([open]) > summary")
        if not folded.count():
            continue
        summary = folded.first.element_handle()
        for key, opens in (("Enter", True), ("Space", False)):
            summary.focus()
            page.keyboard.press(key)
            assert summary.evaluate("s => s.parentElement.open") is opens, file.name


def test_links_into_a_page_show_what_they_lead_to(page: Any, one_of_each: list[Path]) -> None:
    """Also into a folded part, by a link on the page and by an address that someone was sent."""
    for file in one_of_each:
        opened(page, file.as_uri())
        hidden = page.evaluate("""async () => {
            const hidden = [];
            const inside = [...document.links].map(a => a.getAttribute('href')).filter(h => h.startsWith('#'));
            for (const hash of new Set(inside)) {
                location.hash = hash;
                await new Promise(done => setTimeout(done));
                const target = document.getElementById(decodeURIComponent(hash.slice(1)));
                if (!target.checkVisibility() || target.tagName === 'DETAILS' && !target.open) hidden.push(hash);
            }
            return hidden;
        }""")
        assert hidden == [], file.name
        folded = page.evaluate("[...document.querySelectorAll('details[id]')].map(part => part.id)")
        for name in folded[:1]:
            page.goto("about:blank")
            opened(page, f"{file.as_uri()}#{name}")
            assert page.evaluate("name => document.getElementById(name).open", name), (file.name, name)


def test_from_a_figure_to_the_cell_it_came_from(page: Any, made: Path, reports: Path) -> None:
    """City page → the district's milestone → the communities that would close it → the workbook's row."""
    opened(page, (reports / world.PLAN / "index.html").as_uri())
    with duckdb.connect() as connection:
        district, milestone = connection.execute(
            f"select district_code, milestone_id from '{made}/data/marts/mart_gap_community.parquet' "
            f"where period_id = '2025-11' and plan_id = '{world.PLAN}' order by all"
        ).fetchall()[0]
    anchor = "m-" + milestone.replace("@", "-")
    page.locator(f"main a[href='{district}.html#{anchor}']").first.click()
    page.wait_for_url(f"**/{district}.html#{anchor}")
    page.locator(f"a[href='#list-{anchor}']").first.click()
    row = page.locator(f"#list-{anchor} tbody tr").first
    row.wait_for(state="visible")
    name = row.locator("bdi").first.inner_text()
    source = row.locator(".source").inner_text()
    cell = re.search(r"小区明细 · ([A-Z]+\d+)", source)[1]  # type: ignore[index]
    with duckdb.connect() as connection:
        files = connection.execute(
            f"select file_name, sha256 from '{made}/data/marts/fct_submission.parquet' order by all"
        ).fetchall()
    [sha256] = {sha256 for file_name, sha256 in files if file_name in source}
    [original] = (made / "data" / "raw" / "archive").rglob(sha256)
    sheet = openpyxl.load_workbook(io.BytesIO(original.read_bytes()))["小区明细"]
    assert name in [beside.value for beside in sheet[sheet[cell].row]]


def test_names_show_as_they_were_typed(page: Any, made: Path, reports: Path) -> None:
    """As text, in an element of their own direction, wherever they stand; what they look like never happens."""
    happened: list[str] = []
    page.on("dialog", lambda dialog: (happened.append(dialog.message), dialog.dismiss()))
    with duckdb.connect() as connection:
        published = {
            row[0]
            for row in connection.execute(
                f"select community_name from '{made}/data/marts/dim_community.parquet' where district_code = '900001'"
            ).fetchall()
        }
    # Marks that take no room are left out by intake; what turns the direction of letters is shown as typed.
    typed = {re.sub("[\u200e\u200f]", "", name) for name in world.NAMES}
    assert typed - published == set()
    for language in (".", "en"):
        opened(page, (reports / world.PLAN / language / "900001-communities.html").as_uri())
        shown = page.locator(".communities tbody th bdi").all_text_contents()
        assert set(shown) == published
        seen = page.locator(".communities tbody").inner_text()
        assert [name for name in typed if name not in seen] == []
        opened(page, (reports / world.PLAN / language / "intake.html").as_uri())
        assert world.FILE in page.locator("main").inner_text()
    foreign = page.evaluate("document.querySelectorAll('img[src=x], main b, main script:not([type])').length")
    assert foreign == page.evaluate("document.querySelectorAll('main b').length")
    assert happened == []


TEXTS = """() => [...document.querySelectorAll(
        'main :is(h1, h2, h3, p, li, caption, th, td, dt, dd, summary, figcaption), footer :is(p, th, td, dt, dd)')]
    .filter(e => e.checkVisibility() && !e.closest('.chart'))
    .map(e => e.textContent.replace(/\\s+/g, ' ').trim()).filter(text => text)"""


def test_without_scripts_every_sentence_and_table_is_there(chromium: Any, page: Any, one_of_each: list[Path]) -> None:
    context = chromium.new_context(java_script_enabled=False)
    try:
        plain = context.new_page()
        for file in one_of_each:
            opened(page, file.as_uri())
            plain.goto(file.as_uri())
            for tab in (page, plain):
                tab.evaluate(OPEN)
            with_scripts, without = (tab.evaluate(TEXTS) for tab in (page, plain))
            assert len(without) > 10
            assert [text for text in with_scripts if text not in set(without)] == [], file.name
            empty = plain.locator(".chart:visible").filter(has_not=plain.locator("svg")).count()
            assert empty == 0, f"{file.name}: an empty chart is shown"
            assert plain.locator("select:visible, .choice:visible").count() == 0, (
                f"{file.name}: a choice that does nothing"
            )
    finally:
        context.close()


def _read(sheet: pypdf.PageObject) -> tuple[str, list[str]]:
    """What stands on a sheet, and those texts that reach so far into its margin that a printer may cut them."""
    edge, found = float(sheet.mediabox.width) - 36, list[str]()

    def look(text: str, scale: list[float], place: list[float], font: object, size: float) -> None:
        width = sum(1 if ord(c) > 0x2E80 else 0.4 for c in text.strip()) * size * place[0]
        if text.strip() and scale[0] * (place[4] + width) + scale[4] > edge:
            found.append(text)

    return sheet.extract_text(visitor_text=look), found


def _words(text: str) -> str:
    """Without spaces. A font may give a character as the radical that looks like it: a null stands for any of those."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", re.sub("[\u2e80-\u2fdf]", "\0", text)))


def _stands_in(text: str, paper: str) -> bool:
    words = _words(text)
    return words in paper or re.search("".join(rf"(?:{re.escape(c)}|\0)" for c in words), paper) is not None


def test_on_paper_everything_is_open_numbered_and_whole(page: Any, one_of_each: list[Path]) -> None:
    for file in one_of_each:
        opened(page, file.as_uri())
        printed = pypdf.PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
        texts, cut = zip(*map(_read, printed.pages), strict=True)
        length = page.evaluate("document.querySelector('main').innerText.length")
        assert 1 <= len(texts) <= 6 + length / 300, f"{file.name}: {len(texts)} sheets"
        for number, text in enumerate(texts, 1):
            assert f"—{number}—" in _words(text), f"{file.name}: sheet {number} has no number"
        assert {number: beyond for number, beyond in enumerate(cut, 1) if beyond} == {}, file.name
        assert {round(float(min(sheet.mediabox[2:]))) for sheet in printed.pages} == {595}, f"{file.name}: not A4"
        paper = _words("".join(texts))
        page.emulate_media(media="print")
        page.evaluate(OPEN)
        cells = page.evaluate("""() => [...document.querySelectorAll('main :is(th, td, caption, h2)')]
            .filter(e => e.checkVisibility() && !e.children.length).map(e => e.textContent)""")
        assert [text for text in dict.fromkeys(cells) if not _stands_in(text, paper)] == [], file.name
        page.emulate_media(media="null")
