"""The project's own files agree with one another."""

import re
import tomllib
from pathlib import Path

import pytest

from anime_color import cli, presets, recipes

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def ranges(lines):
    found = {}
    for line in lines:
        if match := re.match(r"([A-Za-z0-9_-]+)(\S*)", line.partition("#")[0].strip()):
            found[match[1]] = match[2]
    return found


def test_requirements_repeat_the_ranges_of_the_package():
    required = ranges((ROOT / "requirements.txt").read_text().splitlines())
    declared = ranges(PROJECT["dependencies"]) | ranges(PROJECT["optional-dependencies"]["dev"])
    assert set(ranges(PROJECT["dependencies"])) < set(required)
    for name, found in required.items():
        assert ">=" in found and "<" in found, f"{name} is not bounded on both sides"
        assert declared.get(name, found) == found, name


def test_recipes_are_pages():
    for name in recipes.NAMES:
        page = (ROOT / "anime_color" / "recipes" / f"{name}.py").read_text()
        assert len(page.splitlines()) <= 150
        assert "from anime_color.recipes" not in page and "import recipes" not in page


def test_data_prep_never_imports_the_library():
    for path in (ROOT / "data_prep").rglob("*.py"):
        assert not re.search(r"^\s*(import|from) (keras|tensorflow|anime_color)", path.read_text("utf-8"), re.M), path


def test_only_the_engine_knows_the_backend():
    for path in (ROOT / "anime_color").rglob("*.py"):
        if path.name != "engine.py":
            assert not re.search(r"^\s*(import|from) (tensorflow|jax|torch)\b", path.read_text("utf-8"), re.M), path


@pytest.mark.parametrize("page", ["README.md", "docs/results.md", "docs/architecture.md"])
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text("utf-8")
    for target in re.findall(r"\]\((?!http)([^)#]+)", text):
        assert ((ROOT / page).parent / target).exists(), target


def test_commands_of_the_readme_are_understood():
    text = (ROOT / "README.md").read_text("utf-8")
    commands = re.findall(r"^ *anime-color (.+)$", text, re.M)
    assert len(commands) >= 2
    for command in commands:
        words = command.partition(" #")[0].split()
        options = cli._parser().parse_args(words)
        assert getattr(options, "recipe", "gan") in recipes.NAMES
        weights = getattr(options, "weights", [])
        for name in [*([weights] if isinstance(weights, str) else weights), *getattr(options, "systems", [])]:
            assert name in presets.shipped() or name.startswith("runs/")


def test_every_recipe_is_in_the_table_of_the_readme():
    text = (ROOT / "README.md").read_text("utf-8")
    for name in recipes.NAMES:
        assert re.search(rf"^\| `{name}`", text, re.M), name
