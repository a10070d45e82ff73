# SPDX-License-Identifier: Apache-2.0
"""The recipes of CONTRIBUTING.md, carried out: what they name is enough, and nothing else has to change.

Those that need no code are a YAML in a folder of the user's. The others are made in a copy of the package. Bodies that
learn and move, from YAML alone: test/ros/test_new_bodies.py.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import load_robot
from ami_ros.safety.gate_body import GateBody
from ami_ros.sim.faults.catalogue import Catalogue
from ami_ros.sim.tasks.by_name import load_task

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def robot(tmp_path) -> Callable[..., str]:
    """Writes the YAML of a robot that is like the Panda; returns its path."""

    def write(**changes: object) -> str:
        path = tmp_path / "mine.yaml"
        path.write_text(yaml.safe_dump({"like": "panda", **changes}))
        return str(path)

    return write


def test_add_a_robot(robot):
    home = [0.3, -0.5, 0.1, -2.1, 0.0, 1.6, 0.7]
    mine, panda = load_robot(robot(arm={"home": home})), load_robot("panda")
    assert mine.name == "mine" and mine.joint_names == panda.joint_names
    # The Panda's first joint turns the whole arm about the vertical.
    turned = load_robot(robot(arm={"home": [home[0] + np.pi / 2, *home[1:]]}))
    x, y, z = Kinematics(mine).forward(mine.home)[0]
    assert Kinematics(turned).forward(turned.home)[0] == pytest.approx([-y, x, z], abs=1e-9)
    np.testing.assert_array_equal(GateBody.of_robot(mine).home, home)


def test_add_a_sensor(robot):
    """An entry in the YAML: what breaks in it, and how it is simulated and recorded, follows from its kind."""
    values = dict.fromkeys(("fx", "fy", "fz"), "N") | dict.fromkeys(("tx", "ty", "tz"), "N m")
    force = {"kind": "vector", "message": "WrenchStamped", "topic": "wrench", "values": values}
    mine = load_robot(robot(sensors={"force": {**force, "rate_hz": 50.0, "max_age_s": 0.2}}))
    assert [sensor.name for sensor in mine.vectors] == ["joints", "force"]
    more = {*Catalogue(mine).names} - {*Catalogue(load_robot("panda")).names}
    assert {"vector_silent", "vector_nan", "vector_frozen"} <= more


def test_add_a_task(tmp_path, robot):
    path = tmp_path / "far.yaml"
    path.write_text("kind: reach\nepisode_steps: 30\nminimum_travel: 0.3 # m\n")
    task = load_task(str(path), load_robot("panda", str(path)))
    first, again, other = task.episode(1), task.episode(1), task.episode(2)
    np.testing.assert_array_equal(first.goal, again.goal)
    assert not np.array_equal(first.goal, other.goal)


NEW_VERB = '''\
# SPDX-License-Identifier: Apache-2.0
"""Say where the home of a robot is."""

from ami_ros.cli import options


def where(robot: options.Robot = None) -> None:
    """Print the home of a robot.

    Example: ami-ros where --robot panda
    """
    from ami_ros.body.robot_spec import load_robot
    from ami_ros.system.terminal import say

    say(f"{load_robot(robot or 'panda').home.size} joints")
'''
USE = """
import numpy as np
from ami_ros.cli.main import main
from ami_ros.body.outputs import INTERFACES
from ami_ros.body.sensors import read_sensors
from ami_ros.recordings.message_values import vector_from_ros
from ami_ros.ros.wire.commands import from_message, to_message
from ami_ros.ros.wire.vectors import vector_to_ros
from ami_ros.types import Command

command = Command(np.array([0.5, -0.25]), np.zeros(2), 7)
interface = INTERFACES["accel"]
message = to_message(command, interface, ("vx", "wz"), 10)
assert (message.linear.x, message.angular.z) == (0.5, -0.25), message
assert from_message(message, interface, ("vx", "wz"), np.zeros(2), 10, 7).position.tolist() == [0.5, -0.25]

section = {"kind": "vector", "message": "Illuminance", "topic": "light", "values": {"illuminance": "lx"}}
light = read_sensors({"light": {**section, "rate_hz": 10.0, "max_age_s": 0.5}}, "mine.yaml")["light"]
assert vector_from_ros(vector_to_ros(np.array([320.0]), light, 9), light, 10)[0].tolist() == [320.0]

main()
"""


def test_add_an_output_a_message_of_a_sensor_and_a_verb(tmp_path):
    """The lines that the recipes name, in a copy of the package, and one process that uses all three."""
    pytest.importorskip("rclpy", reason="needs the extra 'ros'", exc_type=ImportError)
    package = tmp_path / "ami_ros"
    shutil.copytree(ROOT / "ami_ros", package)  # times and all: what was compiled stays so
    (tmp_path / "config").symlink_to(ROOT / "config")

    def add(file: str, table: str, line: str) -> None:
        text = (package / file).read_text()
        head, opening, rest = text.partition(f"{table}")
        assert opening, f"{file} has no {table!r}"
        (package / file).write_text(f"{head}{opening}\n{line}{rest}")

    add(
        "body/outputs.py",
        "INTERFACES: Mapping[str, Interface] = MappingProxyType(\n    {",
        '"accel": Interface("geometry_msgs", "Accel", ("twist",), "accel_cmd", fields=TWIST),',
    )
    messages = "VECTOR_MESSAGES: Mapping[str, tuple[str, ...] | None] = MappingProxyType(\n    {"
    add("body/sensors.py", messages, '"Illuminance": ("illuminance",),')
    add("recordings/message_values.py", "PACKAGES = {", '"Illuminance": "sensor_msgs",')
    add("recordings/message_values.py", "FIELDS = {", '"Illuminance": ["illuminance"],')
    add("cli/main.py", "VERBS = {", '"where": ("ami_ros.cli.where", "Say where the home of a robot is."),')
    (package / "cli" / "where.py").write_text(NEW_VERB)
    run = subprocess.run(
        [sys.executable, "-c", USE, "where", "--robot", "panda"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "7 joints\n", "")
