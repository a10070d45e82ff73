# SPDX-License-Identifier: Apache-2.0
"""The interface of every kind of goal."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import Sensor
from ami_ros.types import Goal

if TYPE_CHECKING:
    from ami_ros.body.kinematics import Kinematics


@dataclass(frozen=True, eq=False)
class GoalContext:
    """What a kind of goal may use besides its message.

    Attributes:
        spec: the robot.
        stamp_ns: stamp of the message, 0 if it is not set; time of arrival of a message without a header.
        now_ns: time of arrival.
        before: the goal that this one replaces; None without one.
        read: returns the reading in a message of a sensor: an image or a vector.
        recall: returns a remembered goal by its name.
        kinematics: returns the kinematics of the arm.
    """

    spec: RobotSpec
    stamp_ns: int
    now_ns: int
    before: Goal | None
    read: Callable[[Any, Sensor], NDArray[Any]]
    recall: Callable[[str], Goal]
    kinematics: Callable[[], Kinematics]


class GoalKind(ABC):
    """A way to say what the sensors of a robot shall show: where it arrives, and what it means.

    Attributes:
        name: of the usual topic, ``~/goal_<name>``, and of the launch argument that renames it.
        description: for people: the help of that argument.
        message: type, as in std_msgs/msg/String; empty: that of the sensor whose reading is wanted.
        most_bytes: size of the largest message; with an empty `message` the sensor's limit holds.
        by_memory: whether it needs a memory.
    """

    name: str
    description: str
    message: str = ""
    most_bytes: int = 1024  # room for a pose with a long name of its frame
    by_memory: bool = False

    @abstractmethod
    def topics(self, spec: RobotSpec) -> Mapping[str, str]:
        """Return subject -> NAME of its topic ``~/goal_<NAME>``, for all such goals that this robot takes.

        The subject is the sensor whose reading is wanted, or anything else that tells the topics apart.
        """

    @abstractmethod
    def goal(self, message: Any, subject: str, context: GoalContext) -> Goal:
        """Return the goal that a message means, with a label for people.

        It has the stamp of the message, unless it sets its own.

        Args:
            message: as received, of the type `message`.
            subject: one of `topics`.
            context: the robot, and whatever else it takes.

        Raises:
            AmiError: the message is invalid, or the robot cannot reach the goal; says what was expected.
        """
