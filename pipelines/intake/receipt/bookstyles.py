"""A workbook's styles (``xl/styles.xml``) with those added that a receipt needs: problem colours and our own looks."""

from __future__ import annotations

import re
from xml.sax.saxutils import quoteattr

from pipelines.intake.receipt.ownsheet import FILLS, HEAD, LOOKS, MAIN, Look

NO_STYLES = (
    f'{HEAD}<styleSheet xmlns="{MAIN}"><fonts count="1"><font><sz val="11"/><name val="宋体"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="1"><xf/></cellXfs></styleSheet>'
)
_FONTS = {"body": "宋体", "head": "黑体"}
_LINE = '<{0} style="thin"><color rgb="FFBFC7D1"/></{0}>'
_BOX = f"<border>{''.join(_LINE.format(side) for side in ('left', 'right', 'top', 'bottom'))}<diagonal/></border>"


class OddStyles(Exception):
    """The styles are written in a way that this module does not edit."""


class Styles:
    """The workbook's styles; what is needed beside them is added at the end of each list, once."""

    def __init__(self, xml: str) -> None:
        self.original = xml
        self.lists = {name: self._items(name) for name in ("fonts", "fills", "borders", "cellXfs")}
        self.count = {name: len(items) for name, items in self.lists.items()}
        self.cloned: dict[tuple[int, str], int] = {}
        fills = self.lists["fills"]
        mine = {i for i, fill in enumerate(fills) if any(f'rgb="{rgb}"' in fill for rgb in FILLS.values())}
        self.ours = {i for i, xf in enumerate(self.lists["cellXfs"]) if _fill(xf) in mine}
        """Styles that an earlier receipt gave to problem cells."""
        self.fill_of = {name: self._place("fills", _solid(rgb)) for name, rgb in FILLS.items()}

    def _items(self, name: str) -> list[str]:
        found = re.search(rf"<{name}\b[^>]*?>(.*?)</{name}>", self.original, re.S)
        if found is None:
            raise OddStyles(f"styles without {name}")
        tag = {"cellXfs": "xf"}.get(name, name[:-1])
        return re.findall(rf"<{tag}\b[^>]*?/>|<{tag}\b[^>]*?>.*?</{tag}>", found[1], re.S)

    def _add(self, name: str, item: str) -> int:
        """Append to a list; its place there."""
        self.lists[name].append(item)
        return len(self.lists[name]) - 1

    def _place(self, name: str, item: str) -> int:
        """Where an item stands in a list; appended where it is not there yet."""
        items = self.lists[name]
        return items.index(item) if item in items else self._add(name, item)

    @property
    def xml(self) -> str:
        """The styles with what was added."""
        xml = self.original
        for name, items in self.lists.items():
            content = f'<{name} count="{len(items)}">{"".join(items)}</{name}>'
            start = re.search(rf"<{name}\b", xml)
            end = xml.index(f"</{name}>") + len(name) + 3
            assert start is not None
            xml = xml[: start.start()] + content + xml[end:]
        return xml

    def plain(self, style: int) -> int:
        """The style without a colour that an earlier receipt gave it."""
        return self._clone(style, "") if style in self.ours else style

    def coloured(self, style: int, severity: str) -> int:
        """The style with the fill of a problem."""
        return self._clone(style, severity)

    def _clone(self, style: int, severity: str) -> int:
        if (style, severity) not in self.cloned:
            xf = self.lists["cellXfs"][style]
            head, tail = re.match(r"(<xf\b[^>]*?)(/?>.*)", xf, re.S).groups()  # type: ignore[union-attr]
            head = re.sub(r' (?:fillId|applyFill)="[^"]*"', "", head)
            fill = self.fill_of[severity] if severity else 0
            self.cloned[style, severity] = self._add("cellXfs", f'{head} fillId="{fill}" applyFill="1"{tail}')
        return self.cloned[style, severity]

    def looks(self) -> dict[str, int]:
        """Look → its number; the same ones again when the workbook has them already."""
        return {name: self._place("cellXfs", self._look(look)) for name, look in LOOKS.items()}

    def _look(self, look: Look) -> str:
        marks = ("<b/>" if look.bold else "") + ("<u/>" if look.underlined else "")
        name = quoteattr(_FONTS[look.font])
        font = f'<font>{marks}<sz val="{look.size:g}"/><color rgb="{look.colour}"/><name val={name}/></font>'
        fill = self._place("fills", _solid(look.fill)) if look.fill else 0
        border = self._place("borders", _BOX) if look.boxed else 0
        protection = '<protection locked="0"/>' if look.open else ""
        return (
            f'<xf numFmtId="{look.number}" fontId="{self._place("fonts", font)}" fillId="{fill}" borderId="{border}" '
            f'xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1" '
            f'applyProtection="1"><alignment horizontal="{look.align}" vertical="center" wrapText="1"/>'
            f"{protection}</xf>"
        )


def _solid(rgb: str) -> str:
    return f'<fill><patternFill patternType="solid"><fgColor rgb="{rgb}"/><bgColor indexed="64"/></patternFill></fill>'


def _fill(xf: str) -> int:
    found = re.search(r'\bfillId="(\d+)"', xf)
    return int(found[1]) if found else 0
