# SPDX-License-Identifier: Apache-2.0
"""The pages show what the code has: each parameter, verb, reason and key, and the figures of the results."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

import ami_ros.body
from ami_ros.cli.main import VERBS
from ami_ros.launching.arguments import TOPICS
from ami_ros.safety.reasons import ReasonCode
from ami_ros.system.processes import NODE_PROGRAMS
from benchmarks.__main__ import app
from generate import files, hook, layers, results, settings, topics, verbs

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"


def page(name: str) -> str:
    return hook.on_page_markdown((REFERENCE / name).read_text())


def test_each_page_is_in_the_contents_and_all_that_can_be_generated_is_on_one():
    contents = (ROOT / "mkdocs.yml").read_text()
    pages = sorted((ROOT / "docs").rglob("*.md"))
    assert [str(path) for path in pages if path.relative_to(ROOT / "docs").as_posix() not in contents] == []
    used = {place for path in pages for place in hook.PLACE.findall(path.read_text())}
    assert used == set(hook.MADE)


def test_each_parameter_has_its_row():
    text = page("parameters.md")
    assert set(settings.NODES) == set(NODE_PROGRAMS)
    for node in settings.NODES:
        assert [it.name for it in settings.parameters(node) if f"| `{it.name}`<br>" not in text] == []
    assert "| `horizon`<br>int | `5` | action blocks per candidate (T)<br>≥ 1, ≤ 100 |" in text


def test_each_file_of_settings_is_on_a_page():
    text = page("parameters.md") + page("settings.md")
    assert [file for file in settings.FILES if f"rom `config/{file}.yaml`:" not in text] == []


def test_each_reason_has_its_row():
    text = page("reasons.md")
    rows = [f"| {code.number} | `{code.name}` | {code.text} |" for code in ReasonCode]
    assert [row for row in rows if row not in text] == []


def test_each_verb_has_its_options():
    text = "".join(map(page, ("verbs.md", "verbs_memory.md", "verbs_bench.md")))
    assert [name for name in VERBS if f"`ami-ros {name}`" not in text] == []
    for verb in VERBS:
        for name, command in verbs.commands_of(verb):
            (found,) = re.findall(rf"^## {name}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
            options = [one for it in command.params if not it.hidden for one in it.opts]
            assert [
                one for one in options if f"`{one}`" not in found and f"`{one.upper()}`" not in found
            ] == []


def test_each_benchmark_has_its_options():
    text = page("benchmarks.md")
    verbs_there = get_command(app).commands
    assert [name for name in verbs_there if f"`python -m benchmarks {name}" not in text] == []
    options = [one for it in verbs_there.values() for param in it.params for one in param.opts]
    assert [one for one in options if f"`{one}`" not in text] == []


def test_each_public_name_is_on_its_page():
    text = page("python.md")
    assert [
        name for name in ami_ros.__all__ if not re.search(rf"^::: ami_ros\..*\b{name}$", text, re.MULTILINE)
    ] == []


@pytest.mark.parametrize(
    ("folder", "name"), [("robots", "robot_file.md"), ("tasks", "task_file.md")], ids=["robots", "tasks"]
)
def test_each_key_of_the_shipped_files_has_its_row(folder, name):
    text = page(name)
    shipped = [yaml.safe_load(path.read_text()) for path in (ROOT / "config" / folder).glob("*.yaml")]
    lacking = {key for values in shipped for key in keys(values) if f"`{key}`" not in text}
    assert lacking == set()


def test_each_section_of_a_robot_is_on_its_page():
    found = set()
    for module in pkgutil.walk_packages(ami_ros.body.__path__, "ami_ros.body."):
        members = vars(importlib.import_module(module.name)).values()
        found |= {one for one in members if isinstance(one, type) and dataclasses.is_dataclass(one)}
    sections = {one for one in found if any("doc" in field.metadata for field in dataclasses.fields(one))}
    assert sections <= {section for section, _ in files.ROBOT.values()}


# Below these, names are the user's, or settings of another file.
FREE = {*files.SECTIONS, "blocks", "colours", "values", "channels", "safety", "tasks", "scenery", "payload"}


def keys(values: Mapping[str, Any]) -> Iterator[str]:
    yield from values
    for key, below in values.items():
        if key not in FREE and isinstance(below, Mapping):
            named = below.values() if key == "sensors" else [below]
            yield from (inner for one in named for inner in keys(one))


def test_each_topic_of_a_launch_argument_is_described():
    assert {topics.described(topic.name) for topic in TOPICS} == {topic.description for topic in TOPICS}
    with pytest.raises(KeyError):
        topics.described("planner/never_was")


def test_the_pages_show_the_figures_of_the_results():
    """`PYTHONPATH=docs python -m generate.results` writes them."""
    pages = results.pages()
    old = [
        str(path.relative_to(ROOT)) for path in pages if results.filled(path.read_text()) != path.read_text()
    ]
    assert old == []
    shown = {name for path in pages for name in results.PLACE.findall(path.read_text())}
    kept = {
        path.relative_to(results.RESULTS).with_suffix("").as_posix()
        for path in results.RESULTS.rglob("*.json")
    }
    assert shown == kept


def test_the_figures_of_the_readme_are_those_of_the_results():
    """A rate with its interval: it is in one of the files, too."""
    known = "\n".join(path.read_text() for path in results.RESULTS.rglob("*.json"))
    rates = re.findall(r"\d\.\d+ \(\d\.\d+ to \d\.\d+\)", (ROOT / "README.md").read_text())
    assert len(rates) >= 5
    assert [rate for rate in rates if rate not in known] == []


def test_the_drawing_of_the_layers_is_that_of_the_rule():
    """`PYTHONPATH=docs python -m generate.layers` draws it."""
    assert layers.PICTURE.read_text() == layers.drawn(layers.enforced())


def test_a_part_stands_above_all_that_it_uses():
    uses = {"top": ["left", "low"], "left": ["right", "low"], "right": ["left"], "low": []}
    assert layers.levels(uses) == [["low"], ["left", "right"], ["top"]]
    with pytest.raises(ValueError, match="in a circle"):
        layers.levels({"one": ["two"], "two": ["three"], "three": ["one"]})
