"""Reads plan files and says what is wrong with them: file, line, field, message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipelines.plans import calendar, source
from pipelines.plans.advice import advise
from pipelines.plans.checks import check_conditions, cross_check
from pipelines.plans.found import suggestion
from pipelines.plans.model import FACT_KEYS, OPERATOR_KEYS, Fact, Milestone, Plan
from pipelines.plans.salvage import Salvage

BUILT_IN = Path(__file__).parent
"""The folder of the plans that come with the project."""


@dataclass(frozen=True, order=True)
class Mistake:
    """One mistake in a plan file. ``line`` starts at 1; ``field`` reads like ``indicators[pm_coverage_rate].unit``."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field + ': ' if self.field else ''}{self.message}"


class PlanError(ValueError):
    """Plan files that can't be used, with every mistake found in them."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


def check_file(path: str | Path) -> list[Mistake]:
    """Every mistake in a plan file, its SQL included; an empty list when it is sound."""
    return list(_read(Path(path), conditions=True)[1])


def look_over(path: str | Path) -> tuple[Plan, list[Mistake]] | None:
    """The plan of a sound file, and what it may say but hardly means; None where it has mistakes."""
    plan = _read(Path(path), conditions=True)[0]
    if plan is None:
        return None
    read = source.parse(Path(path).read_text(encoding="utf-8-sig"))
    list(calendar.write_out(read))
    return plan, sorted(Mistake(str(path), read.line(at), _field(read.value, at), said) for at, said in advise(plan))


def plan_files(folder: Path) -> list[Path]:
    """The plan files in a folder, by name; none where there is no such folder."""
    return sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])


def load_plans(extra_dir: Path | None = None) -> dict[str, Plan]:
    """The built-in plans and those of ``extra_dir`` (``*.yaml``), by id in the order of their start.

    An extra file with the id of a built-in plan replaces it. Raises PlanError naming every mistake of every file.
    """
    plans: dict[str, Plan] = {}
    mistakes: list[Mistake] = []
    for folder in filter(None, (BUILT_IN, extra_dir)):
        origin: dict[str, Path] = {}
        for path in plan_files(folder):
            plan, found = _read(path, conditions=folder != BUILT_IN)
            mistakes += found
            if plan is None:
                continue
            if plan.id in origin:
                mistakes.append(Mistake(str(path), 1, "id", f"{plan.id} is already in {origin[plan.id].name}"))
            origin[plan.id] = path
            plans[plan.id] = plan
    if mistakes:
        raise PlanError(sorted(mistakes))
    return dict(sorted(plans.items(), key=lambda item: (item[1].start, item[0])))


def _read(path: Path, *, conditions: bool) -> tuple[Plan | None, tuple[Mistake, ...]]:
    try:
        stamp = path.stat()
    except OSError as error:
        return None, (Mistake(str(path), 1, "", f"can't be read: {error.strerror}"),)
    return _parse(path, stamp.st_mtime_ns, stamp.st_size, conditions)


@lru_cache(maxsize=256)
def _parse(path: Path, mtime_ns: int, size: int, conditions: bool) -> tuple[Plan | None, tuple[Mistake, ...]]:
    """A file's plan (None when it has none) and its mistakes. The stamps make a changed file a new one."""
    file = str(path)
    try:
        read = source.parse(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        return None, (Mistake(file, 1, "", f"can't be read: {error.strerror}"),)
    except UnicodeDecodeError:
        return None, (Mistake(file, 1, "", "is not UTF-8 text"),)
    except source.SourceError as error:
        return None, (Mistake(file, error.line, "", str(error)),)
    except RecursionError:
        return None, (Mistake(file, 1, "", "is nested too deeply"),)

    def mistake(where: source.Path, message: str) -> Mistake:
        place = read.written(where)  # what several places repeat by an alias is one mistake
        return Mistake(file, read.line(place), _field(read.value, place), message)

    mistakes = [mistake(where, "is written twice") for where in read.repeated]
    mistakes += [mistake(where, message) for where, message in calendar.write_out(read)]
    if not isinstance(read.value, dict):
        return None, (Mistake(file, 1, "", "a plan file is a mapping that starts with id: and name:"),)
    try:
        plan = Plan.model_validate(read.value)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        unclear = {tuple(e["loc"])[:-1] for e in errors if e["loc"][-1:] == ("kind",)}
        told = [e for e in errors if e["type"] != "missing" or tuple(e["loc"])[:-1] not in unclear]
        mistakes += [mistake(tuple(e["loc"]), _message(e)) for e in told]  # what is required depends on the kind
        rest = Salvage(read.value, errors)
        if rest.plan is not None:
            found = ((rest.place(where), message) for where, message in _found(rest.plan))
            mistakes += [mistake(where, m) for where, m in found if not rest.is_hearsay(where, m)]
        return None, tuple(sorted(set(mistakes)))
    mistakes += [mistake(where, message) for where, message in _found(plan, conditions=conditions)]
    return (None if mistakes else plan), tuple(sorted(set(mistakes)))


def _found(plan: Plan, *, conditions: bool = True) -> Iterator[tuple[source.Path, str]]:
    """The mistakes between the parts of a plan, and those in its SQL."""
    yield from cross_check(plan)
    if conditions:
        yield from check_conditions(plan)


def _field(value: Any, path: source.Path) -> str:
    """A path as people say it: list entries by their id, code or date where they have one."""
    text = ""
    for step in path:
        inside = value[step] if _has(value, step) else None
        if isinstance(step, int):
            keys = inside if isinstance(inside, dict) else {}
            name = next((keys[k] for k in ("id", "code", "due") if isinstance(keys.get(k), str | int)), step)
            text += f"[{name}]"
        else:
            text += f".{step}" if text else step
        value = inside
    return text


def _has(value: Any, step: str | int) -> bool:
    return (isinstance(value, dict) and step in value) or (
        isinstance(value, list) and isinstance(step, int) and step < len(value)
    )


def _message(error: ErrorDetails) -> str:
    """Pydantic's finding in words that name the remedy."""
    kind, given = error["type"], error.get("input")
    context = error.get("ctx", {})
    if kind == "missing":
        return "is required"
    if kind == "extra_forbidden":
        return "no such field" + _hint(tuple(error["loc"]))
    if kind == "literal_error":
        words = str(context.get("expected", "")).replace("' or '", "', '").replace("'", "").split(", ")
        return f"{given!r} is not one of {', '.join(words)}" + suggestion(str(given), words)
    return error["msg"]


_TARGET_KEYS = {"target", "op", "operator", "value", "gte", "gt", "eq", "lte", "lt", "hold_gte"}


def _hint(path: source.Path) -> str:
    """What an unknown key was probably meant to be."""
    around, key = _class_at(path[:-1]), str(path[-1])
    if around in (Milestone, Fact) and key in _TARGET_KEYS:
        keys = OPERATOR_KEYS if around is Milestone else FACT_KEYS
        return f"; the number stands under its operator, such as at_least: 90 (or {', '.join(keys)})"
    return suggestion(key, sorted(around.model_fields)) if around else ""


def _class_at(path: source.Path) -> type[BaseModel] | None:
    """What the part of a plan at this path is an instance of; None where it has no keys of its own."""
    found: Any = Plan
    for step in path:
        if isinstance(found, type) and issubclass(found, BaseModel):
            field = found.model_fields.get(str(step))
            found = field.annotation if field else None
        else:  # an entry of a list, or a value of a mapping
            found = get_args(found)[0 if isinstance(step, int) else -1]
        if get_origin(found) in (Union, UnionType):
            found = get_args(found)[0]
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None
