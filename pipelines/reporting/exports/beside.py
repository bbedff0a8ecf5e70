"""The files of an area, written by a second process where there is much to write, while this one makes the pages.

The other process is told what to do on its standard input and ends when that is closed: it does not outlive this one,
however this one ends. What goes wrong in it is raised here.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.reporting.data import Facts, load
from pipelines.reporting.exports.build import Downloads
from pipelines.reporting.marts import Marts

MUCH = 20_000
"""From so many communities on that the files of the districts due are about, another process is worth starting."""


@contextmanager
def written(
    facts: Facts, folders: Mapping[str, Path], tables: Path, receipts: Path | None, due: Collection[str]
) -> Iterator[None]:
    """Have all files written when the block is left: each language's into its folder, and the tables they share."""
    if not _is_much(facts, due):
        _write(facts, folders, tables, receipts, due)
        yield
        return
    command = [sys.executable, "-c", f"from {__name__} import main; main()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        try:
            other.stdin.write(json.dumps(_told(facts, folders, tables, receipts, due)).encode() + b"\n")
            other.stdin.flush()
            yield
            failure = other.stdout.read()
        except BaseException:
            other.kill()
            raise
        if other.wait() or failure:
            raise pickle.loads(failure) if failure else RuntimeError("the process that writes the downloads was killed")


def _is_much(facts: Facts, due: Collection[str]) -> bool:
    if facts.current is None or not due or (os.cpu_count() or 1) < 2:
        return False
    listed = facts.marts.count("fct_community_status", plan_id=facts.plan.plan_id, period_id=facts.current.period_id)
    return listed * len(due) >= MUCH * len(facts.districts)


def _write(
    facts: Facts, folders: Mapping[str, Path], tables: Path, receipts: Path | None, due: Collection[str]
) -> None:
    for lang, folder in folders.items():
        Downloads(facts, lang).write(folder, receipts, due)
    Downloads(facts, "zh").write_tables(tables)


def _told(
    facts: Facts, folders: Mapping[str, Path], tables: Path, receipts: Path | None, due: Collection[str]
) -> dict[str, Any]:
    plan_id = facts.plan.plan_id
    return {
        "marts": str(facts.marts.folder.resolve()),
        "plan": plan_id,
        "contents": [[*key, digest] for key, digest in facts.marts.contents(plan_id).items()],
        "number": facts.number,
        "numbers": dict(facts.numbers),
        "known_on": facts.known_on.isoformat() if facts.known_on else None,
        "folders": {lang: str(folder.resolve()) for lang, folder in folders.items()},
        "tables": str(tables.resolve()),
        "receipts": str(receipts.resolve()) if receipts else None,
        "due": sorted(due),
    }


def _write_told(told: dict[str, Any]) -> None:
    with Marts(Path(told["marts"])) as marts:
        marts.know(told["plan"], {(table, code): digest for table, code, digest in told["contents"]})
        [plan] = marts.plans(told["plan"])
        known_on = date.fromisoformat(told["known_on"]) if told["known_on"] else None
        facts = load(marts, plan, known_on, told["number"], told["numbers"])
        receipts = Path(told["receipts"]) if told["receipts"] else None
        folders = {lang: Path(folder) for lang, folder in told["folders"].items()}
        _write(facts, folders, Path(told["tables"]), receipts, told["due"])


def _end_with_the_other() -> None:
    while os.read(0, 1):  # not sys.stdin, whose lock would be held when this process ends
        pass
    os._exit(1)


def main() -> None:
    """Write what the first line of standard input tells; on standard output goes the exception, if there is one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who started this decides
    told = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_the_other, daemon=True).start()
    try:
        _write_told(told)
    except Exception as error:
        try:
            failure = pickle.dumps(error)
            pickle.loads(failure)
        except Exception:
            failure = pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
        sys.stdout.buffer.write(failure)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
