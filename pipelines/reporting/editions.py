"""Publications of a plan's pages: each has a number, what it states is kept, and so are the pages of the last few.

``reports/<plan>/edition/`` holds the ledger of all publications so far and the tables that the next one is compared
with. When a next one comes, the pages it replaces stay beside it in ``reports/<plan>@<number>/``; their links work
there. Of those older than the last few only the tables stay. (``report --as-of`` makes the pages of any day anew.)
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path

from pipelines.renewal import link
from pipelines.reporting.marts import Marts

FOLDER = "edition"
LEDGER = "ledger.json"
TABLES = ("fct_indicator", "mart_milestone_progress", "mart_assessment_score", "fct_submission")
KEPT = 5
"""So many publications before the current one keep their pages."""


@dataclass(frozen=True)
class Edition:
    """One publication: what it is known by and how much it changed."""

    number: int
    content: str
    """Stands for everything published about the plan; another content is another publication."""
    published_at: datetime
    as_of: date | None
    period_id: str | None
    changed: dict[str, int] = field(default_factory=dict)
    """How many workbooks came in since the one before, and how much moved: ``data.Changes.counts``."""

    @property
    def version(self) -> str:
        return self.content[:8]


def read(folder: Path) -> list[Edition]:
    """The publications of a plan so far, oldest first; none where nothing was published yet."""
    file = folder / FOLDER / LEDGER
    if not file.is_file():
        return []
    ledger = []
    for row in json.loads(file.read_text("utf-8")):
        as_of = date.fromisoformat(row["as_of"]) if row["as_of"] else None
        ledger.append(Edition(**{**row, "published_at": datetime.fromisoformat(row["published_at"]), "as_of": as_of}))
    return ledger


def write(folder: Path, ledger: list[Edition], marts: Marts, plan_id: str) -> None:
    """Put the ledger and the tables of its last publication into a plan's folder."""
    home = folder / FOLDER
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    text = json.dumps([asdict(one) for one in ledger], indent=1, default=lambda day: day.isoformat())
    (home / LEDGER).write_text(text + "\n", "utf-8")
    for table in TABLES:
        if table in marts.tables:
            marts.keep(table, plan_id, home / f"{table}.parquet")


def beside(folder: Path, number: int) -> Path:
    """Where an earlier publication is kept."""
    return folder.with_name(f"{folder.name}@{number}")


def kept(folder: Path) -> Iterator[tuple[int, bool]]:
    """The numbers of earlier publications that are there, oldest first, and whether their pages still are."""
    for path in sorted(folder.parent.glob(f"{folder.name}@*"), key=lambda path: int(path.name.rpartition("@")[2])):
        yield int(path.name.rpartition("@")[2]), (path / "index.html").is_file()


def keep(folder: Path, number: int) -> None:
    """Keep the published folder as that earlier publication; the pages of the oldest go."""
    target = beside(folder, number)
    half = target.with_name(f".{target.name}.new")
    for left in (half, target):
        shutil.rmtree(left, ignore_errors=True)
    link(folder, half)
    half.rename(target)
    with_pages = [number for number, has_pages in kept(folder) if has_pages]
    for old in with_pages[:-KEPT]:
        for path in beside(folder, old).iterdir():
            if path.is_dir() and path.name != FOLDER:
                shutil.rmtree(path)
            elif path.is_file():
                path.unlink()
