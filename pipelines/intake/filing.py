"""Filing evidence: what a run found of it gets its place, goes into the archive and on record.

A file in the inbox waits there until its place is known and its record stands; one from a zip is in the archive by
then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.forms.personal import mask
from pipelines.intake import evidence, receive
from pipelines.intake.bundle import Member
from pipelines.intake.evidence import File, Neighbours, Place
from pipelines.intake.identify import from_path
from pipelines.intake.papers import Files
from pipelines.intake.receive import Drop, Received
from pipelines.intake.records import EVIDENCE_FILE_SCHEMA, read_submissions, record_path, write_rows
from pipelines.plans import Plan
from pipelines.settings import Limits, Workspace

KIND = "evidence_file"


@dataclass
class Paper:
    """One file of evidence that this run found: in the inbox, or in a zip."""

    drop_path: str
    """Masked."""
    drop: Drop | None = None
    received: Received | None = None
    original: Path | None = None
    """Where its bytes are, if not in the archive."""
    files: Sequence[File] = ()
    """What it became: one for each place it belongs to."""
    is_unwanted: bool = False
    """Of another plan or period than those the run is for."""
    problem: str | None = None
    """Why it was left where it is."""


UNPLACED = "没有找到它所属的填报表，请与填报表放在同一文件夹，或放进“方案/填报期/行政区划代码/evidence”"


class Filing:
    """All evidence of one run."""

    def __init__(
        self,
        ws: Workspace,
        plans: Mapping[str, Plan],
        now: datetime,
        scope: tuple[str | None, str | None],
        limits: Limits,
    ) -> None:
        self.ws, self.plans, self.now, self.scope, self.limits = ws, plans, now, scope, limits
        self.papers: list[Paper] = []
        self.neighbours = Neighbours()
        self._recorded: list[str] | None = None

    def find(self, drops: Iterable[Drop]) -> list[Drop]:
        """Take the evidence out of what lies in the inbox; returned is the rest."""
        rest = []
        for drop in drops:
            if evidence.split(drop.drop_path):
                self.papers.append(Paper(mask(drop.drop_path), drop))
            else:
                rest.append(drop)
        return rest

    def unpacked(self, member: Member) -> Paper:
        """Evidence from a zip."""
        assert member.drop_path
        paper = Paper(member.drop_path, received=member.received)
        self.papers.append(paper)
        return paper

    # ── places ────────────────────────────────────────────────────────────────────────────────────────────────────

    def take_in(self) -> None:
        """Give each file its place, now that all neighbours are known, and archive it. Raises OSError."""
        if not self.papers:
            return
        for row in read_submissions(self.ws.records, ["plan_id", "district_code", "period_id", "drop_path"]):
            folder, _, name = (row["drop_path"] or "").rpartition("/")
            place = row["plan_id"], row["district_code"], row["period_id"]
            if folder and None not in place:  # what lay at the top of the inbox once says nothing about today
                self.neighbours.add(f"{folder}/{name}", place)
        for paper in self.papers:
            places = self._places(paper.drop_path)
            wanted = [place for place in places if self._is_wanted(place)]
            paper.is_unwanted = len(wanted) < len(places)
            if not places:
                paper.problem = UNPLACED
            elif wanted and not paper.is_unwanted:
                self._keep(paper, wanted)

    def _places(self, drop_path: str) -> list[Place]:
        found = evidence.split(drop_path)
        assert found
        named = from_path(drop_path, self.plans)
        if named and named.identity:
            return [named.identity.key]
        return self.neighbours.of(found[0])

    def _is_wanted(self, place: Place) -> bool:
        plan, period = self.scope
        return plan in (None, place[0]) and period in (None, place[2])

    def _keep(self, paper: Paper, places: Sequence[Place]) -> None:
        if paper.drop:
            if paper.drop.signature[0] > self.limits.evidence_bytes:
                paper.problem = f"文件超过 {self.limits.evidence_bytes // 1024**2} MB，没有接收，请压缩或拆分后重新放入"
                return
            paper.received = receive.archive(self.ws, paper.drop, self.now)
        if paper.received is None:  # still growing, or taken away
            return
        if paper.drop_path not in (paper.received.drop_path, *paper.received.also):
            paper.received = replace(paper.received, also=(*paper.received.also, paper.drop_path))
            receive.write_received(self.ws.archive, paper.received)
        found = evidence.split(paper.drop_path)
        assert found
        original = paper.original or self.ws.archive / paper.received.archive_path
        paper.files = [File.of(place, found[1], paper.drop_path, paper.received, original) for place in places]

    # ── what it means for workbooks ───────────────────────────────────────────────────────────────────────────────

    def files_for(self, place: Place | None) -> Files | None:
        """The evidence of a place, recorded earlier or found now; None where none ever came."""
        mine = self._files(place=place) if place else []
        if not mine:
            return None
        elsewhere: dict[str, list[File]] = {}
        for file in self._files(hashes={file.sha256 for file in mine}):
            if file.place != place:
                elsewhere.setdefault(file.sha256, []).append(file)
        others = {file.place for files in elsewhere.values() for file in files}
        return Files(mine, elsewhere, {other: self.name_of(other) for other in others})

    def _files(self, place: Place | None = None, hashes: Collection[str] = ()) -> list[File]:
        """The files in force of one place, or those with one of these hashes; only their records are read."""
        if self._recorded is None:
            self._recorded = [path.stem for path in (self.ws.records / KIND).glob("[!_.]*.parquet")]
        where, starts = evidence.digest(*place) if place else None, {sha256[:16] for sha256 in hashes}
        names = [name for name in self._recorded if name[17:25] == where or name[:16] in starts]
        found = {file.file_id: file for file in read_files(self.ws, names)}
        for paper in self.papers:
            for file in paper.files:
                if file.place == place or file.sha256 in hashes:
                    found.setdefault(file.file_id, file)
        return evidence.in_force(found.values())

    def name_of(self, place: Place) -> str:
        """District and period by name."""
        plan = self.plans.get(place[0])
        district = plan.district(place[1]) if plan else None
        period = plan.period(place[2]) if plan else None
        return f"{district.name.zh if district else place[1]}{period.name.zh if period else place[2]}"

    # ── records ───────────────────────────────────────────────────────────────────────────────────────────────────

    def record(self) -> dict[Place, list[File]]:
        """Put on record what is new, and clear the inbox of it. Returned: what is new, by place."""
        new: dict[Place, list[File]] = {}
        for paper in self.papers:
            for file in paper.files:
                if not record_path(self.ws.records, KIND, file.file_id).exists():
                    write_rows(self.ws.records, KIND, file.file_id, [file.as_row()], EVIDENCE_FILE_SCHEMA)
                    new.setdefault(file.place, []).append(file)
            if paper.files and paper.drop:
                receive.release(paper.drop)
        return new

    def waiting(self) -> dict[str, list[Paper]]:
        """What stays in the inbox, by the reason."""
        found: dict[str, list[Paper]] = {}
        for paper in self.papers:
            if paper.drop and paper.problem:
                found.setdefault(paper.problem, []).append(paper)
        return found


def read_files(ws: Workspace, names: Iterable[str]) -> list[File]:
    """Files of evidence, from their records."""
    paths = [record_path(ws.records, KIND, name) for name in names]
    return [File.read(row) for row in pl.read_parquet(paths, glob=False).iter_rows(named=True)] if paths else []


def recorded_originals(ws: Workspace) -> set[str]:
    """The ids of all originals that some record speaks of: workbooks, zips and evidence."""
    kinds = ("submission", "bundle", KIND)
    return {path.name[:16] for kind in kinds for path in (ws.records / kind).glob("[!_.]*.parquet")}


def unrecorded(ws: Workspace) -> list[str]:
    """The originals in the archive, by their hash, that no record speaks of.

    Evidence whose place nobody knows has none: the list of its zip names it, or it waits in the inbox.
    """
    recorded = recorded_originals(ws)
    homes = (path for path in ws.archive.glob("??/*") if not path.suffix and path.name[:16] not in recorded)
    notes = ((home.name, receive.read_received(home)) for home in homes)
    return sorted(name for name, note in notes if note is None or not evidence.split(note.drop_path))


def listed_rows(ws: Workspace, place: Place) -> tuple[dict[str, Any] | None, pl.DataFrame | None]:
    """The submission in force for a place, and its list of evidence."""
    columns = ["submission_id", "plan_id", "district_code", "period_id", "received_at", "file_name", "status"]
    accepted = [
        row
        for row in read_submissions(ws.records, columns)
        if (row["plan_id"], row["district_code"], row["period_id"]) == place and row["status"] != "returned"
    ]
    if not accepted:
        return None, None
    newest = max(accepted, key=lambda row: (row["received_at"], row["file_name"], row["submission_id"]))
    path = record_path(ws.records, "evidence", newest["submission_id"])
    return newest, pl.read_parquet(path) if path.exists() else None
