# Deep Learning, Line by Line. "make help" lists what can be made; a first use installs what it needs.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PORT ?= 8000
SEEDS ?= 5
TORCH ?= 2.13.0
VENV ?= $(if $(NEWEST),_build/newest,.venv)
PY := $(VENV)/bin/python
PIP := $(PY) -m pip

# One thread a worker: two workers with two threads each crawl on two cores.
export OMP_NUM_THREADS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# PyPI's torch for Linux is the CUDA build, gigabytes of it. CPU=1 takes the build that Binder takes.
ifdef CPU
export PIP_EXTRA_INDEX_URL := $(strip $(PIP_EXTRA_INDEX_URL) $(shell sed -n 's/^--extra-index-url //p' .binder/requirements.txt))
endif

.PHONY: help book serve test notebooks claims shots lock wheelhouse bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' Makefile
	@echo "Options: PYTHON=path, CPU=1 (torch without CUDA), WHEELHOUSE=dir (install without a network), NEWEST=1 (ignore the lock)"

# jupyter-book copies static files and links code only in a clean build, so every build is one.
book: $(VENV)/.ready ## build the site from the stored outputs; nothing is executed
	@rm -rf _build/html _build/.doctrees
	$(VENV)/bin/jupyter-book build .
	@echo "The book: _build/html/index.html (or make serve)"

serve: book ## build the site and serve it on 127.0.0.1 (PORT=8000)
	@$(PY) book/_ext/serve.py --port $(PORT)

test: $(VENV)/.ready ## run every check (STAGES="lint unit" for some, see tests/run.py)
	@$(PY) tests/run.py $(STAGES)

notebooks: $(VENV)/.ready ## execute the chapters whose code changed, refresh the others (CHAPTER=book/..., ALL=1)
	@$(PY) book/_ext/notebooks.py $(if $(ALL),--all) $(CHAPTER)

claims: $(VENV)/.ready ## run every claim over other seeds (SEEDS=5, CHAPTER=book/...)
	@$(PY) book/_ext/claims.py --seeds $(SEEDS) $(CHAPTER)

shots: $(VENV)/.ready ## photograph a built page in both themes and widths (CHAPTER=book/...)
	@$(PY) book/_ext/shots.py $(CHAPTER)

# Made on the oldest Python that the book admits, whose pins newer ones accept as well.
lock: $(VENV)/.ready ## write requirements.txt from pyproject.toml (UPGRADE=1 takes the newest of everything)
	@$(PY) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  { echo "The lock is made with Python 3.11: make lock VENV=_build/py311 PYTHON=python3.11" >&2; exit 1; }
	@mkdir -p _build && cp requirements.txt _build/lock.txt
	$(PY) -m piptools compile -q --all-extras --strip-extras --allow-unsafe --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  $(if $(UPGRADE),--upgrade) -P torch==$(TORCH) --output-file _build/lock.txt pyproject.toml
	@{ echo "# The exact pins of everything, written by make lock."; \
	  sed -e '/^#/d' -e '/^$$/d' -e 's/+[a-z0-9.]*$$//' _build/lock.txt | LC_ALL=C sort; } > _build/requirements.txt
	@mv _build/requirements.txt requirements.txt

wheelhouse: $(VENV)/.ready ## pack the lock into wheelhouse/: elsewhere, make book WHEELHOUSE=dir needs no network
	@rm -rf _build/wheelhouse
	$(PIP) wheel --wheel-dir _build/wheelhouse -r requirements.txt
	@rm -rf wheelhouse && mv _build/wheelhouse wheelhouse
	@echo "wheelhouse/ holds $$(ls wheelhouse | wc -l | tr -d ' ') packages for $$($(PY) -VV | cut -d' ' -f1,2) on $$(uname -sm)"

bench: $(VENV)/.ready ## time the code beside torch and its peers
	@$(PY) -m pytest benchmarks -q -o addopts= -o "python_files=bench_*.py" -o "python_functions=bench_*" \
	  --benchmark-group-by=group --benchmark-columns=median,iqr,rounds --benchmark-sort=name

clean: ## delete what was built; .venv stays
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# ---- Installing. Two stamps, each written last: an interrupted install leaves none. ----

# This package, beside the pins. Its version is read from _config.yml.
$(VENV)/.ready: $(VENV)/.locked pyproject.toml _config.yml
	$(PIP) install -q --no-deps --no-build-isolation $(OFFLINE) -e .
	@touch $@

# pip lists what is installed already, unless it is told to be quiet; a first install shows its progress.
QUIET = $(if $(wildcard $(VENV)/lib/python3*/site-packages/torch),-q)
OFFLINE := $(if $(WHEELHOUSE),--no-index --find-links "$(WHEELHOUSE)")

$(VENV)/.locked: requirements.txt
	@$(if $(WHEELHOUSE),test -d "$(WHEELHOUSE)" || { echo "WHEELHOUSE=$(WHEELHOUSE) is not a directory" >&2; exit 1; })
	@$(make_venv)
	@rm -f $(VENV)/.ready
	$(PIP) install $(QUIET) $(OFFLINE) $(if $(NEWEST),--upgrade --upgrade-strategy eager -e ".[book$(comma)test$(comma)bench]",-r requirements.txt)
	@touch $@

comma := ,
candidates := $(if $(PYTHON),"$(PYTHON)",python3 python3.13 python3.12 python3.11)
recent := import sys; sys.exit(sys.version_info < (3, 11))
define make_venv
if $(PY) -c 'import pip; $(recent)' 2>/dev/null; then exit 0; fi; \
for python in $(candidates) ""; do "$$python" -c '$(recent)' 2>/dev/null && break; done; \
if [ -z "$$python" ]; then \
  echo "This needs Python 3.11 or newer, and" $(candidates) "is none: install one, or name it: make PYTHON=/path/to/python" >&2; \
  exit 1; \
fi; \
"$$python" -m venv --clear $(VENV) || { \
  rm -rf $(VENV); \
  echo "$$python cannot make a virtual environment: install its venv module (Debian, Ubuntu: apt install python3-venv)" >&2; \
  exit 1; \
}
endef
