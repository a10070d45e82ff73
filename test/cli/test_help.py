# SPDX-License-Identifier: Apache-2.0
"""Help shows what the code says: no <name> and no [default] taken for markup, in any verb and option."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator

import pytest
import typer

from ami_ros.cli.main import VERBS, verb_function


def commands() -> Iterator[tuple[tuple[str, ...], Callable]]:
    for name in VERBS:
        verb = verb_function(name)
        if isinstance(verb, typer.Typer):
            for command in verb.registered_commands:
                yield (name, command.name or command.callback.__name__), command.callback
        else:
            yield (name,), verb


def said(function: Callable) -> Iterator[str]:
    """What the code says: paragraphs of the docstring, and the help of each option."""
    yield from function.__doc__.split("\n\n")
    for hint in typing.get_type_hints(function, include_extras=True).values():
        yield from (option.help for option in getattr(hint, "__metadata__", ()))


COMMANDS = list(commands())


@pytest.mark.parametrize(("verb", "function"), COMMANDS, ids=[" ".join(verb) for verb, _ in COMMANDS])
def test_help_loses_nothing(verb, function, ami_ros_here):
    run = ami_ros_here(*verb, "--help", COLUMNS="400")
    shown = " ".join(run.stdout.split())
    texts = [" ".join(text.split()) for text in said(function)]
    assert [text for text in texts if text not in shown] == []


def test_there_are_names_to_lose():
    texts = " ".join(text for _, function in COMMANDS for text in said(function))
    assert texts.count("<") > 20
    assert "[data/<robot>_<task>]" in texts
