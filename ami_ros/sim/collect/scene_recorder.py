# SPDX-License-Identifier: Apache-2.0
"""The base of recorders of pictures: a body in front of cameras."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ami_ros.errors import EmbodimentError
from ami_ros.sim.collect.recorder import Recorder
from ami_ros.sim.world.world import as_stage

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration


class SceneRecorder(Recorder):
    """Opens the world of a task; subclasses record in it.

    Raises:
        EmbodimentError: the body has no cameras.
    """

    def __init__(self, configuration: Configuration) -> None:
        super().__init__(configuration)
        if not self._spec.images:
            self.close()
            raise EmbodimentError(
                f"{self._spec.name}: got no camera, expected one: the recorder needs pictures"
            )
        self._scene = as_stage(self._world)
