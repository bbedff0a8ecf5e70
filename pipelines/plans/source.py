"""Plan files as plain values that remember their lines.

YAML's surprises are left out on purpose: a plain word is text unless it is a whole or decimal number, ``true``,
``false`` or ``null``. So ``no`` stays a word, and dates stay text until the model reads them. Values are built from
the parser's events because PyYAML's own composer overruns the stack on deeply nested files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

Path = tuple[str | int, ...]

NODE_LIMIT = 200_000
"""Far above any plan; it stops a file whose aliases multiply."""
DEPTH_LIMIT = 50

_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})\Z")
_DECIMAL = re.compile(r"-?\d{1,18}\.\d{1,18}\Z")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class SourceError(ValueError):
    """The text is not a plan file at all. ``line`` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass
class Source:
    """The values of one file, the line of each path, and the keys written twice.

    ``aliases``: paths at which ``*name`` stands for what is written, as ``&name``, at another path.
    """

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    repeated: list[Path] = field(default_factory=list)
    aliases: dict[Path, Path] = field(default_factory=dict)

    def written(self, path: Path) -> Path:
        """Where the part at a path is written: there, or where the alias it stands in leads."""
        for end in range(len(path), 0, -1):
            if (origin := self.aliases.get(path[:end])) is not None:
                return self.written((*origin, *path[end:]))
        return path

    def line(self, path: Path) -> int:
        """The line of a path, or of the closest thing around it that the file does contain."""
        for end in range(len(path), -1, -1):
            if (line := self.lines.get(path[:end])) is not None:
                return line
        return 1


def parse(text: str) -> Source:
    """Read YAML text. Raises SourceError when it is not YAML or grows beyond any plan."""
    source = Source()
    try:
        _Builder(source, yaml.parse(text, Loader=_Loader)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise SourceError(mark.line + 1 if mark else 1, f"not valid YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise SourceError(1, f"not valid YAML: {str(error).splitlines()[0]}") from None
    return source


class _Builder:
    """Turns events into values, noting lines; refuses what nests too deeply or multiplies through aliases."""

    def __init__(self, source: Source, events: Iterator[yaml.Event]) -> None:
        self.source = source
        self.events = events
        self.anchors: dict[str, tuple[Any, int, Path]] = {}
        self.count = 0

    def document(self) -> None:
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise SourceError(_line(event), "one file holds one plan; a second document starts here")
            elif isinstance(event, yaml.NodeEvent):
                self.source.value = self.value(event, (), _line(event))

    def value(self, event: Any, path: Path, line: int) -> Any:
        """The value that starts with this event; ``anchors`` keep it with its size in nodes and its place."""
        self.source.lines[path] = line
        if isinstance(event, yaml.AliasEvent):
            value, size, place = self.anchors.get(str(event.anchor), (None, 0, ()))
            if not size:
                raise SourceError(line, f"*{event.anchor} stands before &{event.anchor} is complete")
            self.grow(size, line)
            self.source.aliases[path] = place
            return value
        before = self.count
        self.grow(1, line)
        if len(path) > DEPTH_LIMIT:
            raise SourceError(line, "is nested too deeply")
        if isinstance(event, yaml.ScalarEvent):
            value = _scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = [self.value(item, (*path, n), _line(item)) for n, item in enumerate(self.until_end())]
        else:
            value = self.mapping(path)
        if event.anchor:
            self.anchors[event.anchor] = (value, self.count - before, path)
        return value

    def mapping(self, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for event in self.until_end():
            if not isinstance(event, yaml.ScalarEvent):
                raise SourceError(_line(event), "a key must be a word")
            key = str(event.value)
            if key in values:
                self.source.repeated.append((*path, key))
            values[key] = self.value(next(self.events), (*path, key), _line(event))
        return values

    def until_end(self) -> Iterator[yaml.Event]:
        """The events that start the entries of the collection being read."""
        for event in self.events:
            if isinstance(event, yaml.CollectionEndEvent):
                return
            yield event

    def grow(self, nodes: int, line: int) -> None:
        self.count += nodes
        if self.count > NODE_LIMIT:
            raise SourceError(line, "is far too large for a plan")


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _scalar(event: yaml.ScalarEvent) -> Any:
    text = str(event.value)
    if not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    if _DECIMAL.match(text):
        return Decimal(text)
    return text
