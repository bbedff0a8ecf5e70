# Every target prepares what it needs first; nothing but Python 3.11+, git and make has to be there.
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format bench dev docs sweep soak verdicts lock clean

BIN := .venv/bin
# make test ARGS="-k bridge" runs some of the tests; WORKERS=0 in one process.
ARGS ?=
WORKERS ?= 2
# Whose districts the demo plays: a plan's id, or all.
PLAN ?= bayannur_2023_2025
# make dev ROOT=demo shows another workspace.
ROOT ?= $(CURDIR)

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## prepare .venv from the lock (every other target does it by itself)
	@tools/setup.sh
	@$(BIN)/python -m pipelines.warehouse.parsed

demo: setup ## synthetic workbooks from inbox to reports (PLAN=shucheng_2022_2024 for another plan's, PLAN=all)
	@$(BIN)/actionplan demo --plan $(PLAN)

test: setup lint ## all checks and tests
	@tools/test_needs.sh
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile -m "not benchmark and not sweep and not soak" $(ARGS)

lint: setup ## ruff, mypy, import contracts, sqlfluff
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet || { echo "run: make format" >&2; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports >.venv/imports.log || { cat .venv/imports.log; exit 1; }
	@$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar dbt_project

format: setup ## put the code into its standard form
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format
	@$(BIN)/sqlfluff fix --processes 2 --disable-progress-bar dbt_project

bench: setup ## measure times, as ratios within one run
	@$(BIN)/python -m pytest -q -s -s -p no:xdist -m benchmark tests/benchmarks $(ARGS)

dev: setup ## Dagster's pages, sensor and schedules for this workspace (ROOT=demo for the demo's)
	@$(BIN)/actionplan serve --root $(abspath $(ROOT))

sweep: setup ## every published figure against the independent calculation, at many seeds (SEEDS="2 3 5 7 11")
	@$(BIN)/python -m pytest -q -m sweep tests/independent $(ARGS)

soak: setup ## runs killed at random points, and what the next run makes of it (SEEDS="1 2 3", or 1-40); told in .build/soak.jsonl
	@$(BIN)/python -m pytest -q -n 0 -m soak tests/faults $(ARGS)

docs: setup ## write the generated pages in docs/ anew: forms, rules, coverage, entities, the plans' schema; dbt's in .build/dbt-docs
	@$(BIN)/python -c "from pipelines.forms.dictionary import page; print(page(), end='')" >docs/forms.md
	@$(BIN)/python -c "from pipelines.intake.rules.catalogue import page; print(page(), end='')" >docs/rules.md
	@$(BIN)/python -c "from pipelines.forms.coverage import page; from pipelines.plans import load_plans; \
		print(page(load_plans()), end='')" >docs/coverage.md
	@$(BIN)/python -c "from pipelines.forms.entities import page; print(page(), end='')" >docs/entities.md
	@$(BIN)/python -c "from pipelines.plans.schema import text; print(text(), end='')" >docs/plan.schema.json
	@PYTHONPATH=. $(BIN)/python tools/dbt_docs.py .build/dbt-docs

verdicts: setup ## write docs/verdicts.md anew from a folder of odd spreadsheets: make verdicts DATA=…/data
	@PYTHONPATH=. $(BIN)/python tools/verdicts.py $(DATA) >docs/verdicts.md

lock: ## write requirements.txt anew from the two .in files (needs uv)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header \
		--no-emit-index-url --no-emit-find-links requirements-dev.in --output-file requirements.txt

clean: ## remove what was made here: environment, demo, caches (never data/)
	@[ ! -e demo/.made-by-demo ] || rm -rf demo
	@rm -rf .venv .build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	@find . -name __pycache__ -not -path './.git/*' -type d -prune -exec rm -rf {} +
