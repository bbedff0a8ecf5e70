"""What an examination says: what is wrong, where, what to do, and how it can be mended without anybody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One thing found wanting. The texts are Chinese, for whoever runs the workspace."""

    check: str
    """Which examination found it."""
    where: str
    """A path relative to the workspace, or "" for the workspace as a whole."""
    what: str
    remedy: str
    mend: Callable[[], object] | None = None
    """Mends it. What it replaces is moved aside, never deleted."""
    read_anew: str | None = None
    """The submission whose original the next run has to read again; that mends it."""
    is_notice: bool = False
    """Worth knowing; nothing is wrong."""

    @property
    def can_be_mended(self) -> bool:
        return self.mend is not None or self.read_anew is not None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        named = ("check", "where", "what", "remedy", "is_notice", "can_be_mended")
        return {name: getattr(self, name) for name in named}
