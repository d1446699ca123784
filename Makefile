# Every command there is. Choose with: make run PORT=8080 VAR=./var LISTEN=127.0.0.1

.DEFAULT_GOAL := help
.PHONY: help run dev cli fab up roll down backup restore test bench load docs pictures check fmt clean checked

ROOT := $(CURDIR)
# With `make -C` this is still the folder of the person who typed it.
CALLER := $(PWD)
VAR ?= $(ROOT)/var
JOBS ?= 2
WEB ?= 1
# PORT and LISTEN have no default here: compose would take it for a person's word, and not look into .env.
export VAR CALLER

BIN := $(ROOT)/.venv/bin
# Processes that tests start in other folders count too.
COVERED := PATH='$(BIN)':"$$PATH" COVERAGE_FILE='$(ROOT)/.coverage'
NATIVE := exec '$(ROOT)/deploy/native.sh'
# A link that leads nowhere is an error.
SITE := '$(BIN)/sphinx-build' --quiet --fresh-env --fail-on-warning --keep-going '$(ROOT)/docs' '$(VAR)/docs'

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' '$(ROOT)/Makefile'

run: ## The whole blog on this machine, in the foreground: PORT=8080 VAR=./var
	@$(NATIVE) run

dev: ## The same for those who change the blog: what is saved is shown at once, in the browser too
	@$(NATIVE) dev

cli: ## The command line against the running stack: ARGS="import markdown ../posts"
	@$(NATIVE) cli $(value ARGS)

fab: ## The blog on a host of its own, by Fabric: ARGS="-H root@blog.example.org setup", deploy, rollback, status …
	@'$(ROOT)/deploy/native.sh' install fab
	@cd '$(CALLER)' && exec '$(BIN)/fab' --search-root '$(ROOT)/deploy' $(value ARGS)

up: ## Build the blog's containers and start them: PORT=8080 WEB=3
	@WEB='$(WEB)' exec '$(ROOT)/deploy/containers/up.sh'

roll: ## Replace every replica of the application by a new one, without losing a request
	@exec '$(ROOT)/deploy/containers/roll.sh'

down: ## Stop the containers; posts and secrets stay in their volumes
	@docker compose --profile '*' down

backup: ## All that the running containers keep, in one file: FILE=./backups/inkstone-….tar.gz
	@exec '$(ROOT)/deploy/containers/backup.sh'

restore: ## Fill an empty container stack from such a file, and start it: FILE=…
	@MAKE='$(MAKE)' exec '$(ROOT)/deploy/containers/restore.sh'

test: ## Every test, from a fresh checkout; REQUIRE_ENGINE=1 insists on a container engine, PYTEST="tests/web" chooses
	@'$(ROOT)/deploy/native.sh' install test
ifdef PYTEST
	@'$(BIN)/pytest' -rfEs -n $(JOBS) --dist loadgroup $(PYTEST)
else
	@$(COVERED) coverage erase
	@$(COVERED) coverage run -m pytest -rfEs -n $(JOBS) --dist loadgroup --ignore=tests/stack
	@if docker info >/dev/null 2>&1; then \
	  $(COVERED) coverage run -m pytest -rfEs --database=mysql tests/storage tests/api \
	    && '$(BIN)/pytest' -rfEs -n $(JOBS) --dist loadfile tests/stack; \
	elif [ -n "$(REQUIRE_ENGINE)" ]; then \
	  echo "make test: REQUIRE_ENGINE is set, and no container engine answers" >&2; exit 1; \
	else \
	  echo "No container engine answers: storage and API were tested on MariaDB, not on MySQL, and the containers not at all."; \
	fi
	@$(COVERED) coverage combine --quiet && $(COVERED) coverage report --fail-under=90
endif

bench: ## Benchmarks side by side; JSON and a picture under VAR/bench: PARTS="origin cache" QUICK=1
	@'$(ROOT)/deploy/native.sh' install bench
	@cd '$(ROOT)' && exec '$(BIN)/python' -m tests.bench $(if $(QUICK),--quick) $(PARTS)

load: ## How many replicas do I need? Load on the container stack, and a report: REPLICAS="1 2 4" or URL=…
	@'$(ROOT)/deploy/native.sh' install load
	@cd '$(ROOT)' && exec '$(BIN)/python' -m tests.load

docs: ## The documents as a site: VAR/docs
	@'$(ROOT)/deploy/native.sh' install docs
	@cd '$(ROOT)' && '$(BIN)/python' -m docs.generate
	@$(SITE)
	@echo "The site is in $(VAR)/docs: open $(VAR)/docs/index.html, or put it on any web server."

pictures: ## The documents' pictures, from a blog made for them
	@'$(ROOT)/deploy/native.sh' install test
	@cd '$(ROOT)' && exec '$(BIN)/python' -m docs.screenshots

check: lint types configs site ## Everything but the tests

.PHONY: lint types configs site
lint: checked
	@'$(BIN)/ruff' check . && '$(BIN)/ruff' format --check .
	@'$(BIN)/lint-imports'
	@for script in deploy/*.sh deploy/*/*.sh services/*/*.sh services/*/initdb/*.sh k8s/*.sh .ci/run; do bash -n "$$script" || exit 1; done

types: checked
	@'$(BIN)/mypy' && '$(BIN)/mypy' -p deploy.native -p deploy.bare && '$(BIN)/mypy' -p tests.load && '$(BIN)/mypy' -p docs -p tests.documents

configs: checked
	@'$(ROOT)/deploy/native.sh' check-nginx
	@for overlay in k8s/overlays/*; do PATH='$(BIN)':"$$PATH" kubectl kustomize "$$overlay" >/dev/null || exit 1; done
	@if docker compose version >/dev/null 2>&1; then \
	  docker compose -f docker-compose.yml config --quiet && INKSTONE_SITE_URL=https://localhost \
	  docker compose -f docker-compose.yml -f docker-compose.production.yml config --quiet; fi

site: checked
	@$(SITE)

checked:
	@'$(ROOT)/deploy/native.sh' install check

fmt: ## Put every Python file into shape
	@'$(ROOT)/deploy/native.sh' install check
	@'$(BIN)/ruff' check --fix-only --quiet . && '$(BIN)/ruff' format .

clean: ## Remove what installing and building left; VAR with its posts stays
	@rm -rf .venv services/web/editor/node_modules services/web/inkstone/static \
	  .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
