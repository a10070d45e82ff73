# SPDX-License-Identifier: Apache-2.0
"""What every recorder of training data begins with: the world of a task, a camera and the training range."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from ami_ros.body.robot_spec import load_robot
from ami_ros.sim.camera.variation_settings import load_variation_settings
from ami_ros.sim.collect.recorder import Recorder
from ami_ros.sim.tasks.collect_settings import CollectSettings
from ami_ros.sim.tasks.known import load_task
from ami_ros.sim.world.scene import Scene
from ami_ros.system.workers import Workers

Job = TypeVar("Job")


class TaskRecorder:
    """Opens the world of `task`; its kinds say what they record in it.

    Args:
        robot: name of the robot.
        task: name of the task.
        settings: of the data set.
    """

    def __init__(self, robot: str, task: str, settings: CollectSettings) -> None:
        self._spec, self._settings = load_robot(robot, task), settings
        self._task = load_task(task, self._spec)
        self._scene = Scene(self._spec, settings.physics_hz)
        self._task.furnish(self._scene)
        self._recorder = Recorder(self._scene, self._spec, settings.image_size)
        self._variation = load_variation_settings()

    def close(self) -> None:
        """Free the simulator."""
        self._scene.close()


def record_all(
    recorder: Callable[[str, str, CollectSettings], Any],
    robot: str,
    task: str,
    settings: CollectSettings,
    work: Callable[[Any, Job], Job],
    jobs: Sequence[Job],
) -> Iterator[Job]:
    """Yield each of `jobs` when it is done, by as many processes as `settings` say.

    Args:
        recorder: a kind of TaskRecorder.
        robot: name of the robot.
        task: name of the task.
        settings: of the data set.
        work: does one job with a recorder and returns the job; a function of a module.
        jobs: what is to be done.

    Raises:
        AmiError: as the recorder or `work` raised it, or ProcessError: a worker died.
    """
    with Workers(min(settings.workers, len(jobs)), recorder, (robot, task, settings)) as workers:
        yield from workers.run(work, jobs)
