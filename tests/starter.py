"""Starts commands as processes of their own, without the seconds that importing Dagster and dbt costs each.

``python -m tests.starter`` reads a JSON line (arguments, environment, out, err), forks, says the child's process id,
waits for it and says how it ended. The child leads a process group of its own and runs the command just like the
console script does. ``Starter`` is the side that asks.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from pipelines.settings import CHECKOUT

OURS = ("ACTIONPLAN", "DAGSTER")


class Starter:
    """The process that starts commands, one at a time; ``module`` is what it runs."""

    def __init__(self, *module: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", *(module or ["tests.starter"])],
            cwd=CHECKOUT,
            env={**environment, "PYTHONUTF8": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # what has been said and not been read must show in goes_on
        )
        self._said()

    def _said(self) -> str:
        assert self._process.stdout
        if not (line := self._process.stdout.readline()):
            raise RuntimeError("the starter died")
        return line.decode().strip()

    def start(self, arguments: list[str], environment: Mapping[str, str], out: Path, err: Path) -> int:
        """Start a command whose words are added to two files (or one); its process id."""
        assert self._process.stdin
        wanted = {"arguments": arguments, "environment": dict(environment), "out": str(out), "err": str(err)}
        self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
        return int(self._said())

    def goes_on(self) -> bool:
        """Whether the command is still running, so that ``end`` would have to wait."""
        assert self._process.stdout
        return not select.select([self._process.stdout], [], [], 0)[0]

    def end(self) -> int:
        """Wait for it; its exit code."""
        return int(self._said())

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(60)


# ── in the process that starts ────────────────────────────────────────────────────────────────────────────────────


def serve(parts: Mapping[str, Callable[[], None]] = {}) -> None:
    """Start what is asked for until nobody asks any more; ``parts`` are commands beside those of ``actionplan``."""
    _import()
    gc.freeze()
    print(flush=True)  # ready
    for line in sys.stdin:
        wanted = json.loads(line)
        if (child := os.fork()) == 0:
            _become(parts, **wanted)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    os._exit(0)


def _import() -> None:
    """What takes long, and starts no threads."""
    import dagster
    import dagster_dbt
    import dbt.adapters.duckdb
    import dbt.cli.main
    import dbt.task.build
    import duckdb
    import jinja2
    import pandera.polars
    import plotly
    import polars

    import pipelines.cli
    import pipelines.commands.run
    import pipelines.forms

    del dagster, dagster_dbt, dbt, duckdb, jinja2, pandera, plotly, polars, pipelines


def _become(
    parts: Mapping[str, Callable[[], Any]], arguments: list[str], environment: dict[str, str], out: str, err: str
) -> NoReturn:
    """In the child: what ``actionplan`` does with these arguments."""
    os.setsid()
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ |= environment
    code = 70
    try:
        from pipelines.cli import cli

        parts.get(arguments[0], lambda: cli(arguments, prog_name="actionplan"))()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 71
    except BaseException:
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()  # what has to be put away at the end of a process; its memory is not
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
