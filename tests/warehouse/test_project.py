"""The dbt project as others read it: contracts, keys, descriptions and exposures, from its files alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.settings import CHECKOUT

PROJECT = CHECKOUT / "dbt_project"
MODELS = PROJECT / "models"
MARTS = sorted((MODELS / "marts").glob("*.yml"))


def _read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def _exposures() -> dict[str, set[str]]:
    """Exposure → the models it reads."""
    return {
        one["name"]: {re.sub(r"^ref\('(\w+)'\)$", r"\1", ref) for ref in one["depends_on"]}
        for one in _read(MODELS / "exposures.yml")["exposures"]
    }


def test_contracts_are_enforced_for_all_marts() -> None:
    assert _read(PROJECT / "dbt_project.yml")["models"]["actionplan"]["marts"]["+contract"] == {"enforced": True}
    assert not [file.stem for file in MARTS if "contract" in _read(file)["models"][0].get("config", {})]


@pytest.mark.parametrize("file", MARTS, ids=lambda file: file.stem)
def test_a_mart_has_its_key_tested_and_every_column_typed_and_described(file: Path) -> None:
    [model] = _read(file)["models"]
    keys = [test["key"]["arguments"]["columns"] for test in model.get("data_tests", ()) if "key" in test]
    columns = {column["name"]: column for column in model["columns"]}
    assert len(keys) == 1
    assert set(keys[0]) <= set(columns)
    for column in columns.values():
        assert column["data_type"]
        assert column["description"].endswith((".", "?")), column["name"]


def test_every_table_a_program_reads_is_exposed() -> None:
    """All marts can be downloaded; those a page or the notebook reads are among what that exposure names."""
    exposures, names = _exposures(), {file.stem for file in MARTS}
    assert exposures.pop("downloads") == names
    assert set().union(*exposures.values()) <= names
    pages = (CHECKOUT / "pipelines" / "reporting").rglob("*.py")
    texts = [file.read_text(encoding="utf-8") for file in pages if file.parent.name != "exports"]
    read = {name for text in texts for name in re.findall(r"\b(?:dim|fct|mart)_\w+", text)} & names
    assert read - set().union(*exposures.values()) == set()
    assert len(read) > 15


def test_sources_and_tests_are_described() -> None:
    for source in _read(MODELS / "staging" / "sources.yml")["sources"]:
        assert source["description"]
        assert all(table["description"].endswith(".") for table in source["tables"])
    told = {test["name"]: test["description"] for test in _read(PROJECT / "tests" / "schema.yml")["data_tests"]}
    assert set(told) == {file.stem for file in (PROJECT / "tests").glob("*.sql")}
    for file in MODELS.rglob("*.yml"):
        for test in _read(file).get("unit_tests", ()):
            assert test["description"].endswith("."), test["name"]


def test_every_macro_says_what_it_is_for() -> None:
    for file in (PROJECT / "macros").glob("*.sql"):
        for comment, name in re.findall(r"(#}\n)?{%-? macro (\w+)", file.read_text(encoding="utf-8")):
            assert comment, f"{file.name}: {name}"
