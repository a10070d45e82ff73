# SPDX-License-Identifier: Apache-2.0
"""What a name from a file may say without being obeyed: in lines, tables, titles, notes and questions."""

from __future__ import annotations

import ast
import io
from pathlib import Path

import pytest
import typer
from rich.progress import Progress
from rich.table import Table

import ami_ros
from ami_ros.system.terminal import Console, NoteColumn, ask, say

NAME = "tray [left] [/ok] :cat: \x1b[31m\x07\r\u202e\n"
SHOWN = r"tray [left] [/ok] :cat: \x1b[31m\x07\r\u202e\n"


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")


def test_lines(capsys):
    Console().print(NAME)
    say(NAME)
    Console(stderr=True).print(NAME)
    say(NAME, typer.colors.RED, err=True)
    said = capsys.readouterr()
    assert said.out.splitlines() == said.err.splitlines() == [SHOWN, SHOWN]


def test_tables(capsys):
    table = Table("name", NAME, title=NAME)
    table.add_row(NAME, "a")
    Console().print(table)
    assert capsys.readouterr().out.count(SHOWN) == 3


def test_notes_behind_a_progress_bar_and_while_something_is_looked_for(capsys):
    console = Console(stderr=True)
    with Progress(NoteColumn(), console=console) as progress:
        progress.add_task("read", note=NAME)
    with console.status(NAME):
        pass
    said = capsys.readouterr().err
    assert SHOWN in said and not {"\x07", "\r", "\u202e"} & {*said}


def test_questions(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    with pytest.raises(typer.Abort):
        ask(NAME)
    assert SHOWN in capsys.readouterr().out


# Which module may print in another way: what it prints is its own.
ALLOWED = {"cli/main.py"}


def test_no_verb_prints_in_another_way():
    package, offences = Path(ami_ros.__file__).parent, []
    for path in (
        *package.glob("cli/**/*.py"),
        *package.glob("experiment/**/*.py"),
        *package.glob("doctor/**/*.py"),
    ):
        if path.relative_to(package).as_posix() in ALLOWED:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            names = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
            other = module == "rich.markup" or (module == "rich.console" and "Console" in names)
            if isinstance(node, ast.Attribute) and ast.unparse(node) in (
                "typer.echo",
                "typer.secho",
                "typer.confirm",
            ):
                other = True
            if isinstance(node, ast.Name) and node.id == "print":
                other = True
            if other:
                offences.append(f"{path.relative_to(package)}:{node.lineno}")
    assert offences == []
