# SPDX-License-Identifier: Apache-2.0
"""The world of an arm in MuJoCo."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor
from ami_ros.body.simulation import ArmSimulation
from ami_ros.errors import EmbodimentError
from ami_ros.sim.camera.texture import draw_texture
from ami_ros.sim.camera.variation import Light, Variation
from ami_ros.sim.camera.viewpoint import Viewpoint
from ami_ros.sim.mujoco.arm import Arm
from ami_ros.sim.mujoco.physics import Physics
from ami_ros.sim.world.arm_stage import FINGER_COLOUR, HAND_COLOUR, LINK_COLOURS, TOOL_COLOUR, ArmStage
from ami_ros.sim.world.loadable_urdf import loadable_urdf
from ami_ros.sim.world.tool import TOOL_LINK, with_tool
from ami_ros.types import FloatArray, ImageArray


class MujocoStage(ArmStage):
    """An arm on a table in front of cameras.

    Args:
        spec: the robot.
        physics_hz: simulation steps per second.
        detailed: slow, pretty meshes, for videos.

    Raises:
        EmbodimentError: MuJoCo cannot load the URDF, or it lacks a joint, a link or a sensor.
    """

    def __init__(self, spec: RobotSpec, physics_hz: float, detailed: bool = False) -> None:
        super().__init__(spec, physics_hz)
        simulation = spec.simulation
        if not isinstance(simulation, ArmSimulation):
            raise EmbodimentError(f"{spec.name}: simulation: got kind: {simulation.kind}, expected an arm's")
        urdf = simulation.urdf_path(spec.urdf)
        text = loadable_urdf(urdf, detailed)
        if spec.tool is not None:
            text = with_tool(text, simulation.tool_parent, spec.tool)
        self._physics = Physics(text, str(urdf), physics_hz, list(simulation.scenery.values()))
        for camera in spec.images:
            if camera.link and camera.link not in self._physics.links:
                raise EmbodimentError(
                    f"sensor {camera.name}: link {camera.link!r} not found; it has {self._physics.links}"
                )
        self._mujoco_arm = Arm(self._physics, spec, simulation)
        if not detailed:
            self._colour(simulation)
        self._use(self._mujoco_arm)

    def _colour(self, simulation: ArmSimulation) -> None:
        physics, model = self._physics, self._physics.model
        colours = {link: LINK_COLOURS[order % 2] for order, link in enumerate(physics.links)}
        for name in simulation.hold_joints:
            finger = int(model.joint(name).bodyid[0])
            colours[model.body(model.body_parentid[finger]).name] = HAND_COLOUR
        for name in simulation.hold_joints:
            colours[model.body(model.joint(name).bodyid[0]).name] = FINGER_COLOUR
        if TOOL_LINK in colours:
            colours[TOOL_LINK] = TOOL_COLOUR
        for link, colour in colours.items():
            physics.paint_link(link, colour)

    def _add_block(
        self, name: str, half_size: Sequence[float], mass: float, friction: float, rgba: Sequence[float]
    ) -> None:
        self._physics.add(name, "box", half_size, rgba, mass=mass, friction=friction, touchable=True)

    def reshape_block(
        self, name: str, half_size: Sequence[float], mass: float, friction: float, rgba: Sequence[float]
    ) -> None:
        """Give an object other sides, mass, friction and colour, see `Stage.reshape_block`."""
        self._physics.reshape(name, half_size, rgba, mass=mass, friction=friction)

    def _add_ghost(self, name: str, shape: str, size: float, rgba: Sequence[float]) -> None:
        half = size / 2
        sizes = {"sphere": [half], "cylinder": [half, half], "box": [half] * 3, "capsule": [half / 2, half]}
        self._physics.add(name, shape, sizes[shape], rgba)

    def place(self, name: str, pose: FloatArray) -> None:
        """Put an object or a ghost, at rest, at `pose` (4,): x, y, z in m and yaw in rad."""
        half = 0.5 * float(pose[3])
        self._physics.place(name, pose[:3].tolist(), [np.cos(half), 0.0, 0.0, np.sin(half)])

    def paint(self, name: str, rgba: Sequence[float]) -> None:
        """Set the colour of an object or a ghost."""
        self._physics.paint(name, rgba)

    def let_touch(self, touch: bool) -> None:
        """Whether arm and objects collide; they do from the start."""
        self._physics.let_touch(touch)

    def show_body(self, shown: bool) -> None:
        """Show the arm, or hide it while it keeps its joints."""
        self._physics.show_robot(shown)

    def _pose_of(self, name: str) -> FloatArray:
        place, (w, x, y, z) = self._physics.pose(name)
        return np.array([*place, x, y, z, w])

    def _put_back(self, name: str, pose: FloatArray) -> None:
        x, y, z, w = pose[3:]
        self._physics.place(name, pose[:3].tolist(), [w, x, y, z])

    def _forget_contacts(self) -> None:
        self._physics.forget()

    def _is_crowded(self) -> bool:
        self._physics.look_for_contacts()
        return any(one in self._objects for one, *_ in self._physics.contacts())

    def _contact_count(self, name: str) -> int:
        return sum(one == name for one, *_ in self._physics.contacts())

    def _step(self) -> None:
        model, data = self._physics.model, self._physics.data
        mujoco.mj_step1(model, data)
        self._mujoco_arm.drive()
        mujoco.mj_step2(model, data)

    def _link_pose(self, camera: ImageSensor) -> tuple[FloatArray, FloatArray]:
        return self._physics.link_pose(camera.link)

    def _repaint(self, variation: Variation) -> None:
        self._physics.tint(variation.tints)
        self._physics.cover([draw_texture(texture) for texture in variation.textures])

    def _render(
        self, at: Viewpoint, light: Light, vertical_fov_deg: float, width: int, height: int
    ) -> ImageArray:
        return self._physics.render(at, light, vertical_fov_deg, width, height)

    def close(self) -> None:
        """Free the renderers."""
        self._physics.close()
