# Two commands for a newcomer: make nightly, make test.
.PHONY: help setup nightly test check benchmark wheel clean
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= $(CURDIR)/nightly-out
PRODUCTS ?= 300
SEED ?= 1
# Small models: the whole target is to end within eight minutes on two cores.
SMALL = $(foreach one,max_lake_labels=1500 max_epochs=3 min_steps=0 max_seconds=120 batch_size=8 learning_rate=0.0002 tagger_epochs=8,--set train_attributes.$(one))
SMALL_ANSWERS = --set train_answers.encoder_epochs=4
FOLDERS = --set landing=$(OUT)/sample/landing --set lake=$(OUT)/lake --set models=$(OUT)/models

help: ## Show the targets
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## Environment, dependencies, Java 17, Delta jars: what is missing of it

$(VENV)/.ready: setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $(PYTHON) is too old, expected Python 3.11 or newer (make PYTHON=...)"; exit 1; }
	@bash .ci/java
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip setuptools wheel
	$(BIN)/python -m pip install --quiet --config-settings editable_mode=compat --editable '.[dev,offline]'
	$(BIN)/python -m jobs.jars
	$(BIN)/python -m jobs.archive_classes
	@touch $@

nightly: setup ## The whole job on a generated sample catalogue: sample, train, score, summary
	rm -rf $(OUT)
	$(BIN)/enrich sample $(OUT)/sample --products $(PRODUCTS) --seed $(SEED)
	$(BIN)/enrich nightly $(FOLDERS) --until pair_reviews
	$(BIN)/enrich train answers $(FOLDERS) --labelled $(OUT)/sample/labelled/answers.jsonl --format jsonl --out $(OUT)/models/answers $(SMALL_ANSWERS)
	$(BIN)/enrich train passages $(FOLDERS) --out $(OUT)/models/passages
	$(BIN)/enrich train attributes $(FOLDERS) --out $(OUT)/models/attributes $(SMALL)
	$(BIN)/enrich nightly $(FOLDERS)
	$(BIN)/enrich evaluate review_answers $(FOLDERS) --truth $(OUT)/sample/truth/answers --examples 3
	$(BIN)/enrich evaluate question_passages $(FOLDERS) --truth $(OUT)/sample/truth/answers
	$(BIN)/enrich evaluate attribute_values $(FOLDERS) --truth $(OUT)/sample/truth/attributes --examples 3

test: check ## Every check and every test
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

check: setup ## Format, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

benchmark: setup ## Ratios against the alternatives, as tables
	$(BIN)/python -m pip install --quiet --editable '.[benchmark]'
	$(BIN)/python -m benchmarks

wheel: setup ## The wheel for spark-submit, in dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

clean: ## Remove what the targets made, but the environment
	rm -rf $(OUT) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
