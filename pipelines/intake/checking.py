"""Judging what might be dropped, without storing it: a workbook, or a zip of them, with the evidence beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.hashing import file_sha256
from pipelines.intake import bundle, receive
from pipelines.intake.bundle import EVIDENCE, LEFT, WORKBOOK, Member
from pipelines.intake.evidence import FOLDERS
from pipelines.intake.guard import Guard, outcome
from pipelines.intake.issues import Refusal
from pipelines.intake.receive import Received
from pipelines.intake.service import first_look, second_look
from pipelines.settings import Limits, Workspace, now

if TYPE_CHECKING:
    from pipelines.intake.history import History
    from pipelines.intake.judging import Judgement
    from pipelines.intake.layout import Aliases
    from pipelines.plans import Plan

NAMED_MEMBERS = 20
"""So many files of a zip that would not be taken are named."""


@dataclass(frozen=True)
class Seen:
    """One workbook: what it is called, where its bytes are, and what is said about it."""

    name: str
    original: Path
    judgement: Judgement


@dataclass(frozen=True)
class Checker:
    """Judges files as the next run would. What a zip holds is unpacked into ``scratch``, which the caller removes."""

    ws: Workspace
    plans: Mapping[str, Plan]
    scratch: Path
    history: History | None = None
    aliases: Aliases | None = None
    limits: Limits = field(default_factory=Limits.stated)

    def see(self, path: Path, drop_path: str) -> list[Seen]:
        """The workbook, or each of those in a zip; ``drop_path``: where the file would lie in the inbox."""
        drop_path = receive.readable(drop_path)
        members: list[Member] = []
        if path.is_file() and bundle.may_be(path):
            try:
                members = self._unpacked(path, drop_path)
            except Refusal as refusal:
                return [Seen(receive.readable(path.name), path, self._refused(path, drop_path, refusal))]
        if members and all(member.became == LEFT for member in members):
            return [
                Seen(
                    receive.readable(path.name), path, self._refused(path, drop_path, bundle.refusal(members), members)
                )
            ]
        seen = [self._first(*one) for one in self._workbooks(path, drop_path, members)]
        self._second(seen, path, drop_path, members)
        return [one for one, _ in seen]

    def _unpacked(self, path: Path, drop_path: str) -> list[Member]:
        """What a zip holds; nothing where the file is no zip of files."""
        came = Received(
            file_sha256(path),
            receive.readable(path.name),
            drop_path,
            path.stat().st_size,
            now(),
            receive.FIRST_SEEN,
        )
        with Guard(1, self.limits) as guard:
            task = guard.submit(
                bundle.unpack, path, self.scratch, came, drop_path, self.limits, seconds=self.limits.bundle_seconds
            )
            return outcome(task) or []

    def _workbooks(self, path: Path, drop_path: str, members: list[Member]) -> Iterator[tuple[str, Path, str]]:
        """Name, bytes and drop path of each."""
        if not members:
            yield receive.readable(path.name), path, drop_path
        for member in members:
            if member.became == WORKBOOK and member.received and member.drop_path:
                yield (
                    f"{receive.readable(path.name)}/{member.path}",
                    self.scratch / member.received.archive_path,
                    member.drop_path,
                )

    def _first(self, name: str, original: Path, drop_path: str) -> tuple[Seen, str]:
        judgement = first_look(original, name, drop_path, self.plans, limits=self.limits, aliases=self.aliases)
        return Seen(name, original, judgement), drop_path

    def _refused(self, path: Path, drop_path: str, refusal: Refusal, members: list[Member] | None = None) -> Judgement:
        from pipelines.intake.judging import Source, refused

        sha256 = file_sha256(path)
        source = Source(
            receive.submission_id(sha256),
            sha256,
            path.stat().st_size,
            receive.readable(path.name),
            drop_path,
            now(),
            receive.FIRST_SEEN,
        )
        judgement = refused(source, refusal)
        judgement.notes += _left(members or [])
        return judgement

    def _second(self, seen: list[tuple[Seen, str]], path: Path, drop_path: str, members: list[Member]) -> None:
        """Compare each with what the workspace knows of its district, and with the evidence that would come along."""
        from pipelines.intake.filing import Filing, Paper

        filing = Filing(self.ws, self.plans, now(), (None, None), self.limits)
        for member in members:
            if member.became == EVIDENCE and member.received and member.drop_path:
                original = self.scratch / member.received.archive_path
                filing.papers.append(Paper(member.drop_path, received=member.received, original=original))
        for file, would_be in _beside(path, drop_path):
            if file.stat().st_size <= self.limits.evidence_bytes:
                sha256 = file_sha256(file)
                came = Received(sha256, file.name, would_be, file.stat().st_size, now(), receive.FIRST_SEEN)
                filing.papers.append(Paper(would_be, received=came, original=file))
        for one, where in seen:
            filing.neighbours.add(where, one.judgement.key)
        filing.take_in()
        for one, _ in seen:
            second_look(one.judgement, self.history, filing.files_for(one.judgement.key))
            one.judgement.notes += _left(members)


def _beside(path: Path, drop_path: str) -> Iterator[tuple[Path, str]]:
    """The files of evidence beside a file, and where they would lie in the inbox; masked."""
    from pipelines.forms.personal import mask

    folder = drop_path.rpartition("/")[0]
    for name in sorted(FOLDERS):
        root = path.parent / name
        for file in sorted(root.rglob("*")) if root.is_dir() else ():
            below = file.relative_to(path.parent)
            if file.is_file() and not file.is_symlink() and not any(map(receive.is_ignored, below.parts)):
                yield file, mask(receive.readable("/".join(filter(None, (folder, below.as_posix())))))


def _left(members: list[Member]) -> list[str]:
    """What is said about the files of a zip that would not be taken."""
    left = [member for member in members if member.became == LEFT]
    said = [f"压缩包内没有采用：{member.path}，{member.reason}" for member in left[:NAMED_MEMBERS]]
    return said + ([f"压缩包内没有采用的文件共 {len(left)} 个"] if len(left) > NAMED_MEMBERS else [])
