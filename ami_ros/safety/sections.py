# SPDX-License-Identifier: Apache-2.0
"""Checks and limits by name: a file in safety/checks or safety/limits, or an entry point of another package.

Ours are always there. Another package's, of group ``ami_ros.checks`` or ``ami_ros.limits``, is loaded only
when a section of the gate's settings has its name.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from ami_ros.errors import ConfigError, shown
from ami_ros.settings import plugins

T = TypeVar("T")
CHECKS, LIMITS = FOLDERS = ("checks", "limits")


@dataclass(frozen=True)
class NoSettings:
    """Of a check or limit without thresholds of its own."""


@functools.cache
def known(folder: str) -> tuple[str, ...]:
    """Return our own names in a folder below safety/."""
    return tuple(sorted(path.stem for path in (Path(__file__).parent / folder).glob("[!_]*.py")))


def module_of(folder: str, name: str) -> ModuleType:
    """Return the module `name` of a folder below safety/ or of another package.

    Raises:
        ConfigError: there is none, it cannot be imported or has no `build`; or another package offers one of
            our own names.
    """
    ours, group = known(folder), f"ami_ros.{folder}"
    foreign = plugins.found(group)
    if name in ours and name in foreign:
        raise ConfigError(
            f"{group}: got {foreign[name].value} as {name}, expected a name that ami_ros does not use: "
            f"{list(ours)}"
        )
    if name in ours:
        return importlib.import_module(f"ami_ros.safety.{folder}.{name}")
    if name not in foreign:
        raise ConfigError(
            f"{folder}: got {shown(name)}, expected one of {list(ours)}, "
            f"or an installed entry point of {group}: {sorted(foreign) or 'none installed'}"
        )
    module = plugins.load(group, name)
    if not callable(getattr(module, "build", None)):
        raise ConfigError(f"{group}: {name}: got {module!r}, expected a module with a function build")
    return module  # type: ignore[no-any-return]


def settings_of_check(name: str) -> type[Any]:
    """Return the settings dataclass of a check. Raises ConfigError as `module_of`."""
    return getattr(module_of(CHECKS, name), "Settings", NoSettings)


def settings_of_limit(name: str) -> type[Any]:
    """Return the settings dataclass of a limit. Raises ConfigError as `module_of`."""
    return getattr(module_of(LIMITS, name), "Settings", NoSettings)


def overriding(parts: Sequence[T], kind: type, method: str) -> tuple[T, ...]:
    """Return those parts that override a method of `kind`: a tick is too short to ask the others."""
    return tuple(part for part in parts if getattr(type(part), method) is not getattr(kind, method))


def build(folder: str, kind: type[T], sections: Mapping[str, Any], context: Any) -> list[T]:
    """Return the checks, or limits, that fit a body, in the order of their sections.

    Args:
        folder: CHECKS or LIMITS.
        kind: the class that all of them have.
        sections: the settings of each, by name.
        context: what they are built from.

    Raises:
        ConfigError: as `module_of`; or a module built something else.
    """
    built: list[T] = []
    for name, settings in sections.items():
        for one in module_of(folder, name).build(context, settings):
            if not isinstance(one, kind):
                raise ConfigError(f"{folder}.{name}: got {one!r}, expected a {kind.__name__} from its build")
            built.append(one)
    return built
