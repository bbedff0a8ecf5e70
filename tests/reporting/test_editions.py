"""Publications: numbered by what they state, kept whole, compared with the one before."""

from __future__ import annotations

import copy
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest
from jinja2 import BaseLoader, Environment

from pipelines.reporting import build_reports, editions
from pipelines.reporting.marts import Marts
from pipelines.reporting.pages import build as pages_build
from pipelines.reporting.pages import site as pages_of_site
from pipelines.reporting.pages.site import Site
from pipelines.settings import Workspace
from tests.conftest import CHECKOUT
from tests.reporting.conftest import DISTRICTS, PLAN, Row, publish, tables

MOVED = "150822"
TEXTS = re.compile(r"<[^>]+>")
NUMBER = re.compile('<dt>[^<]*</dt><dd><a href="changes.html">.*?</dd>|第\\d+次发布'.encode())
Content = dict[str, list[Row]]
Build = Callable[..., list[Path]]


def corrected(content: Content) -> Content:
    """The same city after one district sent its last ledger again: a figure, a milestone, a score, one of last year."""
    content = copy.deepcopy(content)
    of = {"indicator_id": "committee_formation_rate", "variant": "audited", "basis": "communities"}
    for row in content["fct_indicator"]:
        if row["district_code"] == MOVED and of.items() <= row.items() and row["period_id"] in ("2025-11", "2024-11"):
            row["numerator"] = row["denominator"] if row["period_id"] == "2025-11" else row["numerator"] - 1
            row["value"] = 100 * row["numerator"] / row["denominator"]
    for row in content["mart_milestone_progress"]:
        if (row["district_code"], row["milestone_id"]) == (MOVED, "committee_formation_rate@2025-12-31"):
            row["status"] = "met"
    [score] = [row for row in content["mart_assessment_score"] if row["district_code"] == MOVED]
    score["score"] += 1
    [first] = [
        row for row in content["fct_submission"]
        if (row["district_code"], row["period_id"], row["is_effective"]) == (MOVED, "2025-11", True)
    ]  # fmt: skip
    first["is_effective"] = False
    again = first | {"submission_id": "again", "file_name": "磴口县更正.xlsx", "is_effective": True}
    content["fct_submission"].append(
        again | {"received_at": datetime(2025, 12, 4, 9), "supersedes": first["submission_id"]}
    )
    return content


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Build the pages of a made-up city as they are on some day of December."""

    def on(day: int, content: Content, **options: object) -> list[Path]:
        monkeypatch.setenv("ACTIONPLAN_NOW", f"2025-12-{day:02}T09:00:00")
        publish(tmp_path / "data" / "marts", content)
        return build_reports(Workspace(tmp_path), **options)  # type: ignore[arg-type]

    return on


def looks(folder: Path) -> dict[str, tuple[int, int]]:
    """Each file with what tells that it is the same one still."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {p.relative_to(folder).as_posix(): (p.stat().st_ino, p.stat().st_mtime_ns) for p in files}


def unnumbered(content: bytes) -> bytes:
    """A file, and whatever is packed in it, without the number of its publication."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return b"".join(name.encode() + unnumbered(packed.read(name)) for name in packed.namelist())
    return NUMBER.sub(b"", content)


def text(page: Path) -> str:
    return TEXTS.sub("", page.read_text("utf-8"))


def test_downloads_name_the_publication_that_last_changed_them(tmp_path: Path, build: Build) -> None:
    """Of a district whose own rows stayed as they were the files stay too, and go on naming the one they are from."""
    downloads = tmp_path / "reports" / PLAN / "downloads"

    def named(area: str) -> set[str]:
        """What workbook, document and zip of an area say of their publication, in them and in their properties."""
        told = []
        for file in (file for file in downloads.iterdir() if area in file.name):
            with zipfile.ZipFile(file) as packed:
                inside = [n for n in packed.namelist() if n.endswith(("说明.txt", "core.xml", "sharedStrings.xml"))]
                assert inside, file
                told += [packed.read(name).decode("utf-8-sig") for name in inside]
        assert told
        return {"、".join(sorted(set(re.findall(r"第\d+次发布", text)))) for text in told}

    build(5, tables())
    first = looks(downloads)
    assert named("巴彦淖尔市") == named("150826") == {"第1次发布"}

    build(7, touched(tables(), detail_only=True))
    assert named("巴彦淖尔市") == named(MOVED) == {"第2次发布"}
    second = looks(downloads)
    assert {name for name in second if "150826" in name and second[name] != first[name]} == set()

    build(8, touched(tables(), detail_only=True), lang="en")
    assert looks(downloads).items() >= {name: look for name, look in second.items() if "150826" in name}.items()


def test_publications_are_numbered_kept_and_compared(tmp_path: Path, build: Build) -> None:
    home = tmp_path / "reports" / PLAN
    build(5, tables())
    first = looks(home)
    assert "第1次发布" in text(home / "index.html")
    assert "这是本方案的第一次发布" in text(home / "changes.html")
    printed = (home / "index.html").read_bytes()

    build(6, tables())
    assert looks(home) == first, "the same content is published once"

    build(7, corrected(tables()))
    [one, two] = editions.read(home)
    assert (one.number, two.number, two.published_at) == (1, 2, datetime(2025, 12, 7, 9))
    assert two.as_of == date(2025, 11, 30)
    assert two.changed == {"received": 1, "milestones": 1, "figures": 1, "restated": 1, "scores": 1}
    with Marts(tmp_path / "data" / "marts") as marts:
        assert two.content == marts.content(PLAN) != one.content

    told = text(home / "changes.html")
    for word in (
        "第2次发布，2025年12月7日09:00",
        "与第1次发布相比：新收报送1份、节点状态变化1项、本期指标变动1项、往期指标重述1项、得分或名次变动1个地区。",
        "磴口县更正.xlsx",
        "引用往期数值时，以本次为准",
    ):
        assert word in told
    assert two.version in told

    # What the second did not touch is the same file and bears the first's number; the rest bears its own.
    second = looks(home)
    untouched = {name for name in second if second[name] == first.get(name) and name.endswith(".html")}
    assert f"{MOVED}.html" not in untouched
    assert "150826-communities.html" in untouched
    for name, number in (("150826-communities.html", 1), (f"{MOVED}.html", 2), ("index.html", 2), ("changes.html", 2)):
        assert f"第{number}次发布" in text(home / name), name

    # The first is kept as it was, with links that work there.
    old = editions.beside(home, 1)
    assert (old / "index.html").read_bytes() == printed
    assert f'href="../{old.name}/index.html"' in (home / "changes.html").read_text("utf-8")
    for page in (*home.glob("*.html"), *old.glob("*.html")):
        for address in re.findall(r'(?:href|src)="([^"#?]+)', page.read_text("utf-8")):
            assert address.startswith("data:") or (page.parent / unquote(address)).exists(), (page, address)

    # Another language or another look of the same content is no other publication.
    build(8, corrected(tables()), lang="en")
    assert [edition.number for edition in editions.read(home)] == [1, 2]
    assert "Publication 2" in text(home / "en" / "changes.html")
    assert "1 figure of an earlier period was restated" in text(home / "en" / "changes.html")

    # What was known on a past day agrees with the publication that stated it.
    past = tmp_path / "reports" / "as-of" / "2025-12-05"
    publish(tmp_path / "data" / "marts", tables())
    build_reports(Workspace(tmp_path), PLAN, out=past, known_on=date(2025, 12, 5))
    assert "内容同第1次发布" in text(past / PLAN / "index.html")
    assert not (past / PLAN / "changes.html").exists()


def touched(content: Content, detail_only: bool) -> Content:
    """The same city with something else in every row of one district, in the tables that list communities or in all."""
    content = copy.deepcopy(content)
    for name, rows in content.items():
        detail = any({"community_id", "submission_id"} & row.keys() for row in rows)
        for row in rows:
            if row.get("district_code") != MOVED or (detail_only and not detail):
                continue
            for column, value in row.items():
                if name == "mart_milestone_progress" or column.endswith(("_id", "_code", "supersedes")):
                    continue  # what rows are found by
                if isinstance(value, str) and column in ("file_name", "community_name", "message", "company_name"):
                    row[column] = value + "改"
                elif isinstance(value, int) and not isinstance(value, bool) and column in ("households", "row_count"):
                    row[column] = value + 1
                elif isinstance(value, datetime):
                    row[column] = value.replace(minute=59)
                elif name == "mart_rate_change" and isinstance(value, float):
                    row[column] = value + 1
    return content


@pytest.mark.parametrize("detail_only", [True, False], ids=["lists", "everything"])
def test_only_what_changed_is_made_anew_and_nothing_stays_stale(
    detail_only: bool, tmp_path: Path, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "reports" / PLAN
    build(5, tables())
    rendered: list[str] = []
    render = Site.render
    monkeypatch.setattr(
        Site,
        "render",
        lambda site, template, **own: (rendered.append(own.get("file") or template), render(site, template, **own))[1],
    )
    build(7, touched(tables(), detail_only))
    districts = {name[:6] for name in rendered if name[:6].isdigit() and "assessment" not in name}
    assert districts == ({MOVED} if detail_only else {*DISTRICTS})
    shutil.rmtree(home / editions.FOLDER)
    little_by_little = {p.relative_to(home): p.read_bytes() for p in home.rglob("*") if p.is_file()}
    shutil.rmtree(home)
    build(7, touched(tables(), detail_only))
    at_once = {p.relative_to(home): p.read_bytes() for p in home.rglob("*") if p.is_file()}
    at_once = {name: content for name, content in at_once.items() if name.parts[0] != editions.FOLDER}
    assert little_by_little.keys() == at_once.keys()
    stale = [n for n in at_once if unnumbered(at_once[n]) != unnumbered(little_by_little[n])]
    assert [name for name in stale if name.name != "changes.html"] == []


def test_another_template_makes_every_page_anew(tmp_path: Path, build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "reports" / PLAN
    build(5, tables())
    before = looks(home)
    (home / "150826.html").write_text("damaged")
    record = home / editions.FOLDER / pages_build.RECORD
    record.write_text(
        json.dumps({**json.loads(record.read_text()), "pages": {"index.html": {"of": "another version"}}})
    )
    build(6, tables())
    assert "第1次发布" in text(home / "150826.html")
    templates = pages_of_site._templates()
    source = templates.loader
    monkeypatch.setattr(pages_build, "_program", lambda: "another")
    monkeypatch.setattr(templates, "loader", _Reworded(source))
    monkeypatch.setattr(templates, "cache", None)
    build(7, tables())
    after = looks(home)
    assert {name for name in before if name.endswith(".html") and before[name] == after[name]} == set()
    assert all("另一种版式" in text(page) for page in home.glob("*.html"))
    assert [edition.number for edition in editions.read(home)] == [1]


class _Reworded(BaseLoader):
    """The same templates with other words at the end of each page."""

    def __init__(self, source: BaseLoader | None) -> None:
        assert source is not None
        self.source = source

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        text, name, fresh = self.source.get_source(environment, template)
        return text.replace("</footer>", "<p>另一种版式</p></footer>"), name, fresh


def test_only_the_last_few_keep_their_pages(tmp_path: Path) -> None:
    home = tmp_path / PLAN
    for name in ("index.html", "en/index.html", "edition/ledger.json"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).touch()
    for number in range(1, editions.KEPT + 3):
        editions.keep(home, number)
    assert [has_pages for _, has_pages in editions.kept(home)] == [False] * 2 + [True] * editions.KEPT
    first = editions.beside(home, 1)
    assert [path.relative_to(first).as_posix() for path in first.rglob("*")] == ["edition", "edition/ledger.json"]
    assert (home / "index.html").is_file()


KILLED = """
import os, signal, sys
from pathlib import Path
from pipelines import renewal
from pipelines.reporting import build_reports, editions
from pipelines.reporting.pages import build
from pipelines.settings import Workspace

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def then_die(work):
    return lambda *given: (work(*given), die())

point = sys.argv[2]
if point == "writing":
    build._Record.write = die
elif point == "kept":
    editions.keep = then_die(editions.keep)
elif point == "changed places":
    renewal._exchanged = then_die(renewal._exchanged)
build_reports(Workspace(Path(sys.argv[1])))
"""


@pytest.mark.slow
def test_killed_anywhere_the_next_run_finishes(tmp_path: Path, build: Build) -> None:
    home = tmp_path / "reports" / PLAN
    build(5, tables())
    before = looks(home)
    publish(tmp_path / "data" / "marts", corrected(tables()))
    for point in ("writing", "kept", "changed places"):
        environment = {**os.environ, "ACTIONPLAN_NOW": "2025-12-07T09:00:00"}
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(tmp_path), point], cwd=CHECKOUT, env=environment, check=False
        )
        assert done.returncode == -signal.SIGKILL
        if point != "changed places":
            assert looks(home) == before, point
        numbers = [edition.number for edition in editions.read(home)]
        assert numbers == ([1, 2] if point == "changed places" else [1])
        assert f"第{numbers[-1]}次发布" in text(home / "index.html"), point
    build(9, corrected(tables()))
    assert [edition.published_at.day for edition in editions.read(home)] == [5, 7]
    assert {path.name for path in (tmp_path / "reports").iterdir()} == {"assets", PLAN, f"{PLAN}@1"}
    build(9, tables())
    assert [edition.number for edition in editions.read(home)] == [1, 2, 3]
    left = {path.name for path in (tmp_path / "reports").iterdir()}
    assert left == {"assets", PLAN, f"{PLAN}@1", f"{PLAN}@2"}
