# SPDX-License-Identifier: Apache-2.0
"""The physics client: one MuJoCo world without a window, in which bodies have names."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import mujoco
import numpy as np

from ami_ros.body.scenery import Box
from ami_ros.errors import EmbodimentError
from ami_ros.sim.camera.texture import TEXTURE_SIZE
from ami_ros.sim.camera.variation import Light
from ami_ros.sim.camera.viewpoint import Viewpoint
from ami_ros.sim.world.light_mesh import faces_of, light_mesh
from ami_ros.types import FloatArray, ImageArray

NEAR, FAR = 0.1, 20.0  # m, the renderer's clip planes; far enough for the wall's corners
MESHES = (".obj", ".stl")  # what MuJoCo reads; anything else becomes OBJ
# Bits of contype and conaffinity: a robot does not touch itself, as it does not in PyBullet. Whether it
# touches objects is its side alone.
ROBOT, SCENERY, OBJECT = 1, 2, 4
COLLISIONS = 0  # group of the shapes that are not shown; MuJoCo puts a URDF's visual ones into group 1
# What MuJoCo needs of a URDF: visual shapes kept, fixed links kept, and inertias that can be.
COMPILER = {
    "discardvisual": "false",
    "fusestatic": "false",
    "balanceinertia": "true",
    "boundmass": "1e-4",
    "boundinertia": "1e-6",
}


class Physics:
    """A robot fixed to the world, with scenery around it.

    Things that are added later come after what was there, so that indices stay the same.

    Args:
        urdf: text, with absolute paths of meshes.
        name: of the robot, for messages.
        physics_hz: simulation steps per second.
        scenery: boxes.

    Attributes:
        links: names of the robot's links, in the order of the URDF's tree.

    Raises:
        EmbodimentError: MuJoCo refuses it.
    """

    def __init__(self, urdf: str, name: str, physics_hz: float, scenery: Sequence[Box]) -> None:
        text, assets = _with_assets(urdf)
        try:
            self._spec = mujoco.MjSpec.from_string(text)
            self._spec.assets = assets
            self.links = [body.name for body in self._spec.bodies[1:]]
            self._set_up(physics_hz, scenery)
            self._model = self._spec.compile()
        except ValueError as error:
            raise EmbodimentError(f"simulation urdf {name}: MuJoCo cannot load it: {error}") from error
        self._data = mujoco.MjData(self._model)
        self._is_stale = False  # something was added since the model was compiled
        self._colours = self._model.geom_rgba.copy()
        self._touch = self._shown = True
        self._factors: Sequence[Sequence[float]] = ()
        self._patterns: Sequence[ImageArray] = ()
        self._renderers: dict[tuple[int, int], Any] = {}
        self._free = partial(_free, self._renderers)

    def _set_up(self, physics_hz: float, scenery: Sequence[Box]) -> None:
        spec, world = self._spec, self._spec.worldbody
        spec.option.timestep = 1.0 / physics_hz
        spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
        spec.stat.extent = 1.0  # the unit of the clip planes
        spec.visual.map.znear, spec.visual.map.zfar = NEAR, FAR
        spec.visual.quality.offsamples = 0
        spec.visual.headlight.active = 0
        for geom in spec.geoms:
            if geom.contype:
                geom.contype, geom.conaffinity = ROBOT, SCENERY | OBJECT
        flat = {"builtin": mujoco.mjtBuiltin.mjBUILTIN_FLAT, "rgb1": [1.0] * 3, "rgb2": [1.0] * 3}
        size = {"width": TEXTURE_SIZE, "height": TEXTURE_SIZE}
        spec.add_texture(name="sky", type=mujoco.mjtTexture.mjTEXTURE_SKYBOX, **flat, **size)
        for index, box in enumerate(scenery):
            surface = f"surface_{index}"
            spec.add_texture(name=surface, type=mujoco.mjtTexture.mjTEXTURE_2D, **flat, **size)
            material = spec.add_material(name=surface)
            material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = surface
            world.add_geom(
                name=f"scenery_{index}",
                type=mujoco.mjtGeom.mjGEOM_BOX,
                size=box.half_size,
                pos=box.centre,
                rgba=box.colour,
                material=surface,
                contype=SCENERY,
                conaffinity=ROBOT | OBJECT,
                group=2,
            )
        world.add_light(name="lamp", type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, castshadow=False)
        world.add_camera(name="eye")

    def _catch_up(self) -> None:
        """Compile what was added; the state of what was there stays."""
        if not self._is_stale:
            return
        self._is_stale = False
        before, self._model = self._data, self._spec.compile()
        self._data = mujoco.MjData(self._model)
        for name in ("qpos", "qvel", "mocap_pos", "mocap_quat"):  # what is new comes last
            kept = getattr(before, name)
            getattr(self._data, name)[: len(kept)] = kept
        self._colours = self._model.geom_rgba.copy()
        self._free()
        self.let_touch(self._touch)
        self.show_robot(self._shown)
        self.tint(self._factors)
        self.cover(self._patterns)

    @property
    def model(self) -> Any:
        """The compiled model, with all that was added."""
        self._catch_up()
        return self._model

    @property
    def data(self) -> Any:
        """The state of `model`."""
        self._catch_up()
        return self._data

    def add(
        self,
        name: str,
        shape: str,
        size: Sequence[float],
        rgba: Sequence[float],
        *,
        mass: float = 0.0,
        friction: float = 0.0,
        touchable: bool = False,
    ) -> None:
        """Add a body at the origin.

        Args:
            name: of it.
            shape: box, sphere, cylinder or capsule.
            size: as MuJoCo takes it: half sides; radius; radius and half length.
            rgba: colour.
            mass: kg; without one it stays where it is put.
            friction: Coulomb's.
            touchable: else it is only visible.
        """
        body = self._spec.worldbody.add_body(name=_named(name), mocap=not mass)
        if mass:
            body.add_freejoint()
        body.add_geom(
            name=_named(name),
            type=getattr(mujoco.mjtGeom, f"mjGEOM_{shape.upper()}"),
            size=[*size, *[0.0] * (3 - len(size))],
            rgba=rgba,
            mass=mass or 1.0,
            friction=_friction(friction),
            priority=1,  # the friction of what is pushed counts, not that of what pushes it
            contype=OBJECT if touchable else 0,
            conaffinity=SCENERY | OBJECT if touchable else 0,
            group=2,
        )
        self._is_stale = True

    def reshape(
        self, name: str, size: Sequence[float], rgba: Sequence[float], *, mass: float, friction: float
    ) -> None:
        """Give a body of `add` another size, colour, mass and friction."""
        geom = self._spec.geom(_named(name))
        geom.size, geom.rgba, geom.mass, geom.friction = size, rgba, mass, _friction(friction)
        self._is_stale = True

    def place(self, name: str, position: Sequence[float], turn: Sequence[float]) -> None:
        """Put a body at rest at `position` (3,), m, turned by the quaternion `turn` (4,), w x y z."""
        body = self.model.body(_named(name))
        if (mocap := int(body.mocapid[0])) >= 0:
            self._data.mocap_pos[mocap], self._data.mocap_quat[mocap] = position, turn
            return
        at, moves = int(self._model.jnt_qposadr[body.jntadr[0]]), int(body.dofadr[0])
        self._data.qpos[at : at + 7] = [*position, *turn]
        self._data.qvel[moves : moves + 6] = 0.0

    def pose(self, name: str) -> tuple[FloatArray, FloatArray]:
        """Return a body's position (3,), m, and its quaternion (4,), w x y z."""
        body = self.model.body(_named(name))
        if (mocap := int(body.mocapid[0])) >= 0:
            return self._data.mocap_pos[mocap].copy(), self._data.mocap_quat[mocap].copy()
        at = int(self._model.jnt_qposadr[body.jntadr[0]])
        return self._data.qpos[at : at + 3].copy(), self._data.qpos[at + 3 : at + 7].copy()

    def forget(self) -> None:
        """Forget contacts and forces; everything stays where it is, at rest."""
        data = self.data
        kept = data.qpos.copy(), data.mocap_pos.copy(), data.mocap_quat.copy()
        mujoco.mj_resetData(self._model, data)
        data.qpos[:], data.mocap_pos[:], data.mocap_quat[:] = kept

    def let_touch(self, touch: bool) -> None:
        """Whether the robot collides with what can be pushed and with what stays; it does from the start."""
        self._touch = touch
        solid = [geom for geom in self._robot_geoms if self.model.geom_contype[geom]]
        self._model.geom_conaffinity[solid] = SCENERY | OBJECT if touch else SCENERY

    def look_for_contacts(self) -> None:
        """Find the contacts of everything as it is placed now."""
        self._move()
        mujoco.mj_collision(self._model, self._data)

    def contacts(self) -> Iterator[tuple[str, str, FloatArray, FloatArray]]:
        """Yield each contact in the last step: both bodies, place (3,), m, and force (3,) on the first, N."""
        model, data, wrench = self.model, self._data, np.zeros(6)
        for index, contact in enumerate(data.contact[: data.ncon]):
            mujoco.mj_contactForce(model, data, index, wrench)
            force = contact.frame.reshape(3, 3).T @ wrench[:3]  # on the second
            one, other = (_plain(model.body(model.geom_bodyid[g]).name) for g in contact.geom)
            yield one, other, contact.pos.copy(), -force
            yield other, one, contact.pos.copy(), force

    def link_pose(self, link: str) -> tuple[FloatArray, FloatArray]:
        """Return place (3,), m, and rotation (3, 3) of a link's frame."""
        self._move()
        body = self._data.body(link)
        return body.xpos.copy(), body.xmat.reshape(3, 3).copy()

    def _move(self) -> None:
        """Let everything that is seen follow the joints; what moves next does not depend on it."""
        mujoco.mj_kinematics(self.model, self._data)
        mujoco.mj_comPos(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)

    # What is seen

    @property
    def _robot_geoms(self) -> list[int]:
        links = {self.model.body(link).id for link in self.links}
        return [geom for geom, body in enumerate(self._model.geom_bodyid) if body in links]

    def paint(self, name: str, rgba: Sequence[float]) -> None:
        """Set the colour of a body."""
        self._spec.geom(_named(name)).rgba = rgba
        self.model.geom(_named(name)).rgba[:] = rgba

    def paint_link(self, link: str, rgba: Sequence[float]) -> None:
        """Set the colour of a link, before any tint."""
        for geom in self._spec.body(link).geoms:
            geom.rgba = rgba
        geoms = self.model.geom_bodyid == self._model.body(link).id
        self._model.geom_rgba[geoms] = self._colours[geoms] = rgba

    def show_robot(self, shown: bool) -> None:
        """Show the robot, or hide it."""
        self._shown = shown
        self.model.geom_rgba[self._robot_geoms, 3] = 1.0 if shown else 0.0

    def tint(self, factors: Sequence[Sequence[float]]) -> None:
        """Multiply surface colours; those of one colour share a factor (3,), the last applies to the rest."""
        self._factors = factors
        kinds = list(dict.fromkeys(map(tuple, self._colours.tolist())))
        for geom, rgba in enumerate(self._colours):
            factor = (
                factors[min(kinds.index(tuple(rgba.tolist())), len(factors) - 1)] if factors else (1.0,) * 3
            )
            self.model.geom_rgba[geom, :3] = np.minimum(1.0, rgba[:3] * factor)

    def cover(self, patterns: Sequence[ImageArray]) -> None:
        """Put one pattern (TEXTURE_SIZE, TEXTURE_SIZE, 3) uint8 on each box of the scenery; else none."""
        self._patterns = patterns
        for texture in range(self.model.ntex):
            name = self._model.texture(texture).name
            if not name.startswith("surface_"):
                continue
            index, first = int(name.removeprefix("surface_")), int(self._model.tex_adr[texture])
            pattern = patterns[index] if index < len(patterns) else np.full((TEXTURE_SIZE,) * 2 + (3,), 255)
            self._model.tex_data[first : first + pattern.size] = pattern.reshape(-1)
        self._free()  # a renderer has its own copy

    def render(
        self, at: Viewpoint, light: Light, vertical_fov_deg: float, width: int, height: int
    ) -> ImageArray:
        """Return an RGB image (height, width, 3) uint8 of a camera at `at`."""
        self._move()
        model, data = self._model, self._data
        sight = np.asarray(at.look_at) - at.eye
        away = -sight / np.linalg.norm(sight)
        right = np.cross(at.up, away)
        right /= np.linalg.norm(right)
        data.cam_xpos[0] = at.eye
        data.cam_xmat[0] = np.stack([right, np.cross(away, right), away], axis=1).reshape(-1)
        model.cam_fovy[0] = vertical_fov_deg
        data.light_xdir[0] = -np.asarray(light.direction) / np.linalg.norm(light.direction)
        for shade, strength in (("ambient", light.ambient), ("diffuse", light.diffuse)):
            getattr(model, f"light_{shade}")[0] = np.multiply(light.colour, strength)
        model.light_specular[0] = light.specular
        renderer = self._renderer(width, height)
        seen = mujoco.MjvOption()
        seen.geomgroup[COLLISIONS] = 0
        renderer.update_scene(data, camera=0, scene_option=seen)
        renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = 0
        renderer.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = 0
        return np.ascontiguousarray(renderer.render())

    def _renderer(self, width: int, height: int) -> Any:
        if (width, height) not in self._renderers:
            buffer = self._model.vis.global_
            buffer.offwidth, buffer.offheight = width, height
            try:
                self._renderers[width, height] = mujoco.Renderer(self._model, height, width)
            except RuntimeError as error:
                gl = os.environ["MUJOCO_GL"]
                raise EmbodimentError(
                    f"MuJoCo cannot render here with MUJOCO_GL={gl}: {error}; try egl, osmesa or glfw"
                ) from error
            atexit.unregister(self._free)
            atexit.register(self._free)  # later registered, it runs before OpenGL ends
        return self._renderers[width, height]

    def close(self) -> None:
        """Free the renderers. Safe to call twice."""
        self._free()
        atexit.unregister(self._free)


def _free(renderers: dict[tuple[int, int], Any]) -> None:
    for renderer in renderers.values():
        renderer.close()
    renderers.clear()


def _named(name: str) -> str:
    """Keep objects apart from the links of a URDF."""
    return f"object:{name}"


def _friction(sliding: float) -> list[float]:
    return [sliding, 0.005, 0.0001]  # the others are MuJoCo's defaults


def _plain(name: str) -> str:
    return name.removeprefix("object:")


def _with_assets(urdf: str) -> tuple[str, dict[str, bytes]]:
    """Return a URDF in which every mesh has its own name, by which MuJoCo knows it, and their content."""
    root, assets = ElementTree.fromstring(urdf), {}
    for index, mesh in enumerate(root.iter("mesh")):
        path = Path(mesh.get("filename", ""))
        if path.suffix.lower() not in MESHES:
            path = light_mesh(path, faces_of(path))
        name = f"mesh_{index}{path.suffix.lower()}"
        mesh.set("filename", name)
        assets[name] = path.read_bytes()
    ElementTree.SubElement(ElementTree.SubElement(root, "mujoco"), "compiler", COMPILER)
    return ElementTree.tostring(root, encoding="unicode"), assets
