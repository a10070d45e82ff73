# SPDX-License-Identifier: Apache-2.0
"""Two robots of one kind in one domain, each in a namespace, as the launch files start them."""

from __future__ import annotations

import json
from collections import Counter
from functools import partial

import pytest
from diagnostic_msgs.msg import DiagnosticArray
from heard_verdicts import listen_to_gate, newest_state
from launched import nodes_of, process_of
from std_msgs.msg import String
from std_srvs.srv import SetBool

from ami_ros.ros.wire.goal_status import GoalState, status_from_ros
from ami_ros.types import Level

pytest.importorskip("pybullet", reason="the simulator is not installed")
pytest.importorskip("torch", reason="needs torch")
ROBOTS = ("left", "right")
NODES = ("sim", "planner", "safety")
SHARED = {"/diagnostics", "/parameter_events", "/rosout"}
COMMAND = "joint_trajectory_controller/joint_trajectory"


@pytest.fixture
def robots(environment, tmp_path):
    """Both simulators make a time of their own, in lock-step: how busy the machine is changes nothing."""
    environment = {**environment, "XDG_DATA_HOME": str(tmp_path)}
    processes = {}
    for robot in ROBOTS:
        given = {"namespace": robot, "use_sim_time": "true", "clock_topic": "clock"}
        nodes = nodes_of("sim.launch.py", **given)
        nodes += nodes_of("robot.launch.py", **given, goals_from="sim", memory="auto")
        for node in nodes:
            processes[f"/{robot}/{node['name']}"] = process_of(node, environment, tmp_path)
    yield processes
    for process in processes.values():
        process.terminate()


def test_two_robots_plan_and_are_gated_and_share_nothing(robots, probe, tmp_path):
    truths = {robot: probe.listen(String, f"/{robot}/sim/truth") for robot in ROBOTS}
    statuses = {robot: probe.listen(DiagnosticArray, f"/{robot}/planner/goal_status") for robot in ROBOTS}
    judgements = {robot: listen_to_gate(probe, f"/{robot}") for robot in ROBOTS}
    health = probe.listen(DiagnosticArray, "/diagnostics")

    def travel(robot: str) -> float:
        seen = [json.loads(message.data)["joints"] for message in truths[robot]]
        return max((abs(a - b) for a, b in zip(seen[0], seen[-1], strict=True)), default=0.0) if seen else 0.0

    def plans(robot: str) -> bool:
        return any(status_from_ros(message).state is GoalState.MOVING for message in statuses[robot])

    def pause(paused: bool) -> None:
        for robot in ROBOTS:
            assert probe.call(SetBool, f"/{robot}/sim/pause", data=paused).success

    def level(robot: str) -> Level | None:
        state = newest_state(judgements[robot])
        return None if state is None else state.level

    pause(False)
    for robot in ROBOTS:
        probe.until(partial(plans, robot), f"a plan of {robot}", 60.0)
        probe.until(lambda robot=robot: travel(robot) > 0.1, f"motion of {robot}")
        # In lock-step the simulator waits for a planner only so long: a late one is a hold until its next proposal.
        let = (Level.PASS, Level.LIMITED)
        probe.until(lambda robot=robot, let=let: level(robot) in let, f"a gate that lets {robot} move")
    all_reports = {f"{robot}/{name}" for robot in ROBOTS for name in ("planner: loop", "safety: gate")}
    probe.until(lambda: all_reports <= {message.status[0].name for message in health}, "all reports")
    pause(True)

    names = Counter(
        f"{space.rstrip('/')}/{name}" for name, space in probe.node.get_node_names_and_namespaces()
    )
    assert {name: names[name] for name in robots} == dict.fromkeys(robots, 1)
    topics = {topic for topic, _ in probe.node.get_topic_names_and_types()}
    own = {topic for topic in topics if topic.startswith(("/left/", "/right/"))}
    assert topics - own <= SHARED
    assert {topic.replace("/left/", "/right/") for topic in own} == {
        t for t in own if t.startswith("/right/")
    }
    for robot in ROBOTS:
        for topic in (COMMAND, "clock", "planner/proposed", "camera/image_raw", "joint_states"):
            assert probe.node.count_publishers(f"/{robot}/{topic}") == 1, topic
    reports = {message.status[0].name for message in health}
    assert not any("/" not in name for name in reports)
    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.sqlite"))
    assert files == [f"ami_ros/memory/{robot}/panda.sqlite" for robot in ROBOTS]

    pause(False)
    assert probe.call(SetBool, "/left/safety/estop", data=True).success
    probe.until(lambda: level("left") is Level.STOP, "the stop of left")
    here = len(truths["right"])
    probe.until(lambda: len(truths["right"]) > here + 3, "right, which goes on")
    assert level("right") is not Level.STOP
    for name, process in robots.items():
        process.check()
        assert process.terminate(30.0) == 0, name
        assert "Traceback" not in process.log_tail(500), name
    left = [path.name for path in tmp_path.rglob("*.sqlite-*")]
    assert not left, "a memory that is closed has written everything"
