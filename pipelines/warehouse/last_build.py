"""Whether the build that is there is the one that would be made now: then it need not be made again.

A build that went through, tests and all, is noted with a digest of everything it rests on (the inputs, this program,
dbt's project, the libraries under them) and one of the files it wrote. Both must be as they were; what was made with
other inputs, by another version, or was damaged since is no longer current. Today's date is among the inputs: what is
overdue changes with the day.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pipelines.durable import write_durably
from pipelines.hashing import file_sha256
from pipelines.settings import Workspace
from pipelines.warehouse.program import fingerprint


def database(ws: Workspace) -> Path:
    """The private file a build writes into; readers get what ``publish`` makes of the build."""
    return ws.build / "warehouse.duckdb"


def tables(ws: Workspace) -> Path:
    """The folder of the models that are a Parquet file each; the database has a view on every one of them."""
    return ws.build / "tables"


def is_current(ws: Workspace) -> bool:
    """Whether a finished build of these very inputs by this very program is there, unharmed."""
    try:
        noted = json.loads(_note(ws).read_bytes())
        return bool(noted == {"rests_on": rests_on(ws), "made": _made(ws)})
    except (OSError, ValueError):
        return False


def forget(ws: Workspace) -> None:
    """Take the note away: the build is made anew the next time."""
    _note(ws).unlink(missing_ok=True)


def note(ws: Workspace, rested_on: str) -> None:
    """Remember a build that has just gone through, by what ``rests_on`` said before it began."""
    noted = {"rests_on": rested_on, "made": _made(ws)}
    write_durably(_note(ws), json.dumps(noted).encode())


def rests_on(ws: Workspace) -> str:
    """Stands for everything that the result of a build depends on."""
    return hashlib.sha256(fingerprint() + _contents(ws.build / "inputs")).hexdigest()


def _made(ws: Workspace) -> str:
    """Stands for all that a build wrote. Raises OSError where there is none."""
    return hashlib.sha256(file_sha256(database(ws)).encode() + _contents(tables(ws))).hexdigest()


def _contents(folder: Path) -> bytes:
    """The names and digests of all files in a folder."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return "".join(f"{file.relative_to(folder).as_posix()} {file_sha256(file)}\n" for file in files).encode()


def _note(ws: Workspace) -> Path:
    return ws.build / "built.json"
