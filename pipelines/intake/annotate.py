"""Writes into a district's own xlsx without touching the rest of it: colours, comments, new sheets in front, masks.

The sheets are edited as text, cell by cell, and put into a package written anew, which holds what is needed to show
them (styles, theme, strings, tables, pictures) and nothing that could hide personal data (comments, properties, hidden
sheets, macros, links, printer settings). So the workbook looks as it did, formulas keep their values, and a ledger of a
thousand rows takes a fraction of a second. What is written too oddly for that raises CannotAnnotate.
"""

from __future__ import annotations

import io
import math
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from xml.sax.saxutils import escape, quoteattr

from pipelines.intake.issues import cell_name, column_index

MASK = "***"
FILLS = {"fatal": "FFFFB3B3", "error": "FFFFC7CE", "warning": "FFFFEB9C"}
"""The colour of a problem cell. Such fills in a workbook that comes back are ours and are taken off first."""

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE_REL = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_AFTER_LEGACY = re.compile(
    r"<(?:legacyDrawingHF|picture|oleObjects|controls|webPublishItems|tableParts|extLst)\b|</worksheet>"
)
_ROW = re.compile(r"<row\b([^>]*?)(?:/>|>(.*?)</row>)", re.S)
_CELL = re.compile(r"<c\b([^>]*?)(?:/>|>(.*?)</c>)", re.S)
_KEPT_RELATIONS = ("drawing", "table", "image", "chart", "chartUserShapes", "themeOverride")


class CannotAnnotate(Exception):
    """The package is written in a way that this module does not edit."""


@dataclass
class Notes:
    """What is to be done to one sheet: cell → (severity, comment), and cells to be masked."""

    problems: dict[str, tuple[str, str]] = field(default_factory=dict)
    masked: set[tuple[int, int]] = field(default_factory=set)
    masked_columns: list[tuple[int, int]] = field(default_factory=list)
    """Column and the row from which on all its cells are masked; 0-based."""


# ── sheets written by us ──────────────────────────────────────────────────────────────────────────────────────────

STYLES = ("title", "text", "head", "body", "link", "fatal", "error", "warning", "answer")
"""The looks a cell of our own sheets can have."""


def _display_width(text: str) -> int:
    """How wide a text is in characters of a cell: Chinese ones take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


@dataclass
class OwnSheet:
    """A sheet that we add: rows of (text or number, look), column widths, and links to cells of other sheets."""

    name: str
    widths: Sequence[float]
    rows: list[list[tuple[object, str]]] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    """Cell → ``'sheet'!cell``."""
    merges: list[str] = field(default_factory=list)
    frozen_row: int | None = None
    """The rows down to this one (1-based) stay in view; it is repeated on every printed page."""

    def _height(self, number: int, line: Sequence[tuple[object, str]]) -> str:
        """The height that wrapped text needs, where one line is not enough: not every program works it out itself."""
        merged = any(area.startswith(f"A{number}:") for area in self.merges)
        widths = [sum(self.widths)] if merged else self.widths
        lines = max(
            (
                sum(max(1, math.ceil(_display_width(part) / width)) for part in str(value).splitlines())
                for (value, _), width in zip(line, widths, strict=False)
                if value not in (None, "")
            ),
            default=1,
        )
        return f' ht="{15 * lines + 3}" customHeight="1"' if lines > 1 else ""

    def xml(self, style: Callable[[str], int], selected: bool) -> str:
        rows = []
        for number, line in enumerate(self.rows, start=1):
            cells = []
            for index, (value, look) in enumerate(line):
                place = f'<c r="{cell_name(number - 1, index)}" s="{style(look)}"'
                if isinstance(value, int | float) and not isinstance(value, bool):
                    cells.append(f"{place}><v>{value}</v></c>")
                elif value in (None, ""):
                    cells.append(f"{place}/>")
                else:
                    cells.append(f'{place} t="inlineStr"><is><t xml:space="preserve">{_text(value)}</t></is></c>')
            rows.append(f'<row r="{number}"{self._height(number, line)}>{"".join(cells)}</row>')
        columns = "".join(
            f'<col min="{i}" max="{i}" width="{width}" customWidth="1"/>'
            for i, width in enumerate(self.widths, start=1)
        )
        frozen = self.frozen_row
        pane = (
            f'<pane ySplit="{frozen}" topLeftCell="A{frozen + 1}" activePane="bottomLeft" state="frozen"/>'
            if frozen
            else ""
        )
        merges = "".join(f'<mergeCell ref="{ref}"/>' for ref in self.merges)
        links = "".join(
            f'<hyperlink ref="{cell}" location={quoteattr(target)} display={quoteattr(target.rpartition("!")[2])}/>'
            for cell, target in self.links.items()
        )
        return (
            f'{_HEAD}<worksheet xmlns="{_MAIN}" xmlns:r="{_REL}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
            f'<sheetViews><sheetView showGridLines="0"{" tabSelected=" + chr(34) + "1" + chr(34) if selected else ""} '
            f'workbookViewId="0">{pane}</sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>'
            f"<cols>{columns}</cols><sheetData>{''.join(rows)}</sheetData>"
            + (f'<mergeCells count="{len(self.merges)}">{merges}</mergeCells>' if merges else "")
            + (f"<hyperlinks>{links}</hyperlinks>" if links else "")
            + '<pageMargins left="0.5" right="0.5" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>'
            '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/></worksheet>'
        )


def _text(value: object) -> str:
    """A text for XML, without the control characters that XML forbids."""
    return escape(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", str(value)))


# ── the package ───────────────────────────────────────────────────────────────────────────────────────────────────


def annotate(
    data: bytes,
    keep: Sequence[str],
    notes: Mapping[str, Notes],
    own: Sequence[OwnSheet],
    is_personal: Callable[[str], bool],
) -> bytes:
    """The workbook with our sheets in front, its sheets ``keep`` after them, annotated as ``notes`` says.

    ``is_personal`` tells texts that must not be shown wherever they stand. Raises CannotAnnotate.
    """
    try:
        return _Editor(data, keep, notes, own, is_personal).write()
    except (KeyError, IndexError, ValueError, AttributeError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise CannotAnnotate(f"{type(error).__name__}: {error}") from error


class _Editor:
    def __init__(
        self,
        data: bytes,
        keep: Sequence[str],
        notes: Mapping[str, Notes],
        own: Sequence[OwnSheet],
        is_personal: Callable[[str], bool],
    ) -> None:
        self.archive = zipfile.ZipFile(io.BytesIO(data))
        self.notes, self.own, self.is_personal = notes, own, is_personal
        workbook = self._read("xl/workbook.xml")
        if "purl.oclc.org" in workbook or "<sheets>" not in workbook:
            raise CannotAnnotate("strict or prefixed")
        self.workbook = workbook
        targets = self._relations("xl/workbook.xml")
        sheets = {}
        self.positions = {}
        for position, tag in enumerate(re.findall(r"<sheet\b[^>]*>", workbook)):
            name = unescape(_attribute(tag, "name"))
            sheets[name] = targets[_attribute(tag, "r:id")][1]
            self.positions[position] = name
        self.keep = [(name, sheets[name]) for name in keep]
        self.strings = self._strings(targets)
        self.theme = next((part for kind, part in targets.values() if kind == "theme"), None)
        self.styles = _Styles(self._read("xl/styles.xml") if self._has("xl/styles.xml") else _NO_STYLES)
        self.parts: dict[str, bytes] = {}
        self.types: dict[str, str] = {}
        self.users: dict[int, bool] = {}
        """Shared string → whether only masked cells use it. One that no kept sheet uses is not shown either."""

    # ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _has(self, part: str) -> bool:
        return part in self.archive.NameToInfo

    def _read(self, part: str) -> str:
        return self.archive.read(part).decode("utf-8-sig")

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Relation id → kind and the part it leads to, external ones left out."""
        folder, _, name = part.rpartition("/")
        path = f"{folder}/_rels/{name}.rels"
        found: dict[str, tuple[str, str]] = {}
        if not self._has(path):
            return found
        for tag in re.findall(r"<Relationship\b[^>]*>", self._read(path)):
            if 'TargetMode="External"' in tag:
                continue
            kind = _attribute(tag, "Type").rpartition("/")[2]
            found[_attribute(tag, "Id")] = kind, _resolve(folder, unescape(_attribute(tag, "Target")))
        return found

    def _strings(self, targets: Mapping[str, tuple[str, str]]) -> list[str]:
        part = next((part for kind, part in targets.values() if kind == "sharedStrings"), None)
        if part is None or not self._has(part):
            return []
        xml = self._read(part)
        items = re.findall(r"<si\b[^>]*?/>|<si\b[^>]*>.*?</si>", xml, re.S)
        if not items and "uniqueCount" in xml and 'uniqueCount="0"' not in xml:
            raise CannotAnnotate("prefixed strings")
        return items

    # ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────

    def write(self) -> bytes:
        self.personal = {i for i, item in enumerate(self.strings) if self.is_personal(_plain(item))}
        sheets: list[tuple[str, str, list[tuple[str, str, str]]]] = []
        for number, (name, part) in enumerate(self.keep, start=1):
            xml, relations = self._sheet(number, name, part)
            sheets.append((name, xml, relations))
        looks = self.styles.looks()
        own: list[tuple[str, str, list[tuple[str, str, str]]]] = []
        own += [(sheet.name, sheet.xml(looks.__getitem__, i == 0), []) for i, sheet in enumerate(self.own)]
        for number, (_, xml, relations) in enumerate([*own, *sheets], start=1):
            path = f"xl/worksheets/sheet{number}.xml"
            self._add(path, xml, f"{_TYPES}.worksheet+xml")
            if relations:
                self.parts[f"xl/worksheets/_rels/sheet{number}.xml.rels"] = _relations_xml(relations)
        self._add("xl/styles.xml", self.styles.xml, f"{_TYPES}.styles+xml")
        if self.theme and self._has(self.theme):
            self._copy(self.theme, "xl/theme/theme1.xml", "application/vnd.openxmlformats-officedocument.theme+xml")
        if self.strings:
            self._add("xl/sharedStrings.xml", self._strings_xml(), f"{_TYPES}.sharedStrings+xml")
        self._workbook([name for name, _, _ in [*own, *sheets]])
        return self._packed()

    def _add(self, path: str, xml: str, content_type: str) -> None:
        self.parts[path] = xml.encode()
        self.types[path] = content_type

    def _copy(self, source: str, path: str, content_type: str) -> None:
        self.parts[path] = self.archive.read(source)
        self.types[path] = content_type

    def _strings_xml(self) -> str:
        hidden = f"<si><t>{MASK}</t></si>"
        items = "".join(hidden if self.users.get(i, True) else item for i, item in enumerate(self.strings))
        return f'{_HEAD}<sst xmlns="{_MAIN}" uniqueCount="{len(self.strings)}">{items}</sst>'

    def _sheet(self, number: int, name: str, part: str) -> tuple[str, list[tuple[str, str, str]]]:
        """A sheet with its cells edited, and the relations it keeps or gets: id, kind, target."""
        xml = self._read(part)
        head = re.search(r"<worksheet\b[^>]*>", xml)
        if head is None or "<sheetData" not in xml or "purl.oclc.org" in head[0]:
            raise CannotAnnotate("prefixed sheet")
        notes = self.notes.get(name, Notes())
        before, data, after = _split(xml)
        if "<c " in data and not re.search(r'<c\b[^>]* r="', data):
            raise CannotAnnotate("cells without names")
        data = self._cells(data, notes)
        before = re.sub(r' tabSelected="(?:1|true)"', "", before)
        relations = []
        for rid, (kind, target) in self._relations(part).items():
            if kind in _KEPT_RELATIONS and self._has(target) and self._carry(target):
                relations.append((rid, kind, f"/{target}"))
        kept = {rid for rid, _, _ in relations}
        after = self._without_rules_elsewhere(_without_references(after, kept))
        header_footer = re.search(r"<headerFooter\b.*?</headerFooter>", after, re.S)
        if header_footer and self.is_personal(_plain(header_footer[0])):
            after = after.replace(header_footer[0], "")
        if notes.problems:
            relations += self._comments(number, notes.problems)
            place = _AFTER_LEGACY.search(after)
            if place is None:
                raise CannotAnnotate("no end of sheet")
            after = f'{after[: place.start()]}<legacyDrawing r:id="rIdNotes"/>{after[place.start() :]}'
            if "xmlns:r=" not in before:
                before = before.replace("<worksheet ", f'<worksheet xmlns:r="{_REL}" ', 1)
        return before + data + after, relations

    def _without_rules_elsewhere(self, after: str) -> str:
        """Drop-downs and conditional formats that look into sheets which are left out would make Excel complain."""
        for item in re.findall(r"<dataValidation\b[^>]*?(?:/>|>.*?</dataValidation>)", after, re.S):
            if any(self._looks_elsewhere(text) for text in re.findall(r"<formula[12]>([^<]*)<", item)):
                after = after.replace(item, "")
        for item in re.findall(r"<conditionalFormatting\b.*?</conditionalFormatting>", after, re.S):
            if any(self._looks_elsewhere(text) for text in re.findall(r"<formula>([^<]*)<", item)):
                after = after.replace(item, "")
        count = after.count("<dataValidation ")
        after = re.sub(r'(<dataValidations\b[^>]*?) count="\d+"', rf'\1 count="{count}"', after)
        return re.sub(r"<dataValidations\b[^>]*>\s*</dataValidations>", "", after)

    def _carry(self, part: str) -> bool:
        """Take a drawing, table or picture along with what it refers to; False when it holds personal data."""
        if part in self.parts:
            return True
        content = self.archive.read(part)
        if part.endswith(".xml"):
            text = content.decode("utf-8-sig")
            if self.is_personal(_plain(text)) or "externalData" in text:
                return False
            relations = []
            for rid, (kind, target) in self._relations(part).items():
                if kind in _KEPT_RELATIONS and self._has(target) and self._carry(target):
                    relations.append((rid, kind, f"/{target}"))
            lost = set(re.findall(r'r:(?:id|embed|link|pict)="([^"]+)"', text)) - {rid for rid, _, _ in relations}
            if lost:
                return False
            if relations:
                folder, _, name = part.rpartition("/")
                self.parts[f"{folder}/_rels/{name}.rels"] = _relations_xml(relations)
        content_type = self._content_type(part)
        if content_type is None:
            return False
        self.parts[part], self.types[part] = content, content_type
        return True

    def _content_type(self, part: str) -> str | None:
        types = self._read("[Content_Types].xml")
        found = re.search(rf'<Override\b(?=[^>]*PartName="/{re.escape(part)}")[^>]*ContentType="([^"]+)"', types)
        if found is None:
            ending = re.escape(part.rpartition(".")[2])
            found = re.search(rf'<Default\b(?=[^>]*Extension="{ending}")[^>]*ContentType="([^"]+)"', types, re.I)
        return found[1] if found else None

    # ── cells ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _cells(self, data: str, notes: Notes) -> str:
        """The sheet's rows with problem cells coloured and personal data masked."""
        wanted: dict[int, dict[int, str]] = {}
        for name, (severity, _) in notes.problems.items():
            row, column = _place(name)
            wanted.setdefault(row, {})[column] = severity
        masked_columns = dict(sorted(notes.masked_columns, reverse=True))
        masked_rows = {row for row, _ in notes.masked}

        def edit(found: re.Match[str]) -> str:
            attributes, inner = found[1], found[2]
            if not wanted and (not inner or ("<v" not in inner and "<is" not in inner)):
                return found[0]
            inner = inner or ""
            number = _ROW_NUMBER.search(attributes)
            if number is None:
                raise CannotAnnotate("rows without numbers")
            row = int(number[1]) - 1
            colours = wanted.get(row)
            careful = colours is not None or row in masked_rows or masked_columns or self.styles.ours
            if not careful and not _SUSPICIOUS.search(inner) and "<f" not in inner:
                shared = {int(index) for index in _SHARED.findall(inner)}
                if shared.isdisjoint(self.personal):
                    self.users.update(dict.fromkeys(shared, False))
                    return found[0]
            cells = self._row(row, inner, colours or {}, notes, masked_columns)
            return f"<row{attributes}>{cells}</row>"

        return _ROW.sub(edit, data)

    def _row(
        self, row: int, inner: str, colours: Mapping[int, str], notes: Notes, masked_columns: Mapping[int, int]
    ) -> str:
        pieces: list[tuple[int, str]] = []
        for found in _CELL.finditer(inner):
            attributes, content = found[1], found[2] or ""
            name = _NAME.search(attributes)
            if name is None:
                raise CannotAnnotate("cells without names")
            column = column_index(name[1])
            style = self.styles.plain(int(_STYLE.search(attributes)[1]) if _STYLE.search(attributes) else 0)  # type: ignore[index]
            hide = (row, column) in notes.masked or masked_columns.get(column, 1 << 30) <= row
            if content and (hide or self._is_personal_cell(attributes, content)):
                if shared := _SHARED_VALUE.search(content) if 't="s"' in attributes else None:
                    self.users.setdefault(int(shared[1]), True)
                if 't="shared"' in content:
                    raise CannotAnnotate("masked shared formula")
                attributes, content = re.sub(r' t="\w+"', "", attributes) + ' t="inlineStr"', f"<is><t>{MASK}</t></is>"
            elif 't="s"' in attributes and (shared := _SHARED_VALUE.search(content)):
                self.users[int(shared[1])] = False
            if "<f" in content:
                content = self._formula(content)
            if column in colours:
                style = self.styles.coloured(style, colours[column])
            attributes = _STYLE.sub("", attributes) + (f' s="{style}"' if style else "")
            pieces.append((column, f"<c{attributes}>{content}</c>" if content else f"<c{attributes}/>"))
        present = {column for column, _ in pieces}
        for column, severity in colours.items():
            if column not in present:
                style = self.styles.coloured(0, severity)
                pieces.append((column, f'<c r="{cell_name(row, column)}" s="{style}"/>'))
        return "".join(piece for _, piece in sorted(pieces, key=lambda piece: piece[0]))

    def _formula(self, content: str) -> str:
        """A formula's cell; one that looks into a sheet or file that is left out keeps its value only."""
        found = re.search(r"<f\b([^>]*?)(?:/>|>([^<]*)</f>)", content)
        if found is None or not self._looks_elsewhere(found[2] or ""):
            return content
        if "shared" in found[1]:
            raise CannotAnnotate("shared formula on a sheet that is left out")
        return content.replace(found[0], "")

    def _looks_elsewhere(self, formula: str) -> bool:
        """Whether a formula (as XML) refers to another file or to a sheet that is not kept."""
        if "!" not in formula and "[" not in formula:
            return False
        return "[" in formula or not _sheets_in(formula) <= {name for name, _ in self.keep}

    def _is_personal_cell(self, attributes: str, content: str) -> bool:
        value = _SHARED_VALUE.search(content)
        if 't="s"' in attributes:
            return value is not None and int(value[1]) in self.personal
        return bool(_SUSPICIOUS.search(content)) and self.is_personal(_plain(content))

    # ── comments ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _comments(self, number: int, problems: Mapping[str, tuple[str, str]]) -> list[tuple[str, str, str]]:
        placed = sorted((*_place(name), name, text) for name, (_, text) in problems.items())
        comments = "".join(
            f'<comment ref="{name}" authorId="0"><text><t xml:space="preserve">{_text(text)}</t></text></comment>'
            for _, _, name, text in placed
        )
        self._add(
            f"xl/comments{number}.xml",
            f'{_HEAD}<comments xmlns="{_MAIN}"><authors><author>回执</author></authors>'
            f"<commentList>{comments}</commentList></comments>",
            f"{_TYPES}.comments+xml",
        )
        shapes = "".join(
            f'<v:shape id="_x0000_s{number * 1024 + i}" type="#_x0000_t202" '
            'style="position:absolute;visibility:hidden" '
            f'fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/><v:path o:connecttype="none"/>'
            f'<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"/></v:textbox>'
            f'<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{column + 1},12,{row},4,'
            f"{column + 5},12,{row + 6},4</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row>"
            f"<x:Column>{column}</x:Column></x:ClientData></v:shape>"
            for i, (row, column, _, _) in enumerate(placed, start=1)
        )
        drawing = (
            '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
            'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit">'
            f'<o:idmap v:ext="edit" data="{number}"/></o:shapelayout><v:shapetype id="_x0000_t202" '
            'coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/>'
            f'<v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>{shapes}</xml>'
        )
        self.parts[f"xl/drawings/notes{number}.vml"] = drawing.encode()
        return [
            ("rIdComments", "comments", f"/xl/comments{number}.xml"),
            ("rIdNotes", "vmlDrawing", f"/xl/drawings/notes{number}.vml"),
        ]

    # ── the frame around it all ───────────────────────────────────────────────────────────────────────────────────

    def _workbook(self, names: Sequence[str]) -> None:
        sheets = "".join(
            f'<sheet name={quoteattr(name)} sheetId="{i}" r:id="rId{i}"/>' for i, name in enumerate(names, start=1)
        )
        date1904 = ' date1904="1"' if re.search(r'<workbookPr\b[^>]*date1904="(?:1|true)"', self.workbook) else ""
        self._add(
            "xl/workbook.xml",
            f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><workbookPr{date1904}/>'
            '<bookViews><workbookView activeTab="0"/></bookViews>'
            f"<sheets>{sheets}</sheets>{self._defined_names(names)}</workbook>",
            f"{_TYPES}.sheet.main+xml",
        )
        relations = [(f"rId{i}", "worksheet", f"/xl/worksheets/sheet{i}.xml") for i in range(1, len(names) + 1)]
        relations.append(("rIdStyles", "styles", "/xl/styles.xml"))
        if "xl/theme/theme1.xml" in self.parts:
            relations.append(("rIdTheme", "theme", "/xl/theme/theme1.xml"))
        if "xl/sharedStrings.xml" in self.parts:
            relations.append(("rIdStrings", "sharedStrings", "/xl/sharedStrings.xml"))
        self.parts["xl/_rels/workbook.xml.rels"] = _relations_xml(relations)
        self.parts["_rels/.rels"] = _relations_xml([("rId1", "officeDocument", "/xl/workbook.xml")])

    def _defined_names(self, names: Sequence[str]) -> str:
        """The names that still mean something: print areas and titles, lists for drop-downs."""
        own = {sheet.name for sheet in self.own}
        kept = []
        for attributes, text in re.findall(r"<definedName\b([^>]*)>([^<]*)</definedName>", self.workbook):
            local = re.search(r'localSheetId="(\d+)"', attributes)
            if local:
                name = self.positions.get(int(local[1]), "")
                if name not in names or name in own:
                    continue
                attributes = attributes.replace(local[0], f'localSheetId="{list(names).index(name)}"')
            if "#REF" in text or self._looks_elsewhere(text):
                continue
            kept.append(f"<definedName{attributes}>{text}</definedName>")
        for number, sheet in enumerate(self.own):
            if sheet.frozen_row:
                rows = f"'{sheet.name}'!${sheet.frozen_row}:${sheet.frozen_row}"
                title = f'name="_xlnm.Print_Titles" localSheetId="{number}"'
                kept.append(f"<definedName {title}>{rows}</definedName>")
        return f"<definedNames>{''.join(kept)}</definedNames>" if kept else ""

    def _packed(self) -> bytes:
        overrides = "".join(
            f'<Override PartName="/{path}" ContentType="{kind}"/>' for path, kind in sorted(self.types.items())
        )
        types = (
            f'{_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            '<Default Extension="vml" ContentType="application/vnd.openxmlformats-officedocument.vmlDrawing"/>'
            f"{overrides}</Types>"
        )
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as packed:
            for path, part in [("[Content_Types].xml", types.encode()), *self.parts.items()]:
                packed.writestr(zipfile.ZipInfo(path, (2000, 1, 1, 0, 0, 0)), part, zipfile.ZIP_DEFLATED)
        return content.getvalue()


_ROW_NUMBER = re.compile(r'\br="(\d+)"')
_SUSPICIOUS = re.compile(r"\d[ -]?(?:\d[ -]?){6}|@")
_SHARED = re.compile(r't="s"[^>]*><v>(\d+)</v>')
_SHARED_VALUE = re.compile(r"<v>(\d+)</v>")
_NAME = re.compile(r'\br="([A-Z]+)\d+"')
_STYLE = re.compile(r' s="(\d+)"')


def _sheets_in(formula: str) -> set[str]:
    """The sheets a formula (as XML) names."""
    named = re.findall(r"'((?:[^']|'')+)'!|([^\s'!,;:()&+*/=<>^-]+)!", unescape(formula))
    return {(quoted or plain).replace("''", "'") for quoted, plain in named}


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf"\s{re.escape(name)}=(?:\"([^\"]*)\"|'([^']*)')", tag)
    if found is None:
        raise CannotAnnotate(f"no {name}")
    return found[1] if found[1] is not None else found[2]


def _place(name: str) -> tuple[int, int]:
    found = re.fullmatch(r"([A-Z]+)(\d+)", name)
    if found is None:
        raise CannotAnnotate(f"cell {name}")
    return int(found[2]) - 1, column_index(found[1])


def _plain(xml: str) -> str:
    """The text of a piece of XML."""
    return unescape(re.sub(r"<[^>]*>", " ", xml.replace("</t><t", "</t>\x00<t")).replace(" \x00 ", ""))


def _resolve(folder: str, target: str) -> str:
    """Path of a part from a target relative to a folder."""
    if target.startswith("/"):
        return target[1:]
    parts = folder.split("/") if folder else []
    for step in target.split("/"):
        if step == "..":
            parts.pop()
        elif step != ".":
            parts.append(step)
    return "/".join(parts)


def _split(xml: str) -> tuple[str, str, str]:
    """Before, inside and after ``sheetData``."""
    start = xml.index("<sheetData")
    opened = xml.index(">", start) + 1
    if xml[opened - 2] == "/":
        return f"{xml[:start]}<sheetData>", "", f"</sheetData>{xml[opened:]}"
    end = xml.index("</sheetData>")
    return xml[:opened], xml[opened:end], xml[end:]


def _without_references(after: str, kept: set[str]) -> str:
    """What follows the cells, without what leads to parts that are left out."""
    for tag in ("legacyDrawing", "legacyDrawingHF", "picture"):
        after = re.sub(rf"<{tag}\b[^>]*/>", "", after)
    for tag in ("oleObjects", "controls", "customProperties", "webPublishItems"):
        after = re.sub(rf"<{tag}\b.*?</{tag}>", "", after, flags=re.S)
    after = re.sub(r"<mc:AlternateContent\b.*?</mc:AlternateContent>", "", after, flags=re.S)
    after = re.sub(r'(<pageSetup\b[^>]*?) r:id="[^"]*"', r"\1", after)
    after = re.sub(r'<hyperlink\b[^>]*r:id="[^"]*"[^>]*/>', "", after)
    after = re.sub(r"<hyperlinks>\s*</hyperlinks>", "", after)
    after = re.sub(r"<extLst>(?:(?!<extLst>).)*</extLst>(?=\s*</worksheet>)", "", after, flags=re.S)
    for tag in ("drawing", "tablePart"):
        for found in re.findall(rf"<{tag}\b[^>]*/>", after):
            if _attribute(found, "r:id") not in kept:
                after = after.replace(found, "")
    return re.sub(r"<tableParts\b[^>]*>\s*</tableParts>", "", after)


def _relations_xml(relations: Iterable[tuple[str, str, str]]) -> bytes:
    items = "".join(
        f'<Relationship Id="{rid}" Type="{_REL}/{kind}" Target={quoteattr(target)}/>' for rid, kind, target in relations
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE_REL}">{items}</Relationships>'.encode()


# ── styles ────────────────────────────────────────────────────────────────────────────────────────────────────────

_NO_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="1"><font><sz val="11"/><name val="宋体"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="1"><xf/></cellXfs></styleSheet>'
)
_LINE = '<{0} style="thin"><color rgb="FFBFBFBF"/></{0}>'


class _Styles:
    """The workbook's styles, with those we need added at the end of each list."""

    def __init__(self, xml: str) -> None:
        self.original = xml
        self.lists = {name: self._items(name) for name in ("fonts", "fills", "borders", "cellXfs")}
        self.cloned: dict[tuple[int, str], int] = {}
        fills = self.lists["fills"]
        mine = {i for i, fill in enumerate(fills) if any(f'rgb="{rgb}"' in fill for rgb in FILLS.values())}
        self.ours = {i for i, xf in enumerate(self.lists["cellXfs"]) if _fill(xf) in mine}
        """Styles that an earlier receipt gave to problem cells."""
        self.fill_of = {name: self._add("fills", _solid(rgb)) for name, rgb in FILLS.items()}

    def _items(self, name: str) -> list[str]:
        found = re.search(rf"<{name}\b[^>]*?>(.*?)</{name}>", self.original, re.S)
        if found is None:
            raise CannotAnnotate(f"styles without {name}")
        tag = {"cellXfs": "xf"}.get(name, name[:-1])
        return re.findall(rf"<{tag}\b[^>]*?/>|<{tag}\b[^>]*?>.*?</{tag}>", found[1], re.S)

    def _add(self, name: str, item: str) -> int:
        """Append to a list; its place there."""
        self.lists[name].append(item)
        return len(self.lists[name]) - 1

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
        """The styles of our own sheets."""
        fonts = {
            "title": self._add("fonts", '<font><b/><sz val="16"/><name val="宋体"/></font>'),
            "head": self._add("fonts", '<font><b/><sz val="10"/><color rgb="FFFFFFFF"/><name val="宋体"/></font>'),
            "body": self._add("fonts", '<font><sz val="10"/><name val="宋体"/></font>'),
            "link": self._add("fonts", '<font><u/><sz val="10"/><color rgb="FF0563C1"/><name val="宋体"/></font>'),
        }
        sides = "".join(_LINE.format(side) for side in ("left", "right", "top", "bottom"))
        boxed = self._add("borders", f"<border>{sides}<diagonal/></border>")
        fills = {
            "head": self._add("fills", _solid("FF1F4E79")),
            "answer": self._add("fills", _solid("FFEAF3E6")),
            **self.fill_of,
        }
        made = {}
        for look in STYLES:
            font = fonts.get(look, fonts["body"])
            border = 0 if look in ("title", "text") else boxed
            wrap = '<alignment vertical="center" wrapText="1"/>'
            made[look] = self._add(
                "cellXfs",
                f'<xf numFmtId="0" fontId="{font}" fillId="{fills.get(look, 0)}" borderId="{border}" xfId="0" '
                f'applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1">{wrap}</xf>',
            )
        return made


def _solid(rgb: str) -> str:
    return f'<fill><patternFill patternType="solid"><fgColor rgb="{rgb}"/><bgColor indexed="64"/></patternFill></fill>'


def _fill(xf: str) -> int:
    found = re.search(r'\bfillId="(\d+)"', xf)
    return int(found[1]) if found else 0
