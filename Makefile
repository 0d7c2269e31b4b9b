# `make site` and `make test` set up all they need in .venv; a second call is quick.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

export DLVIZ_CORPORA ?= $(abspath ../shared/corpora)
export NO_MKDOCS_2_WARNING = 1

.DEFAULT_GOAL := help
.PHONY: site test check bench experiments picture serve clean help chromium

site: $(VENV)/.site ## Build site/ from experiments/ and say which file to open
	$(BIN)/mkdocs build --strict
	@echo 'Open $(CURDIR)/site/index.html'

test: chromium $(VENV)/.test ## Lint, types and all tests; says what was skipped and why
	@$(BIN)/python tests/run_all.py

check: $(VENV)/.test ## Lint and types alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.test ## Measure against TensorBoard; prints the table, writes benchmarks.json
	$(BIN)/python tests/benchmarks/run.py

experiments: $(VENV)/.experiments ## Make the examples again (about twenty minutes); their stories then need the new numbers
	$(BIN)/python experiments/digits-cnn/train.py
	$(BIN)/python experiments/breast-cancer-mlp/train.py
	$(BIN)/python experiments/digits-detector/train.py
	$(BIN)/python experiments/imagenet-photos/explain.py
	SDL_VIDEODRIVER=dummy $(BIN)/python experiments/cartpole-dqn/train.py
	$(BIN)/python experiments/gridworld-q/train.py

picture: site $(VENV)/.test ## Make the picture in the README again; needs Chromium
	$(BIN)/python tests/picture.py

serve: $(VENV)/.site ## Build, serve on this machine, and build again on every change
	$(BIN)/mkdocs serve

clean: ## Remove what was built and cached; .venv stays
	rm -rf site dist build .cache .pytest_cache .mypy_cache .ruff_cache benchmarks.json

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Browser tests are skipped where no Chromium is installed, but not in CI.
chromium:
	@[ -z "$$CI" ] || command -v chromium || command -v chromium-browser || command -v google-chrome || \
		{ echo 'No Chromium found: in CI the browser tests must run.'; exit 1; }

$(VENV)/.pip: constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --upgrade pip
	@touch $@

$(VENV)/.site: $(VENV)/.pip pyproject.toml
	$(INSTALL) -e '.[data]'
	@touch $@

$(VENV)/.test: $(VENV)/.site
	$(INSTALL) -e '.[all]' --group test
	@touch $@

$(VENV)/.experiments: $(VENV)/.test
	$(INSTALL) gymnasium pillow pygame
	$(INSTALL) --no-deps timm
	@touch $@
