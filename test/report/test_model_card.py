# SPDX-License-Identifier: Apache-2.0
"""The model card of a shipped model, rendered from figures as `ami-ros evaluate` writes them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ami_ros.model.files import read_verified
from ami_ros.report.model_card import model_card
from ami_ros.report.statistics import summarise
from ami_ros.settings.share import shipped_model
from ami_ros.sim.loop.closed_loop import EpisodeResult
from ami_ros.sim.tasks.yardstick import METRES

STEPS, SEED = 4, 77
MODEL = shipped_model("panda", "push")


def episode(error: float, surprise: float) -> EpisodeResult:
    image = np.zeros((3, 5, 3), dtype=np.uint8)
    return EpisodeResult(
        seed=SEED,
        error=np.full(STEPS + 1, error),
        arrived_step=None,
        plan_ms=np.ones(STEPS),
        moments={"joints": np.zeros((STEPS + 1, 7)), "objects": np.zeros((STEPS + 1, 1, 7))},
        goal_image=image,
        final_image=image,
        surprise=np.full(STEPS, surprise),
    )


@pytest.fixture(scope="module")
def contract():
    if not MODEL.is_file():
        pytest.skip(f"{MODEL} does not exist: run `ami-ros model --task push`")
    return read_verified(MODEL).contract()


def card(contract, perturbed: bool, **source: bool) -> str:
    clean, worse = summarise([episode(0.01, 0.5)], 0.1), summarise([episode(0.2, 1.5)], 0.1)
    figures = {
        **clean,
        "planner": "mppi",
        "seed": SEED,
        "baseline_figures": {"hold": worse},
        "hardware": {"cpu": "test", "cores": 3},
    }
    under = {
        **clean,
        "seed": SEED,
        "perturb_scale": 2.0,
        "perturb_exactly": False,
        "perturbations": {"light": worse},
    }
    return model_card(
        contract,
        "abc123",
        figures,
        [under, {**under, "perturb_exactly": True}] if perturbed else [],
        {"train": 90.0},
        "models/x",
        METRES,
        **source,
    )


def test_it_names_the_model_and_says_how_every_figure_was_made(contract):
    text = card(contract, perturbed=True)
    for expected in (
        "abc123",
        contract.data_sha256,
        "--seed 77",
        "| mppi | 1 | 1.00",
        "| hold | 1 | 0.00",
        "train 1.5 min",
    ):
        assert expected in text
    assert "--perturb all --perturb-scale 2 --no-baselines" in text
    assert "--perturb all --perturb-scale 2 --perturb-exactly --no-baselines" in text
    assert "up to 2 times as far" in text
    assert "exactly 2 times as far" in text
    assert "- Expected success: " in text and "- It may plan." in text
    assert "| light | 0.000 | 0.000 | 0.000 | 100.0 % |" in text
    assert "| nothing | 1.000 | 1.000 | 1.000 | 0.0 % |" in text


def test_without_perturbations_it_does_not_speak_of_them(contract):
    assert "camera does" not in card(contract, perturbed=False)


def test_it_says_where_the_episodes_and_their_looks_come_from(contract):
    simulated = card(contract, False)
    assert "made by `ami-ros collect` |" in simulated and "varied light" in simulated
    augmented = card(contract, False, augmented=True)
    assert "made by `ami-ros collect --plain` and `ami-ros augment` |" in augmented
    assert "varied light" not in augmented and "--augmented`. Stages" in augmented
    recorded = card(contract, False, recorded=True)
    assert ", recorded |" in recorded and "Trained on recordings" in recorded and "--data FOLDER`" in recorded
    assert "in simulation, with" not in recorded


def test_names_from_elsewhere_are_shown_and_are_no_commands(contract):
    hostile = dataclasses.replace(
        contract, robot="arm; reboot", task="a`b\n# c", code_version="[d](http://e) |"
    )
    text = card(hostile, perturbed=True)
    assert text.splitlines()[0] == r"# arm; reboot a\`b\\n\# c"
    assert "robot `arm; reboot`, task `` a`b\\n# c ``" in text
    assert text.count("ami-ros evaluate --robot 'arm; reboot' --task 'a`b\\n# c' ") == 3
    assert "`` ami-ros model --robot 'arm; reboot' --task 'a`b\\n# c' ``" in text
    assert r"ami_ros \[d\](http://e) \| |" in text
