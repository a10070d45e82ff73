# SPDX-License-Identifier: Apache-2.0
"""Every file that documents, docstrings, comments and messages name is there."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (".ci", "ami_ros", "config", "docs", "examples", "launch", "models", "test")
FILES = [
    path.relative_to(ROOT).as_posix()
    for top in (*FOLDERS, *(path.name for path in ROOT.iterdir() if path.is_file()))
    for path in [ROOT / top, *(ROOT / top).rglob("*")]
    if path.is_file()
]
# <name> stands for any name; <robot>_<task>, too.
NAME = re.compile(r"(?<![\w./-])(?:[\w.*<>-]+/)*[\w.*<>-]+\.(?:py|yaml|md|urdf|xml|toml|cfg)(?![\w/])")
OURS = re.compile(rf"(?:{'|'.join(map(re.escape, FOLDERS))})/")

# What is named without being a file of ours.
ELSEWHERE = {
    "utils.py",  # how no file is called
    "franka_panda/panda.urdf",  # in pybullet_data
    "arm.urdf",  # what a reader has
    "my_arm.yaml",  # what new-robot writes of it
    "g1.yaml",  # what it writes of a data set
    "open50.yaml",  # and of another
    "boiler.yaml",  # and of a list of tags
    "quick_reach.yaml",  # a task of whoever repeats a benchmark
    "config/tasks/mine.yaml",  # written by a test
}
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile")]
DOCUMENTS += sorted([*(ROOT / "docs").rglob("*.md"), *(ROOT / "models").rglob("*.md")])
SETTINGS = sorted((ROOT / "config").rglob("*.yaml"))
SOURCES = sorted(path for top in ("ami_ros", "launch") for path in (ROOT / top).rglob("*.py"))
TESTS = sorted((ROOT / "test").rglob("*.py"))
NODES = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def exists(cited: str) -> bool:
    """Return whether a file of ours has this path, or one that ends like it."""
    pattern = "".join(".*" if part in ("<>", "*") else re.escape(part) for part in _parts(cited))
    return any(re.search(rf"(^|/){pattern}$", path) for path in FILES)


def _parts(cited: str) -> list[str]:
    return re.split(r"(<>|\*)", re.sub(r"<[\w ]+>", "<>", cited))


def cited(text: str) -> Iterator[str]:
    names = (name.lstrip("./") if name.startswith("../") else name for name in NAME.findall(text))
    yield from (name for name in names if name not in ELSEWHERE)


def prose(path: Path) -> Iterator[str]:
    """Yield the docstrings and comments of a Python file."""
    source = path.read_text()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, NODES):
            yield ast.get_docstring(node) or ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def messages(path: Path) -> Iterator[str]:
    """Yield the text of a Python file's strings, such as help and errors."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not node.value.isidentifier():
            yield node.value


def report(path: Path, names: Iterator[str]) -> list[str]:
    return [f"{path.relative_to(ROOT)}: {name}" for name in sorted({*names}) if not exists(name)]


def fail(offences: list[str]) -> None:
    if offences:
        pytest.fail("named, but not there:\n  " + "\n  ".join(offences), pytrace=False)


def test_documents_and_settings_name_files_that_exist():
    fail([line for path in (*DOCUMENTS, *SETTINGS) for line in report(path, cited(path.read_text()))])


def test_docstrings_and_comments_name_files_that_exist():
    texts = ((path, text) for path in (*SOURCES, *TESTS) for text in prose(path))
    fail([line for path, text in texts for line in report(path, cited(text))])


def test_help_and_errors_name_files_that_exist():
    texts = ((path, text) for path in SOURCES for text in messages(path))
    fail([line for path, text in texts for line in report(path, filter(OURS.match, cited(text)))])


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("ami_ros/settings/fields.py", True),
        ("gate/gate.py", True),
        ("config/robots/<name>.yaml", True),
        ("models/<robot>_<task>/MODEL_CARD.md", True),
        ("config/*.yaml", True),
        ("gate_that_never_was.py", False),
        ("ate/gate.py", False),
        ("docs/<name>/there.md", False),
    ],
)
def test_what_counts_as_there(name, there):
    assert list(cited(f"see {name}, or not")) == [name]
    assert exists(name) is there
