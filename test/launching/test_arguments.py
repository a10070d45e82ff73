# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from launched import nodes_of

from ami_ros.errors import ConfigError
from ami_ros.launching.arguments import NODES, TOPICS, arguments, node_arguments, switch
from ami_ros.launching.environment import (
    DDS_MEMORY_FROM_PROFILE,
    DDS_PROFILE,
    DDS_PROFILE_BEFORE_3,
    dds_environment,
    discovery_environment,
    domain_of,
    launch_environment,
    without_dds_profile,
)

GOALS_OF_SIM = {"record": "bag", "goals_from": "sim"}
ROOT = Path(__file__).resolve().parents[2]
STANDARD = {
    "namespace",
    "use_sim_time",
    "params_file",
    "discovery_range",
    "use_respawn",
    "log_level",
    "robot",
    "task",
}


def values(*nodes: str, **given: str) -> dict[str, str]:
    return {argument.name: argument.default_value for argument in arguments(*nodes)} | given


def parameters(node: str, **given: str) -> dict:
    return node_arguments(node, values(node, **given), {})["parameters"][-1]


@pytest.mark.parametrize("node", NODES)
def test_every_node_takes_the_standard_arguments(node):
    assert set(values(node)) >= STANDARD


def test_who_proposes_has_a_lifecycle():
    assert [node for node in NODES if "autostart" in values(node)] == ["planner", "explorer"]


@pytest.mark.parametrize("node", NODES)
def test_every_topic_of_a_node_is_an_argument_and_is_remapped(node):
    mine = [topic for topic in TOPICS if node in topic.nodes]
    given = {topic.argument: f"elsewhere/{topic.argument}" for topic in mine}
    remapped = dict(node_arguments(node, values(node, **given), {})["remappings"])
    assert remapped == {topic.name: f"elsewhere/{topic.argument}" for topic in mine}


def test_topics_and_arguments_are_named_once():
    assert len({topic.argument for topic in TOPICS}) == len(TOPICS)
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)
    assert all(set(topic.nodes) <= set(NODES) for topic in TOPICS)


def test_every_topic_in_the_code_of_the_nodes_is_an_argument():
    shape = re.compile(r"(~|/?[a-z_]+)(/[a-z_]+)+|/[a-z_]+")
    found = set()
    nodes = {"gate": "safety", "simulator": "sim", "wire": ""}  # room -> its node
    nodes |= {"planner": "planner", "explorer": "planner", "recorder": "recorder"}
    for path in (path for room in nodes for path in (ROOT / "ami_ros" / "ros" / room).glob("*.py")):
        tree = ast.parse(path.read_text())
        calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
        services = {id(a) for n in calls if n.func.attr in ("create_service", "iterfind") for a in n.args}
        pieces = {id(v) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for v in n.values}
        for node in ast.walk(tree):
            text = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if text and shape.fullmatch(node.value) and id(node) not in services | pieces:
                found.add(node.value.replace("~", nodes[path.parent.name]))
    files = {name for name in found if name.startswith("/proc/")}
    assert found - files - {"/compressed"} <= {topic.name for topic in TOPICS}
    assert len(found) >= 10


def test_a_launch_file_may_have_another_default():
    found = {argument.name: argument for argument in arguments("planner", goal_image_topic="sim/goal_image")}
    assert found["goal_image_topic"].default_value == "sim/goal_image"


def test_a_default_for_an_unknown_argument_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"'gaol_image_topic'.*goal_image_topic"):
        arguments("planner", gaol_image_topic="sim/goal_image")


def test_an_unknown_node_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"'plannner'.*sim, planner, safety, explorer, recorder"):
        arguments("plannner")


def test_what_is_left_empty_is_left_to_the_node():
    assert parameters("planner") == {"use_sim_time": False, "autostart": True}
    assert parameters("safety") == {"use_sim_time": False}
    assert node_arguments("safety", values("safety"), {})["parameters"] == [{"use_sim_time": False}]


def test_a_node_gets_nothing_of_its_neighbours():
    """In one launch file, every node is made from the arguments of all."""
    together = values(*NODES, model="m.pt", task="reach", command_interface="forward_velocity", minutes="5")
    given = {node: set(node_arguments(node, together, {})["parameters"][-1]) for node in NODES}
    assert given == {
        "sim": {"lock_step", "task", "command_interface"},
        "planner": {"use_sim_time", "autostart", "task", "command_interface", "model"},
        "safety": {"use_sim_time", "task", "command_interface"},
        "explorer": {"use_sim_time", "autostart", "resume", "task", "command_interface", "minutes"},
        "recorder": {"use_sim_time", "task", "command_interface"},
        "so101": {"use_sim_time", "task", "command_interface"},
        "camera": {"use_sim_time", "task", "command_interface"},
    }


def test_the_planner_waits_for_a_lifecycle_manager_when_asked_to():
    assert parameters("planner", autostart="false")["autostart"] is False


def test_numbers_reach_a_node_as_numbers_and_names_as_text():
    got = parameters("safety", speed_scale="0.5", realtime_priority="0", robot="7")
    assert (got["speed_scale"], got["realtime_priority"], got["robot"]) == (0.5, 0, "7")
    with pytest.raises(ConfigError, match=r"realtime_priority: got '0.5', expected int"):
        parameters("safety", realtime_priority="0.5")


def test_arguments_win_over_the_params_file():
    got = node_arguments("safety", values("safety", params_file="mine.yaml", robot="panda"), {})["parameters"]
    assert got[0] == "mine.yaml"
    assert got[1]["robot"] == "panda"


def test_the_simulator_makes_the_time_and_does_not_take_it():
    assert parameters("sim", use_sim_time="true") == {"lock_step": True}
    assert parameters("safety", use_sim_time="true") == {"use_sim_time": True}


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("True", True), ("1", True), ("0", False)])
def test_switches(text, expected):
    assert switch("use_respawn", {"use_respawn": text}) is expected


def test_neither_a_gate_nor_a_recorder_that_died_is_started_again_by_itself():
    assert not any(node_arguments(node, values(node), {})["respawn"] for node in NODES)
    again = [node for node in NODES if node_arguments(node, values(node, use_respawn="true"), {})["respawn"]]
    assert again == ["sim", "planner", "explorer", "so101", "camera"]


def test_each_node_has_an_enclave_of_its_own_where_they_are_asked_for():
    assert "--enclave" not in node_arguments("safety", values("safety"), {})["ros_arguments"]
    found = [
        node_arguments(node, values(node, enclaves="/ami_ros/"), {})["ros_arguments"][-2:] for node in NODES
    ]
    assert found == [["--enclave", f"/ami_ros/{node}"] for node in NODES]


def test_a_switch_that_is_neither_is_refused():
    with pytest.raises(ConfigError, match=r"use_respawn: got 'maybe', expected true or false"):
        node_arguments("sim", values("sim", use_respawn="maybe"), {})


def test_fast_dds_3_gets_the_variable_it_reads_and_not_the_one_it_warns_of():
    memory = {DDS_MEMORY_FROM_PROFILE: "1"}
    assert dds_environment(Path("share/large.xml"), {}) == {DDS_PROFILE: "share/large.xml", **memory}
    assert [*dds_environment(Path("large.xml"), {"ROS_DISTRO": "kilted"})] == [DDS_PROFILE, *memory]


@pytest.mark.parametrize("distribution", ["humble", "jazzy"])
def test_earlier_fast_dds_gets_both(distribution):
    got = dds_environment(Path("share/large.xml"), {"ROS_DISTRO": distribution})
    both = {DDS_PROFILE: "share/large.xml", DDS_PROFILE_BEFORE_3: "share/large.xml"}
    assert got == {**both, DDS_MEMORY_FROM_PROFILE: "1"}


@pytest.mark.parametrize("variable", [DDS_PROFILE, DDS_PROFILE_BEFORE_3])
def test_a_profile_of_the_users_own_stays(variable):
    assert dds_environment(Path("large.xml"), {variable: "mine.xml", "ROS_DISTRO": "jazzy"}) == {}


def test_the_process_gets_the_environment():
    assert node_arguments("sim", values("sim"), {"A": "b"})["additional_env"] == {"A": "b"}


def test_launched_nodes_are_found_on_this_machine_only_unless_asked_otherwise():
    assert values("planner")["discovery_range"] == "localhost"
    added = launch_environment(values("planner")["discovery_range"], Path("large.xml"), {})
    assert added == {
        DDS_PROFILE: "large.xml",
        DDS_MEMORY_FROM_PROFILE: "1",
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    }
    assert discovery_environment("Subnet", {}) == {"ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET"}


@pytest.mark.parametrize(("wanted", "only_here"), [("localhost", "1"), ("off", "1"), ("subnet", "0")])
def test_humble_reads_another_variable(wanted, only_here):
    assert discovery_environment(wanted, {"ROS_DISTRO": "humble"})["ROS_LOCALHOST_ONLY"] == only_here


def test_an_unknown_discovery_range_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"discovery_range: got 'everywhere', expected .*localhost, subnet"):
        launch_environment("everywhere", Path("large.xml"), {})


@pytest.mark.parametrize(
    ("given", "domain"), [({}, 0), ({"ROS_DOMAIN_ID": ""}, 0), ({"ROS_DOMAIN_ID": "232"}, 232)]
)
def test_a_domain_that_is_not_set_is_0(given, domain):
    assert domain_of(given) == domain == domain_of({"ROS_DOMAIN_ID": "", **given})


@pytest.mark.parametrize("given", ["abc", "233", "-1", "0x10", " 5", "5.0"])
def test_a_domain_that_cannot_be_is_refused_by_its_name(given):
    with pytest.raises(ConfigError, match=r"ROS_DOMAIN_ID: got .*, expected 0 to 232"):
        domain_of({"ROS_DOMAIN_ID": given})


@pytest.mark.parametrize("path", sorted((ROOT / "launch").glob("*.launch.py")), ids=lambda path: path.name)
def test_every_process_of_a_launch_file_gets_the_discovery_range(path):
    """Also where `launch` is not installed and the files cannot be run."""
    text = path.read_text()
    assert text.count("launch_environment(") == text.count("def start(") + text.count("def drive(") == 1
    assert "dds_environment" not in text


@pytest.mark.parametrize(
    ("file", "proposes"), [("robot.launch.py", "planner"), ("explore.launch.py", "explorer")]
)
def test_a_recorder_is_started_where_a_recording_is_asked_for(file, proposes):
    assert {node["name"] for node in nodes_of(file)} == {proposes, "safety"}
    recorder = nodes_of(file, record="bag", task="reach", verdict_topic="seen")[-1]
    assert recorder["name"] == "recorder"
    assert recorder["parameters"] == [{"out": "bag", "task": "reach", "use_sim_time": False}]
    assert dict(recorder["remappings"])["safety/verdict"] == "seen"


def test_an_so101_and_its_camera_are_started_together():
    arm, camera = nodes_of("so101.launch.py", port="/dev/arm", calibration="arm.json", device="/dev/video2")
    shared = {"robot": "so101", "use_sim_time": False}
    assert (arm["executable"], camera["executable"]) == ("so101_node", "camera_node")
    assert arm["parameters"] == [{"port": "/dev/arm", "calibration": "arm.json", **shared}]
    assert camera["parameters"] == [{"device": "/dev/video2", **shared}]
    renamed = nodes_of("so101.launch.py", command_topic="arm/commands")
    assert dict(renamed[0]["remappings"])["joint_trajectory_controller/joint_trajectory"] == "arm/commands"


def test_the_demo_tells_of_the_model_that_plans():
    chosen = {"out": "shown", "robot": "kuka_iiwa", "task": "reach", "model": "runs/model.pt"}
    (driver,) = nodes_of("demo.launch.py", **chosen)
    options = [text for name, value in chosen.items() for text in (f"--{name}", value)]
    assert driver["arguments"] == ["demo", "--attach", *options]
    (driver,) = nodes_of("demo.launch.py", out="demo")
    assert driver["arguments"] == ["demo", "--attach", "--out", "demo"]


def test_what_was_covered_is_the_explorers_state():
    assert parameters("explorer", explored="e.json", resume="true")["state"] == "e.json"


def test_a_recorder_hears_the_goals_where_the_planner_takes_them():
    nodes = {node["name"]: dict(node["remappings"]) for node in nodes_of("robot.launch.py", **GOALS_OF_SIM)}
    assert (
        nodes["recorder"]["planner/goal_image"] == nodes["planner"]["planner/goal_image"] == "sim/goal_image"
    )


def test_who_is_not_one_of_ours_gets_fast_dds_as_it_comes():
    ours = {"HOME": "/root", **dds_environment(Path("large.xml"), {"ROS_DISTRO": "jazzy"})}
    assert without_dds_profile(ours) == {"HOME": "/root"}
