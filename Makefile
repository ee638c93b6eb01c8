# EventHub. `make help` lists what there is.
PYTHON ?= python3
BIN = .venv/bin
PORT := $(or $(PORT),$(shell sed -n 's/^PORT=//p' .env 2>/dev/null),8000)
export PORT
# Where the machine forbids it, each process would compile all modules again, and rewrite all tests.
export PYTHONDONTWRITEBYTECODE =
# A process on every core; tests of one file mostly share one, and what is left at the end is divided.
WORKERS = -n auto --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help run test test-sqlite test-postgres coverage test-browser tools upgrade-test prove fuzz screenshots check audit licences bench bench-short bench-large lock

help:  ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: .venv/run .env  ## Serve on http://127.0.0.1:8000 with SQLite, and a demo in an empty database
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py demo --if-empty
	@echo "API docs  http://127.0.0.1:$(PORT)/docs/"
	@echo "Admin     http://127.0.0.1:$(PORT)/admin/"
	@echo "For this machine only: the internet talks to a proxy that buffers, never to gunicorn (docs/operations.md)."
	@exec $(BIN)/gunicorn eventhub.wsgi

test: test-sqlite test-postgres  ## The whole suite, on SQLite and on a real PostgreSQL

test-sqlite: .venv/dev
	$(BIN)/pytest $(WORKERS) -m "not browser"

test-postgres: .venv/dev
	TEST_ON=postgres $(BIN)/pytest $(WORKERS) -m "not browser"

coverage: .venv/dev  ## The same with branch coverage, which must not fall below 95 %
	$(BIN)/pytest $(WORKERS) -m "not browser" --cov --cov-report= --cov-fail-under=0
	TEST_ON=postgres $(BIN)/pytest $(WORKERS) -m "not browser" --cov --cov-append --cov-report=term

test-browser: .venv/dev  ## The back office in real Chromium, which is installed where that can be done
	$(BIN)/python -m eventhub.testing.system_programs chromium
	$(BIN)/pytest -m browser -n 2 eventhub/tests/browser

tools: .venv/dev  ## Install the programs that some tests need, with apt (nginx, Chromium, npm)
	$(BIN)/python -m eventhub.testing.system_programs

upgrade-test: .venv/dev  ## Upgrade from the released state and roll back, on PostgreSQL, under a load that must not notice
	TEST_ON=postgres $(BIN)/pytest -m "" eventhub/tests/test_upgrade.py eventhub/tests/test_migrations.py

prove: .venv/dev  ## Race every path that can change a seat against every other, on PostgreSQL and on SQLite
	$(BIN)/python -m registrations.tests.proof --rows proof.csv

fuzz: .venv/dev  ## Twenty minutes of requests that nobody foresaw, other ones each time, on SQLite and on PostgreSQL
	FUZZ=1000 $(BIN)/pytest -m "" -n 2 eventhub/tests/attacks
	FUZZ=1000 TEST_ON=postgres $(BIN)/pytest -m "" -n 2 eventhub/tests/attacks

screenshots: .venv/dev  ## The pictures of the README, from the demo
	SCREENSHOTS=docs/screenshots $(BIN)/pytest -m browser eventhub/tests/browser/test_screenshots.py

check: .venv/dev  ## Lint, format, types, direction of imports, migrations, schema
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports --no-logo
	DJANGO_SETTINGS_MODULE=eventhub.testing.settings $(BIN)/python manage.py makemigrations --check --dry-run
	DJANGO_SETTINGS_MODULE=eventhub.testing.settings $(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null

audit: .venv/dev  ## Known vulnerabilities of what is pinned, where somebody can be asked, and licences
	$(BIN)/python -m eventhub.testing.dependency_audit

licences: .venv/dev  ## Write docs/licences.md anew, from a fresh environment of requirements.txt
	$(PYTHON) -m venv .licences
	.licences/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m eventhub.testing.dependency_audit --list .licences/bin/python
	rm -rf .licences

bench: .venv/dev  ## Requests per second on PostgreSQL beside bare Django views, and where their time goes
	$(BIN)/python -m bench api --json bench-result.json
	$(BIN)/python -m bench where
	$(BIN)/python -m bench files

bench-short: .venv/dev  ## The same for a minute; fails only where a ratio is less than half of bench/reference.json's
	$(BIN)/python -m bench api --clients 8 --rounds 3 --seconds 0.6 --against bench/reference.json

bench-large: .venv/dev  ## Lists and the back office with a million registrations, and lists of 100,000 people (half an hour)
	$(BIN)/python -m bench scale --keep bench-data
	$(BIN)/python -m bench chance --keep bench-data
	$(BIN)/python -m bench office --keep bench-data
	$(BIN)/python -m bench bulk --rounds 2

lock:  ## Pin requirements*.in with hashes into requirements*.txt (needs uv)
	uv pip compile --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-header --upgrade -q requirements.in -o requirements.txt
	uv pip compile --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-header --upgrade -q requirements-dev.in -o requirements-dev.txt

.env:
	@umask 077; $(PYTHON) -c 'import secrets; print("SECRET_KEY=" + secrets.token_urlsafe(50))' > .env.new
	@mv .env.new .env
	@echo "Wrote .env with a fresh SECRET_KEY."

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/run: requirements.txt | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ .venv/run
