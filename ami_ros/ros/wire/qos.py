# SPDX-License-Identifier: Apache-2.0
"""Quality of service, decided once per kind of topic."""

from __future__ import annotations

from typing import Any

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

# Newest value counts, no silent loss: joints, proposals, commands, status.
STATE = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)

# All publishers of a topic share a depth, so that one could push out another's messages. Where every
# publisher counts, as at an emergency stop, the queue has no depth.
EVERY = QoSProfile(history=HistoryPolicy.KEEP_ALL, reliability=ReliabilityPolicy.RELIABLE)
EVERY_LATCHED = QoSProfile(
    history=HistoryPolicy.KEEP_ALL,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
EVERY_UNSURE = QoSProfile(history=HistoryPolicy.KEEP_ALL, reliability=ReliabilityPolicy.BEST_EFFORT)

# A node that judges each command against the previous one must miss none, even on a busy machine.
JUDGED = QoSProfile(depth=200, reliability=ReliabilityPolicy.RELIABLE)

# As many as a flood brings in a few ticks, so that it does not push good proposals out of the queue.
PROPOSALS = QoSProfile(depth=50, reliability=ReliabilityPolicy.RELIABLE)

# Kept by the publisher for late joiners: goal images, verdicts, the clock of a waiting simulator.
LATCHED = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
LATCHED_HISTORY = QoSProfile(
    depth=20, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)

# A recorder takes messages now and then, so its queues are long. Sensors do not resend what it lost:
# their publishers must not work for a recorder while they feed a control loop.
RECORDED = QoSProfile(depth=500, reliability=ReliabilityPolicy.RELIABLE)
RECORDED_STREAM = QoSProfile(depth=100, reliability=ReliabilityPolicy.BEST_EFFORT)


def latches(publisher: Any) -> bool:
    """Whether a publisher latches; an `rclpy.topic_endpoint_info.TopicEndpointInfo`."""
    return bool(publisher.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL)


def is_unsure(publisher: Any) -> bool:
    """Whether only UNSURE receives from a publisher; an `rclpy.topic_endpoint_info.TopicEndpointInfo`."""
    return bool(publisher.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT)


def camera_subscription(reliability: str, depth: int, use_sim_time: bool) -> QoSProfile:
    """Return the QoS for receiving images.

    Args:
        reliability: ``best_effort`` receives from every publisher; ``reliable`` only from reliable ones, but
            then every image; ``auto`` is reliable with simulated time, where a lost image stalls the loop.
        depth: images kept for a slow subscriber.
        use_sim_time: whether the node's time comes from /clock.
    """
    reliable = reliability == "reliable" or (reliability == "auto" and use_sim_time)
    policy = ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT
    return QoSProfile(depth=depth, reliability=policy)
