# SPDX-License-Identifier: Apache-2.0
"""Impossible events, each next to its possible twin: do the events, and not the twins, surprise the model?

Source of the method: violation of expectation, as in Riochet et al., "IntPhys: a framework and benchmark for
visual intuitive physics reasoning" (2018).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ami_ros.body.kinematics import Kinematics
from ami_ros.episodes.episode import PLAIN_LOOK, EpisodeRecord
from ami_ros.episodes.event import EventRecord
from ami_ros.errors import EmbodimentError, EpisodeError
from ami_ros.sim.camera.variation import CLEAN, training_variation
from ami_ros.sim.collect.occasion import ARM_KINDS, CLEAR, OBJECT_KINDS, WALL_KINDS, occasion, shows
from ami_ros.sim.collect.scene_recorder import SceneRecorder
from ami_ros.sim.tasks.task import Motion, Task
from ami_ros.sim.world.tricks import STRANGERS, Tricks
from ami_ros.sim.world.world import World
from ami_ros.types import FloatArray

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration

STREAM = 93  # keeps these draws apart from those of the training data
ATTEMPTS = 300  # clips drawn until one gives the event an occasion
JUMP = (0.08, 0.30)  # m, how far things teleport
ARM_TURN = 0.5  # rad, largest turn of a joint when the arm's image teleports


def event_kinds(task: Task) -> tuple[str, ...]:
    """Return what can happen in a task."""
    episode = task.episode(0)
    if not len(episode.start_objects):
        return ARM_KINDS
    starts, goals = episode.start_objects, episode.goal_objects
    stays = all(np.array_equal(starts[name], goals[name]) for name in starts)
    return WALL_KINDS if stays else OBJECT_KINDS


class Remembered:
    """A motion whose actions can be repeated to the bit."""

    def __init__(self, motion: Motion) -> None:
        self._motion = motion
        self._actions: list[FloatArray] = []

    def next(self, scene: World) -> FloatArray:
        """Return the next action (A,)."""
        self._actions.append(self._motion.next(scene))
        return self._actions[-1]

    def again(self) -> Replay:
        """Return the same actions, whatever happens."""
        return Replay(self._actions)


class Replay:
    """Given actions, one after another."""

    def __init__(self, actions: list[FloatArray]) -> None:
        self._left = list(actions)

    def next(self, scene: World) -> FloatArray:
        """Return the next action (A,)."""
        return self._left.pop(0)


class EventRecorder(SceneRecorder):
    """Records pairs of clips; a pair does not depend on the process that records it.

    Attributes:
        kinds: what can happen in this task.

    Raises:
        EmbodimentError: the body has no arm, or no cameras.
    """

    def __init__(self, configuration: Configuration) -> None:
        super().__init__(configuration)
        if "joints" not in self._world.body():
            self.close()
            raise EmbodimentError(
                f"{self._spec.name}: events: got no arm, expected one; event_pairs: 0 records none"
            )
        self._kinematics = Kinematics(self._spec)
        self._tricks = Tricks(self._scene)
        self.kinds = event_kinds(self._task)
        # What events happen to, the first one in the records; "" where it is the arm.
        self._object = next(iter(self._task.episode(0).start_objects), "")

    def record(self, kind: str, pair: int) -> tuple[EventRecord, EventRecord]:
        """Record the possible and the impossible clip of a pair.

        Raises:
            EpisodeError: no clip gave the event an occasion.
        """
        steps = self._settings.event_steps
        generator = np.random.default_rng([self._settings.seed, STREAM, self.kinds.index(kind), pair])
        looks = training_variation(self._variation, generator, len(self._spec.images))
        noise = int(generator.integers(2**31))
        look = PLAIN_LOOK if looks == CLEAN else pair + 1
        for _ in range(ATTEMPTS):
            episode = self._task.scatter(generator)
            motion = Remembered(self._task.motion(episode, self._settings, generator))
            self._scene.vary(looks, noise)
            clip = self._film(episode, motion, steps, look)
            moment = occasion(kind, clip, self._spec.action_block, generator)
            if moment is None:
                continue
            self._scene.vary(looks, noise)
            if kind == "stranger" or self._object:
                happen = self._happening(kind, clip, moment, generator)
                odd = self._film(episode, motion.again(), steps, look, happen)
                self._tricks.undo()
            else:
                odd = self._repainted(kind, clip, moment, generator)
            if shows(clip, odd, moment):
                possible = EventRecord(clip, kind, True, moment, pair)
                return possible, EventRecord(odd, kind, False, moment, pair)
        raise EpisodeError(f"event {kind}, pair {pair}: found no occasion in {ATTEMPTS} clips")

    def _happening(
        self, kind: str, clip: EpisodeRecord, moment: int, generator: np.random.Generator
    ) -> Callable[[int], None]:
        """Return the callback that changes the world in time, called before each observation."""
        tricks, name = self._tricks, self._object
        if kind == "teleport":
            pose = self._elsewhere(clip, moment, generator)
            return lambda step: tricks.jump(name, pose) if step == moment else None
        if kind == "vanish":
            return lambda step: tricks.vanish(name) if step == moment else None
        if kind == "passes_through":
            return lambda step: tricks.pass_through() if step == 0 else None
        index, place = int(generator.integers(len(STRANGERS))), self._free_place(clip, generator)
        return lambda step: tricks.show_stranger(index, place) if step == 0 else None

    def _elsewhere(self, clip: EpisodeRecord, moment: int, generator: np.random.Generator) -> FloatArray:
        """Return a pose (4,) for the block, away from its present place and from the tip."""
        while True:
            pose = self._task.scatter(generator).start_objects[self._object]
            far = np.linalg.norm(pose[:2] - clip.truth["objects"][moment, 0, :2])
            if JUMP[0] <= far <= JUMP[1] and np.linalg.norm(pose[:2] - clip.truth["tip"][moment, :2]) > CLEAR:
                return pose

    def _free_place(self, clip: EpisodeRecord, generator: np.random.Generator) -> FloatArray:
        """Return a place (2,) on the table, clear of the objects."""
        lower, upper = self._spec.workspace[:, :2]
        while True:
            place: FloatArray = generator.uniform(lower, upper)
            if (np.linalg.norm(clip.truth["objects"][0, :, :2] - place, axis=1) > CLEAR).all():
                return place

    def _repainted(
        self, kind: str, clip: EpisodeRecord, moment: int, generator: np.random.Generator
    ) -> EpisodeRecord:
        """Return the clip with other images from `moment` on, while the joints go on."""
        joints = clip.vectors[self._spec.joint_sensor].astype(np.float64)
        joints = joints[:, : len(self._spec.joint_names)]
        shown = joints.copy()
        if kind == "teleport":
            shown += self._turn(joints[moment], generator)
        elif kind == "freeze":
            shown[moment:] = joints[moment - 1]
        elif kind == "vanish":
            self._tricks.vanish_body()
        images = {camera: array.copy() for camera, array in clip.images.items()}
        for step in range(moment, len(shown)):
            self._scene.reset(shown[step])
            for camera, image in self._scene.images().items():
                images[camera][step] = self._small(image)
        self._tricks.undo()
        return dataclasses.replace(clip, images=images)

    def _turn(self, joints: FloatArray, generator: np.random.Generator) -> FloatArray:
        """Return a change of the joints (J,) that moves the tip as far as objects teleport."""
        before = self._kinematics.forward(joints)[0]
        while True:
            turn: FloatArray = generator.uniform(-ARM_TURN, ARM_TURN, size=len(joints))
            far = np.linalg.norm(self._kinematics.forward(joints + turn)[0] - before)
            if JUMP[0] <= far <= JUMP[1]:
                return turn
