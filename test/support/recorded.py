# SPDX-License-Identifier: Apache-2.0
"""Recordings for tests, made without ROS: a bright square that moves with the joints of the made-up robot.

And what is imported of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from robots import HOME, changed, made_up_robot

from ami_ros.body.actions import ActionSpec, Channel
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.episodes.episode import list_episodes, read_episode
from ami_ros.recordings.bags.bag_topic import BagTopic, types
from ami_ros.recordings.bags.bag_writer import BagWriter
from ami_ros.recordings.importing.importing import Import, ImportSettings
from ami_ros.recordings.importing.place import SensorTrust

BEGIN_S, STEP_S = 1_700_000_000.0, 0.1
JOINT_HZ, CAMERA_HZ = 100.0, 30.0
WIDTH, HEIGHT, SQUARE = 48, 40, 10
JOINT_STATE, IMAGE = "sensor_msgs/msg/JointState", "sensor_msgs/msg/Image"
COMPRESSED_IMAGE, TRAJECTORY = "sensor_msgs/msg/CompressedImage", "trajectory_msgs/msg/JointTrajectory"
DIAGNOSTICS, STRING = "diagnostic_msgs/msg/DiagnosticArray", "std_msgs/msg/String"
COMMAND_TOPIC = "/joint_trajectory_controller/joint_trajectory"
SHUFFLED = ("joint_c", "joint_a", "joint_d", "joint_b")  # no order is promised
KIND = types().types
SIDE, STEPS = 24, 15
TRUST = SensorTrust(joint_jump=0.05, pose_jump=0.1, joint_settle_s=0.25, still_joints_travel=0.05)
ANYTHING_GOES = SensorTrust(
    joint_jump=np.inf, pose_jump=np.inf, joint_settle_s=0.0, still_joints_travel=np.inf
)


def joint_robot() -> RobotSpec:
    """Return the made-up robot with two of its joints commanded by velocity."""
    channels = tuple(Channel(name, "rad/s", -1.0, 1.0) for name in ("joint_b", "joint_d"))
    return changed(made_up_robot(), actions=ActionSpec("joint_velocity", 1 / STEP_S, 1, channels))


def joints_at(time_s: float | np.ndarray) -> np.ndarray:
    """Return where the joints are (..., 4), in the robot's order; b and d move."""
    t = np.asarray(time_s, dtype=np.float64)
    moving = 0.25 * np.sin(1.3 * t) + 0.12 * np.sin(3.1 * t + 1.0)
    still = np.zeros_like(t)
    return np.stack([HOME[0] + still, HOME[1] + moving, HOME[2] + still, HOME[3] + 0.4 * moving], axis=-1)


def velocity_at(time_s: float | np.ndarray) -> np.ndarray:
    """Return how fast they move there."""
    return (joints_at(np.asarray(time_s) + 1e-4) - joints_at(np.asarray(time_s) - 1e-4)) / 2e-4


def picture_at(time_s: float) -> np.ndarray:
    """Return the picture of that moment (H, W, 3): the square is where joint b is."""
    picture = np.full((HEIGHT, WIDTH, 3), 30, np.uint8)
    place = (joints_at(time_s)[1] - HOME[1] + 0.4) / 0.8 * (WIDTH - SQUARE)
    columns = np.arange(WIDTH)
    inside = np.clip(columns + 1 - place, 0, 1) * np.clip(place + SQUARE - columns, 0, 1)
    picture[12:28] = (30 + 200 * inside[:, None]).astype(np.uint8)
    return picture


def header(time_s: float) -> Any:
    sec, nanosec = divmod(round((BEGIN_S + time_s) * 1e9), 10**9)
    stamp = KIND["builtin_interfaces/msg/Time"](sec=sec, nanosec=nanosec)
    return KIND["std_msgs/msg/Header"](stamp=stamp, frame_id="")


def joint_state(time_s: float, names: Iterable[str] = SHUFFLED, shift: float = 0.0) -> Any:
    names = list(names)
    order = ["joint_" + letter for letter in "abcd"]
    index = [order.index(name) if name in order else 0 for name in names]
    position, velocity = joints_at(time_s)[index] + shift, velocity_at(time_s)[index]
    return KIND[JOINT_STATE](header(time_s), names, position, velocity, np.zeros(0))


def image(time_s: float, picture: np.ndarray, encoding: str = "rgb8") -> Any:
    height, width, _ = picture.shape
    data = np.ascontiguousarray(picture).reshape(-1)
    return KIND[IMAGE](header(time_s), height, width, encoding, 0, width * 3, data)


def compressed(time_s: float, picture: np.ndarray) -> Any:
    data = cv2.imencode(".png", picture[:, :, ::-1])[1].reshape(-1)
    return KIND[COMPRESSED_IMAGE](header(time_s), "png", data)


def trajectory(time_s: float, names: Iterable[str], positions: np.ndarray, times_s: Iterable[float]) -> Any:
    nothing, points = np.zeros(0), []
    for position, at_s in zip(np.atleast_2d(positions), times_s, strict=True):
        sec, nanosec = divmod(round(at_s * 1e9), 10**9)
        after = KIND["builtin_interfaces/msg/Duration"](sec=sec, nanosec=nanosec)
        kind = KIND["trajectory_msgs/msg/JointTrajectoryPoint"]
        points.append(kind(np.asarray(position, dtype=np.float64), nothing, nothing, nothing, after))
    return KIND[TRAJECTORY](header(time_s), list(names), points)


def verdict(time_s: float, level: str, proposal_s: float | None = None) -> Any:
    pair = KIND["diagnostic_msgs/msg/KeyValue"]
    values = [pair("level", level)]
    if proposal_s is not None:
        values.append(pair("proposal_stamp_ns", str(round((BEGIN_S + proposal_s) * 1e9))))
    status = KIND["diagnostic_msgs/msg/DiagnosticStatus"](0, "safety", level, "", values)
    return KIND[DIAGNOSTICS](header(time_s), [status])


@dataclass
class Script:
    """What is said, in the order in which it arrives: (arrival s, topic, type, message)."""

    said: list[tuple[float, str, str, Any]] = field(default_factory=list)

    def say(self, time_s: float, topic: str, kind: str, message: Any) -> None:
        self.said.append((time_s, topic, kind, message))

    def joints(self, end_s: float, begin_s: float = 0.0, topic: str = "/joint_states", **how: Any) -> None:
        for time_s in np.arange(begin_s, end_s, 1 / JOINT_HZ):
            self.say(time_s, topic, JOINT_STATE, joint_state(time_s, **how))

    def camera(
        self,
        end_s: float,
        begin_s: float = 0.0,
        late_s: float = 0.0,
        topic: str = "/camera/image_raw",
        hz: float = CAMERA_HZ,
        packed: bool = False,
        seen: Callable[[float], np.ndarray] = picture_at,
    ) -> None:
        """Pictures are stamped, and arrive, `late_s` after what they show."""
        make, kind = (compressed, COMPRESSED_IMAGE) if packed else (image, IMAGE)
        for time_s in np.arange(begin_s + 0.003, end_s, 1 / hz):
            self.say(time_s + late_s, topic, kind, make(time_s + late_s, seen(time_s)))

    def commands(self, end_s: float, begin_s: float = 0.0) -> None:
        """Each 10 ms where to be 10 ms later."""
        for time_s in np.arange(begin_s, end_s, 0.01):
            told = joints_at(time_s + 0.01)[[2, 0, 3, 1]]
            self.say(time_s, COMMAND_TOPIC, TRAJECTORY, trajectory(time_s, SHUFFLED, told, [0.01]))

    def messages(self) -> list[tuple[str, str, int, bytes]]:
        """Return topic, type, arrival (ns) and CDR of each, as they arrive."""
        ordered = sorted(self.said, key=lambda one: one[0])
        return [
            (topic, kind, round((BEGIN_S + at) * 1e9), bytes(types().serialize_cdr(message, kind)))
            for at, topic, kind, message in ordered
        ]

    def write(self, folder: Path, compression: str = "zstd") -> Path:
        """Write it as our recorder does."""
        writer = BagWriter(folder, 10**9, compression, {})
        for topic, kind, log_ns, data in self.messages():
            writer.write(BagTopic(topic, kind), log_ns, log_ns, data)
        writer.close()
        return folder


def usual(end_s: float = 12.0, late_s: float = 0.0) -> Script:
    """Return a recording of joints, camera and commands."""
    script = Script()
    script.joints(end_s)
    script.camera(end_s, late_s=late_s)
    script.commands(end_s)
    return script


def imported(path, out, **changes):
    """Import, and return the report and the episodes."""
    settings = ImportSettings(**{"image_side": SIDE, "episode_steps": STEPS, "trust": TRUST, **changes})
    paths = path if isinstance(path, list) else [path]
    work = Import(joint_robot(), paths, settings)
    work.read()
    cut = work.cut()
    if cut.begins:
        work.write(out, cut)
    json.dumps(work.report.to_json(), allow_nan=False)
    return work.report, [read_episode(p) for p in list_episodes(out)] if cut.begins else []


def times_of(episode) -> np.ndarray:
    """Return when the moments of an episode were, by its joints, s (S + 1,)."""
    tried = np.arange(0.0, 20.0, 0.001)
    moved, speed = episode.vectors["joints"][:, [1, 5]].T
    gap = np.abs(joints_at(tried)[:, 1] - moved[:, None]) + np.abs(velocity_at(tried)[:, 1] - speed[:, None])
    return tried[gap.argmin(axis=1)]
