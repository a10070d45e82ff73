# SPDX-License-Identifier: Apache-2.0
"""Every verb of `ami-ros`, with its options, from the command line itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from ami_ros.cli.main import VERBS, load_verb
from benchmarks.__main__ import app
from generate.markdown import code, plain, table

EXAMPLE = re.compile(r"([^:]*): ((?:ami-ros|python -m benchmarks) [^,]*)(.*)")
GROUPS = ("memory", "bench")  # verbs with verbs of their own: a page each


def verb_list() -> str:
    """Return the verbs in the order in which people need them."""
    return table(("verb", "what it does"), [(code(f"ami-ros {v}"), plain(VERBS[v][1])) for v in VERBS])


def verb_pages(*names: str) -> str:
    """Return help and options of these verbs; of all that are no group, if none is named."""
    wanted = names or tuple(name for name in VERBS if name not in GROUPS)
    commands = [found for name in wanted for found in commands_of(name)]
    return "\n\n".join(part for name, command in commands for part in _page(name, command))


def commands_of(verb: str) -> Iterator[tuple[str, Any]]:
    """Yield a verb's full name and its command, or those of the verbs below it."""
    command = load_verb(verb)
    below = getattr(command, "commands", None)
    yield from ((f"{verb} {name}", one) for name, one in below.items()) if below else ((verb, command),)


def benchmark_pages() -> str:
    """Return help and options of each verb of `python -m benchmarks`."""
    below = get_command(app).commands  # type: ignore[attr-defined]
    return "\n\n".join(part for name, command in below.items() for part in _page(name, command))


def _page(name: str, command: Any) -> Iterator[str]:
    yield f"## {name}"
    for paragraph in re.split(r"\n\s*\n", _as_written(command.help).strip()):
        text = " ".join(paragraph.split())
        example = EXAMPLE.fullmatch(text)
        if example is None:
            yield plain(text)
        else:
            what, line, rest = example.groups()
            yield f"{plain(what)}: `{line}`{plain(rest)}"
    shown = [it for it in command.params if not it.hidden]
    if shown:
        yield table(("option", "default", "what it does"), map(_option, shown))


def _option(it: Any) -> tuple[str, str, str]:
    if it.param_type_name == "argument":
        name, default = code(it.name.upper()), "needed" if it.required else ""
    else:
        name = ", ".join(code(one) for one in (*it.opts, *it.secondary_opts))
        default = "needed" if it.required else _default(it)
    return name, default, plain(_as_written(it.help or ""))


def _default(it: Any) -> str:
    if isinstance(it.default, bool):
        return "on" if it.default else "off"
    many = isinstance(it.default, (list, tuple))
    return " ".join(map(code, it.default if many else [it.default])) if it.default not in (None, "") else ""


def _as_written(help_text: str) -> str:
    """Undo the escapes that the command line makes for Rich."""
    return (help_text or "").replace("\\[", "[")
