"""A receipt that came back: which sheets it added itself, and what the district wrote into 说明 on the list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pipelines.forms.personal import mask
from pipelines.intake.issues import Issue

RECEIPT_SHEETS = {"问题清单": "", "识别结果": "", "本期数据": "本期数据：", "与上一版相比": "与上一版相比"}
"""The sheets that a receipt adds, and how those begin whose name a district might give to a sheet of its own."""
MOST_LETTERS = 500
_NEEDED = {"规则", "说明", "单元格", "工作表", "小区/对象"}
ALL_OF_IT = "*"
"""Ends the code of a line that stands for all findings of a rule in a column, or on a sheet."""
_CODE, _NUMBER = "编号", "序号"


def is_of_receipt(name: str, cells: Sequence[Sequence[object]]) -> bool:
    """Whether a sheet is one that a receipt added; it is no form then."""
    beginning = RECEIPT_SHEETS.get(name.strip().removesuffix("(回执)"))
    if not beginning:
        return beginning is not None
    return bool(cells and cells[0]) and _text(cells[0][0]).startswith(beginning)


@dataclass
class Answers:
    """Answers by what they are about. ``given``: whether the workbook has a list at all, be it without any answer."""

    given: bool = False
    by_place: dict[tuple[str, str, str, str], str] = field(default_factory=dict)
    by_object: dict[tuple[str, str | None, str], str] = field(default_factory=dict)
    by_column: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.by_place or self.by_column)

    def to(self, issue: Issue) -> str | None:
        """The answer to a finding: at its place, about its community wherever that stands, or to its whole column."""
        place = issue.rule_id, issue.sheet or "", issue.cell or "", issue.entity or ""
        if place in self.by_place:
            return self.by_place[place]
        if issue.entity:
            for name in (issue.field or "", None):
                if answer := self.by_object.get((issue.rule_id, name, issue.entity)):
                    return answer
        return self.by_column.get((issue.rule_id, issue.sheet or "", _letters(issue.cell)))


def read_answers(sheets: Iterable[Sequence[Sequence[object]]]) -> Answers:
    """The answers on these sheets (as cells). The answer to a group counts for each finding folded under it."""
    answers = Answers()
    for cells in sheets:
        places: dict[str, int] = {}
        groups: dict[str, str] = {}
        for line in cells:
            texts = [_text(cell) for cell in line]
            if set(texts) >= _NEEDED:
                places = {text: index for index, text in enumerate(texts) if text}
                answers.given = True
            elif places and len(texts) > max(places.values()):
                _read_line(answers, {name: texts[index] for name, index in places.items()}, groups)
    return answers


def _read_line(answers: Answers, line: Mapping[str, str], groups: dict[str, str]) -> None:
    number = line.get(_NUMBER, "")
    group, _, single = number.partition("-")
    answer = mask(line["说明"])[:MOST_LETTERS]
    if not single and answer:
        groups[number] = answer
    answer = answer or (groups.get(group, "") if single else "")
    if not answer:
        return
    rule, name, what = [*(line.get(_CODE) or line["规则"]).split("/"), "", ""][:3]
    sheet, cell, entity = line["工作表"], line["单元格"], line["小区/对象"]
    if what == ALL_OF_IT:
        answers.by_column[rule, sheet, _letters(cell)] = answer
        return
    answers.by_place[rule, sheet, cell, entity] = answer
    if entity:
        answers.by_object.setdefault((rule, name if _CODE in line else None, entity), answer)


def _letters(cell: str | None) -> str:
    """The column of a cell or of the first of several."""
    return (cell or "").rstrip("0123456789等")


def _text(cell: object) -> str:
    """A cell as it was written: a number without the ``.0`` that other formats give it."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()
