# One command each for people, pre-commit and CI. A fresh machine needs Python 3.11 and git, nothing else.
# The virtual environment is created on first use; a lock pins every package by hash.

PYTHON ?= python3
UV ?= uv
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq

# A stamp is named after the digest of its lock, so that a changed lock installs again whatever its mtime.
digest = $(shell cat $(1) | cksum | tr -s ' ' '-')
RUNTIME := $(VENV)/.runtime-$(call digest,requirements.lock)
AUDIT := $(VENV)-audit/.installed-$(call digest,requirements-audit.lock)
BENCH := $(VENV)-bench/.installed-$(call digest,requirements-bench.lock)
LOCKS := requirements.lock requirements-extras.lock requirements-build.lock requirements-dev.lock requirements-audit.lock requirements-bench.lock
DEV := $(VENV)/.dev-$(call digest,requirements-dev.lock pyproject.toml)
COMPILED := $(VENV)/.tests-compiled

COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header

# Compiled tests are kept whatever the environment says: each worker would compile them again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo quick test check setup static lint types contracts campaigns bench bench-check bench-all slow torture mutants docs \
	pictures lock format clean audit sbom release

help:
	@echo "make demo    a local Ocamba and the sample project: preview, plan, apply, plan again"
	@echo "make quick   tests of the pure rooms and a few commands: 45 seconds"
	@echo "make test    the tests"
	@echo "make check   everything that CI checks: style, types, contracts, campaigns, tests"
	@echo "make bench   a table against PyYAML, octoDNS, git and Python [KEEP=1: add it to benchmarks/history.json]"
	@echo "make bench-check  fails where a ratio is 1.3 times the best kept; make bench-all: every benchmark"
	@echo "make slow    the tests that take minutes: whole pipelines, states on a git remote under load,"
	@echo "             properties with many more examples"
	@echo "make torture hostile inputs for ten minutes [FUZZ=SECONDS], then every crash point and fault,"
	@echo "             over 5,000 trials (half an hour);"
	@echo "             of a project of your own: make torture PROJECT=DIR [BEFORE=DIR] [SLICE=N]"
	@echo "make mutants 300 random changes of the code: which of them does no test notice? (15 minutes)"
	@echo "             [SAMPLE=N] [SEED=N] [ONLY=campaignctl/ROOM[/FILE[:LINE]]]"
	@echo "make docs    write the generated parts of README.md and docs/"
	@echo "make pictures  take the pictures of pages again (needs Chromium)"
	@echo "make format  format the code"
	@echo "make audit   does a package of the locks have a known vulnerability? (needs a network)"
	@echo "make sbom    what campaignctl is made of: dist/campaignctl.cdx.json (CycloneDX)"
	@echo "make release what a version consists of, in dist/: wheel and sdist, built twice, compared and tried in an"
	@echo "             environment of their own; lock, SBOM, notes and checksums"
	@echo "make lock    compile the locks again (needs uv)"
	@echo "make clean   remove caches and build results"

# What `make check` installs, for `.ci/run`, which installs packages of the system meanwhile.
setup: $(DEV)

demo: $(RUNTIME)
	@$(BIN)/python -m campaignctl demo

# What decides and what prints, without servers and processes, and a look at the command line. In two halves at
# a time: for tests that take milliseconds, workers that report each one to another process cost half as much again.
QUICK_1 := $(addprefix tests/,manifest plan)
QUICK_2 := $(addprefix tests/,campaign content schedule diff state render test_golden_files.py) \
	$(addprefix tests/,cli/test_usage.py cli/test_output.py e2e/test_status.py)

QUICKLY := $(BIN)/python -m pytest -p no:xdist --hypothesis-profile=quick

quick: $(DEV)
	@said=$$(mktemp); $(QUICKLY) $(QUICK_1) > $$said 2>&1 & $(QUICKLY) $(QUICK_2); second=$$?; \
	wait $$!; first=$$?; cat $$said; rm $$said; exit $$((first | second))

test: $(COMPILED)
	@$(BIN)/python -m pytest -n auto --dist worksteal

# Once, and not in each worker at the same time. The tests themselves report what cannot be compiled.
$(COMPILED): $(shell find tests -name '*.py') | $(DEV)
	@$(BIN)/python -m pytest --collect-only -qq >/dev/null 2>&1 || true
	@touch $@

# The tests come last, so that the last line of the output is theirs.
check: static test

# The types take as long as the rest, on one processor.
static: $(DEV)
	@$(MAKE) --no-print-directory types & types=$$!; status=0; \
		$(MAKE) --no-print-directory lint contracts campaigns $(COMPILED) || status=$$?; \
		wait $$types || status=$$?; exit $$status

lint: $(DEV)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .

types: $(DEV)
	@$(BIN)/mypy --no-error-summary

contracts: $(DEV)
	@$(BIN)/lint-imports

campaigns: $(DEV)
	@$(BIN)/campaignctl -C campaigns validate
	@$(BIN)/campaignctl -C campaigns fmt --check

# Without octoDNS the table is made all the same, and says so.
bench: $(DEV)
	-@$(MAKE) --silent $(BENCH)
	@$(BIN)/python -m benchmarks.table $(if $(KEEP),--keep)

bench-check: $(DEV)
	@$(BIN)/python -m benchmarks.table --check

bench-all: $(DEV)
	@$(BIN)/python -m benchmarks

format: $(DEV)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

slow: $(DEV)
	@$(BIN)/python -m pytest -n auto --dist worksteal --hypothesis-profile=slow -m 'slow or hypothesis'

torture: $(DEV)
	@$(if $(PROJECT),,$(BIN)/python -m tests.torture.fuzz --seconds $(if $(FUZZ),$(FUZZ),$(if $(SLICE),5,600)))
	@$(BIN)/python -m tests.torture $(if $(SLICE),--slice $(SLICE),--all) \
		$(if $(PROJECT),--project "$(PROJECT)") $(if $(BEFORE),--before "$(BEFORE)")

mutants: $(DEV)
	@$(BIN)/python -m tests.mutants $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED)) \
		$(if $(ONLY),--only "$(ONLY)")

docs: $(DEV)
	@$(BIN)/python -m tools.reference

# They depend on the fonts of the machine: look at them before you commit them.
pictures: $(DEV)
	@$(BIN)/python -m tools.reference.screenshots

# Status 1: a vulnerability. 2: something could not be looked up, so nothing is known of it.
audit: $(AUDIT)
	@$(VENV)-audit/bin/python -m tools.audit $(if $(SERVICE),--service "$(SERVICE)") $(LOCKS)

sbom: $(AUDIT)
	@mkdir -p dist
	@$(VENV)-audit/bin/python -W ignore::UserWarning -m cyclonedx_py requirements --output-reproducible --pyproject pyproject.toml \
		--output-file dist/campaignctl.cdx.json requirements.lock

# From what is committed, as of its date: whoever builds a commit gets the same bytes.
release: $(DEV) sbom
	@$(BIN)/python -m tools.release dist

lock:
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: install it, or say where it is with UV=PATH" >&2; exit 1; }
	$(COMPILE) --output-file requirements.lock pyproject.toml
	$(COMPILE) --all-extras --constraint requirements.lock --output-file requirements-extras.lock pyproject.toml
	$(COMPILE) --all-extras --group dev --constraint requirements-extras.lock --output-file requirements-dev.lock pyproject.toml
	$(COMPILE) --group build --constraint requirements-dev.lock --output-file requirements-build.lock
	$(COMPILE) --group audit --constraint requirements-dev.lock --output-file requirements-audit.lock
	$(COMPILE) --group bench --constraint requirements-dev.lock --output-file requirements-bench.lock

clean:
	rm -rf $(COMPILED) build dist .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find campaignctl tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(BIN)/python:
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "campaignctl needs Python 3.11 or newer, and found no '$(PYTHON)'. Say where it is: make PYTHON=PATH" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "campaignctl needs Python 3.11 or newer; '$(PYTHON)' is older. Say where one is: make PYTHON=python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "'$(PYTHON)' has no venv module. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@"$(PYTHON)" -m venv $(VENV)

$(RUNTIME): | $(BIN)/python
	@echo "installing what campaignctl runs on (once) ..." >&2
	@$(PIP) install --require-hashes -r requirements.lock
	@touch $@

$(AUDIT): | $(BIN)/python
	@echo "installing what audits the packages (once) ..." >&2
	@$(BIN)/python -m venv --clear $(VENV)-audit
	@$(VENV)-audit/bin/python -m pip --disable-pip-version-check -qq install --require-hashes -r requirements-audit.lock
	@touch $@

$(BENCH): | $(BIN)/python
	@echo "installing what the benchmarks compare with (once) ..." >&2
	@$(BIN)/python -m venv --clear $(VENV)-bench
	@$(VENV)-bench/bin/python -m pip --disable-pip-version-check -qq install --require-hashes -r requirements-bench.lock
	@touch $@

$(DEV): | $(BIN)/python
	@echo "installing what campaignctl is built and tested with (once) ..." >&2
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@
