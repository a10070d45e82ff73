# SPDX-License-Identifier: Apache-2.0
"""The physics client: the only file that imports pybullet."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ami_ros.errors import EmbodimentError
from ami_ros.sim.camera.variation import Light
from ami_ros.sim.camera.viewpoint import Viewpoint
from ami_ros.sim.pybullet.quiet import quiet
from ami_ros.types import FloatArray, ImageArray

with quiet():
    import pybullet

NEAR, FAR = 0.1, 20.0  # m, the renderer's clip planes; far enough for the wall's corners
GRAVITY = -9.81  # m/s^2. Source: standard gravity, ISO 80000-3, rounded.
COUPLING_ERP = 0.1  # share of an error between coupled joints that a step corrects: as PyBullet's own Panda
RENDERS_ARRAYS = bool(pybullet.isNumpyEnabled())  # built without numpy, it renders many times slower


class Bullet:
    """One PyBullet world without a window.

    Args:
        physics_hz: simulation steps per second.
    """

    def __init__(self, physics_hz: float) -> None:
        with quiet():
            self._id = pybullet.connect(pybullet.DIRECT)
        pybullet.setGravity(0, 0, GRAVITY, physicsClientId=self._id)
        pybullet.setTimeStep(1.0 / physics_hz, physicsClientId=self._id)
        pybullet.setPhysicsEngineParameter(deterministicOverlappingPairs=1, physicsClientId=self._id)
        self._clean: dict[tuple[int, int], tuple[float, ...]] = {}
        self._textures: dict[bytes, int] = {}

    def load_urdf(self, text: str, name: str, fixed: bool) -> int:
        """Load a robot.

        Args:
            text: of its URDF, with absolute paths of meshes.
            name: of the robot, for messages.
            fixed: whether its base stays where it is.

        Raises:
            EmbodimentError: PyBullet refuses it.
        """
        with tempfile.TemporaryDirectory() as folder, quiet():
            copy = Path(folder) / "robot.urdf"
            copy.write_text(text, encoding="utf-8", errors="surrogateescape")  # a path may not be Unicode
            try:
                body: int = pybullet.loadURDF(str(copy), useFixedBase=fixed, physicsClientId=self._id)
                return body
            except pybullet.error as error:
                raise EmbodimentError(f"simulation urdf {name}: PyBullet cannot load it: {error}") from error

    def add_box(self, half_size: Sequence[float], position: Sequence[float], rgba: Sequence[float]) -> int:
        """Add a fixed box; sizes and position in m."""
        shape = {"shapeType": pybullet.GEOM_BOX, "halfExtents": half_size, "physicsClientId": self._id}
        body: int = pybullet.createMultiBody(
            baseMass=0,
            baseCollisionShapeIndex=pybullet.createCollisionShape(**shape),
            baseVisualShapeIndex=pybullet.createVisualShape(**shape, rgbaColor=rgba),
            basePosition=position,
            physicsClientId=self._id,
        )
        return body

    def add_block(
        self, half_size: Sequence[float], mass: float, friction: float, rgba: Sequence[float]
    ) -> int:
        """Add a box that can be pushed, at the origin; sizes in m, mass in kg."""
        shape = {"shapeType": pybullet.GEOM_BOX, "halfExtents": half_size, "physicsClientId": self._id}
        body: int = pybullet.createMultiBody(
            baseMass=mass,
            baseCollisionShapeIndex=pybullet.createCollisionShape(**shape),
            baseVisualShapeIndex=pybullet.createVisualShape(**shape, rgbaColor=rgba),
            physicsClientId=self._id,
        )
        pybullet.changeDynamics(body, -1, lateralFriction=friction, physicsClientId=self._id)
        return body

    def remove(self, body: int) -> None:
        """Remove a body."""
        pybullet.removeBody(body, physicsClientId=self._id)

    def add_ghost(self, shape: str, size: float, rgba: Sequence[float]) -> int:
        """Add a visual-only object at the origin: a sphere, cylinder, box or capsule, `size` m wide."""
        half = size / 2
        shapes: dict[str, tuple[int, dict[str, Any]]] = {
            "sphere": (pybullet.GEOM_SPHERE, {"radius": half}),
            "cylinder": (pybullet.GEOM_CYLINDER, {"radius": half, "length": size}),
            "box": (pybullet.GEOM_BOX, {"halfExtents": [half] * 3}),
            "capsule": (pybullet.GEOM_CAPSULE, {"radius": half / 2, "length": size}),
        }
        kind, measures = shapes[shape]
        visual = pybullet.createVisualShape(kind, **measures, rgbaColor=rgba, physicsClientId=self._id)
        body: int = pybullet.createMultiBody(
            baseMass=0, baseVisualShapeIndex=visual, physicsClientId=self._id
        )
        return body

    def let_touch(self, one: int, other: int, touch: bool) -> None:
        """Whether the links of two bodies collide; they do from the start."""
        for link in range(-1, pybullet.getNumJoints(one, physicsClientId=self._id)):
            pybullet.setCollisionFilterPair(one, other, link, -1, int(touch), physicsClientId=self._id)

    def place(self, body: int, position: Sequence[float], yaw: float) -> None:
        """Put a body at rest at `position` (3,) in m, turned by `yaw` (rad) about the vertical."""
        turn = pybullet.getQuaternionFromEuler([0.0, 0.0, yaw])
        pybullet.resetBasePositionAndOrientation(body, list(position), turn, physicsClientId=self._id)
        pybullet.resetBaseVelocity(body, [0.0] * 3, [0.0] * 3, physicsClientId=self._id)

    def forget_contacts(self, bodies: Sequence[int]) -> None:
        """Move bodies out of reach of everything: the next steps then do not depend on earlier ones.

        PyBullet starts from the last contact forces of two bodies that still touch.
        """
        for place, body in enumerate(bodies, start=1):
            self.place(body, (0.0, 0.0, FAR * place), 0.0)
        if bodies:
            pybullet.performCollisionDetection(physicsClientId=self._id)

    def pose(self, body: int) -> tuple[FloatArray, FloatArray]:
        """Return a body's position (3,) in m and orientation as a quaternion (4,), x y z w."""
        position, turn = pybullet.getBasePositionAndOrientation(body, physicsClientId=self._id)
        return np.array(position), np.array(turn)

    def set_pose(self, body: int, position: FloatArray, turn: FloatArray) -> None:
        """Put a body back, at rest, at a result of `pose`."""
        pybullet.resetBasePositionAndOrientation(
            body, position.tolist(), turn.tolist(), physicsClientId=self._id
        )
        pybullet.resetBaseVelocity(body, [0.0] * 3, [0.0] * 3, physicsClientId=self._id)

    def paint(self, body: int, link: int, rgba: Sequence[float]) -> None:
        """Set the colour of one link (-1 is the base)."""
        pybullet.changeVisualShape(body, link, rgbaColor=rgba, physicsClientId=self._id)

    def _joint_infos(self, body: int) -> list[Any]:
        count = pybullet.getNumJoints(body, physicsClientId=self._id)
        return [pybullet.getJointInfo(body, i, physicsClientId=self._id) for i in range(count)]

    def joint_indices(self, body: int) -> dict[str, int]:
        """Return joint name to index, in URDF order."""
        return {info[1].decode(): info[0] for info in self._joint_infos(body)}

    def link_indices(self, body: int) -> dict[str, int]:
        """Return link name to index, in URDF order; the base, which has none, is left out."""
        return {info[12].decode(): info[0] for info in self._joint_infos(body)}

    def link_names(self, body: int) -> dict[int, str]:
        """Return index to name of each link, with the base at -1."""
        base: bytes = pybullet.getBodyInfo(body, physicsClientId=self._id)[0]
        links = {index: name for name, index in self.link_indices(body).items()}
        return {-1: base.decode(), **links}

    def link_pose(self, body: int, link: int) -> tuple[FloatArray, FloatArray]:
        """Return a link frame's position (3,) in m and rotation (3, 3)."""
        state = pybullet.getLinkState(body, link, computeForwardKinematics=1, physicsClientId=self._id)
        return np.array(state[4]), np.array(pybullet.getMatrixFromQuaternion(state[5])).reshape(3, 3)

    def reset_joints(self, body: int, joints: Sequence[int], position: FloatArray) -> None:
        """Put joints at `position` at rest, without physics."""
        for joint, value in zip(joints, position, strict=True):
            pybullet.resetJointState(body, joint, float(value), 0.0, physicsClientId=self._id)

    def spin_joints(self, body: int, joints: Sequence[int], velocity: FloatArray, effort: float) -> None:
        """Turn joints (W,) at velocities (W,) in rad/s with at most `effort` (N m) each."""
        how = {"targetVelocities": velocity.tolist(), "forces": [effort] * len(joints)}
        pybullet.setJointMotorControlArray(
            body, joints, pybullet.VELOCITY_CONTROL, **how, physicsClientId=self._id
        )

    def set_friction(self, body: int, link: int, friction: float) -> None:
        """Set the Coulomb friction of one link."""
        pybullet.changeDynamics(body, link, lateralFriction=friction, physicsClientId=self._id)

    def link_motion(self, body: int, links: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Return positions (L, 3) in m and velocities (L, 3) in m/s of the mass centres of links."""
        states = pybullet.getLinkStates(body, links, computeLinkVelocity=1, physicsClientId=self._id)
        return np.array([state[0] for state in states]), np.array([state[6] for state in states])

    def push(self, body: int, links: Sequence[int], forces: FloatArray, places: FloatArray) -> None:
        """Apply forces (L, 3) in N to links at places (L, 3) in m during the next step."""
        frame = pybullet.WORLD_FRAME
        for link, force, at in zip(links, forces.tolist(), places.tolist(), strict=True):
            pybullet.applyExternalForce(body, link, force, at, frame, physicsClientId=self._id)

    def mass_centre(self, body: int) -> FloatArray:
        """Return where `pose`, the mass centre of a body's first link, is in that link's frame (3,), m."""
        return np.array(pybullet.getDynamicsInfo(body, -1, physicsClientId=self._id)[3])

    def lowest(self, body: int) -> float:
        """Return the height of the lowest point of a body, m."""
        links = range(-1, pybullet.getNumJoints(body, physicsClientId=self._id))
        boxes = (pybullet.getAABB(body, link, physicsClientId=self._id) for link in links)
        return min(float(low[2]) for low, _ in boxes)

    def drive_joints(
        self, body: int, joints: Sequence[int], position: FloatArray, velocity: FloatArray, effort: FloatArray
    ) -> None:
        """Servo joints to a position and velocity with at most `effort` (N m or N)."""
        pybullet.setJointMotorControlArray(
            body,
            joints,
            pybullet.POSITION_CONTROL,
            targetPositions=position.tolist(),
            targetVelocities=velocity.tolist(),
            forces=effort.tolist(),
            physicsClientId=self._id,
        )

    def squeeze_joints(
        self, body: int, joints: Sequence[int], position: FloatArray, speed: FloatArray, force: FloatArray
    ) -> None:
        """Servo joints to a position, each with at most its `speed` (m/s or rad/s) and `force` (N or N m)."""
        for joint, goal, fastest, most in zip(joints, position, speed, force, strict=True):
            pybullet.setJointMotorControl2(
                body,
                joint,
                pybullet.POSITION_CONTROL,
                targetPosition=float(goal),
                maxVelocity=float(fastest),
                force=float(most),
                physicsClientId=self._id,
            )

    def solve_contacts(self, iterations: int) -> None:
        """Set how many iterations the solver of contacts and joints makes in a step."""
        pybullet.setPhysicsEngineParameter(numSolverIterations=iterations, physicsClientId=self._id)

    def couple(self, body: int, one: int, other: int, ratio: float, force: float) -> None:
        """Keep joint `one` at `ratio` times joint `other`, with at most `force` (N or N m)."""
        axis, origin = [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]
        gear = pybullet.createConstraint(
            body, one, body, other, pybullet.JOINT_GEAR, axis, origin, origin, physicsClientId=self._id
        )
        pybullet.changeConstraint(
            gear, gearRatio=-ratio, erp=COUPLING_ERP, maxForce=force, physicsClientId=self._id
        )

    def joint_state(self, body: int, joints: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Return position (J,) and velocity (J,)."""
        states = pybullet.getJointStates(body, joints, physicsClientId=self._id)
        values = np.array([state[:2] for state in states])
        return values[:, 0].copy(), values[:, 1].copy()

    def parents(self, body: int) -> list[int]:
        """Return the parent link of each link, -1 for the base."""
        return [info[16] for info in self._joint_infos(body)]

    def touches(self, body: int) -> list[tuple[int, FloatArray, FloatArray]]:
        """Return link, place (3,) in m and force on it (3,) in N of each contact of a body, last step."""
        found = []
        # All contacts: for a single body, PyBullet reverses the normals, but not the friction.
        for point in pybullet.getContactPoints(physicsClientId=self._id):
            parts = ((point[9], point[7]), (point[10], point[11]), (point[12], point[13]))
            force = np.sum([size * np.array(direction) for size, direction in parts], axis=0)
            if point[1] == body:
                found.append((point[3], np.array(point[5]), force))
            if point[2] == body:
                found.append((point[4], np.array(point[6]), -force))
        return found

    def touch_now(self, bodies: Sequence[int]) -> bool:
        """Return whether any of these bodies currently touches another one."""
        pybullet.performCollisionDetection(physicsClientId=self._id)
        return any(pybullet.getContactPoints(body, physicsClientId=self._id) for body in bodies)

    def step(self) -> None:
        """Advance physics by one step."""
        pybullet.stepSimulation(physicsClientId=self._id)

    def tint(self, factors: Sequence[Sequence[float]]) -> None:
        """Multiply surface colours; surfaces of one colour share a factor (3,), the last applies to the rest.

        The first colour of a surface seen here counts as clean; no factors restore it.
        """
        for body in range(pybullet.getNumBodies(physicsClientId=self._id)):
            for shape in pybullet.getVisualShapeData(body, physicsClientId=self._id):
                self._clean.setdefault((body, shape[1]), tuple(shape[7]))
        colours = list(dict.fromkeys(self._clean.values()))
        for (body, link), rgba in self._clean.items():
            factor = factors[min(colours.index(rgba), len(factors) - 1)] if factors else (1.0, 1.0, 1.0)
            rgb = [min(1.0, value * by) for value, by in zip(rgba[:3], factor, strict=True)]
            self.paint(body, link, [*rgb, rgba[3]])

    def cover(self, bodies: Sequence[int], patterns: Sequence[ImageArray]) -> None:
        """Put one pattern (H, W, 3) uint8 on each body; no patterns uncover them.

        PyBullet never forgets a pattern: use few different ones.
        """
        for index, body in enumerate(bodies):
            texture = self._texture(patterns[index]) if index < len(patterns) else -1
            pybullet.changeVisualShape(body, -1, textureUniqueId=texture, physicsClientId=self._id)

    def _texture(self, pattern: ImageArray) -> int:
        key = pattern.tobytes()
        if key not in self._textures:
            with tempfile.TemporaryDirectory() as folder, quiet():
                path = Path(folder) / f"pattern_{len(self._textures)}.png"
                cv2.imwrite(str(path), cv2.cvtColor(pattern, cv2.COLOR_RGB2BGR))
                self._textures[key] = pybullet.loadTexture(str(path), physicsClientId=self._id)
        return self._textures[key]

    def render(
        self, at: Viewpoint, light: Light, vertical_fov_deg: float, width: int, height: int
    ) -> ImageArray:
        """Return an RGB image (height, width, 3) uint8 of a camera at `at`."""
        view = pybullet.computeViewMatrix(at.eye, at.look_at, at.up)
        projection = pybullet.computeProjectionMatrixFOV(vertical_fov_deg, width / height, NEAR, FAR)
        pixels = pybullet.getCameraImage(
            width,
            height,
            view,
            projection,
            lightDirection=light.direction,  # set each time: PyBullet keeps the last one
            lightColor=light.colour,
            lightAmbientCoeff=light.ambient,
            lightDiffuseCoeff=light.diffuse,
            lightSpecularCoeff=light.specular,
            shadow=0,
            renderer=pybullet.ER_TINY_RENDERER,
            flags=pybullet.ER_NO_SEGMENTATION_MASK,
            physicsClientId=self._id,
        )[2]
        return np.ascontiguousarray(np.reshape(pixels, (height, width, 4))[:, :, :3]).astype(np.uint8)

    def close(self) -> None:
        """Free the world. Safe to call twice."""
        if self._id >= 0 and pybullet.isConnected(self._id):
            pybullet.disconnect(self._id)
        self._id = -1
