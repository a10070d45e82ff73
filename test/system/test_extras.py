# SPDX-License-Identifier: Apache-2.0
"""Missing packages are named together with the way to get them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from ami_ros.cli.bench import parse_size
from ami_ros.errors import ConfigError
from ami_ros.system import extras

ROOT = Path(__file__).parents[2]


def test_what_is_there_passes(monkeypatch):
    monkeypatch.setitem(extras.EXTRAS, "sim", ("json", "math"))
    extras.require("sim")


def test_what_is_missing_is_named_with_advice(monkeypatch):
    monkeypatch.setitem(extras.EXTRAS, "ros", ("json", "no_such_module"))
    with pytest.raises(ConfigError) as error:
        extras.require("ros")
    message = str(error.value)
    assert "no_such_module (extra 'ros')" in message
    assert "json" not in message
    assert "make venv" in message
    assert "source your ROS 2" in message


def test_benches_draw_only_where_a_picture_is_asked_for():
    """What draws needs an extra that the figures do not need."""

    def imports(*nodes: ast.AST) -> list[ast.ImportFrom]:
        found = [one for node in nodes for one in ast.walk(node) if isinstance(one, ast.ImportFrom)]
        return [one for one in found if one.module == "ami_ros.report.plots"]

    always = {}
    for path in (ROOT / "ami_ros" / "cli" / "benches").glob("*.py"):
        tree = ast.parse(path.read_text())
        asked = imports(*(node for node in ast.walk(tree) if isinstance(node, ast.If)))
        always[path.name] = set(imports(tree)) - set(asked)
    assert {"explore.py", "soak.py"} < set(always)
    assert [name for name, found in always.items() if found] == []


def test_the_readme_installs_what_the_demo_needs():
    """With a ROS 2 installation pip brings the rest, by a line of its own."""
    line = next(
        line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("pip install")
    )
    named = set(line.replace("-", "_").split())
    modules = {"collada": "pycollada"}
    needed = {modules.get(name, name) for name in (*extras.EXTRAS["sim"], *extras.EXTRAS["train"])}
    assert needed <= named


def test_image_sizes():
    assert parse_size("640x480") == (640, 480)


@pytest.mark.parametrize("text", ["640", "640x", "0x480", "640x0", "-1x2", "640X480", "ax b"])
def test_bad_image_sizes(text):
    with pytest.raises(ConfigError, match="WIDTHxHEIGHT"):
        parse_size(text)
