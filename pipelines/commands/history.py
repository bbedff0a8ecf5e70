"""The Dagster instance of a workspace: where its runs are remembered."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from pipelines.durable import write_durably
from pipelines.settings import CHECKOUT, Workspace
from pipelines.unhurried import unhurried_sqlite

if TYPE_CHECKING:
    from dagster import DagsterInstance


DATABASE = "ACTIONPLAN_POSTGRES_URL"
"""Names the variable with the address of a PostgreSQL database for Dagster's history, where a team works together."""
SETTINGS = CHECKOUT / "dagster.yaml"
_MARK = "# Written by actionplan"
_OURS = f"{_MARK}, anew with each version of its dagster.yaml. Remove this line to keep your changes.\n"


class WrongHistory(Exception):
    """The history of runs is elsewhere; the message says what to do."""


@contextmanager
def dagster_instance(ws: Workspace) -> Iterator[DagsterInstance]:
    """The workspace's Dagster instance; its home and its tables are made on first use.

    By one process at a time: two that make the tables at once leave them with two versions, and nobody can open them.
    """
    from dagster import DagsterInstance
    from dagster._core.instance.ref import InstanceRef

    home = prepared_home(ws)
    reference = InstanceRef.from_dir(str(home), overrides=_anchored(home / "dagster.yaml"))
    with unhurried_sqlite():
        with FileLock(home / "tables.lock"):
            opened = DagsterInstance.from_ref(reference)
        with opened as instance:
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
        raise WrongHistory(f"这个工作区的运行历史在 PostgreSQL 中，请先设置环境变量 {DATABASE}，见 docs/deployment.md")
    wanted = _settings()
    if found is None or (found.startswith(_MARK) and found != wanted):
        write_durably(settings, wanted.encode())
    return home


def _settings() -> str:
    """This checkout's settings without its storage, which is relative to it."""
    import yaml

    shared = yaml.safe_load(SETTINGS.read_text())
    own = {key: value for key, value in shared.items() if key not in ("storage", "local_artifact_storage")}
    if DATABASE in os.environ:
        os.environ[DATABASE] = _with_driver(os.environ[DATABASE])  # for this process and those it starts
        own["storage"] = {"postgres": {"postgres_url": {"env": DATABASE}}}
    return _OURS + yaml.safe_dump(own)


def _with_driver(address: str) -> str:
    """The address as SQLAlchemy wants it: it would look for another driver than the one Dagster comes with."""
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg2://", address)


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
