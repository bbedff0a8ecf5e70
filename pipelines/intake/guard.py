"""Child processes for what a foreign file may do to a reader: hang, eat the memory, abort.

Children have a memory limit and a time limit per task. One that dies takes only its task along; its caller gets a
Refusal. The parent may have threads, so they are forked by a process of its own that has none and has imported what
they need, which costs a second, once; where there is no forking, each is started afresh. None imports the parent's main
module, because that may be Dagster's, which costs seconds.
"""

from __future__ import annotations

import os
import sys
import threading
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, TimeoutError
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from importlib import import_module
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from pipelines.intake.issues import Refusal
from pipelines.settings import Limits

if sys.platform == "win32":
    from multiprocessing.context import SpawnContext as Context
    from multiprocessing.context import SpawnProcess as Process
else:
    from multiprocessing.context import ForkServerContext as Context
    from multiprocessing.context import ForkServerProcess as Process

Result = TypeVar("Result")

_main_lock = threading.Lock()


class _Process(Process):
    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802 - the name multiprocessing gives it
        with _main_lock:
            main = sys.modules["__main__"]
            sys.modules["__main__"] = types.ModuleType("__main__")
            try:
                return Process._Popen(process_obj)
            finally:
                sys.modules["__main__"] = main


class _Context(Context):
    Process = _Process


CONTEXT = _Context()
CONTEXT.set_forkserver_preload(["pipelines.intake.worker"])


def _start(memory_bytes: int, setup: str | None, arguments: Sequence[Any]) -> None:
    """In a new child: a memory limit where the system has one, no core files, quiet, then what the work needs."""
    os.environ["POLARS_MAX_THREADS"] = "1"  # the children are the parallelism
    try:
        import resource
    except ImportError:  # Windows
        pass
    else:
        for what, limit in ((resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_CORE, 0)):
            with suppress(ValueError, OSError):  # a lower limit is in force already
                resource.setrlimit(what, (limit, limit))
    # A panicking library prints its own report; the verdict says what matters.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    if setup:
        module, _, function = setup.partition(":")
        getattr(import_module(module), function)(*arguments)


class Guard:
    """A few guarded children. Use as a context manager; ``submit`` returns a Future whose result is the function's.

    The functions and their arguments travel by pickle, so they live in importable modules.
    """

    def __init__(
        self,
        workers: int = 1,
        limits: Limits | None = None,
        setup: str | None = None,
        arguments: Sequence[Any] = (),
    ) -> None:
        """``setup`` (``module:function``) runs once in every new child, with these arguments."""
        self.limits = limits or Limits()
        self.workers = workers
        self._initargs = (self.limits.memory_bytes, setup, arguments)
        self._pool = self._new_pool()

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(max_workers=self.workers, initializer=_start, initargs=self._initargs, context=CONTEXT)

    def __enter__(self) -> Guard:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    def submit(self, function: Callable[..., Result], *args: Any, seconds: float | None = None) -> Future[Result]:
        """Have a child call the function; it is killed after ``seconds`` (of work, not of waiting)."""
        if not self._pool.active:
            # A child that dies between two tasks takes the whole pool along.
            self._pool = self._new_pool()
        return self._pool.schedule(function, args=args, timeout=seconds or self.limits.read_seconds)

    def each(
        self, function: Callable[..., Result], tasks: Iterable[tuple[Any, ...]], *, seconds: float | None = None
    ) -> Iterator[Result | Exception]:
        """The results of calls with these arguments, in their order; for a call that failed, its exception.

        A call whose pool was lost, through no fault of its own, is tried again. Only a few calls are under way at a
        time, and what was delivered is let go of: memory does not grow with the number of tasks.
        """

        def result(task: tuple[Any, ...], future: Future[Result]) -> Result | Exception:
            for attempt in range(ATTEMPTS):
                try:
                    return (future if attempt == 0 else self.submit(function, *task, seconds=seconds)).result()
                except BrokenProcessPool as error:
                    if attempt == ATTEMPTS - 1:
                        return error
                except Exception as error:
                    return error
            raise AssertionError("no attempt was made")

        under_way: deque[tuple[tuple[Any, ...], Future[Result]]] = deque()
        for task in tasks:
            under_way.append((task, self.submit(function, *task, seconds=seconds)))
            if len(under_way) > AHEAD * self.workers:
                yield result(*under_way.popleft())
        while under_way:
            yield result(*under_way.popleft())


ATTEMPTS = 3
AHEAD = 4
"""Calls for each child that are handed over before their turn, so that none waits for the next."""


def outcome(future: Future[Result]) -> Result:
    """The result of a guarded task. Raises Refusal when its process ran out of time or memory or aborted."""
    try:
        return future.result()
    except Exception as error:
        raise refusal_of(error) or error from None


def refusal_of(error: Exception) -> Refusal | None:
    """What the failure of a guarded task says about the file it was given; None when it says nothing about it."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, TimeoutError):
        return Refusal(
            "read_timeout",
            "读取文件用时过长，已停止读取。",
            "请删除多余的工作表、空白格式和图片，只保留填报内容后再报送。",
        )
    if isinstance(error, ProcessExpired | BrokenProcessPool | MemoryError):
        return Refusal(
            "read_aborted",
            "读取文件时占用内存过多或文件内部结构损坏，已停止读取。",
            "请用 Excel 或 WPS 打开，把内容复制到新的工作簿，另存为 .xlsx 后再报送。",
        )
    return None
