# SPDX-License-Identifier: Apache-2.0
"""A camera that breaks in the middle of an episode: told apart by surprise, and only from then on."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)

from ami_ros.errors import ConfigError
from ami_ros.evaluation.experiment import prepare
from ami_ros.evaluation.surprise_episodes import CLEAN, SurpriseRunner, breakable, told_apart
from ami_ros.sim.faults.broken_camera import BROKEN, MOVED, BrokenCamera
from ami_ros.sim.faults.injection import FaultInjection
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.world.open_world import open_world


@pytest.fixture(scope="module")
def experiment():
    changes = ["deadline_s=1.0"]  # on a busy machine, too
    return prepare("panda", "reach", episodes=2, seed=79001, changes=changes)


def surprises(experiment, faults: list[str]) -> dict[str, list[np.ndarray]]:
    runner, found = SurpriseRunner(experiment, faults), {}
    for name, surprise in runner.episodes():
        found.setdefault(name, []).append(surprise)
    runner.close()
    assert sum(map(len, found.values())) == len(runner)
    return found


@pytest.mark.slow
def test_black_pictures_and_an_unknown_object_surprise_and_leave_the_next_episode_as_it_is(experiment):
    found = surprises(experiment, ["camera_black", "unknown_object"])
    told = told_apart(found)
    assert set(told) == {CLEAN, "camera_black", "unknown_object"}
    assert told["camera_black"]["auc"] == 1.0 and told["camera_black"]["surprised"] == 1.0
    assert told["unknown_object"]["auc"] > 0.9 and told[CLEAN]["surprised"] < 0.1
    np.testing.assert_array_equal(found[CLEAN], surprises(experiment, [])[CLEAN])


def test_steps_without_surprise_do_not_count():
    usual = [np.array([np.nan, 0.2, 0.4]), np.array([0.1, 0.3, 1.5])]
    told = told_apart({CLEAN: usual, "fault": [np.array([np.nan, 0.25, 2.0])]})
    assert told["fault"]["auc"] == pytest.approx((2 + 5) / 10)
    assert told["fault"]["auc_episodes"] == 1.0
    assert told["fault"]["surprised"] == 0.5 and told[CLEAN]["surprised"] == 0.2


@pytest.mark.parametrize("fault", BROKEN)
def test_pictures_are_as_they_are_until_it_breaks_and_again_once_it_is_mended(experiment, fault):
    spec, task = experiment.spec, load_task("reach", experiment.spec)
    world = open_world(spec, 240.0)
    task.furnish(world)
    world.reset(spec.home, task.episode(79001).start_objects)
    injection, usual = FaultInjection(world, spec, task), world.image()
    broken = BrokenCamera(world, spec, injection, fault, 79001, after=2)
    for _ in range(2):
        assert (broken(world.observe()).readings["camera"].value == usual).all()
    broken(world.observe())  # the picture that is repeated from now on
    world.reset(spec.home + 0.2, task.episode(79001).start_objects)
    seen = broken(world.observe()).readings["camera"].value
    in_the_world = fault in (MOVED, "unknown_object")
    assert (seen == world.image()).all() == in_the_world
    assert (seen == usual).all() == (fault == "camera_repeated")
    broken.mend()
    world.vary(None)
    world.reset(spec.home, task.episode(79001).start_objects)
    assert (broken(world.observe()).readings["camera"].value == usual).all()
    world.close()


def test_what_cannot_break_is_named(experiment):
    assert breakable(experiment) == list(BROKEN)
    with pytest.raises(ConfigError, match="camera_blck.*expected some of camera_repeated"):
        breakable(experiment, ["camera_blck"])
    with pytest.raises(ConfigError, match="husky: got .*unknown_object"):
        breakable(prepare("husky", "drive", episodes=1), ["unknown_object"])
