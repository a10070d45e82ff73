# SPDX-License-Identifier: Apache-2.0
"""Templates of pages and cards: inserted values are shown, never read as HTML, Markdown or commands."""

from __future__ import annotations

import re
import shlex
from typing import Any

import jinja2
from markupsafe import Markup

from ami_ros.errors import printable

# Within a word _ means nothing. Source: GitHub Flavored Markdown, section 6.1, on \ before punctuation.
MARKS = re.compile(r"[\\`*\[\]<>|~&#$]|(?<![^\W_])_|_(?![^\W_])")
MARKDOWN = ".md.j2"
HERE = __name__.rpartition(".")[0]


def template(name: str, package: str = HERE) -> jinja2.Template:
    """Return a template, HTML or Markdown, that renders only with all of its values given.

    In Markdown `code` quotes a value to look like code, and `shell` one that is part of a command.

    Args:
        name: of its file.
        package: its location; it may include templates from here.
    """
    is_markdown = name.endswith(MARKDOWN)
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(place, "") for place in (package, HERE)]),
        autoescape=not is_markdown,
        finalize=_markdown if is_markdown else _html,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=is_markdown,
        trim_blocks=not is_markdown,
        lstrip_blocks=not is_markdown,
    )
    environment.filters |= {"code": _code, "shell": _shell}
    return environment.get_template(name)


def _html(value: Any) -> Any:
    return value if isinstance(value, Markup) else printable(str(value))  # Jinja escapes a str


def _markdown(value: Any) -> str:
    return value if isinstance(value, Markup) else MARKS.sub(r"\\\g<0>", printable(str(value)))


def _code(value: Any) -> Markup:
    """Return a code span. Source: as above, section 6.3: it ends with as many ` as it began with."""
    text = printable(str(value)).replace("|", "\\|")  # in a table, cells are parsed before code
    most = max((len(run) for run in re.findall("`+", text)), default=0)
    fence, gap = "`" * (most + 1), " " * (most > 0)
    return Markup(f"{fence}{gap}{text}{gap}{fence}")


def _shell(value: Any) -> Markup:
    return Markup(shlex.quote(printable(str(value))))
