"""The form of the notebooks; that they run is tested by `pytest --nbmake notebooks`."""

import ast
import inspect
import re
from pathlib import Path

import nbformat
import pytest

from anime_color.training import runs

FOLDER = Path(__file__).parent.parent / "notebooks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
LONGEST_CELL = 20


@pytest.fixture(params=NAMES)
def notebook(request):
    return nbformat.read(FOLDER / f"{request.param}.ipynb", as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_they_are_numbered():
    assert all(re.fullmatch(r"\d\d_[a-z0-9_]+", name) for name in NAMES)
    assert len({name[:2] for name in NAMES}) == len(NAMES) > 0


def test_it_is_valid_and_names_no_machine(notebook):
    nbformat.validate(notebook)
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


def test_it_is_stripped(notebook):
    for cell in code_cells(notebook):
        assert not cell.outputs and cell.execution_count is None, cell.source
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)


def test_one_cell_holds_the_parameters_of_a_plan_and_nothing_else(notebook):
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    names = []
    for statement in ast.parse(tagged[0].source).body:
        assert isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant), tagged[0].source
        names += [target.id for target in statement.targets]
    assert names and {name.lower() for name in names} <= set(inspect.signature(runs.plan).parameters)
    assert all(name.isupper() for name in names)


def test_the_parameters_go_to_the_plan(notebook):
    [parameters] = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    calls = [line for cell in code_cells(notebook) for line in cell.source.splitlines() if "runs.plan(" in line]
    assert len(calls) == 1
    for name in re.findall(r"^(\w+) =", parameters.source, re.MULTILINE):
        assert re.search(rf"\b{name}\b", calls[0]), f"{name} is not passed to runs.plan"


def test_every_code_cell_is_short_and_introduced(notebook):
    for before, cell in zip([None, *notebook.cells], notebook.cells, strict=False):
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= LONGEST_CELL, cell.source
            assert before is not None and before.cell_type == "markdown" and before.source.strip(), cell.source


def test_no_cell_knows_of_small_mode(notebook):
    for cell in code_cells(notebook):
        assert "ANIME_COLOR_FAST" not in cell.source and "environ" not in cell.source, cell.source


def test_it_opens_with_a_title_and_ends_with_three_experiments(notebook):
    first, last = notebook.cells[0], notebook.cells[-1]
    assert first.cell_type == "markdown" and first.source.startswith("# ")
    assert last.cell_type == "markdown" and "try next" in last.source
    assert len(re.findall(r"^\d\. ", last.source, re.MULTILINE)) == 3
