# SPDX-License-Identifier: Apache-2.0
"""What is put into a page or a card is shown: it is no HTML, no Markdown, no command and no formula."""

from __future__ import annotations

import shlex
import subprocess

import pytest

pytest.importorskip("matplotlib", reason="reports need the extra 'train'")
pytest.importorskip("jinja2", reason="reports need the extra 'train'")
import jinja2

from ami_ros.report import templates
from ami_ros.report.plots import as_png, figure_with_axes, lines, measured_over_expected
from ami_ros.report.templates import template

HOSTILE = "a`b\n# [c](http://d) | <e> *f* _g_ $h$ \x1b[2J\u202e; touch i"


@pytest.fixture
def made_of(monkeypatch):
    """Return what becomes of a template's text."""

    def render(name: str, text: str, **values: object) -> str:
        loader = jinja2.DictLoader({name: text})
        monkeypatch.setattr(templates.jinja2, "PackageLoader", lambda *_: loader)
        return template(name).render(values)

    return render


def test_html_is_escaped_and_shows_what_is_not_printable(made_of):
    text = made_of("page.html.j2", "<p>{{ a }}</p>{{ b }}{% macro m(x) %}<b>{{ x }}</b>{% endmacro %}{{ m(a) }}",
                   a="<i>&\x1b\u202e\udcff", b=None)  # fmt: skip
    shown = "&lt;i&gt;&amp;\\x1b\\u202e\\udcff"
    assert text == f"<p>{shown}</p>None<b>{shown}</b>" and text.encode()


def test_markdown_is_escaped(made_of):
    text = made_of("card.md.j2", "| {{ a }} | {{ b }} |", a=HOSTILE, b="x_arm 0.5 -1")
    cell = r"a\`b\\n\# \[c\](http://d) \| \<e\> \*f\* \_g\_ \$h\$ \\x1b\[2J\\u202e; touch i"
    assert text == f"| {cell} | x_arm 0.5 -1 |"


@pytest.mark.parametrize("value", ["plain", "a`b", "``", "a`", HOSTILE])
def test_code_ends_where_it_shall(made_of, value):
    text = made_of("card.md.j2", "{{ a | code }}", a=value)
    fence = text[: len(text) - len(text.lstrip("`"))]
    assert text.endswith(fence) and fence not in text[len(fence) : -len(fence)] and "\n" not in text


@pytest.mark.parametrize("value", ["x; touch hacked", "$(touch hacked)", "a b", "`touch hacked`", HOSTILE])
def test_a_name_in_a_command_is_a_word(made_of, value, tmp_path):
    command = made_of("card.md.j2", "echo {{ a | shell }}", a=value)
    run = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert len(shlex.split(command)) == 2 and list(tmp_path.iterdir()) == []
    assert "\n" not in command and run.stdout.endswith("\n")


def test_a_value_that_is_missing_is_an_error(made_of):
    for name in ("page.html.j2", "card.md.j2"):
        with pytest.raises(jinja2.UndefinedError):
            made_of(name, "{{ a }}")


@pytest.mark.parametrize("name", ["from $5 to $9", "$\\frac{$", "\x1b[31m\n\u202e", "\ud800"])
def test_names_on_plots_are_names(name):
    assert lines({name: [(0.0, 1.0), (1.0, 2.0)]}, name, name).startswith(b"\x89PNG")
    figure, axes = figure_with_axes(3.0, 2.0)
    axes.set_title(f"two\nlines {name}")
    assert as_png(figure).startswith(b"\x89PNG")
    assert "\x1b" not in axes.get_title() and axes.get_title().startswith("two\nlines")


def test_numbers_on_plots_stay():
    model = {"name": "a", "expected": 0.5, "measured": 0.4, "measured_ci": (0.3, 0.5), "may_plan": True}
    assert measured_over_expected([model], 0.5).startswith(b"\x89PNG")
