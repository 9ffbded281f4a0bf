# Everything a developer does, one word each. Needs make and Python 3.11 or newer; the rest is fetched into .venv.
#   make demo    a real wholesaler from its order file to the day's list, in the browser, in a folder of its own (.demo);
#                make demo KEEP=1: the same again as it was left
#   make test    everything that must hold before a change is handed in (about half an hour on two cores)
#   make check   the quick part of it: format, lint, types, import contracts, migrations
#   make serve   the pages and the worker, your data  make bench   the measured comparisons
#   make messages  gather what is to be translated into src/regulars/locale, and compile it
#   make screenshots   the pictures of the user guide, from the demo (ONLY='today-ur portfolio': these)
#   make lock    pin the dependencies anew        make clean   remove what the other words made, but .venv

# The newest Python that is known to work and can make environments; or say which: make demo PYTHON=/path/to/python3
PYTHON ?= $(shell for candidate in python3.13 python3.12 python3.11 python3; do \
	$$candidate -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$candidate && break; done)

BIN := .venv/bin
INSTALLED := .venv/installed
TESTABLE := .venv/testable

.PHONY: demo test check serve screenshots bench messages lock clean format
.DEFAULT_GOAL := demo

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Regulars needs Python 3.11 or newer with venv (Debian: apt install python3 python3-venv)."; exit 1; }
	$(PYTHON) -m venv .venv

$(INSTALLED): requirements/dev.txt pyproject.toml | $(BIN)/python
	@$(BIN)/python -m uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet uv
	$(BIN)/python -m uv pip sync --quiet --compile-bytecode --python $(BIN)/python requirements/dev.txt
	$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

# Spark and its Java are half a gigabyte, which only the tests need.
$(TESTABLE): requirements/test.txt $(INSTALLED)
	$(BIN)/python -m uv pip install --quiet --compile-bytecode --python $(BIN)/python --requirement requirements/test.txt
	@touch $@

demo: $(INSTALLED)
	@$(BIN)/regulars --home .demo demo $(if $(KEEP),--keep)

test: check
	@$(BIN)/python scripts/run_tests.py

check: $(TESTABLE)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	REGULARS_HOME=.regulars/check DATABASE_URL= $(BIN)/python -m django makemigrations --check --dry-run --settings regulars.config.settings

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

serve: $(INSTALLED)
	@$(BIN)/regulars serve

screenshots: $(INSTALLED)
	@$(BIN)/python scripts/make_pictures.py $(ONLY)

bench: $(TESTABLE)
	@for benchmark in benchmarks/*.py; do echo "== $$benchmark"; $(BIN)/python $$benchmark || exit 1; done

messages: $(INSTALLED)
	@$(BIN)/python scripts/messages.py

LOCK := $(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" pyproject.toml

lock: $(INSTALLED)
	$(LOCK) --output-file requirements/base.txt $(UPGRADE)
	$(LOCK) --extra postgres --group dev --output-file requirements/dev.txt $(UPGRADE)
	$(LOCK) --extra postgres --extra spark --group dev --constraint requirements/dev.txt --output-file requirements/test.txt $(UPGRADE)

clean:
	rm -rf .demo .regulars dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
