# SPDX-License-Identifier: Apache-2.0
"""Settings of the safety gate: config/safety.yaml and config/safety_node.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ami_ros.errors import ConfigError
from ami_ros.safety.sections import CHECKS, LIMITS, known, settings_of_check, settings_of_limit
from ami_ros.settings.fields import load_settings, read_yaml, setting, with_value
from ami_ros.settings.share import config_path
from ami_ros.settings.task_file import merged

PACE = 1.25  # control steps from one proposal or report to the next: a quarter of a step late is not late


@dataclass(frozen=True)
class SafetySettings:
    """What several parts of the gate share, and each check's and limit's own settings by its name.

    The robot's own limits live in its RobotSpec.

    Raises:
        ConfigError: one of our own checks or limits has no section.
    """

    rate_hz: float = setting("gate ticks per second", ge=10.0, le=1000.0, unit="Hz")
    proposal_age_s: float = setting("age up to which a proposal moves the robot", gt=0.0, le=10.0, unit="s")
    pose_jump: float = setting(
        "motion between two poses beyond what a base's largest speed explains",
        gt=0.0,
        le=100.0,
        unit="m|rad",
    )
    pose_noise: float = setting("largest error of a measured pose of a base", ge=0.0, le=10.0, unit="m|rad")
    pose_slip: float = setting(
        "share of its commanded way by which a base's motion may fall short or overshoot",
        ge=0.0,
        lt=1.0,
    )
    future_tolerance_s: float = setting("stamps further in the future are rejected", ge=0.0, le=1.0, unit="s")
    speed_scale: float = setting(
        "share of the velocity limits in use; 0: nothing moves", ge=0.0, le=1.0, live=True
    )
    tracking_gain_hz: float = setting("pull of the command toward the proposal", gt=0.0, le=50.0, unit="1/s")
    tracking_error: float = setting("largest gap between command and robot", gt=0.0, le=3.2, unit="rad|m")
    tracking_patience_s: float = setting(
        "a tracking error that lasts longer stops the robot", gt=0.0, le=10.0, unit="s"
    )
    start_error: float = setting(
        "largest gap between a proposal's start and the robot", gt=0.0, le=3.2, unit="rad|m"
    )
    still_joints_travel: float = setting(
        "joint states that repeat to the last bit while commands move further are frozen",
        gt=0.0,
        le=1.0,
        unit="rad|m",
    )
    standstill_speed: float = setting(
        "speed below which the robot counts as at rest when re-arming", gt=0.0, le=0.1, unit="rad/s|m/s"
    )
    checks: Mapping[str, Any] = setting("each check's own settings", sections=settings_of_check)
    limits: Mapping[str, Any] = setting("each motion limit's own settings", sections=settings_of_limit)

    def __post_init__(self) -> None:
        for folder, sections in ((CHECKS, self.checks), (LIMITS, self.limits)):
            if missing := sorted(set(known(folder)) - set(sections)):
                ours = list(known(folder))
                raise ConfigError(f"{folder}: missing sections {missing}; every one of {ours} is required")

    def at_pace(self, step_s: float) -> SafetySettings:
        """Return these for control steps of `step_s`: what comes once a step may be a little late.

        The section of a check that awaits something each control step has a method ``paced(late_s)``.
        """
        late_s = PACE * step_s
        checks = {
            name: section.paced(late_s) if hasattr(section, "paced") else section
            for name, section in self.checks.items()
        }
        return replace(self, proposal_age_s=max(self.proposal_age_s, late_s), checks=checks)


@dataclass(frozen=True)
class GateNodeSettings:
    """The gate as a node: config/safety_node.yaml."""

    stall_s: float = setting(
        "time without a tick after which the controller has stopped the arm, and the gate starts again from "
        "its position",
        gt=0.0,
        le=5.0,
        unit="s",
    )
    proposal_rate_hz: float = setting(
        "rate above which proposals count as a flood", gt=0.0, le=10000.0, unit="Hz"
    )
    watch_s: float = setting(
        "time over which /diagnostics reports figures of the ticks", gt=0.0, le=600.0, unit="s"
    )
    realtime_priority: int = setting(
        "SCHED_FIFO priority, which needs permission; 0 keeps the default scheduling", ge=0, le=99
    )


def load_safety_settings(*changes: Mapping[str, Any]) -> SafetySettings:
    """Read config/safety.yaml, then `changes`; of two, the later one wins.

    Args:
        *changes: settings by name. A mapping changes a section, or adds that of a check or limit of another
            package; so does a name with dots. None means "not given".

    Raises:
        ConfigError: unknown settings or sections, missing ones, wrong types, or values out of range.
    """
    path = config_path("safety.yaml")
    values: Mapping[str, Any] = read_yaml(path)
    for change in changes:
        for name, value in change.items():
            if value is not None:
                values = merged(values, with_value({}, str(name), value, str(path)))
    return load_settings(SafetySettings, values, where=str(path))
