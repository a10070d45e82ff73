# SPDX-License-Identifier: Apache-2.0
"""The planner as a process, with a planner that needs no model, in front of a robot that the test plays."""

from __future__ import annotations

import array
import math
import time

import cv2
import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from robots import panda_yaml
from sensor_msgs.msg import CompressedImage, Image, JointState
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory
from visualization_msgs.msg import Marker, MarkerArray

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import load_robot
from ami_ros.ros.wire.goal_status import GoalState, status_from_ros
from ami_ros.ros.wire.messages import image_to_ros, joints_to_ros, stamp_from_ns, trajectory_from_ros
from ami_ros.ros.wire.qos import LATCHED

GOAL_NS = 4_242


class Listener:
    """Talks to the planner and remembers what it said."""

    def __init__(self, probe, spec) -> None:
        self.probe, self.spec = probe, spec
        self._statuses = probe.listen(DiagnosticArray, "planner/goal_status")
        self.proposals = probe.listen(JointTrajectory, "planner/proposed")
        self._goals = probe.node.create_publisher(JointState, "planner/goal_joints", 10)

    def send_joints(self, shift: float = 0.3) -> None:
        self.probe.until(self._goals.get_subscription_count, "a planner that listens for goals")
        goal = self.spec.home.copy()
        goal[0] += shift
        self._goals.publish(joints_to_ros(self.spec.joint_names, goal, goal * 0.0, GOAL_NS))

    def send(self, message: JointState) -> None:
        self.probe.until(self._goals.get_subscription_count, "a planner that listens for goals")
        self._goals.publish(message)

    def wait(self, state: GoalState, says: str = "", goal: str = ""):
        """Wait for a report from now on; the one before a goal may still be on its way."""
        self._statuses.clear()

        def found():
            statuses = [status_from_ros(message) for message in self._statuses]
            return next(
                (s for s in statuses if s.state is state and says in s.reason and goal in s.goal), None
            )

        try:
            return self.probe.until(found, f"{state} {says!r}")
        except BaseException:
            print([message.status[0].message for message in self._statuses[-3:]])
            raise

    def proposal(self):
        self.proposals.clear()
        return trajectory_from_ros(self.probe.until(lambda: self.proposals, "a proposal")[-1])


@pytest.fixture
def planner(start, probe, robot, straight_line) -> Listener:
    listener = Listener(probe, robot.spec)
    listener.process = start(straight_line, autostart=True)
    return listener


def test_a_goal_before_the_first_observation_is_kept(start, probe, make_robot, straight_line):
    listener = Listener(probe, load_robot("panda"))
    start(straight_line, autostart=True)
    listener.wait(GoalState.WAITING, "waiting for camera and joints")
    listener.send_joints()
    status = listener.wait(GoalState.WAITING, "no observation yet", goal="joints")
    assert status.goal_stamp_ns == GOAL_NS
    make_robot()
    assert listener.wait(GoalState.MOVING).goal_stamp_ns == GOAL_NS


def test_it_plans_toward_a_joint_goal_cancels_pauses_and_arrives(planner, probe, robot):
    planner.wait(GoalState.NO_GOAL)
    still = planner.proposal()
    assert np.array_equal(still.positions, np.stack([robot.position] * 2)), "it proposes to stand still"
    planner.send_joints()
    status = planner.wait(GoalState.MOVING)
    assert status.distance > 1 and status.cost == status.cost_terms["gap"] and status.proposal == "hold"
    plan = planner.proposal()
    assert len(plan.positions) == 6 and np.array_equal(plan.positions[0], robot.position)
    assert plan.positions[-1, 0] > robot.position[0] + 0.05
    assert probe.call(SetBool, "planner/pause", data=True).success
    planner.wait(GoalState.PAUSED)
    assert np.ptp(planner.proposal().positions, axis=0).max() == 0.0
    probe.call(SetBool, "planner/pause", data=False)
    planner.wait(GoalState.MOVING)
    robot.position[0] += 0.3
    planner.wait(GoalState.ARRIVED)
    assert probe.call(Trigger, "planner/cancel").success
    assert planner.wait(GoalState.NO_GOAL).goal == ""


def test_a_plan_starts_at_joints_that_the_model_does_not_use(start, probe, robot, straight_line, tmp_path):
    by_sight = panda_yaml(tmp_path, lambda values: values["sensors"]["joints"].update(used_by=["gate"]))
    listener = Listener(probe, robot.spec)
    start(straight_line, robot=str(by_sight), autostart=True)
    listener.send_joints()
    listener.wait(GoalState.MOVING)
    assert np.array_equal(listener.proposal().positions[0], robot.position)


def test_a_robot_that_gets_no_closer_is_called_stuck_until_it_does(start, probe, robot, straight_line):
    listener = Listener(probe, robot.spec)
    start(straight_line, autostart=True, patience_s=0.5)
    listener.send_joints()
    listener.wait(GoalState.MOVING)
    listener.wait(GoalState.STUCK, "remaining (rad or m): panda_joint1 +0.30")
    robot.position[0] += 0.15
    listener.wait(GoalState.MOVING)
    robot.position[0] += 0.15
    listener.wait(GoalState.ARRIVED)
    probe.spin(0.8)
    listener.wait(GoalState.ARRIVED)


def test_markers_and_diagnostics(planner, probe, robot):
    markers = probe.listen(MarkerArray, "planner/plan_markers")
    health = probe.listen(DiagnosticArray, "/diagnostics")
    planner.send_joints()
    planner.wait(GoalState.MOVING)
    by_name = {}

    def each(name):
        by_name.update({one.ns: one for message in markers for one in message.markers})
        return by_name.get(name)

    marker = probe.until(lambda: each("plan"), "the plan's markers")
    tip = Kinematics(robot.spec).forward(robot.position)[0]
    assert marker.type == Marker.LINE_STRIP and marker.header.frame_id == "panda_link0"
    assert [marker.points[0].x, marker.points[0].y, marker.points[0].z] == pytest.approx(tip.tolist())

    other, why = (probe.until(lambda name=name: each(name), name) for name in ("turned_down", "why"))
    away = [getattr(other.points[-1], axis) - at for axis, at in zip("xyz", tip, strict=True)]
    ahead = [getattr(by_name["plan"].points[-1], axis) - at for axis, at in zip("xyz", tip, strict=True)]
    assert np.dot(away, ahead) < 0.0  # the other way
    assert why.text == "gap +2.5" and why.pose.position == other.points[-1]

    def figures():
        values = {pair.key: pair.value for pair in health[-1].status[0].values} if health else {}
        return values if "loop_hz" in values and int(values["plans"]) > 5 else None

    values = probe.until(figures, "figures on /diagnostics")
    assert values["active"] == "True" and float(values["plan_ms_p99"]) >= float(values["plan_ms_p50"]) > 0.0
    assert 5.0 < float(values["loop_hz"]) < 15.0


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda m: setattr(m, "encoding", "16UC1"), "'16UC1', expected one of rgb8"),
        (lambda m: (setattr(m, "height", 0), setattr(m, "data", array.array("B"))), "got 128x0 pixels"),
        (lambda m: setattr(m, "step", 400), "expected 51200"),
    ],
)
def test_bad_images_hold_the_robot_and_are_reported(planner, robot, spoil, says):
    planner.send_joints()
    planner.wait(GoalState.MOVING)
    robot.image_change = spoil
    planner.wait(GoalState.ERROR, says)
    assert np.ptp(planner.proposal().positions, axis=0).max() == 0.0
    robot.image_change = lambda message: None
    planner.wait(GoalState.MOVING)


def test_padded_big_endian_images_are_planned_from(planner, robot):
    def pad(message) -> None:
        rows = np.frombuffer(message.data, dtype=np.uint8).reshape(128, -1)
        message.data = array.array("B", np.pad(rows, ((0, 0), (0, 16))).tobytes())
        message.step, message.is_bigendian = 128 * 3 + 16, 1

    robot.image_change = pad
    planner.send_joints()
    planner.wait(GoalState.MOVING)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda m: m.position.__setitem__(3, math.nan), "non-finite at index [3]"),
        (lambda m: m.name.__setitem__(0, "elbow"), "unknown ['elbow']"),
    ],
)
def test_bad_joint_states_are_waited_out(planner, robot, spoil, says):
    planner.send_joints()
    planner.wait(GoalState.MOVING)
    robot.joints_change = spoil
    planner.wait(GoalState.WAITING, says)
    robot.joints_change = lambda message: None
    planner.wait(GoalState.MOVING)


def test_goals_that_it_cannot_use_are_refused_and_dropped(planner, probe, robot):
    planner.send_joints()
    planner.wait(GoalState.MOVING)
    planner.send(JointState(name=["elbow"], position=[1.0]))
    planner.wait(GoalState.ERROR, "goal refused: joint state: got ['elbow']")
    planner.send_joints()
    planner.wait(GoalState.MOVING)
    images = probe.node.create_publisher(Image, "planner/goal_image", LATCHED)
    pixels = np.zeros((128, 128, 3), dtype=np.uint8)
    images.publish(image_to_ros(pixels, GOAL_NS, ""))
    planner.wait(GoalState.ERROR, "goal refused: got an image, expected joints")
    images.publish(Image(encoding="jpeg"))
    planner.wait(GoalState.ERROR, "goal refused: image encoding: got 'jpeg'")
    planner.send_joints()
    planner.wait(GoalState.MOVING)


def test_a_pose_of_the_tip_is_a_goal_or_refused_in_a_sentence(planner, probe, robot):
    poses = probe.node.create_publisher(PoseStamped, "planner/goal_pose", LATCHED)

    def send(frame: str, x: float) -> None:
        message = PoseStamped()
        message.header.frame_id = frame
        message.pose.position.x, message.pose.position.z = x, 0.4
        message.pose.orientation.x, message.pose.orientation.w = 1.0, 0.0
        poses.publish(message)

    send("panda_link0", 0.45)
    status = planner.wait(GoalState.MOVING, goal="tip at 0.450, 0.000, 0.400 m")
    assert status.goal_sensors == ("joints",) and status.goal_stamp_ns > 0
    robot.position[:] = Kinematics(robot.spec).solve(np.array([0.45, 0.0, 0.4]))
    planner.wait(GoalState.ARRIVED)
    send("map", 0.45)
    planner.wait(GoalState.ERROR, "goal refused: pose: frame_id: got 'map', expected 'panda_link0'")
    send("panda_link0", 0.9)
    planner.wait(
        GoalState.ERROR, "goal refused: pose: position: got [0.9, 0.0, 0.4] m, expected the workspace"
    )
    assert np.ptp(planner.proposal().positions, axis=0).max() == 0.0
    planner.process.check()
    assert "Traceback" not in planner.process.log_tail()


def test_images_of_too_many_pixels_are_refused(start, probe, robot, straight_line):
    listener = Listener(probe, robot.spec)
    process = start(straight_line, autostart=True, max_image_pixels=128 * 128 - 1)
    listener.send_joints()
    listener.wait(GoalState.ERROR, "got 128x128 = 16384 pixels, expected at most 16383 (max_image_pixels)")
    images = probe.node.create_publisher(Image, "planner/goal_image", LATCHED)
    images.publish(image_to_ros(np.zeros((128, 128, 3), dtype=np.uint8), GOAL_NS, ""))
    listener.wait(GoalState.ERROR, "goal refused: image: got 128x128 = 16384 pixels")
    process.check()


def test_a_bug_while_planning_holds_and_is_logged_with_its_traceback(start, probe, robot, straight_line):
    listener = Listener(probe, robot.spec)
    process = start(straight_line, autostart=True, crash=True)
    listener.send_joints()
    listener.wait(GoalState.ERROR, "ZeroDivisionError('a bug')")
    assert np.ptp(listener.proposal().positions, axis=0).max() == 0.0
    process.check()
    assert 'raise ZeroDivisionError("a bug")' in process.log_path.read_text()


def test_compressed_images(start, probe, straight_line):
    spec = load_robot("panda")
    listener = Listener(probe, spec)
    start(straight_line, autostart=True)
    images = probe.node.create_publisher(CompressedImage, "camera/image_raw/compressed", 5)
    joints = probe.node.create_publisher(JointState, "joint_states", 5)
    jpeg = cv2.imencode(".jpg", np.zeros((128, 128, 3), dtype=np.uint8))[1].tobytes()

    def tick() -> None:
        message = CompressedImage(format="jpeg", data=array.array("B", jpeg))
        message.header.stamp = stamp_from_ns(time.time_ns())
        images.publish(message)
        joints.publish(joints_to_ros(spec.joint_names, spec.home, spec.home * 0.0, time.time_ns()))

    probe.node.create_timer(0.1, tick)
    listener.send_joints()
    listener.wait(GoalState.MOVING)


def test_the_lifecycle_by_hand(start, probe, robot, straight_line):
    def change(transition: int) -> bool:
        request = Transition(id=transition)
        return probe.call(ChangeState, "planner/change_state", transition=request).success

    listener = Listener(probe, robot.spec)
    start(straight_line)
    listener.send_joints()
    listener.wait(GoalState.WAITING, "not active: configure and activate it")
    for _ in range(2):  # cleaned up and configured again, it works as before
        assert change(Transition.TRANSITION_CONFIGURE)
        assert not listener.proposals
        assert change(Transition.TRANSITION_ACTIVATE)
        listener.wait(GoalState.MOVING)
        assert change(Transition.TRANSITION_DEACTIVATE)
        listener.wait(GoalState.WAITING, "not active")
        listener.proposals.clear()
        assert change(Transition.TRANSITION_CLEANUP)
    assert change(Transition.TRANSITION_CONFIGURE) and change(Transition.TRANSITION_ACTIVATE)
    listener.wait(GoalState.MOVING)
    assert change(Transition.TRANSITION_ACTIVE_SHUTDOWN)
    probe.spin(0.3)  # what was under way has arrived
    listener.proposals.clear()
    probe.spin(0.5)
    assert not listener.proposals


def test_a_model_that_is_not_there_ends_an_autostarted_planner(start):
    pytest.importorskip("torch", reason="needs torch")
    process = start("planner", autostart=True, model="/nowhere/model.pt")
    assert process.wait(60.0) == 2
    assert "/nowhere/model.pt" in process.log_tail() and "Traceback" not in process.log_tail()
