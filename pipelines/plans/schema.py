"""The JSON Schema of a plan file, for editors: what keys there are, which must be there and what they mean.

It says what the shape is; what must hold between the parts (``checks.py``) and in the SQL is told by
``actionplan plans check`` alone.
"""

from __future__ import annotations

import json
from typing import Any

from pipelines.plans.entities import ENTITIES, FORM_NAMES
from pipelines.plans.model import Plan

_INHERITED = {"Milestone": {"indicator_id", "clause"}, "Indicator": {"entity", "unit"}}
"""What a file may leave out because it follows from what stands around it."""
_MONTHS = {
    "type": "object",
    "description": "One entry for a row of months, each as its own period or occasion.",
    "properties": {
        "from": {"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])$"},
        "to": {"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])$"},
        "due_after_days": {"type": "integer", "minimum": 0, "maximum": 366},
    },
    "required": ["from", "to"],
    "additionalProperties": False,
}


def schema() -> dict[str, Any]:
    """The schema as plain values, the same on every machine."""
    made = Plan.model_json_schema()
    definitions = made["$defs"]
    for name, inherited in _INHERITED.items():
        definitions[name]["required"] = [key for key in definitions[name]["required"] if key not in inherited]
    del definitions["Milestone"]["properties"]["indicator_id"]  # never written: it is the indicator's own
    definitions["Indicator"]["properties"]["entity"]["enum"] = list(ENTITIES)
    for key in ("required_forms", "optional_forms"):
        definitions["Period"]["properties"][key]["items"]["enum"] = list(FORM_NAMES)
    entities = "; ".join(f"{entity.name}: {entity.meaning}" for entity in ENTITIES.values())
    definitions["Indicator"]["properties"]["entity"]["description"] = f"What is counted. {entities}."
    _allow_months(definitions["Period"], definitions, made["properties"]["periods"])
    _allow_months(definitions["Occasion"], definitions, definitions["Cadence"]["properties"]["occasions"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_numbers_are_texts_too(_untitled(made)),
        "title": "Action plan",
    }


def text() -> str:
    """docs/plan.schema.json."""
    return json.dumps(schema(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _allow_months(entry: dict[str, Any], definitions: dict[str, Any], holder: dict[str, Any]) -> None:
    """Let a list hold, beside its entries, those that stand for a row of months."""
    name = str(entry["title"])
    made = {"id", "as_of", "due", "key"}
    properties = {key: value for key, value in entry["properties"].items() if key not in made}
    definitions[f"{name}Months"] = {
        "type": "object",
        "properties": {"months": _MONTHS, **properties},
        "required": ["months", *(key for key in entry["required"] if key not in made)],
        "additionalProperties": False,
    }
    holder["items"] = {"anyOf": [{"$ref": f"#/$defs/{name}"}, {"$ref": f"#/$defs/{name}Months"}]}


def _untitled(made: dict[str, Any]) -> dict[str, Any]:
    """Without the titles made from keys (At Least): the key says it already."""
    for part in (made, *made["$defs"].values()):
        for property_ in part["properties"].values():
            property_.pop("title", None)
    return made


def _numbers_are_texts_too(value: Any) -> Any:
    """Codes, years and clauses may be written without quotes."""
    if isinstance(value, dict):
        changed = {key: _numbers_are_texts_too(item) for key, item in value.items()}
        if {"type": "number"} in value.get("anyOf", ()):  # an exact number, which JSON could also hold as a text
            changed["anyOf"] = [kind for kind in value["anyOf"] if kind.get("type") != "string"]
        if changed.get("type") == "string" and "format" not in changed and "enum" not in changed:
            changed["type"] = ["string", "integer", "number"]
        return changed
    return [_numbers_are_texts_too(item) for item in value] if isinstance(value, list) else value
