"""What notebooks draw with: the colours and letters of the pages' style sheet."""

from __future__ import annotations

INK, QUIET, FAINT = "#1d2b3a", "#5b6773", "#b9c1c9"
WORK, BASE = "#1f5a96", "#c9862b"
FONT = "'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei','SimHei',sans-serif"
