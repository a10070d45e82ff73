# SPDX-License-Identifier: Apache-2.0
"""Recordings whose truth is known, spoiled in ways that have a name; and whether an import tells the truth."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from recorded import (
    COMMAND_TOPIC,
    IMAGE,
    JOINT_STATE,
    KIND,
    SIDE,
    STEP_S,
    TRAJECTORY,
    Script,
    image,
    imported,
    joint_state,
    joints_at,
    picture_at,
    velocity_at,
)

from ami_ros.errors import AmiError

Random = np.random.Generator
LEAST_S = 1.5  # of what is wrong: docs/recordings/import.md says what is too short to be seen
# What an import of a recording that is in order may differ by.
JOINTS, SPEED, STEP, PICTURE, ACTION = 0.01, 0.25, 0.04, 6.0, 0.1


class Stretch(NamedTuple):
    """When a recording is spoiled, s."""

    begin_s: float
    end_s: float

    def has(self, time_s: float) -> bool:
        return self.begin_s <= time_s < self.end_s


def recording(generator: Random, end_s: float) -> Script:
    """Return one that is in order: joints, a camera, and perhaps commands, at rates as they are."""
    script = Script()
    script.camera(
        end_s, hz=float(generator.choice([10.0, 20.0, 30.0])), packed=bool(generator.random() < 0.2)
    )
    for time_s in np.arange(0.0, end_s, 1.0 / generator.choice([50.0, 100.0])):
        script.say(time_s, "/joint_states", JOINT_STATE, joint_state(time_s))
    if generator.random() < 0.5:
        script.commands(end_s)
    return script


def _each(script: Script, kinds: set[str], change: Callable[[float, Any], Any]) -> None:
    """Change messages of some kinds; None leaves one out."""
    said = []
    for at, topic, kind, message in script.said:
        changed = change(at, message) if kind in kinds and topic != COMMAND_TOPIC else message
        if changed is not None:
            said.append((at, topic, kind, changed))
    script.said = said


def _shifted(message: Any, by_s: float) -> Any:
    stamp = message.header.stamp
    ns = max(stamp.sec * 10**9 + stamp.nanosec + round(by_s * 1e9), 1)
    there = KIND["builtin_interfaces/msg/Time"](*divmod(ns, 10**9))
    return dataclasses.replace(message, header=dataclasses.replace(message.header, stamp=there))


def two_publishers(generator: Random, script: Script, wrong: Stretch) -> None:
    shift = generator.uniform(0.15, 2.5) * generator.choice([-1.0, 1.0])
    for time_s in np.arange(*wrong, 1.0 / generator.uniform(5.0, 100.0)):
        at = time_s + generator.choice([0.0, 0.0037])
        script.say(at, "/joint_states", JOINT_STATE, joint_state(at, shift=shift))


def joints_frozen(generator: Random, script: Script, wrong: Stretch) -> None:
    held = joint_state(wrong.begin_s)
    held.velocity = held.velocity * generator.choice([0.0, 1.0])
    _each(
        script,
        {JOINT_STATE},
        lambda at, message: dataclasses.replace(held, header=message.header) if wrong.has(at) else message,
    )


def velocities(generator: Random, script: Script, wrong: Stretch) -> None:
    factor = generator.choice([math.degrees(1.0), -1.0, 50.0, math.radians(1.0)])
    of_one = generator.random() < 0.3

    def change(at: float, message: Any) -> Any:
        if not wrong.has(at):
            return message
        factors = [factor if not of_one or name == "joint_b" else 1.0 for name in message.name]
        return dataclasses.replace(message, velocity=message.velocity * np.array(factors))

    _each(script, {JOINT_STATE}, change)


def degrees(generator: Random, script: Script, wrong: Stretch) -> None:
    _each(
        script,
        {JOINT_STATE},
        lambda at, m: dataclasses.replace(m, position=np.degrees(m.position)) if wrong.has(at) else m,
    )


def values_invalid(generator: Random, script: Script, wrong: Stretch) -> None:
    value = generator.choice([np.nan, np.inf, -np.inf, 1e300])

    def change(at: float, message: Any) -> Any:
        if not wrong.has(at):
            return message
        position = message.position.copy()
        position[generator.integers(len(position))] = value
        return dataclasses.replace(message, position=position)

    _each(script, {JOINT_STATE}, change)


def camera_size(generator: Random, script: Script, wrong: Stretch) -> None:
    def change(at: float, message: Any) -> Any:
        if not wrong.has(at):
            return message
        part = np.ascontiguousarray(picture_at(at - 0.003)[:, : generator.choice([10, 24])])
        return dataclasses.replace(image(0.0, part), header=message.header)

    _each(script, {IMAGE}, change)


def camera_frozen(generator: Random, script: Script, wrong: Stretch) -> None:
    held = image(0.0, picture_at(wrong.begin_s))
    _each(
        script,
        {IMAGE},
        lambda at, message: dataclasses.replace(held, header=message.header) if wrong.has(at) else message,
    )


def lost(generator: Random, script: Script, wrong: Stretch) -> None:
    kinds = {str(generator.choice([IMAGE, JOINT_STATE]))}
    share = generator.choice([0.5, 0.9, 1.0])
    _each(
        script, kinds, lambda at, message: None if wrong.has(at) and generator.random() < share else message
    )


def unstamped(generator: Random, script: Script, wrong: Stretch) -> None:
    kinds = {str(generator.choice([IMAGE, JOINT_STATE]))}
    zero = KIND["std_msgs/msg/Header"](KIND["builtin_interfaces/msg/Time"](0, 0), "")
    _each(script, kinds, lambda at, m: dataclasses.replace(m, header=zero) if wrong.has(at) else m)


def clock_set(generator: Random, script: Script, wrong: Stretch) -> None:
    by_s = float(generator.choice([-1.7e9, -1e5, -7200.0, -30.0, 30.0, 7200.0, 4e8]))
    _each(script, {IMAGE, JOINT_STATE}, lambda at, m: _shifted(m, by_s) if at < wrong.begin_s else m)


def one_clock_set(generator: Random, script: Script, wrong: Stretch) -> None:
    by_s = float(generator.choice([-1e6, -20.0, -2.0, 2.0, 20.0, 1e6]))
    kinds = {str(generator.choice([IMAGE, JOINT_STATE]))}
    _each(script, kinds, lambda at, message: _shifted(message, by_s) if wrong.has(at) else message)


def late_pictures(generator: Random, script: Script, wrong: Stretch) -> None:
    by_s = generator.uniform(0.05, 0.2)
    _each(script, {IMAGE}, lambda at, message: _shifted(message, by_s))


def shuffled(generator: Random, script: Script, wrong: Stretch) -> None:
    """What sensors say arrives in another order, or twice. Commands count in the order in which they arrive."""
    script.said = [
        (
            at + (generator.uniform(-0.05, 0.05) if wrong.has(at) and kind != TRAJECTORY else 0.0),
            topic,
            kind,
            *rest,
        )
        for at, topic, kind, *rest in script.said
        for _ in range(2 if wrong.has(at) and generator.random() < 0.2 else 1)
    ]


def nothing(generator: Random, script: Script, wrong: Stretch) -> None:
    """Nothing is wrong."""


SPOILS: dict[str, Callable[[Random, Script, Stretch], None]] = {
    spoil.__name__: spoil
    for spoil in (
        *(nothing, two_publishers, joints_frozen, velocities, degrees, values_invalid, camera_size),
        *(camera_frozen, lost, unstamped, clock_set, one_clock_set, late_pictures, shuffled),
    )
}
# What has to be said of it, in a part of a word; nothing where what is wrong may only be left out.
WORDS = {
    "two_publishers": "two nodes",
    "velocities": "velocities",
    "camera_size": "px",
    "unstamped": "stamp of zero",
    "late_pictures": "late",
    "clock_set": "clock",
}


def spoiled(name: str, generator: Random, folder: Path) -> Path:
    """Write a recording that is spoiled so, and return its folder."""
    end_s = float(generator.uniform(6.0, 9.0))
    script = recording(generator, end_s)
    begin_s = float(generator.uniform(0.5, end_s - LEAST_S - 0.5))
    SPOILS[name](generator, script, Stretch(begin_s, float(generator.uniform(begin_s + LEAST_S, end_s))))
    return script.write(folder / "bag", str(generator.choice(["zstd", "lz4", "none"])))


@cache
def _truth() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return times, positions and velocities of the joints then, and every tenth picture."""
    tried = np.arange(0.0, 10.0, 0.002)
    small = [cv2.resize(picture_at(t), (SIDE, SIDE), interpolation=cv2.INTER_AREA) for t in tried[::10]]
    return tried, joints_at(tried), velocity_at(tried), np.array(small, dtype=np.int16)


def untrue(episode: Any) -> str:
    """Return what in an episode is not as it was; "" if all of it is."""
    joints, (tried, positions, speeds, shown) = episode.vectors["joints"], _truth()
    # The times at which the joints were so, one step apart.
    apart = np.abs(positions[None] - joints[:, None, :4]).max(axis=2)
    offsets = np.round(np.arange(len(joints)) * STEP_S / 0.002).astype(int)
    fits = [
        apart[np.arange(len(joints)), np.clip(first + offsets, 0, len(tried) - 1)].mean()
        for first in range(len(tried) - offsets[-1])
    ]
    first = int(np.argmin(fits))
    places = []
    for row, offset in enumerate(offsets):  # a picture begins a step a little sooner or later
        near = np.arange(max(first + offset - 40, 0), min(first + offset + 41, len(tried)))
        places.append(int(near[apart[row, near].argmin()]))
    at = np.array(places)
    if (worst := apart[np.arange(len(at)), at].max()) > JOINTS:
        return f"joints are {worst:.3f} rad off"
    measured = np.abs(joints[:, 4:]).max() > 0.0
    if measured and (worst := np.abs(joints[:, 4:] - speeds[at]).max()) > SPEED:
        return f"velocities are {worst:.2f} rad/s off"
    seen = np.abs(shown[at // 10] - episode.images["camera"].astype(np.int16)).mean(axis=(1, 2, 3))
    if seen.max() > PICTURE:
        return f"a picture is {seen.max():.1f} off"
    moved = np.diff(positions[at][:, [1, 3]], axis=0) / np.diff(tried[at])[:, None]
    if (worst := np.abs(episode.actions - moved).max()) > ACTION:
        return f"an action is {worst:.2f} rad/s off"
    return ""


def judged(name: str, generator: Random, folder: Path) -> str:
    """Import a recording that is spoiled so; return what is untrue of it and not reported, or ""."""
    bag = spoiled(name, generator, folder)
    try:
        report, episodes = imported(bag, folder / "data")
    except AmiError:
        return ""  # refused
    said = " ".join([*report.notes, *report.problems, *(h.reason for h in report.topics.values())])
    # Printed with its standard error, or that there is too little motion to tell.
    said += " late" if any(found is None or found.late_s > 0.03 for found in report.offsets.values()) else ""
    wrong = [(number, why) for number, why in enumerate(map(untrue, episodes)) if why]
    if name == "nothing" and (said.strip(" late") or not episodes or wrong):
        return f"a recording in order: {len(episodes)} episodes, {wrong}, {said!r}"
    word = WORDS.get(name, "")
    return (
        f"{wrong} of {len(episodes)}, and only {said!r}" if wrong and (not word or word not in said) else ""
    )
