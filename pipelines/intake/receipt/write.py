"""Puts a receipt together: our sheets in front, the district's own behind them, and the JSON beside."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from pipelines.durable import write_durably
from pipelines.forms.personal import find as find_personal
from pipelines.forms.personal import mask
from pipelines.intake.issues import SEVERITY_NAMES, Issue, column_index
from pipelines.intake.judging import Judgement
from pipelines.intake.reader import RawWorkbook, read_workbook
from pipelines.intake.receipt.annotate import CannotAnnotate, Notes, annotate
from pipelines.intake.receipt.changes import changes_sheet
from pipelines.intake.receipt.figures import placeholder
from pipelines.intake.receipt.findings import rule_title
from pipelines.intake.receipt.ownsheet import ASIDE, OwnSheet
from pipelines.intake.receipt.problems import MOST_LISTED, problem_sheet
from pipelines.intake.receipt.rebuilt import rebuilt
from pipelines.intake.receipt.recognition import recognition_sheet
from pipelines.intake.receipt.words import plan_and_period, whose, words
from pipelines.plans import Plan

UNIDENTIFIED = "未识别"
"""Folder of the receipts of workbooks that belong to nobody."""
JSON_VERSION = 1
"""Of the receipt as JSON: a key may be added, none changes its meaning without a new number."""
VERDICTS = {"accepted": "通过", "accepted_with_issues": "通过，但有问题", "returned": "退回"}
_TO_THE_END = 1 << 30


def receipt_path(receipts: Path, submission: Mapping[str, Any]) -> Path:
    """Where the receipt of a submission is: ``<plan>/<period>/<district>/…xlsx``, with the JSON beside it."""
    key = [submission[name] for name in ("plan_id", "period_id", "district_code")]
    folder = receipts.joinpath(*key) if None not in key else receipts / UNIDENTIFIED
    return folder / file_name(submission)


def file_name(submission: Mapping[str, Any]) -> str:
    """``五原县台账-回执-1a2b3c4d.xlsx``: the original's name and the beginning of its id."""
    stem = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", Path(submission["file_name"]).stem)[:60].strip(". ") or "报表"
    return f"{stem}-回执-{submission['submission_id'][:8]}.xlsx"


def write_receipt(judgement: Judgement, original: Path | None, target: Path, plans: Mapping[str, Plan]) -> Path:
    """Write workbook and JSON. The original is annotated where it can be, else a workbook of the same content."""
    sheets = _own_sheets(judgement, plans)
    content = _annotated(judgement, original.read_bytes(), sheets) if original and judgement.kind else _alone(sheets)
    _write(judgement, target, content, plans)
    return target


def write_plain(judgement: Judgement, target: Path, plans: Mapping[str, Plan]) -> Path:
    """A receipt without the district's sheets: for what could not be read."""
    _write(judgement, target, _alone(_own_sheets(judgement, plans)), plans)
    return target


def _write(judgement: Judgement, target: Path, content: bytes, plans: Mapping[str, Plan]) -> None:
    """The workbook first: the JSON says that the receipt is there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    write_durably(target, content)
    write_json(target.with_suffix(".json"), as_json(judgement, plans))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write the JSON of a receipt."""
    write_durably(path, (json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n").encode())


def as_json(judgement: Judgement, plans: Mapping[str, Plan]) -> dict[str, Any]:
    """The receipt as data: whose, verdict, counts, findings, what was recognised. See docs/receipt-json.md."""
    submission = {
        name: value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
        for name, value in judgement.submission.items()
        if name != "layout"  # said by "recognised", and better
    }
    names = whose(judgement, plans)
    return {
        "receipt_version": JSON_VERSION,
        **submission,
        "whose": " · ".join(names) if names else "未能识别",
        "verdict": VERDICTS[judgement.status],
        "words": asdict(words(judgement, plans)),
        "notes": judgement.notes,
        "issues": [asdict(issue) | {"rule_title": rule_title(issue.rule_id)} for issue in judgement.issues],
        "mended": asdict(judgement.mended) if judgement.mended else None,
        "changes": _changes(judgement),
        "totals": [asdict(total) for total in judgement.totals],
        "recognised": judgement.recognised,
        "figures": None,
    }


def _changes(judgement: Judgement) -> dict[str, Any] | None:
    changes = judgement.changes
    if changes is None:
        return None
    rows = [asdict(change) | {"header": change.header} for change in changes.rows]
    return {
        "supersedes": changes.supersedes,
        "received_at": changes.received_at.isoformat(timespec="seconds"),
        "file_name": changes.file_name,
        "summary": changes.headline,
        "rows": rows,
    }


# ── our sheets ────────────────────────────────────────────────────────────────────────────────────────────────────


def _own_sheets(judgement: Judgement, plans: Mapping[str, Plan]) -> list[OwnSheet]:
    """In the order in which they stand in front of the district's own; only those that have something to say."""
    names = whose(judgement, plans)
    footer = "　".join(names[1:]) if names else ""
    sheets = [problem_sheet(judgement, plans)]
    if judgement.recognised:
        sheets.append(recognition_sheet(judgement, footer))
    plan, period = plan_and_period(judgement, plans)
    if plan and period and judgement.key and judgement.status != "returned":
        sheets.append(placeholder(plan, judgement.key[1], period, footer))
    if judgement.changes:
        sheets.append(changes_sheet(judgement.changes, footer))
    return sheets


# ── the district's workbook ───────────────────────────────────────────────────────────────────────────────────────


def is_personal(text: str) -> bool:
    """Whether a text holds personal data by pattern."""
    return bool(find_personal(text))


def _annotated(judgement: Judgement, data: bytes, sheets: Sequence[OwnSheet]) -> bytes:
    """The original with notes; where it is no xlsx, or an odd one, a workbook of the same content with notes."""
    notes, names = _notes(judgement), judgement.shown
    if judgement.kind == "xlsx" and _are_allowed(names) and not any(map(is_personal, names)):
        try:
            return _checked(annotate(data, names, notes, _apart(sheets, names), is_personal), len(names) + len(sheets))
        except CannotAnnotate:
            pass
    safe = _safe_names(names)
    notes = {chosen: notes[mask(name)] for name, chosen in safe.items() if mask(name) in notes}
    _relink(sheets, {mask(name): chosen for name, chosen in safe.items()})
    raw = read_workbook(data)
    content = rebuilt(raw, safe, judgement.recognised)
    return annotate(content, list(safe.values()), notes, _apart(sheets, list(safe.values())), is_personal)


def _apart(sheets: Sequence[OwnSheet], names: Sequence[str]) -> Sequence[OwnSheet]:
    """Our sheets under names that the district's do not have."""
    taken = {name.lower() for name in names}
    for sheet in sheets:
        if sheet.name.lower() in taken:
            sheet.name += ASIDE
    return sheets


def _relink(sheets: Sequence[OwnSheet], names: Mapping[str, str]) -> None:
    """Let the links lead to the sheets under the names they now have."""
    for sheet in sheets:
        for cell, target in list(sheet.links.items()):
            name, _, place = target.rpartition("!")
            chosen = names.get(name.strip("'").replace("''", "'"))
            if chosen is None:
                del sheet.links[cell]
            else:
                quoted = chosen.replace("'", "''")
                sheet.links[cell] = f"'{quoted}'!{place}"


def _are_allowed(names: Sequence[str]) -> bool:
    """Whether Excel opens a workbook with sheets of these names; other programs write what it refuses."""
    odd = re.compile(r"[\[\]:*?/\\]|^'|'$")
    return all(0 < len(name) <= 31 and not odd.search(name) for name in names)


def _safe_names(names: Sequence[str]) -> dict[str, str]:
    """Sheet names without personal data that Excel accepts, each once."""
    safe: dict[str, str] = {}
    for name in names:
        base = re.sub(r"[\[\]:*?/\\']", "_", mask(name)).strip()[:28] or "表"
        number = 1
        while (chosen := base if number == 1 else f"{base}{number}").lower() in {
            used.lower() for used in safe.values()
        }:
            number += 1
        safe[name] = chosen
    return safe


def _checked(content: bytes, sheets: int) -> bytes:
    """What was written must be readable again, with all its sheets."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for name in book.sheet_names:
            book.get_sheet_by_name(name)
    except (CalamineError, ValueError, OSError) as error:
        raise CannotAnnotate(str(error)) from None
    if len(book.sheet_names) != sheets:
        raise CannotAnnotate("a sheet is lost")
    return content


def _notes(judgement: Judgement) -> dict[str, Notes]:
    """What to do to each sheet: colours and comments by cell, and where personal data stands."""
    notes: dict[str, Notes] = {}
    by_cell: dict[tuple[str, str], list[Issue]] = {}
    for issue in judgement.issues[:MOST_LISTED]:
        if issue.sheet and issue.cell:
            by_cell.setdefault((issue.sheet, issue.cell), []).append(issue)
    for (sheet, cell), issues in by_cell.items():
        text = "\n".join(_note(issue) for issue in issues)
        notes.setdefault(sheet, Notes()).problems[cell] = issues[0].severity, text
    for sheet, cells in judgement.personal.items():
        notes.setdefault(sheet, Notes()).masked |= set(cells)
    for table in judgement.recognised:
        last = _last_row(table, judgement.recognised)
        for column in table["columns"]:
            if column["personal"]:
                place = column_index(column["letter"]), table["header_rows"][-1], last
                notes.setdefault(table["sheet"], Notes()).masked_areas.append(place)
    return notes


def _note(issue: Issue) -> str:
    """A finding as the note on its cell says it."""
    text = f"【{SEVERITY_NAMES[issue.severity]} {rule_title(issue.rule_id)}】\n{issue.message.rstrip('。')}。"
    if issue.remedy:
        text += f"\n修改办法：{issue.remedy.rstrip('。')}。"
    return text + (f"\n已有说明：{issue.answer}" if issue.answer else "")


def _last_row(table: Mapping[str, Any], tables: Sequence[Mapping[str, Any]]) -> int:
    """The last row (0-based) that may belong to a table: down to the next header below it."""
    below = [
        other["header_rows"][0] - 2
        for other in tables
        if other["sheet"] == table["sheet"]
        and other["header_rows"][0] > table["header_rows"][-1]
        and _columns(other) & _columns(table)
    ]
    return min(below, default=_TO_THE_END)


def _columns(table: Mapping[str, Any]) -> set[str]:
    return {column["letter"] for column in table["columns"]}


def _alone(sheets: Sequence[OwnSheet]) -> bytes:
    """Our sheets without any of the district's."""
    for sheet in sheets:
        sheet.links.clear()
    return annotate(rebuilt(RawWorkbook("csv", []), {}), [], {}, sheets, is_personal)
