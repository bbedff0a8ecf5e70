"""The sheets that a receipt adds to a district's workbook, as XML: rows of cells with a look, links, drop-downs, print.

They are not protected: Excel would neither filter nor unfold the groups of a protected sheet, and intake reads nothing
from them but the answers. The cells that are to be filled in are marked by colour and by a prompt.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from pipelines.intake.issues import cell_name
from pipelines.letters import half_widths

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MOST_LETTERS = 32_000
"""A cell holds a little more."""

FILLS = {"fatal": "FFFF9D9E", "error": "FFFFC7CD", "warning": "FFFFEB9B"}
"""The colour of a problem cell: Excel's own red and yellow, off by one, so that they are known for ours when the
workbook comes back, and a district's red and yellow stay."""

LINE = 17.0
"""The height of a row of one line, in points."""
ASIDE = "(回执)"
"""Follows the name of one of our sheets where a district's own has that name."""

Font = Literal["body", "head"]


@dataclass(frozen=True)
class Look:
    """How a cell of our own sheets looks."""

    size: float = 10
    bold: bool = False
    colour: str = "FF1F2A37"
    fill: str | None = None
    font: Font = "body"
    boxed: bool = True
    align: Literal["left", "center", "right"] = "left"
    underlined: bool = False
    open: bool = False
    """May be written into, should the sheet ever be protected."""
    number: int = 0
    """Excel's built-in number format: 3 = 1,234."""


_GREEN, _DEEP, _PALE = "FFE2F0D9", "FF1F4E79", "FFDCE6F1"
LOOKS: dict[str, Look] = {
    "title": Look(18, True, _DEEP, font="head", boxed=False),
    "text": Look(boxed=False),
    "small": Look(9, colour="FF666666", boxed=False),
    "head": Look(bold=True, colour="FFFFFFFF", fill=_DEEP, align="center"),
    "section": Look(12, True, _DEEP, font="head", boxed=False),
    "band": Look(bold=True, fill=_PALE),
    "body": Look(),
    "center": Look(align="center"),
    "number": Look(align="right", number=3),
    "right": Look(align="right"),
    "quiet": Look(9, colour="FF7F7F7F"),
    "link": Look(colour="FF0563C1", underlined=True),
    "answer": Look(fill="FFFFFDE7", open=True),
    **{severity: Look(fill=fill, align="center") for severity, fill in FILLS.items()},
    "good": Look(fill=_GREEN, align="center"),
    "said_fatal": Look(12, True, "FF9C0006", FILLS["fatal"], boxed=False),
    "said_error": Look(12, True, "FF7F4F00", FILLS["warning"], boxed=False),
    "said_warning": Look(12, True, "FF375623", _GREEN, boxed=False),
    "said_good": Look(12, True, "FF375623", _GREEN, boxed=False),
}
"""Every look, by the name a cell gives it."""

Cell = tuple[object, str]
"""Text, number or None, and its look."""


@dataclass
class Row:
    """One row. ``level`` > 0: folded under the row above it that has a smaller one."""

    cells: list[Cell]
    spread: bool = False
    """The first cell goes over the whole width."""
    level: int = 0
    folds: bool = False
    """Rows folded under it follow."""


@dataclass(frozen=True)
class Choices:
    """A drop-down that suggests and does not force, with a prompt."""

    area: str
    options: tuple[str, ...]
    title: str
    prompt: str


@dataclass
class OwnSheet:
    """A sheet that we add."""

    name: str
    widths: Sequence[float]
    rows: list[Row] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    """Cell → ``'sheet'!cell``."""
    merges: list[str] = field(default_factory=list)
    hidden: frozenset[int] = frozenset()
    """Columns (0-based) that are not shown."""
    frozen_row: int | None = None
    """The rows down to this one (1-based) stay in view."""
    header_row: int | None = None
    """This row (1-based) is repeated on every printed page."""
    filtered: str | None = None
    """The area with filter buttons."""
    choices: list[Choices] = field(default_factory=list)
    footer: str = ""
    is_filled_later: bool = False
    """What it says is known only after the run; at most one sheet is so."""
    tab: str | None = None
    """The colour of its tab."""

    def add(self, *cells: Cell, level: int = 0, folds: bool = False) -> int:
        """Append a row; its number (1-based)."""
        self.rows.append(Row(list(cells), level=level, folds=folds))
        return len(self.rows)

    def say(self, text: object, look: str = "text") -> int:
        """Append a text over the whole width; its row number."""
        self.rows.append(Row([(text, look)] + [(None, look)] * (len(self.widths) - 1), spread=True))
        last = max(i for i in range(len(self.widths)) if i not in self.hidden)
        self.merges.append(f"A{len(self.rows)}:{cell_name(len(self.rows) - 1, last)}")
        return len(self.rows)

    def height(self, number: int) -> float:
        """The height of a row (1-based) in points, wrapped text included: not every program works it out itself."""
        row = self.rows[number - 1]
        shown = [0.0 if i in self.hidden else width for i, width in enumerate(self.widths)]
        widths = [sum(shown)] if row.spread else shown
        tallest = LINE
        for (value, look), width in zip(row.cells, widths, strict=False):
            if value in (None, "") or not width:
                continue
            size = LOOKS[look].size
            room = max(1.0, (width - 1) * 9.4 / size)
            lines = sum(max(1, math.ceil(half_widths(part) / room)) for part in str(value).splitlines())
            tallest = max(tallest, lines * size * 1.35 + (8 if LOOKS[look].fill and row.spread else 4))
        return min(tallest, 400.0)

    def xml(self, style: Callable[[str], int], selected: bool) -> str:
        """The sheet; ``style`` gives the number of a look among the workbook's styles."""
        merges = "".join(f'<mergeCell ref="{ref}"/>' for ref in self.merges)
        links = "".join(
            f'<hyperlink ref="{cell}" location={quoteattr(target)} display={quoteattr(target.rpartition("!")[2])}/>'
            for cell, target in self.links.items()
        )
        deepest = max((row.level for row in self.rows), default=0)
        outline = f' outlineLevelRow="{deepest}"' if deepest else ""
        return (
            f'{HEAD}<worksheet xmlns="{MAIN}" xmlns:r="{REL}"><sheetPr>'
            + (f'<tabColor rgb="{self.tab}"/>' if self.tab else "")
            + '<outlinePr summaryBelow="0"/><pageSetUpPr fitToPage="1"/></sheetPr>'
            f'<sheetViews><sheetView showGridLines="0"{" tabSelected=" + chr(34) + "1" + chr(34) if selected else ""} '
            f'workbookViewId="0">{self._pane()}</sheetView></sheetViews>'
            f'<sheetFormatPr defaultRowHeight="{LINE:g}"{outline}/>'
            f"<cols>{self._columns()}</cols><sheetData>{self._data(style)}</sheetData>"
            + (f'<autoFilter ref="{self.filtered}"/>' if self.filtered else "")
            + (f'<mergeCells count="{len(self.merges)}">{merges}</mergeCells>' if merges else "")
            + self._validations()
            + (f"<hyperlinks>{links}</hyperlinks>" if links else "")
            + '<printOptions horizontalCentered="1"/>'
            '<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.6" header="0.3" footer="0.3"/>'
            '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>'
            f"<headerFooter><oddFooter>{self._footer()}</oddFooter></headerFooter></worksheet>"
        )

    def _pane(self) -> str:
        frozen = self.frozen_row
        if not frozen:
            return ""
        place = f"A{frozen + 1}"
        return (
            f'<pane ySplit="{frozen}" topLeftCell="{place}" activePane="bottomLeft" state="frozen"/>'
            f'<selection pane="bottomLeft" activeCell="{place}" sqref="{place}"/>'
        )

    def _columns(self) -> str:
        columns = []
        for index, width in enumerate(self.widths):
            hidden = ' hidden="1"' if index in self.hidden else ""
            columns.append(f'<col min="{index + 1}" max="{index + 1}" width="{width}"{hidden} customWidth="1"/>')
        return "".join(columns)

    def _data(self, style: Callable[[str], int]) -> str:
        names = [cell_name(0, column)[:-1] for column in range(len(self.widths))]
        rows = []
        for number, row in enumerate(self.rows, start=1):
            cells = []
            for letters, (value, look) in zip(names, row.cells, strict=False):
                place = f'<c r="{letters}{number}" s="{style(look)}"'
                if isinstance(value, int | float) and not isinstance(value, bool):
                    cells.append(f"{place}><v>{value}</v></c>")
                elif value in (None, ""):
                    cells.append(f"{place}/>")
                else:
                    cells.append(f'{place} t="inlineStr"><is><t xml:space="preserve">{text_xml(value)}</t></is></c>')
            folded = f' outlineLevel="{row.level}" hidden="1"' if row.level else ""
            folds = ' collapsed="1"' if row.folds else ""
            height = self.height(number)
            tall = f' ht="{height:.6g}" customHeight="1"'
            rows.append(f'<row r="{number}"{tall}{folded}{folds}>{"".join(cells)}</row>')
        return "".join(rows)

    def _validations(self) -> str:
        if not self.choices:
            return ""
        items = "".join(
            '<dataValidation type="list" allowBlank="1" showInputMessage="1" showErrorMessage="0" '
            f'promptTitle={quoteattr(choice.title)} prompt={quoteattr(choice.prompt)} sqref="{choice.area}">'
            f'<formula1>"{escape(",".join(choice.options))}"</formula1></dataValidation>'
            for choice in self.choices
        )
        return f'<dataValidations count="{len(self.choices)}">{items}</dataValidations>'

    def _footer(self) -> str:
        said = text_xml(self.footer.replace("&", "&&")[:120])
        return f"&amp;L{said}&amp;C{text_xml(self.name)}&amp;R第 &amp;P 页，共 &amp;N 页"


_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def text_xml(value: object) -> str:
    """A text for XML, without the characters that XML forbids and not longer than a cell holds."""
    return escape(_FORBIDDEN.sub("", str(value))[:MOST_LETTERS])
