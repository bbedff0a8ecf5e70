"""回执: the district's own workbook with every problem in its cell, a list of them in front, and the same as JSON.

Sending the corrected receipt back is a valid submission: its first two sheets are no forms, and what the district wrote
into 说明 is kept with the finding.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from pipelines.forms.personal import find as find_personal
from pipelines.forms.personal import mask
from pipelines.intake.annotate import CannotAnnotate, Notes, OwnSheet, annotate
from pipelines.intake.issues import SEVERITY_NAMES, SEVERITY_ORDER, Issue, column_index
from pipelines.intake.judging import Judgement
from pipelines.intake.reader import RawWorkbook, read_workbook
from pipelines.intake.receive import write_durably
from pipelines.plans import Plan

UNIDENTIFIED = "未识别"
"""Folder of the receipts of workbooks that belong to nobody."""
MOST_LISTED = 5_000
"""So many findings are listed one by one; the JSON has them all."""
VERDICTS = {
    "accepted": "通过。没有发现问题。",
    "accepted_with_issues": "通过，但有问题。标为“错误”的值没有采用(按空值处理)，请改正后重新报送；"
    "标为“提示”的值已采用，请核对，确实无误的可在“说明”栏写明原因。",
    "returned": "退回。本次报送没有被采用，以前通过的仍然有效。请按下表改正后重新报送。",
}
HEADERS = ("序号", "级别", "工作表", "单元格", "小区/对象", "问题", "原填内容", "如何修改", "说明", "规则")
WIDTHS = (6, 7, 16, 9, 20, 46, 18, 42, 26, 20)


def receipt_path(receipts: Path, submission: Mapping[str, Any]) -> Path:
    """Where the receipt of a submission is: ``<plan>/<period>/<district>/…xlsx``, with the JSON beside it."""
    key = [submission[name] for name in ("plan_id", "period_id", "district_code")]
    folder = receipts.joinpath(*key) if None not in key else receipts / UNIDENTIFIED
    stem = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", Path(submission["file_name"]).stem)[:60].strip(". ") or "报表"
    return folder / f"{stem}-回执-{submission['submission_id'][:8]}.xlsx"


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
    text = json.dumps(as_json(judgement, plans), ensure_ascii=False, indent=1, default=str)
    write_durably(target.with_suffix(".json"), (text + "\n").encode())


def as_json(judgement: Judgement, plans: Mapping[str, Plan]) -> dict[str, Any]:
    """The receipt as data: whose, verdict, counts, findings, what was recognised."""
    submission = {
        name: value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
        for name, value in judgement.submission.items()
    }
    return {
        **submission,
        "whose": _whose(judgement, plans),
        "verdict": VERDICTS[judgement.status],
        "notes": judgement.notes,
        "issues": [asdict(issue) for issue in judgement.issues],
        "totals": [asdict(total) for total in judgement.totals],
        "recognised": judgement.recognised,
    }


# ── our sheets ────────────────────────────────────────────────────────────────────────────────────────────────────


def _whose(judgement: Judgement, plans: Mapping[str, Plan]) -> str:
    """Plan, district and period by name."""
    if judgement.key is None or judgement.key[0] not in plans:
        return "未能识别"
    plan = plans[judgement.key[0]]
    district = next((d.name.zh for d in plan.districts if d.code == judgement.key[1]), judgement.key[1])
    period = next((p.name.zh for p in plan.periods if p.id == judgement.key[2]), judgement.key[2])
    return f"{plan.name.zh} · {district} · {period}"


def _own_sheets(judgement: Judgement, plans: Mapping[str, Plan]) -> list[OwnSheet]:
    return [_problem_sheet(judgement, plans), _recognised_sheet(judgement)]


def _problem_sheet(judgement: Judgement, plans: Mapping[str, Plan]) -> OwnSheet:
    submission = judgement.submission
    sheet = OwnSheet("问题清单", WIDTHS)
    counts = "、".join(
        f"{SEVERITY_NAMES[severity]} {submission[f'{severity}_count']} 处" for severity in SEVERITY_ORDER
    )
    top = [
        ("报表回执", "title"),
        (_whose(judgement, plans), "text"),
        (f"文件：{submission['file_name']}    收到时间：{submission['received_at']:%Y-%m-%d %H:%M:%S}", "text"),
        (f"结论：{VERDICTS[judgement.status]}", "text"),
        (f"采用 {submission['row_count']} 行，其中小区 {submission['community_count']} 个；{counts}。", "text"),
        *((note, "text") for note in judgement.notes),
    ]
    if len(judgement.issues) > MOST_LISTED:
        top.append((f"问题较多，以下列出前 {MOST_LISTED} 处。", "text"))
    sheet.rows = [[(text, look)] for text, look in top]
    sheet.merges = [f"A{row}:J{row}" for row in range(1, len(top) + 1)]
    sheet.rows.append([])
    sheet.rows.append([(header, "head") for header in HEADERS])
    sheet.frozen_row = len(sheet.rows)
    for number, issue in enumerate(judgement.issues[:MOST_LISTED], start=1):
        row = len(sheet.rows) + 1
        if issue.sheet and issue.cell:
            quoted = issue.sheet.replace("'", "''")
            sheet.links[f"D{row}"] = f"'{quoted}'!{issue.cell}"
        sheet.rows.append(
            [
                (number, "body"),
                (SEVERITY_NAMES[issue.severity], issue.severity),
                (issue.sheet, "body"),
                (issue.cell, "link" if issue.cell else "body"),
                (issue.entity, "body"),
                (issue.message, "body"),
                (issue.raw, "body"),
                (issue.remedy, "body"),
                (issue.answer, "answer"),
                (issue.rule_id, "body"),
            ]
        )
    return sheet


def _recognised_sheet(judgement: Judgement) -> OwnSheet:
    """Which row was taken for the header and which column became which field."""
    sheet = OwnSheet("识别结果", (18, 8, 34, 34, 12, 30))
    sheet.rows = [[("识别结果：每张表的表头和各列是怎样理解的", "title")]]
    sheet.merges = ["A1:F1"]
    for table in judgement.recognised:
        rows = "、".join(map(str, table["header_rows"]))
        sheet.rows.append([])
        sheet.rows.append(
            [
                (
                    f"工作表「{table['sheet']}」→ {table['title']}；表头第 {rows} 行；"
                    f"数据 {table['data_rows']} 行"
                    + (f";合计行 {len(table['total_rows'])} 行(不计入)" if table["total_rows"] else ""),
                    "text",
                )
            ]
        )
        sheet.merges.append(f"A{len(sheet.rows)}:F{len(sheet.rows)}")
        sheet.rows.append([(text, "head") for text in ("工作表", "列", "表头", "识别为", "单位", "备注")])
        for column in table["columns"]:
            remark = "个人信息，不入库" if column["personal"] else "" if column["field"] else "未采用"
            values = (
                table["sheet"],
                column["letter"],
                column["header"],
                column["meaning"],
                column["unit"],
                remark,
            )
            sheet.rows.append([(value, "body") for value in values])
        for number, why in table["skipped_rows"]:
            sheet.rows.append([(f"第 {number} 行", "body"), ("", "body"), (why, "body"), ("不作为数据", "body")])
    return sheet


# ── the district's workbook ───────────────────────────────────────────────────────────────────────────────────────


def is_personal(text: str) -> bool:
    """Whether a text holds personal data by pattern."""
    return bool(find_personal(text))


def _annotated(judgement: Judgement, data: bytes, sheets: Sequence[OwnSheet]) -> bytes:
    """The original with notes; where it is no xlsx, or an odd one, a workbook of the same content with notes."""
    notes, names = _notes(judgement), judgement.shown
    if judgement.kind == "xlsx" and not any(map(is_personal, names)):
        try:
            return _checked(annotate(data, names, notes, sheets, is_personal), len(names) + len(sheets))
        except CannotAnnotate:
            pass
    safe = _safe_names(names)
    notes = {chosen: notes[mask(name)] for name, chosen in safe.items() if mask(name) in notes}
    return annotate(_rebuilt(read_workbook(data), safe), list(safe.values()), notes, sheets, is_personal)


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
        text = "\n".join(
            f"【{SEVERITY_NAMES[i.severity]} {i.rule_id}】{i.message}。修改办法：{i.remedy}" for i in issues
        )
        notes.setdefault(sheet, Notes()).problems[cell] = issues[0].severity, text
    for sheet, cells in judgement.personal.items():
        notes.setdefault(sheet, Notes()).masked |= set(cells)
    for table in judgement.recognised:
        for column in table["columns"]:
            if column["personal"]:
                place = column_index(column["letter"]), table["header_rows"][-1]
                notes.setdefault(table["sheet"], Notes()).masked_columns.append(place)
    return notes


def _alone(sheets: Sequence[OwnSheet]) -> bytes:
    """Our sheets without any of the district's."""
    for sheet in sheets:
        sheet.links.clear()
    return annotate(_rebuilt(RawWorkbook("csv", []), {}), [], {}, sheets, is_personal)


def _rebuilt(raw: RawWorkbook, names: Mapping[str, str]) -> bytes:
    """A plain xlsx with the cells and merged ranges of the visible sheets."""
    import xlsxwriter

    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
    with xlsxwriter.Workbook(content, options) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for sheet in raw.visible:
            if sheet.name not in names:
                continue
            written = book.add_worksheet(names[sheet.name])
            for row, line in enumerate(sheet.cells):
                for column, cell in enumerate(line):
                    if isinstance(cell, str):
                        if cell:
                            written.write_string(row, column, cell[:32_000])
                    elif isinstance(cell, bool):
                        written.write_boolean(row, column, cell)
                    elif isinstance(cell, int | float):
                        written.write_number(row, column, cell)
                    elif isinstance(cell, datetime):
                        written.write_datetime(row, column, cell, moment if cell.time() != time() else day)
                    elif isinstance(cell, date | time | timedelta):
                        written.write_datetime(row, column, cell, day)
            for top, left, bottom, right in sheet.merged:
                if (top, left) != (bottom, right):
                    written.merge_range(top, left, bottom, right, "")
                    _rewrite(written, top, left, sheet.cells)
        if not book.worksheets():
            book.add_worksheet("空")
    return content.getvalue()


def _rewrite(written: Any, row: int, column: int, cells: Sequence[Sequence[object]]) -> None:
    """Merging overwrites the first cell: put its text back."""
    value = cells[row][column] if row < len(cells) and column < len(cells[row]) else ""
    if isinstance(value, str) and value:
        written.write_string(row, column, value[:32_000])
    elif isinstance(value, int | float):
        written.write_number(row, column, float(value))


__all__ = ["VERDICTS", "as_json", "is_personal", "receipt_path", "write_plain", "write_receipt"]
