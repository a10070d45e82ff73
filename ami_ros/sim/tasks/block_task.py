# SPDX-License-Identifier: Apache-2.0
"""What the tasks of a hand with blocks share: where blocks stand, where episodes begin, how data is made."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ami_ros.body.kinematics import Kinematics, first_reachable
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ConfigError, KinematicsError
from ami_ros.settings.fields import setting
from ami_ros.sim.tasks.blocks import Block, Tabletop, Tray, read_blocks, read_variety
from ami_ros.sim.tasks.collect_settings import CollectSettings
from ami_ros.sim.tasks.grasping import CLEAR, SPEED_SHARE, Attracted, Grasping, Grip, NoisyGrasping
from ami_ros.sim.tasks.task import Episode, Motion
from ami_ros.sim.tasks.yardstick import Yardstick
from ami_ros.sim.world.world import Stage
from ami_ros.types import FloatArray

ROOM = 0.06  # m beside a block's middle for an open finger
DRAWS = 1000  # places to try until all blocks have room
GONE = 0.05  # m from the middle of a block to the tip of a hand that has let go of it
BESIDE = (0.09, 0.15)  # m from a low tip to the middle of the block next to it
BESIDE_RISE = 0.06  # m of that tip above the middle of the block
BESIDE_SHARE = 0.2  # of the training episodes begin so
OVER = (
    0.03,
    0.15,
)  # m from a high tip, that has just lost a block, to the middle of the block, seen from above
OVER_RISE = (0.06, 0.16)  # m of that tip above the middle of the block
OVER_SHARE = 0.2  # of the training episodes begin so
HELD = 0.1  # m, the least error of a block that is still in the hand


@dataclass(frozen=True)
class BlockSettings:
    """Settings of every task with blocks."""

    episode_steps: int = setting("control steps per episode", ge=1, le=10_000)
    blocks: dict = setting("name -> half_size, mass, friction and colour of a block")  # type: ignore[type-arg]
    lower: tuple[float, ...] = setting("corner of the area of blocks, x y, base frame", unit="m")
    upper: tuple[float, ...] = setting("corner of the area of blocks, x y, base frame", unit="m")
    variety: dict = setting("other blocks in training data; {}: none")  # type: ignore[type-arg]
    largest_yaw: float = setting("largest turn of a block", ge=0.0, le=1.6, unit="rad")
    scripted_share: float = setting("share of training episodes with scripted grasps", ge=0.0, le=1.0)
    attracted_share: float = setting("share of training episodes drawn to a block", ge=0.0, le=1.0)
    held_share: float = setting(
        "share of training episodes that begin with a block in the hand", ge=0.0, le=1.0
    )

    def __post_init__(self) -> None:
        for name in ("lower", "upper"):
            if len(getattr(self, name)) != 2:
                raise ConfigError(f"{name}: got {getattr(self, name)}, expected [x, y]")
        if not all(low < high for low, high in zip(self.lower, self.upper, strict=True)):
            raise ConfigError(f"lower: got {self.lower}, expected less than upper, {self.upper}")
        if self.scripted_share + self.attracted_share > 1.0:
            raise ConfigError("scripted_share and attracted_share: expected a sum of at most 1")


@dataclass(frozen=True, eq=False)
class Ground:
    """What blocks stand on.

    Attributes:
        area: (2, 2) two corners, x and y, m.
        height: m.
    """

    area: FloatArray
    height: float


@dataclass(frozen=True, eq=False)
class Layout:
    """Where the blocks of an episode stand, and which one it is about.

    Attributes:
        name: of the block to be grasped.
        poses: of all blocks, by name: x, y, z in m and yaw in rad.
    """

    name: str
    poses: dict[str, FloatArray]


class BlockTask(ABC):
    """Seeded episodes with blocks; subclasses define the goal.

    Args:
        kind: of the task, for messages.
        spec: the robot.
        settings: what all these tasks share.
        yardstick: how errors are expressed.
        tray: on the table; None for none.

    Raises:
        ConfigError: a robot without such a hand, or a block that does not fit between the fingers.
        KinematicsError: the URDF does not fit the robot.
    """

    def __init__(
        self,
        kind: str,
        spec: RobotSpec,
        settings: BlockSettings,
        yardstick: Yardstick,
        tray: Tray | None = None,
    ) -> None:
        try:
            self.grip = Grip(spec)
        except ConfigError as error:
            raise ConfigError(f"{kind}: {error}") from error
        self._spec, self._shared = spec, settings
        self.table = Tabletop(spec, read_blocks(settings.blocks, f"{kind}: blocks"), tray)
        self._variety = read_variety(settings.variety, f"{kind}: variety")
        for name, block in self.blocks.items():
            self._check_width(f"{kind}: blocks.{name}", block.width)
        if self._variety is not None:
            self._check_width(f"{kind}: variety.half_size", 2.0 * self._variety.half_size[1])
        self._area = np.array([settings.lower, settings.upper])
        self._kinematics = Kinematics(spec)
        self.goal_sensor, self.yardstick = "", yardstick
        self.episode_steps, self.goal_is_posture = settings.episode_steps, False

    def _check_width(self, where: str, width: float) -> None:
        """Raise ConfigError: something so wide, m, does not fit between the fingers."""
        widest = self.grip.widest
        if width > 0.9 * widest:
            raise ConfigError(
                f"{where}: got {width:.3g} m between the fingers, expected at most "
                f"{0.9 * widest:.3g} m, so that a hand that opens {widest:.3g} m goes around it"
            )

    @property
    def blocks(self) -> dict[str, Block]:
        """The blocks, by name."""
        return dict(self.table.blocks)

    def furnish(self, scene: Stage) -> None:
        """Put blocks and tray on the table."""
        self.table.furnish(scene)

    def varied(self, generator: np.random.Generator) -> BlockTask:
        """Return the same task, perhaps with other blocks."""
        other = copy.copy(self)
        if self._variety is not None:
            other.table = self.table.varied(self._variety, generator)
        return other

    def reshape(self, scene: Stage) -> None:
        """Give the blocks of a furnished world the sides and colours that they have in this task."""
        self.table.reshape(scene)

    # Episodes

    def episode(self, seed: int) -> Episode:
        """Return the episode of `seed`: the same on every machine.

        Raises:
            KinematicsError: 100 draws gave no start and goal that the robot can reach.
            ConfigError: the blocks do not fit into their area.
        """
        generator = np.random.default_rng(seed)
        return first_reachable(lambda: self._draw(generator))

    def _draw(self, generator: np.random.Generator) -> Episode:
        layout = self.layout(generator, Ground(self._area, self.table.top))
        start = self._stand(self._clear_of(layout, generator), self.grip.widest)
        goal, goal_position, poses = self._goal(layout, generator)
        return Episode(
            start=start,
            goal=goal,
            goal_position=goal_position,
            start_objects=self.table.poses(layout.poses),
            goal_objects=self.table.poses(poses),
        )

    @abstractmethod
    def _goal(
        self, layout: Layout, generator: np.random.Generator
    ) -> tuple[FloatArray, FloatArray, dict[str, FloatArray]]:
        """Return channels (C,), the judged place (3,) and the poses of the blocks at the goal."""

    def layout(self, generator: np.random.Generator, ground: Ground) -> Layout:
        """Return blocks with room for the fingers between them. Raises ConfigError: they have none."""
        names = self._graspable()
        name = names[int(generator.integers(len(names)))]
        poses: dict[str, FloatArray] = {}
        for other, block in self.blocks.items():
            place = self._free_place(generator, block, poses, ground)
            yaw = generator.uniform(-self._shared.largest_yaw, self._shared.largest_yaw)
            poses[other] = self.table.standing(other, place, self.facing(place) + yaw, ground.height)
        return Layout(name, poses)

    def facing(self, place: FloatArray) -> float:
        """Return the yaw, rad, of a block at (2,), m, that the fingers meet straight.

        Raises:
            KinematicsError: out of reach.
        """
        if self._spec.orientation == "kept":
            return 0.0
        low = np.array([*place, self._spec.workspace[0][2]])
        turn = self._kinematics.forward(self._kinematics.solve(low))[1]
        return float(self.grip.seat(turn, 0.0)[3])

    def _graspable(self) -> list[str]:
        """Return the names of the blocks that an episode may be about."""
        return list(self.blocks)

    def _free_place(
        self, generator: np.random.Generator, block: Block, poses: dict[str, FloatArray], ground: Ground
    ) -> FloatArray:
        for _ in range(DRAWS):
            place: FloatArray = generator.uniform(ground.area[0], ground.area[1])
            is_free = self.table.has_room(place, block.reach, ground.height)
            if is_free and self._has_room(block, place, poses):
                return place
        raise ConfigError(f"blocks: {DRAWS} draws found no room for {list(self.blocks)}; enlarge their area")

    def _has_room(self, block: Block, place: FloatArray, poses: dict[str, FloatArray]) -> bool:
        """Return whether open fingers fit between a block at a place (2,) and others."""
        return all(
            np.linalg.norm(place - pose[:2]) > ROOM + max(block.reach, self.blocks[name].reach)
            for name, pose in poses.items()
        )

    def held(self, layout: Layout, tip: FloatArray) -> tuple[FloatArray, dict[str, FloatArray]]:
        """Return channels (C,) and poses of the blocks with one in the hand, whose tip is at (3,), m.

        Raises:
            KinematicsError: out of reach.
        """
        joints = self._kinematics.solve(tip)
        at, turn = self._kinematics.forward(joints)
        width = self.blocks[layout.name].width
        poses = {**layout.poses, layout.name: np.array([*at, 0.0]) + self.grip.seat(turn, width)}
        return self.grip.channels(joints, width), poses

    def _stand(self, tip: FloatArray, opening: float) -> FloatArray:
        return self.grip.channels(self._kinematics.solve(tip), opening)

    def _clear_of(self, layout: Layout, generator: np.random.Generator) -> FloatArray:
        """Return a place (3,) for the tip above all blocks."""
        lower, upper = self._spec.workspace
        low = max(pose[2] + self.blocks[name].half_size[2] for name, pose in layout.poses.items())
        return generator.uniform([*lower[:2], min(low + 0.5 * CLEAR, upper[2])], upper)

    # Judging

    def released(self, scene: Stage, name: str, error: float) -> float:
        """Return an error, m, that is at least HELD while the hand is still at the block."""
        apart = float(np.linalg.norm(scene.truth()["tip"] - scene.objects()[name]))
        return max(error, HELD) if apart < GONE else error

    @abstractmethod
    def error(self, scene: Stage, episode: Episode) -> float:
        """Return the true error, in terms of the yardstick."""

    # Data

    def _grounds(self) -> list[Ground]:
        """Return what blocks stand on while data is recorded: also where they may be moved to."""
        reach = self._spec.workspace[:, :2]
        return [Ground(self._area, self.table.top), Ground(reach, self.table.top)]

    def _some_ground(self, generator: np.random.Generator) -> Ground:
        grounds = self._grounds()
        return grounds[int(generator.integers(len(grounds)))]

    def scatter(self, generator: np.random.Generator) -> Episode:
        """Put blocks anywhere, and the hand anywhere, around a block, or holding it."""
        draw = generator.random()
        held, beside, over = np.cumsum([self._shared.held_share, BESIDE_SHARE, OVER_SHARE])
        while True:
            try:
                layout = self.layout(generator, self._some_ground(generator))
                tip = self._spec.random_tip(generator)
                poses = layout.poses
                if draw < held:
                    start, poses = self.held(layout, tip + np.array([0.0, 0.0, self._above(layout, tip)]))
                elif draw < beside:
                    start = self._stand(self._beside(layout, generator), self._some_opening(generator))
                elif draw < over:
                    start = self._stand(self._over(layout, generator), self._closing(layout, generator))
                elif draw < 0.5 * (1.0 + over):
                    rise = np.array([0.0, 0.0, generator.uniform(0.04, CLEAR)])
                    start = self._stand(layout.poses[layout.name][:3] + rise, self.grip.widest)
                else:
                    start = self._stand(self._clear_of(layout, generator), self._some_opening(generator))
            except KinematicsError:
                continue
            objects = self.table.poses(poses)
            return Episode(start, start, np.zeros(3), objects, objects)

    def _beside(self, layout: Layout, generator: np.random.Generator) -> FloatArray:
        """Return a place (3,) for a tip that is low and near a block, as after a miss or a move of the block.

        Raises:
            KinematicsError: outside the workspace, or not free.
        """
        place = self._near(layout, generator, BESIDE, (0.0, BESIDE_RISE))
        is_free = self._has_room(self.blocks[layout.name], place[:2], layout.poses)
        if not is_free or not self.table.has_room(place[:2], ROOM, self.table.top):
            raise KinematicsError("next to the block: not free")
        return place

    def _over(self, layout: Layout, generator: np.random.Generator) -> FloatArray:
        """Return a place (3,) for a tip that is high and near a block, as after a drop of the block.

        Raises:
            KinematicsError: outside the workspace.
        """
        return self._near(layout, generator, OVER, OVER_RISE)

    def _near(
        self,
        layout: Layout,
        generator: np.random.Generator,
        apart: tuple[float, float],
        rise: tuple[float, float],
    ) -> FloatArray:
        """Return a place (3,) between two distances from a block seen from above and so much above it, m.

        Raises:
            KinematicsError: outside the workspace.
        """
        pose, angle = layout.poses[layout.name], generator.uniform(0.0, 2.0 * np.pi)
        aside = generator.uniform(*apart) * np.array([np.cos(angle), np.sin(angle)])
        place = np.array([*(pose[:2] + aside), pose[2] + generator.uniform(*rise)])
        lower, upper = self._spec.workspace
        if (place < lower).any() or (place > upper).any():
            raise KinematicsError("near the block: outside the workspace")
        return place

    def _closing(self, layout: Layout, generator: np.random.Generator) -> float:
        """Return an opening, m, of fingers that close on a block that is no longer between them."""
        return float(generator.uniform(0.0, self.blocks[layout.name].width))

    def _some_opening(self, generator: np.random.Generator) -> float:
        """Return an opening, m: in half of the cases the widest."""
        is_open = generator.random() < 0.5
        return self.grip.widest if is_open else float(generator.uniform(0.0, self.grip.widest))

    def _above(self, layout: Layout, tip: FloatArray) -> float:
        """Return how much higher than (3,), m, a block in the hand clears the others."""
        tops = [pose[2] + self.blocks[name].half_size[2] for name, pose in layout.poses.items()]
        return float(max(0.0, max(tops) + self.blocks[layout.name].half_size[2] + 0.01 - tip[2]))

    def motion(self, episode: Episode, settings: CollectSettings, generator: np.random.Generator) -> Motion:
        """Grasp with noise, lean toward a block, or move aimlessly; each episode draws again."""
        aimless, draw = self.grip.aimless(settings, generator), generator.random()
        if draw < self._shared.scripted_share:
            name = self._graspable()[int(generator.integers(len(self._graspable())))]
            grasp = self._scripted(name, *self._random_goal(name, generator), speed_share=SPEED_SHARE)
            return NoisyGrasping(self.grip, grasp, aimless, generator)
        if draw < self._shared.scripted_share + self._shared.attracted_share:
            name = self._graspable()[int(generator.integers(len(self._graspable())))]
            return Attracted(self.grip, name, aimless, generator)
        return aimless

    def _random_goal(
        self, name: str, generator: np.random.Generator
    ) -> tuple[Callable[[Stage], FloatArray], bool]:
        """Return a place (3,) to carry a block to, and whether to let go of it there: half of the time."""
        ground = self._some_ground(generator)
        place = self._free_place(generator, self.blocks[name], {}, ground)
        lets_go = bool(generator.random() < 0.5)
        height = ground.height + self.blocks[name].half_size[2]
        height += 0.0 if lets_go else generator.uniform(0.04, 0.16)
        there = np.array([*place, height])
        return lambda scene: there, lets_go

    @abstractmethod
    def oracle(self, episode: Episode) -> Motion:
        """Return a scripted solution with access to the truth."""

    def _scripted(
        self, name: str, goal: Callable[[Stage], FloatArray], lets_go: bool, speed_share: float = 1.0
    ) -> Grasping:
        speed = speed_share * self._spec.max_tip_speed
        return Grasping(self.grip, name, self.blocks[name], goal, lets_go, speed)

    def moved(self, episode: Episode) -> str:
        """Return the name of the block that the goal moves most: the one that the episode is about."""
        return max(
            self.blocks,
            key=lambda name: float(
                np.linalg.norm(episode.goal_objects[name][:3] - episode.start_objects[name][:3])
            ),
        )
