# SPDX-License-Identifier: Apache-2.0
"""Output of the command line: text, in which nothing from a file, a name or a message is interpreted.

Neither markup ("tray [left]") nor control characters are interpreted; each call is a line, see `printable`.
"""

from __future__ import annotations

from typing import Any

import rich.console
import typer
from rich.progress import Task, TextColumn
from rich.text import Text

from ami_ros.errors import printable


class Console(rich.console.Console):
    """Prints tables and lines.

    Strings are shown literally, also in tables. Use a `rich.text.Text` for style.

    Args:
        stderr: print there, not on stdout, which is for results.
        quiet: print nothing.
    """

    def __init__(self, stderr: bool = False, quiet: bool = False) -> None:
        super().__init__(stderr=stderr, quiet=quiet, markup=False, emoji=False)

    def render_str(self, text: str, **how: Any) -> Text:
        """Return the text shown for a string. Called by rich for each."""
        return super().render_str(printable(text), **how)

    def status(self, status: Any, **how: Any) -> Any:
        """Show a line while the block runs."""
        return super().status(Text(printable(str(status))), **how)


class NoteColumn(TextColumn):
    """Text behind a progress bar: the current item, from the task's field `note`."""

    def __init__(self) -> None:
        super().__init__("{task.fields[note]}")

    def render(self, task: Task) -> Text:
        """Return the text to show. Called by rich."""
        return Text(printable(self.text_format.format(task=task)))


def say(text: str, colour: str | None = None, err: bool = False) -> None:
    """Print a line.

    Args:
        text: the line.
        colour: such as ``typer.colors.RED``, on a terminal; None for the usual one.
        err: on stderr.
    """
    typer.secho(printable(text), fg=colour, err=err)


def ask(question: str, err: bool = False) -> None:
    """Continue if the answer is yes; else end the verb."""
    typer.confirm(printable(question), abort=True, err=err)
