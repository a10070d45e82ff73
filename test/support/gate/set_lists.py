# SPDX-License-Identifier: Apache-2.0
"""Sets the gate's restrictions that are lists."""

from __future__ import annotations

from probe import Probe
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue, SetParametersResult
from rcl_interfaces.srv import SetParametersAtomically


def set_lists(probe: Probe, **values: list[float]) -> SetParametersResult:
    """Set lists of numbers, all or none."""
    parameters = [
        Parameter(
            name=name,
            value=ParameterValue(type=ParameterType.PARAMETER_DOUBLE_ARRAY, double_array_value=value),
        )
        for name, value in values.items()
    ]
    name = "safety/set_parameters_atomically"
    return probe.call(SetParametersAtomically, name, parameters=parameters).result
