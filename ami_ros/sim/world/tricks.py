# SPDX-License-Identifier: Apache-2.0
"""Impossible events: objects that jump, vanish or pass through each other, for `events`."""

from __future__ import annotations

from ami_ros.sim.world.scene import Scene
from ami_ros.types import FloatArray

AWAY = (0.0, 0.0, -60.0)  # m: beyond the camera's far plane
# Shapes and colours used in no task: shape, m across, colour.
STRANGERS = (
    ("sphere", 0.09, (0.10, 0.75, 0.20, 1.0)),
    ("cylinder", 0.08, (0.95, 0.85, 0.10, 1.0)),
    ("sphere", 0.14, (0.70, 0.15, 0.80, 1.0)),
    ("cylinder", 0.12, (0.10, 0.80, 0.85, 1.0)),
    ("sphere", 0.08, (1.00, 1.00, 1.00, 1.0)),
    ("cylinder", 0.10, (0.15, 0.90, 0.10, 1.0)),
)


class Tricks:
    """Breaks the rules of a scene's world; `undo` restores them."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._bullet = scene, scene.bullet
        self._arm_pose = self._bullet.pose(scene.arm_body)
        self._strangers = [self._bullet.add_ghost(*stranger) for stranger in STRANGERS]
        self.undo()

    def undo(self) -> None:
        """Remove strangers, restore contacts and show the arm. Objects stay where they are."""
        for stranger in self._strangers:
            self._bullet.place(stranger, AWAY, 0.0)
        self._let_touch(True)
        self._bullet.set_pose(self._scene.arm_body, *self._arm_pose)

    def jump(self, pose: FloatArray) -> None:
        """Put the first object at rest at `pose` (4,): x, y, z in m and yaw in rad."""
        self._bullet.place(self._scene.object_bodies[0], pose[:3].tolist(), float(pose[3]))

    def vanish(self) -> None:
        """Remove the first object."""
        self._bullet.place(self._scene.object_bodies[0], AWAY, 0.0)

    def vanish_arm(self) -> None:
        """Remove the arm: for pictures only, it keeps its joints."""
        self._bullet.place(self._scene.arm_body, AWAY, 0.0)

    def pass_through(self) -> None:
        """Let arm and objects pass through each other."""
        self._let_touch(False)

    def show_stranger(self, index: int, place: FloatArray) -> None:
        """Put one of STRANGERS on the table at `place` (2,) in m; nothing can touch it."""
        size = STRANGERS[index][1]
        self._bullet.place(self._strangers[index], (*place.tolist(), size / 2), 0.0)

    def _let_touch(self, touch: bool) -> None:
        for body in self._scene.object_bodies:
            self._bullet.let_touch(self._scene.arm_body, body, touch)
