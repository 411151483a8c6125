# Each target works on a fresh clone with python3 (3.11 or later, with venv), a C compiler and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

JOBS ?= $(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)

SOURCES := $(shell find src -name '*.pyx' -o -name '*.pxd' -o -name '*.pxi' -o -name '*.h')
STUBS := $(shell find src -name '*.pyi' -not -path '*/torch/*')
STUBBED := $(subst /,.,$(STUBS:src/%.pyi=%))

.PHONY: demo test test-hosts measure-hosts race race-windows sanitize clang aarch64 fuzz soak derive digests lint bench
.PHONY: bench-full bench-compare bench-history report dashboard docs wheel smoke clean
.NOTPARALLEL:

demo: $(VENV)/built
	python -m fastgd demo

test: $(VENV)/test $(VENV)/built
	python -m pytest --numprocesses $(JOBS)

# The programs of docs/HOSTS.md, Keras and spaCy; make measure-hosts writes the page's table.
test-hosts: $(VENV)/test $(VENV)/hosts $(VENV)/built
	python -m pytest tests/test_hosts.py tests/test_keras.py tests/test_spacy.py

measure-hosts: $(VENV)/test $(VENV)/hosts $(VENV)/built
	python tools/hosts.py

# The threads of engine/pool.h by themselves under ThreadSanitizer, with either of the ways in which they sleep.
CC ?= cc
RACE := -std=c11 -g -O1 -Wall -Wextra -Werror -fsanitize=thread -pthread -Isrc/fastgd/engine tests/support/pool_stress.c
race:
	mkdir -p build
	$(CC) $(RACE) -o build/pool_stress && TSAN_OPTIONS='halt_on_error=1 die_after_fork=0' build/pool_stress
	$(CC) $(RACE) -DFASTGD_POOL_CONDITION -o build/pool_stress && \
		TSAN_OPTIONS='halt_on_error=1 die_after_fork=0' build/pool_stress

# The same with Windows' threads, by MinGW's compiler and Wine, where they are installed.
WINE ?= wine
race-windows:
	mkdir -p build
	x86_64-w64-mingw32-gcc -std=c11 -O2 -Wall -Wextra -Werror -Wno-unknown-pragmas -Isrc/fastgd/engine \
		tests/support/pool_stress.c -o build/pool_stress.exe -static -lpthread -lsynchronization
	$(WINE) build/pool_stress.exe

# The files that follow from kernels/rules and optimizers; they are committed.
derive:
	$(PYTHON) tools/derive.py

# The bits that every machine must find, of a rule that is new or is meant to have others.
digests: $(VENV)/test $(VENV)/built
	cd tests && python -m support.digests

lint: $(VENV)/dev $(VENV)/built
	python tools/derive.py --check
	ruff check .
	ruff format --check .
	cython-lint src
	mypy
	python -m mypy.stubtest --allowlist tools/stubtest.txt $(STUBBED)

# make bench measures the core of the suite, make bench-full all of it, and make bench BENCH='core\.Roof.*adamw' a part:
# asv's regular expression.
BENCH_CORE := ^core
bench bench-compare bench-history: export BENCH ?= $(BENCH_CORE)
bench-full: export BENCH ?= .
bench-full: export FASTGD_BENCH := full
bench bench-full: $(VENV)/bench $(VENV)/deepspeed $(VENV)/built
	cd benchmarks && asv machine --yes && \
		asv run --python=same --set-commit-hash $$(git rev-parse HEAD) --show-stderr --bench "$$BENCH"

# make bench-compare BASE=v1.0 HEAD=main: both are built and measured in turn; make bench-history BASE=v1.0 STEPS=5:
# five commits from there to here, for the dashboard.
STEPS ?= 5
bench-compare: $(VENV)/bench
	cd benchmarks && asv machine --yes && \
		asv continuous --interleave-rounds --show-stderr --bench "$$BENCH" $(BASE) $(HEAD)

bench-history: $(VENV)/bench
	cd benchmarks && asv machine --yes && \
		asv run --skip-existing-successful --show-stderr --steps $(STEPS) --bench "$$BENCH" $(BASE)..HEAD

report: $(VENV)/bench $(VENV)/deepspeed $(VENV)/built
	python benchmarks/report.py

# The site in build/docs, and the tests of it. FASTGD_GALLERY=1 draws the pictures with all their iterations.
docs: $(VENV)/test $(VENV)/docs $(VENV)/built
	rm -rf build/docs docs/api docs/pictures
	python -m sphinx --quiet --fail-on-warning --keep-going -b html docs build/docs
	python -m pytest -q tests/test_site.py

dashboard: $(VENV)/bench $(VENV)/built
	test -f benchmarks/.asv/results/benchmarks.json || $(MAKE) bench
	python benchmarks/dashboard.py

# The sdist, and from it the wheel, as they can be uploaded. Other systems than this one: cibuildwheel, in pyproject.toml.
wheel: $(VENV)/release
	rm -rf dist build/wheel
	python -m build --outdir build/wheel
	mkdir dist && cp build/wheel/*.tar.gz dist
	if [ "$$(uname)" = Linux ]; then auditwheel repair --wheel-dir dist build/wheel/*.whl; \
		else cp build/wheel/*.whl dist; fi
	check-wheel-contents dist/*.whl
	twine check --strict dist/*
	python tools/smoke.py dist/*.whl

smoke: $(VENV)/python
	python tools/smoke.py

# make fuzz SECONDS=600: random programs beside plain models, new ones at every run.
SECONDS ?= 60
fuzz: $(VENV)/test $(VENV)/built
	python tools/fuzz.py $(SECONDS)

soak: $(VENV)/test $(VENV)/built
	python tools/soak.py

# The compiled modules with gcc's or clang's sanitizers for addresses and undefined behaviour, and the tests of them.
sanitize: $(VENV)/test
	python tools/sanitize.py

# The same bits from another compiler, where it is installed.
clang: $(VENV)/test
	python tools/clang.py

# The same bits on another processor, which qemu imitates.
aarch64: $(VENV)/test
	python tools/aarch64.py

clean:
	rm -rf $(VENV) build dist docs/api docs/pictures src/fastgd.egg-info benchmarks/.asv digits.png pictures
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find src tests examples benchmarks -name __pycache__ -prune -exec rm -rf {} +
	find src -name '*.so' -delete
	find src -name '*.c' -delete

# pip has known dependency groups since 25.1.
$(VENV)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fastgd needs Python 3.11 or later; try make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	python -m pip install --quiet --upgrade 'pip>=25.1'
	@touch $@

# A group of pyproject.toml.
$(VENV)/%: $(VENV)/python pyproject.toml
	python -m pip install --quiet --group $*
	@touch $@

# Its build imports torch. No target needs this peer: where it cannot be built, its figures are n/a.
$(VENV)/deepspeed: $(VENV)/bench
	python -m pip install --quiet --no-build-isolation --group deepspeed || \
		echo 'DeepSpeed could not be installed (see above): its figures are n/a.'
	@touch $@

# The package is imported from src. New flags or directives in setup.py reach every module, and no module of a source
# that is gone stays. Built here, on all cores and with warnings as errors, the modules are up to date for pip.
$(VENV)/installed: $(VENV)/build setup.py pyproject.toml
	find src -name '*.so' -delete
	rm -rf build/inplace
	CYTHON_FORCE_REGEN=1 FASTGD_STRICT=1 python setup.py --quiet build_ext --inplace --parallel $(JOBS)
	python -m pip install --quiet --no-build-isolation --editable '.[checkpoint,demo,precision,scipy]'
	@touch $@

$(VENV)/built: $(VENV)/installed $(SOURCES)
	FASTGD_STRICT=1 python setup.py --quiet build_ext --inplace --parallel $(JOBS)
	@touch $@
