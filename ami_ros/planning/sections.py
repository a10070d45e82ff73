# SPDX-License-Identifier: Apache-2.0
"""Solvers and terms by name: the name of a file in planning/solvers or planning/terms."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

from ami_ros.errors import ConfigError, shown


def known(folder: str) -> list[str]:
    """Return the names in a folder below planning/."""
    return sorted(path.stem for path in (Path(__file__).parent / folder).glob("[!_]*.py"))


def module_of(folder: str, name: str) -> ModuleType:
    """Return the module `name` in a folder below planning/.

    Raises:
        ConfigError: there is no such module.
    """
    if name not in known(folder):
        raise ConfigError(f"{folder}: got {shown(name)}, expected some of {known(folder)}")
    return importlib.import_module(f"ami_ros.planning.{folder}.{name}")


def settings_of_term(name: str) -> type[Any]:
    """Return the settings dataclass of a term. Raises ConfigError as `module_of`."""
    return module_of("terms", name).Settings  # type: ignore[no-any-return]


def settings_of_solver(name: str) -> type[Any]:
    """Return the settings dataclass of a solver. Raises ConfigError as `module_of`."""
    return module_of("solvers", name).Settings  # type: ignore[no-any-return]
