"""From raw workbooks to judgements: layout, identity, rows, rules; a batch of workbooks at a time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import polars as pl

from pipelines.formats import FORMAT
from pipelines.forms import FORMS, Column
from pipelines.forms.headers import Lexicon
from pipelines.forms.keys import subdistrict_key
from pipelines.forms.personal import mask
from pipelines.forms.types import DatePeriod
from pipelines.forms.units import find_unit
from pipelines.intake import identify as identity
from pipelines.intake import layout, papers
from pipelines.intake import recognised as recognition
from pipelines.intake.answers import Answers, is_of_receipt, read_answers
from pipelines.intake.changes import Changes
from pipelines.intake.copies import set_copies_aside
from pipelines.intake.issues import ERROR, FATAL, SEVERITY_ORDER, WARNING, Issue, Refusal, cell_name
from pipelines.intake.mended import Mended
from pipelines.intake.parse import Rows, Total, read_table, read_totals, shown
from pipelines.intake.reader import META_SHEET, VISIBLE, Cell, RawWorkbook
from pipelines.intake.rules import Rule, reading
from pipelines.intake.subareas import sub_areas
from pipelines.intake.validate import Place, at_cell, validate
from pipelines.plans import Plan
from pipelines.plans.entities import ENTITIES

ACCEPTED, WITH_ISSUES, RETURNED = "accepted", "accepted_with_issues", "returned"
MAIN_FORM = "community"
COVER_ROWS = 80
AREA_SLACK = 0.005
"""By so much of itself a typed sum of areas may differ: rows are rounded, totals are written in 万㎡."""


@dataclass(frozen=True)
class Source:
    """One workbook to be judged: its bytes' digest and how it came."""

    submission_id: str
    sha256: str | None
    size_bytes: int
    file_name: str
    """Masked already."""
    drop_path: str | None
    received_at: datetime
    received_at_source: str
    archive_path: str | None = None


@dataclass
class Judgement:
    """What intake says about one workbook. ``frames``: the records of each form (only what is kept)."""

    submission: dict[str, Any]
    issues: list[Issue]
    frames: dict[str, pl.DataFrame] = field(default_factory=dict)
    recognised: list[dict[str, Any]] = field(default_factory=list)
    """Per table: sheet, form, header rows, columns with the field each became, rows by kind."""
    totals: list[Total] = field(default_factory=list)
    personal: dict[str, list[Cell]] = field(default_factory=dict)
    """Sheet → cells that hold personal data (columns declared so are not listed cell by cell)."""
    notes: list[str] = field(default_factory=list)
    """What the receipt says beside the findings: rules that were skipped, …"""
    answers: Answers = field(default_factory=Answers)
    """What the district wrote into 说明 on the list of findings of a receipt."""
    mended: Mended | None = None
    """What became of the findings of the version before; None where there is none."""
    changes: Changes | None = None
    """What it changes against the version it replaces; None where it replaces none."""
    kind: str | None = None
    """What the bytes are (xlsx, xls …); None when they could not be read."""
    shown: list[str] = field(default_factory=list)
    """The sheets a receipt shows again, by the names they have in the file."""

    @property
    def status(self) -> str:
        return str(self.submission["status"])

    @property
    def key(self) -> tuple[str, str, str] | None:
        """Plan, district and period; None when not identified."""
        parts = tuple(self.submission[name] for name in ("plan_id", "district_code", "period_id"))
        return None if None in parts else parts

    def conclude(self) -> None:
        """Count the kept rows, then everything ``recount`` does. A returned workbook keeps no rows."""
        if any(issue.severity == FATAL for issue in self.issues):
            self.frames, self.totals = {}, []
        community = self.frames.get(MAIN_FORM)
        self.submission["row_count"] = sum(frame.height for frame in self.frames.values())
        self.submission["community_count"] = community.height if community is not None else 0
        self.recount()

    def recount(self) -> None:
        """Sort the issues, attach the district's answers, and set status and counts."""
        self.issues = sorted((self._answered(issue) for issue in self.issues), key=_weight)
        counts = Counter(issue.severity for issue in self.issues)
        self.submission |= {
            "status": RETURNED if counts[FATAL] else WITH_ISSUES if self.issues else ACCEPTED,
            "fatal_count": counts[FATAL],
            "error_count": counts[ERROR],
            "warning_count": counts[WARNING],
        }

    def _answered(self, issue: Issue) -> Issue:
        answer = self.answers.to(issue) if self.answers and not issue.answer else None
        return replace(issue, answer=answer) if answer else issue


def _weight(issue: Issue) -> tuple[Any, ...]:
    return SEVERITY_ORDER[issue.severity], issue.sheet or "", issue.row or 0, issue.cell or "", issue.rule_id


def refused(source: Source, refusal: Refusal) -> Judgement:
    """The judgement on a file that could not be read."""
    judgement = Judgement(_submission(source), [refusal.issue()])
    judgement.conclude()
    return judgement


@dataclass
class _Book:
    source: Source
    raw: RawWorkbook
    layouts: list[layout.SheetLayout]
    cover: identity.Cover | None
    title: identity.Cover
    identity: identity.Identity | None
    issues: list[Issue]
    names: list[str]
    """The sheets a receipt shows again, as the file calls them; everywhere else their names are masked."""

    @property
    def tables(self) -> Mapping[str, list[layout.Table]]:
        return layout.tables_by_form(self.layouts)


def judge_batch(
    books: Sequence[tuple[Source, RawWorkbook]],
    plans: Mapping[str, Plan],
    aliases: layout.Aliases = layout.NO_ALIASES,
) -> list[Judgement]:
    """Judge workbooks together: one frame per form for all of them. Rules against earlier ledgers come later.

    ``aliases``: what analysts say that odd headers and sheet names mean.
    """
    opened = [_open(source, raw, plans, aliases) for source, raw in books]
    places = [_place(book) for book in opened]
    rows: dict[str, Rows] = {}
    totals: list[list[Total]] = []
    for number, (book, place) in enumerate(zip(opened, places, strict=True)):
        claimed: list[Total] = []
        if book.identity:
            units = (*(book.cover.units if book.cover else ()), *book.title.units)
            for name, tables in book.tables.items():
                for table in tables:
                    read_table(
                        rows.setdefault(name, Rows(FORMS[name])), number, table, units, book.raw.date1904, place.issues
                    )
                    _about_rows(table, place.issues)
                    place.issues += sub_areas(table, units)
                    claimed += read_totals(table, units) if table.totals else []
        totals.append(claimed)
    records = validate(rows, places)
    split = {name: frame.partition_by("_book", as_dict=True, include_key=False) for name, frame in records.items()}
    judgements = []
    for number, (book, place) in enumerate(zip(opened, places, strict=True)):
        frames = {name: parts[(number,)] for name, parts in split.items() if (number,) in parts}
        judgements.append(_judgement(book, place, frames, totals[number]))
    return judgements


def _open(source: Source, raw: RawWorkbook, plans: Mapping[str, Plan], aliases: layout.Aliases) -> _Book:
    """Find tables and identity; what is fatal is known after this."""
    cells = [[list(line) for line in sheet.cells] for sheet in raw.sheets] if aliases.are_scoped else []
    book = _opened(source, raw, plans, aliases.lexicon())
    if cells and book.identity:
        district = book.identity.plan.id, book.identity.district.code
        if (lexicon := aliases.lexicon(*district)) is not aliases.lexicon():
            for sheet, lines in zip(raw.sheets, cells, strict=True):
                sheet.cells = lines
            book = _opened(source, raw, plans, lexicon)
    _about_sheets(book)
    _about_columns(book)
    return book


def _opened(source: Source, raw: RawWorkbook, plans: Mapping[str, Plan], lexicon: Lexicon) -> _Book:
    """The workbook's tables, as headers mean by this lexicon, and whose it is."""
    ours = {id(sheet) for sheet in raw.visible if is_of_receipt(sheet.name, sheet.cells)}
    names = [sheet.name for sheet in raw.visible if id(sheet) not in ours]
    for sheet in raw.sheets:
        sheet.name = mask(sheet.name)
    covers = [sheet for sheet in raw.visible if layout.is_cover(sheet.name)]
    sheets = [s for s in raw.visible if s not in covers and id(s) not in ours and any(map(any, s.cells))]
    layouts = [layout.lay_out(sheet, lexicon) for sheet in sheets]
    set_copies_aside(layouts)
    cover = identity.read_labels((sheet, range(COVER_ROWS)) for sheet in covers) if covers else None
    title = identity.read_labels((item.sheet, _rows_around(item)) for item in layouts if item.tables)
    titles = [text for item in layouts if item.tables for text in item.titles]
    who, said = identity.identify(raw, cover, title, titles, source.drop_path, source.file_name, plans)
    return _Book(source, raw, layouts, cover, title, who, said, names)


def _rows_around(item: layout.SheetLayout) -> list[int]:
    """The rows of a sheet that may hold labels: those above its tables, and the notes and signatures below."""
    above = {row for table in item.tables for row in table.title_rows}
    return sorted(above.union(row for table in item.tables for row, _ in table.skipped))


def _place(book: _Book) -> Place:
    who = book.identity
    place = Place(book.source.submission_id, book.source.received_at.date(), issues=book.issues)
    if who:
        place.plan, place.district_code, place.period_id = who.plan, who.district.code, who.period.id
        place.as_of = who.period.as_of
    place.missing = set(missing_columns(book.tables, who.plan.fields if who else ()))
    place.forms = set(book.tables)
    return place


# ── sheets and columns ────────────────────────────────────────────────────────────────────────────────────────────


def _say(
    book: _Book,
    rule: Rule,
    place: tuple[str | None, str | None],
    form: str | None = None,
    field_name: str | None = None,
    /,
    **values: object,
) -> None:
    """Note a finding about a sheet or a cell of it; ``values`` fill the message."""
    message, remedy = reading.filled(rule, **values)
    sheet, cell = place
    book.issues.append(Issue(rule.severity, rule.id, message, remedy, sheet, cell, None, form, field_name))


def _about_sheets(book: _Book) -> None:
    """Sheets that are hidden, strange or missing."""
    for sheet in book.raw.sheets:
        if sheet.state != VISIBLE and sheet.name != META_SHEET:
            _say(book, reading.HIDDEN_SHEET, (sheet.name, None), sheet=sheet.name)
    for item in book.layouts:
        name = item.sheet.name
        if item.copy_of:
            _say(book, reading.SHEET_COPY, (name, None), sheet=name, original=item.copy_of)
            continue
        if item.form is None:
            _about_unrecognised(book, item)
            continue
        if item.hint and item.hint is not item.form:
            _say(book, reading.SHEET_OF_ANOTHER_FORM, (name, None), item.form.name, sheet=name, title=item.form.sheet)
        if item.sheet.hidden_rows or item.sheet.hidden_columns:
            _say(book, reading.HIDDEN_ROWS, (name, None), item.form.name, sheet=name)
    tables, who = book.tables, book.identity
    if MAIN_FORM not in tables and (who is None or MAIN_FORM in who.plan.forms(who.district, who.period)):
        title = FORMS[MAIN_FORM].sheet
        message = f"没有「{title}」表，或表中找不到表头。"
        book.issues.append(
            Issue(FATAL, "missing_form", message, f"请按模板补充「{title}」表后重新报送。", form=MAIN_FORM)
        )
    elif MAIN_FORM in tables and not any(table.data_rows for table in tables[MAIN_FORM]):
        sheet_name = tables[MAIN_FORM][0].sheet.name
        message = "「小区明细」表里没有任何一行数据。"
        book.issues.append(Issue(FATAL, "no_rows", message, "请填写后重新报送。", sheet_name, form=MAIN_FORM))
    if who:
        for name in who.plan.required_forms(who.district, who.period):
            if name != MAIN_FORM and name in FORMS and name not in tables:
                _say(book, reading.MISSING_SHEET, (FORMS[name].sheet, None), name, sheet=FORMS[name].sheet)


def _about_unrecognised(book: _Book, item: layout.SheetLayout) -> None:
    """A sheet that no form fits, with the header it seems to have."""
    name, seen = item.sheet.name, item.outline
    if seen is None or seen.header is None:
        _say(book, reading.UNRECOGNISED_SHEET, (name, None), sheet=name)
        return
    first, last = seen.header
    rows = str(first + 1) if first == last else f"{first + 1}—{last + 1}"
    texts = [shown(cell) for cell in item.sheet.cells[last] if isinstance(cell, str) and cell.strip()]
    said = "、".join(filter(None, texts[:4])) + ("…" if len(texts) > 4 else "")
    _say(book, reading.UNKNOWN_HEADER, (name, cell_name(first, 0)), sheet=name, rows=rows, headers=said)


def missing_columns(tables: Mapping[str, Sequence[layout.Table]], fields: Collection[str]) -> list[str]:
    """``form.field`` of every column that a given sheet does not have. Start and end may stand in one column.

    Of the columns that only some plans ask for, those among ``fields``: what the workbook's own plan rests on.
    """
    missing = []
    for name, found in tables.items():
        form = FORMS[name]
        present = {field_name for table in found for field_name in table.fields}
        for column in form.alternatives:
            if column.field in present and isinstance(column.type, DatePeriod):
                present |= {"contract_start", "contract_end"}
        asked = form.columns_for(fields)
        missing += [f"{name}.{c.field}" for c in asked if not c.personal and c.field not in present]
    return missing


def _needed(plan: Plan) -> frozenset[str]:
    """``form.field`` of the columns without which some indicator has no data; alternatives joined by ``|``."""
    if plan.id not in _NEEDED:
        used = (
            column
            for indicator in plan.indicators
            for column in ENTITIES[indicator.entity].columns_used(
                indicator.denominator, indicator.numerator, indicator.strict
            )
        )
        _NEEDED[plan.id] = frozenset(need for column in used for need in column.needs)
    return _NEEDED[plan.id]


_NEEDED: dict[str, frozenset[str]] = {}


def _about_columns(book: _Book) -> None:
    """Required and needed columns that are missing; columns that fit no field, or whose field another one has."""
    tables = book.tables
    missing = set(missing_columns(tables, book.identity.plan.fields if book.identity else ()))
    said: set[str] = set()
    for name, found in tables.items():
        form, sheet = FORMS[name], found[0].sheet.name
        for column in form.required_columns:
            if f"{name}.{column.field}" in missing:
                rule = reading.MISSING_COLUMN_FATAL if name == MAIN_FORM else reading.MISSING_COLUMN
                like = _headers_like(column, found)
                if like:
                    rule = replace(rule, message=rule.message + "；表头“{like}”与它相近，未采用")
                _say(book, rule, (sheet, None), name, column.field, sheet=sheet, header=column.header, like=like)
                said.add(f"{name}.{column.field}")
    needs = _needed(book.identity.plan) if book.identity else ()
    for need in sorted(needs):
        options = need.split("|")
        name, _, field_name = options[0].partition(".")
        absent = all(option in missing or option.partition(".")[0] not in tables for option in options)
        if name in tables and absent and not said & set(options):
            sheet, header = tables[name][0].sheet.name, FORMS[name].column(field_name).header
            rule = reading.MISSING_INDICATOR_COLUMN
            _say(book, rule, (sheet, None), name, field_name, sheet=sheet, header=header)
    for found in tables.values():
        for table in found:
            _odd_columns(book, table)


def _headers_like(column: Column, tables: Sequence[layout.Table]) -> str:
    """The unknown headers of a form's tables that may be meant for a column none of them has."""
    unknown = ((table, found) for table in tables for found in table.unmapped if not found.problem)
    near = (found for table, found in unknown if column in layout.near_columns(table.form, found.header, table.fields))
    return "”、“".join(dict.fromkeys(filter(None, (shown(found.header) for found in near))))


def _odd_columns(book: _Book, table: layout.Table) -> None:
    rules = {
        "duplicate": reading.DUPLICATE_COLUMN,
        "ambiguous": reading.AMBIGUOUS_COLUMN,
        None: reading.UNMAPPED_COLUMN,
    }
    for column in table.unmapped:
        if column.problem == "ignored":
            continue
        place = table.sheet.name, table.where(table.header_rows[1], column.index)
        near = (
            None if column.problem else next(iter(layout.near_columns(table.form, column.header, table.fields)), None)
        )
        rule = reading.NEAR_COLUMN if near else rules[column.problem]
        _say(book, rule, place, table.form.name, header=shown(column.header), near=near and near.header)
    for conflict in table.conflicts:
        _say(
            book,
            reading.STREET_CONFLICT,
            (table.sheet.name, cell_name(*conflict.cell)),
            table.form.name,
            conflict.field,
            source=conflict.source,
            given=shown(conflict.given),
            typed=shown(conflict.typed),
            header=table.form.column(conflict.field).header,
            rows=conflict.rows,
        )
    for name, found in table.fields.items():
        column_type = table.form.column(name)
        unit = find_unit(column_type.unit) if column_type.unit else None
        stated = found.unit or any(
            u.dimension == "money" for u in (*table.unit_note, *(book.cover.units if book.cover else ()))
        )
        if unit and unit.dimension == "money" and not stated and _has_numbers(table, found.index):
            cell = table.where(table.header_rows[1], found.index)
            _say(
                book,
                reading.UNIT_ASSUMED,
                (table.sheet.name, cell),
                table.form.name,
                name,
                header=column_type.header,
                unit=unit.name,
            )


def _has_numbers(table: layout.Table, index: int) -> bool:
    cells = table.sheet.cells
    return any(isinstance(cells[row][index], float) for row in table.data_rows)


def _about_rows(table: layout.Table, issues: list[Issue]) -> None:
    """Rows without a name, and total rows whose name column says 合计."""
    form = table.form
    identifying = next((c for c in form.columns if c.identity and c.field in table.fields), None)
    if identifying is None:
        return
    for row in table.nameless:
        message, remedy = reading.filled(reading.R02, header=identifying.header)
        name = "R02" if form.name == MAIN_FORM else "row_without_name"
        rule = replace(reading.R02, id=name, form=form.name)
        issues.append(at_cell(rule, table, row, identifying.field, message, remedy))
    for row, label in table.totals:
        if row in table.named_totals:
            message, remedy = reading.filled(reading.R03, header=identifying.header, label=mask(label))
            issues.append(at_cell(replace(reading.R03, form=form.name), table, row, identifying.field, message, remedy))


# ── the judgement ─────────────────────────────────────────────────────────────────────────────────────────────────


def _submission(source: Source) -> dict[str, Any]:
    """The submission record, as far as it is known before anything was read."""
    return {
        "submission_id": source.submission_id,
        "plan_id": None,
        "district_code": None,
        "period_id": None,
        "file_name": source.file_name,
        "sha256": source.sha256,
        "size_bytes": source.size_bytes,
        "received_at": source.received_at,
        "received_at_source": source.received_at_source,
        "status": RETURNED,
        "stated_fill_date": None,
        "stated_as_of": None,
        "row_count": 0,
        "community_count": 0,
        "fatal_count": 0,
        "error_count": 0,
        "warning_count": 0,
        "forms": [],
        "missing_columns": [],
        "form_version": FORMAT,
        "is_synthetic": False,
        "archive_path": source.archive_path,
        "drop_path": source.drop_path,
    }


def _judgement(book: _Book, place: Place, frames: dict[str, pl.DataFrame], totals: list[Total]) -> Judgement:
    submission = _submission(book.source)
    if book.identity:
        submission |= dict(zip(("plan_id", "district_code", "period_id"), book.identity.key, strict=True))
    for labels in (book.title, book.cover):
        if labels:
            submission["stated_fill_date"] = labels.fill_date or submission["stated_fill_date"]
            submission["stated_as_of"] = labels.as_of or submission["stated_as_of"]
            submission["is_synthetic"] = submission["is_synthetic"] or labels.is_synthetic
    submission["forms"] = [name for name in FORMS if name in book.tables]
    submission["missing_columns"] = sorted(place.missing)
    _claimed_totals(frames, totals, place.issues)
    recognised = recognition.recognised(book.layouts)
    if book.identity:
        place.issues += papers.about_list(frames, recognised, book.identity.plan, book.identity.period.id)
    personal: dict[str, list[Cell]] = {}
    for labels in (book.title, book.cover):
        for sheet, cell in labels.personal if labels else ():
            personal.setdefault(sheet, []).append(cell)
    judgement = Judgement(
        submission,
        place.issues,
        frames,
        recognised,
        totals,
        personal,
        answers=read_answers(s.cells for s in book.raw.visible if is_of_receipt(s.name, s.cells)),
        kind=book.raw.kind,
        shown=book.names,
    )
    judgement.conclude()
    return judgement


def _claimed_totals(frames: Mapping[str, pl.DataFrame], totals: Sequence[Total], issues: list[Issue]) -> None:
    """T11: totals and subtotals that differ from the sum of their rows, where every row's value was read.

    A subtotal that names a subdistrict belongs to that one's rows; any other to the rows above it or below it, up to
    the next total row; so does a 合计 where a sheet has several of them.
    """
    lines: dict[tuple[str, str], list[int]] = {}
    for total in totals:
        if total.row not in lines.setdefault((total.form, total.source), []):
            lines[total.form, total.source].append(total.row)
    for total in totals:
        frame = frames.get(total.form)
        if frame is None or total.field not in frame.columns or total.field in _RATES:
            continue
        rows = frame.filter(pl.col("source_sheet") == total.source)
        others = lines[total.form, total.source]
        street = _street_of(total.label, rows)
        parts = [rows] if _GRAND_TOTAL.fullmatch(total.label) else [street] if street is not None else []
        if street is None and ("小计" in total.label or (parts and len(others) > 1)):
            above = max((row for row in others if row < total.row), default=0)
            below = min((row for row in others if row > total.row), default=1 << 30)
            parts += [
                rows.filter(pl.col("source_row").is_between(above + 1, total.row - 1)),
                rows.filter(pl.col("source_row").is_between(total.row + 1, below - 1)),
            ]
        if not parts:
            continue
        sums = [float(part[total.field].sum()) for part in parts if part.height and not part[total.field].null_count()]
        if len(sums) < len([part for part in parts if part.height]) or not sums:
            continue
        slack = 0 if rows[total.field].dtype.is_integer() else AREA_SLACK
        if all(abs(counted - float(total.value)) > slack * max(abs(counted), 1) for counted in sums):
            header = FORMS[total.form].column(total.field).header
            message, remedy = reading.filled(
                reading.CLAIMED_TOTAL,
                label=total.label,
                header=header,
                claimed=f"{float(total.value):,.10g}",
                counted=f"{sums[0]:,.10g}",
            )
            rule, cell = reading.CLAIMED_TOTAL, cell_name(total.row - 1, total.column)
            issues.append(
                Issue(rule.severity, rule.id, message, remedy, total.sheet, cell, total.row, total.form, total.field)
            )


def _street_of(label: str, rows: pl.DataFrame) -> pl.DataFrame | None:
    """The rows of the subdistrict that a subtotal names (团结街道小计); None when it names none of them."""
    name = _SUBTOTAL.sub("", label)
    if not name or name == label or "subdistrict_key" not in rows.columns:
        return None
    named = rows.filter(pl.col("subdistrict_key") == subdistrict_key(name))
    return named if named.height else None


_SUBTOTAL = re.compile(r"[:：\s]*(?:小计|合计|总计|共计)[:：\s]*$")
_GRAND_TOTAL = re.compile(r"合计|总计|共计|全[县区旗市]合计|[总合]计数?")
_RATES = {"fee_standard", "fee_collection_rate", "reported_rate", "completion_rate", "term_no", "term_years"}
"""Numeric columns that don't add up by their nature."""
