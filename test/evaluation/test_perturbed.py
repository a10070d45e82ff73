# SPDX-License-Identifier: Apache-2.0
"""`evaluate --perturb`: the same episodes, seen by another camera, and the figures next to the clean ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("pybullet", reason="needs the extra 'sim'", exc_type=ImportError)
pytest.importorskip("torch", reason="needs the extra 'torch'", exc_type=ImportError)
from rich.console import Console
from small_model import small_contract, small_jepa

from ami_ros.body.robot_spec import load_robot
from ami_ros.cli.main import app
from ami_ros.errors import ConfigError
from ami_ros.evaluation.direct_episodes import DirectRunner
from ami_ros.evaluation.experiment import Experiment, prepare
from ami_ros.evaluation.perturbed import chosen, perturbation_table
from ami_ros.model.export import export
from ami_ros.sim.camera.perturbation import Perturbation, every_perturbation
from ami_ros.sim.camera.variation import CLEAN, NAMES

EPISODES, SEED = 1, 41


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model: how the episodes look does not depend on it."""
    spec = load_robot("panda", "reach")
    jepa = small_jepa(joints=len(spec.joint_names), action=3)
    contract = small_contract(jepa, spec)
    path = tmp_path_factory.mktemp("model") / "model.pt"
    export(jepa, contract, path)
    return path


@pytest.fixture(scope="module")
def experiment(model: Path) -> Experiment:
    return prepare("panda", "reach", model, "hold", EPISODES, SEED, "image")


def goals(runner: DirectRunner, perturbation: Perturbation | None = None) -> list[np.ndarray]:
    return [result.goal_image for result in runner.episodes(perturbation=perturbation)]


def test_an_episode_is_varied_by_its_seed_and_the_next_one_is_clean(experiment):
    runner = DirectRunner(experiment)
    clean = goals(runner)
    dark = goals(runner, Perturbation("exposure", 2.0))
    for before, now, again in zip(clean, dark, goals(runner), strict=True):
        assert np.abs(before.astype(int) - now.astype(int)).mean() > 1.0
        np.testing.assert_array_equal(before, again)
    np.testing.assert_array_equal(goals(runner, Perturbation("exposure", 2.0)), dark)
    assert Perturbation("blur").variation(1) != Perturbation("blur").variation(2)
    assert Perturbation().variation(1) == CLEAN
    runner.close()


@pytest.mark.slow
def test_all_compares_each_kind_with_the_clean_episodes(model, tmp_path):
    path = tmp_path / "figures.json"
    arguments = ["evaluate", "--model", str(model), "--planner", "hold", "--no-baselines", "--episodes", "1"]
    done = CliRunner().invoke(app, [*arguments, "--perturb", "all", "--json", str(path)])
    assert done.exit_code == 0, done.output
    figures = json.loads(path.read_text())
    assert (figures["perturb"], figures["perturb_scale"]) == ("all", 1.0)
    assert list(figures["perturbations"]) == list(NAMES)
    for row in figures["perturbations"].values():
        assert len(row["success_5cm_ci"]) == 2
        assert row["success_5cm"] == figures["success_5cm"]  # who does not move does not care
    for name in NAMES:
        assert name in done.output


def test_the_table_says_what_each_kind_costs():
    interval = (0.4, 1.0)
    clean = {
        **{"success_5cm": 1.0, "success_5cm_ci": interval},
        **{"success_3cm": 1.0, "success_3cm_ci": interval},
        **{"success_2cm": 0.5, "success_2cm_ci": interval},
        "surprised_share": None,
        "surprised_episodes": None,
    }
    worse = {**clean, "success_5cm": 0.925, "surprised_share": 0.07, "surprised_episodes": 0.25}
    console = Console(width=160, record=True)
    console.print(perturbation_table(clean, {"blur": worse}, 2.0))
    text = " ".join(console.export_text().split())
    assert "scale 2 (1: as in training)" in text
    assert "92.5 % (-7.5)" in text
    assert "50 % (+0.0)" in text
    assert "7% of steps, 25% of episodes" in text
    assert perturbation_table(clean, {}, 2.0, exactly=True).title.startswith("camera variation exactly 2 ")


def test_unknown_names_are_refused_with_the_names():
    with pytest.raises(ConfigError, match=r"got \['fog'\], expected some of \['light'"):
        chosen("fog", 1.0)
    with pytest.raises(ConfigError, match="scale: got -1"):
        chosen("blur", -1.0)
    assert chosen("all", 2.0) == Perturbation("", 2.0)
    assert chosen("blur", 2.0, exactly=True) == Perturbation("blur", 2.0, True)
    assert [p.name for p in every_perturbation(2.0)] == list(NAMES)
    assert all(p.exactly for p in every_perturbation(2.0, exactly=True))
