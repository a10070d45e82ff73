# SPDX-License-Identifier: Apache-2.0
"""What controllers were told, by every interface, as positions over time."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("mcap", reason="needs the extra 'record'")
from bodies import mobile_base
from recorded import KIND, trajectory
from robots import made_up_robot

from ami_ros.body.outputs import Output
from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import JointStateError, ProposalError
from ami_ros.recordings.importing.commands import CommandReader

SPEC = made_up_robot()
NAMES, SECOND = SPEC.joint_names, 10**9


def numbers(*values: float):
    layout = KIND["std_msgs/msg/MultiArrayLayout"](dim=[], data_offset=0)
    return KIND["std_msgs/msg/Float64MultiArray"](layout=layout, data=np.array(values))


def first(reader: CommandReader, *times_s: float) -> list[float | None]:
    """Return the first channel at those times."""
    told = [reader.at(round(time_s * SECOND)) for time_s in times_s]
    return [None if one is None else pytest.approx(one[0]) for one in told]


def test_a_trajectory_is_followed_until_another_one_replaces_it():
    reader = CommandReader(SPEC)
    assert first(reader, 0.0) == [None]
    far = np.outer([0.0, 1.0, 3.0], np.ones(4))
    reader.take(trajectory(0.0, NAMES, far, [0.0, 1.0, 2.0]), 10 * SECOND)
    assert first(reader, 9.9, 10.0, 10.5, 11.5, 12.4, 12.6) == [None, 0.0, 0.5, 2.0, 3.0, None]
    reader.take(trajectory(0.0, NAMES, np.zeros((1, 4)), [1.0]), 11 * SECOND)
    assert first(reader, 10.5, 11.0, 11.5, 12.0) == [0.5, 1.0, 0.5, 0.0]
    # After a rest it begins where it rested, and nobody knows what the robot does meanwhile.
    reader.take(trajectory(0.0, NAMES, np.ones((1, 4)), [2.0]), 20 * SECOND)
    assert first(reader, 15.0, 20.0, 21.0, 22.0) == [None, 0.0, 0.5, 1.0]


def test_nothing_leads_from_one_run_into_the_next():
    reader = CommandReader(SPEC)
    for run, (begin_s, place) in enumerate([(0.0, 5.0), (10.0, 1.0)]):
        for tick in range(20):  # faster than each ends, so each begins where the one before it led
            told = np.full((1, 4), place + 0.01 * tick)
            reader.take(trajectory(0.0, NAMES, told, [0.1]), round((begin_s + 0.01 * tick) * SECOND), run)
    assert first(reader, 5.0, 9.99) == [None, None]
    assert 0.9 < reader.at(round(10.02 * SECOND))[0] < 1.1
    places = CommandReader(SPEC.with_group(output=Output("forward_position", "p", 0.0)))
    places.take(numbers(5, 0, 0, 0), 0)
    places.take(numbers(1, 0, 0, 0), 10 * SECOND, run=1)
    assert first(places, 0.2, 9.9, 10.0) == [5.0, None, 1.0]


def test_velocities_are_summed_up_and_positions_taken_as_they_are():
    speed = CommandReader(SPEC.with_group(output=Output("forward_velocity", "v", 0.0)))
    for tick in range(11):
        speed.take(numbers(0.5, 0, 0, -1.0), tick * SECOND // 10)
    assert speed.relative
    np.testing.assert_allclose(speed.at(SECOND) - speed.at(SECOND // 2), [0.25, 0, 0, -0.5])
    place = CommandReader(SPEC.with_group(output=Output("forward_position", "p", 0.0)))
    place.take(numbers(1, 2, 3, 4), 0)
    place.take(numbers(2, 2, 3, 4), SECOND // 10)
    assert first(place, 0.05) == [1.5]
    with pytest.raises(JointStateError, match="expected a vector of 4 numbers"):
        place.take(numbers(1, 2), SECOND)
    with pytest.raises(JointStateError, match="non-finite"):
        place.take(numbers(1, 2, 3, np.nan), SECOND)


def test_a_velocity_holds_from_when_it_was_told():
    speed = CommandReader(SPEC.with_group(output=Output("forward_velocity", "v", 0.0)))
    for tick, value in enumerate([0.0, 1.0, -1.0, 0.0]):
        speed.take(numbers(value, 0, 0, 0), tick * SECOND // 10)
    ways = np.diff([speed.at(tick * SECOND // 10)[0] for tick in range(5)])
    np.testing.assert_allclose(ways, [0.0, 0.1, -0.1, 0.0], atol=1e-12)


@pytest.mark.parametrize(("interface", "let_go"), [("forward_position", 1.0), ("forward_velocity", 0.0)])
def test_nothing_is_known_in_a_pause(interface, let_go):
    reader = CommandReader(SPEC.with_group(output=Output(interface, "topic", 0.0)))
    reader.take(numbers(1, 1, 1, 1), 0)
    reader.take(numbers(let_go, 1, 1, 1), SECOND // 10)
    reader.take(numbers(2, 1, 1, 1), 10 * SECOND)
    here = reader.at(SECOND // 10)[0]
    assert first(reader, 0.3, 0.6, 0.7, 5.0, 9.9, 10.0) == [
        here,
        here,
        None,
        None,
        None,
        reader.at(10 * SECOND)[0],
    ]
    # A stick that is let go says it once; what the robot does later it was not told then.
    assert reader.at(10 * SECOND)[0] == (2.0 if interface == "forward_position" else here)


def test_a_base_is_told_its_velocity(tmp_path):
    spec = load_robot(mobile_base(tmp_path))
    vector = KIND["geometry_msgs/msg/Vector3"]

    def twist(ahead: float, turn: float):
        told = KIND["geometry_msgs/msg/Twist"](vector(ahead, 0.0, 0.0), vector(0.0, 0.0, turn))
        stamped = spec.output.interface == "twist_stamped"
        return KIND["geometry_msgs/msg/TwistStamped"](None, told) if stamped else told

    reader = CommandReader(spec)
    reader.take(twist(0.3, -0.2), SECOND)
    np.testing.assert_allclose(reader.at(SECOND), [0.3, -0.2])
    reader.take(twist(0.0, 0.0), 2 * SECOND)
    reader.take(twist(0.4, 0.0), 12 * SECOND)
    np.testing.assert_allclose(reader.at(2 * SECOND + SECOND // 2), [0.0, 0.0])
    assert reader.at(3 * SECOND) is None


def test_commands_of_another_robot_are_refused():
    with pytest.raises(ProposalError, match=r"got channels \['other'\], expected also \['joint_a'"):
        CommandReader(SPEC).take(trajectory(0.0, ["other"], np.zeros((1, 1)), [0.1]), 0)
