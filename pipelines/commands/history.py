"""The Dagster instance of a workspace: where its runs are remembered."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.settings import CHECKOUT, Workspace

if TYPE_CHECKING:
    from dagster import DagsterInstance


@contextmanager
def dagster_instance(ws: Workspace) -> Iterator[DagsterInstance]:
    """The workspace's Dagster instance: its home is made on first use, with this checkout's settings."""
    import yaml
    from dagster import DagsterInstance
    from dagster._core.instance.ref import InstanceRef

    home = ws.dagster_home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "dagster.yaml"
    if not settings.exists():
        shared = yaml.safe_load((CHECKOUT / "dagster.yaml").read_text())
        own = {key: value for key, value in shared.items() if key not in ("storage", "local_artifact_storage")}
        settings.write_text(yaml.safe_dump(own))
    reference = InstanceRef.from_dir(str(home), overrides=_anchored(settings))
    with _unhurried_sqlite(), DagsterInstance.from_ref(reference) as instance:
        yield instance


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
