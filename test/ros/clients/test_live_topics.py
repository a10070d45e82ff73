# SPDX-License-Identifier: Apache-2.0
"""`ami-ros doctor --live` over real DDS: a robot of ours is well, and each fault gets its line with a fix."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from bodies.yaml_bodies import TWIST, WRENCH, vector_sensor
from geometry_msgs.msg import Twist, TwistStamped, WrenchStamped
from rclpy.qos import QoSProfile, ReliabilityPolicy
from robots import panda_yaml, turning_arm
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import FluidPressure, Image, JointState, Temperature
from std_msgs.msg import Float64MultiArray, MultiArrayDimension
from trajectory_msgs.msg import JointTrajectory

from ami_ros.body.robot_spec import load_robot
from ami_ros.cli.doctor import doctor
from ami_ros.cli.live_topics import hear
from ami_ros.cli.new_robot import new_robot
from ami_ros.configuration import Configuration
from ami_ros.doctor.live.checks import live_checks
from ami_ros.ros.wire.messages import image_to_ros, joints_to_ros, stamp_from_ns

SPEC = load_robot("panda")
BEST_EFFORT = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
TICK_NS, SECOND_NS = 10_000_000, 1_000_000_000
LISTEN_S = 2.0
MEASURED = ("rate", "losses", "latency", "skew")  # lines that depend on how busy this machine is
Tick = Callable[[int, int], Any]


class Driver:
    """Publishes from a thread of its own what `said` makes of a tick's number and its time; stamps are exact."""

    def __init__(self, node: Any) -> None:
        self._node, self._due = node, []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def says(self, kind: Any, topic: str, said: Tick, every: int = 2, qos: Any = 10) -> None:
        """Publish every `every` ticks; a tick is 10 ms."""
        self._due.append((self._node.create_publisher(kind, topic, qos), said, every))

    def _run(self) -> None:
        begin_ns = time.time_ns()
        for tick in range(10**6):
            due_ns = begin_ns + tick * TICK_NS
            if self._over.wait(max(0.0, (due_ns - time.time_ns()) / 1e9)):
                return
            for publisher, said, every in self._due:
                if tick % every == 0:
                    publisher.publish(said(tick, due_ns))

    def __enter__(self) -> Driver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


@pytest.fixture
def driver(probe) -> Iterator[Driver]:
    return Driver(probe.node)


@pytest.fixture
def stranger(probe) -> Iterator[Any]:
    """A process of its own, as far as DDS is concerned: one has one type of messages on a topic."""
    node = type(probe)()
    yield node
    node.close()


def stamped(kind: Any, later_ns: int = 0, **fields: Any) -> Tick:
    def said(tick: int, now_ns: int) -> Any:
        message = kind(**fields)
        message.header.stamp = stamp_from_ns(now_ns + later_ns)
        return message

    return said


def arm(names: tuple[str, ...], factor: float = 1.0) -> Tick:
    """Joints that swing about home."""

    def said(tick: int, now_ns: int) -> JointState:
        position = SPEC.home[: len(names)] + 0.2 * math.sin(0.1 * tick)
        return joints_to_ros(names, factor * position, 0.0 * position, now_ns)

    return said


def picture(width: int, height: int, encoding: str = "rgb8", lives: bool = True) -> Tick:
    def said(tick: int, now_ns: int) -> Image:
        pixels = np.full((height, width, 3), 80, dtype=np.uint8)
        pixels[0, 0] = tick % 250 if lives else 7
        message = image_to_ros(pixels, now_ns, "camera")
        message.encoding = encoding
        return message

    return said


def labelled(numbers: list[float], labels: list[str]) -> Tick:
    def said(tick: int, now_ns: int) -> Float64MultiArray:
        message = Float64MultiArray(data=[number + 1e-3 * tick for number in numbers])
        message.layout.dim = [MultiArrayDimension(label=label, size=1, stride=1) for label in labels]
        return message

    return said


def rows(findings: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {finding["name"]: finding for finding in findings}


def test_a_robot_of_ours_has_nothing_to_mend(start, probe):
    start("sim")
    told = probe.listen(JointState, "joint_states")

    def rests() -> bool:
        return len(told) > 20 and np.allclose(told[-1].position, told[-20].position, rtol=0.0, atol=1e-8)

    probe.until(rests, "an arm that has settled")
    configuration = Configuration.load("panda", "reach")
    findings = live_checks(configuration, hear(configuration, LISTEN_S))
    measured = {f.name: f.figures for f in findings if f.name.endswith(MEASURED)}
    assert set(measured) == {
        *(f"{sensor}: {what}" for sensor in ("camera", "joints") for what in ("rate", "losses", "latency")),
        "camera and joints: skew",
    }
    assert all(measured.values())
    assert [f for f in findings if f.name not in measured and f.level != "ok"] == []
    assert {"camera: picture", "camera: frozen", "joints: values", "commands: controller"} < {
        f.name for f in findings
    }


def many_sensors(folder: Path) -> Path:
    """A Panda with a sensor for each fault."""
    hand = {"finger": "rad"}
    vectors = {
        "hand": vector_sensor("JointState", "hand_states", hand),
        "force": vector_sensor("WrenchStamped", "wrench", WRENCH),
        "late": vector_sensor("TwistStamped", "late", TWIST),
        "early": vector_sensor("Temperature", "early", {"temperature": "degC"}),
        "unstamped": vector_sensor("FluidPressure", "unstamped", {"pressure": "Pa"}),
        "deaf": vector_sensor("Temperature", "deaf", {"temperature": "degC"}),
        "gone": vector_sensor("Temperature", "gone", {"temperature": "degC"}),
        "moved": vector_sensor("FluidPressure", "moved", {"pressure": "Pa"}),
        "other": vector_sensor("TwistStamped", "other", TWIST),
        "broken": vector_sensor("Float64MultiArray", "broken", {"level": "m"}),
        "kelvin": vector_sensor("Float64MultiArray", "kelvin", {"boiler": "degC"}),
        "stuck": vector_sensor("Temperature", "stuck", {"temperature": "degC"}, freeze_s=0.2),
        "shared": vector_sensor("Temperature", "shared", {"temperature": "degC"}),
        "silent": vector_sensor("Temperature", "silent", {"temperature": "degC"}),
    }
    cameras = {name: {"topic": f"{name}/image_raw"} for name in ("small", "wide", "frozen")}

    def change(values: dict[str, Any]) -> None:
        sensors = values["sensors"]
        sensors |= {name: {**sensors["camera"], **more} for name, more in cameras.items()}
        sensors |= vectors
        values["simulation"] = {"kind": "none"}

    return panda_yaml(folder, change)


FAULTS = {  # line -> level, what is found, what to do
    "camera: picture": ("fail", "got '16UC1'", "publish complete rgb8 or bgr8"),
    "small: picture": (
        "warn",
        "64x64 rgb8, 128x128 in the YAML",
        "write width: 64 and height: 64 in sensors.small",
    ),
    "wide: picture": ("fail", "96x64 rgb8", "crop them, or train a model for this camera"),
    "frozen: frozen": ("fail", "repeat the previous one; the robot moved", "restart its driver"),
    "joints: values": ("fail", "degrees?", "make the driver send rad"),
    "hand: values": ("fail", "missing ['finger']", "write the driver's names (left_finger) for finger"),
    "force: rate": ("warn", "25 Hz, sensors.force.rate_hz is 50", "sensors.force.rate_hz: 25 in"),
    "late: latency": ("fail", "the robot holds at 500", "make the driver stamp at the measurement"),
    "early: latency": ("fail", "in the future, at most 0.05", "chrony"),
    "unstamped: latency": ("fail", "stamps are zero", "set header.stamp"),
    "deaf: QoS": (
        "fail",
        "best_effort, volatile; our nodes ask for reliable",
        "publish reliable and volatile",
    ),
    "gone: publisher": ("fail", "no node publishes /gone", "start the driver"),
    "moved: publisher": ("fail", "no node publishes /moved", "--ros-args -r __ns:=/left"),
    "other: publisher": (
        "fail",
        "/probe publishes geometry_msgs/msg/Twist,",
        "correct sensors.other (topic, message)",
    ),
    "broken: values": ("fail", "non-finite at index [0]", "finite number for each value, in the units of"),
    "kelvin: values": ("fail", "got unit 'K', expected 'degC'", "sensors.kelvin.values"),
    "stuck: frozen": ("fail", "the robot holds at 0.2", "sensors.stuck.freeze_s"),
    "shared: publisher": ("warn", "/probe, /probe on /shared", "keep only one publisher"),
    "silent: rate": ("fail", "sent nothing in", "paused simulator"),
    "commands: controller": (
        "fail",
        "/probe expects geometry_msgs/msg/Twist, the gate sends",
        "correct output",
    ),
    "commands: from": (
        "fail",
        "/probe on /joint_trajectory_controller/joint_trajectory",
        "stop /probe: the gate holds",
    ),
}


def test_each_fault_has_its_line_with_a_fix(driver, probe, stranger, tmp_path, capsys):
    node, output = probe.node, SPEC.output.topic
    driver.says(Image, "camera/image_raw", picture(128, 128, "16UC1"), every=10)
    driver.says(Image, "small/image_raw", picture(64, 64), every=10)
    driver.says(Image, "wide/image_raw", picture(96, 64), every=10)
    driver.says(Image, "frozen/image_raw", picture(128, 128, lives=False), every=10)
    driver.says(JointState, "joint_states", arm(SPEC.joint_names, math.degrees(1.0)), every=1)
    driver.says(JointState, "hand_states", arm(("left_finger",)))
    driver.says(WrenchStamped, "wrench", stamped(WrenchStamped), every=4)
    driver.says(TwistStamped, "late", stamped(TwistStamped, -2 * SECOND_NS))
    driver.says(Temperature, "early", stamped(Temperature, 100 * SECOND_NS))
    driver.says(FluidPressure, "unstamped", lambda tick, now_ns: FluidPressure())
    driver.says(Temperature, "deaf", stamped(Temperature), qos=BEST_EFFORT)
    driver.says(FluidPressure, "left/moved", stamped(FluidPressure))
    driver.says(Twist, "other", lambda tick, now_ns: Twist())
    driver.says(Float64MultiArray, "broken", labelled([math.nan], ["level:m"]))
    driver.says(Float64MultiArray, "kelvin", labelled([300.0], ["boiler:K"]))
    driver.says(Temperature, "stuck", stamped(Temperature, temperature=20.0))
    driver.says(Temperature, "shared", stamped(Temperature))
    node.create_publisher(Temperature, "shared", 10)
    node.create_publisher(Temperature, "silent", 10)
    node.create_publisher(JointTrajectory, output, 10)
    stranger.node.create_subscription(Twist, output, lambda message: None, 10)
    robot, figures = many_sensors(tmp_path), tmp_path / "doctor.json"
    with driver, pytest.raises(typer.Exit) as ending:
        doctor(str(robot), "reach", live=True, seconds=LISTEN_S, json_file=figures)
    assert ending.value.exit_code == 1
    told = json.loads(figures.read_text())
    found, shown = rows(told["checks"]), " ".join(capsys.readouterr().out.split())
    assert not told["ok"] and "camera: picture" in shown
    wrong = {}
    for line, (level, what, fix) in FAULTS.items():
        row = found[line]
        if row["level"] != level or what not in row["found"] or fix not in row["advice"]:
            wrong[line] = row
    assert not wrong
    assert found["force: rate"]["figures"]["rate_hz"] == pytest.approx(25.0)
    assert [name for name, row in found.items() if row["level"] != "ok" and not row["advice"]] == []
    alive = [
        name
        for name, row in found.items()
        if row["level"] == "ok" and name.endswith((": values", ": picture"))
    ]
    assert {"force: values", "late: values", "frozen: picture"} <= set(alive)


@pytest.mark.slow
def test_a_new_robot_is_held_against_its_topics(driver, tmp_path, capsys, monkeypatch):
    """With simulated time, too: stamps are those of /clock, hours from the wall's."""
    monkeypatch.setenv("COLUMNS", "300")
    out, began_ns = tmp_path / "arm.yaml", time.time_ns()
    new_robot(str(turning_arm(tmp_path)), out=out)
    assert "not checked: none of its topics in ROS_DOMAIN_ID" in (told := capsys.readouterr().out)
    assert f"ami-ros doctor --robot {out} --task reach --live" in " ".join(told.split())

    def simulated(said: Tick) -> Tick:
        return lambda tick, now_ns: said(tick, now_ns - began_ns + SECOND_NS)

    driver.says(Clock, "/clock", simulated(lambda tick, now_ns: Clock(clock=stamp_from_ns(now_ns))), every=1)
    driver.says(JointState, "joint_states", simulated(arm(("j1", "shoulder", "j3"))))
    driver.says(Image, "camera/image_raw", simulated(picture(160, 120)), every=10)
    with driver:
        new_robot(str(tmp_path / "small.urdf"), out=out, force=True)
    told = " ".join(capsys.readouterr().out.replace("│", "").split())
    assert "check: clock ok simulated time from /clock" in told
    assert "(shoulder) for j2 in sensors.joints.values" in told
    assert "50 Hz, sensors.joints.rate_hz is 100; make the driver publish at 100 Hz, or write" in told
    assert "write width: 160 and height: 120 in sensors.camera" in told
    assert "from another clock" not in told and "has another time" not in told
    assert "Next, on the robot: ami-ros doctor" in told, "the file itself is whole"
