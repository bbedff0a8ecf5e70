"""Coverage-guided fuzzing of the reader: whatever the bytes are, there is a verdict. By hand, not in the test run.

    pip install --target /tmp/atheris atheris
    PYTHONPATH=.:/tmp/atheris python tools/fuzz_reader.py CORPUS [libFuzzer options, e.g. -max_total_time=600]

The first byte of an input chooses what the rest is: a whole file, or one part in an otherwise sound package, so that
the fuzzer need not get past checksums and compression. CORPUS is a folder the fuzzer keeps its inputs in; it begins
with a sound file of each kind. What crashes it is written beside and belongs into tests/intake/test_fuzzing.py.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import atheris  # type: ignore[import-not-found]

with atheris.instrument_imports(include=["pipelines.intake.reading", "pipelines.intake.reader", "xlrd", "html.parser"]):
    from pipelines.intake.issues import Refusal
    from pipelines.intake.reader import read_workbook
    from pipelines.intake.reading import html, mhtml, ods, spreadsheetml, text, xls, xlsb  # noqa: F401 - instrumented
from pipelines.settings import Limits
from tests.intake import formats

LIMITS = Limits(file_bytes=1 << 20, unpacked_bytes=8 << 20, cells=100_000, sheets=20)


def _part(kind: str, name: str) -> Callable[[bytes], bytes]:
    return lambda data: formats.repacked(formats.SOUND[kind], {name: data})


TARGETS: list[Callable[[bytes], bytes]] = [
    bytes,
    _part("xlsx", "xl/worksheets/sheet1.xml"),
    _part("xlsx", "xl/workbook.xml"),
    _part("xlsx", "xl/styles.xml"),
    _part("xlsx", "xl/sharedStrings.xml"),
    _part("xlsb", "xl/worksheets/sheet0.bin"),
    _part("xlsb", "xl/workbook.bin"),
    _part("xlsb", "xl/styles.bin"),
    _part("ods", "content.xml"),
]


def one_input(data: bytes) -> None:
    """Read what the input stands for. Everything but a Refusal is a finding."""
    if not data:
        return
    file = TARGETS[data[0] % len(TARGETS)](data[1:])
    try:
        book = read_workbook(file, LIMITS)
    except Refusal:
        return
    for sheet in book.sheets:
        assert len({len(row) for row in sheet.cells}) <= 1, "rows of different length"


def seed(corpus: Path) -> None:
    """A sound file of each kind, and the parts of packages."""
    import io
    import zipfile

    corpus.mkdir(parents=True, exist_ok=True)
    seeds = [b"\0" + data for data in formats.SOUND.values()]
    for number, (kind, name) in enumerate(
        [
            ("xlsx", "xl/worksheets/sheet1.xml"),
            ("xlsx", "xl/workbook.xml"),
            ("xlsx", "xl/styles.xml"),
            ("xlsx", "xl/sharedStrings.xml"),
            ("xlsb", "xl/worksheets/sheet0.bin"),
            ("xlsb", "xl/workbook.bin"),
            ("xlsb", "xl/styles.bin"),
            ("ods", "content.xml"),
        ],
        start=1,
    ):
        with zipfile.ZipFile(io.BytesIO(formats.SOUND[kind])) as archive:
            seeds.append(bytes([number]) + archive.read(name))
    for number, data in enumerate(seeds):
        (corpus / f"seed{number:02}").write_bytes(data)


if __name__ == "__main__":
    seed(Path(sys.argv[1]))
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
