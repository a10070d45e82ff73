# SPDX-License-Identifier: Apache-2.0
"""What may be set while a node runs, over real DDS."""

from __future__ import annotations

import pytest
from rcl_interfaces.srv import GetParameters, SetParameters, SetParametersAtomically
from rclpy.parameter import Parameter

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
