# SPDX-License-Identifier: Apache-2.0
"""Watches for other publishers on the gate's topics."""

from __future__ import annotations

from collections.abc import Sequence

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node

from ami_ros.ros.wire.guard import ErrorLog, guarded_timer
from ami_ros.safety.gate.health import GateHealth
from ami_ros.safety.reasons import ReasonCode
from ami_ros.system.discovery import wait_for_others
from ami_ros.types import Level

PERIOD_S = 0.1
DISCOVERY_S = 1.0  # without new endpoints: then earlier endpoints are known
LONGEST_S = 5.0  # longest wait for that: endpoints may keep changing


class PublisherWatch:
    """Complains if another node commands besides the gate, or if a sensor has two sources.

    A second source of commands holds the robot, which would receive both. Two sources of a sensor are only
    reported, because many robots publish joint states of gripper and arm separately. If these contradict each
    other, the joint states show it. A killed publisher counts until DDS has given up on it.

    Args:
        node: provides the graph; its own publishers exist already. Waits until those of others are known,
            which takes longer the busier the machine is.
        commands: the gate's command topics.
        sensors: the gate's sensor topics.
        health: receives the complaints.
        errors: receives what the middleware raises.
    """

    def __init__(
        self,
        node: Node,
        commands: Sequence[str],
        sensors: Sequence[str],
        health: GateHealth,
        errors: ErrorLog,
    ) -> None:
        self._node, self._health = node, health
        self._commands = [node.resolve_topic_name(topic) for topic in commands]
        self._sensors = [node.resolve_topic_name(topic) for topic in sensors]
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        wait_for_others(self._graph, lambda _, quiet_s, __: quiet_s >= DISCOVERY_S, LONGEST_S)
        self._look()
        node.create_timer(PERIOD_S, guarded_timer(errors, self._look), clock=steady)

    def _graph(self) -> tuple[list[str], list[int]]:
        """Return the nodes of the graph, and the number of publishers on each topic."""
        topics = (*self._commands, *self._sensors)
        return sorted(self._node.get_node_names()), [self._node.count_publishers(topic) for topic in topics]

    def _look(self) -> None:
        counts = {topic: self._node.count_publishers(topic) for topic in self._commands}
        topic = max(counts, key=lambda name: counts[name])
        if counts[topic] > 1:
            self._health.complain(
                Level.HOLD, ReasonCode.COMMAND_SHARED, topic=topic, publishers=counts[topic]
            )
        else:
            self._health.settle(ReasonCode.COMMAND_SHARED)
        shared = [topic for topic in self._sensors if self._node.count_publishers(topic) > 1]
        if shared:
            self._health.complain(Level.LIMITED, ReasonCode.SENSOR_SHARED, topics=" ".join(shared))
        else:
            self._health.settle(ReasonCode.SENSOR_SHARED)
