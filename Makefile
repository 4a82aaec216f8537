# On a fresh machine: Python 3.11 or newer, make and a C compiler. The targets set up everything else in .venv.
#
#   make demo     a trained network, carried to two targets and checked there spike for spike
#   make test     every test and notebook, with the linters and the type checker
#   make lint     ruff and pyright alone
#   make docs     this documentation as a site, in site/index.html
#   make bench    the engine and its peers side by side, each peer in an environment of its own (about 15 minutes)
#   make crossframework  files and rasters of seven frameworks, each run in an environment of its own, for make test
#   make proof    the long counts behind tests/proof/RESULTS.md; interrupted, it goes on where it stopped
#   make system   Debian packages, where any are needed (as root or with passwordless sudo)
#   make clean    remove what the targets wrote; make distclean: the environment and the proofs under way too
#
# PYTHON names the interpreter .venv is made with, JOBS the number of processes.

PYTHON ?= python3
JOBS ?= 2

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UNFINISHED := $(VENV)/.unfinished
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
# What their own requirements keep from being installed here: sinabs wants an old nir, SpikingJelly and NeuroBench a
# torchaudio and more. axe-playwright-python is here for axe-core alone, which a browser of ours runs.
ALONE := spikingjelly==2.0.0 sinabs==3.1.3 neurobench==2.3.0 axe-playwright-python==0.1.8
SYSTEM_PACKAGES := g++ gcc-arm-none-eabi qemu-system-arm bochs bochs-term chromium chromium-driver arduino-builder

export MPLBACKEND := agg

.PHONY: setup demo test lint docs bench crossframework proof system clean distclean
.DELETE_ON_ERROR:

setup: $(READY)

# An environment whose set-up was cut short is made afresh; a finished one is brought up to date in place.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "neurodeploy needs Python 3.11 or newer, and $(PYTHON) is: $$($(PYTHON) --version 2>&1)." >&2; \
		echo "Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@if [ -e $(UNFINISHED) ] || ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		echo "set-up: a new environment in $(VENV)"; \
		rm -rf $(VENV) && mkdir $(VENV) && touch $(UNFINISHED) && $(PYTHON) -m venv $(VENV) || { \
		echo "set-up: $(PYTHON) cannot make a virtual environment (on Debian: apt-get install python3-venv)." >&2; \
		exit 1; }; fi
	@touch $(UNFINISHED)
	@echo "set-up: installing the pinned packages (the first time this takes a few minutes)"
	@$(PIP) install -c constraints.txt -e ".[dev]"
	@$(PIP) install --no-deps $(ALONE)
	@touch $(READY) && rm $(UNFINISHED)
	@echo "set-up: done"

demo: $(READY)
	$(BIN)/neurodeploy targets install loihi-sim
	@mkdir -p demo
	$(BIN)/neurodeploy models build digits -o demo/digits.pt
	$(BIN)/neurodeploy export demo/digits.pt --target loihi-sim -o demo/digits.loihi-sim
	$(BIN)/neurodeploy check demo/digits.pt --target loihi-sim --target fixed

test: $(READY)
	$(BIN)/neurodeploy targets install loihi-sim
	NEURODEPLOY_NOTEBOOKS=small $(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile --durations 10 --nbmake --nbmake-timeout 300 tests $(wildcard notebooks)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

docs: $(READY)
	$(BIN)/python docs/build.py site

bench: $(READY)
	$(BIN)/neurodeploy targets install loihi-sim
	$(BIN)/python -m benchmarks install
	$(BIN)/python -m benchmarks

crossframework: $(READY)
	$(BIN)/python -m tests.crossframework
	$(BIN)/python -m tests.crossframework.lava_dl.generate

proof: $(READY)
	$(BIN)/neurodeploy targets install loihi-sim
	$(BIN)/python -m tests.proof --jobs $(JOBS)

# Nothing is asked of the network, or of anybody's rights, where every package is there already.
system:
	@missing=""; \
	for package in $(SYSTEM_PACKAGES); do \
		dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	if [ -z "$$missing" ]; then echo "system packages: nothing to install"; exit 0; fi; \
	if ! command -v apt-get >/dev/null; then \
		echo "system packages: there is no apt-get here; install what Debian calls:$$missing" >&2; exit 1; fi; \
	sudo=""; \
	if [ "$$(id -u)" != 0 ]; then sudo="sudo -n"; $$sudo true 2>/dev/null || { \
		echo "system packages: neither root nor passwordless sudo; as root: apt-get install$$missing" >&2; exit 1; }; fi; \
	echo "system packages: installing$$missing"; \
	$$sudo apt-get update -qq || echo "system packages: the lists of packages could not be renewed" >&2; \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing || { \
		echo "system packages: apt-get could not install$$missing" >&2; exit 1; }

clean:
	rm -rf demo dist build site .pytest_cache .ruff_cache .hypothesis
	find neurodeploy targets models tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV) .proof
