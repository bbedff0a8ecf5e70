"""When the code server is asked to read the definitions anew: a plan file changed and stayed so, until it answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.commands.code_server import CodeServer
from pipelines.settings import Workspace


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[CodeServer, list[bool]]:
    """A server that can be reached as often as the list says, last first."""
    answers: list[bool] = []
    monkeypatch.setattr(CodeServer, "_reload", lambda self: answers.pop())
    server = CodeServer(Workspace(tmp_path), tmp_path / "code.sock")
    server.ws.plans.mkdir()
    return server, answers


def test_a_change_is_taken_up_once_it_has_stayed(asked: tuple[CodeServer, list[bool]]) -> None:
    server, answers = asked
    plan = server.ws.plans / "other.yaml"
    for text in ("id: half", "id: half_a_file_more"):
        plan.write_text(text)
        server.follow()  # would fail with nobody to answer
    answers[:] = [True]
    server.follow()
    assert not answers
    server.follow()
    plan.unlink()
    server.follow()
    answers[:] = [True]
    server.follow()
    assert not answers


def test_who_could_not_be_reached_is_asked_again(asked: tuple[CodeServer, list[bool]]) -> None:
    server, answers = asked
    (server.ws.plans / "other.yml").write_text("id: other")
    server.follow()
    answers[:] = [True, False]
    server.follow()
    assert answers == [True]
    server.follow()
    assert not answers


def test_what_is_no_plan_file_is_no_change(asked: tuple[CodeServer, list[bool]]) -> None:
    server, _ = asked
    (server.ws.plans / ".other.yaml.swp").touch()
    (server.ws.plans / "notes.txt").touch()
    server.follow()
    server.follow()
