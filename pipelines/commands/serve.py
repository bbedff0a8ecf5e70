"""Dagster's webserver and daemon for a workspace, in the foreground: what ``actionplan serve`` does."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType

from filelock import FileLock, Timeout

from pipelines.commands.history import dagster_instance, prepared_home
from pipelines.settings import CHECKOUT, Workspace

WEB, DAEMON = "web", "daemon"
PARTS = (WEB, DAEMON)
LOCATIONS = CHECKOUT / "workspace.yaml"
STOP_SECONDS = 30
"""How long a service may take to end before it is killed."""


class CannotServe(Exception):
    """A service can't be started, or one has ended by itself; the message says what to do."""


def serve(
    ws: Workspace,
    *,
    host: str,
    port: int,
    parts: Sequence[str] = PARTS,
    read_only: bool = False,
    say: Callable[[str], object] = print,
) -> None:
    """Start the services and stay until told to stop (Ctrl-C, SIGTERM) or one of them ends.

    ``host`` and ``port``: where the pages are. ``read_only``: the pages start nothing. Raises CannotServe, and OSError
    where the workspace can't be written.
    """
    ws.prepare()
    home = prepared_home(ws)
    if WEB in parts:
        _free(host, port)
    lock = FileLock(home / "daemon.lock")
    if DAEMON in parts:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise CannotServe("这个工作区的后台服务已在运行，不必再启动") from None
    environment = {**os.environ, "ACTIONPLAN_ROOT": str(ws.root), "DAGSTER_HOME": str(home)}
    try:
        with dagster_instance(ws):
            pass  # its tables are there before several services look for them at once
        _watch([(part, _command(part, host, port, read_only)) for part in parts], environment, host, port, say)
    finally:
        lock.release()


def _command(part: str, host: str, port: int, read_only: bool) -> list[str]:
    tools = Path(sys.executable).parent
    where = ["-w", str(LOCATIONS)]
    if part == DAEMON:
        return [str(tools / "dagster-daemon"), "run", *where]
    shown = ["-h", host, "-p", str(port), *(["--read-only"] if read_only else [])]
    return [str(tools / "dagster-webserver"), *where, *shown]


def _free(host: str, port: int) -> None:
    """Raises CannotServe where something else listens on the port, or the address is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotServe(f"{host}:{port} 不能使用（{error.strerror}），请用 --port 换一个端口") from None


def _watch(
    commands: Sequence[tuple[str, list[str]]],
    environment: Mapping[str, str],
    host: str,
    port: int,
    say: Callable[[str], object],
) -> None:
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    services: list[tuple[str, subprocess.Popen[bytes]]] = []
    try:
        for part, command in commands:
            services.append(
                (part, subprocess.Popen(command, env=environment, cwd=CHECKOUT, preexec_fn=_die_with_parent))
            )
        if any(part == WEB for part, _ in services):
            say(f"页面：http://{f'[{host}]' if ':' in host else host}:{port}（按 Ctrl-C 停止）")
        while not stopping:
            for part, service in services:
                if (code := service.poll()) is not None:
                    raise CannotServe(
                        f"{'页面服务' if part == WEB else '后台服务'}已退出（代码 {code}），原因见上面的输出"
                    )
            time.sleep(0.5)
    finally:
        for _, service in services:
            service.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for _, service in services:
            try:
                service.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                service.kill()
                service.wait()
        for number, handler in before.items():
            signal.signal(number, handler)


def _die_with_parent() -> None:
    """In the child: end when the parent is killed, and leave Ctrl-C to it (Linux; elsewhere only the latter)."""
    os.setsid()
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
