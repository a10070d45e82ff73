# SPDX-License-Identifier: Apache-2.0
"""Goals that the robot gets no closer to: by the numbers, and with the shipped model in the simulator."""

from __future__ import annotations

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from robots import changed

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import load_robot
from ami_ros.planning.progress_watch import ProgressWatch, what_is_missing
from ami_ros.ros.clients.episodes import EpisodeClient
from ami_ros.ros.wire.goal_status import GoalState, status_from_ros
from ami_ros.settings.share import shipped_model
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.types import Goal

S = 1_000_000_000
PATIENCE_S, ATTEMPTS = 2.0, 2
STEPS = 90


@pytest.fixture
def spec():
    return load_robot("panda", "reach")


def watched(*distances: float) -> list[float]:
    watch = ProgressWatch(PATIENCE_S, ATTEMPTS)
    return [watch.stuck_s(distance, (7 + second) * S) for second, distance in enumerate(distances)]


def test_while_it_gets_closer_it_is_not_stuck():
    assert watched(8.0, 7.0, 6.0, 5.0, 4.0, 3.0) == [0.0] * 6


def test_after_the_patience_it_is_until_it_gets_closer_again():
    assert watched(8.0, 8.0, 8.0, 8.0, 9.0, 7.0, 7.0) == [0.0, 0.0, 0.0, 3.0, 4.0, 0.0, 0.0]


def test_noise_is_no_progress():
    assert watched(8.0, 7.9, 7.8, 7.7)[-1] == 3.0


def test_it_starts_again_with_a_goal_and_when_time_does():
    watch = ProgressWatch(PATIENCE_S, ATTEMPTS)
    watch.stuck_s(1.0, 0)
    assert watch.stuck_s(1.0, 9 * S) == 9.0
    watch.restart()
    assert watch.stuck_s(5.0, 9 * S) == 0.0
    assert watch.stuck_s(5.0, 2 * S) == 0.0
    assert watch.stuck_s(5.0, 5 * S) == 3.0


def test_what_was_reached_before_time_started_again_or_before_arrival_is_no_measure_of_progress():
    watch = ProgressWatch(PATIENCE_S, ATTEMPTS)
    watch.stuck_s(1.0, 9 * S)
    assert [watch.stuck_s(distance, second * S) for second, distance in enumerate((1.4, 1.3, 1.2, 1.1))] == [
        0.0
    ] * 4
    watch.arrive(0.5)
    later = [
        watch.stuck_s(distance, (9 + second) * S) for second, distance in enumerate((0.9, 0.8, 0.7, 0.6))
    ]
    assert (later, watch.attempt) == ([0.0] * 4, 1)


def attempts(*distances: float, detour: bool = False) -> ProgressWatch:
    watch = ProgressWatch(PATIENCE_S, ATTEMPTS)
    for second, distance in enumerate(distances):
        watch.stuck_s(distance, second * S, detour)
    return watch


def test_an_attempt_ends_when_most_of_the_way_is_lost_again():
    approach, dropped = (10.0, 7.0, 4.0, 3.0), (8.0, 8.0, 8.0)
    assert attempts(*approach).attempt == 1
    watch = attempts(*approach, *dropped)
    assert (watch.attempt, watch.lost_at, watch.exhausted) == (2, 3.0, False)
    watch = attempts(*approach, *dropped, 3.5, *dropped)
    assert (watch.attempt, watch.lost_at, watch.exhausted) == (3, 3.5, True)


@pytest.mark.parametrize(
    "distances",
    [
        (10.0, 4.0, 9.0, 9.0, 4.0),  # two bad pictures
        (10.0, 8.0, 10.0, 10.0, 10.0),  # it had not come half of the way
        (10.0, 4.0, 6.9, 6.9, 6.9),  # it lost less than half of what it had come
        (3.0, 5.0, 9.0, 9.0, 9.0),  # further and further away
    ],
)
def test_no_setback(distances):
    assert attempts(*distances).attempt == 1


def test_on_a_detour_the_goal_may_get_further_away():
    assert attempts(10.0, 3.0, 9.0, 9.0, 9.0, detour=True).attempt == 1


def test_to_leave_a_goal_that_was_reached_is_a_setback_and_attempts_count_anew():
    watch = attempts(10.0, 3.0, 8.0, 8.0, 8.0)
    watch.arrive(0.5)
    assert watch.attempt == 1
    for second in range(3):
        watch.stuck_s(9.0, (10 + second) * S)
    assert (watch.attempt, watch.lost_at) == (2, 0.5)


def test_a_goal_that_was_reached_at_once_may_be_lost():
    watch = ProgressWatch(PATIENCE_S, ATTEMPTS)
    watch.arrive(0.5)
    for second in range(5):
        watch.stuck_s(9.0, second * S)
    assert (watch.attempt, watch.lost_at) == (2, 0.5)


def test_what_is_missing_names_the_joints_the_hand_and_the_workspace(spec):
    kinematics, home = Kinematics(spec), spec.home
    goal = home.copy()
    goal[6] += 0.5
    text = what_is_missing(Goal(vectors={"joints": goal}), home, spec, kinematics)
    assert text == (
        "; remaining (rad or m): panda_joint7 +0.50; the goal turns the hand by 29 degrees, but the arm "
        "keeps its orientation at home"
    )
    free = changed(spec, orientation="free")
    text = what_is_missing(Goal(vectors={"joints": goal}), home, free, Kinematics(free))
    assert text == "; remaining (rad or m): panda_joint7 +0.50"
    near = what_is_missing(Goal(vectors={"joints": home + 0.01}), home, spec, kinematics)
    assert near == ""
    stretched = home.copy()
    stretched[[1, 3, 5]] += [0.6, 0.6, 0.0]
    assert "outside the workspace" in what_is_missing(
        Goal(vectors={"joints": stretched}), home, spec, kinematics
    )
    image = np.zeros((8, 8, 3), dtype=np.uint8)
    assert what_is_missing(Goal(images={"camera": image}), home, spec, kinematics) == ""


@pytest.mark.slow
def test_the_shipped_model_says_which_posture_it_cannot_reach(start, probe, spec):
    """Through simulator, gate and planner; a posture that it can reach is reached without such a word."""
    pytest.importorskip("pybullet", reason="the simulator is not installed")
    pytest.importorskip("torch", reason="needs torch")
    if not shipped_model("panda", "reach").is_file():
        pytest.skip("models/panda_reach does not exist: run `ami-ros model --task reach`")
    heard = probe.listen(DiagnosticArray, "planner/goal_status", 1000)
    processes = [
        start("sim", lock_step=True, observers=3),
        start("safety", use_sim_time=True),
        start("planner", use_sim_time=True, autostart=True, deadline_s=60.0),
    ]
    client = EpisodeClient(spec, load_task("reach", spec), lambda: [process.check() for process in processes])

    def states(goal: np.ndarray) -> dict[GoalState, str]:
        """The last reason of each state that the planner was in."""
        client.run(3, STEPS, goal)
        probe.spin(1.0)
        statuses = [status_from_ros(message) for message in heard]
        heard.clear()
        return {status.state: status.reason for status in statuses}

    twisted = spec.home.copy()
    twisted[[2, 6]] += [0.4, -0.6]
    try:
        stuck = states(twisted)
        there = Kinematics(spec).solve(np.array([0.5, 0.15, 0.3]))
        reached = states(there)
    finally:
        client.close()
    assert GoalState.ARRIVED not in stuck
    reason = stuck[GoalState.STUCK]
    assert "cannot get closer" in reason and "panda_joint7 -0." in reason and "turns the hand by" in reason
    assert GoalState.ARRIVED in reached and GoalState.STUCK not in reached
