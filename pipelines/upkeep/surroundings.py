"""All that a run needs besides its data: files of the analysts, disk, rights, lock, run history, what was left over."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

from pipelines import formats, renewal
from pipelines.alerts.config import AlertsError
from pipelines.alerts.config import load as load_alerts
from pipelines.durable import set_aside
from pipelines.formats import FORMAT
from pipelines.handwritten import HandwrittenError
from pipelines.intake import receive
from pipelines.intake.layout import read_aliases
from pipelines.plans import Plan, load_plans
from pipelines.plans.loader import PlanError
from pipelines.settings import TIME_ZONE, Workspace
from pipelines.upkeep.findings import Finding
from pipelines.warehouse import decisions
from pipelines.warehouse.proposals_file import ProposalFileError, pending

WRITTEN, DISK, RIGHTS, LEFTOVERS, INBOX, HISTORY, FORMAT_CHECK = (
    "written_by_hand", "disk", "permissions", "leftovers", "inbox", "run_history", "format",
)  # fmt: skip
LEAST_FREE = 1024**3
"""Bytes that have to be free at least, whatever the size of the workspace."""
WAITING_DAYS = 3
"""A file that lies in the inbox for longer waits for somebody."""
YOUNG_SECONDS = 3600
"""A half-written file in the inbox may still be being written for so long."""
SHOWN = 20


def check_written(ws: Workspace) -> Iterator[Finding]:
    """Plan files, decisions on the register, proposals, header aliases, alerts: what people write by hand."""
    try:
        plans = load_plans(ws.plans)
    except PlanError as error:
        for mistake in error.mistakes[:SHOWN]:
            yield Finding(WRITTEN, "plans", str(mistake), "改正方案文件；actionplan plans check 逐条指出错误")
        plans = load_plans()
    reads: dict[Path, Callable[[], object]] = {
        ws.register: lambda: (decisions.read_decisions(ws.register, plans), decisions.read_entries(ws.register, plans)),
        ws.alerts: lambda: load_alerts(ws.alerts, plans),
        ws.header_aliases: lambda: read_aliases(ws.header_aliases, plans),
        **{ws.geo / f"{name}.geojson": partial(_read_json, ws.geo / f"{name}.geojson") for name in plans},
    }
    for path, read in reads.items():
        yield from _unreadable(ws, path, read)
    yield from _proposals(ws, plans.values())


def _unreadable(ws: Workspace, path: Path, read: Callable[[], object]) -> Iterator[Finding]:
    where = path.relative_to(ws.root).as_posix()
    try:
        read()
    except (HandwrittenError, AlertsError) as error:
        for mistake in error.mistakes[:SHOWN]:
            yield Finding(WRITTEN, where, mistake, "逐条改正这份手工填写的文件")
    except (OSError, ValueError) as error:
        yield Finding(WRITTEN, where, f"文件读不出来：{error}", "改正或从备份取回这份文件")


def _proposals(ws: Workspace, plans: Iterable[Plan]) -> Iterator[Finding]:
    for plan in plans:
        try:
            pending(ws.register, plan.id)
        except (ProposalFileError, OSError, ValueError) as error:
            yield Finding(WRITTEN, "data/raw/register", str(error), "改正或移走这份建议文件")


def _read_json(path: Path) -> None:
    if path.is_file():
        json.loads(path.read_text("utf-8-sig"))


def check_format(ws: Workspace) -> Iterator[Finding]:
    """The marker of the workspace's format."""
    state = formats.read(ws)
    where = formats.marker(ws).relative_to(ws.root).as_posix()
    if state is None and formats.marker(ws).exists():
        mend = partial(set_aside, ws, [formats.marker(ws)], "已损坏")
        yield Finding(
            FORMAT_CHECK, where, "格式标记已损坏", "用 actionplan doctor --repair 移开，下次运行补写", mend=mend
        )
    elif state and (state.unfinished == formats.UPGRADE or state.format < FORMAT):
        yield Finding(FORMAT_CHECK, where, "记录升级没有完成", "运行 actionplan run，会接着完成")


def check_disk(ws: Workspace) -> Iterator[Finding]:
    """Whether the next run has room: it builds everything anew beside what is published."""
    needed = max(LEAST_FREE, 2 * sum(map(_size, (ws.marts, ws.build))))
    free = shutil.disk_usage(ws.root).free
    if free < needed:
        said = f"磁盘剩余 {free / 1024**3:.1f} GB，运行至少需要 {needed / 1024**3:.1f} GB"
        yield Finding(DISK, "", said, "清理磁盘或把工作区移到更大的磁盘")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def check_rights(ws: Workspace) -> Iterator[Finding]:
    """Folders that can't be written, files that can't be read."""
    found = 0
    for top in (ws.raw, ws.marts, ws.reports, ws.build, ws.dagster_home, ws.logs, ws.plans):
        for folder, _, files in os.walk(top):
            rights = os.R_OK | os.X_OK | (0 if top == ws.plans else os.W_OK)
            wrong = [Path(folder)] if not os.access(folder, rights) else []
            wrong += [path for name in files if not os.access(path := Path(folder) / name, os.R_OK) and path.is_file()]
            for path in wrong:
                found += 1
                if found <= SHOWN:
                    said = f"运行程序的用户没有{'写入' if path.is_dir() else '读取'}权限"
                    yield Finding(RIGHTS, _where(ws, path), said, "请管理员更改所有者或权限（chown、chmod）")


def check_leftovers(ws: Workspace) -> Iterator[Finding]:
    """Half-written files of processes that were killed. Ask only while the run lock is held."""
    for path in leftovers(ws):
        remedy = "不起作用；actionplan doctor --repair 会清理"
        yield Finding(LEFTOVERS, _where(ws, path), "中断的运行遗留的临时文件", remedy, mend=partial(_remove, path))
    for folder in _renewed(ws):
        if any(path.exists() for path in renewal.beside(folder)):
            remedy = "用 actionplan doctor --repair 清理"
            said = "中断的发布遗留的文件夹"
            yield Finding(LEFTOVERS, _where(ws, folder), said, remedy, mend=partial(renewal.mend, folder))


def leftovers(ws: Workspace) -> Iterator[Path]:
    """Temporary files that nobody writes any more."""
    for folder in (ws.archive, ws.records, ws.receipts, ws.register, ws.build, ws.raw):
        if folder.is_dir():
            found = folder.glob(".*.tmp") if folder == ws.raw else folder.rglob(".*.tmp")
            yield from sorted(path for path in found if path.is_file())
    yield from sorted(ws.reports.glob(".*@*.new"))
    young = time.time() - YOUNG_SECONDS
    for path in sorted(ws.inbox.rglob(".*")) if ws.inbox.is_dir() else []:
        is_stale = path.lstat().st_ctime < young
        if is_stale and (path.name.endswith(".tmp") or _is_orphaned_note(path)):
            yield path


def _is_orphaned_note(path: Path) -> bool:
    """Whether it states when a file came that is not there: its submission was killed, or the file was taken away."""
    ending = ".received.json"
    return path.name.endswith(ending) and not any(
        receive.sidecar(other) == path for other in path.parent.iterdir() if other != path
    )


def _renewed(ws: Workspace) -> Iterator[Path]:
    yield ws.marts
    for pattern in (".*.new", ".*.old"):
        for path in sorted(ws.reports.glob(pattern)):
            if "@" not in path.name:
                yield path.with_name(path.name[1:-4])


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def check_inbox(ws: Workspace) -> Iterator[Finding]:
    """Files that have been waiting for days, and statements of when a file came that can't be read."""
    if not ws.inbox.is_dir():
        return
    long_ago = time.time() - WAITING_DAYS * 86400
    for drop in receive.find_drops(ws.inbox):
        where = _where(ws, drop.path)
        try:
            since = drop.path.lstat().st_ctime
            note = receive.sidecar(drop.path)
            if note.is_file() and not _states_a_time(note):
                said = f"{drop.name} 的收到时间（{note.name}）读不出来，运行时会按首次见到的时间计"
                yield Finding(INBOX, where, said, "在下次运行前用 submit --received-at 重新提交这份文件")
        except FileNotFoundError:
            continue
        if since < long_ago:
            at = datetime.fromtimestamp(since, TIME_ZONE)
            remedy = (
                "运行 actionplan run；仍在原处的，运行结果会说明原因（不是普通文件，或不知属于哪份填报表的佐证材料）"
            )
            yield Finding(INBOX, where, f"自 {at:%Y-%m-%d} 起在收件箱中没有处理", remedy)


def _states_a_time(note: Path) -> bool:
    try:
        datetime.fromisoformat(json.loads(note.read_text("utf-8"))["received_at"])
    except (ValueError, KeyError, TypeError, OSError):
        return False
    return True


def check_history(ws: Workspace) -> Iterator[Finding]:
    """Dagster's databases. A damaged one is moved aside with all the others: they refer to each other."""
    home = ws.dagster_home
    for path in sorted(home.rglob("*.db")) if home.is_dir() else []:
        if said := _damaged(path):
            remedy = "用 actionplan doctor --repair 移开运行历史，下次运行新建；数据和报告不受影响"
            yield Finding(
                HISTORY, _where(ws, path), f"运行历史数据库已损坏：{said}", remedy, mend=partial(renew_history, ws)
            )
            return


def _damaged(database: Path) -> str | None:
    try:
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)
        try:
            row = connection.execute("pragma integrity_check(1)").fetchone()
            versions = _versions(connection)
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        return None if "locked" in str(error) else str(error)
    except sqlite3.DatabaseError as error:
        return str(error)
    if versions > 1:  # two processes made the tables at once: Dagster opens them no more
        return f"记有 {versions} 个版本"
    return None if row and row[0] == "ok" else str(row[0] if row else "")


def _versions(connection: sqlite3.Connection) -> int:
    """How many versions of its tables a database states; one, where nothing went wrong."""
    named = "select count(*) from sqlite_master where name = 'alembic_version'"
    if not connection.execute(named).fetchone()[0]:
        return 0
    return int(connection.execute("select count(*) from alembic_version").fetchone()[0])


def renew_history(ws: Workspace) -> Path:
    """Move Dagster's home aside, beside itself, and make a new one with the same settings; where the old one is."""
    home = ws.dagster_home
    at = datetime.now(TIME_ZONE)
    aside = home.with_name(f"{home.name}.set-aside-{at:%Y%m%d-%H%M%S}")
    home.rename(aside)
    home.mkdir()
    if (aside / "dagster.yaml").is_file():
        shutil.copy2(aside / "dagster.yaml", home / "dagster.yaml")
    return aside


def _where(ws: Workspace, path: Path) -> str:
    return path.relative_to(ws.root).as_posix() if path.is_relative_to(ws.root) else str(path)
