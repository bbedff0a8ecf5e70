"""Plotly figures as plain dictionaries (data and layout), drawn in the browser by the one shared script.

Plotly's Python side is not imported: only its script is shipped. Colours are the ones of the style sheet; every chart
has a table beside it, so nothing is said by colour or position alone.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

from pipelines.reporting.data import Line, Trend
from pipelines.reporting.format import Format
from pipelines.reporting.marts import ALL, Change, Indicator
from pipelines.reporting.messages import Catalogue

INK, QUIET, FAINT, RULE = "#1d2b3a", "#5b6773", "#b9c1c9", "#dfe3e8"
WORK, BASE = "#1f5a96", "#c9862b"
HALO = "0 0 3px #fff, 0 0 3px #fff, 0 0 3px #fff"
FONT = "'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei','SimHei',sans-serif"

Figure = dict[str, Any]


def to_json(figure: Figure) -> Markup:
    """A figure as JSON that is safe inside a ``<script>`` element, whatever its texts hold."""
    text = json.dumps(figure, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def literal(text: str) -> str:
    """Text as Plotly shall show it: Plotly reads a few HTML tags in labels, so the brackets are escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _layout(height: int, **extra: Any) -> Figure:
    return {
        "height": height,
        "font": {"family": FONT, "size": 12, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "dragmode": False,
        "hoverlabel": {"bgcolor": "#ffffff", "bordercolor": INK, "font": {"family": FONT, "color": INK}},
        **extra,
    }


def _axis(**extra: Any) -> Figure:
    return {"gridcolor": RULE, "zeroline": False, "linecolor": FAINT, "tickcolor": FAINT, "fixedrange": True, **extra}


def trend(trend: Trend, code: str, name: Callable[[str], str], t: Catalogue, fmt: Format) -> Figure:
    """A rate over time: the area shown bold, those compared with it thin, milestones as diamonds at their date."""
    days = [p.as_of.isoformat() for p in trend.periods]
    values = [f.value for line in trend.lines for f in line.figures if f and f.value is not None]
    targets = [m for m in trend.milestones if m.progress.target is not None and m.progress.due_date is not None]
    low = min([*values, *(float(m.progress.target or 0) for m in targets)], default=0)
    floor = min(60, max(0, int(low // 10) * 10 - (10 if low % 10 < 4 else 0)))
    main = next(line for line in trend.lines if line.district_code == code)
    data = [_line(line, line is main, days, name, trend, fmt) for line in trend.lines]
    ends = list(days)
    for measure in targets:
        progress = measure.progress
        due = progress.due_date.isoformat() if progress.due_date else ""
        near = [
            f.value
            for p, f in zip(trend.periods, main.figures, strict=True)
            if f and f.value is not None and p.as_of.isoformat() <= due
        ]
        above = bool(near) and near[-1] < float(progress.target or 0)
        label = f"{t.label('operator', progress.operator)}{fmt.target(progress.target)}"
        ends.append(due)
        data.append({
            "type": "scatter", "mode": "markers+text", "x": [due], "y": [float(progress.target or 0)],
            "marker": {"symbol": "diamond-open", "size": 11, "color": WORK, "line": {"width": 2}},
            "text": [label], "textposition": "top center" if above else "bottom center",
            "textfont": {"color": WORK, "size": 12, "shadow": HALO},
            "hovertemplate": f"{label} · {fmt.day(progress.due_date)}<extra></extra>", "cliponaxis": False,
        })  # fmt: skip
    ticks = _spaced(days)
    return {
        "data": data,
        "layout": _layout(
            240,
            margin={"l": 40, "r": 16, "t": 12, "b": 28},
            xaxis=_axis(
                type="date", showgrid=False, tickvals=ticks, ticktext=[d[:7] for d in ticks], tickangle=0,
                range=[_shift(min(ends), -60), _shift(max(ends), 80)],
            ),
            yaxis=_axis(range=[floor, 100 + 0.14 * (100 - floor)], ticksuffix="%", tickvals=_ticks(floor)),
        ),
    }  # fmt: skip


def _line(line: Line, is_main: bool, days: list[str], name: Callable[[str], str], trend: Trend, fmt: Format) -> Figure:
    """One area's line; only the last value of the area shown is labelled."""
    whole = line.district_code == ALL
    label = literal(name(line.district_code))
    text = [fmt.rate(f.value, trend.thresholds) if f and f.value is not None else "" for f in line.figures]
    parts = [f"{fmt.count(f.numerator)}/{fmt.count(f.denominator)}" if f else "" for f in line.figures]
    last = max((n for n, value in enumerate(text) if value), default=-1)
    figure = line.figures[last] if last >= 0 else None
    binding = [float(m.progress.target or 0) for m in trend.milestones if m.progress.target is not None]
    over = figure is not None and bool(binding) and (figure.value or 0) >= binding[-1]
    return {
        "type": "scatter",
        "mode": "lines+markers+text" if is_main else "lines+markers" if whole else "lines",
        "x": days,
        "y": [None if f is None or f.value is None else round(f.value, 4) for f in line.figures],
        "name": label,
        "line": {"color": INK if is_main else QUIET if whole else FAINT, "width": 2.5 if is_main else 1.25,
                 "dash": "solid" if is_main or not whole else "dot"},
        "marker": {"size": 7 if is_main else 4},
        "text": [value if n == last else "" for n, value in enumerate(text)],
        "textposition": "top center" if over else "bottom center",
        "textfont": {"size": 13, "color": INK, "shadow": HALO},
        "customdata": [[a, b] for a, b in zip(text, parts, strict=True)],
        "hovertemplate": f"{label} %{{x|%Y-%m}}<br>%{{customdata[0]}} (%{{customdata[1]}})<extra></extra>",
        "cliponaxis": False,
    }  # fmt: skip


def _ticks(floor: int) -> list[int]:
    step = 20 if floor < 50 else 10
    return list(range(100, floor - 1, -step))[::-1]


def _spaced(days: list[str], apart: int = 200) -> list[str]:
    """The days that can be labelled without their labels touching, counted back from the last."""
    kept: list[str] = []
    for day in reversed(days):
        if not kept or _shift(day, apart) <= kept[-1]:
            kept.append(day)
    return kept[::-1]


def _shift(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def change(
    changes: Sequence[tuple[Indicator, Change]], name: Callable[[Indicator], str], t: Catalogue, fmt: Format
) -> Figure:
    """Each rate's step since the previous period as two bars from zero: work done, and change of the denominator."""
    rows = list(reversed(changes))
    labels = [_wrapped(name(indicator)) for indicator, _ in rows]

    def bars(key: str, colour: str, pattern: str, values: list[float]) -> Figure:
        return {
            "type": "bar", "orientation": "h", "name": literal(str(t(key))),
            "y": labels, "x": [round(v, 4) for v in values],
            "marker": {
                "color": colour,
                "pattern": {"shape": pattern, "bgcolor": colour, "fgcolor": "#ffffff", "size": 6, "solidity": 0.25},
            },
            "text": [fmt.signed(v) if v else "" for v in values], "textposition": "outside", "cliponaxis": False,
            "hovertemplate": "%{y}<br>%{text}<extra>" + literal(str(t(key))) + "</extra>",
        }  # fmt: skip

    work = [c.work_effect or 0.0 for _, c in rows]
    base = [c.denominator_effect or 0.0 for _, c in rows]
    low, high = min(*work, *base, 0.0), max(*work, *base, 0.0)
    margin = max(0.22 * (high - low), 0.5)
    return {
        "data": [bars("change.denominator", BASE, "/", base), bars("change.work", WORK, "", work)],
        "layout": _layout(
            80 + 52 * len(rows),
            barmode="group",
            bargap=0.35,
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "reversed"},
            margin={"l": 10, "r": 30, "t": 34, "b": 30},
            xaxis=_axis(range=[low - margin, high + margin], zeroline=True, zerolinecolor=INK),
            yaxis=_axis(automargin=True, showgrid=False),
        ),
    }


def _wrapped(text: str, width: int = 14) -> str:
    """A label broken into lines, Chinese by width and English between words."""
    if " " not in text:
        lines = [text[i : i + width] for i in range(0, len(text), width)]
    else:
        lines = textwrap.wrap(text, 2 * width)
    return "<br>".join(map(literal, lines))
