"""Plan files as plain values that remember their lines.

YAML's surprises are left out on purpose: a plain word is text unless it is a whole or decimal number, ``true``,
``false`` or ``null``. So ``no`` stays a word, and dates stay text until the model reads them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

Path = tuple[str | int, ...]

NODE_LIMIT = 200_000
"""Far above any plan; it stops a file whose aliases multiply."""

_INTEGER = re.compile(r"-?(0|[1-9]\d*)\Z")
_DECIMAL = re.compile(r"-?\d+\.\d+\Z")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class SourceError(ValueError):
    """The text is not a plan file at all. ``line`` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass
class Source:
    """The values of one file, the line of each path, and the keys written twice."""

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    repeated: list[Path] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of a path, or of the closest thing around it that the file does contain."""
        for end in range(len(path), -1, -1):
            if (line := self.lines.get(path[:end])) is not None:
                return line
        return 1


def parse(text: str) -> Source:
    """Read YAML text. Raises SourceError when it is not YAML or grows beyond any plan."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise SourceError(mark.line + 1 if mark else 1, f"not valid YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise SourceError(1, f"not valid YAML: {error}") from None
    source = Source()
    if root is not None:
        source.value = _Builder(source).build(root, (), root.start_mark.line + 1)
    return source


class _Builder:
    """Walks the nodes once, noting lines; refuses documents that contain themselves or multiply."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.open: set[int] = set()
        self.count = 0

    def build(self, node: yaml.Node, path: Path, line: int) -> Any:
        self.count += 1
        if self.count > NODE_LIMIT or id(node) in self.open:
            raise SourceError(line, "an alias makes the file contain itself or grow without end")
        self.source.lines[path] = line
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        self.open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.build(item, (*path, n), item.start_mark.line + 1) for n, item in enumerate(node.value)]
            return self._mapping(node, path)  # the only other kind of node
        finally:
            self.open.discard(id(node))

    def _mapping(self, node: yaml.Node, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise SourceError(line, "a key must be a word")
            key = str(key_node.value)
            if key in values:
                self.source.repeated.append((*path, key))
            values[key] = self.build(value_node, (*path, key), line)
        return values


def _scalar(node: yaml.ScalarNode) -> Any:
    text = str(node.value)
    if node.style is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    if _DECIMAL.match(text):
        return Decimal(text)
    return text
