# Each job works alone on a machine with nothing but Python: .venv is made on first use (see .ci/environment).
BIN := .venv/bin
READY := .venv/installed
export OMP_NUM_THREADS ?= 1

demo: $(READY)  ## release the course, grade a made-up class, write its report
	$(BIN)/autograde demo

# One process a core; the tests of one file stay together.
test: check  ## all checks, then all tests (some: ARGS="tests/test_zoo.py -k cs7011")
	$(BIN)/python -m pytest $(or $(ARGS),--numprocesses auto --dist loadfile --no-loadscope-reorder)

check: $(READY)  ## lint, format, types; the release is what its sources make
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/autograde release --check

lab: $(READY)  ## open the notebooks in JupyterLab
	$(BIN)/cnnkit lab

new-assignment: $(READY)  ## begin one: make new-assignment NAME=09-my-topic
	$(BIN)/autograde new "$(or $(NAME),$(error Say its number and topic: make new-assignment NAME=09-my-topic))"

release: $(READY)  ## make the students' notebooks from solutions/
	$(BIN)/autograde release

docs: $(READY)  ## build the documentation into build/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --config-file docs/site/mkdocs.yml
	@echo "build/docs/index.html"

bench: $(READY)  ## run every benchmark
	@for bench in $(wildcard bench/*.py); do echo "== $$bench"; $(BIN)/python "$$bench" || exit 1; done

# torch and torchvision belong together, and move together by hand.
lock: $(READY)  ## resolve requirements.lock anew from pyproject.toml
	printf '%s\n' torch==2.13.0 torchvision==0.28.0 > .venv/constraints.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal --generate-hashes \
	    --no-emit-index-url --python-version 3.11 --extra grader --extra dev \
	    --constraints .venv/constraints.txt --output-file requirements.lock pyproject.toml

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

$(READY): requirements.lock pyproject.toml
	@.ci/environment

.PHONY: demo test check lab new-assignment release docs bench lock help
