"""A message as people read it, whatever takes it to them; long ones in pieces that a channel takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from pipelines.forms.personal import mask

Tone = Literal["calm", "warning", "alarm", "good"]
PIECES = 3
"""A longer message is cut, and says how much more there is."""


@dataclass(frozen=True)
class Section:
    """A few lines under a heading (which may be empty)."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Message:
    """What is told at once. ``kind`` is for programs that receive it."""

    kind: Literal["digest", "reminder", "failure", "recovered", "test"]
    title: str
    sections: tuple[Section, ...]
    tone: Tone = "calm"

    def masked(self) -> Message:
        """Without anything that looks like a telephone, identity or card number or an address."""
        sections = tuple(Section(mask(s.heading), tuple(map(mask, s.lines))) for s in self.sections)
        return replace(self, title=mask(self.title), sections=sections)

    def plain(self) -> str:
        """The sections as text, without the title."""
        return "\n\n".join("\n".join(filter(None, (s.heading, *s.lines))) for s in self.sections)

    def __str__(self) -> str:
        return f"{self.title}\n\n{self.plain()}"


Fits = Callable[[Message], bool]
Entry = tuple[str, str]
"""A heading and one line under it."""


def pieces(message: Message, fits: Fits) -> list[Message]:
    """The message in as few pieces as fit; at most ``PIECES``, of which the last says how many lines are left out."""
    if fits(message):
        return [message]
    rest: list[Entry] = [(section.heading, line) for section in message.sections for line in section.lines]
    done: list[list[Entry]] = []
    while rest and len(done) < PIECES:
        is_last = len(done) == PIECES - 1
        taken = _as_many(message, rest, fits, note=is_last)
        if taken == 0:
            heading, line = rest[0]
            rest[0] = (heading, _cut(line, lambda cut: fits(_built(message, [(heading, cut)]))))  # noqa: B023
            taken = 1
        piece, rest = rest[:taken], rest[taken:]
        if rest and is_last:
            piece.append(("", _left_out(len(rest))))
        done.append(piece)
    return [
        replace(_built(message, piece), title=f"{message.title}（{number}/{len(done)}）")
        for number, piece in enumerate(done, 1)
    ]


def _as_many(message: Message, entries: list[Entry], fits: Fits, *, note: bool) -> int:
    """How many of the entries fit, beside a note on what is left out where one is needed."""

    def fitting(count: int) -> bool:
        rest = [("", _left_out(len(entries) - count))] if note and count < len(entries) else []
        return fits(_built(message, [*entries[:count], *rest]))

    if fitting(len(entries)):
        return len(entries)
    low, high = 0, len(entries) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fitting(middle) else (low, middle - 1)
    return low


def _left_out(count: int) -> str:
    return f"……还有 {count} 行未列出，全部情况可用 actionplan status 查看"


def _built(message: Message, entries: list[Entry]) -> Message:
    """A message of these entries, with as long a title as the pieces get."""
    title = f"{message.title}（{PIECES}/{PIECES}）"
    return replace(message, title=title, sections=tuple(_sections(entries)))


def _sections(entries: list[Entry]) -> Iterator[Section]:
    heading, lines = "", list[str]()
    for number, (of, line) in enumerate(entries):
        if number and of != heading:
            yield Section(heading, tuple(lines))
            lines = []
        heading = of
        lines.append(line)
    if lines:
        yield Section(heading, tuple(lines))


def _cut(line: str, fits: Callable[[str], bool]) -> str:
    """As much of a line as fits, ending in an ellipsis."""
    low, high = 0, len(line)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(line[:middle] + "…") else (low, middle - 1)
    return line[:low] + "…"
