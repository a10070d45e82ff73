# SPDX-License-Identifier: Apache-2.0
"""What the messages of an episode add up to."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the extra 'ros'", exc_type=ImportError)
pytest.importorskip("pybullet", reason="needs the extra 'sim'", exc_type=ImportError)
from ami_ros.errors import ProcessError
from ami_ros.ros.clients.episode_record import EpisodeRecorder
from ami_ros.ros.wire.goal_status import GoalState, GoalStatus
from ami_ros.ros.wire.verdicts import Judgement
from ami_ros.sim.tasks.yardstick import METRES
from ami_ros.types import Level, Verdict

SEED, STEPS, STEP_NS, START_NS, GOAL_NS = 5, 4, 100_000_000, 1_000_000_000, 77
IMAGE = np.zeros((8, 8, 3), np.uint8)


def stamp(step: int) -> int:
    return START_NS + step * STEP_NS


def truth(step: int, seed: int = SEED) -> dict:
    return {
        "seed": seed,
        "step": step,
        "stamp_ns": stamp(step),
        "error": 0.1 * step,
        "joints": [step, step + 0.5],
        "objects": [[step, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]],
        "final": step == STEPS,
        "unsafe_commands": 0,
        "timeouts": step,
    }


def status(step: int, state: GoalState = GoalState.MOVING, goal_ns: int = GOAL_NS) -> GoalStatus:
    return GoalStatus(state, "", goal_stamp_ns=goal_ns, stamp_ns=stamp(step), plan_ms=float(step))


@pytest.fixture
def recorder() -> EpisodeRecorder:
    recorder = EpisodeRecorder(
        SEED, STEPS, STEP_NS, STEP_NS, GOAL_NS, ("joints", "objects"), METRES, sees=True
    )
    recorder.see_image(IMAGE + 9, stamp(0))
    return recorder


def fill(recorder: EpisodeRecorder, arrived: set[int] = frozenset()) -> None:
    for step in range(STEPS):
        recorder.see_truth(truth(step))
        recorder.see_status(status(step, GoalState.ARRIVED if step in arrived else GoalState.MOVING))
    recorder.see_truth(truth(STEPS))


def test_a_whole_episode(recorder):
    fill(recorder, arrived={0, 2, 3})
    recorder.see_verdict(Judgement(Verdict(Level.LIMITED), stamp(1)))
    assert recorder.final
    assert recorder.complete()
    result = recorder.result(IMAGE, wall_s=2.0)
    assert result.error.tolist() == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
    assert result.joints.shape == (STEPS + 1, 2)
    assert result.poses[:, 0, 0].tolist() == [0, 1, 2, 3, 4] and result.poses.shape == (STEPS + 1, 1, 7)
    assert result.plan_ms.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert result.arrived_step == 2  # since then without a break
    assert result.levels["LIMITED"] == 1
    assert (result.final_image == 9).all()
    assert recorder.faults == {"unsafe_commands": 0, "timeouts": STEPS}


@pytest.mark.parametrize("arrived", [set(), {0, 1, 2}])
def test_never_arrived_or_left_again(recorder, arrived):
    fill(recorder, arrived)
    assert recorder.result(IMAGE, 1.0).arrived_step is None


def test_what_belongs_to_another_episode_is_left_out(recorder):
    recorder.see_truth(truth(STEPS, seed=SEED + 1))
    assert not recorder.final
    fill(recorder)
    recorder.see_truth({**truth(STEPS), "error": 9.0})  # after the end
    for step in range(STEPS):
        recorder.see_status(status(step, GoalState.ARRIVED, goal_ns=GOAL_NS - 1))
    result = recorder.result(IMAGE, 1.0)
    assert result.arrived_step is None
    assert result.error[-1] == pytest.approx(0.4)


def test_lost_messages_are_an_error_that_names_the_steps(recorder):
    for step in (0, 2, STEPS):
        recorder.see_truth(truth(step))
        recorder.see_status(status(step))
    assert not recorder.complete()
    with pytest.raises(ProcessError, match=r"missing steps \[1, 3\]"):
        recorder.result(IMAGE, 1.0)


def test_an_episode_without_a_plan_is_an_error(recorder):
    for step in range(STEPS + 1):
        recorder.see_truth(truth(step))
    with pytest.raises(ProcessError, match="0 plans"):
        recorder.result(IMAGE, 1.0)
