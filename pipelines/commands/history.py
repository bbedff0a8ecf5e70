"""The Dagster instance of a workspace: where its runs are remembered."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.settings import CHECKOUT, Workspace

if TYPE_CHECKING:
    from dagster import DagsterInstance


DATABASE = "ACTIONPLAN_POSTGRES_URL"
"""Names the variable with the address of a PostgreSQL database for Dagster's history, where a team works together."""
SETTINGS = CHECKOUT / "dagster.yaml"
_OURS = "# Written by actionplan, anew with each version of its dagster.yaml. Remove this line to keep your changes.\n"


class WrongHistory(Exception):
    """The history of runs is elsewhere; the message says what to do."""


@contextmanager
def dagster_instance(ws: Workspace) -> Iterator[DagsterInstance]:
    """The workspace's Dagster instance; its home is made on first use."""
    from dagster import DagsterInstance
    from dagster._core.instance.ref import InstanceRef

    home = prepared_home(ws)
    reference = InstanceRef.from_dir(str(home), overrides=_anchored(home / "dagster.yaml"))
    with _unhurried_sqlite(), DagsterInstance.from_ref(reference) as instance:
        yield instance


def prepared_home(ws: Workspace) -> Path:
    """DAGSTER_HOME of the workspace, with this checkout's settings; an administrator's own stay as they are.

    Where ``ACTIONPLAN_POSTGRES_URL`` names a database the history is kept there, else in SQLite files. Raises
    WrongHistory where the workspace has it in a database that isn't named, OSError where the folder can't be written.
    """
    home = ws.dagster_home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "dagster.yaml"
    found = settings.read_text() if settings.is_file() else None
    if found and DATABASE in found and DATABASE not in os.environ:
        raise WrongHistory(f"这个工作区的运行历史在 PostgreSQL 中，请先设置环境变量 {DATABASE}（见 docs/deployment.md）")
    wanted = _settings()
    if found is None or (found.startswith(_OURS.partition(",")[0]) and found != wanted):
        fresh = settings.with_name(".dagster.yaml.new")
        fresh.write_text(wanted)
        fresh.replace(settings)
    return home


def _settings() -> str:
    """This checkout's settings without its storage, which is relative to it."""
    import yaml

    shared = yaml.safe_load(SETTINGS.read_text())
    own = {key: value for key, value in shared.items() if key not in ("storage", "local_artifact_storage")}
    if DATABASE in os.environ:
        own["storage"] = {"postgres": {"postgres_url": {"env": DATABASE}}}
    return _OURS + yaml.safe_dump(own)


def _anchored(settings: Path) -> Any:
    """The storage folders of a settings file, absolute: Dagster takes relative ones from where it is started."""
    import yaml

    stated = yaml.safe_load(settings.read_text()) or {}
    anchored: dict[str, Any] = {}
    if base := stated.get("storage", {}).get("sqlite", {}).get("base_dir"):
        anchored["storage"] = {"sqlite": {"base_dir": str(settings.parent / base)}}
    artifacts = stated.get("local_artifact_storage", {})
    if base := artifacts.get("config", {}).get("base_dir"):
        anchored["local_artifact_storage"] = {**artifacts, "config": {"base_dir": str(settings.parent / base)}}
    return anchored


@contextmanager
def _unhurried_sqlite() -> Iterator[None]:
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
