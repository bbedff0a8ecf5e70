"""Conditions in plan files are boolean expressions over documented columns, and nothing else gets through."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.plans import load_plans
from pipelines.plans.conditions import FUNCTIONS, check
from pipelines.plans.entities import ENTITIES, FORM_NAMES, Entity

DATABASE = duckdb.connect()
COMMUNITY = ENTITIES["community"]
WORDS = ("is_completed", "households", "(", ")", "and", "or", "not", "=", ">", "1", "'a'", ",", "in", "null")


def run(entity: Entity, *expressions: str) -> None:
    """Select expressions from one row of the entity."""
    columns = ", ".join(f"null::{c.type} as {c.name}" for c in entity.columns)
    DATABASE.execute(f"select {', '.join(expressions)} from (select {columns}) group by all").fetchall()


@pytest.mark.parametrize(
    "sql",
    [
        "is_completed",
        "true",
        "not is_completed or has_management is null",
        "is_completed is not true",
        "is_completed is distinct from true",
        "households > 100 and floor_area_sqm / households < 400",
        "households between 1 and 5000",
        "contract_end >= date '2023-01-01'",
        "contract_end >= '2023-01-01'",
        "year(contract_end) >= 2023",
        "management_mode in ('none', 'unknown')",
        "subdistrict like '%街道'",
        "coalesce(is_old_community, false)",
        "case when is_completed then has_management else false end",
        "least(households, nullif(building_count, 0)) > 1",
        "HOUSEHOLDS > 1",
    ],
)
def test_sound_conditions(sql: str) -> None:
    assert check(sql, COMMUNITY) == []
    run(COMMUNITY, sql)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("has_managment", "community has no column 'has_managment'; did you mean 'has_management'?"),
        ("zzz", "community has no column 'zzz'"),
        ("c.is_completed", "without a table before it"),
        ("households", "must be a true-or-false condition, but 'households' is a number"),
        ("'yes'", "is a text"),
        ("is_completed = 1", "compares a number with a true-or-false condition"),
        ("households > '100'", "compares a number with a text"),
        ("households and is_completed", "is a number where a true-or-false condition is needed"),
        ("subdistrict + 1 > 2", "is a text where a number is needed"),
        ("contract_end > '2023-13-01'", "is not a date"),
        ("contract_end > date 'soon'", "is not a date"),
        ("contract_end > households", "compares a date with a number"),
        ("cast(households as date) > date '2023-01-01'", "a number is no date"),
        ("households::varchar = 'a'", "only casts to date are allowed"),
        ("coalesce(households, false)", "mixes a number and a true-or-false condition"),
        ("management_mode = 'profesional_market'", "did you mean 'professional_market'?"),
        ("management_mode in ('none', 'gone')", "management_mode is never 'gone'"),
        ("is_completed and", "not a SQL expression"),
        ("(is_completed", "not a SQL expression"),
        ("subdistrict = 'a", "not a SQL expression"),
        ("(" * 3000 + "is_completed" + ")" * 3000, "not a SQL expression"),
        ("", "write one expression"),
        ("is_completed; select 1", "write one expression, without ;"),
        ("is_completed -- always", "comments"),
        ("is_completed /* always */", "comments"),
        ("select 1", "a query is not allowed"),
        ("is_completed and (select true)", "a query is not allowed"),
        ("exists (select 1)", "a query is not allowed"),
        ("households in (select 1)", "not a subquery"),
        ("drop table t", "a statement is not allowed"),
        ("insert into t values (1)", "a statement is not allowed"),
        ("attach 'x.db'", "is not allowed"),
        ("count(*) > 1", "function 'count' is not allowed"),
        ("row_number() over () > 1", "is not allowed"),
        ("rount(households) > 1", "did you mean 'round'?"),
        ("read_text('/etc/hosts') = ''", "function 'read_text' is not allowed"),
        ("contract_end < current_date", "is not allowed"),
        ("is_completed as done", "is not allowed"),
        ("*", "is not allowed"),
        ("$1", "is not allowed"),
        ("subdistrict is 'a'", "after 'is' comes null, true or false"),
        ("case households when 1 then true end", "case when"),
    ],
)
def test_refused_conditions(sql: str, message: str) -> None:
    (found,) = check(sql, COMMUNITY)
    assert message in found


def test_sums_are_numbers() -> None:
    assert check("round(households * fee_collection_rate / 100)", COMMUNITY, wants="sum") == []
    assert check("1", COMMUNITY, wants="sum") == []
    assert "must be a number" in check("is_completed", COMMUNITY, wants="sum")[0]


def test_a_task_is_one_of_the_plan() -> None:
    task = ENTITIES["task"]
    assert check("task_id = 'training'", task, task_ids=["training"]) == []
    assert "did you mean 'training'?" in check("task_id = 'trainings'", task, task_ids=["training"])[0]


def test_only_portable_functions() -> None:
    known = {"abs", "ceil", "coalesce", "floor", "greatest", "least", "length"}
    assert set(FUNCTIONS) == known | {"lower", "month", "nullif", "round", "trim", "upper", "year"}


@given(st.text(max_size=60))
def test_any_text_has_a_verdict(text: str) -> None:
    assert all(isinstance(message, str) and message for message in check(text, COMMUNITY))


@given(st.lists(st.sampled_from(WORDS)))
def test_what_passes_runs(words: list[str]) -> None:
    sql = " ".join(words)
    if check(sql, COMMUNITY) == []:
        run(COMMUNITY, f"({sql})::boolean")


@pytest.mark.parametrize("plan_id", load_plans())
def test_every_expression_of_the_built_in_plans_runs(plan_id: str) -> None:
    for indicator in load_plans()[plan_id].indicators:
        conditions = filter(None, (indicator.denominator, indicator.numerator, indicator.strict))
        sums = [sql for measure in indicator.bases.values() for sql in (measure.numerator, measure.denominator)]
        run(ENTITIES[indicator.entity], *(f"({c})" for c in conditions), *(f"sum({sql})" for sql in sums))


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=lambda entity: entity.name)
def test_entities_speak_the_words_of_the_forms(entity: Entity) -> None:
    forms = pytest.importorskip("pipelines.forms").FORMS
    fields = {f"{name}.{column.field}" for name, form in forms.items() for column in form.columns}
    assert tuple(forms) == FORM_NAMES
    assert entity.form is None or entity.form in forms
    assert {field for column in entity.columns for need in column.needs for field in need.split("|")} <= fields
    if entity.form is None:
        return
    allowed = {c.field: set(c.allowed) for c in forms[entity.form].columns if c.allowed}
    for column in entity.columns:
        if column.values and column.name in allowed:
            assert set(column.values) == allowed[column.name], column.name
    names = [column.name for column in entity.columns]
    assert len(set(names)) == len(names)
