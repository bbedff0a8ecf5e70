"""dbt's parse of its project, kept: it takes dbt seconds, and is the same for every workspace.

``make setup`` leaves it in the checkout; where it could not, or the project has changed since, a workspace makes its
own. Several processes may do so at the same time (Dagster's services, a run), and dbt writes in place: so each parses
in a folder of its own, and what is kept appears whole or not at all. The files are named after what they rest on: one
that is there is never out of date.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pipelines.durable import write_durably
from pipelines.settings import CHECKOUT
from pipelines.warehouse import dbt_runner
from pipelines.warehouse.program import project_fingerprint

T = TypeVar("T")
HOME = CHECKOUT / ".build"
_PREFIX = "dbt-project-"
_FOR_READERS, _FOR_DBT = ".json", ".msgpack"


def as_json(folder: Path) -> Any:
    """Dbt's ``manifest.json``: every model, test and source; ``folder`` is where it may be kept.

    Raises BuildFailed where the project can't be parsed, OSError where the folder can't be written.
    """
    return _kept(folder, _FOR_READERS, json.loads)


def for_dbt(folder: Path) -> Any:
    """The same as the object dbt works with; a new one at each call, since dbt writes into it. Raises as above."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    manifest = _kept(
        folder, _FOR_DBT, lambda content: Manifest.from_msgpack(content, decoder=extended_mashumuro_decoder)
    )
    manifest.build_flat_graph()  # type: ignore[no-untyped-call]
    return manifest


def keep(folder: Path) -> None:
    """Parse the project and keep the result in a folder, in place of earlier ones. Raises as above."""
    name = _name()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{_PREFIX}", dir=folder) as made_in:
        target = Path(made_in)
        dbt_runner.invoke("parse", database=target / "warehouse.duckdb", tables=target, target=target)
        write_durably(folder / f"{name}{_FOR_DBT}", (target / "partial_parse.msgpack").read_bytes())
        write_durably(folder / f"{name}{_FOR_READERS}", (target / "manifest.json").read_bytes())
    for earlier in folder.glob(f"{_PREFIX}*"):
        if earlier.stem != name:
            earlier.unlink(missing_ok=True)


def _name() -> str:
    return f"{_PREFIX}{project_fingerprint().hex()[:16]}"


def _kept(folder: Path, ending: str, read: Callable[[bytes], T]) -> T:
    """What is kept in the checkout or else in the folder; there it is made where it lacks or can't be read."""
    name = f"{_name()}{ending}"
    for home in (HOME, folder):
        try:
            return read((home / name).read_bytes())
        except (OSError, ValueError, LookupError, TypeError):  # not there, or harmed since
            continue
    keep(folder)
    return read((folder / name).read_bytes())


if __name__ == "__main__":  # make setup
    as_json(HOME)
