"""Dagster's webserver and daemon for a workspace, in the foreground: what ``actionplan serve`` does.

Both ask one code server (``code_server``), which is started first.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType

from filelock import FileLock, Timeout

from pipelines.commands.code_server import CodeServer
from pipelines.commands.history import dagster_instance, prepared_home
from pipelines.settings import CHECKOUT, Workspace

CODE, WEB, DAEMON = "code", "web", "daemon"
PARTS = (WEB, DAEMON)
NAMES = {CODE: "代码服务", WEB: "页面服务", DAEMON: "后台服务"}
LOOK_SECONDS = 0.5
STOP_SECONDS = 30
"""How long services may take to end before they are killed."""
CODE_STOP_SECONDS = 5


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
        with tempfile.TemporaryDirectory(prefix="actionplan-") as folder:
            code = CodeServer(ws, Path(folder) / "code.sock")
            where = home / f"{'-'.join(parts)}.yaml"
            where.write_text(code.location)
            commands = {part: _command(part, where, host, port, read_only) for part in parts}
            _watch(code, commands, environment, lambda: say(_pages(host, port)) if WEB in parts else None)
    finally:
        lock.release()


def _command(part: str, where: Path, host: str, port: int, read_only: bool) -> list[str]:
    tools = Path(sys.executable).parent
    if part == DAEMON:
        return [str(tools / "dagster-daemon"), "run", "-w", str(where)]
    shown = ["-h", host, "-p", str(port), *(["--read-only"] if read_only else [])]
    return [str(tools / "dagster-webserver"), "-w", str(where), *shown]


def _pages(host: str, port: int) -> str:
    return f"页面：http://{f'[{host}]' if ':' in host else host}:{port}（按 Ctrl-C 停止）"


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
    code: CodeServer, commands: Mapping[str, list[str]], environment: Mapping[str, str], begun: Callable[[], object]
) -> None:
    """Start the code server, then what asks it, and look after them until told to stop. Raises CannotServe."""
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    services: dict[str, subprocess.Popen[bytes]] = {}

    def start(part: str, command: list[str]) -> None:
        services[part] = subprocess.Popen(command, env=environment, cwd=CHECKOUT, preexec_fn=_die_with_parent)

    def goes_on() -> bool:
        for part, service in services.items():
            if (status := service.poll()) is not None:
                raise CannotServe(f"{NAMES[part]}已退出（代码 {status}），原因见上面的输出")
        time.sleep(LOOK_SECONDS)
        return not stopping

    try:
        start(CODE, code.command)
        while not code.answers():
            if not goes_on():
                return
        for part, command in commands.items():
            start(part, command)
        begun()
        while goes_on():
            code.follow()
    finally:
        # The code server last: the others would take its end for a failure. A run that is going on goes on without it.
        code_server = services.pop(CODE, None)
        _end(list(services.values()), STOP_SECONDS)
        _end([code_server] if code_server else [], CODE_STOP_SECONDS)
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(services: Sequence[subprocess.Popen[bytes]], seconds: float) -> None:
    for service in services:
        service.terminate()
    deadline = time.monotonic() + seconds
    for service in services:
        try:
            service.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            service.kill()
            service.wait()


def _die_with_parent() -> None:
    """In the child: end when the parent is killed, and leave Ctrl-C to it (Linux; elsewhere only the latter)."""
    os.setsid()
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
