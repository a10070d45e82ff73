# SPDX-License-Identifier: Apache-2.0
"""For mkdocs: fills what a page leaves to be generated.

A page marks the place, and between the marks says what a reader of the bare file can look at instead:

    <!-- generated: NAME -->
    ...
    <!-- end -->
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # benchmarks
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # generate

from generate import files, python_names, reasons, settings, topics, verbs

PLACE = re.compile(r"<!-- generated: ([\w ]+) -->\n.*?<!-- end -->", re.DOTALL)
MADE: dict[str, Callable[[], str]] = {
    "parameters": settings.parameter_tables,
    "other settings": settings.file_tables,
    "topics": topics.node_tables,
    "reasons": reasons.reason_table,
    "verbs": verbs.verb_list,
    "options": verbs.verb_pages,
    "options of memory": lambda: verbs.verb_pages("memory"),
    "options of bench": lambda: verbs.verb_pages("bench"),
    "benchmarks": verbs.benchmark_pages,
    "robot file": files.robot_file,
    "task file": files.task_file,
    "python names": python_names.python_names,
}


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return the page with everything generated in its place. Raises KeyError: an unknown name."""
    return PLACE.sub(lambda place: MADE[place[1]](), markdown)
