# SPDX-License-Identifier: Apache-2.0
"""A model is trained, measured by `ami-ros evaluate`, and fine-tuned on a flight of a worn engine."""

from __future__ import annotations

import json

import numpy as np
import pytest
import yaml

pytest.importorskip("pycycle", reason="needs the extra 'turbofan'", exc_type=ImportError)

from ami_ros.configuration import Configuration
from ami_ros.episodes.episode import list_episodes, read_episode
from ami_ros.errors import AmiError
from ami_ros.model.runtime import load_model
from benchmarks.turbofan import deck, evaluation, fine_tuning, tuning
from benchmarks.turbofan import model as files
from benchmarks.turbofan.controllers import PI
from benchmarks.turbofan.gated import Ours
from benchmarks.turbofan.limits import STEPS
from benchmarks.turbofan.profiles import KINDS
from benchmarks.turbofan.rows import LOST, flown
from benchmarks.turbofan.world import World

pytestmark = pytest.mark.filterwarnings("ignore")  # of OpenMDAO and pyCycle, about their own future
SEED, FLIGHTS, COPIES = 5_000_001, 6, 2
SHORT = {
    "model": {"predictor_hidden": 16},
    "training": {"steps": 10, "predictor_steps": 20, "disagreement_steps": 5, "temporal_steps": 2},
    "planner": {"num_samples": 8, "num_iterations": 1, "solvers": {"cem": {"num_elites": 4}}},
}


def no_bars(name, count):
    return lambda done: None


@pytest.fixture
def quick(coarse, tmp_path, monkeypatch):
    """The same with a coarse engine, few logs and little training, in an empty folder; returns all parts."""
    settings = yaml.safe_load(files.TASK.read_text())
    for section, values in SHORT.items():
        settings[section] |= values
    task = tmp_path / "task.yaml"
    task.write_text(yaml.safe_dump(settings))
    for module in (files, fine_tuning):
        monkeypatch.setattr(module, "TASK", task)
    monkeypatch.setattr(fine_tuning, "EPISODES", FLIGHTS)
    monkeypatch.setattr(tuning, "TUNED_ON", range(SEED, SEED + 1))
    monkeypatch.setattr(deck, "load", lambda bars: coarse)
    monkeypatch.chdir(tmp_path)
    configuration, world = Configuration.load(str(files.ROBOT), str(task)), World(coarse)
    logs = files.flown_logs(world, FLIGHTS * STEPS, no_bars)
    return configuration, world, logs, files.trained(logs, configuration.spec, files.FOLDER)


def test_evaluate_measures_the_model_that_is_there(quick, tmp_path, capsys):
    model = quick[-1]
    file, trained_at = tmp_path / "figures.json", model.stat().st_mtime_ns
    evaluation.evaluate("flight", 2, SEED, None, file)
    figures = json.loads(file.read_text())
    assert model.stat().st_mtime_ns == trained_at
    assert (figures["robot"], figures["task"], figures["episodes"]) == ("turbofan", "flight", 2)
    wanted = ("thrust_error_steady", "thrust_error_transient", "limit_violations", "fuel_saved")
    assert {name: figures[name] for name in wanted} == {
        name: figures["rows"]["ours"][name] for name in wanted
    }
    assert all(np.isfinite(figures[name]) for name in wanted)
    assert figures["unsafe_commands"] == 0 and figures["rows"]["min-max"]["fuel_saved"] == 0.0
    printed = capsys.readouterr().out
    assert "ours" in printed and "min-max" in printed


def test_a_model_that_is_not_there_is_named_before_any_flight(monkeypatch, tmp_path):
    monkeypatch.setattr(deck, "load", lambda bars: pytest.fail("the model comes first"))
    with pytest.raises(AmiError, match=r"gone\.pt"):
        evaluation.evaluate("flight", 2, SEED, tmp_path / "gone.pt", None)


def test_a_worn_engine_has_rows_and_each_flight_a_model(quick, tmp_path):
    configuration, world, logs, model = quick
    spec = configuration.spec

    def ours(path):
        return Ours(load_model(path, spec, task=configuration.task_name), spec, configuration.planner)

    again = range(SEED + len(KINDS), SEED + len(KINDS) + 2)
    rows = fine_tuning.worn_rows(world, ours, model, logs, spec, [SEED], again, tmp_path / "worn", no_bars)
    counts = {name: row["profiles"] for name, row in rows.items()}
    assert counts == {
        "as logged": 2,
        "worn": 2,
        "worn, trained on logs": 2,
        "worn, fine-tuned": 2,
        "worn, kinds tuned on": 1,
        "worn, fine-tuned on the same kind": 1,
    }
    assert rows["worn"]["burnt"] != rows["as logged"]["burnt"]
    digests = {path.read_bytes() for path in (model, *(tmp_path / "worn").glob("*/model.pt"))}
    assert len(digests) == 3  # as it was, tuned on a flight, and trained on logs alone
    learned = [read_episode(path) for path in list_episodes(tmp_path / "worn" / str(SEED) / "episodes")]
    rehearsed = [read_episode(path) for path in list_episodes(tmp_path / "worn" / "logs" / "episodes")]
    assert len(learned) == len(rehearsed) == FLIGHTS
    for number in range(FLIGHTS - COPIES):
        np.testing.assert_array_equal(learned[COPIES + number].actions, rehearsed[number].actions)
    np.testing.assert_array_equal(learned[0].actions, learned[1].actions)
    assert not np.array_equal(learned[0].actions, rehearsed[0].actions)


def test_an_engine_worn_from_the_start_burns_more_for_the_same_thrust(coarse):
    world, loop = World(coarse), PI(1.0, 2.0)
    assert flown(world, loop, SEED, LOST, step=0).burnt > 1.005 * flown(world, loop, SEED).burnt
