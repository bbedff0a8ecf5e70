"""Work shared with a second process: the same results in the same order, failures told here, and nobody left behind."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import polars as pl
import pytest

from pipelines import second_process
from pipelines.second_process import SecondProcess
from pipelines.warehouse import proposals
from tests.warehouse.test_proposals import estate

PARTS = [(pl.DataFrame({"n": [n]}), os.getpid()) for n in range(40)]


@pytest.fixture(autouse=True)
def _two_cores_and_nothing_too_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_process, "MUCH", 1)
    monkeypatch.setattr(second_process, "cores", lambda: 2)


Seen = tuple[int, int]
"""The number of a part, and the process that did it."""


def seen(rows: pl.DataFrame, _: int) -> Seen:
    return rows["n"].item(), os.getpid()


def failing(rows: pl.DataFrame, here: int) -> Seen:
    """Fails in the other process."""
    if os.getpid() != here:
        raise FileNotFoundError(2, "no such list", f"{rows['n'].item()}.csv")
    return seen(rows, here)


def killed(rows: pl.DataFrame, here: int) -> Seen:
    """Ends the other process."""
    if os.getpid() != here:
        os.kill(os.getpid(), signal.SIGTERM)
    return seen(rows, here)


def failing_here(_: pl.DataFrame, here: int) -> Seen:
    """Fails in this process; in the other it takes longer than anybody waits."""
    if os.getpid() == here:
        raise ZeroDivisionError
    time.sleep(600)
    raise AssertionError


def again_and_again(work: Callable[[pl.DataFrame, int], Seen]) -> list[Seen]:
    """What comes of the parts once the other process does the last; this one may be through before it begins."""
    with SecondProcess() as second:
        for _ in range(10_000):
            found = second.each(work, PARTS)
            if found[-1][1] != os.getpid():
                return found
    raise AssertionError("the other process never did anything")


def test_both_work_and_the_order_is_that_of_the_parts() -> None:
    found = again_and_again(seen)
    assert [number for number, _ in found] == [*range(40)]
    assert found[0][1] == os.getpid()
    for process in {process for _, process in found} - {os.getpid()}:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


@pytest.mark.parametrize(("name", "value"), [("MUCH", 41), ("cores", lambda: 1)])
def test_this_process_does_it_alone_where_another_is_not_worth_it(
    name: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_process, name, value)
    with SecondProcess() as second:
        assert {process for _, process in second.each(seen, PARTS)} == {os.getpid()}


def test_what_goes_wrong_in_it_is_raised_here_as_what_it_is() -> None:
    with pytest.raises(FileNotFoundError, match=r"39\.csv"):
        again_and_again(failing)


def test_that_it_was_killed_is_said() -> None:
    with pytest.raises(RuntimeError, match="was killed"):
        again_and_again(killed)


def test_what_goes_wrong_here_ends_both() -> None:
    with pytest.raises(ZeroDivisionError):
        again_and_again(failing_here)


def test_it_ends_in_the_midst_of_its_work_when_the_one_who_started_it_does() -> None:
    command = [sys.executable, "-c", "from pipelines.second_process import main; main()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        # All it is told, and then nobody is there any more.
        assert other.communicate(pickle.dumps((time.sleep, (600,))), timeout=60) == (b"", None)
    assert other.returncode == 1


def test_proposals_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        estate(name, reported, district_code=district, address="北环路12号", households=100)
        for district in "ABCDEFGH"
        for name, reported in (("景晨花园", (1, 2)), ("景辰花园", (1, 2)), ("万科城", (1, 1)), ("万科里", (2, 2)))
    ]
    frame = pl.DataFrame(rows, schema=proposals.INPUT_SCHEMA, orient="row")
    together = proposals.propose(frame)
    monkeypatch.setattr(second_process, "MUCH", 10**9)
    assert together.height >= 16
    assert together.equals(proposals.propose(frame))
