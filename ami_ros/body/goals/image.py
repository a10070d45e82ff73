# SPDX-License-Identifier: Apache-2.0
"""A goal as an image: the world as a camera shall see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ami_ros.body.goals.kind import GoalContext, GoalKind
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.types import Goal


class ImageGoal(GoalKind):
    """An image of each camera; images of several cameras with the same stamp are one goal."""

    name, description = "image", "what the camera should show"

    def topics(self, spec: RobotSpec) -> Mapping[str, str]:
        """Return the cameras; the first has the plain name."""
        cameras = [image.name for image in spec.images]
        return {camera: camera if index else self.name for index, camera in enumerate(cameras)}

    def goal(self, message: Any, subject: str, context: GoalContext) -> Goal:
        """Return the image as a goal, with those of other cameras that came before with its stamp.

        Raises:
            ImageError: the message is no image, or has too many pixels.
        """
        images = {subject: context.read(message, context.spec.sensors[subject])}
        before = context.before
        if before is not None and 0 < before.stamp_ns == context.stamp_ns:
            images = {**before.images, **images}
        sizes = (f"image {image.shape[1]}x{image.shape[0]}" for image in images.values())
        return Goal(images=images, label=", ".join(sizes))
