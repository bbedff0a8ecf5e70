"""The colours the pages are drawn in, as the style sheet names them."""

from __future__ import annotations

import re
from pathlib import Path

import pipelines.reporting

STYLE = (Path(pipelines.reporting.__file__).parent / "assets" / "style.css").read_text("utf-8")


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * d for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_stands_out_from_its_ground() -> None:
    root = STYLE[STYLE.index(":root") : STYLE.index("}")]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", root))
    pairs = [(name, f"{name}-bg") for name in colours if f"{name}-bg" in colours]
    assert len(pairs) == 6
    grounds = [("ink", g) for g in ("paper", "faint", "risk-bg")] + [("quiet", g) for g in ("paper", "faint")]
    for text, ground in pairs + grounds + [("link", "paper"), ("link", "faint"), ("deep", "faint")]:
        assert _contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for text in ("late", "behind", "risk", "met", "good", "none"):
        assert _contrast(colours[text], colours["paper"]) >= 4.5, text
