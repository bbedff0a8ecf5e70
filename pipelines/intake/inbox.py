"""One run over the inbox: archive, judge, settle, record, answer, clear.

Everything is done so that a kill at any point leaves work which the next run finishes: originals are archived before
they are read, a submission record is written after all else of it, a drop is removed after its receipt.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, TimeoutError
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.durable import to_disk, write_durably
from pipelines.forms.personal import mask
from pipelines.intake import bundle, evidence, lists, receive, worker
from pipelines.intake.bundle import EVIDENCE, LEFT, WORKBOOK, Member
from pipelines.intake.filing import UNPLACED, Filing, Paper, recorded_originals
from pipelines.intake.guard import Guard, refusal_of
from pipelines.intake.history import History
from pipelines.intake.issues import Refusal
from pipelines.intake.judging import Judgement, Source, refused
from pipelines.intake.layout import read_aliases
from pipelines.intake.receipt import receipt_path, write_plain
from pipelines.intake.receive import Drop, Received
from pipelines.intake.records import (
    BUNDLE_SCHEMA,
    read_submission,
    read_submissions,
    record_path,
    remove_leftovers,
    write_findings,
    write_rows,
    write_submissions,
)
from pipelines.intake.service import NOT_REGULAR, Outcome, Progress
from pipelines.intake.settle import Settled
from pipelines.plans import Plan
from pipelines.second_process import cores
from pipelines.settings import Limits, Workspace

BATCH = 256
"""So many workbooks at most are judged in one frame: the cost of a frame is shared, and memory stays small."""
BATCH_BYTES = 8 * 1024**2
ARCHIVERS = 4
"""Threads that copy into the archive; they mostly wait for the disk."""
FAULT = Refusal(
    "internal_error", "程序在处理这份文件时出错，没有读取。", "文件已存档，请联系系统维护人员；不必反复报送同一文件。"
)
CLOCK_TOLERANCE = timedelta(hours=1)
"""A clock may be set back by so much."""
TOO_LONG = Refusal("zip_too_large", "解压用时过长，已停止。", "请分成几个压缩包，或直接报送工作簿。")
_log = logging.getLogger(__name__)

NAMED_MEMBERS = 200
"""So many files of a zip that is returned are named in its receipt."""
SETTLE_SECONDS = 600
RECEIPT_SECONDS = 60


@dataclass
class _Item:
    """One original: how it came, its drops in the inbox, and its judgement once there is one."""

    received: Received
    drops: list[Drop] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    """By which drop paths it came now, masked; those of its drops, and those in zips."""
    judgement: Judgement | None = None

    @property
    def submission_id(self) -> str:
        return self.received.submission_id

    def add(self, drop: Drop) -> None:
        self.drops.append(drop)
        self.paths.append(mask(drop.drop_path))


@dataclass
class _Bundle:
    """A zip of files and what became of each; ``papers``: those that are evidence."""

    item: _Item
    members: list[Member]
    papers: dict[str, Paper] = field(default_factory=dict)
    """By their path in the zip."""


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
        self.filing = Filing(ws, plans, now, scope, limits)
        self.steps = self.total = 0

    def outcomes(self) -> list[Outcome]:
        """Do it. One outcome per original, in the order in which they came."""
        for folder in (self.ws.archive, self.ws.records, self.ws.receipts):
            remove_leftovers(folder)
        aliases = read_aliases(self.ws.header_aliases, self.plans)
        drops = receive.settled(receive.find_drops(self.ws.inbox))
        found = [self._irregular(drop) for drop in drops if not drop.is_regular]
        books = self.filing.find(drop for drop in drops if drop.is_regular)
        items, bundles, opened_before = self._unpacked(self._archived(books))
        done = {item.submission_id for item in items if self._is_done(item.submission_id)}
        new = [item for item in items if item.submission_id not in done]
        known = [item for item in items if item.submission_id in done]
        unread = [item for item in new if item.judgement is None]
        self.total = len(unread) + len(new)
        if new:
            workers = min(cores(), 4, len(new))
            with Guard(
                workers, self.limits, "pipelines.intake.worker:prepare", (dict(self.plans), self.limits, aliases)
            ) as guard:
                self._judge(guard, unread)
                wanted = [item for item in new if self._keep(item)]
                self._place(wanted, known)
                self._settle(guard, wanted)
                found += self._filed()
                found += self._answer(guard, wanted)
        else:
            self._place([], known)
            found += self._filed()
        found += [self._again(item) for item in known if item.paths]
        found += [self._zip_again(item) for item in opened_before]
        found += [self._finished(bundle) for bundle in bundles]
        return sorted(filter(None, found), key=lambda o: (o.received_at, o.drop_path))

    # ── receiving ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _archived(self, drops: Sequence[Drop]) -> dict[str, _Item]:
        """Every original to look at: what lies in the inbox, and what an interrupted run had archived only."""
        items: dict[str, _Item] = {}
        if not all(map(receive.has_stated_time, drops)):
            self._mistrust_the_clock()
        with ThreadPoolExecutor(ARCHIVERS) as threads:
            for drop, received in zip(drops, threads.map(self._archive, drops), strict=True):
                if received:
                    items.setdefault(received.sha256, _Item(received)).add(drop)
        recorded = recorded_originals(self.ws)
        for note in sorted(self.ws.archive.glob("??/*.json")):
            home = note.with_suffix("")
            if home.name in items or receive.submission_id(home.name) in recorded or not receive.is_sound(home):
                continue
            if received := receive.read_received(home):
                if evidence.split(received.drop_path):
                    for path in (received.drop_path, *received.also):
                        self.filing.papers.append(Paper(path, received=received))
                else:
                    items[received.sha256] = _Item(received)
        return items

    def _mistrust_the_clock(self) -> None:
        """Take nothing in at a time before that of what was seen already: it would stand behind it for ever."""
        known = read_submissions(self.ws.records, ["received_at", "received_at_source", "file_name", "archive_path"])
        seen = [one for one in known if one["received_at_source"] == receive.FIRST_SEEN and one["archive_path"]]
        last = max(seen, key=lambda one: one["received_at"], default=None)
        if last and self.now < last["received_at"] - CLOCK_TOLERANCE:
            then = f"收到 {last['file_name']} 的时间 {last['received_at']:%Y-%m-%d %H:%M}"
            note = f"data/raw/archive/{last['archive_path']}.json"
            raise receive.ClockError(
                f"现在的时间 {self.now:%Y-%m-%d %H:%M} 早于{then}，收件箱里的文件都没有接收。"
                "请校正系统时钟后再运行；如果是当时的时钟走快了，"
                f"请改正 {note} 中的 received_at，再依次运行 actionplan doctor --repair 和 actionplan run。"
            )

    def _archive(self, drop: Drop) -> Received | None:
        return receive.archive(self.ws, drop, self.now)

    # ── zips ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _unpacked(self, items: dict[str, _Item]) -> tuple[list[_Item], list[_Bundle], list[_Item]]:
        """The workbooks, those in zips among them; the zips they were in; and zips that were taken in before."""
        before = [item for item in items.values() if self._is_taken_in(item)]
        for item in before:
            del items[item.received.sha256]
        zips = [
            i for i in items.values() if not self._is_recorded(i.submission_id) and bundle.may_be(self._original(i))
        ]
        bundles = []
        if zips:
            tasks = [
                (self._original(i), self.ws.archive, i.received, (i.paths or [i.received.drop_path])[0], self.limits)
                for i in zips
            ]
            with Guard(1, self.limits) as guard:
                unpacked = guard.each(bundle.unpack, tasks, seconds=self.limits.bundle_seconds)
                opened = [self._opened(item, members) for item, members in zip(zips, unpacked, strict=True)]
            bundles = [one for one in opened if one]
        for one in bundles:
            del items[one.item.received.sha256]
        for one in bundles:
            for member in one.members:
                if member.became == WORKBOOK and member.received and member.drop_path:
                    item = items.setdefault(member.received.sha256, _Item(member.received))
                    item.paths.append(member.drop_path)
                elif member.became == EVIDENCE:
                    one.papers[member.path] = self.filing.unpacked(member)
        return list(items.values()), bundles, before

    def _is_taken_in(self, item: _Item) -> bool:
        """Whether a zip was opened before; one whose evidence had no place then is opened anew when it comes again."""
        path = record_path(self.ws.records, "bundle", item.submission_id)
        if not path.exists():
            return False
        return not item.paths or UNPLACED not in pl.read_parquet(path)["reason"].to_list()

    def _zip_again(self, item: _Item) -> Outcome | None:
        """The same zip as before changes nothing."""
        if not item.paths:
            return None
        for drop in item.drops:
            receive.release(drop)
        target = lists.bundle_list(self.ws.receipts, item.received)
        return _of_zip(item.received, item.paths[0], target, "与以前收到的完全相同，未作改变", is_new=False)

    def _opened(self, item: _Item, members: list[Member] | Exception | None) -> _Bundle | None:
        """A zip whose files are taken in; one that is none, or in which there is nothing to take, stays an item."""
        if isinstance(members, Exception):
            if isinstance(members, OSError) and refusal_of(members) is None:  # a fault of our own disk
                raise members
            why = TOO_LONG if isinstance(members, TimeoutError) else self._reason(item, members)
            item.judgement = refused(self._source(item.received), why)
            return None
        if members is None:
            return None
        if any(member.became != LEFT for member in members):
            return _Bundle(item, members)
        item.judgement = refused(self._source(item.received), bundle.refusal(members))
        item.judgement.notes += [f"压缩包内：{member.path}，{member.reason}" for member in members[:NAMED_MEMBERS]]
        return None

    def _finished(self, one: _Bundle) -> Outcome | None:
        """Put a zip on record once all that it held is, and clear the inbox of it; before that it stays."""
        members = [self._became(one, member) for member in one.members]
        if None in members:
            self._leave(one)
            return None
        done = [member for member in members if member]
        received = one.item.received
        target = lists.bundle_list(self.ws.receipts, received)
        lists.write_bundle_list(target, received, done)
        named = {"bundle_id": received.submission_id, "file_name": received.file_name, "drop_path": received.drop_path}
        rows = [
            named
            | {"received_at": received.received_at, "path": m.path, "became": m.became, "reason": m.reason}
            | {"sha256": m.received.sha256 if m.received else None}
            for m in done
        ]
        is_new = not record_path(self.ws.records, "bundle", received.submission_id).exists()
        write_rows(self.ws.records, "bundle", received.submission_id, rows, BUNDLE_SCHEMA)
        for drop in one.item.drops:
            receive.release(drop)
        note = lists.said_of(done)
        return _of_zip(received, (one.item.paths or [received.drop_path])[0], target, note, is_new=is_new)

    def _leave(self, one: _Bundle) -> None:
        """Take what has no record yet out of the archive: the zip stays in the inbox until its other runs are done."""
        if not one.item.paths:
            return
        recorded = recorded_originals(self.ws)
        for received in (one.item.received, *(paper.received for paper in one.papers.values())):
            if received and received.submission_id not in recorded:
                (self.ws.archive / received.archive_path).unlink(missing_ok=True)

    def _became(self, one: _Bundle, member: Member) -> Member | None:
        """A file of a zip as it stands at the end; None while it belongs to a run of another plan or period."""
        if member.became == WORKBOOK and member.received:
            return member if self._is_recorded(member.received.submission_id) else None
        paper = one.papers.get(member.path)
        if paper and paper.is_unwanted:
            return None
        return replace(member, became=LEFT, reason=paper.problem) if paper and paper.problem else member

    # ── evidence ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _place(self, wanted: Sequence[_Item], known: Sequence[_Item]) -> None:
        """Find out whose the evidence is, from the workbooks it lies beside, and archive it."""
        for item in wanted:
            for path in item.paths:
                self.filing.neighbours.add(path, item.judgement.key if item.judgement else None)
        for item in known:
            submission = read_submission(self.ws.records, item.submission_id) or {}
            key = tuple(submission.get(name) for name in ("plan_id", "district_code", "period_id"))
            for path in item.paths:
                self.filing.neighbours.add(path, None if None in key else key)  # type: ignore[arg-type]
        self.filing.take_in()

    def _filed(self) -> Iterator[Outcome]:
        """Put evidence on record, and say how the list and the files of its places stand now."""
        for place, files in self.filing.record().items():
            standing = self.filing.files_for(place)
            assert standing
            target = lists.write_evidence_list(self.ws, place, standing, self.filing.name_of(place))
            note = f"{self.filing.name_of(place)}：{len(files)} 个"
            yield _evidence(place, files[0].drop_path, files[0].received_at, target, note)
        for reason, papers in self.filing.waiting().items():
            yield _evidence(None, papers[0].drop_path, self.now, None, f"{len(papers)} 个留在收件箱：{reason}")

    # ── what is done ──────────────────────────────────────────────────────────────────────────────────────────────

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
            ([(self._source(i.received), self._original(i)) for i in batch], self.ws.records, self._scope(batch[0]))
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
        for item in sorted(items, key=lambda item: not item.paths):  # those of one scope together
            with self._original(item).open("rb") as file:
                is_zip = file.read(2) == b"PK"
            if not is_zip or item.received.size_bytes > BATCH_BYTES:
                yield [item]
                continue
            is_full = len(batch) == most or size + item.received.size_bytes > BATCH_BYTES
            if batch and (is_full or self._scope(batch[0]) != self._scope(item)):
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

    def _scope(self, item: _Item) -> worker.Scope:
        """What this run takes of the inbox; of what had left the inbox before, and has no record, it takes all."""
        return self.scope if item.paths else (None, None)

    def _keep(self, item: _Item) -> bool:
        """Whether this run takes the item; one of another plan or period leaves the archive until its own run."""
        assert item.judgement is not None
        if worker.is_wanted(item.judgement, self._scope(item)):
            return True
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
                before=history.before(submission),
                replaced=history.replaced(submission),
                replaced_by=None if later is None or later.submission_id in judged else later,
                files=self.filing.files_for(item.judgement.key),
            )
            groups.setdefault(place, []).append(one)
        tasks = ((self.ws.records, groups.pop(place)) for place in list(groups))  # not to hold old and new at once
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
        to_disk()  # before anything leaves the inbox
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
            for path in item.paths[1:]:
                self._note_again(target, path)
            outcomes.append(_outcome(judgement.submission, item.paths, target, is_new=True))
            self._advance(item.received.file_name)
        return outcomes

    # ── what is no new workbook ───────────────────────────────────────────────────────────────────────────────────

    def _again(self, item: _Item) -> Outcome | None:
        """The same bytes as before change nothing; the receipt says when they came again."""
        submission = read_submission(self.ws.records, item.submission_id)
        assert submission is not None
        target = self._receipt(submission)
        for drop in item.drops:
            receive.release(drop)
        for path in item.paths:
            self._note_again(target, path)
        return _outcome(submission, item.paths, target, is_new=False)

    def _note_again(self, target: Path, drop_path: str) -> None:
        path = target.with_suffix(".json")
        content = json.loads(path.read_text(encoding="utf-8"))
        content["received_again"] = [
            *content.get("received_again", ()),
            {
                "at": self.now.isoformat(timespec="seconds"),
                "drop_path": drop_path,
                "note": f"与{content['received_at']}收到的文件完全相同，没有任何改变。"
                "如需作为新的一版报送，请更改填报日期后重新保存。",
            },
        ]
        write_durably(path, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())

    def _irregular(self, drop: Drop) -> Outcome | None:
        """A folder, link or pipe: recorded as returned once, and left where it is."""
        submission_id = receive.irregular_id(drop)
        if self._is_done(submission_id):
            return None
        source = Source(submission_id, None, 0, mask(drop.name), mask(drop.drop_path), self.now, receive.FIRST_SEEN)
        judgement = refused(source, NOT_REGULAR)
        write_findings(self.ws.records, judgement.submission, judgement.issues, ())
        write_submissions(self.ws.records, [judgement.submission])
        target = self._receipt(judgement.submission)
        write_plain(judgement, target, self.plans)
        return _outcome(judgement.submission, [mask(drop.drop_path)], target, is_new=True)

    def _advance(self, name: str) -> None:
        self.steps += 1
        if self.on_progress:
            self.on_progress(self.steps, self.total, name)


def _outcome(submission: Mapping[str, Any], paths: Sequence[str], receipt: Path, *, is_new: bool) -> Outcome:
    return Outcome(
        submission["submission_id"],
        paths[0] if paths else submission["drop_path"],
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


def _of_zip(received: Received, path: str, target: Path, note: str, *, is_new: bool) -> Outcome:
    """What became of a zip."""
    nothing = (None, None, None)
    when = received.received_at
    who = received.submission_id, path, received.file_name, "taken_in"
    return Outcome(*who, *nothing, when, 0, 0, 0, is_new, target, "bundle", note)


def _evidence(place: evidence.Place | None, path: str, when: datetime, target: Path | None, note: str) -> Outcome:
    """What became of the evidence of one place, or of what has none."""
    plan, district, period = place or (None, None, None)
    status = "taken_in" if place else "waiting"
    return Outcome(
        "", path, "佐证材料", status, plan, district, period, when, 0, 0, 0, bool(place), target, "evidence", note
    )
