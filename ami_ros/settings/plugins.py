# SPDX-License-Identifier: Apache-2.0
"""Parts by name: files in a folder of ours, and what other packages offer as Python entry points."""

from __future__ import annotations

import functools
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ami_ros.errors import ConfigError, shown

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

# What other packages may add: group of entry points -> what it is called in messages.
GROUPS = {
    "ami_ros.checks": "check",
    "ami_ros.cost_terms": "cost term",
    "ami_ros.evaluations": "evaluation",
    "ami_ros.limits": "limit on motion",
    "ami_ros.robots": "robot",
    "ami_ros.solvers": "solver",
    "ami_ros.tasks": "kind of task",
}


@functools.cache
def offers(group: str) -> tuple[EntryPoint, ...]:
    """Return all that the installed packages offer in a group; imports none of it."""
    from importlib.metadata import entry_points  # here: it takes longer than all of our settings

    return tuple(sorted(entry_points(group=group), key=origin))


def found(group: str) -> Mapping[str, EntryPoint]:
    """Return what the installed packages offer in a group, by name; `load` refuses a name given twice."""
    return {entry.name: entry for entry in offers(group)}


def origin(entry: EntryPoint) -> str:
    """Return where an entry point comes from: package, version and object."""
    package = "an unnamed package" if entry.dist is None else f"{entry.dist.name} {entry.dist.version}"
    return f"{package} ({entry.value})"


def clash(group: str, name: str, ours: str = "") -> str | None:
    """Return all origins of a name that has more than one; None without a clash.

    Args:
        group: of the entry points.
        name: as a configuration names it.
        ours: where ami_ros has a part of that name; empty: nowhere.
    """
    origins = [f"ami_ros ({ours})"] if ours else []
    origins += [origin(entry) for entry in offers(group) if entry.name == name]
    return " and ".join(origins) if len(origins) > 1 else None


def load(group: str, name: str, ours: str = "") -> Any:
    """Import what another package offers by this name.

    Args:
        group: of the entry points.
        name: as a configuration names it.
        ours: where ami_ros has a part of that name; empty: nowhere.

    Raises:
        ConfigError: no package offers the name, or several do, or the import fails.
    """
    what = f"{GROUPS.get(group, group)} {name}"
    if (origins := clash(group, name, ours)) is not None:
        raise ConfigError(f"{what}: got it from {origins}, expected one; uninstall or rename the others")
    if (entry := found(group).get(name)) is None:
        installed = sorted(found(group)) or "none installed"
        raise ConfigError(f"{what}: not installed, expected an entry point of {group}: {installed}")
    try:
        return entry.load()
    except Exception as error:  # code of others may raise anything
        raise ConfigError(
            f"{what}: {origin(entry)} cannot be imported: {type(error).__name__}: {error}; repair or "
            "uninstall that package, or leave the name out of the configuration"
        ) from error


@dataclass(frozen=True)
class Parts:
    """Parts of one kind: a module per name, all with the same names in it.

    Attributes:
        what: what they are called in messages.
        package: package of ours that holds them, one file each, and nothing else.
        group: entry points by which other packages add theirs.
        needs: names in each module, such as Settings and Term.
    """

    what: str
    package: str
    group: str
    needs: tuple[str, ...]

    def ours(self) -> list[str]:
        """Return the names of our own."""
        folder = import_module(self.package).__path__
        return sorted(found.name for found in pkgutil.iter_modules(folder) if found.name[0] != "_")

    def known(self) -> list[str]:
        """Return all names."""
        return sorted({*self.ours(), *found(self.group)})

    def named(self, name: str) -> Any:
        """Return the part of this name, imported now and not before: a module, or what stands for one.

        Raises:
            ConfigError: there is none, several packages offer it, its import fails, or it lacks a name.
        """
        is_ours, others = name in self.ours(), found(self.group)
        if name not in others:
            if not is_ours:
                raise ConfigError(f"{self.what}: got {shown(name)}, expected some of {self.known()}")
            return import_module(f"{self.package}.{name}")
        part = load(self.group, name, f"{self.package}.{name}" if is_ours else "")
        if missing := [needed for needed in self.needs if not hasattr(part, needed)]:
            raise ConfigError(
                f"{self.what}: {name}: {origin(others[name])} has no {' and no '.join(missing)}, expected a "
                f"module with {' and '.join(self.needs)}, like those in {self.package}"
            )
        return part

    def settings_of(self, name: str) -> type[Any]:
        """Return the settings dataclass of a part.

        Raises:
            ConfigError: as `named`, or it is another kind of class.
        """
        settings: type[Any] = self.named(name).Settings
        if not is_dataclass(settings) or any("doc" not in field.metadata for field in fields(settings)):
            raise ConfigError(
                f"{self.what}: {name}: got {settings.__module__}.Settings, expected a dataclass whose "
                "fields are made by ami_ros.settings.fields.setting"
            )
        return settings
