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
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from xml.sax.saxutils import quoteattr

from pipelines.intake.issues import cell_name, column_index
from pipelines.intake.receipt.bookstyles import NO_STYLES, OddStyles, Styles
from pipelines.intake.receipt.ownsheet import ASIDE, HEAD, MAIN, REL, OwnSheet, text_xml
from pipelines.intake.receipt.references import References
from pipelines.intake.receipt.trimming import place_of_notes, trimmed_after, trimmed_before
from pipelines.letters import half_widths

MASK = "***"
NOTE_PIXELS, NOTE_LETTERS = 300, 40
"""How wide a note's box is, and how many letters fit into one of its lines."""
MOST_NOTE = 1_500
"""Letters of a note: the list in front says the rest."""

STYLES_PART = "xl/styles.xml"
_PACKAGE_REL = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_ROW = re.compile(r"<row\b([^>]*?)(?:/>|>(.*?)</row>)", re.S)
_CELL = re.compile(r"<c\b([^>]*?)(?:/>|>(.*?)</c>)", re.S)
_FORMULA = re.compile(r"<f\b([^>]*?)(?:/>|>([^<]*)</f>)")
_CHARTED = re.compile(r"<(?:\w+:)?f>([^<]*)</")
_KEPT_RELATIONS = ("drawing", "table", "image", "chart", "chartUserShapes", "themeOverride")


class CannotAnnotate(Exception):
    """The package is written in a way that this module does not edit."""


@dataclass
class Notes:
    """What is to be done to one sheet: cell → (severity, comment), and cells to be masked."""

    problems: dict[str, tuple[str, str]] = field(default_factory=dict)
    masked: set[tuple[int, int]] = field(default_factory=set)
    masked_areas: list[tuple[int, int, int]] = field(default_factory=list)
    """Column, and the first and the last row between which all its cells are masked; 0-based."""


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
    except (KeyError, IndexError, ValueError, AttributeError, zipfile.BadZipFile, OddStyles) as error:
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
            kind, sheets[name] = targets[_attribute(tag, "r:id")]
            self.positions[position] = name
            if kind != "worksheet" and name in keep:
                raise CannotAnnotate(f"a {kind} is among what is to be shown")
        self.keep = [(name, sheets[name]) for name in keep]
        self.references = References((name for name, _ in self.keep), self._tables())
        self.names = list(self._names(keep))
        self.references.leave_out(((stated["name"], text) for stated, text in self.names if stated))
        self.shared_gone: set[tuple[int, str]] = set()
        """Shared formulas (sheet and number) that keep their values only."""
        self.strings_head = f'<sst xmlns="{MAIN}"'
        self.strings = self._strings(targets)
        self.theme = next((part for kind, part in targets.values() if kind == "theme"), None)
        self.styles = Styles(self._read("xl/styles.xml") if self._has("xl/styles.xml") else NO_STYLES)
        self.parts: dict[str, bytes] = {}
        self.types: dict[str, str] = {}
        self.shape_blocks = 0
        """Blocks of 1,024 shape numbers that are taken."""
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

    def _tables(self) -> Iterable[str]:
        """The names of the tables that are taken along."""
        for _, part in self.keep:
            for kind, target in self._relations(part).values():
                if kind == "table" and self._has(target) and not self._holds_more(text := self._read(target)):
                    yield unescape(_stated(text, "displayName") or "")

    def _names(self, keep: Sequence[str]) -> Iterable[tuple[dict[str, str], str]]:
        """The defined names that may stay: name, sheet and whether it is hidden, and the formula."""
        own = {sheet.name for sheet in self.own}
        for attributes, text in re.findall(r"<definedName\b([^>]*)>([^<]*)</definedName>", self.workbook):
            stated = {key: value for key in ("name", "localSheetId", "hidden") if (value := _stated(attributes, key))}
            place = stated.get("localSheetId")
            name = self.positions.get(int(place), "") if place else ""
            if place and (name not in keep or name in own):
                continue
            if self.is_personal(unescape(f"{stated['name']}\n{text}")):
                self.references.gone.add(stated["name"].lower())
                continue
            yield stated, text

    def _holds_more(self, text: str) -> bool:
        """Whether a drawing or table holds personal data, or leads out of the workbook."""
        return self.is_personal(_plain(text)) or "externalData" in text or 'tableType="queryTable"' in text

    def _strings(self, targets: Mapping[str, tuple[str, str]]) -> list[str]:
        part = next((part for kind, part in targets.values() if kind == "sharedStrings"), None)
        if part is None or not self._has(part):
            return []
        xml = self._read(part)
        if found := re.search(r"<sst\b[^>]*", xml):
            self.strings_head = re.sub(r'\s(?:count|uniqueCount)="\d*"', "", found[0].rstrip("/"))
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
            self._add(_sheet_part(number), xml, f"{_TYPES}.worksheet+xml")
            if relations:
                self.parts[f"xl/worksheets/_rels/sheet{number}.xml.rels"] = _relations_xml(relations)
        self._add(STYLES_PART, self.styles.xml, f"{_TYPES}.styles+xml")
        if self.theme and self._has(self.theme) and b"r:embed=" not in self.archive.read(self.theme):
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
        return f'{HEAD}{self.strings_head} uniqueCount="{len(self.strings)}">{items}</sst>'

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
        if ' cm="' in data or ' vm="' in data:  # they lead into parts that are left out
            data = re.sub(r"<c\b[^>]*>", lambda tag: re.sub(r' (?:cm|vm)="\d+"', "", tag[0]), data)
        self.sheet_number = number
        data = self._cells(data, notes)
        relations = []
        for rid, (kind, target) in self._relations(part).items():
            if kind in _KEPT_RELATIONS and self._has(target) and self._carry(target):
                relations.append((rid, kind, f"/{target}"))
        kept = {rid for rid, _, _ in relations}
        before = trimmed_before(before)
        after = trimmed_after(after, kept, self.references.is_broken, self.is_personal)
        if notes.problems:
            relations += self._comments(number, notes.problems, before)
            place = place_of_notes(after)
            if place is None:
                raise CannotAnnotate("no end of sheet")
            after = f'{after[:place]}<legacyDrawing r:id="rIdNotes"/>{after[place:]}'
            if "xmlns:r=" not in before:
                before = before.replace("<worksheet ", f'<worksheet xmlns:r="{REL}" ', 1)
        return before + data + after, relations

    def _carry(self, part: str) -> bool:
        """Take a drawing, table or picture along with what it refers to; False when it holds personal data."""
        if part in self.parts:
            return True
        content = self.archive.read(part)
        if part.endswith(".xml"):
            text = content.decode("utf-8-sig")
            if self._holds_more(text) or any(map(self.references.is_broken, _CHARTED.findall(text))):
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
        areas = notes.masked_areas
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
            hidden = {column for column, first, last in areas if first <= row <= last} if areas else set()
            careful = colours is not None or row in masked_rows or hidden or self.styles.ours
            if not careful and "<f" not in inner and not self._has_personal(inner):
                shared = {int(index) for index in _SHARED.findall(inner)}
                if shared.isdisjoint(self.personal):
                    self.users.update(dict.fromkeys(shared, False))
                    return found[0]
            cells = self._row(row, inner, colours or {}, notes, hidden)
            return f"<row{attributes}>{cells}</row>"

        return _ROW.sub(edit, data)

    def _row(self, row: int, inner: str, colours: Mapping[int, str], notes: Notes, hidden: set[int]) -> str:
        pieces: list[tuple[int, str]] = []
        for found in _CELL.finditer(inner):
            attributes, content = found[1], found[2] or ""
            name = _NAME.search(attributes)
            if name is None:
                raise CannotAnnotate("cells without names")
            column = column_index(name[1])
            style = self.styles.plain(int(_STYLE.search(attributes)[1]) if _STYLE.search(attributes) else 0)  # type: ignore[index]
            hide = column in hidden or (row, column) in notes.masked
            if content and (hide or self._is_personal_cell(attributes, content)):
                if shared := _SHARED_VALUE.search(content) if 't="s"' in attributes else None:
                    self.users.setdefault(int(shared[1]), True)
                if found_formula := _FORMULA.search(content):
                    self._share(found_formula[1])
                attributes, content = (
                    re.sub(r' (?:t|cm|vm)="\w+"', "", attributes) + ' t="inlineStr"',
                    f"<is><t>{MASK}</t></is>",
                )
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
        """A formula's cell; one that needs what is left out keeps its value only, and so do those that share it."""
        found = _FORMULA.search(content)
        if found is None:
            return content
        number = _stated(found[1], "si") if 't="shared"' in found[1] else None
        if number is not None and (self.sheet_number, number) in self.shared_gone:
            return content.replace(found[0], "")
        if not self.references.is_broken(found[2] or ""):
            return content
        self._share(found[1])
        return content.replace(found[0], "")

    def _share(self, attributes: str) -> None:
        """A shared formula's first cell loses it: the others have to go without."""
        number = _stated(attributes, "si") if 't="shared"' in attributes and ' ref="' in attributes else None
        if number is not None:
            self.shared_gone.add((self.sheet_number, number))

    def _has_personal(self, row: str) -> bool:
        """Whether a row may hold personal data outside the shared strings: one look instead of one per cell."""
        return bool(_SUSPICIOUS.search(row)) and self.is_personal(_plain(row.replace("</c>", "\n")))

    def _is_personal_cell(self, attributes: str, content: str) -> bool:
        value = _SHARED_VALUE.search(content)
        if 't="s"' in attributes:
            return value is not None and int(value[1]) in self.personal
        return bool(_SUSPICIOUS.search(content)) and self.is_personal(_plain(content))

    # ── comments ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _comments(
        self, number: int, problems: Mapping[str, tuple[str, str]], before: str
    ) -> list[tuple[str, str, str]]:
        """A note on each problem cell, in a box that holds its text. ``before``: where the columns' widths stand."""
        placed = sorted((*_place(name), name, text[:MOST_NOTE]) for name, (_, text) in problems.items())
        comments = "".join(
            f'<comment ref="{name}" authorId="0"><text><t xml:space="preserve">{text_xml(text)}</t></text></comment>'
            for _, _, name, text in placed
        )
        self._add(
            f"xl/comments{number}.xml",
            f'{HEAD}<comments xmlns="{MAIN}"><authors><author>回执</author></authors>'
            f"<commentList>{comments}</commentList></comments>",
            f"{_TYPES}.comments+xml",
        )
        first = self.shape_blocks + 1
        self.shape_blocks += max(1, math.ceil((len(placed) + 1) / 1024))
        blocks = ",".join(map(str, range(first, self.shape_blocks + 1)))
        widths = _Widths(before)
        shapes = "".join(
            f'<v:shape id="_x0000_s{first * 1024 + i}" type="#_x0000_t202" '
            'style="position:absolute;visibility:hidden" '
            f'fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/><v:path o:connecttype="none"/>'
            f'<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"/></v:textbox>'
            f'<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{column + 1},12,{row},4,'
            f"{widths.reach(column + 1, NOTE_PIXELS)},12,{row + _lines(text) + 1},4</x:Anchor>"
            f"<x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
            for i, (row, column, _, text) in enumerate(placed, start=1)
        )
        drawing = (
            '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
            'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit">'
            f'<o:idmap v:ext="edit" data="{blocks}"/></o:shapelayout><v:shapetype id="_x0000_t202" '
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
            f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{REL}"><workbookPr{date1904}/>'
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
        kept = []
        for stated, text in self.names:
            if stated["name"].lower() in self.references.gone or self.references.is_broken(text):
                continue
            if place := stated.get("localSheetId"):
                stated = stated | {"localSheetId": str(list(names).index(self.positions[int(place)]))}
            said = " ".join(f'{key}="{value}"' for key, value in stated.items())
            kept.append(f"<definedName {said}>{text}</definedName>")
        for number, sheet in enumerate(self.own):
            quoted = f"'{sheet.name}'!"
            if sheet.filtered:
                area = ":".join(re.sub(r"([A-Z]+)(\d+)", r"$\1$\2", cell) for cell in sheet.filtered.split(":"))
                name = f'name="_xlnm._FilterDatabase" localSheetId="{number}" hidden="1"'
                kept.append(f"<definedName {name}>{quoted}{area}</definedName>")
            if row := sheet.header_row:
                name = f'name="_xlnm.Print_Titles" localSheetId="{number}"'
                kept.append(f"<definedName {name}>{quoted}${row}:${row}</definedName>")
        return f"<definedNames>{''.join(kept)}</definedNames>" if kept else ""

    def _packed(self) -> bytes:
        """The package. What is written anew later stands last: the styles, then that sheet."""
        overrides = "".join(
            f'<Override PartName="/{path}" ContentType="{kind}"/>' for path, kind in sorted(self.types.items())
        )
        types = (
            f'{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            '<Default Extension="vml" ContentType="application/vnd.openxmlformats-officedocument.vmlDrawing"/>'
            f"{overrides}</Types>"
        )
        last = [STYLES_PART, *(_sheet_part(i) for i, sheet in enumerate(self.own, start=1) if sheet.is_filled_later)]
        parts = {path: part for path, part in self.parts.items() if path not in last}
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as packed:
            for path, part in [("[Content_Types].xml", types.encode()), *parts.items()]:
                _pack(packed, path, part)
            for path in last:
                _pack(packed, path, self.parts[path])
        return content.getvalue()


def _sheet_part(number: int) -> str:
    return f"xl/worksheets/sheet{number}.xml"


def _pack(packed: zipfile.ZipFile, path: str, part: bytes) -> None:
    packed.writestr(zipfile.ZipInfo(path, (2000, 1, 1, 0, 0, 0)), part, zipfile.ZIP_DEFLATED, compresslevel=4)


def filled(data: bytes, sheet: OwnSheet) -> bytes:
    """A receipt with one of its own sheets, that which is filled later, written anew; all else stays byte for byte.

    Raises CannotAnnotate where the file is no receipt as we wrote it: somebody has saved it since.
    """
    try:
        content = io.BytesIO(data)
        with zipfile.ZipFile(content, "a") as packed:
            styles, part = packed.filelist[-2:]
            names = re.findall(r'<sheet name="([^"]*)"', packed.read("xl/workbook.xml").decode())
            number = int(part.filename.removeprefix("xl/worksheets/sheet").removesuffix(".xml"))
            if styles.filename != STYLES_PART or unescape(names[number - 1]).removesuffix(ASIDE) != sheet.name:
                raise CannotAnnotate("not as it was written")
            book = Styles(packed.read(styles).decode())
            looks = book.looks()
            parts = {STYLES_PART: book.xml.encode(), part.filename: sheet.xml(looks.__getitem__, False).encode()}
            for old in (styles, part):
                packed.filelist.remove(old)
                del packed.NameToInfo[old.filename]
            packed.start_dir = styles.header_offset
            for path, written in parts.items():
                _pack(packed, path, written)
        content.truncate()
        return content.getvalue()
    except (KeyError, IndexError, ValueError, zipfile.BadZipFile, OddStyles) as error:
        raise CannotAnnotate(f"{type(error).__name__}: {error}") from error


class _Widths:
    """The widths of a sheet's columns in pixels."""

    def __init__(self, before: str) -> None:
        found = re.search(r'<sheetFormatPr\b[^>]*defaultColWidth="([\d.]+)"', before)
        self.usual = _pixels(float(found[1])) if found else 72.0
        self.stated: list[tuple[int, int, float]] = []
        for tag in re.findall(r"<col\b[^>]*>", before):
            width = re.search(r' width="([\d.]+)"', tag)
            hidden = re.search(r' hidden="(?:1|true)"', tag)
            pixels = 0.0 if hidden else _pixels(float(width[1])) if width else self.usual
            self.stated.append((int(_attribute(tag, "min")) - 1, int(_attribute(tag, "max")) - 1, pixels))

    def reach(self, column: int, pixels: float) -> int:
        """The column in which something ends that begins at ``column`` and is so wide."""
        while pixels > 0 and column < 16_383:
            pixels -= next((wide for first, last, wide in self.stated if first <= column <= last), self.usual)
            column += 1
        return column


def _pixels(width: float) -> float:
    return width * 7 + 5


def _lines(text: str) -> int:
    """How many rows of usual height a note takes."""
    return sum(max(1, math.ceil(half_widths(part) / NOTE_LETTERS)) for part in text.splitlines())


_ROW_NUMBER = re.compile(r'\br="(\d+)"')
_SUSPICIOUS = re.compile(r"\d[ -]?(?:\d[ -]?){6}|@")
_SHARED = re.compile(r't="s"[^>]*><v>(\d+)</v>')
_SHARED_VALUE = re.compile(r"<v>(\d+)</v>")
_NAME = re.compile(r'\br="([A-Z]+)\d+"')
_STYLE = re.compile(r' s="(\d+)"')


def _attribute(tag: str, name: str) -> str:
    found = _stated(tag, name)
    if found is None:
        raise CannotAnnotate(f"no {name}")
    return found


def _stated(tag: str, name: str) -> str | None:
    found = re.search(rf"\s{re.escape(name)}=(?:\"([^\"]*)\"|'([^']*)')", tag)
    return None if found is None else found[1] if found[1] is not None else found[2]


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


def _relations_xml(relations: Iterable[tuple[str, str, str]]) -> bytes:
    items = "".join(
        f'<Relationship Id="{rid}" Type="{REL}/{kind}" Target={quoteattr(target)}/>' for rid, kind, target in relations
    )
    return f'{HEAD}<Relationships xmlns="{_PACKAGE_REL}">{items}</Relationships>'.encode()
