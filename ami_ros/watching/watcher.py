# SPDX-License-Identifier: Apache-2.0
"""Turns messages into what people see, whichever library has unpacked them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import AmiError
from ami_ros.recordings.message_images import image_from_compressed, image_from_ros
from ami_ros.recordings.message_values import (
    joints_from_ros,
    stamp_of,
    trajectory_from_ros,
    values_of,
)
from ami_ros.types import RARE_SURPRISE, FloatArray, ImageArray, Level
from ami_ros.watching.screen import Screen
from ami_ros.watching.topics import COMPRESSED_IMAGE, Shows, WatchedTopic
from ami_ros.watching.words import level_of, memory_in_words, reasons_of, verdict_in_words

PLAN, TIP, ARM = (40, 200, 90), (60, 130, 255), (150, 150, 150)
PLAN_M, TURNED_DOWN_M, ARM_M = 0.006, 0.002, 0.02  # half the width of a line
# Severity of a level and of the planner's states in a log.
LOUD = {Level.PASS: "INFO", Level.LIMITED: "INFO", Level.HOLD: "WARN", Level.STOP: "ERROR"}
STATES = {"STUCK": "WARN", "WAITING": "WARN", "ERROR": "ERROR"}
LINE_STRIP, TEXT = 4, 9  # of visualization_msgs/Marker


class Watcher:
    """Shows one robot.

    Args:
        spec: the robot.
        screen: shows it.
        most_pixels: width times height of the largest picture.

    Attributes:
        shown: number of messages.
        refused: number of messages that were not as expected, and why the last one was not.
        problem: why.
    """

    def __init__(self, spec: RobotSpec, screen: Screen, most_pixels: int) -> None:
        self._spec, self._screen, self._most_pixels = spec, screen, most_pixels
        self._kinematics = Kinematics(spec) if spec.arms else None
        self._said: dict[str, str] = {}
        self._now = {"planner": "", "gate": "", "memory": ""}
        self.shown = self.refused = 0
        self.problem = ""
        self._show: dict[Shows, Callable[[WatchedTopic, Any], None]] = {
            Shows.PICTURE: self._picture,
            Shows.GOAL: self._goal,
            Shows.IMAGINATION: self._imagination,
            Shows.JOINTS: self._joints,
            Shows.PROPOSAL: self._proposal,
            Shows.TURNED_DOWN: self._turned_down,
            Shows.STATUS: self._status,
            Shows.VERDICT: self._verdict,
        }

    def see(self, topic: WatchedTopic, message: Any, arrival_ns: int) -> None:
        """Show a message at its own stamp, or at its arrival if it has none; a bad one is counted."""
        try:
            self._screen.at(self._stamp_ns(message, arrival_ns))
            self._show[topic.shows](topic, message)
            self.shown += 1
        except (AmiError, ValueError, KeyError, TypeError, AttributeError) as error:
            self.refuse(topic, error)

    def refuse(self, topic: WatchedTopic, error: Exception) -> None:
        """Count a message that cannot be shown."""
        self.refused, self.problem = self.refused + 1, f"{topic.name}: {error}"

    def _stamp_ns(self, message: Any, arrival_ns: int) -> int:
        if hasattr(message, "markers"):
            message = message.markers[0] if message.markers else message
        return stamp_of(message, arrival_ns) or arrival_ns

    def _pixels(self, topic: WatchedTopic, message: Any) -> ImageArray:
        if topic.type == COMPRESSED_IMAGE:
            return image_from_compressed(message, self._most_pixels)
        return image_from_ros(message, self._most_pixels)

    def _picture(self, topic: WatchedTopic, message: Any) -> None:
        self._screen.picture(f"camera/{topic.subject}", self._pixels(topic, message))

    def _goal(self, topic: WatchedTopic, message: Any) -> None:
        self._screen.picture(f"goal/{topic.subject}", self._pixels(topic, message))

    def _imagination(self, topic: WatchedTopic, message: Any) -> None:
        self._screen.picture("imagination", self._pixels(topic, message))

    def _tip(self, joints: FloatArray) -> FloatArray:
        if self._kinematics is None:
            return np.zeros(3)
        return self._kinematics.forward(joints)[0]

    def _joints(self, topic: WatchedTopic, message: Any) -> None:
        names = next(vector.names for vector in self._spec.vectors if vector.name == topic.subject)
        position, _ = joints_from_ros(message, names, self._spec.simulation.held)
        if self._kinematics is not None:
            self._screen.point("world/tip", self._tip(position), TIP)
            self._screen.lines("world/arm", [self._kinematics.skeleton(position)], [ARM], width=ARM_M)

    def _proposal(self, topic: WatchedTopic, message: Any) -> None:
        if self._kinematics is not None:
            path = np.stack([self._tip(joints) for joints in trajectory_from_ros(message).positions])
            self._screen.lines("world/plan", [path], [PLAN], width=PLAN_M)

    def _turned_down(self, topic: WatchedTopic, message: Any) -> None:
        paths = {one.id: one for one in message.markers if one.type == LINE_STRIP and one.ns == "turned_down"}
        texts = {one.id: one.text for one in message.markers if one.type == TEXT}
        if paths:
            lines = [np.array([[p.x, p.y, p.z] for p in one.points]) for one in paths.values()]
            colours = [
                (round(255 * one.color.r), round(255 * one.color.g), round(255 * one.color.b))
                for one in paths.values()
            ]
            labels = [texts.get(number, "") for number in paths]
            self._screen.lines("world/turned_down", lines, colours, labels, width=TURNED_DOWN_M)

    def _status(self, topic: WatchedTopic, message: Any) -> None:
        values, screen = values_of(message), self._screen
        for name in ("distance", "disagreement"):
            if name in values:
                screen.number(name, float(values[name]))
        for name in ("surprise", "cost"):
            below = {key: float(value) for key, value in values.items() if key.startswith(f"{name}/")}
            screen.numbers(name, {key.removeprefix(f"{name}/"): value for key, value in below.items()})
        if values.get("surprise/motion") or values.get("surprise/pose"):
            screen.number("surprise/rare", RARE_SURPRISE)
        state = values["state"]
        told = f"{state}: {values['reason']}"
        self._say("log/planner", state, f"The planner is {told}", STATES.get(state, "INFO"))
        memory = memory_in_words(values)
        self._say("log/memory", memory, memory, "INFO")
        self._tell(planner=told, memory=memory)

    def _verdict(self, topic: WatchedTopic, message: Any) -> None:
        values = values_of(message)
        level, words = level_of(values), verdict_in_words(values)
        if "proposal_stamp_ns" in values and level == Level.PASS:
            return
        about = "log/gate" if "proposal_stamp_ns" not in values else "log/gate/proposal"
        what = f"{level.name} {[reason['code'] for reason in reasons_of(values)]}"
        self._say(about, what, words, LOUD[level])
        if about == "log/gate":
            self._screen.number("level", float(level))
            self._tell(gate=words)

    def _say(self, where: str, what: str, words: str, level: str) -> None:
        """Add `words` to the log if `what` they are about is new."""
        if self._said.get(where) != what:
            self._said[where] = what
            if words:
                self._screen.sentence(where, words, level)

    def _tell(self, **news: str) -> None:
        """Update what the screen says of now."""
        if any(self._now[name] != text for name, text in news.items()):
            self._now |= news
            named = (f"**{name.capitalize()}**  \n{text}" for name, text in self._now.items() if text)
            self._screen.text("now", "\n\n".join(named))
