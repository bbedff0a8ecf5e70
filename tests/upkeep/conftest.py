"""A workspace with something of everything that intake keeps: versions, evidence, a zip, a returned file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from pipelines.intake import receive
from pipelines.intake.service import process_inbox
from pipelines.settings import Workspace
from tests.intake.books import plans
from tests.intake.test_bundles import zipped
from tests.intake.test_evidence import LINES
from tests.intake.test_evidence import ledger as with_evidence
from tests.intake.test_inbox import hand_in, ledger

NOW = datetime(2025, 12, 5, 9)


def taken_in(ws: Workspace) -> None:
    """What the inbox holds, at the tests' own time."""
    process_inbox(ws, plans(), NOW)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    ws = Workspace(tmp_path_factory.mktemp("filled") / "workspace").prepare()
    hand_in(ws, {"2023.xlsx": ledger(3, "2023-11")}, datetime(2023, 11, 20, 10))
    hand_in(ws, {"2024.xlsx": with_evidence(lines=LINES)}, datetime(2024, 11, 20, 11))
    hand_in(ws, {"2024(2).xlsx": ledger(4, "2024-11")}, datetime(2024, 11, 25, 12))
    hand_in(ws, {"破损.xlsx": b"PK\3\4 nothing"}, datetime(2024, 11, 26, 13))
    hand_in(
        ws, {"五原.zip": zipped({"五原/2024.xlsx": ledger(2, "2024-11", "五原县"), "五原/evidence/a.pdf": b"%PDF a"})}
    )
    for code, name in (("150802", "二.jpg"), ("150821", "同一份.jpg")):  # one file, for two districts
        evidence = ws.inbox / "bayannur_2023_2025" / "2024-11" / code / "evidence"
        evidence.mkdir(parents=True)
        (evidence / name).write_bytes(b"\xff\xd8\xff two")
        receive.sidecar(evidence / name).write_text('{"received_at": "2024-11-20T11:00:00"}')
    taken_in(ws)
    return ws.root


@pytest.fixture
def ws(filled: Path, tmp_path: Path) -> Workspace:
    """A copy of it."""
    root = tmp_path / "workspace"
    shutil.copytree(filled, root)
    return Workspace(root)


Tear = Callable[[Path], None]


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def gone(path: Path) -> None:
    path.unlink()
