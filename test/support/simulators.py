# SPDX-License-Identifier: Apache-2.0
"""Robots in each simulator that is installed."""

from __future__ import annotations

import dataclasses
import importlib

import pytest

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.simulators import SIMULATORS
from ami_ros.errors import ConfigError

EVERY = list(SIMULATORS)


def in_simulator(kind: str, spec: RobotSpec) -> RobotSpec:
    """Return an arm as it is simulated in this simulator; skip the test where the simulator is not installed."""
    try:
        importlib.import_module(SIMULATORS[kind].backend)
    except (ConfigError, ImportError) as error:
        pytest.skip(f"needs the extra '{kind}': {error}", allow_module_level=True)
    return dataclasses.replace(spec, simulation=dataclasses.replace(spec.simulation, kind=kind))
