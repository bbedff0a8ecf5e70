"""Where a workspace keeps its files, what time it is, and the limits a file must respect.

Everything a run reads or writes lives under one root (``--root`` or ``ACTIONPLAN_ROOT``, by default the checkout).
``ACTIONPLAN_NOW`` (ISO date-time) replaces the clock everywhere, ``ACTIONPLAN_LIMITS`` the limits. All times are naive
Asia/Shanghai local times.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

TIME_ZONE = ZoneInfo("Asia/Shanghai")
CHECKOUT = Path(__file__).resolve().parent.parent
"""The folder that holds ``pipelines/`` and ``dbt_project/``."""


def local(moment: datetime) -> datetime:
    """A date-time as naive Asia/Shanghai local time; one without a zone is taken as local already."""
    return moment if moment.tzinfo is None else moment.astimezone(TIME_ZONE).replace(tzinfo=None)


def now() -> datetime:
    """The current local time to the second, or what ``ACTIONPLAN_NOW`` says.

    Raises ValueError with the remedy when the variable is not an ISO date-time.
    """
    if stated := os.environ.get("ACTIONPLAN_NOW"):
        try:
            return local(datetime.fromisoformat(stated))
        except ValueError:
            raise ValueError(
                f"ACTIONPLAN_NOW is {stated!r}; write an ISO date-time such as 2025-12-05T09:00:00"
            ) from None
    return local(datetime.now(TIME_ZONE)).replace(microsecond=0)


@dataclass(frozen=True)
class Limits:
    """What one workbook, a zip of them or a file of evidence may cost. Far above any real one; a file beyond them is
    returned, never half read.
    """

    file_bytes: int = 64 * 1024**2
    unpacked_bytes: int = 512 * 1024**2
    cells: int = 3_000_000
    sheets: int = 200
    read_seconds: int = 20
    memory_bytes: int = 2 * 1024**3
    bundle_bytes: int = 4 * 1024**3
    """All files of a zip together, unpacked."""
    bundle_files: int = 5_000
    bundle_seconds: int = 300
    evidence_bytes: int = 256 * 1024**2
    """One file of evidence."""

    @classmethod
    def stated(cls) -> Limits:
        """The defaults, or what ``ACTIONPLAN_LIMITS`` says instead: ``read_seconds=60 cells=5000000``.

        Raises ValueError with the remedy when it says anything else.
        """
        stated = os.environ.get("ACTIONPLAN_LIMITS", "")
        names = [limit.name for limit in fields(cls)]
        given: dict[str, int] = {}
        for part in stated.replace(",", " ").split():
            name, _, value = part.partition("=")
            if name not in names or not value.isdecimal() or int(value) < 1:
                raise ValueError(f"ACTIONPLAN_LIMITS is {stated!r}; write NAME=NUMBER; names are {', '.join(names)}")
            given[name] = int(value)
        return cls(**given)


@dataclass(frozen=True)
class Workspace:
    """The folders under one root. Creating one touches no disk; ``prepare`` makes the folders."""

    root: Path

    @classmethod
    def locate(cls, root: str | Path | None = None) -> Workspace:
        """The workspace named by the argument, else by ``ACTIONPLAN_ROOT``, else the checkout."""
        return cls(Path(root or os.environ.get("ACTIONPLAN_ROOT") or CHECKOUT).expanduser().resolve())

    @cached_property
    def raw(self) -> Path:
        return self.root / "data" / "raw"

    @cached_property
    def inbox(self) -> Path:
        """Drops, never edited: ``<plan>/<period>/<district code>/`` or any other folder."""
        return self.raw / "inbox"

    @cached_property
    def archive(self) -> Path:
        """Every original ever received, under its SHA-256."""
        return self.raw / "archive"

    @cached_property
    def records(self) -> Path:
        """``<form>/<submission_id>.parquet``: what was read; beside the forms, ``submission`` and ``issue``."""
        return self.raw / "records"

    @cached_property
    def receipts(self) -> Path:
        """``<plan>/<period>/<district code>/``: the annotated workbook and its JSON."""
        return self.raw / "receipts"

    @cached_property
    def aside(self) -> Path:
        """What a repair or an upgrade replaced, day by day; nothing reads it."""
        return self.raw / ".set-aside"

    @cached_property
    def geo(self) -> Path:
        """``<plan>.geojson``: boundaries of the districts for the map, where somebody provides them."""
        return self.raw / "geo"

    @cached_property
    def register(self) -> Path:
        """``<plan>.csv``: the analysts' decisions on community identity."""
        return self.raw / "register"

    @cached_property
    def header_aliases(self) -> Path:
        """What analysts say that odd headers and sheet names mean."""
        return self.register / "headers.csv"

    @cached_property
    def marts(self) -> Path:
        """The published tables: ``<table>.parquet`` and ``warehouse.duckdb``."""
        return self.root / "data" / "marts"

    @cached_property
    def reports(self) -> Path:
        return self.root / "reports"

    @cached_property
    def plans(self) -> Path:
        """Extra plan files of this workspace."""
        return self.root / "plans"

    @cached_property
    def alerts(self) -> Path:
        """Whom to tell what, and by which channel; where there is none, nobody is told anything."""
        return self.root / "alerts.yaml"

    @cached_property
    def logs(self) -> Path:
        """What each of the last runs did, and what people have been told."""
        return self.root / "logs"

    @cached_property
    def build(self) -> Path:
        """Private and disposable: dbt's inputs, its DuckDB file while it is being built, its compiled project."""
        return self.root / ".build"

    @cached_property
    def dagster_home(self) -> Path:
        """``DAGSTER_HOME`` when set, else ``.dagster`` under the root."""
        return Path(os.environ.get("DAGSTER_HOME") or self.root / ".dagster")

    def prepare(self) -> Workspace:
        """Make the folders a run needs. Raises OSError (read-only or full disk) naming the folder."""
        for folder in (self.inbox, self.archive, self.records, self.receipts, self.marts, self.reports, self.build):
            folder.mkdir(parents=True, exist_ok=True)
        return self
