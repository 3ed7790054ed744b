# Needs Python >= 3.10 and a C++17 compiler; everything else is installed into .venv.

PYTHON ?= python3
ifeq ($(origin CXX),default)
CXX := c++
endif

VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
TENSORFLOW := .venv-tensorflow
PIP := -m pip --disable-pip-version-check install --quiet
SOURCES := CMakeLists.txt pyproject.toml $(shell find cpp python -type f -not -name '*.py[cod]')

# `cmake` and `ninja` are those of the virtual environment.
export PATH := $(abspath $(BIN)):$(PATH)

.PHONY: help
help:  ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- Environments -----------------------------------------------------------------------------------------------------
# A stamp says that an environment holds the sources as they are now. The build tools are installed into it, not
# fetched anew for every build, so that all installs share one CMake cache: build/<wheel tag>.

define make_venv
	$(PYTHON) -m venv $(1)
	$(1)/bin/python $(PIP) --upgrade 'pip>=25.1'
endef

$(VENV)/.tools: pyproject.toml
	$(call make_venv,$(VENV))
	$(BIN)/python $(PIP) --group build
	@touch $@

$(VENV)/.lint: $(VENV)/.tools
	$(BIN)/python $(PIP) --group lint
	@touch $@

$(VENV)/.demo: $(VENV)/.tools $(SOURCES)
	$(BIN)/python $(PIP) --no-build-isolation '.[examples]'
	@touch $@

$(VENV)/.test: $(VENV)/.tools $(SOURCES)
	$(BIN)/python $(PIP) --no-build-isolation '.[test]'
	@touch $(VENV)/.demo $@

$(PEERS)/.peers: pyproject.toml
	$(call make_venv,$(PEERS))
	$(PEERS)/bin/python $(PIP) --group build --group peers
	@touch $@

$(PEERS)/.test: $(PEERS)/.peers $(SOURCES)
	$(PEERS)/bin/python $(PIP) --no-build-isolation '.[test]'
	@touch $@

$(TENSORFLOW)/.peers: pyproject.toml
	$(call make_venv,$(TENSORFLOW))
	$(TENSORFLOW)/bin/python $(PIP) --group peers-tensorflow
	@touch $@

# --- Use --------------------------------------------------------------------------------------------------------------

.PHONY: demo
demo: $(VENV)/.demo  ## Train the clinical-trial network: table, evaluation, confusion matrix, picture
	$(BIN)/python examples/clinical_trial.py

# --- Tests ------------------------------------------------------------------------------------------------------------

.PHONY: test
test: test-cpp test-python  ## C++ tests (ctest) and Python tests (pytest)

.PHONY: test-cpp
test-cpp: ctest-dev

.PHONY: test-python
test-python: $(VENV)/.test
	$(BIN)/python -m pytest

.PHONY: test-asan
test-asan: ctest-asan  ## C++ tests under AddressSanitizer and UndefinedBehaviorSanitizer

.PHONY: test-tsan
test-tsan: ctest-tsan  ## C++ tests under ThreadSanitizer

.PHONY: test-neon
test-neon: aarch64 ctest-neon  ## C++ tests for 64-bit ARM in an emulator (Debian: installs compiler and emulator)

.PHONY: test-instructions
test-instructions: $(VENV)/.tools doctest valgrind  ## Instructions of small workloads, against the baseline
	cmake --preset dev
	cmake --build --preset dev --target ranvier_instruction_workloads
	$(BIN)/python benchmarks/instructions/check.py build/dev/benchmarks/instructions/ranvier_instruction_workloads

.PHONY: test-peers
test-peers: $(PEERS)/.test  ## The same training in Keras and here (large downloads)
	$(PEERS)/bin/python -m pytest tests/peers

ctest-%: $(VENV)/.tools doctest
	cmake --preset $*
	cmake --build --preset $*
	ctest --preset $*

# The system's doctest and valgrind where they can be had; CMake fetches doctest otherwise.
define apt_install
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get -qq update && apt-get -qq install -y $(1) || true; \
	fi
endef

.PHONY: doctest
doctest:
	@if ! echo '#include <doctest/doctest.h>' | $(CXX) -x c++ -E - >/dev/null 2>&1; then $(call apt_install,doctest-dev); fi

.PHONY: valgrind
valgrind:
	@if ! command -v valgrind >/dev/null; then $(call apt_install,valgrind); fi

.PHONY: aarch64
aarch64:
	@if ! command -v aarch64-linux-gnu-g++ >/dev/null || ! command -v qemu-aarch64 >/dev/null; then \
	  $(call apt_install,g++-aarch64-linux-gnu qemu-user); \
	fi

# --- Style ------------------------------------------------------------------------------------------------------------

CXX_FILES = $(shell find benchmarks cpp examples tests -name '*.[chi]pp' -o -name '*.inl')

.PHONY: lint
lint: $(VENV)/.lint  ## Style and types: ruff, mypy, clang-format
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy benchmarks examples
	$(BIN)/clang-format --dry-run --Werror $(CXX_FILES)

.PHONY: format
format: $(VENV)/.lint  ## Rewrite the sources in the house style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/clang-format -i $(CXX_FILES)

# --- Benchmarks -------------------------------------------------------------------------------------------------------

PEER_PYTHONS = $(foreach venv,$(PEERS) $(TENSORFLOW),$(if $(wildcard $(venv)/.peers),--python $(venv)/bin/python))

.PHONY: peers
peers: $(PEERS)/.peers $(TENSORFLOW)/.peers  ## Install what the benchmarks compare with (large downloads)

.PHONY: bench
bench: $(VENV)/.demo  ## Training and inference against NumPy, scikit-learn and, after `make peers`, the frameworks
	$(BIN)/python benchmarks/training.py $(PEER_PYTHONS)
	$(BIN)/python benchmarks/latency.py $(PEER_PYTHONS)

.PHONY: clean
clean:  ## Remove everything that was built or installed here
	rm -rf build dist $(VENV) $(PEERS) $(TENSORFLOW) .mypy_cache .pytest_cache .ruff_cache .hypothesis examples/output
	find cpp python tests examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
