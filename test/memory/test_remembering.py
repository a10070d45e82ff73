# SPDX-License-Identifier: Apache-2.0
"""What of a planner's cycles is remembered, and with which action."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from observed import observed
from robots import HOME, made_up_robot

from ami_ros.errors import GoalError, MemoryFileError
from ami_ros.memory.goal_by_name import goal_of, named_goal
from ami_ros.memory.moment import Episode
from ami_ros.memory.reader import MemoryReader
from ami_ros.memory.remembering import Remembering
from ami_ros.memory.store import Store
from ami_ros.memory.writer import MemoryWriter
from ami_ros.types import Goal, Level, Plan

BLOCK, SIDE, STATE = 2, 8, 5
SPEC = made_up_robot(action_block=BLOCK)
STEP_NS = SPEC.step_ns
MODEL = "c" * 64
ASKED = Goal(vectors={"joints": np.array(HOME)}, label="cup")


class Story:
    """Observations and plans, one after another."""

    def __init__(self, folder) -> None:
        self.path = folder / "robot.sqlite"
        self.may_write = threading.Event()
        self.may_write.set()
        self._writer = MemoryWriter(self._store, MODEL, queue=100)
        self.told = Remembering(self._writer, SPEC, "reach", {"camera": SIDE})
        self.step = 0

    def _store(self) -> Store:
        assert self.may_write.wait(60.0)
        return Store(self.path)

    def see(self, action: float = 0.5, arrived: bool = False, planned: bool = True) -> None:
        image = np.full((40, 48, 3), self.step, np.uint8)
        observation = observed(image, np.array(HOME), self.step * STEP_NS)
        low, high = SPEC.actions.in_units(-np.ones(3)), SPEC.actions.in_units(np.ones(3))
        plan = Plan(
            actions=np.tile(low + (high - low) * (action + 1.0) / 2.0, (3, BLOCK, 1)),
            step_ns=STEP_NS,
            cost=0.0,
            cost_terms={},
            distance=10.0 - self.step,
            arrived=arrived,
            predicted=np.zeros((3, STATE), np.float32),
            iterations=1,
            deadline_met=True,
            observation_stamp_ns=observation.stamp_ns,
            proposal="random",
            surprise=0.25,
            state=np.full(STATE, self.step, np.float32),
        )
        self.told.see(observation, plan if planned else None)
        self.step += 1

    def end(self) -> MemoryReader:
        self.told.close()
        return MemoryReader(self.path)


@pytest.fixture
def story(tmp_path) -> Story:
    return Story(tmp_path)


def stamps(memory: MemoryReader) -> list[float]:
    return [found.moment.stamp_ns / STEP_NS for found in memory.moments(memory.ids())]


def test_each_action_block_is_a_moment_with_the_actions_that_were_executed(story):
    story.told.pursue(ASKED)
    for action in (0.1, 0.2, 0.3, 0.4, 0.5):
        story.see(action)
    with story.end() as memory:
        assert stamps(memory) == [0, 2, 4]
        first, second, third = (found.moment for found in memory.moments(memory.ids()))
        # Of each plan only the first control step is executed.
        np.testing.assert_allclose(first.action, np.repeat([0.1, 0.2], 3), atol=1e-6)
        np.testing.assert_allclose(second.action, np.repeat([0.3, 0.4], 3), atol=1e-6)
        assert third.action is None, "its block was not over"
        assert first.images["camera"].shape == (SIDE, SIDE, 3) and second.images["camera"].max() == 2
        assert (first.distance, first.surprise, first.verdict) == (10.0, 0.25, "")
        assert memory.episodes() == {1: Episode("reach", "cup", "")}
        assert memory.states(MODEL)[1][:, 0].tolist() == [0.0, 2.0, 4.0]


def test_what_the_gate_held_was_not_executed(story):
    story.told.pursue(ASKED)
    story.told.judge(Level.LIMITED)
    story.see()
    story.told.judge(Level.HOLD)
    for _ in range(BLOCK):
        story.see()
    story.told.judge(Level.PASS)
    for _ in range(2 * BLOCK):
        story.see()
    with story.end() as memory:
        moments = [found.moment for found in memory.moments(memory.ids())]
        assert [m.action is None for m in moments] == [True, True, False, True]
        assert [m.verdict for m in moments] == ["LIMITED", "HOLD", "PASS", "PASS"]


def test_what_is_done_after_a_pause_is_no_part_of_the_block_before_it(story):
    story.told.pursue(ASKED)
    story.see(0.1)
    for _ in range(5):
        story.see(planned=False)
    for action in (0.2, 0.3, 0.4):
        story.see(action)
    with story.end() as memory:
        assert stamps(memory) == [0, 6, 8]
        first, second, _ = (found.moment for found in memory.moments(memory.ids()))
        assert first.action is None, "nobody knows what was done in the pause"
        np.testing.assert_allclose(second.action, np.repeat([0.2, 0.3], 3), atol=1e-6)


def test_at_rest_at_the_goal_nothing_more_is_kept(story):
    story.told.pursue(ASKED)
    story.see()
    for _ in range(20):
        story.see(arrived=True)
    for _ in range(BLOCK):
        story.see()
    with story.end() as memory:
        assert stamps(memory) == [0, 2, 21]
        assert memory.episodes()[1].outcome == "arrived"


def test_a_new_goal_and_a_reset_begin_an_episode(story):
    story.told.pursue(ASKED)
    story.see()
    story.told.pursue(Goal(vectors={"joints": np.array(HOME)}, label="door"))
    story.told.restart()
    story.see()
    story.told.restart()
    story.see()
    story.told.pursue(None)
    story.see(planned=False)
    with story.end() as memory:
        assert list(memory.episodes().values()) == [
            Episode("reach", "cup", "replaced"),
            Episode("reach", "door", "restarted"),
            Episode("reach", "door", "replaced"),
        ]


def test_what_is_given_a_name_is_kept_without_a_goal(story):
    story.may_write.clear()
    story.see(planned=False)
    story.told.remember("home")
    story.see(planned=False)
    story.see(planned=False)
    assert story.told.named("home").stamp_ns == STEP_NS, "it is not on disk yet"
    story.may_write.set()
    with story.end() as memory:
        assert memory.named("home").moment.stamp_ns == STEP_NS and len(memory.ids()) == 1
        assert memory.ids(without=MODEL) == [1], "no model has seen it yet"


def test_a_name_given_on_the_way_is_a_moment_of_its_own(story):
    story.told.pursue(ASKED)
    story.see()
    story.told.remember("half way")
    for _ in range(BLOCK + 1):
        story.see()
    with story.end() as memory:
        assert stamps(memory) == [0, 1, 3]
        assert memory.named("half way").moment.stamp_ns == STEP_NS


def test_a_number_is_no_name(story):
    with pytest.raises(GoalError, match="got '12', expected a name with more than digits"):
        story.told.remember("12")
    story.see(planned=False)
    with story.end() as memory:
        assert memory.names() == {} and memory.ids() == []


def test_what_is_on_disk_is_asked_of_the_file(story):
    """There it may have been forgotten, or its name given to another moment."""
    story.may_write.clear()
    story.told.pursue(ASKED)
    story.told.remember("home")
    story.see()
    assert story.told.named("home").stamp_ns == 0, "its block is not over: nobody was told of it yet"
    story.told.remember("door")
    story.see()
    assert [story.told.named(name).stamp_ns for name in ("home", "door")] == [0, STEP_NS]
    story.may_write.set()
    with story.end() as memory:
        assert memory.named("door").moment.stamp_ns == STEP_NS
    assert story.told.named("home") is story.told.named("door") is story.told.named("hme") is None


def test_a_name_is_the_goal_to_see_it_again(story):
    story.told.remember("home")
    story.see(planned=False)
    story.end().close()
    goal = named_goal(story.path, "home", "reach", SPEC)
    assert goal.label == "home" and goal.images["camera"].shape == (SIDE, SIDE, 3) and not goal.vectors
    with pytest.raises(MemoryFileError, match=r"got name 'hme', expected one of: home"):
        named_goal(story.path, "hme", "reach", SPEC)
    with pytest.raises(GoalError, match="remembered with task reach, expected a goal of push: none yet"):
        named_goal(story.path, "home", "push", SPEC)


def test_a_body_without_cameras_is_to_measure_it_again(story):
    story.told.remember("home")
    story.see(planned=False)
    with story.end() as memory:
        moment = memory.named("home").moment
    blind = made_up_robot(sensors={"joints": SPEC.sensors["joints"]})
    goal = goal_of(moment, "home", blind)
    np.testing.assert_allclose(goal.vectors["joints"], HOME, atol=1e-6)
    with pytest.raises(GoalError, match=r"got \['joints'\] in the memory, expected some of \['camera'\]"):
        goal_of(type(moment)(0, {}, moment.vectors), "home", SPEC)
