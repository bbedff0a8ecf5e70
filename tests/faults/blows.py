"""Killing runs: where a blow falls, and what has to hold after it, and after the run that finishes the work."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.hashing import file_sha256
from pipelines.intake.receive import submit
from pipelines.plans.loader import load_plans
from pipelines.progress import Stage
from pipelines.samples import write_drops
from pipelines.settings import Workspace
from pipelines.upkeep.doctor import examine
from pipelines.upkeep.published import check_marts
from tests.starter import OURS, Starter

PLAN = "shucheng_2022_2024"
NOW = "2025-12-05T09:00:00"
COMMANDS = {"run": ("run", "--plan", PLAN), "intake": ("intake",), "publish": ("publish",)}
"""A whole run, and its first and last parts by themselves."""
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class World:
    """What is handed in, and what one undisturbed run makes of it."""

    handed_in: Path
    """A workspace that nothing has run in yet."""
    grown: Path
    """The same after a run over the earlier periods only: the rest waits in the inbox."""
    built: Path
    """Everything taken in and built, and still published what ``grown`` had published."""
    undisturbed: Path
    seconds: dict[str, float]
    """Processor time that the undisturbed run took, and its parts."""

    @property
    def sent(self) -> dict[str, bytes]:
        return {file_sha256(path): path.read_bytes() for path in (self.handed_in / "drops").rglob("*.xlsx")}


@dataclass(frozen=True)
class Blow:
    """Where a run is to be killed: when so many files are there or changed, at the latest after a share of its time."""

    share: float
    pattern: str = ""
    count: int = 1

    def __str__(self) -> str:
        return f"{self.count} × {self.pattern} or {self.share:.0%}" if self.pattern else f"{self.share:.0%}"


INTAKE = (
    "data/raw/archive/*/*",
    "data/raw/archive/*/*.json",
    "data/raw/records/community/*.parquet",
    "data/raw/records/*/*.parquet",
    "data/raw/records/issue/*.parquet",
    "data/raw/records/submission/*.parquet",
    "data/raw/receipts/**/*.xlsx",
    "data/raw/receipts/**/*.json",
)
BUILD = (
    ".build/dbt/*",
    ".build/inputs/*.parquet",
    ".build/inputs/records/*.parquet",
    ".build/warehouse.duckdb",
    ".build/tables/*.parquet",
    ".dagster/history/*.db",
)
PUBLISH = (
    "data/.marts.new/*.parquet",
    "data/.marts.new/.making-*/*",
    "data/marts/*.parquet",
    "data/raw/receipts/**/*.json",
    ".build/receipts.json",
    "reports/assets/*",
    f"reports/.{PLAN}.new/*.html",
    f"reports/.{PLAN}.new/edition/*",
    f"reports/.{PLAN}.new/downloads/*",
    f"reports/.{PLAN}@1.new/*",
    f"reports/{PLAN}@1/*",
    f"reports/{PLAN}/*.html",
)
"""Files whose appearing, or being written anew, says how far a run is."""
POINTS = {"intake": INTAKE, "publish": PUBLISH, "run": INTAKE + BUILD + PUBLISH}


def drawn(draw: random.Random, what: str) -> Blow:
    """A place for a blow: as often by time as by what is there."""
    if draw.random() < 0.5:
        return Blow(draw.random())
    return Blow(draw.uniform(0.5, 0.9), draw.choice(POINTS[what]), draw.randint(1, 8))


class Killer(Starter):
    """Starts runs and kills them."""

    def begin(self, root: Path, *arguments: str) -> int:
        """Start a command whose words go to the log beside the workspace; its process id."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        environment |= {"ACTIONPLAN_ROOT": str(root), "ACTIONPLAN_NOW": NOW}
        log = Path(f"{root}.log")
        return self.start(list(arguments), environment, log, log)

    def run(self, root: Path, what: str = "run") -> float:
        """A whole run or a part of it; the processor time it took. Raises AssertionError with what it said."""
        process = self.begin(root, *COMMANDS[what])
        spent = 0.0
        while (used := _used(process)) is not None:
            spent = used
            time.sleep(0.02)
        assert self.end() == 0, said(root)
        return spent

    def killed(self, root: Path, blow: Blow, seconds: float, what: str = "run") -> str | None:
        """Kill a run, with all its children, when it gets to the blow; after which stage that was. None: it did not."""
        since, log = time.time_ns(), len(said(root))
        before = set(root.glob(blow.pattern)) if blow.pattern else set()
        process = self.begin(root, *COMMANDS[what])
        while (used := _used(process)) is not None:
            if used >= blow.share * seconds:
                break
            if blow.pattern and _appeared(root, blow.pattern, before, since) >= blow.count:
                break
            time.sleep(0.004)
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        code = self.end()
        assert code in (0, -signal.SIGKILL), said(root)
        done = re.findall(r"^(\w+)[：（]", said(root)[log:], re.MULTILINE)
        return None if code == 0 else (done[-1] if done else "")


def _appeared(root: Path, pattern: str, before: set[Path], since: int) -> int:
    """How many files of a pattern are new or written anew since."""
    count = 0
    for path in root.glob(pattern):
        try:
            count += path not in before or path.stat().st_mtime_ns > since
        except FileNotFoundError:
            continue
    return count


def _used(process: int) -> float | None:
    """Processor time of a process and those it has waited for; None when it has ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else sum(map(int, fields[11:15])) / TICKS


def said(root: Path) -> str:
    """What commands on this workspace have printed."""
    log = Path(f"{root}.log")
    return log.read_text("utf-8", "replace") if log.exists() else ""


@contextmanager
def starter() -> Iterator[Killer]:
    started = Killer("tests.faults.parts", PLAN)
    try:
        yield started
    finally:
        started.close()


# ── the world ─────────────────────────────────────────────────────────────────────────────────────────────────────


def world(folder: Path, start: Killer, districts: int = 2, communities: int = 6) -> World:
    """Small: two districts over four periods, among them a returned ledger and one that was sent again."""
    handed_in, grown, undisturbed = (folder / name / "w" for name in ("handed-in", "grown", "undisturbed"))
    handed_in.mkdir(parents=True)
    codes = [district.code for district in load_plans()[PLAN].districts[:districts]]
    drops = write_drops(load_plans()[PLAN], handed_in / "drops", communities=communities, districts=codes)
    for drop in drops:
        submit(Workspace(handed_in), [drop.path], drop.received_at, "/".join(drop.path.parts[-4:-1]))
    shutil.copytree(handed_in, grown)
    waiting = [path for path in Workspace(grown).inbox.glob(f"{PLAN}/*") if path.name >= "2024"]
    for path in waiting:
        path.rename(grown / path.name)
    start.run(grown)
    for path in waiting:
        (grown / path.name).rename(path)
    shutil.copytree(handed_in, undisturbed)
    seconds = {"intake": start.run(undisturbed, "intake"), "run": 0.0, "publish": 0.0}
    seconds["run"] = seconds["intake"] + start.run(undisturbed)
    built = folder / "built" / "w"
    shutil.copytree(grown, built)
    for name in ("data/raw", ".build"):
        shutil.rmtree(built / name)
        shutil.copytree(undisturbed / name, built / name)
    (built / ".build" / "receipts.json").unlink()
    trial = fresh(built, folder / "trial" / "w")
    seconds["publish"] = start.run(trial, "publish")
    assert marts(trial) == marts(undisturbed) != marts(grown)
    shutil.rmtree(trial.parent)
    return World(handed_in, grown, built, undisturbed, seconds)


def fresh(source: Path, root: Path) -> Path:
    """A copy of a workspace; the times of its files are kept."""
    root.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, root, symlinks=True)
    return root


# ── what has to hold ──────────────────────────────────────────────────────────────────────────────────────────────


def hashes(folder: Path, pattern: str = "**/*") -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob(pattern))
        if path.is_file()
    }


def marts(root: Path) -> dict[str, str]:
    """The published tables by their hashes."""
    return hashes(root / "data" / "marts", "*.parquet")


def nothing_is_lost(root: Path, world: World) -> None:
    """After a blow: every original is in the archive or still in the inbox, whole; readers see a whole publication."""
    ws = Workspace(root)
    there = {file_sha256(path) for path in ws.inbox.rglob("*.xlsx")}
    archived = [path for path in ws.archive.glob("??/*") if len(path.name) == 64]
    assert all(file_sha256(path) == path.name for path in archived), "an original is not what its name says"
    assert set(world.sent) <= there | {path.name for path in archived}, "an original is lost"
    for folder in (ws.marts, ws.reports / PLAN):
        assert folder.is_dir() or not folder.with_name(f".{folder.name}.old").exists(), f"{folder} is away"
    if any(ws.marts.glob("*.parquet")):
        assert list(check_marts(ws, Stage("", None))) == [], "half a publication"


def all_is_taken_in(root: Path, world: World) -> None:
    """After the run that finishes: every original archived and recorded once, as if nothing had happened."""
    ws, undisturbed = Workspace(root), Workspace(world.undisturbed)
    assert not list(ws.inbox.rglob("*.xlsx"))
    assert {path.name for path in ws.archive.glob("??/*") if not path.suffix} == set(world.sent)
    recorded = pl.read_parquet(ws.records / "submission" / "[0-9a-f]*.parquet")
    assert sorted(recorded["sha256"]) == sorted(world.sent), "an original is on record twice, or not at all"
    theirs = {name: digest for name, digest in hashes(undisturbed.records).items() if "_schema" not in name}
    assert {name: digest for name, digest in hashes(ws.records).items() if "_schema" not in name} == theirs
    assert hashes(ws.receipts).keys() == hashes(undisturbed.receipts).keys()


def all_is_published(root: Path, world: World) -> None:
    """The marts as if nothing had happened, the pages of them, and nothing that an examination finds wanting."""
    ws = Workspace(root)
    assert marts(root) == marts(world.undisturbed)
    assert [(finding.where, finding.what) for finding in examine(ws).wanting] == []
    pages = {path.name for path in (ws.reports / PLAN).glob("*.html")}
    assert pages == {path.name for path in (world.undisturbed / "reports" / PLAN).glob("*.html")}
    ledger = json.loads((ws.reports / PLAN / "edition" / "ledger.json").read_text())
    assert [one["number"] for one in ledger] == list(range(1, len(ledger) + 1))


def chain(start: Killer, world: World, source: Path, root: Path, blows: Iterable[Blow], what: str) -> list[str]:
    """Blows one after another on one workspace, then a run that finishes; after which stages those fell that did.

    Where a run is done before the blow falls, the next one is on a fresh workspace.
    """
    fresh(source, root)
    fallen = []
    for blow in blows:
        fell = start.killed(root, blow, world.seconds[what], what)
        nothing_is_lost(root, world)
        if fell is None:
            all_is_done(root, world, what)
            shutil.rmtree(root)
            fresh(source, root)
        else:
            fallen.append(fell)
    start.run(root, what)
    all_is_done(root, world, what)
    return fallen


def all_is_done(root: Path, world: World, what: str) -> None:
    """After a run, or a part of it, that came to its end."""
    all_is_taken_in(root, world)
    if what != "intake":
        all_is_published(root, world)
