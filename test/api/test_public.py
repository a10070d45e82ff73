# SPDX-License-Identifier: Apache-2.0
"""The names that `import ami_ros` offers do what they say, and cost nothing before they are used."""

from __future__ import annotations

import importlib.util
import inspect
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest
from child_environment import child_environment
from warm import run

import ami_ros
from ami_ros.body.robot_spec import load_robot
from ami_ros.settings.share import share_dir
from ami_ros.system.domain import own_domain

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path for path in (ROOT / "examples").iterdir() if path.suffix in (".py", ".sh"))
MOST_LINES = 60
# What an example needs besides the extras `gym` and `sim`: extra -> one of its modules.
NEEDS = {
    "public_solver": {"bench": "stable_worldmodel"},
    "train_from_environment": {"train": "tensorboard"},
    "your_robot": {"ros": "rclpy", "record": "mcap", "train": "tensorboard"},
}


def test_each_name_is_there_documented_and_typed():
    assert len(ami_ros.__all__) == 11
    for name in ami_ros.__all__:
        thing = getattr(ami_ros, name)
        assert inspect.getdoc(thing), name
        if inspect.isfunction(thing):
            assert all(p.annotation is not p.empty for p in inspect.signature(thing).parameters.values())
    assert set(ami_ros.__all__) <= set(dir(ami_ros))
    with pytest.raises(AttributeError, match="no attribute 'plan'"):
        _ = ami_ros.plan


def test_the_import_loads_neither_numpy_nor_torch():
    code = "import ami_ros, sys; print({'numpy', 'torch', 'yaml'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout.strip() == "set()", done.stderr


@pytest.mark.quick("plan_in_ten_lines", "cost_term", "public_solver")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_each_example_is_short_and_runs(example, tmp_path):
    for extra, module in {"gym": "gymnasium", "sim": "pybullet", **NEEDS.get(example.stem, {})}.items():
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"needs the extra {extra!r}")
    assert len(example.read_text().splitlines()) <= MOST_LINES
    with own_domain() as domain:
        scripts = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"
        environment = child_environment(PATH=scripts, ROS_DOMAIN_ID=str(domain))
        minutes, out = "0.4", str(tmp_path / "out")
        command = ["bash", example, minutes, out] if example.suffix == ".sh" else [sys.executable, example]
        done = run(command, env=environment)
    assert done.returncode == 0 and done.stdout.strip(), done.stderr
    if example.suffix == ".py":  # a verb shows its progress there
        assert not done.stderr.strip(), done.stderr


def test_a_model_is_loaded_and_judged():
    model = ami_ros.load_model("panda", "reach")
    judgement = ami_ros.judge(model)
    assert judgement.may_plan and judgement.success > 0.5
    with pytest.raises(ami_ros.AmiError, match="no such model file"):
        ami_ros.load_model("panda", "reach", "nowhere.pt")
    with pytest.raises(ami_ros.AmiError, match="husky"):
        ami_ros.load_model("husky", "drive", share_dir() / "models" / "panda_reach" / "model.pt")


def test_a_planner_of_ones_own_is_evaluated():
    pytest.importorskip("pybullet", reason="needs the extra 'sim'", exc_type=ImportError)
    heard = []
    planner = ami_ros.load_planner("panda", "reach", num_samples=16, num_iterations=1)
    mine = ami_ros.evaluate("panda", "reach", 2, 5, planner=planner, on_episode=heard.append)
    same = ami_ros.evaluate("panda", "reach", 2, 5, num_samples=16, num_iterations=1)
    assert heard == list(mine.episodes)
    for one, two in zip(mine.episodes, same.episodes, strict=True):
        np.testing.assert_array_equal(one.error, two.error)
    assert set(mine.success) == {"5 cm", "3 cm", "2 cm"}
    still = ami_ros.evaluate("panda", "reach", 1, 5, planner="hold")
    assert str(still).startswith("1 episodes: within 5 cm 0.00 (0.00 to 0.79)")
    with pytest.raises(ami_ros.AmiError, match="num_sample"):
        ami_ros.evaluate("panda", "reach", 1, 5, num_sample=16)


def test_a_recording_is_opened_as_episodes(tmp_path):
    pytest.importorskip("mcap", reason="needs the extra 'record'")
    from recorded import IMAGE, JOINT_STATE, KIND, Script, header, image

    robot = load_robot("panda", "reach")
    camera, script = robot.camera, Script()
    draw = np.random.default_rng(1)
    for at in np.arange(0.0, 9.0, 0.02):
        swing = 0.1 * np.sin(at), 0.1 * np.cos(at)
        position, velocity = robot.home + swing[0], np.full(len(robot.home), swing[1])
        joints = KIND[JOINT_STATE](header(at), list(robot.joint_names), position, velocity, np.zeros(0))
        script.say(at, "/joint_states", JOINT_STATE, joints)
    for at in np.arange(0.0, 9.0, 1e-9 * robot.step_ns):
        picture = draw.integers(0, 256, (camera.height, camera.width, 3), dtype=np.uint8)
        script.say(at, "/front", IMAGE, image(at, picture))
    bag = script.write(tmp_path / "bag")
    found = ami_ros.open_recording(bag, "panda", "reach", topics={"camera": "/front"})
    assert len(found.episodes) == found.report.episodes >= 1
    for episode in found.episodes:
        steps = len(episode.actions)
        assert episode.actions.shape == (steps, robot.action_size)
        assert episode.images["camera"].shape[0] == episode.vectors["joints"].shape[0] == steps + 1
    assert [*tmp_path.iterdir()] == [bag], "nothing is written"
    with pytest.raises(ami_ros.AmiError, match="camera"):
        ami_ros.open_recording(bag)
