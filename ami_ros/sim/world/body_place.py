# SPDX-License-Identifier: Apache-2.0
"""Where a simulated body truly is: for its own controller, and for judges."""

from __future__ import annotations

from ami_ros.sim.world.scene import Scene
from ami_ros.sim.world.world import World
from ami_ros.sim.world.yard import Yard
from ami_ros.types import FloatArray


def joints_of(world: World) -> FloatArray | None:
    """Return the joint positions (J,) of an arm, rad or m; None of any other body."""
    return world.joints()[0] if isinstance(world, Scene) else None


def pose_of(world: World) -> FloatArray | None:
    """Return the pose (3,) of a base, x, y in m and yaw in rad; None of any other body."""
    return world.pose() if isinstance(world, Yard) else None
