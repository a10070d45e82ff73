# SPDX-License-Identifier: Apache-2.0
"""Bodies for tests that are more than an arm with a camera: their YAML files, ready to be changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from robots import panda_yaml

WRENCH = {**dict.fromkeys(("fx", "fy", "fz"), "N"), **dict.fromkeys(("tx", "ty", "tz"), "N m")}
TWIST = {**dict.fromkeys(("vx", "vy", "vz"), "m/s"), **dict.fromkeys(("wx", "wy", "wz"), "rad/s")}
Values = dict[str, Any]


def vector_sensor(message: str, topic: str, values: Values, **more: Any) -> Values:
    """Return the section of a vector sensor."""
    fixed = {"kind": "vector", "message": message, "topic": topic, "values": values}
    return {**fixed, "rate_hz": 50.0, "max_age_s": 0.5, **more}


def _written(folder: Path, name: str, values: Values, change: Callable[[Values], Any] | None) -> Path:
    if change is not None:
        change(values)
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    return path


def two_cameras_and_force(folder: Path, change: Callable[[Values], Any] | None = None) -> Path:
    """Write a Panda with a second camera `side` (96 x 64 px) and a sensor `force` in its wrist.

    Args:
        folder: where to.
        change: edits the YAML's content first.

    Returns:
        Its path.
    """

    kept: Values = {}

    def more(values: Values) -> None:
        side = {
            "topic": "side/image_raw",
            "frame_id": "side_optical_frame",
            "width": 96,
            "height": 64,
            "vertical_fov_deg": 55.0,
            "eye": [0.5, -0.9, 0.5],
            "look_at": [0.45, 0.0, 0.2],
        }
        values["sensors"]["side"] = {**values["sensors"]["camera"], **side}
        values["sensors"]["force"] = vector_sensor("WrenchStamped", "wrench", WRENCH)
        if change is not None:
            change(values)
        kept.update(values)

    panda_yaml(folder, more).unlink()
    return _written(folder, "two_cameras_and_force", kept, None)


def process_body(folder: Path, change: Callable[[Values], Any] | None = None) -> Path:
    """Write a plant with three vector sensors and two set points, and return its path.

    `temperatures` (2, degC), `pressure` (1, bar) and `flow` (1, l/min); `heater` (W) and `valve` (%).
    """

    def value(offset: float, noise_std: float, time_constant_s: float, **gain: float) -> Values:
        return {
            "gain": gain,
            "time_constant_s": time_constant_s,
            "offset": offset,
            "noise_std": noise_std,
        }

    values: Values = {
        "sensors": {
            "temperatures": vector_sensor(
                "Float64MultiArray", "temperatures", {"boiler": "degC", "outlet": "degC"}
            ),
            "pressure": vector_sensor("Float64MultiArray", "pressure", {"inlet": "bar"}),
            "flow": vector_sensor("Float64MultiArray", "flow", {"outflow": "l/min"}),
        },
        "actions": {
            "meaning": "setpoint",
            "rate_hz": 5.0,
            "block": 1,
            "channels": {
                "heater": {"unit": "W", "range": [0.0, 200.0], "velocity": 400.0, "rest": 20.0},
                "valve": {"unit": "%", "range": [10.0, 90.0], "velocity": 100.0, "rest": 50.0},
            },
        },
        "output": {"interface": "float_array", "topic": "set_points"},
        "arm": {},
        "simulation": {
            "kind": "process",
            "sensors": {
                "temperatures": {
                    "boiler": value(20.0, 0.1, 1.5, heater=0.3, valve=-0.1),
                    "outlet": value(18.0, 0.1, 2.5, heater=0.2, valve=-0.05),
                },
                "pressure": {"inlet": value(3.0, 0.01, 0.4, valve=-0.02)},
                "flow": {"outflow": value(0.5, 0.02, 0.3, valve=0.1)},
            },
        },
        "source": "invented",
    }
    return _written(folder, "process", values, change)


def mobile_base(folder: Path, change: Callable[[Values], Any] | None = None) -> Path:
    """Write a base that is driven by `vx` and `wz` and measures its twist `odometry`, and return its path."""
    follow = {"time_constant_s": 0.3, "offset": 0.0, "noise_std": 0.005}
    values: Values = {
        "sensors": {"odometry": vector_sensor("TwistStamped", "odometry", TWIST)},
        "actions": {
            "meaning": "twist",
            "rate_hz": 10.0,
            "block": 2,
            "channels": {
                "vx": {"unit": "m/s", "range": [-0.3, 0.6], "velocity": 1.0},
                "wz": {"unit": "rad/s", "range": 1.2, "velocity": 4.0},
            },
        },
        "output": {"interface": "twist_stamped", "topic": "cmd_vel"},
        "arm": {},
        "simulation": {
            "kind": "process",
            "sensors": {
                "odometry": {
                    "vx": {"gain": {"vx": 1.0}, **follow},
                    **dict.fromkeys(("vy", "vz", "wx", "wy")),
                    "wz": {"gain": {"wz": 1.0}, **follow},
                }
            },
        },
        "source": "invented",
    }
    return _written(folder, "base", values, change)


def setpoint_task(
    folder: Path, change: Callable[[Values], Any] | None = None, goal_sensor: str = "temperatures"
) -> Path:
    """Write a task of kind setpoint for `process_body`, and return its path."""
    values: Values = {
        "kind": "setpoint",
        "episode_steps": 60,
        "goal_sensor": goal_sensor,
        "tolerance": [1.0, 0.5] if goal_sensor == "temperatures" else [0.05],
        "minimum_travel": 3.0,
    }
    return _written(folder, "warm_up", values, change)
