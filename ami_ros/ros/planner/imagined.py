# SPDX-License-Identifier: Apache-2.0
"""Publishes what the planner expects to see along its plan: a strip of pictures, one per action block."""

from __future__ import annotations

import numpy as np
from rclpy.publisher import Publisher
from sensor_msgs.msg import Image

from ami_ros.model.imagination import Imagination
from ami_ros.ros.planner.onlookers import Thought
from ami_ros.ros.wire.messages import image_to_ros
from ami_ros.types import RARE_SURPRISE


class Imagined:
    """Draws plans on ~/imagination.

    Args:
        publisher: of the strips.
        imagination: draws.
        doubtful: disagreement about a plan above which the gate holds: beyond, nobody relies on the model.
    """

    def __init__(self, publisher: Publisher[Image], imagination: Imagination, doubtful: float) -> None:
        self._publisher, self._imagination, self._doubtful = publisher, imagination, doubtful

    def listens(self) -> bool:
        """Return whether anybody subscribes."""
        return self._publisher.get_subscription_count() > 0

    def show(self, thought: Thought) -> None:
        """Publish the pictures side by side, the next one first; nothing without a picture of the camera."""
        plan, observation = thought
        present = observation.readings.get(self._imagination.camera)
        if present is None or plan.state is None:
            return
        surprise, doubt = plan.surprise or 0.0, plan.disagreement or 0.0
        known = surprise <= RARE_SURPRISE and doubt <= self._doubtful
        pictures = self._imagination.pictures(present.value, plan.state, plan.predicted, known)
        strip = np.concatenate(list(pictures), axis=1)
        self._publisher.publish(image_to_ros(strip, plan.observation_stamp_ns, self._imagination.camera))
