"""The one process that knows the definitions, for webserver and daemon alike: what runs start from.

Left to themselves either of them starts its own, and the daemon a new one every minute. Here there is one, and it reads
the definitions anew when a plan file has changed. Runs that are going on end where they began.
"""

from __future__ import annotations

import json
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.plans.loader import plan_files
from pipelines.settings import Workspace

RELOAD_SECONDS = 300


@dataclass
class CodeServer:
    """Where it listens, how it is started, and which state of the plans it has read."""

    ws: Workspace
    address: Path
    """Its socket; only who may enter the folder can speak to it."""
    read: list[tuple[str, int, int]] = field(init=False)
    looked: list[tuple[str, int, int]] = field(init=False)

    def __post_init__(self) -> None:
        self.read = self.looked = self._plans()

    @property
    def command(self) -> list[str]:
        """What starts it."""
        what = ["--module-name", "pipelines.definitions", "--location-name", "actionplan"]
        return [
            str(Path(sys.executable).parent / "dagster"),
            "code-server",
            "start",
            *what,
            "--socket",
            str(self.address),
        ]

    @property
    def location(self) -> str:
        """The content of a file that tells Dagster's services where it is."""
        server = {"host": "localhost", "socket": str(self.address), "location_name": "actionplan"}
        return json.dumps({"load_from": [{"grpc_server": server}]}, indent=1)

    def answers(self) -> bool:
        """Whether somebody listens."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.address))
            except OSError:
                return False
        return True

    def follow(self) -> None:
        """Read the definitions anew where a plan file changed and has stayed so since the last look."""
        now = self._plans()
        if now != self.read and now == self.looked and self._reload():
            self.read = now
        self.looked = now

    def _reload(self) -> bool:
        """What Dagster's pages ask for by a click. False where it can't be reached: the next look tries again."""
        from dagster._core.errors import DagsterUserCodeUnreachableError
        from dagster._grpc.client import DagsterGrpcClient

        try:
            DagsterGrpcClient(socket=str(self.address)).reload_code(RELOAD_SECONDS)
        except DagsterUserCodeUnreachableError:
            return False
        return True

    def _plans(self) -> list[tuple[str, int, int]]:
        found = []
        for path in plan_files(self.ws.plans):
            with suppress(FileNotFoundError):  # just taken away
                look = path.stat()
                found.append((path.name, look.st_size, look.st_mtime_ns))
        return found
