"""One zip per district: its figures, lists, findings, assessment and receipts, and nothing of any other district.

What goes in is decided per table (``tables.SHARED``, ``POOLED``, ``OWN``): a table nobody has thought of stays out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from pipelines.reporting.exports import tables
from pipelines.reporting.files import pack, safe
from pipelines.reporting.marts import Submission
from pipelines.reporting.messages import bare
from pipelines.reporting.words import Words

README = {"zh": "说明.txt", "en": "README.txt"}


def district_zip(words: Words, code: str, book: tuple[str, bytes], csv: Path, receipts: Path | None) -> bytes:
    """The zip of one district.

    ``book``: name and bytes of its workbook; ``csv``: the folder of its tables; ``receipts``: that of all receipts.
    """
    folder = safe(bare(words.name(code)))
    entries = [(README[words.lang], _readme(words, code, book[0])), book]
    entries += [(f"tables/{file.name}", file.read_bytes()) for file in sorted(csv.iterdir())]
    if receipts is not None:
        entries += _receipts(words, code, receipts)
    return pack((f"{folder}/{name}", content) for name, content in entries)


def _readme(words: Words, code: str, book: str) -> bytes:
    facts = words.facts

    def text(key: str, **values: object) -> str:
        return bare(words.t(f"export.readme.{key}", **values))

    lines = [
        text("title", district=words.name(code), plan=words.plan_name),
        text(
            "stamp",
            day=words.fmt.day(facts.current.as_of if facts.current else None),
            version=words.version(code),
        ),
        *([text("synthetic")] if facts.is_synthetic else []),
        *([text("known_on", day=words.fmt.day(facts.known_on))] if facts.known_on else []),
        "",
        text("only", district=words.name(code)),
        text("book", file=book),
        text("tables"),
        text("receipts"),
    ]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def lay_out(words: Words, codes: Collection[str], scratch: Path, texts: dict[str, tables.Described]) -> None:
    """Write what each of these districts may see as CSV into a folder of its own; one table at a time is in memory."""
    facts = words.facts
    held: dict[str, dict[str, dict[str, str]]] = {code: {} for code in codes}
    for code in held:
        (scratch / code).mkdir()
    for table in filter(tables.is_visible, facts.marts.tables):
        rows = tables.as_text(tables.rows_of(facts.marts, table, facts.plan.plan_id, codes)).collect()
        types = facts.marts.types(table)
        for code, own in tables.visible(table, rows, codes):
            if own.height:
                tables.write_csv(own, scratch / code / f"{table}.csv")
                held[code][table] = {column: types[column] for column in own.columns}
    for code, mine in held.items():
        content = tables.dictionary(mine, texts, dictionary_header(words))
        (scratch / code / tables.DICTIONARY).write_bytes(content)


def dictionary_header(words: Words) -> list[str]:
    """The headings of the data dictionary."""
    columns = ("table", "table_zh", "column", "type", "column_zh", "table_en", "column_en")
    return [bare(words.t(f"export.dictionary.{column}")) for column in columns]


def _receipts(words: Words, code: str, folder: Path) -> Iterator[tuple[str, bytes]]:
    """The receipts of its ledgers in force, and of all it sent for the current period."""
    facts = words.facts
    for submission in facts.submissions:
        current = facts.current is not None and submission.period_id == facts.current.period_id
        if submission.district_code == code and (submission.is_effective or current):
            path = _receipt(submission, facts.plan.plan_id, folder)
            if path.is_file():
                yield f"receipts/{submission.period_id}/{path.name}", path.read_bytes()


def _receipt(submission: Submission, plan_id: str, folder: Path) -> Path:
    from pipelines.intake.receipt import receipt_path

    named = ("submission_id", "district_code", "period_id", "file_name")
    return receipt_path(folder, {"plan_id": plan_id, **{name: getattr(submission, name) for name in named}})
