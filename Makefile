# Two commands do all set-up: `make demo` and `make test`. `make lab` opens the notebooks.
PYTHON ?= python3
VENV ?= .venv
# Extra arguments for pip, for instance an index with CPU builds of torch (see README.md).
PIP_ARGS ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt $(PIP_ARGS)

# Tests run in so many processes beside each other; three on two cores, for some wait for a browser or a kernel.
PROCESSES ?= 3
PYTEST := $(BIN)/python -m pytest -n $(PROCESSES) --no-loadscope-reorder --durations=10

# A file whose recipe failed half way is no file.
.DELETE_ON_ERROR:
.PHONY: demo test test-fast test-oldest test-newest wheel adm audit binder browser gpu lint parity evaluate hostile lab notebooks student book constraints clean

demo: $(VENV)/.base
	$(BIN)/python -m see2sound_nb.demo out

test: $(VENV)/.full lint browser
	$(PYTEST) --nbval --nbval-current-env --nbval-cell-timeout=300 tests notebooks

# Before a commit: without a browser, the notebooks, and what takes long (marked "slow").
test-fast: $(VENV)/.full lint
	$(PYTEST) -m "not slow" --ignore=tests/browser tests

# The wheel, made from the sdist, in an empty environment outside the repository: the command, the library, a copied notebook.
# Three minutes where pip has kept what it fetched.
wheel: $(VENV)/.full
	PIP_ARGS='$(PIP_ARGS)' $(BIN)/python tests/installed/elsewhere.py

# The oldest versions that pyproject.toml allows, on Python 3.10; and the newest of all on 3.13, past constraints.txt. Without
# a browser, the notebooks, what takes long, and what is said of damaged files in others' words. On Linux torch comes with
# CUDA: 3 GB to fetch and 6.5 GB in .venv.oldest or .venv.newest. The Pythons are pyenv's, else those that uv finds or fetches.
OLDEST ?= $(firstword $(wildcard $(PYENV_ROOT)/versions/3.10.*/bin/python) 3.10)
NEWEST ?= $(firstword $(wildcard $(PYENV_ROOT)/versions/3.13.*/bin/python) 3.13)
USERS := lab,plots,video,heic,text,sofa,paper,cluster,osc,evaluate
test-oldest: .venv.oldest/.made
	$(call tests-in,.venv.oldest)

test-newest: .venv.newest/.made
	$(call tests-in,.venv.newest)

.venv.oldest/.made: pyproject.toml | $(VENV)/.full
	$(call environment,.venv.oldest,$(OLDEST),--resolution lowest-direct)

.venv.newest/.made: pyproject.toml | $(VENV)/.full
	$(call environment,.venv.newest,$(NEWEST),--upgrade)

# setuptools: triton 3.2 needs it, and does not say so.
define environment
	$(PIP) uv
	$(BIN)/uv venv --quiet --clear --python $(2) $(1)
	$(BIN)/uv pip install --quiet --python $(1) $(3) -e '.[$(USERS),test]' 'setuptools>=70'
	touch $(1)/.made
endef

define tests-in
	$(1)/bin/python -m pytest -n $(PROCESSES) -m "not slow" --ignore=tests/browser --ignore=tests/course \
		--ignore=tests/hostile tests
endef

# ADM files as the EBU's renderer plays them, beside ours; it has an environment of its own (build/ear, with numpy 1). 3 minutes.
adm: $(VENV)/.full
	$(BIN)/python benchmarks/adm.py --ear build/ear

# Known vulnerabilities of the pinned versions; asks PyPI's own data.
audit:
	$(PYTHON) -m venv build/audit
	build/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	build/audit/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip

# What Binder would build, as far as it can be known without building.
binder: $(VENV)/.full
	$(PYTHON) -m venv build/repo2docker
	build/repo2docker/bin/python -m pip install --quiet --disable-pip-version-check jupyter-repo2docker
	build/repo2docker/bin/jupyter-repo2docker --no-build --debug .

# Chromium, if there is none: from apt as root or with sudo, else as playwright downloads it.
browser: $(VENV)/.full
	$(BIN)/python tests/browser/chromium.py

lint: $(VENV)/.full
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# CoDi at its real size against the authors' code: 11 GB of memory, 10 to 20 minutes.
parity: $(VENV)/.full
	PYTHONPATH=tests $(BIN)/python -W ignore -m authors

# All that waits for a GPU, within 8 minutes and without a network. WHEELS: a folder of wheels that this Python lacks, see
# benchmarks/gpu.py. DRY=1: on a CPU, to see that the command is whole. Results in OUT.
OUT ?= build/gpu
gpu:
	$(PYTHON) benchmarks/gpu.py --out $(OUT) $(if $(WHEELS),--wheels $(WHEELS)) $(if $(DRY),--dry)

# The tables of the evaluation that the README quotes: 0.2 GB are fetched, 10 to 15 minutes. Results in build/evaluation.
evaluate: $(VENV)/.full
	$(BIN)/python benchmarks/evaluation.py build/evaluation

# What is promised of kills, growth, sameness and bad input, measured at length: an hour on two cores. KILLS, RUNS, STARTS
# and FUZZ_S (seconds for each fuzzer) say how long.
KILLS ?= 200
RUNS ?= 200
STARTS ?= 20
FUZZ_S ?= 60
hostile: $(VENV)/.full
	SEE2SOUND_HOSTILE_S=$(FUZZ_S) $(BIN)/python -m pytest -q tests/hostile tests/media tests/render/test_sofa.py
	SEE2SOUND_HOSTILE_S=$(FUZZ_S) $(BIN)/python -m pytest -q tests/browser/test_live_room.py -k five_hundred
	cd tests && ../$(BIN)/python -m hostile.cold_caches $(STARTS)
	cd tests && ../$(BIN)/python -m hostile.kills $(KILLS)
	cd tests && ../$(BIN)/python -m hostile.growth $(RUNS)
	cd tests && ../$(BIN)/python -m hostile.licences

lab: $(VENV)/.full
	$(BIN)/jupyter lab --notebook-dir=notebooks

# Run the notebooks and keep their outputs, without the sound (it would fill the files).
notebooks: $(VENV)/.full
	$(BIN)/python notebooks/tools/execute.py

# What a course hands out: build/student/, without solutions and outputs, and build/solution/.
student: $(VENV)/.full
	$(BIN)/python notebooks/tools/student.py

# The notebooks as pages with figures and players, run anew: open build/book/index.html.
book: $(VENV)/.full
	rm -rf build/book-source
	$(BIN)/python notebooks/tools/execute.py --sound --into build/book-source
	$(BIN)/python notebooks/tools/book.py build/book-source

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 10) <= sys.version_info < (3, 14) else "Python 3.10 to 3.13 is needed, this is " + sys.version.split()[0] + "; set PYTHON=python3.12, say")'
	$(PYTHON) -m venv $(VENV)

# The loops are compiled here, and not in the first run.
$(VENV)/.base: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e '.[plots]'
	$(BIN)/python -m see2sound_nb.compile_loops
	touch $@

$(VENV)/.full: $(VENV)/.base
	$(PIP) -e '.[lab,test,course]'
	touch $@

# Resolve the newest versions for every supported Python anew (needs uv).
constraints:
	printf 'torch==2.13.0\ntorchvision==0.28.0\n' > constraints.in
	uv pip compile --quiet --universal --python-version 3.10 --all-extras --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links -c constraints.in pyproject.toml -o constraints.txt
	rm constraints.in

clean:
	rm -rf $(VENV) .venv.oldest .venv.newest out build
