# SPDX-License-Identifier: Apache-2.0
"""Records what the robot sees and does, through the gate, in the form of training data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ami_ros.episodes.episode import PLAIN_LOOK, EpisodeRecord
from ami_ros.sim.camera.variation_settings import load_variation_settings
from ami_ros.sim.collect.film import Film, small
from ami_ros.sim.loop.step_loop import StepLoop
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.tasks.task import Episode, Motion, NoisyMotion
from ami_ros.sim.world.open_world import open_world
from ami_ros.system.engines import pool_on
from ami_ros.types import ImageArray

if TYPE_CHECKING:
    from ami_ros.configuration import Configuration

Job = TypeVar("Job")


def nothing(step: int) -> None:
    """Leave the world unchanged."""


class Recorder:
    """Opens the world of a task, with the training range of cameras; subclasses record in it.

    Images have the size that the model sees.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._spec, self._settings = configuration.spec, configuration.collect
        self._side = configuration.model.image_size
        self._task = load_task(configuration.task, self._spec)
        self._world = open_world(self._spec, configuration.sim.physics_hz)
        self._task.furnish(self._world)
        self._loop = StepLoop(self._world, self._spec, configuration.safety)
        self._variation = load_variation_settings()

    def close(self) -> None:
        """Free the simulator."""
        self._world.close()

    def _film(
        self,
        episode: Episode,
        motion: Motion,
        steps: int,
        look: int = PLAIN_LOOK,
        happen: Callable[[int], None] = nothing,
    ) -> EpisodeRecord:
        """Put everything at the start of `episode` and record `steps` control steps.

        Args:
            episode: gives the start.
            motion: what the robot does.
            steps: control steps.
            look: number of the world's variation, for the record.
            happen: called before each observation with its index.
        """
        world = self._world
        world.reset(episode.start, episode.start_objects)
        self._loop.restart()
        film = Film(self._spec, self._side)
        for step in range(steps + 1):
            happen(step)
            observation = world.observe()
            film.see(observation, world.truth())
            if step < steps:
                action = motion.next(world)
                film.act(action, motion.intended if isinstance(motion, NoisyMotion) else None)
                self._loop.act(action[None, None], observation)
        return film.episode(look)

    def _small(self, image: ImageArray) -> ImageArray:
        """Return a camera image at the recorded size."""
        return small(image, self._side)


def record_all(
    recorder: Callable[[Configuration], Any],
    configuration: Configuration,
    work: Callable[[Any, Job], Job],
    jobs: Sequence[Job],
) -> Iterator[Job]:
    """Yield each finished job; config/collect.yaml sets the number of processes.

    Args:
        recorder: a subclass of Recorder.
        configuration: robot, task, and what is recorded.
        work: does one job with a recorder and returns the job; a function of a module.
        jobs: the jobs.

    Raises:
        AmiError: as the recorder or `work` raised it, or ProcessError: a worker died.
    """
    wanted = configuration.collect
    with pool_on(wanted.engine, min(wanted.workers, len(jobs)), recorder, (configuration,)) as workers:
        yield from workers.run(work, jobs)
