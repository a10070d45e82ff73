# SPDX-License-Identifier: Apache-2.0
"""Settings dataclasses as ROS parameters: described, with ranges, checked by the same rules as the YAML."""

from __future__ import annotations

import array
import dataclasses
import sys
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from ami_ros.errors import ConfigError
from ami_ros.settings.fields import (
    INTEGER_MAX,
    flattened,
    load_settings,
    meant,
    with_value,
    without_values,
)

T = TypeVar("T")
CLOCK = "use_sim_time"
CLOCK_DOC = "take the time from /clock; fixed at start"


def declare_settings(node: Node, defaults: Any) -> None:
    """Declare every field of the settings instance `defaults` as a parameter of `node`.

    Parameters are read-only, except for fields declared with ``setting(..., live=True)``: these are checked
    when they are set, and the node reads them when it needs them.

    Args:
        node: receives the parameters.
        defaults: a settings dataclass instance, as read from config/.
    """
    settings = flattened(defaults)
    for it in settings:
        value = list(it.value) if isinstance(it.value, tuple) else it.value
        node.declare_parameter(it.name, value, _descriptor(it.rules, it.kind))
    if any(it.rules.get("live") for it in settings):
        node.add_on_set_parameters_callback(_validator(node, defaults))


def settings_from_parameters(node: Node, cls: type[T], defaults: T | None = None) -> T:
    """Build the settings dataclass `cls` from the parameters of `node`.

    Args:
        node: has the parameters.
        cls: a settings dataclass.
        defaults: the declared instance, needed if it has sections: they are parameters with dots.

    Raises:
        ConfigError: a wrong type or a value out of range; names the parameter.
    """
    names = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    if defaults is not None:
        names, values = [it.name for it in flattened(defaults)], without_values(defaults)
    try:
        for name in names:
            values = with_value(values, name, plain(node.get_parameter(name).value), cls.__name__)
        return load_settings(cls, values)
    except ConfigError as error:
        raise ConfigError(f"parameters of {node.get_fully_qualified_name()}: {error}") from error


def more_sections(node: Node, defaults: Any) -> dict[str, Any]:
    """Return the parameters given at the start that lead into a section which `defaults` lacks, by name.

    Args:
        node: has not declared them.
        defaults: a settings dataclass instance with sections.
    """
    sections = without_values(defaults)
    more: dict[str, Any] = {}
    for name, parameter in node._parameter_overrides.items():
        field, _, rest = name.partition(".")
        section, dot, _ = rest.partition(".")
        if dot and field in sections and section not in sections[field]:
            more[name] = plain(parameter.value)
    return more


def keep_clock(node: Node) -> None:
    """Describe `use_sim_time`, and reject changes: the node's measurements are in its time."""
    node.set_descriptor(CLOCK, ParameterDescriptor(description=CLOCK_DOC, dynamic_typing=True))

    def refuse(changed: list[Parameter[Any]]) -> SetParametersResult:
        now = node.get_parameter(CLOCK).value
        for parameter in changed:
            if parameter.name == CLOCK and parameter.value != now:
                reason = (
                    f"{CLOCK}: got {parameter.value}, expected {now} while the node runs; restart it to "
                    "change this"
                )
                return SetParametersResult(successful=False, reason=reason)
        return SetParametersResult(successful=True)

    # rclpy calls the last added callback first, so its own does not see rejected values.
    node.add_on_set_parameters_callback(refuse)


def plain(value: Any) -> Any:
    """Return a parameter's value; a list arrives over the wire as an array."""
    return value.tolist() if isinstance(value, array.array) else value


def refuse_unknown(node: Node) -> None:
    """Reject parameters given to this node on the command line or in a file but never declared.

    Call after all declarations: a typing error must not silently keep a default.

    Raises:
        ConfigError: names them and the valid ones.
    """
    unknown = sorted(
        name
        for name in node._parameter_overrides
        if not node.has_parameter(name) and not name.startswith("qos_overrides.")
    )
    if unknown:
        valid = sorted(node._parameters)
        where = node.get_fully_qualified_name()
        raise ConfigError(
            f"{where}: unknown parameters {unknown}; valid parameters are {valid}{meant(unknown, valid)}"
        )


def _descriptor(rules: Mapping[str, Any], kind: Any) -> ParameterDescriptor:
    unit = f" [{rules['unit']}]" if "unit" in rules else ""
    # Dynamic, so that `rate_hz:=10` is read as 10.0 and real mistakes get our message instead of rclpy's.
    descriptor = ParameterDescriptor(
        description=rules["doc"] + unit,
        read_only=not rules.get("live", False),
        dynamic_typing=True,
    )
    # Ranges have two ends, and apply to single numbers: the description states all other limits.
    listed = typing.get_origin(kind) is tuple
    told = {"gt": ">", "lt": "<"} | ({"ge": ">=", "le": "<="} if listed else {})
    constraints = [f"{sign} {rules[rule]}" for rule, sign in told.items() if rule in rules]
    if listed:
        constraints = ["a list of finite numbers", *(f"each {constraint}" for constraint in constraints)]
    if "most" in rules:
        constraints.append(f"at most {rules['most']} entries")
    if "choices" in rules:
        constraints.append(f"one of {', '.join(map(str, rules['choices']))}")
    descriptor.additional_constraints = "; ".join(constraints)
    low, high = rules.get("ge", rules.get("gt")), rules.get("le", rules.get("lt"))
    if kind is float and (low is not None or high is not None):
        low = -sys.float_info.max if low is None else low
        high = sys.float_info.max if high is None else high
        descriptor.floating_point_range = [FloatingPointRange(from_value=float(low), to_value=float(high))]
    elif kind is int and (low is not None or high is not None):
        low, high = (-INTEGER_MAX if low is None else low), (INTEGER_MAX if high is None else high)
        descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(high), step=1)]
    return descriptor


def _validator(node: Node, defaults: Any) -> Callable[[list[Parameter[Any]]], SetParametersResult]:
    names = [it.name for it in flattened(defaults)]

    def validate(changed: list[Parameter[Any]]) -> SetParametersResult:
        values = {name: node.get_parameter(name).value for name in names if node.has_parameter(name)}
        values |= {parameter.name: parameter.value for parameter in changed if parameter.name in names}
        values = {name: plain(value) for name, value in values.items()}
        if set(values) != set(names):  # still being declared
            return SetParametersResult(successful=True)
        nested = without_values(defaults)
        try:
            for name, value in values.items():
                nested = with_value(nested, name, value, type(defaults).__name__)
            load_settings(type(defaults), nested)
        except ConfigError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    return validate
