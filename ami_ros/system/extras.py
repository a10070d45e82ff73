# SPDX-License-Identifier: Apache-2.0
"""Optional packages: report missing ones in one line, with advice, before any work is done."""

from __future__ import annotations

import importlib.util

from ami_ros.errors import ConfigError

# extra of setup.py -> its modules that the command line uses
EXTRAS = {
    "ros": ("rclpy", "sensor_msgs", "std_srvs", "trajectory_msgs", "diagnostic_msgs"),
    "sim": ("pybullet", "av", "trimesh", "fast_simplification", "collada"),
    "mujoco": ("mujoco",),
    "train": ("tensorboard", "matplotlib", "jinja2"),
    "memory": ("usearch",),
    "record": ("mcap", "rosbags", "matplotlib"),
    "lerobot": ("pyarrow", "av"),
    "gym": ("gymnasium",),
    "watch": ("rerun",),
    "process": ("pcgym", "stable_baselines3"),
    "point_maze": ("ogbench", "imageio"),
    "so101": ("scservo_sdk", "serial"),
    "turbofan": ("pycycle", "openmdao", "scipy"),
    "ray": ("ray",),
    "bench": ("pytorch_mppi", "stable_worldmodel", "torchvision", "imageio"),
}

BEYOND_VENV = (
    "mujoco",
    "ray",
    "bench",
    "process",
    "point_maze",
    "turbofan",
    "watch",
    "so101",
)  # large, or for few: `make venv` leaves them out


def missing_modules(extra: str) -> list[str]:
    """Return the modules of `extra` that cannot be found, without importing any."""
    return [name for name in EXTRAS[extra] if importlib.util.find_spec(name) is None]


def require(*extras: str) -> None:
    """Check that the packages of `extras` are installed.

    Raises:
        ConfigError: names the missing packages and how to install them.
    """
    missing = {extra: names for extra in extras if (names := missing_modules(extra))}
    if missing:
        raise ConfigError(_advice(missing))


def advice_on(module: str | None) -> str | None:
    """Return advice if `module` cannot be imported; None: no extra provides it."""
    top = (module or "").partition(".")[0]
    extra = next((extra for extra, modules in EXTRAS.items() if top in modules), None)
    return None if extra is None else _advice({extra: [top]})


def _advice(missing: dict[str, list[str]]) -> str:
    named = "; ".join(f"{', '.join(names)} (extra '{extra}')" for extra, names in missing.items())
    hint = " or, for ROS, source your ROS 2 installation" if "ros" in missing else ""
    install = f"`pip install -e '.[{','.join(missing)}]'`{hint}"
    if set(missing) & set(BEYOND_VENV):
        return f"not installed: {named}. Run {install}"
    return f"not installed: {named}. Run `make venv` and use .venv/bin/ami-ros, or {install}"
