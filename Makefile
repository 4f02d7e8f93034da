# `make demo` and `make test` set everything up by themselves. Another Python: make setup PYTHON=python3.13
.DEFAULT_GOAL := help
.PHONY: help setup serve demo example-bpic2020 test test-long check coverage format generate lock bench bench-audit bench-import bench-replay clean

BIN := .venv/bin
READY := .venv/.ready
export PYTHON
LOG ?= ../shared/data/bpic2020_permits.xes.gz

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

## make example-bpic2020 [LOG=FILE]   1,478 real travel permits, imported
example-bpic2020: $(READY)
	@test -f "$(LOG)" || { echo "$(LOG) is not there. The log: BPI Challenge 2020, travel permits, by Boudewijn van Dongen," \
		"published by 4TU.ResearchData, doi:10.4121/uuid:52fb97d4-4588-43c9-9d04-3604d4613b51. Then: make $@ LOG=FILE"; exit 1; }
	@$(BIN)/python examples/bpic2020/convert.py "$(LOG)" build/bpic2020.jsonl
	@$(BIN)/mandate import build/bpic2020.jsonl

## make test       every test, four at a time: half of them wait for processes
test: $(READY)
	@$(BIN)/pytest -n 4 --dist worksteal

## make test-long  ten times as many races, kills and pasts: 500 holds that meet findings, 30 rebuilds killed, 40 histories
test-long: $(READY)
	@MANDATE_TEST_RACES=500 MANDATE_TEST_KILLS=30 MANDATE_TEST_PASTS=40 $(BIN)/pytest -n 2 --timeout 1800 \
		tests/faults/test_policies.py tests/projections/rebuilding/test_killed_rebuilds.py tests/service/graphql/test_any_past.py

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
	@$(BIN)/python -m benchmarks commands http

## make bench-audit    pages of the trail, and lists as of then, at 1,000,000 events
bench-audit: $(READY)
	@$(BIN)/python -m benchmarks audit

## make bench-import   histories through the rules, beside the stock Application saving one event at a time
bench-import: $(READY)
	@$(BIN)/python -m benchmarks imports

## make bench-replay   a view built anew, beside the stock ProjectionRunner and beside reading alone
bench-replay: $(READY)
	@$(BIN)/python -m benchmarks replay

## make lock       pin the newest versions that pyproject.toml allows, with hashes
lock: $(READY)
	@sh scripts/lock

## make clean      remove .venv and caches; data folders stay
clean:
	rm -rf .venv build dist htmlcov .coverage .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
