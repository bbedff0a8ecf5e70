"""Short lists for people: a workbook of one sheet, and the same as JSON. For what came beside the workbooks."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.durable import write_durably
from pipelines.forms.personal import mask
from pipelines.intake import filing
from pipelines.intake.bundle import EVIDENCE, LEFT, WORKBOOK, Member
from pipelines.intake.evidence import File, Place
from pipelines.intake.papers import Files, lines_of
from pipelines.intake.receive import Received
from pipelines.intake.rules import papers
from pipelines.settings import Workspace

BUNDLES = "压缩包"
"""Folder of the lists of zips."""
EVIDENCE_LIST = "佐证材料核对"
MISSING, WRONG, UNLISTED = "没有文件", "文件不符或为空", "清单中没有"
WORDS = {WORKBOOK: "按填报表处理，另有回执", EVIDENCE: "按佐证材料存档", LEFT: "没有采用"}


def bundle_list(receipts: Path, received: Received) -> Path:
    """Where the list of what a zip held is, its JSON beside it."""
    stem = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", Path(received.file_name).stem)[:60].strip(". ") or "压缩包"
    return receipts / BUNDLES / f"{stem}-清单-{received.submission_id[:8]}.xlsx"


def write_bundle_list(path: Path, received: Received, members: Sequence[Member]) -> None:
    """What became of each file of a zip."""
    notes = [f"文件：{received.file_name}    收到时间：{received.received_at:%Y-%m-%d %H:%M:%S}", said_of(members)]
    rows = [(n, m.path, WORDS[m.became], m.reason) for n, m in enumerate(members, start=1)]
    content = {
        "file_name": received.file_name,
        "drop_path": received.drop_path,
        "sha256": received.sha256,
        "received_at": received.received_at.isoformat(timespec="seconds"),
        "members": [
            {
                "path": m.path,
                "became": m.became,
                "reason": m.reason,
                "submission_id": m.received.submission_id if m.received and m.became == WORKBOOK else None,
                "sha256": m.received.sha256 if m.received else None,
            }
            for m in members
        ],
    }
    _write(path, "压缩包清单", notes, {"序号": 6, "压缩包内的文件": 60, "结果": 24, "原因": 50}, rows, content)


def said_of(members: Iterable[Member]) -> str:
    """How many files became what."""
    kinds = [member.became for member in members]
    said = [f"{text} {kinds.count(kind)} 个" for kind, text in _COUNTED.items() if kind in kinds]
    return "、".join(said) if said else "压缩包里没有文件"


_COUNTED = {WORKBOOK: "填报表", EVIDENCE: "佐证材料", LEFT: "没有采用的文件"}


def write_evidence_list(ws: Workspace, place: Place, files: Files, name: str) -> Path:
    """How the list of evidence and the files of a place stand: which line has its file, which file no line."""
    submission, frame = filing.listed_rows(ws, place)
    lines = lines_of(frame) if frame is not None else []
    served = papers.serving(lines, files.mine)
    rows: list[tuple[object, ...]] = []
    for number, line in enumerate(lines):
        mine = [files.mine[file] for file, places in served.items() if number in places]
        state = _state(line, mine)
        rows.append((line.number, line.name, line.subjects, state, "、".join(file.path for file in mine)))
    unlisted = [file for number, file in enumerate(files.mine) if number not in served]
    rows += [(None, None, None, UNLISTED, file.path) for file in unlisted]
    missing = sum(row[3] == MISSING for row in rows)
    whole = (
        f"收到佐证材料 {len(files.mine)} 个；清单 {len(lines)} 行，其中没有文件的 {missing} 行；"
        f"清单中没有的文件 {len(unlisted)} 个。"
    )
    against = f"对照的填报表：{submission['file_name']}" if submission else "尚未收到这一期的填报表。"
    content = {
        "plan_id": place[0],
        "district_code": place[1],
        "period_id": place[2],
        "submission_id": submission["submission_id"] if submission else None,
        "lines": [
            dict(zip(("evidence_id", "name", "subject_ids", "state", "files"), row, strict=True)) for row in rows
        ],
        "files": [{"path": file.path, "sha256": file.sha256, "format": file.format} for file in files.mine],
    }
    path = ws.receipts / place[0] / place[2] / place[1] / f"{EVIDENCE_LIST}.xlsx"
    widths = {"材料编号": 16, "材料名称": 40, "指标/任务编号": 30, "情况": 16, "文件": 60}
    _write(path, f"{EVIDENCE_LIST}：{name}", [against, whole], widths, rows, content)
    return path


def _state(line: papers.Line, files: Sequence[File]) -> str:
    """What a line of the list has come to."""
    if files:
        return "已收到" if papers.proven(line, files) else WRONG
    return MISSING if papers.needs_file(line) else "网址，不需文件"


def _write(
    path: Path,
    title: str,
    notes: Sequence[str],
    columns: Mapping[str, int],
    rows: Sequence[Sequence[object]],
    content: Mapping[str, Any],
) -> None:
    """The workbook first: the JSON says that it is there."""
    import xlsxwriter

    written = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(written, options) as book:
        sheet = book.add_worksheet("清单")
        head = book.add_format({"bold": True, "bg_color": "#1F4E79", "font_color": "white", "border": 1})
        body = book.add_format({"border": 1, "text_wrap": True, "valign": "top"})
        sheet.write_string(0, 0, title, book.add_format({"bold": True, "font_size": 16}))
        for row, note in enumerate(notes, start=1):
            sheet.write_string(row, 0, note)
        top = len(notes) + 2
        for column, (header, width) in enumerate(columns.items()):
            sheet.set_column(column, column, width)
            sheet.write_string(top, column, header, head)
        marked = book.add_format({"border": 1, "text_wrap": True, "valign": "top", "bg_color": "#FFEB9C"})
        for number, values in enumerate(rows, start=top + 1):
            look = marked if {MISSING, WRONG, UNLISTED, WORDS[LEFT]} & set(values) else body
            for column, value in enumerate(values):
                text = mask(str(value)) if value is not None else ""
                sheet.write_string(number, column, text, look)
        sheet.freeze_panes(top + 1, 0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(top)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, written.getvalue())
    text = json.dumps(content, ensure_ascii=False, indent=1, default=str)
    write_durably(path.with_suffix(".json"), (text + "\n").encode())
