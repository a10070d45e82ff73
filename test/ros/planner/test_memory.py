# SPDX-License-Identifier: Apache-2.0
"""What is given a name is found again by it: at once, and by a planner that starts after a kill."""

from __future__ import annotations

import pytest
from diagnostic_msgs.msg import DiagnosticArray
from std_msgs.msg import String

from ami_ros.memory.reader import MemoryReader
from ami_ros.ros.wire.goal_status import GoalState, status_from_ros


class People:
    """Send names to the planner, and hear what it says."""

    def __init__(self, probe) -> None:
        self.probe = probe
        self._statuses = probe.listen(DiagnosticArray, "planner/goal_status")
        self._senders = {
            topic: probe.node.create_publisher(String, f"planner/{topic}", 10)
            for topic in ("remember", "goal_name")
        }

    def say(self, topic: str, name: str) -> None:
        sender = self._senders[topic]
        self.probe.until(sender.get_subscription_count, "a planner that listens")
        sender.publish(String(data=name))

    def hear(self, state: GoalState, says: str = "", goal: str = "") -> None:
        self._statuses.clear()

        def heard() -> bool:
            statuses = [status_from_ros(message) for message in self._statuses]
            return any(s.state is state and says in s.reason and s.goal == goal for s in statuses)

        self.probe.until(heard, f"{state} {says!r} {goal!r}")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "memory" / "panda.sqlite"


def named(path) -> dict[str, int]:
    if not path.is_file():
        return {}
    with MemoryReader(path) as memory:
        return memory.names()


def arrivals(path) -> int:
    with MemoryReader(path) as memory:
        return sum(e.goal == "home" and e.outcome == "arrived" for e in memory.episodes().values())


def test_a_name_outlives_the_planner(start, probe, robot, path):
    people = People(probe)
    planner = start("planner", autostart=True, memory=str(path))
    people.hear(GoalState.NO_GOAL)
    people.say("goal_name", "home")
    people.hear(GoalState.ERROR, "expected one of: none yet")
    people.say("remember", "home")
    probe.until(lambda: named(path), "a name on disk")
    people.say("goal_name", "home")
    people.hear(GoalState.ARRIVED, goal="home")
    probe.until(lambda: arrivals(path) == 1, "an arrival on disk")
    planner.kill()
    start("planner", autostart=True, memory=str(path))
    people.hear(GoalState.NO_GOAL)
    people.say("goal_name", "home")
    people.hear(GoalState.ARRIVED, goal="home")
    probe.until(lambda: arrivals(path) == 2, "the other arrival on disk")
    people.say("goal_name", "hme")
    people.hear(GoalState.ERROR, "got name 'hme', expected one of: home")
    with MemoryReader(path) as memory:
        (found,) = memory.moments(list(memory.names().values()))
        assert set(found.moment.images) == {"camera"} and set(found.moment.vectors) == {"joints"}


def test_what_is_no_memory_ends_the_planner_with_a_sentence(start, probe, path):
    path.parent.mkdir()
    path.write_bytes(b"not a memory" * 1000)
    planner = start("planner", autostart=True, memory=str(path))
    probe.until(lambda: planner.exit_code is not None, "an end")
    assert "expected a memory that a planner wrote" in planner.log_tail()
    assert "Traceback" not in planner.log_tail()


def test_without_a_memory_names_lead_nowhere(start, probe, straight_line):
    start(straight_line, autostart=True)
    topics = probe.listen(DiagnosticArray, "planner/goal_status")
    probe.until(lambda: topics, "a report")
    assert "/planner/goal_name" not in dict(probe.node.get_topic_names_and_types())
