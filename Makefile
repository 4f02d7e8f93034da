# `make demo` and `make test` set everything up by themselves. Another Python: make setup PYTHON=python3.13
.DEFAULT_GOAL := help
.PHONY: help setup serve demo test check coverage format generate lock bench clean

BIN := .venv/bin
READY := .venv/.ready
export PYTHON

help:
	@sed -n 's/^## //p' Makefile

$(READY): scripts/setup pyproject.toml requirements/bootstrap.txt requirements/runtime.txt requirements/dev.txt
	@sh scripts/setup

## make setup      make .venv with .venv/bin/mandate
setup: $(READY)
	@:

## make serve      the API, the worker and a PostgreSQL of its own, on this machine
serve: $(READY)
	@$(BIN)/mandate serve

## make demo       the case from the first request to the decision, and what to do next
demo: $(READY)
	@$(BIN)/mandate demo

## make test       every test, two at a time
test: $(READY)
	@$(BIN)/pytest -n 2 --dist worksteal

## make check      form, types, floors, tidiness
check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 0 tests/tidy

## make coverage   every branch of the domain is tested
coverage: $(READY)
	@$(BIN)/pytest tests/domain --cov --cov-report=term-missing:skip-covered

## make format     what ruff can mend by itself
format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

## make generate   what is derived from the code and committed
generate: $(READY)
	@sh scripts/generate

## make bench      speed, beside the stock library, on this machine
bench: $(READY)
	@$(BIN)/python -m benchmarks commands

## make lock       pin the newest versions that pyproject.toml allows, with hashes
lock: $(READY)
	@sh scripts/lock

## make clean      remove .venv and caches; data folders stay
clean:
	rm -rf .venv build dist htmlcov .coverage .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
