"""How notebooks show things: words, tables and the dress of charts. Chinese: analysts of the city read them."""

from __future__ import annotations

from decimal import Decimal
from html import escape

import plotly.graph_objects as go
import plotly.io as pio
import polars as pl

from pipelines.reporting.format import Format
from pipelines.reporting.messages import catalogue
from pipelines.reporting.notebook.colours import FONT, INK, QUIET

FMT, WORDS = Format("zh"), catalogue("zh")
BOLD = ("#b5492b", "#1f5a96", "#6b5b3e", "#4f7942", "#7a4a8c", "#c9862b", "#173f6b")
"""Colours of what is singled out, in order."""


class Table:
    """A frame as an HTML table with a caption; what Jupyter shows for it."""

    def __init__(self, frame: pl.DataFrame, caption: str) -> None:
        self.frame, self.caption = frame, caption

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col" style="text-align:left">{escape(name)}</th>' for name in self.frame.columns)
        body = "".join(
            "<tr>"
            + "".join(f'<td style="text-align:{_side(value)}">{escape(_shown(value))}</td>' for value in row)
            + "</tr>"
            for row in self.frame.iter_rows()
        )
        caption = f'<caption style="text-align:left;font-weight:bold">{escape(self.caption)}</caption>'
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shown(value: object) -> str:
    if value is None:
        return "—"
    if isinstance(value, int | Decimal):
        return f"{value:,}"  # a decimal shows the places it has: 98.50 points
    return f"{value:,.1f}" if isinstance(value, float) else str(value)


def _side(value: object) -> str:
    return "right" if isinstance(value, int | float | Decimal) else "left"


def use_offline_charts() -> None:
    """Charts carry their script with them: no network is needed to see them."""
    pio.renderers.default = "plotly_mimetype+notebook"


def dressed(figure: go.Figure, title: str, height: int) -> go.Figure:
    """The figure with title, height in pixels and our fonts and colours."""
    return figure.update_layout(
        title={"text": title, "x": 0, "xref": "container", "pad": {"l": 10}},
        height=height,
        font={"family": FONT, "size": 12, "color": INK},
        paper_bgcolor="#ffffff",
        plot_bgcolor="#ffffff",
        margin={"l": 10, "r": 40, "t": 80, "b": 40},
        legend={
            "orientation": "h",
            "y": 1.02,
            "yanchor": "bottom",
            "x": 1,
            "xanchor": "right",
            "font": {"color": QUIET},
        },
        yaxis={"automargin": True},
    )
