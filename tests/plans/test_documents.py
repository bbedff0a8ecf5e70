"""What is made from the plans for people and editors: docs/coverage.md, docs/entities.md and docs/plan.schema.json."""

from __future__ import annotations

import hashlib
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pipelines.forms import FORMS, coverage, entities
from pipelines.plans import BUILT_IN, load_plans, schema, source
from pipelines.plans.entities import ENTITIES, WORKED_OUT, origins
from tests.conftest import CHECKOUT

PLANS = load_plans()
FIELDS = {f"{name}.{column.field}" for name, form in FORMS.items() for column in form.columns}
VALIDATOR = jsonschema.Draft202012Validator(schema.schema())


def plain(value: Any) -> Any:
    """A plan file's values as JSON has them."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value


def read(text: str) -> Any:
    return plain(source.parse(text).value)


@pytest.mark.parametrize(
    ("file", "made"),
    [("coverage.md", coverage.page(PLANS)), ("entities.md", entities.page()), ("plan.schema.json", schema.text())],
)
def test_the_page_is_up_to_date(file: str, made: str) -> None:
    assert (CHECKOUT / "docs" / file).read_text(encoding="utf-8") == made, "run: make docs"


@pytest.mark.parametrize("path", sorted(BUILT_IN.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_schema_fits_the_plans_and_they_point_to_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert list(VALIDATOR.iter_errors(read(text))) == []
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert named
    assert (path.parent / named[1]).resolve() == CHECKOUT / "docs" / "plan.schema.json"


def test_an_editor_explains_every_key() -> None:
    made = schema.schema()
    for name, part in {"Plan": made, **made["$defs"]}.items():
        for key, value in part["properties"].items():
            assert len(value.get("description", "")) > 4, f"{name}.{key}"
            assert "title" not in value
    words = {
        tuple(value["enum"])
        for part in made["$defs"].values()
        for value in part["properties"].values()
        if "enum" in value
    }
    assert {tuple(ENTITIES), ("district", "city"), ("listed", "ledger", "none")} <= words


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("    clause: 三\n", "    claus: 三\n", "indicators"),
        ("kind: boolean", "kind: boolan", "kind"),
        ("issuer: 某市住建局\n", "", "issuer"),
        ("entity: task", "entity: taks", "entity"),
        ("[community, company]", "[community, compny]", "required_forms"),
        ("at_least: 90}", "at_least: many}", "milestones"),
        ("start: 2024-01-01", "start: soon", "start"),
    ],
)
def test_the_schema_tells_an_editor_what_is_wrong(old: str, new: str, where: str) -> None:
    text = Path(__file__).with_name("example.yaml").read_text(encoding="utf-8")
    assert list(VALIDATOR.iter_errors(read(text))) == []
    checker = jsonschema.Draft202012Validator(schema.schema(), format_checker=jsonschema.FormatChecker())
    errors = list(checker.iter_errors(read(text.replace(old, new))))
    assert errors
    assert any(where in str(list(error.absolute_path)) + error.message for error in errors)


@pytest.mark.parametrize("plan", PLANS.values(), ids=lambda plan: plan.id)
def test_nothing_of_a_plan_is_unaccounted_for(plan: Any) -> None:
    """Every indicator leads to columns that its periods ask for; only a ledger's arrival and a bare date have none."""
    page = coverage.page({plan.id: plan})
    asked = {form for period in plan.periods for form in period.forms}
    for indicator in plan.indicators:
        assert f"`{indicator.id}`" in page
        fields = coverage.fields(plan, indicator)
        assert set(fields) <= FIELDS, indicator.id
        if indicator.cadence is None or indicator.cadence.source not in ("submission", "none"):
            assert fields, indicator.id
            assert any(field.partition(".")[0] in asked for field in fields), indicator.id
        if indicator.form:
            assert indicator.form in asked or {"mechanism", "task"} & asked, indicator.id
    assert plan.unmeasured, "say which clauses nothing measures"
    for clause in plan.unmeasured:
        assert f"| {clause.clause} | {clause.what.zh} | – | {coverage.REASONS[clause.why]}" in page
    rows = [line.split(" | ")[0].removeprefix("| ") for line in page.splitlines() if line.startswith("| ")][1:]
    assert rows == sorted(rows, key=coverage.clause_order), "clauses stand in the order of the text"


def test_columns_that_are_worked_out_name_real_fields() -> None:
    for name, entity in ENTITIES.items():
        for column in entity.columns:
            if told := WORKED_OUT.get(name, {}).get(column.name):
                assert set(told.split()) <= FIELDS, (name, column.name)
    used = {
        (indicator.entity, column.name): origins(ENTITIES[indicator.entity], column)
        for plan in PLANS.values()
        for indicator in plan.indicators
        if indicator.cadence is None
        for column in ENTITIES[indicator.entity].columns_used(
            indicator.denominator, indicator.numerator, indicator.strict
        )
    }
    assert [place for place, found in used.items() if not set(found) <= FIELDS] == []


@pytest.fixture(scope="module")
def policies(shared: Path) -> list[Path]:
    """The texts the plans were made from."""
    return sorted((shared / "policies").glob("*.txt"))


def test_a_plan_names_the_text_it_was_made_from(policies: list[Path]) -> None:
    hashes = {hashlib.sha256(path.read_bytes()).hexdigest() for path in policies}
    assert {plan.source_sha256 for plan in PLANS.values()} <= hashes


def test_no_sentence_is_copied_from_a_policy(policies: list[Path]) -> None:
    """Names and figures are facts; a run of thirty characters of a policy is a copied sentence."""
    texts = ["".join(re.findall(r"[\w%]", path.read_text(encoding="utf-8"))) for path in policies]
    runs = {text[start : start + 30] for text in texts for start in range(len(text) - 29)}
    for plan in PLANS.values():
        for indicator in plan.indicators:
            for text in (indicator.name.zh, indicator.definition.zh, *(m.note or "" for m in indicator.milestones)):
                letters = "".join(re.findall(r"[\w%]", text))
                copied = [letters[n : n + 30] for n in range(len(letters) - 29) if letters[n : n + 30] in runs]
                assert not copied, (plan.id, indicator.id, copied[0])
