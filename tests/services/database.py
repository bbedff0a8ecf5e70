"""A PostgreSQL server of the tests' own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.services.services import free_port


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database. Without a server program tests are skipped with that reason, and fail in CI.

    The server refuses to run as root: it is started as the user ``postgres`` then, whom the package makes.
    """
    programs = _programs()
    who = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="actionplan-postgres-"))
    try:
        if who:
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
        port = free_port()

        def call(program: str, *arguments: str) -> None:
            done = subprocess.run(
                [str(programs / program), *arguments], cwd=folder, capture_output=True, text=True, check=False, **who
            )
            log = folder / "log"
            assert done.returncode == 0, done.stderr + (log.read_text() if log.exists() else "")

        call("initdb", "-D", "data", "-U", "actionplan", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        call("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start")
        try:
            call("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "actionplan", "actionplan")
            yield f"postgresql://actionplan@127.0.0.1:{port}/actionplan"
        finally:
            call("pg_ctl", "-D", "data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    found = shutil.which("initdb")
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found and not versions:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed; tools/test_needs.sh should have installed it")
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    return Path(found).resolve().parent if found else versions[-1].parent
