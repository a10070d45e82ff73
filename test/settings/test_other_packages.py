# SPDX-License-Identifier: Apache-2.0
"""Parts of another package work like ours: no file of ours names them, and nothing is imported before its name."""

from __future__ import annotations

import dataclasses
import sys
from contextlib import ExitStack

import numpy as np
import pytest
import torch
from arm_extras import MODULES, NAME, POINTS, ROBOT
from foreign_package import installed
from observed import observed
from robots import JOINTS, made_up_robot
from small_model import in_memory, small_contract, small_jepa

from ami_ros.body.robot_spec import load_robot
from ami_ros.doctor import installation
from ami_ros.errors import ConfigError
from ami_ros.model.runtime import ModelRuntime
from ami_ros.model.scripted import readable
from ami_ros.model.world_model import WorldModel
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.settings import PlannerSettings, load_planner_settings
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.types import Goal

HORIZON = 5


@pytest.fixture
def offered(tmp_path):
    """Installs the package, or what it offers instead, for one test."""
    with ExitStack() as stack:

        def offer(points=POINTS, name=NAME):
            stack.enter_context(installed(tmp_path / name, name, MODULES, points))
            (tmp_path / name / "bolted.yaml").write_text(ROBOT)

        yield offer


def settings(**changes: object) -> PlannerSettings:
    small = {"num_samples": 16, "horizon": HORIZON, "deadline_s": 60.0, "arrival_distance": 1e-9}
    return load_planner_settings({**small, **changes})


def plan(how: PlannerSettings, compiled: bool = False):
    """Plan with a small model; compiled, as one from a file is, and the terms with it."""
    model = in_memory(small_jepa(), small_contract(small_jepa()))
    if compiled:
        module = readable(WorldModel(small_jepa()).eval())
        model = ModelRuntime(module, model.contract, "", torch.device("cpu"))
    planner = RecedingHorizonPlanner(model, made_up_robot(), how, lambda: 0)
    image = np.random.default_rng(1).integers(0, 256, (40, 48, 3), dtype=np.uint8)
    planner.set_goal(Goal(images={"camera": image}))
    return planner.plan(observed(image[::-1].copy(), np.zeros(JOINTS), 0, 0, np.zeros(JOINTS)))


def test_a_cost_term_of_another_package_counts_like_ours(offered):
    offered()
    plain = plan(settings())
    changes = np.diff(plain.actions.reshape(HORIZON, -1), axis=0)
    smooth = plan(settings(**{"terms.smooth.weight": 100.0}), compiled=True)
    assert plain.cost_terms.keys() | {"smooth"} == smooth.cost_terms.keys()
    assert np.abs(np.diff(smooth.actions.reshape(HORIZON, -1), axis=0)).sum() < 0.5 * np.abs(changes).sum()


def test_a_solver_of_another_package_owns_its_loop(offered):
    offered()
    how = settings(solver="descent", **{"solvers.descent.steps": 12})
    assert dataclasses.astuple(how.solvers["descent"]) == (12, 0.3), (
        "what is not given is the package's default"
    )
    near = plan(how, compiled=True)
    assert (near.proposal, near.iterations, near.deadline_met) == ("descent", 12, True)
    first = plan(settings(solver="descent", **{"solvers.descent.steps": 1}))
    assert 0.0 < near.cost < first.cost
    assert near.disagreement > 0.0


def test_a_kind_of_task_of_another_package_is_played(offered, tmp_path):
    offered()
    path = tmp_path / "upward.yaml"
    path.write_text("kind: lift\nepisode_steps: 7\nminimum_travel: 0.15\n")
    spec = load_robot("panda", str(path))
    task = load_task(str(path), spec)
    for seed in range(3):
        episode = task.episode(seed)
        assert task._kinematics.forward(episode.start)[0][2] < episode.goal_position[2]
    assert task.episode_steps == 7


def test_a_robot_of_another_package_is_loaded_by_name(offered):
    offered()
    spec = load_robot("bolted", "reach")
    assert (spec.name, spec.source) == ("bolted", "a panda that somebody bolted down")


def test_nothing_is_imported_before_its_name(offered):
    offered()
    settings()
    load_robot("panda")
    listed = installation.plugins()
    assert listed.level == "ok"
    for group, entries in POINTS.items():
        for name, value in entries.items():
            assert any(
                line.endswith(f" {name}: arm-extras 1.0 ({value}), {group}")
                for line in listed.found.splitlines()
            )
    assert not set(MODULES) & set(sys.modules)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("arm_gone", "cannot be imported: ModuleNotFoundError: No module named 'arm_gone'"),
        (
            "arm_unlike",
            "expected a dataclass whose fields are made by ami_ros.settings.fields.setting",
        ),
        (
            "arm_smooth",
            "arm-extras 1.0 (arm_smooth) has no Solver, expected a module with Settings and Solver",
        ),
    ],
)
def test_a_part_that_cannot_be_used_says_whose_it_is(offered, value, message):
    offered({"ami_ros.solvers": {"broken": value}})
    settings()
    with pytest.raises(ConfigError, match=r"broken: .*" + value) as error:
        settings(solver="broken")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("group", "name", "use"),
    [
        ("ami_ros.cost_terms", "goal", settings),
        ("ami_ros.robots", "panda", lambda: load_robot("panda")),
    ],
)
def test_one_of_our_names_is_refused_with_both_origins(offered, group, name, use):
    offered({group: {name: "arm_gone"}})
    with pytest.raises(
        ConfigError, match=rf"{name}: got it from ami_ros \(.*{name}.*\) and arm-extras 1.0 \(arm_gone"
    ):
        use()
    assert installation.plugins().level == "fail"


def test_two_packages_with_one_name_are_refused(offered):
    offered()
    offered(name="other-extras")
    with pytest.raises(
        ConfigError, match="got it from arm-extras 1.0 .* and other-extras 1.0 .*, expected one"
    ):
        load_robot("bolted")
    finding = installation.plugins()
    assert finding.level == "fail" and "robot bolted: arm-extras" in finding.found
