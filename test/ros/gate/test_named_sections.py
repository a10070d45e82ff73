# SPDX-License-Identifier: Apache-2.0
"""The gate's parameters: a check of another package that they name, one that has moved, and mistakes."""

from __future__ import annotations

import pytest
import rclpy
from foreign_package import installed
from rclpy.exceptions import InvalidParameterValueException
from rclpy.parameter import Parameter

from ami_ros.errors import ConfigError
from ami_ros.ros.gate.node import SafetyNode

CHECK = """
from dataclasses import dataclass

from ami_ros.safety.check import Check
from ami_ros.settings.fields import setting
from ami_ros.types import PASS

built = []


@dataclass(frozen=True)
class Settings:
    most: float = setting("of it", ge=0.0, le=9.0)


class Quiet(Check):
    def judge(self, situation):
        return PASS


def build(context, settings):
    built.append(settings.most)
    return [Quiet()]
"""


@pytest.fixture
def begin(environment):
    """Begin ROS with parameters of the gate."""

    def begin(*given: str) -> None:
        # A gate made here would raise the priority of this process, and of each one that later tests start.
        own = [part for one in ("realtime_priority:=0", *given) for part in ("-p", one)]
        rclpy.init(args=["--ros-args", *own])

    yield begin
    rclpy.shutdown()


def test_parameters_name_a_check_of_another_package(begin, tmp_path):
    begin("checks.quiet.most:=3.5", "checks.doubt.tries:=1")
    with installed(tmp_path, "theirs", {"their_quiet": CHECK}, {"ami_ros.checks": {"quiet": "their_quiet"}}):
        node = SafetyNode()
        try:
            import their_quiet  # what the gate has loaded

            assert their_quiet.built == [3.5]
            assert node.describe_parameter("checks.quiet.most").floating_point_range[0].to_value == 9.0
            assert node.get_parameter("checks.doubt.tries").value == 1
            refused = node.set_parameters([Parameter("checks.quiet.most", value=4.0)])[0]
            assert not refused.successful, "thresholds stay while the gate runs"
        finally:
            node.destroy_node()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("surprise_limit:=2.0", r"unknown parameters .* did you mean \['checks.doubt.surprise_limit'\]"),
        ("checks.quiet.most:=3.5", "checks: got 'quiet', expected one of .* none installed"),
        ("rate:=100.0", r"unknown parameters \['rate'\]"),
        ("rate_hz:=-1.0", "rate_hz"),
        ("rate_hz:=fast", "rate_hz: got 'fast'"),
        ("command_interface:=telepathy", "telepathy"),
    ],
)
def test_a_parameter_that_is_none_or_says_nothing_useful_is_refused_by_name(begin, given, message):
    begin(given)
    with pytest.raises((ConfigError, InvalidParameterValueException), match=message):
        SafetyNode()
