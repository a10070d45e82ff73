# SPDX-License-Identifier: Apache-2.0
"""What records pictures begins with: an arm in front of cameras."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ami_ros.body.kinematics import Kinematics
from ami_ros.errors import EmbodimentError
from ami_ros.sim.collect.recorder import Recorder
from ami_ros.sim.world.scene import Scene

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration


class SceneRecorder(Recorder):
    """Opens the scene of a task; its kinds say what they record in it.

    Raises:
        EmbodimentError: the body has no cameras.
    """

    def __init__(self, configuration: Configuration) -> None:
        super().__init__(configuration)
        if not isinstance(self._world, Scene) or not self._spec.images:
            self.close()
            raise EmbodimentError(f"{self._spec.name}: got no camera, expected one: pictures are recorded")
        self._scene = self._world
        self._kinematics = Kinematics(self._spec)
