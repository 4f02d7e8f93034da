# `make demo` and `make test` set everything up by themselves. Another Python: make setup PYTHON=python3.13
.DEFAULT_GOAL := help
.PHONY: help setup serve demo example-bpic2020 test test-long clients soak drill mutants check coverage docs format generate lock bench bench-audit bench-import bench-reads bench-replay pictures clean

BIN := .venv/bin
READY := .venv/.ready
export PYTHON
# The tests start some hundreds of processes: without bytecode, each compiles every module that it imports.
export PYTHONDONTWRITEBYTECODE :=
MINUTES ?= 30
SECONDS ?= 180
SAMPLE ?= 300
LOG ?= ../shared/data/bpic2020_permits.xes.gz

help:
	@sed -n 's/^## //p' Makefile

$(READY): scripts/setup pyproject.toml requirements/bootstrap.txt requirements/tracing.txt requirements/dev.txt requirements/docs.txt
	@sh scripts/setup

## make setup      make .venv with .venv/bin/mandate
setup: $(READY)
	@:

## make serve      run the API, the worker and an embedded PostgreSQL
serve: $(READY)
	@$(BIN)/mandate serve

## make demo       play the example case, from the request to the decision
demo: $(READY)
	@$(BIN)/mandate demo

## make example-bpic2020 [LOG=FILE]   import 1,478 real travel permits
example-bpic2020: $(READY)
	@test -f "$(LOG)" || { echo "$(LOG) is not there. The log: BPI Challenge 2020, travel permits, by Boudewijn van Dongen," \
		"published by 4TU.ResearchData, doi:10.4121/uuid:52fb97d4-4588-43c9-9d04-3604d4613b51. Then: make $@ LOG=FILE"; exit 1; }
	@$(BIN)/python examples/bpic2020/convert.py "$(LOG)" build/bpic2020.jsonl
	@$(BIN)/mandate import build/bpic2020.jsonl

## make test       run every test, in four processes
test: $(READY)
	@$(BIN)/pytest -n 4 --dist worksteal

## make test-long  run the race, kill, history and random tests with ten times as many cases
test-long: $(READY)
	@TEST_PATHS=250 TEST_LIVES=1000 TEST_DOCUMENTS=25000 TEST_EXPORTS=all TEST_RACES=500 TEST_KILLS=30 TEST_PASTS=40 TEST_INBOXES=1430 \
		TEST_SECRETS=20 TEST_DEPUTIES=1000 $(BIN)/pytest -n 2 --timeout 1800 tests/domain/test_life_of_a_request.py \
		tests/service/graphql/compiled/test_random_documents.py tests/service/exchange/importing/test_bpic2020.py \
		tests/faults/test_policies.py tests/projections/rebuilding/test_killed_rebuilds.py tests/service/graphql/test_any_past.py \
		tests/projections/test_inbox.py tests/service/rest/test_random_paths.py tests/service/visibility \
		tests/faults/test_deputies.py

## make clients   run the quick starts with the clients that people use: npm and Python packages of their own
clients: $(READY)
	@TEST_CLIENTS=1 $(BIN)/pytest -n 0 tests/clients

## make soak [MINUTES=30]   run clients under random kills and rebuilds, then check the record
soak: $(READY)
	@$(BIN)/python -m tests.soak --minutes $(MINUTES)

## make drill [SECONDS=180]   back up a register under load, destroy it, restore it and report what was lost
drill: $(READY)
	@$(BIN)/python -m tests.drill --seconds $(SECONDS)

## make mutants [SAMPLE=300]   check that tests detect changes of the code; SAMPLE=all: every change
mutants: $(READY)
	@$(BIN)/python -m tests.mutation --sample $(SAMPLE)

## make check      check format, lint, types, import contracts and the repository
check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 0 tests/tidy

## make coverage   check that every branch of the domain is tested
coverage: $(READY)
	@$(BIN)/pytest tests/domain --cov --cov-report=term-missing:skip-covered

## make format     fix format and lint where ruff can
format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

## make generate   write the schema and the documents derived from the code
generate: $(READY)
	@sh scripts/generate

## make bench      commands and HTTP, side by side with the stock library
bench: $(READY)
	@$(BIN)/python -m benchmarks commands http

## make bench-audit    audit trail pages and as-of lists at 1,000,000 events
bench-audit: $(READY)
	@$(BIN)/python -m benchmarks audit

## make bench-import   imports, side by side with the stock Application
bench-import: $(READY)
	@$(BIN)/python -m benchmarks imports

# Without npm, the benchmark leaves PostGraphile out and says so.
build/postgraphile/node_modules: benchmarks/postgraphile/package.json benchmarks/postgraphile/package-lock.json
	@mkdir -p build/postgraphile && cp benchmarks/postgraphile/package*.json benchmarks/postgraphile/.npmrc build/postgraphile
	@if command -v npm >/dev/null; then cd build/postgraphile && npm ci && touch node_modules; fi

## make bench-reads    reads, side by side with plain Strawberry and PostGraphile
bench-reads: $(READY) build/postgraphile/node_modules
	@$(BIN)/python -m benchmarks reads

## make bench-replay   a view rebuild, side by side with the stock ProjectionRunner
bench-replay: $(READY)
	@$(BIN)/python -m benchmarks replay

## make docs       build the documentation site in build/site, without a network
docs: $(READY)
	@$(BIN)/python -m scripts.site build/site && echo "build/site/index.html"

## make pictures   take the pictures of the documentation from the running program, with Chromium
pictures: $(READY)
	@$(BIN)/python -m tests.pictures docs/pictures $(if $(wildcard $(LOG)),--log "$(LOG)")

## make lock       pin the newest allowed versions, with hashes
lock: $(READY)
	@sh scripts/lock

## make clean      remove .venv and caches; data folders stay
clean:
	rm -rf .venv build dist htmlcov .coverage .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
