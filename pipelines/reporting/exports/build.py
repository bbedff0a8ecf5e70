"""Which files there are beside the pages of a plan, and writing them: each whole, and none that is no longer made."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from pipelines.reporting.data import Facts
from pipelines.reporting.exports import tables
from pipelines.reporting.exports.bundle import dictionary_header, district_zip, lay_out
from pipelines.reporting.exports.circular import draft, is_due
from pipelines.reporting.exports.figures import figures_book
from pipelines.reporting.exports.paper import write_paper
from pipelines.reporting.files import put, safe, swap_in
from pipelines.reporting.marts import ALL
from pipelines.reporting.messages import bare
from pipelines.reporting.words import Words

FOLDER = "downloads"
TABLES = "tables"
TOGETHER = 20
"""The rows of so many districts are held in memory at a time, and lie as CSV on the disk."""


@dataclass(frozen=True)
class Downloads:
    """The files of one plan in one language, by name; what they hold is worked out when they are written."""

    facts: Facts
    lang: str

    @cached_property
    def words(self) -> Words:
        return Words(self.facts, self.lang)

    def _name(self, kind: str, code: str, ending: str) -> str:
        """``150802_临河区_2025-11_指标数据.xlsx``: what it is stays with the file wherever it is sent."""
        period = self.facts.current.period_id if self.facts.current else ""
        parts = ["" if code == ALL else code, bare(self.words.name(code)), period]
        return safe("_".join([*filter(None, parts), bare(self.words.t(f"export.file.{kind}"))])) + ending

    def figures(self, code: str = ALL) -> str:
        """The workbook of an area."""
        return self._name("figures", code, ".xlsx")

    @property
    def circular(self) -> str | None:
        """The drafted circular; None while there is nothing to report on."""
        return self._name("circular", ALL, ".docx") if is_due(self.facts) else None

    def bundle(self, code: str) -> str:
        """The zip of a district."""
        return self._name("bundle", code, ".zip")

    @property
    def tables(self) -> list[str]:
        """The published tables."""
        return self.facts.marts.tables

    def write(self, folder: Path, receipts: Path | None, due: Collection[str]) -> None:
        """Write all into ``folder``, but of districts only those that are ``due``: the others' files stay as they are.

        ``receipts``: where the districts' receipts are; None leaves them out.
        """
        folder.mkdir(parents=True, exist_ok=True)
        made = {name: put(folder / name, content) for name, content in self._files(receipts, due)}
        for code in {district.district_code for district in self.facts.districts} - set(due):
            made |= {name: folder / name for name in (self.figures(code), self.bundle(code))}
        for old in folder.iterdir():
            if old.is_file() and old.name not in made:
                old.unlink()

    def _files(self, receipts: Path | None, due: Collection[str]) -> Iterator[tuple[str, bytes]]:
        facts = self.facts
        yield self.figures(), figures_book(facts, self.lang)
        circular = draft(facts, self.lang)
        if circular is not None and self.circular is not None:
            yield self.circular, write_paper(circular, facts.current.as_of if facts.current else date.min)
        texts = tables.described(facts.marts) if due else {}
        codes = sorted(due)
        for some in (codes[n : n + TOGETHER] for n in range(0, len(codes), TOGETHER)):
            with tempfile.TemporaryDirectory() as folder:
                scratch = Path(folder)
                lay_out(self.words, some, scratch, texts)
                for code in some:
                    book = self.figures(code), figures_book(facts, self.lang, code)
                    yield book
                    yield self.bundle(code), district_zip(self.words, code, book, scratch / code, receipts)

    def write_tables(self, folder: Path) -> None:
        """Write the plan's tables as CSV and Parquet, with the dictionary of their columns."""
        marts, plan_id = self.facts.marts, self.facts.plan.plan_id
        folder.mkdir(parents=True, exist_ok=True)
        made = {tables.DICTIONARY}
        with tempfile.TemporaryDirectory(prefix=".making-", dir=folder) as scratch:
            for table in self.tables:
                rows, stem = tables.rows_of(marts, table, plan_id), Path(scratch) / table
                for fresh in (
                    tables.write_csv(tables.as_text(rows), stem.with_suffix(".csv")),
                    tables.write_parquet(rows, stem.with_suffix(".parquet")),
                ):
                    swap_in(fresh, folder / fresh.name)
                    made.add(fresh.name)
        types = {table: marts.types(table) for table in self.tables}
        content = tables.dictionary(types, tables.described(marts), dictionary_header(self.words))
        put(folder / tables.DICTIONARY, content)
        for old in folder.iterdir():
            if old.is_file() and old.name not in made:
                old.unlink()
