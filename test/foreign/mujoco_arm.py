# SPDX-License-Identifier: Apache-2.0
"""Arms of gymnasium-robotics, on MuJoCo: a simulator that we did not write, driven joint by joint."""

from __future__ import annotations

import os
from dataclasses import dataclass

os.environ.setdefault("MUJOCO_GL", "egl")  # off-screen; read at the first import of mujoco

import gymnasium
import gymnasium_robotics
import mujoco
import numpy as np
from numpy.typing import NDArray

STIFFNESS = 2500.0  # 1/s^2
DAMPING = 100.0  # 1/s: critical
HALF_TURN = np.array([0.0, 0.0, 0.0, 1.0])  # about z
SAMPLES, SHADOW = 0, 512  # of a picture, drawn by the processor: no smoothing of edges, no large shadow maps


@dataclass(frozen=True)
class ForeignArm:
    """What the environment does not say of its arm.

    Attributes:
        environment: its id in gymnasium.
        prefix: of its names, which a robot's own have not.
        base: body whose frame the arm's is.
        joints: the arm's, without prefix.
        home: (J,) rad.
        others: joints that a real one's joint states have as well.
        eye: of the camera, base frame, m.
        look_at: base frame, m.
        zeros: (J,) what the environment calls 0, in the robot's own angles, rad.
        turned: the arm is, about its foot, from where the environment has it.
        spoken: prefix of its names in joint states and commands.
    """

    environment: str
    prefix: str
    base: str
    joints: tuple[str, ...]
    home: tuple[float, ...]
    others: tuple[str, ...]
    eye: tuple[float, float, float]
    look_at: tuple[float, float, float]
    zeros: tuple[float, ...] = (0.0,) * 7
    turned: bool = False
    spoken: str = ""


FETCH = ForeignArm(
    "FetchReach-v4",
    "robot0:",
    "robot0:base_link",
    (
        "shoulder_pan_joint",
        "shoulder_lift_joint",
        "upperarm_roll_joint",
        "elbow_flex_joint",
        "forearm_roll_joint",
        "wrist_flex_joint",
        "wrist_roll_joint",
    ),
    (0.0, -1.05, 0.0, 1.59, 0.0, 1.03, 0.0),
    (
        "torso_lift_joint",
        "head_pan_joint",
        "head_tilt_joint",
        "r_gripper_finger_joint",
        "l_gripper_finger_joint",
    ),
    (1.75, 0.75, 1.2),
    (0.55, 0.0, 0.65),
)
PANDA = ForeignArm(
    "FrankaKitchen-v1",
    "robot:panda0_",
    "panda0_link0",
    tuple(f"joint{i}" for i in range(1, 8)),
    (0.0, -0.1, 0.0, -2.1, 0.0, 2.0, 0.785),
    ("finger_joint1", "finger_joint2"),
    (1.35, 0.75, 0.85),
    (0.36, 0.0, 0.38),
    zeros=(0.0, 0.0, 0.0, 0.0, 0.0, np.pi / 2, np.pi / 4),
    turned=True,  # else it stands in front of the kitchen, with no room to move
    spoken="panda_",
)
ARMS = {"fetch": FETCH, "kitchen_panda": PANDA}


class MujocoArm:
    """One arm in its environment, whose own way to be driven is switched off.

    Args:
        arm: which.
        width: of the pictures, px.
        height: px.
        fov_deg: vertical field of view of the camera.
    """

    def __init__(self, arm: ForeignArm, width: int = 128, height: int = 128, fov_deg: float = 40.0) -> None:
        gymnasium.register_envs(gymnasium_robotics)
        self._environment = gymnasium.make(arm.environment)
        self._environment.reset(seed=1)
        inner = self._environment.unwrapped
        inner = getattr(inner, "robot_env", inner)
        self.model, self.data = inner.model, inner.data
        self.model.vis.quality.offsamples, self.model.vis.quality.shadowsize = SAMPLES, SHADOW
        self.model.vis.global_.fovy = fov_deg
        self.data.eq_active[:] = 0  # the hand hangs on a point that the environment moves
        self.model.actuator_gainprm[:] = self.model.actuator_biasprm[:] = 0.0
        if arm.turned:
            foot = int(self.model.body(arm.base).parentid[0])
            mujoco.mju_mulQuat(self.model.body_quat[foot], HALF_TURN, self.model.body_quat[foot].copy())
        self._arm = arm
        self._joints = [self.model.joint(arm.prefix + name).id for name in arm.joints]
        self._others = [self.model.joint(arm.prefix + name).id for name in arm.others]
        self._at = self.model.jnt_qposadr[self._joints]
        self._moves = self.model.jnt_dofadr[self._joints]
        self.model.dof_damping[self._moves] = 0.0  # so large that no servo gets anywhere
        self._others_at, self._still = (
            self.model.jnt_qposadr[self._others],
            self.model.jnt_dofadr[self._others],
        )
        self._kept = self.data.qpos[self._others_at].copy()
        self._zeros = np.array(arm.zeros)
        self.data.qpos[self._at] = np.array(arm.home) - self._zeros
        self.data.qvel[:] = 0.0
        mujoco.mj_forward(self.model, self.data)
        self._size, self._renderer = (height, width), None
        self._camera = self._look()

    def step(self, position: NDArray, velocity: NDArray, duration_s: float) -> None:
        """Let time pass, while a servo in each joint goes where it is told: position (J,), velocity (J,)."""
        model, data = self.model, self.data
        inertia, here = np.zeros((model.nv, model.nv)), np.ix_(self._moves, self._moves)
        for _ in range(round(duration_s / model.opt.timestep)):
            mujoco.mj_fullM(model, inertia, data.qM)
            wanted = STIFFNESS * (position - self._zeros - data.qpos[self._at]) + DAMPING * (
                velocity - data.qvel[self._moves]
            )
            data.qfrc_applied[:] = 0.0
            data.qfrc_applied[self._moves] = (
                inertia[here] @ wanted + data.qfrc_bias[self._moves] - data.qfrc_passive[self._moves]
            )
            data.qpos[self._others_at] = self._kept  # brakes
            data.qvel[self._still] = 0.0
            mujoco.mj_step(model, data)

    def joint_states(self) -> tuple[list[str], NDArray, NDArray]:
        """Return names, positions and velocities, the arm's in the middle of all others, as a real one's are."""
        half = len(self._others) // 2
        order = self._others[:half] + self._joints + self._others[half:]
        arm = self._arm
        names = [arm.spoken + self.model.joint(joint).name.removeprefix(arm.prefix) for joint in order]
        position = self.data.qpos[self.model.jnt_qposadr[order]]
        position[half : half + len(self._joints)] += self._zeros
        return names, position, self.data.qvel[self.model.jnt_dofadr[order]]

    def picture(self) -> NDArray:
        """Return what the camera sees, (H, W, 3) uint8 RGB."""
        self._renderer = self._renderer or mujoco.Renderer(self.model, *self._size)
        self._renderer.update_scene(self.data, self._camera)
        flags = self._renderer.scene.flags
        flags[mujoco.mjtRndFlag.mjRND_SHADOW] = flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = 0
        return self._renderer.render()

    def _look(self) -> mujoco.MjvCamera:
        base = self.model.body(self._arm.base).id
        turn, origin = self.data.xmat[base].reshape(3, 3), self.data.xpos[base]
        eye, target = (turn @ np.array(at) + origin for at in (self._arm.eye, self._arm.look_at))
        away = eye - target
        camera = mujoco.MjvCamera()
        camera.type = mujoco.mjtCamera.mjCAMERA_FREE
        camera.lookat[:], camera.distance = target, np.linalg.norm(away)
        camera.azimuth = np.degrees(np.arctan2(-away[1], -away[0]))
        camera.elevation = -np.degrees(np.arcsin(away[2] / camera.distance))
        return camera
