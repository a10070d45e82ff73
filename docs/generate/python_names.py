# SPDX-License-Identifier: Apache-2.0
"""The public names of Python, for mkdocstrings, which writes their signatures and docstrings."""

from __future__ import annotations

import ast
from pathlib import Path

import ami_ros


def python_names() -> str:
    """Return a directive for each name in `__all__`, with the module that has it.

    Read from the imports for type checkers: the names themselves may need an extra that is not installed.
    """
    tree = ast.parse(Path(ami_ros.__file__).read_text())
    homes = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return "\n".join(f"::: {homes[name]}" for name in ami_ros.__all__)
