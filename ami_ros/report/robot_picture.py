# SPDX-License-Identifier: Apache-2.0
"""An arm in its camera, as one picture: the tip at home, and in each corner of the workspace."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import EmbodimentError, KinematicsError
from ami_ros.report.caption import Canvas
from ami_ros.types import FloatArray, ImageArray

HEIGHT, CAPTION = 256, 12  # px
COLUMNS = 3
INK, PAPER = (236, 240, 245), (17, 20, 26)


def robot_picture(spec: RobotSpec, physics_hz: float) -> ImageArray:
    """Return views (H, W, 3) of the first camera, three in a row, each with a caption.

    Args:
        spec: the robot.
        physics_hz: simulation steps per second.

    Raises:
        EmbodimentError: no arm, no camera, or no simulation.
    """
    from ami_ros.sim.world.open_world import open_world

    if not spec.arms:
        raise EmbodimentError(f"{spec.name}: picture: got a body without arm, expected one with a workspace")
    width = round(HEIGHT * spec.camera.aspect)
    scene = open_world(spec, physics_hz)
    tiles = []
    for caption, joints in _postures(spec):
        view = np.full((HEIGHT, width, 3), PAPER, dtype=np.uint8)
        if joints is not None:
            scene.reset(joints)
            view = scene.image(width, HEIGHT)
        canvas = Canvas(view)
        canvas.text((4, 2), caption, INK, CAPTION)
        tiles.append(canvas.image())
    scene.close()
    rows = [np.hstack(tiles[first : first + COLUMNS]) for first in range(0, len(tiles), COLUMNS)]
    return np.ascontiguousarray(np.vstack(rows))


def _postures(spec: RobotSpec) -> Iterator[tuple[str, FloatArray | None]]:
    """Yield captions and postures (J,): home, then each corner of the workspace; None out of reach."""
    yield "home", spec.home
    kinematics = Kinematics(spec)
    for corner in itertools.product(*spec.workspace.T):
        place = " ".join(f"{value:.2f}" for value in corner)
        try:
            yield place, kinematics.solve(np.array(corner))
        except KinematicsError:
            yield f"{place}: cannot be reached", None
