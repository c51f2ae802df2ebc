# Each target sets up its own .venv from a bare Python 3.11 to 3.13 and needs nothing else.
#   make demo TENSORFLOW=tensorflow-cpu    uses TensorFlow's smaller CPU build
PYTHON ?= python3
TENSORFLOW ?= tensorflow
TORCH ?= torch==2.13.0
BIN := .venv/bin
# requirements.txt is the one home of the version ranges; only the name of the TensorFlow build varies
REQUIREMENTS = sed 's/^tensorflow>/$(TENSORFLOW)>/' requirements.txt

.PHONY: demo test test-torch lint bench clean

.venv/bin/python:
	$(PYTHON) -m venv .venv

# what the main job needs: the package and TensorFlow
.venv/runtime: .venv/bin/python pyproject.toml requirements.txt
	$(REQUIREMENTS) | grep '^tensorflow' | $(BIN)/pip install --quiet -r /dev/stdin -e .
	@touch $@

# what developing needs: the notebooks, the tests, the linter, and JAX as the second backend
.venv/develop: .venv/runtime
	$(REQUIREMENTS) | $(BIN)/pip install --quiet -r /dev/stdin -e ".[dev,jax]"
	@touch $@

.venv/torch: .venv/develop
	$(BIN)/pip install --quiet "$(TORCH)"
	@touch $@

demo: .venv/runtime
	$(BIN)/python -m anime_color.demo

# the whole suite and the notebooks on TensorFlow, the trainer once more on JAX; two workers take 0.6 of the time on two cores
test: .venv/develop
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal --nbmake --nbmake-timeout=300 tests notebooks
	KERAS_BACKEND=jax $(BIN)/python -m pytest tests/test_trainer.py

test-torch: .venv/torch
	KERAS_BACKEND=torch $(BIN)/python -m pytest tests/backends tests/test_blocks.py tests/test_objectives.py tests/test_trainer.py tests/test_recipes.py

lint: .venv/develop
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: .venv/develop
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv demo
