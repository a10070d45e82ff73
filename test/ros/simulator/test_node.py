# SPDX-License-Identifier: Apache-2.0
"""The simulated robot: its services, its sensors, and its controller."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import time

import numpy as np
import pytest
from rcl_interfaces.srv import DescribeParameters
from sensor_msgs.msg import CameraInfo, Image, JointState
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger

from ami_ros.body.robot_spec import load_robot
from ami_ros.ros.wire.commands import message_type, to_message
from ami_ros.ros.wire.messages import image_from_ros, joints_from_ros, stamp_to_ns
from ami_ros.ros.wire.qos import LATCHED, STATE
from ami_ros.sim.camera.perturbation import Perturbation
from ami_ros.sim.loop.controller import SimController
from ami_ros.sim.pybullet.scene import Scene
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.types import Command

pytest.importorskip("pybullet", reason="the simulator is not installed")
STEPS, TICK_NS = 3, 10_000_000


def test_an_episode_in_real_time(start, probe):
    spec = load_robot("panda", "reach")
    truths = probe.listen(String, "sim/truth", 100)
    goals = probe.listen(Image, "sim/goal_image", LATCHED)
    images, infos = probe.listen(Image, "camera/image_raw"), probe.listen(CameraInfo, "camera/camera_info")
    joints = probe.listen(JointState, "joint_states")
    start("sim", episode_steps=STEPS)
    probe.until(lambda: goals, "the first goal")

    assert probe.set_parameter("sim", "seed", 5).successful
    answer = probe.call(Trigger, "sim/reset")
    assert answer.success
    begin = json.loads(answer.message)
    expected = load_task("reach", spec).episode(5)
    assert begin["seed"] == 5 and begin["start"] == expected.start.tolist()
    stamp_ns = begin["goal_stamp_ns"]
    probe.until(lambda: stamp_to_ns(goals[-1].header.stamp) == stamp_ns, "the new goal image")
    assert image_from_ros(goals[-1]).shape == (128, 128, 3)

    # What was told before it listened is lost: wait until it does.
    listening = (truths, images, infos, joints)
    probe.set_parameter("sim", "episode_steps", 0)
    probe.call(SetBool, "sim/pause", data=False)
    probe.until(lambda: all(listening), "truth, images and joints")
    probe.set_parameter("sim", "episode_steps", STEPS)
    probe.call(Trigger, "sim/reset")
    assert not np.array_equal(image_from_ros(goals[-1]), image_from_ros(images[-1]))

    truths.clear()
    probe.call(SetBool, "sim/pause", data=False)
    probe.until(lambda: truths and json.loads(truths[-1].data)["final"], "the episode's end")
    told = [json.loads(message.data) for message in truths]
    assert [truth["step"] for truth in told] == [0, 1, 2, 3]
    assert [truth["final"] for truth in told] == [False, False, False, True]
    gap = np.linalg.norm(np.array(told[-1]["tip"]) - expected.goal_position)
    assert told[-1]["error"] == pytest.approx(gap) and told[-1]["objects"] == []
    assert told[-1]["goal_position"] == expected.goal_position.tolist()

    probe.spin(0.2)
    images.clear(), joints.clear()
    probe.spin(0.3)
    probe.until(lambda: joints, "joints")
    assert not images, "paused, its camera is silent"
    probe.set_parameter("sim", "episode_steps", 0)
    probe.call(SetBool, "sim/pause", data=False)

    def at_its_rates() -> bool:
        images.clear(), joints.clear()
        probe.spin(1.0)
        return 60 <= len(joints) <= 115 and 6 <= len(images) <= 12

    probe.until(at_its_rates, "a second in which no other job holds it up")
    position, velocity = joints_from_ros(joints[-1], spec.joint_names, spec.simulation.hold_joints)
    assert np.allclose(position, expected.start, atol=1e-3) and np.allclose(velocity, 0.0, atol=1e-3)
    assert (infos[-1].width, infos[-1].height) == (128, 128) and infos[-1].k[0] == infos[-1].k[4] > 0


def test_what_is_commanded_right_after_a_reset_is_about_another_place(start, probe):
    """As long as a gate may act on joints from before the robot was put somewhere else."""
    spec = load_robot("panda", "reach")
    truths, joints = probe.listen(String, "sim/truth", 100), probe.listen(JointState, "joint_states")
    commands = probe.node.create_publisher(message_type(spec.output.of), spec.output.topic, STATE)
    start("sim")
    probe.until(lambda: truths and joints, "truth and joints")
    far = Command(spec.home + 1.0, np.zeros(7), 0)

    def unsafe() -> int:
        return json.loads(truths[-1].data)["unsafe_commands"] if truths else 0

    def command(duration_s: float, sent_ns: int = 0) -> None:
        over = time.monotonic() + duration_s
        while time.monotonic() < over:
            one = dataclasses.replace(far, stamp_ns=sent_ns or time.time_ns())
            commands.publish(to_message(one, spec.output.of, spec.command_names, TICK_NS))
            probe.spin(0.02)

    command(0.5)
    probe.until(lambda: unsafe() > 0, "a jump that is noticed")
    assert probe.call(Trigger, "sim/reset").success
    reset_ns = time.time_ns()
    truths.clear()
    command(0.1)
    probe.until(lambda: truths, "the world to go on")
    command(0.2, sent_ns=reset_ns)  # and late
    truths.clear()
    probe.until(lambda: truths, "what it counted")
    assert unsafe() == 0
    command(0.5)
    probe.until(lambda: unsafe() > 0, "a jump that is noticed again")


def test_a_machine_that_lets_the_world_stand_still_is_no_jump_of_the_gate(start, probe):
    spec = load_robot("panda", "reach")
    truths, joints = probe.listen(String, "sim/truth", 100), probe.listen(JointState, "joint_states")
    commands = probe.node.create_publisher(message_type(spec.output.of), spec.output.topic, STATE)
    sim = start("sim")
    probe.until(lambda: truths and joints, "truth and joints")
    assert probe.call(Trigger, "sim/reset").success
    truths.clear()
    probe.until(lambda: truths, "the world to go on")
    begin, began_ns = np.array(joints[-1].position[:7]), time.time_ns()
    speed = 1.5 * np.eye(7)[0] * -np.sign(begin[0] or 1.0)

    def command() -> None:
        stamp_ns = began_ns + (time.time_ns() - began_ns) // TICK_NS * TICK_NS  # as a gate's, however late
        one = Command(begin + speed * (stamp_ns - began_ns) / 1e9, speed, stamp_ns)
        commands.publish(to_message(one, spec.output.of, spec.command_names, TICK_NS))

    def drive(duration_s: float) -> None:
        over = time.monotonic() + duration_s
        while time.monotonic() < over:
            command()
            probe.spin(TICK_NS / 1e9)

    drive(0.3)
    os.kill(sim.pid, signal.SIGSTOP)
    drive(0.6)
    os.kill(sim.pid, signal.SIGCONT)
    drive(0.2)
    truths.clear()
    probe.until(lambda: truths, "what it counted")
    assert "jump" not in json.loads(truths[-1].data)["unsafe_by_kind"]


def test_parameters_are_described_checked_and_mostly_read_only(start, probe):
    start("sim", lock_step=True)
    refused = probe.set_parameter("sim", "seed", -1)
    assert not refused.successful and "-1" in refused.reason
    assert not probe.set_parameter("sim", "physics_hz", 100).successful
    names = ["seed", "physics_hz", "lock_step"]
    described = probe.call(DescribeParameters, "sim/describe_parameters", names=names).descriptors
    assert [d.read_only for d in described] == [False, True, True]
    assert described[1].floating_point_range[0].from_value == 20.0
    assert described[1].description == "simulation steps per second [Hz]"


def test_an_unknown_fault_is_refused_and_a_known_one_shows(start, probe):
    images = probe.listen(Image, "camera/image_raw")
    start("sim")
    probe.until(lambda: images, "an image")
    refused = probe.set_parameter("sim", "fault", "camera_black+fog")
    assert not refused.successful and "fog" in refused.reason and "camera_frozen" in refused.reason
    assert probe.set_parameter("sim", "fault", "camera_black").successful
    probe.until(lambda: not any(images[-1].data), "a black image")
    assert probe.set_parameter("sim", "fault", "").successful
    probe.until(lambda: any(images[-1].data), "light again")


def test_an_object_that_was_taken_away_is_not_on_the_next_goal_image(start, probe):
    """It was, when the reset came before the next tick: no way leads to such a goal."""
    goals = probe.listen(Image, "sim/goal_image", LATCHED)

    def goal_after_reset():
        stamp_ns = json.loads(probe.call(Trigger, "sim/reset").message)["goal_stamp_ns"]
        probe.until(lambda: goals and stamp_to_ns(goals[-1].header.stamp) == stamp_ns, "the goal image")
        return image_from_ros(goals[-1])

    start("sim", task="reach", seed=5)
    clean = goal_after_reset()
    assert probe.set_parameter("sim", "fault", "unknown_object").successful
    assert not np.array_equal(goal_after_reset(), clean), "who leaves it there has it in the picture"
    assert probe.set_parameter("sim", "fault", "").successful
    assert np.array_equal(goal_after_reset(), clean)


def test_an_unknown_task_ends_it_with_a_message(start):
    process = start("sim", task="juggle")
    assert process.wait(30.0) == 2
    assert (
        "unknown task 'juggle': expected one of barrier, drive, pick, place, push, reach"
        in process.log_tail()
    )


def test_a_task_with_an_object_shows_and_judges_it(start, probe):
    spec = load_robot("panda", "push")
    task = load_task("push", spec)
    goals, truths = probe.listen(Image, "sim/goal_image", LATCHED), probe.listen(String, "sim/truth", 100)
    infos = probe.listen(CameraInfo, "camera/camera_info")
    start("sim", task="push", seed=5)
    probe.until(lambda: goals and truths and infos, "goal image, truth and camera info")
    truth, episode = json.loads(truths[-1].data), task.episode(5)
    (block,) = np.array(truth["objects"])
    assert block[:3] == pytest.approx(episode.start_objects["block"][:3], abs=2e-3)
    assert truth["error"] == pytest.approx(np.linalg.norm(block[:2] - episode.goal_position[:2]))
    scene = Scene(spec, 200.0)
    task.furnish(scene)
    shown = scene.image_at(episode.goal, episode.goal_objects)
    scene.close()
    assert np.array_equal(image_from_ros(goals[-1]), shown)
    assert infos[-1].k[4] == pytest.approx(64.0 / np.tan(np.deg2rad(spec.camera.vertical_fov_deg) / 2))


def test_a_perturbation_of_camera_and_light_is_that_of_the_seed(start, probe):
    spec, looks = load_robot("panda", "reach"), Perturbation("exposure", 2.0, True)
    goals = probe.listen(Image, "sim/goal_image", LATCHED)
    start("sim", seed=5, perturb="exposure", perturb_scale=2.0, perturb_exactly=True)
    probe.until(lambda: goals, "the first goal")
    scene, episode = Scene(spec, 200.0), load_task("reach", spec).episode(5)
    scene.reset(episode.start)
    assert not np.array_equal(image_from_ros(goals[-1]), scene.image_at(episode.goal))
    scene.vary(looks.variation(5), 5)
    assert np.array_equal(image_from_ros(goals[-1]), scene.image_at(episode.goal))


def test_an_unknown_perturbation_ends_it_with_the_names(start):
    process = start("sim", perturb="fog")
    assert process.wait(30.0) == 2
    assert "'fog'" in process.log_tail() and "camera_pose" in process.log_tail()


@pytest.fixture
def controller() -> SimController:
    return SimController(load_robot("panda"), timeout_s=0.1, tick_s=0.01)


HOME = load_robot("panda").home
STILL = np.zeros(7)


def joint(index: int, value: float, base: np.ndarray = STILL) -> np.ndarray:
    vector = base.copy()
    vector[index] = value
    return vector


def test_the_controller_holds_without_commands_where_the_timeout_found_it(controller):
    assert np.array_equal(controller.follow(HOME, 0).position, HOME)
    controller.take(Command(HOME + 0.01, STILL, 0), HOME, 0)
    assert np.array_equal(controller.follow(HOME, 100_000_000).position, HOME + 0.01)
    assert np.array_equal(controller.follow(HOME + 0.005, 100_000_001).position, HOME + 0.005)
    assert controller.timed_out_ns == 100_000_001
    sagged = controller.follow(HOME + 0.004, 200_000_000)
    assert np.array_equal(sagged.position, HOME + 0.005) and not sagged.velocity.any()
    assert controller.oracle.unsafe == 0


@pytest.mark.parametrize(
    ("position", "velocity"),
    [
        (joint(3, -0.06, HOME), STILL),
        (HOME, joint(0, 2.2)),
        (joint(0, 0.03, HOME), STILL),  # 0.03 rad in a tick is 3 rad/s
        (HOME, joint(1, 0.08)),  # 0.08 rad/s in a tick is 8 rad/s^2
    ],
)
def test_the_controller_counts_and_clips_what_is_outside_the_limits(controller, position, velocity):
    controller.take(Command(HOME, STILL, 0), HOME, 0)
    controller.take(Command(position, velocity, TICK_NS), position, TICK_NS)
    assert controller.oracle.unsafe == 1
    limits, done = load_robot("panda").limits, controller.follow(position, TICK_NS)
    assert (done.position <= limits.upper).all() and (np.abs(done.velocity) <= limits.velocity).all()


def test_the_controller_catches_up_no_faster_than_the_joints_may_move(controller):
    controller.take(Command(HOME + 0.2, STILL, 0), HOME, 0)
    limits = load_robot("panda").limits
    step = controller.follow(HOME, 0).position - HOME
    assert np.allclose(step, limits.velocity * 0.01, rtol=1e-5)
    for _ in range(20):
        last = controller.follow(HOME, 0).position
    assert np.array_equal(last, HOME + 0.2)
    assert controller.oracle.unsafe == 0


def test_the_controller_refuses_a_jump(controller):
    controller.take(Command(joint(0, 0.6, HOME), STILL, 0), HOME, 0)
    assert controller.oracle.counts == {"jump": 1}
    assert np.array_equal(controller.follow(HOME, 0).position, HOME)
