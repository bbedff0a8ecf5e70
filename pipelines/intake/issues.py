"""What intake says about a workbook: findings with their place, and the refusal of a whole file."""

from __future__ import annotations

from dataclasses import dataclass

FATAL, ERROR, WARNING = "fatal", "error", "warning"
"""fatal: the workbook is returned. error: a value is withheld or a row set aside. warning: kept and listed."""

SEVERITY_NAMES = {FATAL: "退回", ERROR: "错误", WARNING: "提示"}
SEVERITY_ORDER = {FATAL: 0, ERROR: 1, WARNING: 2}


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding. ``cell`` is A1 style and ``row`` the sheet row (1-based); both are None for a whole sheet.

    ``raw`` is the text that was found, with personal data masked. ``entity`` names the community, company … of the row.
    """

    severity: str
    rule_id: str
    message: str
    remedy: str
    sheet: str | None = None
    cell: str | None = None
    row: int | None = None
    form: str | None = None
    field: str | None = None
    entity: str | None = None
    raw: str | None = None
    answer: str | None = None


class Refusal(Exception):
    """A file that cannot be taken: why (``message``) and what its sender can do about it (``remedy``), in Chinese."""

    def __init__(self, rule_id: str, message: str, remedy: str) -> None:
        super().__init__(rule_id, message, remedy)
        self.rule_id, self.message, self.remedy = rule_id, message, remedy

    def issue(self) -> Issue:
        return Issue(FATAL, self.rule_id, self.message, self.remedy)


def column_letter(index: int) -> str:
    """Excel's letters of a 0-based column: 0 → A, 26 → AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell_name(row: int, column: int) -> str:
    """A1-style name of a 0-based row and column."""
    return f"{column_letter(column)}{row + 1}"


def column_index(letters: str) -> int:
    """0-based column of Excel's letters: A → 0, AA → 26."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1
