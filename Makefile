# `make help` lists what can be made. Everything is decided in the package: this file builds the environment, puts the steps
# in order, and sees that no step outlives the make that started it.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

PROFILE ?= paper
DATASET ?= characters
SEEDS ?=
DEVICE ?= cpu
FORCE ?=

# VENV= (empty) uses the environment that is active, such as conda's, and installs nothing.
VENV ?= .venv
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python; do \
    if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; break; fi; done)
BUILD := $(or $(INDUCTION_HEADS_BUILD),build)

quoted = '$(subst ','\'',$(1))'
SETTINGS = $(call quoted,$(PROFILE)) $(call quoted,$(DATASET)) $(call quoted,$(SEEDS)) $(call quoted,$(DEVICE))

ifeq ($(PYTHON),)
    $(error Python 3.11 or newer is needed, and none of python3.11 to python3.14 and python3 is one: install it, or name it by PYTHON=/path/to/python)
endif
WRONG := $(shell $(PYTHON) -S src/induction_heads/machinery/settings.py $(SETTINGS))
ifneq ($(WRONG),)
    $(error $(subst error: ,,$(WRONG)))
endif
$(foreach name,SEED PROFILES DATASETS DEVICES,$(if $(filter command,$(firstword $(origin $(name)))),\
    $(error no setting is called $(name); there are PROFILE, DATASET, SEEDS and DEVICE)))

ifeq ($(VENV),)
    ENVIRONMENT :=
    SPHINX :=
    PY := $(PYTHON)
else
    ENVIRONMENT := $(VENV)/.installed
    SPHINX := $(VENV)/.sphinx
    PY := $(VENV)/bin/python
endif

# Ends a command, and whatever it started, when this make ends, however that happens. `exec`: no shell in between.
GUARD := exec $(PYTHON) -S src/induction_heads/machinery/supervise.py
HEADS = $(PY) -m induction_heads
OPTIONS = --profile $(call quoted,$(PROFILE)) --dataset $(call quoted,$(DATASET)) --seeds $(call quoted,$(SEEDS)) \
    --device $(call quoted,$(DEVICE)) $(if $(FORCE),--force)

PAPERS := $(subst _,-,$(notdir $(patsubst %/paper.py,%,$(wildcard src/induction_heads/papers/*/paper.py))))
NOTEBOOKS := $(patsubst notebooks/%.ipynb,notebook-%,$(wildcard notebooks/*/*.ipynb))
NOTEBOOKS := $(sort $(NOTEBOOKS) $(addprefix notebook-,$(notdir $(NOTEBOOKS))))

FOLDER ?=
MODEL ?=

.PHONY: help reproduce-all $(PAPERS) test test-site course course-grade lab lab-page heads status bench bench-lab profile readme features fit-data wasm lock site check-site environment clean distclean $(NOTEBOOKS)

help:
	@echo 'make reproduce-all   the environment, every paper: all runs, all notebooks, figures/ and a verdict on each claim'
	@echo 'make singh-2024      one paper: $(PAPERS)'
	@echo 'make test            the tests'
	@echo 'make test-site       the tests that need a browser: Chromium and its driver, of the system'
	@echo 'make figure-3a       one result of the first paper, run or re-run alone: figure-3a ... figure-18, table-1 ... table-3'
	@echo 'make PAPER/RESULT    one result of any paper'
	@echo 'make notebook-NAME   one notebook of notebooks/, by its name'
	@echo 'make course          the students'"'"' version of the course, without solutions, as a zip in build/course'
	@echo 'make course-grade FOLDER=handed-in   autogrades FOLDER/STUDENT/LESSON.ipynb, and writes a table of points'
	@echo 'make lab             JupyterLab on notebooks/'
	@echo 'make site            build/site: every figure, verdict, notebook and function as pages that need no server'
	@echo 'make check-site      its links, alternative texts and ids, and that it asks no other host for anything'
	@echo 'make lab-page        build/site/lab/index.html: the experiment as a page that trains in the browser'
	@echo 'make heads MODEL=gpt2   every measure of every head of a model, by its name, or of a folder with its weights'
	@echo 'make status          each run and result: done, stale and why, missing, expected time'
	@echo 'make bench           time and memory per step, beside plain PyTorch and the limit of this machine'
	@echo 'make bench-lab       the same of the lab in Chromium, beside the package'
	@echo 'make profile         where the time of a training step goes'
	@echo 'make features        makes the features that the package ships again, and says how far off they are'
	@echo 'make fit-data        fits the two constants of the characters to the training curve of Figure 3a'
	@echo 'make lock            asks pip what it would install on each platform with each Python, and writes requirements.lock'
	@echo 'make wasm            compiles the C++ again for the lab in the browser, after it has changed'
	@echo 'make readme          writes the numbers in README.md from the committed results and the times measured here'
	@echo 'make clean           removes figures and executed notebooks'
	@echo 'make distclean       removes runs, downloaded data and the environment too'
	@echo
	@echo 'PROFILE=$(PROFILE)  paper, or smoke: minutes for everything, marked figures in another folder'
	@echo 'DATASET=$(DATASET)  characters, glyphs, omniglot, omniglot-resnet18, or a file of features'
	@echo 'SEEDS=$(SEEDS)  such as 5..9 or 1,2,7; empty: each paper'"'"'s own'
	@echo 'DEVICE=$(DEVICE)  cpu or cuda'
	@echo 'FORCE=1 runs a notebook again though nothing has changed; VENV= uses the environment that is active'

environment: $(ENVIRONMENT)

ifneq ($(VENV),)
$(ENVIRONMENT): requirements.lock pyproject.toml .ci/environment.py
	@$(GUARD) $(PYTHON) .ci/environment.py $(call quoted,$(VENV))

$(SPHINX): $(ENVIRONMENT)
	@echo 'Installing what writes the site: a minute.'
	@$(GUARD) $(PY) -m pip install --quiet --disable-pip-version-check --no-build-isolation \
	    --constraint requirements.lock --editable '.[site]'
	@touch $@
endif

reproduce-all: $(ENVIRONMENT)
	@$(GUARD) $(HEADS) reproduce $(OPTIONS)

$(PAPERS): $(ENVIRONMENT)
	@$(GUARD) $(HEADS) reproduce $@ $(OPTIONS)

$(NOTEBOOKS): $(ENVIRONMENT)
	@$(GUARD) $(HEADS) notebook $(@:notebook-%=%) $(OPTIONS)

# One result by its name; the package knows which runs and which notebook it needs.
figure-% table-%: $(ENVIRONMENT)
	@$(GUARD) $(HEADS) result $@ $(OPTIONS)

$(addsuffix /%,$(PAPERS)): $(ENVIRONMENT)
	@$(GUARD) $(HEADS) result $@ $(OPTIONS)

status: $(ENVIRONMENT)
	@$(GUARD) $(HEADS) status $(OPTIONS)

heads: $(ENVIRONMENT)
	@$(GUARD) $(HEADS) heads $(if $(MODEL),$(call quoted,$(MODEL)))

bench profile readme: $(ENVIRONMENT)
	@$(GUARD) $(HEADS) $@ $(OPTIONS)

bench-lab: $(ENVIRONMENT)
	@$(GUARD) $(PY) -m induction_heads.papers.singh_2024.lab.bench

# Made once and committed: none is part of reproduce-all.
features: $(ENVIRONMENT)
	@$(GUARD) $(PY) -m induction_heads.data.features

fit-data: $(ENVIRONMENT)
	@$(GUARD) $(PY) -m induction_heads.papers.singh_2024.fit_data

course: $(ENVIRONMENT)
	@$(GUARD) $(HEADS) course

course-grade: $(ENVIRONMENT)
	@$(GUARD) $(HEADS) course-grade $(call quoted,$(FOLDER))

wasm: $(ENVIRONMENT)
	@$(GUARD) $(PY) -m induction_heads.networks.wasm

# With the lab and the students' course in it. What Sphinx needs comes beside the lock, which it does not change.
site: $(SPHINX) course
	@$(GUARD) $(PY) -m induction_heads.papers.singh_2024.lab ../index.html
	@$(GUARD) $(HEADS) site $(OPTIONS)

check-site: $(ENVIRONMENT)
	@$(GUARD) $(PY) -m induction_heads.site.checking $(call quoted,$(BUILD))/site

lab-page: $(ENVIRONMENT)
	@$(GUARD) $(PY) -m induction_heads.papers.singh_2024.lab

lab: $(ENVIRONMENT)
	@$(GUARD) $(HEADS) lab

# Figures drawn from the same runs are the same bytes with one thread; with two, sums may round differently.
test: $(ENVIRONMENT)
	@OMP_NUM_THREADS=1 $(GUARD) $(PY) -m pytest -q -n 2 --dist loadgroup

# In Chromium, which is the system's own; and what `make test` leaves out where Sphinx is not installed.
test-site: $(SPHINX)
	@OMP_NUM_THREADS=1 $(GUARD) $(PY) -m pytest -q -m browser
	@OMP_NUM_THREADS=1 $(GUARD) $(PY) -m pytest -q tests/site

lock:
	@$(GUARD) $(PYTHON) .ci/lock.py

clean:
	@rm -rf $(call quoted,$(BUILD))/executed $(call quoted,$(BUILD))/figures
	@rm -rf figures/*/ figures/README.md figures/FIELD.md figures/field.*
	@echo 'removed figures and executed notebooks; `git restore figures` brings back the committed ones'

distclean: clean
	@rm -rf $(addprefix $(call quoted,$(BUILD))/,runs site-sources site-sources-read site screens jupyter_execute data kernels remembered times environment.lock tests.lock) .pytest_cache .mypy_cache .ruff_cache $(VENV)
	@rmdir $(call quoted,$(BUILD)) 2>/dev/null || true
	@echo 'removed runs, data and the environment'
