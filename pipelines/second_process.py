"""Work that a second process does beside this one, because plain Python keeps one core busy.

The other is told on its standard input what to do and ends when that is closed: it does not outlive this one, however
this one ends. What goes wrong in it is raised here.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from queue import SimpleQueue
from types import TracebackType
from typing import Any, TypeVar

import polars as pl

T = TypeVar("T")

MUCH = 20_000
"""From so many communities, or rows about them, on another process is worth starting."""


def cores() -> int:
    """How many processes this machine can run at once."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return multiprocessing.cpu_count()


class SecondProcess:
    """Use as a context manager: the other starts when there is first enough to do, and ends with the block."""

    def __init__(self) -> None:
        self._started: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> SecondProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._started is None:
            return
        self._started.kill()
        for pipe in (self._started.stdin, self._started.stdout):
            assert pipe is not None
            with suppress(OSError):  # it may have died with something left to read
                pipe.close()
        self._started.wait()

    def each(self, work: Callable[..., T], given: Sequence[tuple[Any, ...]]) -> list[T]:
        """``work(*one)`` for each one that is given, in their order.

        ``work``: a function of a module; it and what it is given travel by pickle. This process begins at the first and
        the other at the last, until they meet: each gets much the same ones every time.
        """
        rows = sum(part.height for one in given for part in one if isinstance(part, pl.DataFrame))
        if len(given) < 2 or rows < MUCH or cores() < 2:
            return [work(*one) for one in given]
        waiting = deque(enumerate(given))
        done: dict[int, T] = {}

        def take(next_: Callable[[], tuple[int, tuple[Any, ...]]], do: Callable[..., T]) -> None:
            while True:
                try:
                    number, one = next_()
                except IndexError:
                    return
                try:
                    done[number] = do(*one)
                except BaseException:
                    waiting.clear()
                    raise

        with self._beside(lambda other: take(waiting.pop, partial(_ask, other, work))):
            take(waiting.popleft, work)
        return [done[number] for number in range(len(given))]

    @contextmanager
    def meanwhile(self, work: Callable[..., object], *given: Any) -> Iterator[None]:
        """Have the other do ``work(*given)`` while the block runs here; both are done when it is left."""
        with self._beside(lambda other: _ask(other, work, *given)):
            yield

    @contextmanager
    def _beside(self, talk: Callable[[subprocess.Popen[bytes]], object]) -> Iterator[None]:
        other = self._started = self._started or _start()
        with ThreadPoolExecutor(1) as thread:
            talking = thread.submit(talk, other)
            try:
                yield
            except BaseException:
                other.kill()  # nobody waits for its answer any more
                raise
            talking.result()


def _start() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", f"from {__name__} import main; main()"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _ask(other: subprocess.Popen[bytes], work: Callable[..., T], *one: Any) -> T:
    assert other.stdin is not None
    assert other.stdout is not None
    try:
        pickle.dump((work, one), other.stdin)
        other.stdin.flush()
        failure, answer = pickle.load(other.stdout)
    except (OSError, EOFError, pickle.UnpicklingError) as error:
        raise RuntimeError("the second process was killed") from error
    if failure is not None:
        raise failure
    found: T = answer
    return found


def _listen(asked: SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...]]]) -> None:
    """What this process is asked; it ends at once when nobody is there to ask, even in the midst of something."""
    try:
        while True:
            asked.put(pickle.load(sys.stdin.buffer))
    finally:
        os._exit(1)


def main() -> None:
    """Do what standard input asks and answer on standard output: the exception, if there was one, and the result."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who started this decides
    asked: SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...]]] = SimpleQueue()
    threading.Thread(target=_listen, args=(asked,), daemon=True).start()
    while True:
        work, one = asked.get()
        try:
            answer = pickle.dumps((None, work(*one)))
        except Exception as error:
            answer = pickle.dumps((_that_travels(error), None))
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()


def _that_travels(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
