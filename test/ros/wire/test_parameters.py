# SPDX-License-Identifier: Apache-2.0
"""What may be set while a node runs, over real DDS."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest
import rclpy
from rcl_interfaces.srv import GetParameters, SetParameters, SetParametersAtomically
from rclpy.parameter import Parameter

from ami_ros.config import load_settings, setting
from ami_ros.errors import ConfigError
from ami_ros.ros.wire.parameters import declare_settings, settings_from_parameters

CLOCK = "use_sim_time"


@pytest.mark.parametrize("name", ["sim", "safety", "planner"])
@pytest.mark.parametrize("simulated", [False, True])
def test_the_clock_of_a_running_node_stays(start, probe, straight_line, name, simulated):
    if name == "sim":
        pytest.importorskip("pybullet", reason="the simulator is not installed")
    start(straight_line if name == "planner" else name, use_sim_time=simulated)

    def change(value: object):
        parameter = Parameter(CLOCK, value=value).to_parameter_msg()
        one = probe.call(SetParameters, f"{name}/set_parameters", parameters=[parameter]).results[0]
        service = f"{name}/set_parameters_atomically"
        together = probe.call(SetParametersAtomically, service, parameters=[parameter]).result
        assert one.successful is together.successful
        return one

    refused = change(not simulated)
    assert not refused.successful
    assert f"{CLOCK}: got {not simulated}, expected {simulated} while the node runs" in refused.reason
    assert change(simulated).successful, "it may be set to what it is"
    assert not change(None).successful
    value = probe.call(GetParameters, f"{name}/get_parameters", names=[CLOCK]).values[0]
    assert value.bool_value is simulated
    listens = "/clock" in dict(probe.node.get_topic_names_and_types())
    assert listens is simulated, "the clock that it listens to is the one that it says"


@dataclasses.dataclass(frozen=True)
class Term:
    weight: float = setting("of it", ge=0.0, le=9.0)


@dataclasses.dataclass(frozen=True)
class Sections:
    speed: float = setting("of it", ge=0.0)
    terms: Mapping[str, Any] = setting("of the cost", sections=lambda name: Term)


def test_a_section_is_parameters_with_dots(probe):
    defaults = load_settings(
        Sections, {"speed": 1.0, "terms": {"goal": {"weight": 1.0}, "effort": {"weight": 0.0}}}
    )
    wanted = [Parameter("terms.effort.weight", value=0.5)]
    node = rclpy.create_node("with_sections", context=probe.node.context, parameter_overrides=wanted)
    try:
        declare_settings(node, defaults)
        assert node.describe_parameter("terms.effort.weight").floating_point_range[0].to_value == 9.0
        found = settings_from_parameters(node, Sections, defaults)
        assert found == Sections(1.0, {"goal": Term(1.0), "effort": Term(0.5)})
    finally:
        node.destroy_node()


def test_a_parameter_of_a_section_is_refused_by_its_name(probe):
    defaults = load_settings(Sections, {"speed": 1.0, "terms": {"effort": {"weight": 0.0}}})
    wanted = [Parameter("terms.effort.weight", value="much")]
    node = rclpy.create_node("with_sections", context=probe.node.context, parameter_overrides=wanted)
    try:
        declare_settings(node, defaults)
        with pytest.raises(ConfigError, match="Sections: terms.effort: weight: got 'much'"):
            settings_from_parameters(node, Sections, defaults)
    finally:
        node.destroy_node()
