# SPDX-License-Identifier: Apache-2.0
"""The simulated fingers of a gripper: servos with a largest speed and force, which hold by friction."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ami_ros.body.fingers import Fingers
from ami_ros.sim.pybullet.bullet import Bullet
from ami_ros.types import FloatArray

ITERATIONS = 200  # of the contact solver: with PyBullet's 50, fingers sink into a block of 30 g
COUPLING = 50.0  # N or N m with which joints of one channel keep in step, as a linkage does


class Hand:
    """Implements `SimulatedHand` on joints of a body.

    Args:
        bullet: the physics.
        body: the robot, as the physics client knows it.
        index: of its joints, by name.
        fingers: which joints each channel moves.
    """

    def __init__(self, bullet: Bullet, body: int, index: Mapping[str, int], fingers: Fingers) -> None:
        self._bullet, self._body = bullet, body
        joints = [
            (channel, name, share) for channel, own in fingers.joints.items() for name, share in own.items()
        ]
        channels = list(fingers.joints)
        self._joints = [index[name] for _, name, _ in joints]
        self._of = np.array([channels.index(channel) for channel, _, _ in joints])
        self._share = np.array([share for _, _, share in joints])
        self._force = np.array([fingers.force[channel] for channel, _, _ in joints])
        self._speed = np.array([fingers.speed[channel] for channel, _, _ in joints]) * np.abs(self._share)
        # Each channel by its joints: the sum of the positions over the sum of the shares, all as one sign.
        self._measure = np.zeros((len(channels), len(joints)))
        self._measure[self._of, np.arange(len(joints))] = np.sign(self._share)
        self._measure /= (self._measure * self._share).sum(axis=1, keepdims=True)
        for joint in self._joints:
            bullet.set_friction(body, joint, fingers.friction)
        for (channel, _, share), joint in zip(joints, self._joints, strict=True):
            first = next(i for i, (other, _, _) in enumerate(joints) if other == channel)
            if joint != self._joints[first]:
                bullet.couple(body, self._joints[first], joint, self._share[first] / share, COUPLING)
        bullet.solve_contacts(ITERATIONS)
        self.commanded = np.zeros(len(channels))
        self.jammed, self.strength = False, 1.0

    @property
    def links(self) -> list[int]:
        """The links of the fingers, which have the indices of their joints."""
        return self._joints

    def reset(self, opening: FloatArray) -> None:
        """Put the fingers at rest at `opening` (G,), in the channels' units, and servo there."""
        self._bullet.reset_joints(self._body, self._joints, opening[self._of] * self._share)
        self.obey(opening)

    def obey(self, opening: FloatArray) -> None:
        """Servo toward `opening` (G,) until the next call, as fast and as hard as the fingers may."""
        self.commanded = np.asarray(opening, dtype=np.float64).copy()
        wanted = (self.opening() if self.jammed else self.commanded)[self._of] * self._share
        force = self.strength * self._force
        self._bullet.squeeze_joints(self._body, self._joints, wanted, self._speed, force)

    def opening(self) -> FloatArray:
        """Return where the fingers are (G,), in the channels' units."""
        opening: FloatArray = self._measure @ self._bullet.joint_state(self._body, self._joints)[0]
        return opening
