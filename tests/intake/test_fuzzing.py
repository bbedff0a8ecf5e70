"""Whatever the bytes are, there is a verdict: sheets or a reasoned refusal, never an error, never a wait.

Found by hypothesis here, and by the coverage-guided fuzzer of tools/fuzz_reader.py, whose findings are kept at the end.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.intake.guard import Guard, outcome
from pipelines.intake.issues import Refusal
from pipelines.intake.reader import KINDS, read_workbook
from pipelines.settings import Limits
from tests.intake import formats
from tests.intake.formats import SOUND

LIMITS = Limits(cells=200_000, unpacked_bytes=64 * 1024**2, read_seconds=10)
MAY_SAY = {
    *("empty_file", "encrypted", "foreign_file", "unsupported_format", "unreadable", "no_sheet", "zip_of_files"),
    *("over_limit", "read_aborted"),
}
"""``read_aborted``: the guard did its work, which is a verdict too; tools/fuzz_reader.py counts it as a finding."""
usual = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    """One child for all, replaced when it dies."""
    with Guard(1, LIMITS) as guard:
        yield guard


def verdict(guard: Guard, data: bytes) -> str:
    """The kind of what was read, or the rule of the refusal. Any other outcome is raised."""
    try:
        book = outcome(guard.submit(read_workbook, data, LIMITS))
    except Refusal as refusal:
        return _reasoned(refusal)
    assert book.kind in KINDS
    for sheet in book.sheets:
        assert len({len(row) for row in sheet.cells}) <= 1
    return book.kind


def _reasoned(refusal: Refusal) -> str:
    assert refusal.message
    assert refusal.remedy
    assert refusal.rule_id in MAY_SAY, refusal
    return refusal.rule_id


kinds = st.sampled_from(sorted(SOUND))
places = st.floats(0, 1, exclude_max=True)


@usual
@given(kind=kinds, changes=st.lists(st.tuples(places, st.binary(min_size=1, max_size=8)), min_size=1, max_size=6))
def test_changed_bytes(guard: Guard, kind: str, changes: list[tuple[float, bytes]]) -> None:
    data = bytearray(SOUND[kind])
    for place, new in changes:
        at = int(place * len(data))
        data[at : at + len(new)] = new
    verdict(guard, bytes(data))


@usual
@given(kind=kinds, start=places, end=places)
def test_parts_cut_out_or_off(guard: Guard, kind: str, start: float, end: float) -> None:
    data = SOUND[kind]
    first, last = sorted((int(start * len(data)), int(end * len(data))))
    verdict(guard, data[:first] + data[last:])
    verdict(guard, data[:first])


PARTS = [
    ("xlsx", "xl/worksheets/sheet1.xml"),
    ("xlsx", "xl/workbook.xml"),
    ("xlsx", "xl/_rels/workbook.xml.rels"),
    ("xlsx", "xl/styles.xml"),
    ("xlsx", "xl/sharedStrings.xml"),
    ("xlsb", "xl/worksheets/sheet0.bin"),
    ("xlsb", "xl/workbook.bin"),
    ("xlsb", "xl/styles.bin"),
    ("ods", "content.xml"),
]


def part(kind: str, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(SOUND[kind])) as archive:
        return archive.read(name)


@usual
@given(place=st.sampled_from(PARTS), changes=st.lists(st.tuples(places, st.binary(max_size=6)), min_size=1, max_size=4))
def test_changed_parts_of_packages(guard: Guard, place: tuple[str, str], changes: list[tuple[float, bytes]]) -> None:
    """Inside the package, where checksums and compression keep changed bytes of the file from getting to."""
    data = bytearray(part(*place))
    for at, new in changes:
        start = int(at * len(data))
        data[start : start + len(new) // 2 + 1] = new
    verdict(guard, formats.repacked(SOUND[place[0]], {place[1]: bytes(data)}))


_MEAN = rb"0 -1 1 999999999 99999999999999999999 1e400 nan XFD1048576 A0 &#0; &amp; &x; true e str s inlineStr ' #REF!"
WORDS = st.sampled_from([*_MEAN.split(), "甲".encode(), b"", b" ", b"\xff"])
MARKUP = [place for place in PARTS if not place[1].endswith(".bin")]


@usual
@given(place=st.sampled_from(MARKUP), edits=st.lists(st.tuples(places, WORDS), min_size=1, max_size=5))
def test_edited_markup(guard: Guard, place: tuple[str, str], edits: list[tuple[float, bytes]]) -> None:
    """Values of attributes and texts exchanged for others, so that the XML stays XML."""
    xml = part(*place)
    for at, word in edits:
        spots = [found.span(1) for found in re.finditer(rb'="([^"]*)"|>([^<]*)<', xml) if found[1] is not None]
        start, end = spots[int(at * len(spots))]
        xml = xml[:start] + word + xml[end:]
    verdict(guard, formats.repacked(SOUND[place[0]], {place[1]: xml}))


@usual
@given(kind=st.sampled_from(["xml", "fods", "html"]), edits=st.lists(st.tuples(places, WORDS), min_size=1, max_size=5))
def test_edited_documents(guard: Guard, kind: str, edits: list[tuple[float, bytes]]) -> None:
    text = SOUND[kind]
    for at, word in edits:
        spots = [found.span() for found in re.finditer(rb'(?<==")[^"]*|(?<=>)[^<]*', text)]
        start, end = spots[int(at * len(spots))]
        text = text[:start] + word + text[end:]
    verdict(guard, text)


@usual
@given(kind=kinds, number=st.integers(0, 30), again=st.integers(2, 5))
def test_pieces_of_markup_repeated(guard: Guard, kind: str, number: int, again: int) -> None:
    pieces = re.split(rb"(?=<)", SOUND[kind])
    at = number % len(pieces)
    verdict(guard, b"".join([*pieces[:at], *pieces[at : at + 1] * again, *pieces[at + 1 :]]))


@usual
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200), st.sampled_from(["utf-8", "utf-16", "gb18030"]))
def test_any_text(guard: Guard, text: str, encoding: str) -> None:
    verdict(guard, text.encode(encoding))


@usual
@given(st.sampled_from([b"", b"PK\3\4", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\t\x08\x10\0", b"<table>"]), st.binary())
def test_any_bytes(guard: Guard, head: bytes, data: bytes) -> None:
    verdict(guard, head + data)
