# SPDX-License-Identifier: Apache-2.0
"""Our planner in the four rooms."""

from __future__ import annotations

from ami_ros.types import FloatArray, Goal, ImageArray
from benchmarks.four_room.tasks import RoomTask
from benchmarks.four_room.view import View
from benchmarks.model_player import ModelPlayer


class PlannerPlayer(ModelPlayer):
    """Implements `Player` with a world model of recordings of the rooms; it never uses the truth."""

    def begin(self, goal: View, task: RoomTask) -> None:
        """Encode the goal."""
        self.pursue(Goal(images=self._pictures(goal)))

    def act(self, seen: View, truth: FloatArray) -> FloatArray:
        """Plan, and return the first action."""
        return self.first_action(self._pictures(seen))

    def _pictures(self, view: View) -> dict[str, ImageArray]:
        camera = self._spec.camera.name
        return {camera: view.image(self._planner.model.sides[camera])}
