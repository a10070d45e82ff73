# SPDX-License-Identifier: Apache-2.0
"""Whether endpoints exist, with the right type, and a quality of service compatible with our nodes."""

from __future__ import annotations

from ami_ros.body.sensors import ImageSensor, Sensor
from ami_ros.doctor.finding import Finding
from ami_ros.doctor.live.heard import HeardOutput, HeardRobot, HeardTopic

# They subscribe to commands, but move nothing.
ONLOOKERS = ("/recorder", "/explorer", "/rosbag2_recorder")
GATE = "/safety"


def publisher(sensor: Sensor, heard: HeardTopic, robot: HeardRobot) -> Finding:
    """Check that the sensor's topic has one publisher, of the right type."""
    name, where = f"{sensor.name}: publisher", f"sensors.{sensor.name}"
    if not heard.ends:
        level = "warn" if isinstance(sensor, ImageSensor) and not sensor.required else "fail"
        advice = _elsewhere(heard, robot, f"{where}.topic", "start the driver")
        return Finding(name, level, f"no node publishes {heard.name} ({heard.type})", advice)
    if not heard.right:
        got = "; ".join(f"{end.node} publishes {end.type}" for end in heard.ends)
        advice = f"correct {where} (topic, message) in the robot's YAML, or the driver"
        return Finding(name, "fail", f"{heard.name}: {got}, expected {heard.type}", advice)
    nodes = ", ".join(end.node for end in heard.right)
    found = f"{nodes} on {heard.name} ({heard.type})"
    if len(heard.right) > 1:
        advice = (
            f"keep only one publisher of {heard.name}; the gate cannot tell them apart and limits motion "
            "(SENSOR_SHARED)"
        )
        return Finding(name, "warn", found, advice)
    return Finding(name, "ok", found)


def quality(sensor: Sensor, heard: HeardTopic) -> Finding:
    """Check that our nodes' quality of service requests no more than the publishers offer."""
    name = f"{sensor.name}: QoS"
    offered = ", ".join(sorted({f"{end.reliability}, {end.durability}" for end in heard.right}))
    found = f"{offered}; our nodes ask for {heard.asked}"
    deaf = [end for end in heard.right if not end.fits]
    if not deaf:
        return Finding(name, "ok", found)
    advice = (
        f"our nodes receive nothing from {deaf[0].node}: make it publish {heard.asked.replace(', ', ' and ')}"
    )
    if isinstance(sensor, ImageSensor):
        advice += ", or set camera_reliability: best_effort in config/node.yaml"
    return Finding(name, "fail", found, advice)


def controller(heard: HeardTopic, robot: HeardRobot) -> Finding:
    """Check that the robot's controller subscribes to the commands."""
    name = "commands: controller"
    ends = [end for end in heard.ends if not end.node.endswith(ONLOOKERS)]
    if not ends:
        advice = _elsewhere(heard, robot, "output.topic", "start the controller")
        return Finding(name, "fail", f"no node subscribes to {heard.name} ({heard.type})", advice)
    wrong = [end for end in ends if end.type != heard.type]
    if wrong:
        found = f"{heard.name}: {wrong[0].node} expects {wrong[0].type}, the gate sends {heard.type}"
        return Finding(name, "fail", found, "correct output (interface, topic) in the robot's YAML")
    if deaf := [end for end in ends if not end.fits]:
        asks = f"{deaf[0].node} asks for {deaf[0].reliability}, {deaf[0].durability}"
        found = f"{asks}; the gate offers {heard.asked}"
        advice = f"{deaf[0].node} receives nothing: make it ask for {heard.asked.replace(', ', ' and ')}"
        return Finding(name, "fail", found, advice)
    return Finding(name, "ok", f"{', '.join(end.node for end in ends)} on {heard.name} ({heard.type})")


def commander(output: HeardOutput) -> Finding:
    """Check that only the gate commands."""
    name = "commands: from"
    others = [end.node for end in output.commanding if not end.node.endswith(GATE)]
    if others:
        advice = f"stop {', '.join(others)}: the gate holds until it is the only one (COMMAND_SHARED)"
        return Finding(name, "fail", f"{', '.join(others)} on {output.commands.name}", advice)
    return Finding(name, "ok", ", ".join(end.node for end in output.commanding) or "no node yet")


def _elsewhere(heard: HeardTopic, robot: HeardRobot, key: str, start: str) -> str:
    """Return where the missing endpoint of a topic may be."""
    if not robot.nodes:
        return f"no other node is in ROS_DOMAIN_ID {robot.domain}: {start}, or export the domain that it uses"
    if not heard.similar:
        return f"{start} that uses {heard.type}, or enter its topic as {key} in the robot's YAML"
    first, *others = heard.similar
    more = f" (also {', '.join(others)})" if others else ""
    space = first.removesuffix(heard.name)
    if first.endswith(heard.name) and space:
        return (
            f"{first} carries this type{more}: add --ros-args -r __ns:={space}, or start it without a "
            "namespace"
        )
    return f"{first} carries this type{more}: enter it as {key}, or try --ros-args -r {heard.name}:={first}"
