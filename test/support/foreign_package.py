# SPDX-License-Identifier: Apache-2.0
"""Installs a package of somebody else for the time of one test: modules, and the entry points that name them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ami_ros.settings import plugins


@contextmanager
def installed(
    folder: Path, name: str, modules: Mapping[str, str], points: Mapping[str, Mapping[str, str]]
) -> Iterator[None]:
    """Install a package.

    Args:
        folder: empty; it becomes part of the import path.
        name: of the package.
        modules: name -> source.
        points: group -> entry point -> module.
    """
    metadata = folder / f"{name}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [
        line
        for group, entries in points.items()
        for line in (f"[{group}]", *(f"{entry} = {module}" for entry, module in entries.items()))
    ]
    (metadata / "entry_points.txt").write_text("\n".join(lines))
    for module, source in modules.items():
        (folder / f"{module}.py").write_text(source)
    sys.path.insert(0, str(folder))
    plugins.offers.cache_clear()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        plugins.offers.cache_clear()
        for module in modules:
            sys.modules.pop(module, None)
