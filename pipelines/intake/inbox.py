"""One run over the inbox: archive, judge, settle, record, answer, clear.

Everything is done so that a kill at any point leaves work which the next run finishes: originals are archived before
they are read, a submission record is written after all else of it, a drop is removed after its receipt.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipelines.forms.personal import mask
from pipelines.intake import receive, worker
from pipelines.intake.guard import Guard, cores, refusal_of
from pipelines.intake.history import History
from pipelines.intake.issues import Refusal
from pipelines.intake.judging import Judgement, Source, refused
from pipelines.intake.receipt import receipt_path, write_plain
from pipelines.intake.receive import Drop, Received
from pipelines.intake.records import read_submission, record_path, remove_leftovers, write_findings, write_submissions
from pipelines.intake.service import NOT_REGULAR, Outcome, Progress
from pipelines.intake.settle import Settled
from pipelines.plans import Plan
from pipelines.settings import Limits, Workspace

BATCH = 128
"""So many workbooks at most are judged in one frame: the cost of a frame is shared, and memory stays small."""
BATCH_BYTES = 8 * 1024**2
ARCHIVERS = 4
"""Threads that copy into the archive; they mostly wait for the disk."""
FAULT = Refusal(
    "internal_error", "程序在处理这份文件时出错，没有读取。", "文件已存档，请联系系统维护人员；不必反复报送同一文件。"
)
_log = logging.getLogger(__name__)

SETTLE_SECONDS = 600
RECEIPT_SECONDS = 60


@dataclass
class _Item:
    """One original: how it came, its drops in the inbox, and its judgement once there is one."""

    received: Received
    drops: list[Drop] = field(default_factory=list)
    judgement: Judgement | None = None

    @property
    def submission_id(self) -> str:
        return self.received.submission_id


class Run:
    """One call of ``process_inbox``."""

    def __init__(
        self,
        ws: Workspace,
        plans: Mapping[str, Plan],
        now: datetime,
        scope: worker.Scope,
        on_progress: Progress | None,
        limits: Limits,
    ) -> None:
        self.ws, self.plans, self.now, self.scope, self.limits = ws, plans, now, scope, limits
        self.on_progress = on_progress
        self.steps = self.total = 0

    def outcomes(self) -> list[Outcome]:
        """Do it. One outcome per original, in the order in which they came."""
        for folder in (self.ws.archive, self.ws.records, self.ws.receipts):
            remove_leftovers(folder)
        drops = receive.settled(receive.find_drops(self.ws.inbox))
        found = [self._irregular(drop) for drop in drops if not drop.is_regular]
        items = self._archived([drop for drop in drops if drop.is_regular])
        done = {item.submission_id for item in items if self._is_done(item.submission_id)}
        new = [item for item in items if item.submission_id not in done]
        known = [item for item in items if item.submission_id in done]
        self.total = 2 * len(new)
        if new:
            workers = min(cores(), 4, len(new))
            with Guard(
                workers, self.limits, "pipelines.intake.worker:prepare", (dict(self.plans), self.limits)
            ) as guard:
                self._judge(guard, new)
                wanted = [item for item in new if self._keep(item)]
                self._settle(guard, wanted)
                found += self._answer(guard, wanted)
        found += [self._again(item) for item in known if item.drops]
        return sorted(filter(None, found), key=lambda o: (o.received_at, o.drop_path))

    # ── receiving ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _archived(self, drops: Sequence[Drop]) -> list[_Item]:
        """Every original to look at: what lies in the inbox, and what an interrupted run had archived only."""
        items: dict[str, _Item] = {}
        with ThreadPoolExecutor(ARCHIVERS) as threads:
            for drop, received in zip(drops, threads.map(self._archive, drops), strict=True):
                if received:
                    items.setdefault(received.sha256, _Item(received)).drops.append(drop)
        for note in sorted(self.ws.archive.glob("??/*.json")):
            home = note.with_suffix("")
            if home.name in items or not home.exists() or self._is_recorded(receive.submission_id(home.name)):
                continue
            if received := receive.read_received(home):
                items[received.sha256] = _Item(received)
        return list(items.values())

    def _archive(self, drop: Drop) -> Received | None:
        return receive.archive(self.ws, drop, self.now)

    def _is_recorded(self, submission_id: str) -> bool:
        return record_path(self.ws.records, "submission", submission_id).exists()

    def _is_done(self, submission_id: str) -> bool:
        """Recorded and answered."""
        submission = read_submission(self.ws.records, submission_id) if self._is_recorded(submission_id) else None
        return submission is not None and self._receipt(submission).with_suffix(".json").exists()

    def _receipt(self, submission: Mapping[str, Any]) -> Path:
        return receipt_path(self.ws.receipts, submission)

    # ── judging ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _judge(self, guard: Guard, items: Sequence[_Item]) -> None:
        """Judge all items, in batches; where a batch fails, each of its files is tried alone."""
        suspects: list[_Item] = []
        for batch, judgements in self._judged(guard, list(self._batches(items, guard.workers))):
            if isinstance(judgements, Exception):
                suspects += batch
            else:
                self._take(batch, judgements)
        for [item], judgements in self._judged(guard, [[item] for item in suspects]):
            if isinstance(judgements, Exception):
                judgements = [refused(self._source(item.received), self._reason(item, judgements))]
            self._take([item], judgements)

    def _judged(
        self, guard: Guard, batches: Sequence[list[_Item]]
    ) -> Iterator[tuple[list[_Item], list[Judgement] | Exception]]:
        """What becomes of batches; faults of our own disk are raised."""
        work = [
            ([(self._source(i.received), self._original(i)) for i in batch], self.ws.records, self.scope)
            for batch in batches
        ]
        seconds = self.limits.read_seconds + max(map(len, batches), default=0)
        for batch, result in zip(batches, guard.each(worker.read_and_judge, work, seconds=seconds), strict=True):
            if isinstance(result, OSError) and refusal_of(result) is None:  # a fault of our own disk
                raise result
            yield batch, result

    def _take(self, batch: Sequence[_Item], judgements: Sequence[Judgement]) -> None:
        for item, judgement in zip(batch, judgements, strict=True):
            item.judgement = judgement
            self._advance(item.received.file_name)

    def _reason(self, item: _Item, error: Exception) -> Refusal:
        """Why a file could not be judged. A fault of this program must not keep the others from being taken in."""
        if refusal := refusal_of(error):
            return refusal
        _log.error("%s could not be judged", item.submission_id, exc_info=error)
        return FAULT

    def _original(self, item: _Item) -> Path:
        return self.ws.archive / item.received.archive_path

    def _batches(self, items: Sequence[_Item], workers: int) -> Iterator[list[_Item]]:
        """Zip files of ordinary size together, so that they share frames; all others alone, since they may kill."""
        most = max(1, min(BATCH, -(-len(items) // workers)))
        batch: list[_Item] = []
        size = 0
        for item in items:
            with self._original(item).open("rb") as file:
                is_zip = file.read(2) == b"PK"
            if not is_zip or item.received.size_bytes > BATCH_BYTES:
                yield [item]
                continue
            if batch and (len(batch) == most or size + item.received.size_bytes > BATCH_BYTES):
                yield batch
                batch, size = [], 0
            batch.append(item)
            size += item.received.size_bytes
        if batch:
            yield batch

    def _source(self, received: Received) -> Source:
        return Source(
            received.submission_id,
            received.sha256,
            received.size_bytes,
            received.file_name,
            received.drop_path,
            received.received_at,
            received.received_at_source,
            received.archive_path,
        )

    def _keep(self, item: _Item) -> bool:
        """Whether this run takes the item; one of another plan or period leaves the archive until its own run."""
        assert item.judgement is not None
        if worker.is_wanted(item.judgement, self.scope):
            return True
        if item.drops:
            self._original(item).unlink(missing_ok=True)
        return False

    # ── settling and answering ────────────────────────────────────────────────────────────────────────────────────

    def _settle(self, guard: Guard, items: Sequence[_Item]) -> None:
        """Compare each workbook with what was known when it came; districts side by side, each in its own order."""
        history = History(self.ws.records, self.plans)
        judged = {item.submission_id: item for item in items}
        for item in items:
            assert item.judgement is not None
            history.discard(item.submission_id)
            history.add(item.judgement.submission)
        groups: dict[Any, list[Settled]] = {}
        for item in sorted(judged.values(), key=lambda item: self._order(history, item)):
            assert item.judgement is not None
            place = item.judgement.key[:2] if item.judgement.key else item.submission_id
            submission = item.judgement.submission
            later = history.replaced_by(submission)
            one = Settled(
                item.judgement,
                history.earlier(submission),
                replaced=history.replaced(submission),
                replaced_by=None if later is None or later.submission_id in judged else later,
            )
            groups.setdefault(place, []).append(one)
        tasks = [(self.ws.records, group) for group in groups.values()]
        for settled in guard.each(worker.settle, tasks, seconds=SETTLE_SECONDS):
            if isinstance(settled, Exception):
                raise settled
            for judgement in settled:
                judged[judgement.submission["submission_id"]].judgement = judgement

    def _order(self, history: History, item: _Item) -> tuple[datetime, date, str]:
        assert item.judgement is not None
        submission = item.judgement.submission
        return history.order(submission) or (submission["received_at"], date.max, submission["file_name"])

    def _answer(self, guard: Guard, items: Sequence[_Item]) -> list[Outcome]:
        """Write the receipts and clear the inbox of what is answered."""
        answered = [(item, judgement) for item in items if (judgement := item.judgement)]
        tasks = [(judgement, self._original(item), self._receipt(judgement.submission)) for item, judgement in answered]
        outcomes = []
        written = guard.each(worker.answer, tasks, seconds=RECEIPT_SECONDS)
        for (item, judgement), (_, _, target), result in zip(answered, tasks, written, strict=True):
            if isinstance(result, OSError) and refusal_of(result) is None:  # a fault of our own disk
                raise result
            if isinstance(result, Exception):  # the original is too odd to be annotated
                _log.warning("%s: receipt without the district's sheets", item.submission_id, exc_info=result)
                write_plain(judgement, target, self.plans)
            for drop in item.drops:
                receive.release(drop)
            for drop in item.drops[1:]:
                self._note_again(target, drop)
            outcomes.append(_outcome(judgement.submission, item.drops, target, is_new=True))
            self._advance(item.received.file_name)
        return outcomes

    # ── what is no new workbook ───────────────────────────────────────────────────────────────────────────────────

    def _again(self, item: _Item) -> Outcome | None:
        """The same bytes as before change nothing; the receipt says when they came again."""
        submission = read_submission(self.ws.records, item.submission_id)
        assert submission is not None
        target = self._receipt(submission)
        for drop in item.drops:
            if receive.release(drop):
                self._note_again(target, drop)
        return _outcome(submission, item.drops, target, is_new=False)

    def _note_again(self, target: Path, drop: Drop) -> None:
        path = target.with_suffix(".json")
        content = json.loads(path.read_text(encoding="utf-8"))
        content["received_again"] = [
            *content.get("received_again", ()),
            {
                "at": self.now.isoformat(timespec="seconds"),
                "drop_path": mask(drop.drop_path),
                "note": f"与{content['received_at']}收到的文件完全相同，没有任何改变。"
                "如需作为新的一版报送，请更改填报日期后重新保存。",
            },
        ]
        receive.write_durably(path, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())

    def _irregular(self, drop: Drop) -> Outcome | None:
        """A folder, link or pipe: recorded as returned once, and left where it is."""
        submission_id = receive.irregular_id(drop)
        if self._is_done(submission_id):
            return None
        source = Source(
            submission_id, None, 0, mask(drop.path.name), mask(drop.drop_path), self.now, receive.FIRST_SEEN
        )
        judgement = refused(source, NOT_REGULAR)
        write_findings(self.ws.records, judgement.submission, judgement.issues, ())
        write_submissions(self.ws.records, [judgement.submission])
        target = self._receipt(judgement.submission)
        write_plain(judgement, target, self.plans)
        return _outcome(judgement.submission, [drop], target, is_new=True)

    def _advance(self, name: str) -> None:
        self.steps += 1
        if self.on_progress:
            self.on_progress(self.steps, self.total, name)


def _outcome(submission: Mapping[str, Any], drops: Sequence[Drop], receipt: Path, *, is_new: bool) -> Outcome:
    return Outcome(
        submission["submission_id"],
        mask(drops[0].drop_path) if drops else submission["drop_path"],
        submission["file_name"],
        submission["status"],
        submission["plan_id"],
        submission["district_code"],
        submission["period_id"],
        submission["received_at"],
        submission["row_count"],
        submission["error_count"],
        submission["warning_count"],
        is_new,
        receipt,
    )
