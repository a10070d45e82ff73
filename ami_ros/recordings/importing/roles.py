# SPDX-License-Identifier: Apache-2.0
"""Which topic of a recording is which sensor, and which ones carry actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor, Sensor
from ami_ros.errors import ConfigError
from ami_ros.recordings.bags.bag_message import FoundTopic
from ami_ros.recordings.message_values import COMPRESSED, PACKAGES

IMAGE, COMPRESSED_IMAGE = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
RECORDED, COMMANDS, PROPOSALS, VERDICTS = "actions", "commands", "proposals", "verdicts"


@dataclass(frozen=True)
class Roles:
    """Topics by role.

    Attributes:
        sensors: sensor -> its topic.
        others: those of commands, proposals and verdicts that exist.
    """

    sensors: Mapping[str, FoundTopic]
    others: Mapping[str, FoundTopic]

    def of(self, topic: str) -> list[str]:
        """Return the roles of a topic: names of sensors, commands, proposals or verdicts."""
        return [name for name, found in {**self.sensors, **self.others}.items() if found.name == topic]


def parse_topics(texts: Sequence[str]) -> dict[str, str]:
    """Return role -> topic, from texts such as camera=/my/camera. Raises ConfigError: another form."""
    return parse_places("--topic", "NAME=/TOPIC", "camera=/my/camera", texts)


def parse_places(option: str, form: str, example: str, texts: Sequence[str]) -> dict[str, str]:
    """Return role -> place, from texts such as camera=/my/camera.

    Args:
        option: command line option of the texts.
        form: their form.
        example: a valid text.
        texts: as given.

    Raises:
        ConfigError: one has another form.
    """
    pairs = [text.partition("=") for text in texts]
    if wrong := [text for text, (name, _, place) in zip(texts, pairs, strict=True) if not (name and place)]:
        raise ConfigError(f"{option}: got {wrong}, expected {form}, as in {example}")
    return {name: place for name, _, place in pairs}


def usual_topics(spec: RobotSpec) -> dict[str, str]:
    """Return the default topic of each role: sensors, commands, proposals and verdicts.

    Commands to several controllers have no role: the actions come from proposals, or from motion.
    """
    others = {PROPOSALS: "planner/proposed", VERDICTS: "safety/verdict"}
    if len(spec.outputs) == 1:
        others = {COMMANDS: spec.output.topic, **others}
    return {name: sensor.topic for name, sensor in spec.sensors.items()} | others


def roles_of(spec: RobotSpec, found: Sequence[FoundTopic], given: Mapping[str, str]) -> Roles:
    """Find the robot's topics in a recording.

    A topic is found by its name in the robot's YAML, in any namespace if only one has that name.

    Args:
        spec: the robot.
        found: topics of the recording.
        given: sensor, or "commands", "proposals", "verdicts" -> topic to use instead.

    Raises:
        ConfigError: a sensor has no topic or several, or one with other messages; lists what there is.
    """
    topics = usual_topics(spec)
    command = spec.outputs[0].output.of
    usual = {
        **({COMMANDS: [f"{command.package}/msg/{command.message}"]} if COMMANDS in topics else {}),
        PROPOSALS: ["trajectory_msgs/msg/JointTrajectory"],
        VERDICTS: ["diagnostic_msgs/msg/DiagnosticArray"],
    }
    if unknown := sorted(set(given) - set(spec.sensors) - set(usual)):
        raise ConfigError(f"--topic: got {unknown}, expected some of {[*spec.sensors, *usual]}")
    types = {name: _types(sensor) for name, sensor in spec.sensors.items()} | usual
    wanted = {name: (topics[name], types[name]) for name in types}
    roles = {name: _find(name, *wanted[name], found, given.get(name)) for name in wanted}
    if missing := [name for name in spec.sensors if roles[name] is None]:
        expected = ", ".join(
            f"{name}: {wanted[name][0]} ({' or '.join(wanted[name][1])})" for name in missing
        )
        raise ConfigError(
            f"got no topic of {missing}, expected {expected}; name it with --topic {missing[0]}=/TOPIC. "
            f"Available: {_listed(found)}"
        )
    present = {name: topic for name, topic in roles.items() if topic is not None}
    return Roles(
        {name: present[name] for name in spec.sensors},
        {name: present[name] for name in usual if name in present},
    )


def _types(sensor: Sensor) -> list[str]:
    if isinstance(sensor, ImageSensor):
        return [IMAGE, COMPRESSED_IMAGE]
    return [f"{PACKAGES[sensor.message]}/msg/{sensor.message}"]


def _find(
    name: str, topic: str, types: Sequence[str], found: Sequence[FoundTopic], given: str | None
) -> FoundTopic | None:
    """Return the topic of one role; of several with its name the one with the most messages."""
    if given is not None:
        there = [one for one in found if one.name.lstrip("/") == given.lstrip("/")]
        if not there:
            raise ConfigError(f"--topic {name}: got {given}, expected one of: {_listed(found)}")
        if there[0].type not in types:
            raise ConfigError(
                f"--topic {name}: {there[0].name} has {there[0].type}, expected {' or '.join(types)}"
            )
        return there[0]
    names = [f"/{topic.lstrip('/')}"] + ([f"/{topic.lstrip('/')}{COMPRESSED}"] if IMAGE in types else [])
    fitting = [one for one in found if one.type in types and one.messages]
    same = [one for one in fitting if one.name in names]
    if not same:
        same = [one for one in fitting if one.name.endswith(tuple(names))]
        spaces = {one.name.removesuffix(COMPRESSED) for one in same}
        if len(spaces) > 1:
            raise ConfigError(
                f"{name}: got {sorted(spaces)} for {topic}, expected one; choose with --topic {name}=/TOPIC"
            )
    return max(same, key=lambda one: one.messages, default=None)


def _listed(found: Sequence[FoundTopic]) -> str:
    return ", ".join(map(str, found)) or "nothing"
