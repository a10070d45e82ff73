# SPDX-License-Identifier: Apache-2.0
"""The way into this backend, as the table of simulators names it."""

from __future__ import annotations

import os

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ConfigError
from ami_ros.sim.world.world import Stage
from ami_ros.system.extras import require

require("mujoco")
try:
    from ami_ros.sim.mujoco.stage import MujocoStage
except (ImportError, AttributeError) as error:  # what PyOpenGL raises without the library
    raise ConfigError(
        f"MuJoCo: got no renderer for MUJOCO_GL={os.environ['MUJOCO_GL']}: {error}; expected egl, osmesa or "
        "glfw with its library (on Debian and Ubuntu: apt install libegl1 libgl1-mesa-dri)"
    ) from error


def open_stage(spec: RobotSpec, physics_hz: float, detailed: bool = False) -> Stage:
    """Open a robot's world; arguments as for `open_world`. Raises EmbodimentError."""
    return MujocoStage(spec, physics_hz, detailed)
