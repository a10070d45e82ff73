# SPDX-License-Identifier: Apache-2.0
"""What may be set while a node runs, over real DDS."""

from __future__ import annotations

import dataclasses
import importlib
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import pytest
import rclpy
from rcl_interfaces.srv import GetParameters, SetParameters, SetParametersAtomically
from rclpy.node import Node
from rclpy.parameter import Parameter

from ami_ros.errors import ConfigError
from ami_ros.node_settings import RestrictionSettings
from ami_ros.ros.wire.parameters import declare_settings, keep_clock, settings_from_parameters
from ami_ros.settings.fields import load_settings, setting
from ami_ros.system.processes import NODE_PROGRAMS
from generate import settings, topics

CLOCK = "use_sim_time"
OF_EVERY_NODE = {CLOCK, "start_type_description_service"}


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


NODES = {
    "planner": ("planner.node", "PlannerNode"),
    "explorer": ("explorer.node", "ExplorerNode"),
    "safety": ("gate.node", "SafetyNode"),
    "sim": ("simulator.sim_node", "SimNode"),
    "recorder": ("recorder.node", "RecorderNode"),
}
# Of each node, next to the clock, which a running node keeps.
SET_WHILE_IT_RUNS = {
    "planner": set(),
    "explorer": set(),
    "recorder": set(),
    "sim": {"seed", "episode_steps", "fault", "fault_seed", "perturb", "perturb_scale", "perturb_exactly"},
    "safety": {"speed_scale", *(field.name for field in dataclasses.fields(RestrictionSettings))},
}


@pytest.fixture
def make(environment, tmp_path) -> Iterator[Callable[[str], Node]]:
    """Make a node as its process does; none loads a model before it is configured."""
    made: list[Node] = []

    def make(name: str) -> Node:
        # A gate made here would raise the priority of this process, and of each one that later tests start.
        given = {"recorder": f"out:={tmp_path / 'bag'}", "safety": "realtime_priority:=0"}.get(name)
        rclpy.init(args=["--ros-args", "-p", given] if given else [])
        module, kind = NODES[name]
        make_node = getattr(importlib.import_module(f"ami_ros.ros.{module}"), kind)
        if name == "planner":
            factory = importlib.import_module("ami_ros.planning.factory")
            make_node = partial(make_node, factory.world_model_planner(time.perf_counter_ns))
        made.append(make_node())
        keep_clock(made[-1])
        return made[-1]

    yield make
    for node in made:
        if hasattr(node, "recording"):
            node.recording.close()
        node.destroy_node()
        rclpy.shutdown()


@pytest.mark.parametrize("name", NODE_PROGRAMS)
def test_every_parameter_is_described_and_has_its_range(make, name):
    pytest.importorskip({"sim": "pybullet", "planner": "torch", "recorder": "mcap"}.get(name, "rclpy"))
    node = make(name)
    lacking, changeable = [], set()
    for parameter in node.get_parameters_by_prefix("").values():
        told = node.describe_parameter(parameter.name)
        if not told.read_only:
            changeable.add(parameter.name)
        if len(told.description) < 5 or told.description == parameter.name:
            lacking.append(f"{parameter.name}: {told.description!r}")
        if isinstance(parameter.value, (bool, str)):
            continue
        if isinstance(parameter.value, (int, float)):
            (span,) = [*told.floating_point_range, *told.integer_range] or [None]
            finite = span is not None and (isinstance(parameter.value, int) or abs(span.to_value) < 1e10)
            if not finite or not span.from_value <= parameter.value <= span.to_value:
                lacking.append(f"{parameter.name}: {span}")
        elif "a list of finite numbers" not in told.additional_constraints:
            lacking.append(f"{parameter.name}: {told.additional_constraints!r}")
    assert not lacking
    assert changeable == {CLOCK, *SET_WHILE_IT_RUNS[name]}
    declared = {parameter.name for parameter in node.get_parameters_by_prefix("").values()}
    assert {it.name for it in settings.parameters(name)} == declared - OF_EVERY_NODE, "those on the page"
    ends = topics.uses_of(node)
    assert all(topics.described(topic) for way in ("subscribes", "publishes") for topic, _, _ in ends[way])
    assert {service for service, _, _ in ends["serves"]} <= set(topics.SERVICES)


@dataclasses.dataclass(frozen=True)
class Term:
    weight: float = setting("of it", ge=0.0, le=9.0)


@dataclasses.dataclass(frozen=True)
class Bare:
    pass


@dataclasses.dataclass(frozen=True)
class Sections:
    speed: float = setting("of it", ge=0.0, live=True)
    terms: Mapping[str, Any] = setting("of the cost", sections=lambda name: Bare if name == "bare" else Term)


def test_a_section_is_parameters_with_dots(probe):
    values = {"speed": 1.0, "terms": {"goal": {"weight": 1.0}, "bare": {}, "effort": {"weight": 0.0}}}
    defaults = load_settings(Sections, values)
    wanted = [Parameter("terms.effort.weight", value=0.5)]
    node = rclpy.create_node("with_sections", context=probe.node.context, parameter_overrides=wanted)
    try:
        declare_settings(node, defaults)
        assert node.describe_parameter("terms.effort.weight").floating_point_range[0].to_value == 9.0
        found = settings_from_parameters(node, Sections, defaults)
        assert found == Sections(1.0, {"goal": Term(1.0), "bare": Bare(), "effort": Term(0.5)})
        assert node.set_parameters([Parameter("speed", value=2.0)])[0].successful
        assert "speed: got 'fast'" in node.set_parameters([Parameter("speed", value="fast")])[0].reason
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
