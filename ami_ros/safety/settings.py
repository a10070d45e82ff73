# SPDX-License-Identifier: Apache-2.0
"""Settings of the safety gate: config/safety.yaml and config/safety_node.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.settings.fields import load_settings, setting
from ami_ros.settings.share import config_path


@dataclass(frozen=True)
class SafetySettings:
    """Every threshold of the gate; the robot's own limits live in its RobotSpec."""

    rate_hz: float = setting("gate ticks per second", ge=10.0, le=1000.0, unit="Hz")
    proposal_age_s: float = setting("oldest proposal that may move the robot", gt=0.0, le=10.0, unit="s")
    joint_jump: float = setting(
        "how much further than at its velocity limit a joint may get between two joint states",
        gt=0.0,
        le=3.2,
        unit="rad|m",
    )
    joint_settle_s: float = setting(
        "joint states that contradicted each other are trusted after agreeing for so long",
        gt=0.0,
        le=10.0,
        unit="s",
    )
    pose_jump: float = setting(
        "how much further than at its largest speed a base may get between two poses",
        gt=0.0,
        le=100.0,
        unit="m|rad",
    )
    pose_noise: float = setting("how far a measured pose of a base may be off", ge=0.0, le=10.0, unit="m|rad")
    pose_slip: float = setting(
        "share of its commanded way that a base may get less far, or further, than it is told",
        ge=0.0,
        lt=1.0,
    )
    future_tolerance_s: float = setting("stamps further in the future are rejected", ge=0.0, le=1.0, unit="s")
    speed_scale: float = setting(
        "share of the velocity limits that may be used; 0: nothing moves", ge=0.0, le=1.0, live=True
    )
    tracking_gain_hz: float = setting("pull of the command toward the proposal", gt=0.0, le=50.0, unit="1/s")
    tracking_error: float = setting("largest gap between command and robot", gt=0.0, le=3.2, unit="rad|m")
    tracking_patience_s: float = setting(
        "a tracking error that lasts longer stops the robot", gt=0.0, le=10.0, unit="s"
    )
    start_error: float = setting(
        "largest gap between a proposal's start and the robot", gt=0.0, le=3.2, unit="rad|m"
    )
    workspace_margin: float = setting(
        "how far beyond the robot's workspace the gate lets the tip go", ge=0.0, le=0.5, unit="m"
    )
    still_image_travel: float = setting(
        "a picture repeated after the tip moved further is a frozen camera", gt=0.0, le=1.0, unit="m"
    )
    still_joints_travel: float = setting(
        "joints repeated to the last bit after commands moved further are frozen",
        gt=0.0,
        le=1.0,
        unit="rad|m",
    )
    planner_silence_s: float = setting(
        "longest time without a sign of the planner", gt=0.0, le=10.0, unit="s"
    )
    surprise_limit: float = setting("surprise that counts fully; 1 is rare", gt=0.0, le=100.0)
    disagreement_limit: float = setting("highest disagreement, 1 is usual", gt=0.0, le=100.0)
    doubt_patience_s: float = setting(
        "doubt for longer holds, from surprise or disagreement", gt=0.0, le=10.0, unit="s"
    )
    doubt_rest_s: float = setting(
        "how long the first such hold lasts before another try; each further one lasts twice as long",
        gt=0.0,
        le=60.0,
        unit="s",
    )
    doubt_tries: int = setting("tries after such a hold; then it is a stop", ge=0, le=100)
    doubt_speed: float = setting("share of the wanted velocity in such a try", gt=0.0, le=1.0)
    doubt_trust_s: float = setting("without doubt for so long, it is forgotten", gt=0.0, le=600.0, unit="s")
    standstill_speed: float = setting(
        "slower counts as at rest when re-arming", gt=0.0, le=0.1, unit="rad/s|m/s"
    )


@dataclass(frozen=True)
class GateNodeSettings:
    """The gate as a node: config/safety_node.yaml."""

    stall_s: float = setting(
        "after so long without a tick the controller has stopped the arm: begin again from where it is",
        gt=0.0,
        le=5.0,
        unit="s",
    )
    proposal_rate_hz: float = setting(
        "more proposals than this are named a flood", gt=0.0, le=10000.0, unit="Hz"
    )
    watch_s: float = setting(
        "figures of the ticks on /diagnostics are of this time", gt=0.0, le=600.0, unit="s"
    )
    realtime_priority: int = setting(
        "SCHED_FIFO priority, which needs the right to set it; 0 leaves scheduling as it is", ge=0, le=99
    )


def load_safety_settings(overrides: dict[str, object] | None = None) -> SafetySettings:
    """Read config/safety.yaml. Raises ConfigError."""
    return load_settings(SafetySettings, config_path("safety.yaml"), overrides)
