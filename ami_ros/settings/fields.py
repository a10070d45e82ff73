# SPDX-License-Identifier: Apache-2.0
"""YAML to settings dataclass. Every default lives in config/*.yaml, every rule in the dataclass."""

from __future__ import annotations

import dataclasses
import stat
import typing
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from ami_ros.errors import AmiError, ConfigError, shown
from ami_ros.settings.strict_text import MOST_CHARACTERS, parse_yaml

T = TypeVar("T")


class Null:
    """An explicit null, among values of which None means "not given". No setting accepts it."""

    def __repr__(self) -> str:
        return "null"


NULL = Null()
MOST_NEAR = 3  # unknown keys for which a similar one is suggested
INTEGER_MAX = 2**63 - 1  # of a ROS parameter; every setting may become one
# Of positive numbers, and of any number: beyond, a period in ns or a quotient is no longer valid.
SMALLEST, LARGEST = 1e-9, 1e12
_BOUNDS: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "gt": (lambda v, b: v > b, ">"),
    "ge": (lambda v, b: v >= b, ">="),
    "le": (lambda v, b: v <= b, "<="),
    "lt": (lambda v, b: v < b, "<"),
}


def setting(doc: str, **rules: Any) -> Any:
    """Declare one setting of a settings dataclass.

    Args:
        doc: one sentence for people, shown as the ROS parameter description.
        **rules: any of ``ge gt le lt`` (bounds), ``choices`` (allowed values), ``unit``, ``most`` (entries of
            a list); or ``sections``: the setting maps names to nested settings, and this function returns the
            dataclass for a name. ``default`` is for parts of other packages: ours live in config/*.yaml.
    """
    default = rules.pop("default", dataclasses.MISSING)
    return dataclasses.field(default=default, metadata={"doc": doc, **rules})


def is_file(path: Path) -> bool:
    """Return whether there is such a regular file.

    `Path.is_file` of Python 3.14 also answers no where it may not look.

    Raises:
        OSError: it cannot be looked at, as in a folder of another user.
    """
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def read_yaml(path: Path | str) -> dict[str, Any]:
    """Read a YAML mapping.

    Raises:
        ConfigError: missing or unreadable file, invalid YAML, a key given twice, or not a mapping.
    """
    path = Path(path)
    try:
        if not is_file(path):
            nearby = sorted(p.name for p in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
            raise ConfigError(f"{path}: no such file; available there: {nearby or 'nothing'}")
        with path.open(encoding="utf-8") as file:
            content = parse_yaml(file.read(MOST_CHARACTERS + 1))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: got {type(content).__name__}, expected a mapping of settings")
    return content


def load_settings(
    cls: type[T],
    source: Path | str | Mapping[str, Any],
    overrides: Mapping[str, Any] | None = None,
    where: str | None = None,
    also: Sequence[str] = (),
) -> T:
    """Build a settings dataclass from YAML (or a mapping); refuse unknown keys.

    Args:
        cls: a dataclass whose fields are made by `setting`.
        source: a YAML file, or its content.
        overrides: win over `source`; None means "not given", NULL an explicit null. A dot leads
            into a section, as in ``terms.goal.discount``.
        where: name of `source` in messages; default: the path, or the name of `cls` for a mapping.
        also: valid keys that the caller has read itself and left out of `source`.

    Raises:
        ConfigError: unknown or missing keys, wrong types, values out of range; names the file and key.
    """
    where = where or (cls.__name__ if isinstance(source, Mapping) else str(source))
    values = dict(source) if isinstance(source, Mapping) else read_yaml(source)
    for key, value in (overrides or {}).items():
        if value is not None:
            values = with_value(values, str(key), value, where)
    fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    unknown = sorted(map(str, set(values) - set(fields)))
    if unknown:
        valid = sorted({*fields, *also})
        inside = [name for key in valid if "sections" in _rules(fields, key) for name in _below(key, values)]
        near = meant(unknown, [*valid, *inside])
        raise ConfigError(f"{where}: unknown keys {shown(unknown)}; valid keys are {valid}{near}")
    required = {name for name, field in fields.items() if field.default is dataclasses.MISSING}
    missing = sorted(required - set(values))
    if missing:
        raise ConfigError(f"{where}: missing keys {missing}; every one of {sorted(required)} is required")
    values = {**{name: field.default for name, field in fields.items() if name not in values}, **values}
    hints = typing.get_type_hints(cls)
    checked = {
        name: _checked(f"{where}: {name}", values[name], hints[name], fields[name].metadata)
        for name in fields
    }
    try:
        return cls(**checked)
    except AmiError as error:  # the checks of a class do not know the file
        raise type(error)(f"{where}: {error}") from error


def meant(unknown: Sequence[str], valid: Sequence[str]) -> str:
    """Return what an error adds about unknown names: similar ones, or nothing.

    Args:
        unknown: names that somebody gave.
        valid: names that exist. One with dots is near to its own end, with or without the dots.
    """
    near = []
    for key in unknown[:MOST_NEAR]:
        end = f"_{key}".replace(".", "_")
        inside = [name for name in valid if "." in name and f"_{name}".replace(".", "_").endswith(end)]
        near += inside[:1] or get_close_matches(key, valid, n=1)
    return f"; did you mean {near}?" if near else ""


def _rules(fields: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return fields[key].metadata if key in fields else {}


def _below(key: str, values: Mapping[str, Any]) -> list[str]:
    """Return the names with dots of what is in the sections below `key`."""
    sections = values.get(key)
    if not isinstance(sections, Mapping):
        return []
    return [
        f"{key}.{section}.{name}"
        for section, content in sections.items()
        if isinstance(content, Mapping)
        for name in content
    ]


def with_value(values: Mapping[str, Any], key: str, value: Any, where: str) -> dict[str, Any]:
    """Return a copy of `values` with one more entry; a dot in `key` leads into a section.

    Raises:
        ConfigError: it leads into something other than a section.
    """
    name, dot, rest = key.partition(".")
    if not dot:
        return {**values, name: value}
    section = values.get(name, {})
    if not isinstance(section, Mapping):
        raise ConfigError(f"{where}: {key}: got a setting of {name}, which has no settings of its own")
    return {**values, name: with_value(section, rest, value, f"{where}: {name}")}


@dataclasses.dataclass(frozen=True)
class Flat:
    """One setting by its full name: ``horizon``, or ``terms.goal.discount`` in a section."""

    name: str
    value: Any
    rules: Mapping[str, Any]
    kind: Any


def flattened(settings: Any, prefix: str = "") -> list[Flat]:
    """Return every setting of a settings dataclass instance, including those of its sections."""
    hints, found = typing.get_type_hints(type(settings)), []
    for field in dataclasses.fields(settings):
        name, value = f"{prefix}{field.name}", getattr(settings, field.name)
        if "sections" in field.metadata:
            for section, content in value.items():
                found += flattened(content, f"{name}.{section}.")
        else:
            found.append(Flat(name, value, field.metadata, hints[field.name]))
    return found


def without_values(settings: Any) -> dict[str, Any]:
    """Return the sections of a settings dataclass instance as a mapping, each of them empty."""
    return {
        field.name: {section: {} for section in getattr(settings, field.name)}
        for field in dataclasses.fields(settings)
        if "sections" in field.metadata
    }


def _is_section(where: str, content: Any) -> bool:
    if not isinstance(content, Mapping):
        raise ConfigError(f"{where}: got {shown(content)}, expected a mapping of settings")
    return True


def _checked(where: str, value: Any, kind: Any, rules: Mapping[str, Any]) -> Any:
    if "sections" in rules:
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where}: got {shown(value)}, expected a mapping of settings by name")
        return {
            str(name): load_settings(rules["sections"](str(name)), content, where=f"{where}.{name}")
            for name, content in value.items()
            if _is_section(f"{where}.{name}", content)
        }
    if "most" in rules and isinstance(value, (list, tuple)) and len(value) > rules["most"]:
        # Before checking the entries: a list may have any length.
        raise ConfigError(f"{where}: got {len(value)} entries, expected at most {rules['most']}")
    value = _typed(where, value, kind)
    if rules.get("gt") == 0.0:
        rules = {**rules, "ge": SMALLEST}
    for rule, (holds, sign) in _BOUNDS.items():
        if rule in rules and not all(
            holds(v, rules[rule]) for v in (value if isinstance(value, tuple) else (value,))
        ):
            raise ConfigError(f"{where}: got {shown(value)}, expected {sign} {rules[rule]}")
    if "choices" in rules and value not in rules["choices"]:
        raise ConfigError(f"{where}: got {shown(value)}, expected one of {list(rules['choices'])}")
    return value


def _typed(where: str, value: Any, kind: Any) -> Any:
    if typing.get_origin(kind) is tuple:
        item = typing.get_args(kind)[0]
        if not isinstance(value, (list, tuple)):
            raise ConfigError(f"{where}: got {shown(value)}, expected a list of {item.__name__}")
        return tuple(_typed(f"{where}[{i}]", v, item) for i, v in enumerate(value))
    if kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        if not abs(value) <= LARGEST:
            raise ConfigError(f"{where}: got {shown(value)}, expected a finite number, at most {LARGEST:g}")
        return float(value)
    if kind is int and type(value) is int and abs(value) > INTEGER_MAX:
        raise ConfigError(f"{where}: got {shown(value)}, expected a whole number of 64 bits")
    if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    expected = kind.__name__ + ", true or false" * (kind is bool)
    raise ConfigError(f"{where}: got {shown(value)} ({type(value).__name__}), expected {expected}")
