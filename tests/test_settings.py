"""What the environment may set."""

from __future__ import annotations

import pytest

from pipelines.settings import Limits


def test_limits_can_be_widened(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Limits.stated() == Limits()
    monkeypatch.setenv("ACTIONPLAN_LIMITS", "read_seconds=60, cells=5000000")
    assert Limits.stated() == Limits(read_seconds=60, cells=5_000_000)


@pytest.mark.parametrize("text", ["60", "seconds=60", "read_seconds=", "read_seconds=-1", "cells=many", "sheets=0"])
def test_what_is_no_limit_is_said(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("ACTIONPLAN_LIMITS", text)
    with pytest.raises(ValueError, match="ACTIONPLAN_LIMITS"):
        Limits.stated()
