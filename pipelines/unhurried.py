"""Dagster's history in SQLite files, written without a wait for the disk after every event."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def unhurried_sqlite() -> Iterator[None]:
    """Within the block, SQLite doesn't wait for the disk after every event.

    Dagster opens and closes its files several times for each of a run's hundreds of events, and the last one to close a
    file waits until all of it is on disk. A connection of ours keeps every file open meanwhile. A power cut may cost a
    run's last events, never the soundness of the file.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    kept: dict[str, sqlite3.Connection] = {}

    def opened(connection: Any, _record: Any) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        connection.execute("pragma synchronous = normal")
        path = connection.execute("pragma database_list").fetchone()[2]
        if path:
            keeper = kept.get(path) or kept.setdefault(path, sqlite3.connect(path, check_same_thread=False))
            keeper.execute("select count(*) from sqlite_master").fetchone()  # only who has read counts as a user

    event.listen(Engine, "connect", opened)
    try:
        yield
    finally:
        event.remove(Engine, "connect", opened)
        for keeper in kept.values():
            keeper.close()
