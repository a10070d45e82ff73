# SPDX-License-Identifier: Apache-2.0
"""Training on a made-up world: it learns, it repeats, it goes on after a kill, it refuses what is not its own."""

from __future__ import annotations

import dataclasses
import itertools
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from robots import made_up_robot
from small_data import JOINTS, SIDE, SPEED, STEPS, record, write_episodes
from small_model import LATENT, SETTINGS
from small_training import TRAINING

from ami_ros.episodes.double_exposure import DOUBLE_EXPOSURE_FILES, DoubleExposure
from ami_ros.episodes.event import EventRecord, write_event
from ami_ros.episodes.oddity import ODDITY_FILES, OddityRecord
from ami_ros.errors import EpisodeError, TrainingError
from ami_ros.model.export import export
from ami_ros.model.known import inputs_of
from ami_ros.model.runtime import load_model
from ami_ros.model.weights import weights_sha256
from ami_ros.training.double_exposures import DoubleExposures, measure_alike
from ami_ros.training.pipeline import Split, build_trainer, finish, load_split, steps_to_finish
from ami_ros.training.trainer import Trainer

SPEC = made_up_robot(action_block=1)
INPUTS = inputs_of(SPEC)


@pytest.fixture(scope="module")
def split(tmp_path_factory) -> Split:
    return load_split(
        write_episodes(tmp_path_factory.mktemp("data"), 16), TRAINING.held_out, lambda: None, INPUTS
    )


def trainer(split: Split, **changes) -> Trainer:
    return build_trainer(split, SPEC, SETTINGS, dataclasses.replace(TRAINING, **changes))


def mean(losses: list[dict], name: str) -> float:
    return sum(loss[name] for loss in losses) / len(losses)


def test_the_loss_falls(split):
    losses = list(trainer(split, steps=60).run())
    assert len(losses) == 60
    assert mean(losses[-10:], "total") < 0.6 * mean(losses[:10], "total")
    for name in ("prediction", "vectors", "variance", "covariance", "inverse", "total", "learning_rate"):
        assert name in losses[0]


def test_what_goals_show_of_the_vectors_is_learned_where_there_is_something_to_read_it_with(split):
    sizes = dataclasses.replace(SETTINGS, reading_hidden=16)
    it = build_trainer(split, SPEC, sizes, dataclasses.replace(TRAINING, steps=60))
    losses = list(it.run())
    assert mean(losses[-10:], "reading") < 0.8 * mean(losses[:10], "reading")
    assert "reading" not in next(iter(trainer(split).run()))


def test_the_total_is_the_weighted_sum(split):
    loss = next(iter(trainer(split, vector_weight=0.3, variance_weight=0.7, covariance_weight=0.2).run()))
    weights = {"prediction": 1.0, "vectors": 0.3, "variance": 0.7, "covariance": 0.2, "inverse": 1.0}
    assert loss["total"] == pytest.approx(
        sum(weight * loss[name] for name, weight in weights.items()), rel=1e-5
    )


def test_two_runs_are_one(split):
    runs = []
    for _ in range(2):
        it = trainer(split)
        torch.rand(3)  # what others draw must not matter once the weights are there
        runs.append((list(it.run()), weights_sha256(it.model)))
    assert runs[0] == runs[1]
    assert weights_sha256(trainer(split, seed=6).model) != weights_sha256(trainer(split).model)


def test_a_resumed_run_ends_bit_for_bit_where_an_uninterrupted_one_does(split, tmp_path):
    whole = trainer(split)
    losses = list(whole.run())
    killed, checkpoint = trainer(split), tmp_path / "run" / "checkpoint.pt"
    list(itertools.islice(killed.run(checkpoint), 17))  # dies between two checkpoints
    assert [p.name for p in checkpoint.parent.iterdir()] == ["checkpoint.pt"]
    resumed = trainer(split)
    resumed.resume(checkpoint)
    assert resumed.step == 12
    assert list(resumed.run(checkpoint)) == losses[12:]
    assert weights_sha256(resumed.model) == weights_sha256(whole.model)


def test_a_finished_run_has_nothing_left_to_do(split, tmp_path):
    it = trainer(split, steps=12)
    list(it.run(tmp_path / "checkpoint.pt"))
    again = trainer(split, steps=12)
    again.resume(tmp_path / "checkpoint.pt")
    assert list(again.run()) == []


@pytest.fixture(scope="module")
def checkpoint(split, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("run") / "checkpoint.pt"
    list(trainer(split, steps=12).run(path))
    return path


def test_other_data_are_refused(split, checkpoint, tmp_path):
    other = load_split(write_episodes(tmp_path, 16, first_seed=100), TRAINING.held_out, lambda: None, INPUTS)
    with pytest.raises(TrainingError, match="trained on other data; use another folder or --restart"):
        trainer(other, steps=12).resume(checkpoint)


def test_other_double_exposures_are_other_data(split, checkpoint):
    images = np.zeros((2, 4, SIDE, SIDE, 3), dtype=np.uint8)
    other = dataclasses.replace(split, exposures=DoubleExposures([images], [images]))
    with pytest.raises(TrainingError, match="trained on other data"):
        trainer(other, steps=12).resume(checkpoint)


def test_other_settings_are_refused_by_name(split, checkpoint):
    with pytest.raises(TrainingError, match=r"settings .* differ: {'seed': \(5, 6\)}; use --restart"):
        trainer(split, steps=12, seed=6).resume(checkpoint)
    trainer(split, steps=12, threads=2, checkpoint_steps=1).resume(checkpoint)  # these change nothing


def test_another_architecture_is_refused(split, checkpoint):
    larger = dataclasses.replace(SETTINGS, latent_size=LATENT + 1)
    it = build_trainer(split, SPEC, larger, dataclasses.replace(TRAINING, steps=12))
    with pytest.raises(TrainingError, match="not a checkpoint of this model"):
        it.resume(checkpoint)


class Trap:
    """Would run code when unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("code in a checkpoint was run",))


@pytest.mark.parametrize(
    "content",
    [b"", b"garbage", pickle.dumps({"step": 1}, 2), pickle.dumps(Trap(), 2), pickle.dumps([1, 2], 2)],
    ids=["empty", "garbage", "pickle", "code", "list"],
)
def test_files_that_are_no_checkpoints(split, tmp_path, content):
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match="checkpoint.pt: not a checkpoint of this model"):
        trainer(split).resume(path)
    with pytest.raises(TrainingError, match="not a checkpoint"):
        trainer(split).resume(tmp_path / "nowhere.pt")


def test_a_truncated_checkpoint_is_refused(split, checkpoint, tmp_path):
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(checkpoint.read_bytes()[:-1000])
    with pytest.raises(TrainingError, match="not a checkpoint"):
        trainer(split, steps=12).resume(path)


def changed(checkpoint: Path, folder: Path, change) -> Path:
    state = torch.load(checkpoint, weights_only=True)
    change(state)
    torch.save(state, folder / "checkpoint.pt")
    return folder / "checkpoint.pt"


@pytest.mark.parametrize("step", [-1, 13, 10**9, 12.0, float("nan"), True, None, "12"], ids=str)
def test_a_step_that_the_run_cannot_be_at_is_refused(split, checkpoint, tmp_path, step):
    path = changed(checkpoint, tmp_path, lambda state: state.update(step=step))
    it = trainer(split, steps=12)
    with pytest.raises(TrainingError, match=f"step: got {step!r}, expected 0 to 12; use --restart"):
        it.resume(path)
    assert it.step == 0


def spoil_weights(state: dict) -> None:
    next(iter(state["model"]["predictor"].values())).fill_(float("nan"))


def spoil_moments(state: dict) -> None:
    state["optimizer"]["state"][0]["exp_avg"].fill_(float("inf"))


def shrink_moments(state: dict) -> None:
    state["optimizer"]["state"][0]["exp_avg"] = torch.zeros(2)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_weights, "non-finite numbers"),
        (spoil_moments, "non-finite numbers"),
        (shrink_moments, "the optimizer's state belongs to other weights"),
        (lambda state: state.update(settings=None), "not a checkpoint"),
        (lambda state: state.update(optimizer=3), "not a checkpoint"),
        (lambda state: state.pop("step"), "not a checkpoint"),
    ],
)
def test_a_checkpoint_with_something_else_inside_is_refused(split, checkpoint, tmp_path, spoil, message):
    with pytest.raises(TrainingError, match=message) as caught:
        trainer(split, steps=12).resume(changed(checkpoint, tmp_path, spoil))
    assert "\n" not in str(caught.value)


def test_a_loss_that_is_not_finite_ends_the_run_without_a_checkpoint(split, tmp_path):
    it = trainer(split, checkpoint_steps=1)
    with torch.no_grad():
        it.model.encoders[0].head[3].weight.fill_(float("nan"))
    with pytest.raises(TrainingError, match="step 1: loss is .*lower learning_rate"):
        list(it.run(tmp_path / "checkpoint.pt"))
    assert not (tmp_path / "checkpoint.pt").exists()


def test_joints_are_normalised_by_the_training_data(split):
    it = trainer(split)
    joints = torch.from_numpy(split.training.vectors["joints"]).flatten(0, 1)
    normalised = it.model.normalise(joints)
    torch.testing.assert_close(normalised.mean(dim=0), torch.zeros(8), atol=1e-4, rtol=0.0)
    torch.testing.assert_close(normalised.std(dim=0), torch.ones(8), atol=1e-3, rtol=0.0)


def test_the_last_episodes_are_held_out(tmp_path):
    paths = write_episodes(tmp_path, 10)
    held = load_split(paths, 0.3, lambda: None, INPUTS)
    assert (len(held.training), len(held.held_out)) == (7, 3)
    assert held.training.sha256 == load_split(paths[:9], 0.2, lambda: None, INPUTS).training.sha256
    assert len(load_split(paths[:4], 0.1, lambda: None, INPUTS).held_out) == 2
    with pytest.raises(TrainingError, match="got 3 episodes, expected at least 4"):
        load_split(paths[:3], 0.1, lambda: None, INPUTS)


def test_episodes_must_fit_the_model_and_the_robot(split):
    with pytest.raises(TrainingError, match=r"images of \{'camera': \(32, 32\)\} px .*, expected 64 px"):
        build_trainer(split, SPEC, dataclasses.replace(SETTINGS, image_size=64), TRAINING)


@pytest.mark.parametrize(
    ("model", "training", "says"),
    [
        ({"macro_blocks": STEPS + 1}, {}, rf"macro_blocks: got {STEPS + 1}, expected at most {STEPS}$"),
        ({}, {"metric_steps": STEPS + 1}, rf"metric_steps: got {STEPS + 1}, expected at most {STEPS}$"),
    ],
)
def test_what_is_fitted_at_the_end_must_fit_the_episodes(split, model, training, says):
    with pytest.raises(TrainingError, match=rf"^episodes are too short \({STEPS} control steps\): {says}"):
        build_trainer(
            split, SPEC, dataclasses.replace(SETTINGS, **model), dataclasses.replace(TRAINING, **training)
        )


def test_action_blocks_must_fit_the_episodes(split):
    spec = made_up_robot(action_block=5)
    with pytest.raises(TrainingError, match="got action blocks of 5 control steps, expected at most 4"):
        build_trainer(split, spec, SETTINGS, TRAINING)


def test_the_longest_that_fits_the_episodes_can_be_fitted(split):
    model, training = {"macro_blocks": STEPS, "macros": 2}, {"metric_steps": STEPS, "steps": 2}
    training = dataclasses.replace(TRAINING, **training)
    it = build_trainer(split, SPEC, dataclasses.replace(SETTINGS, **model), training)
    assert finish(it.model, split, SPEC, "reach", training).macro_blocks == STEPS


def test_actions_must_fit_the_robot(split):
    flat = made_up_robot(action_block=1, action_axes=("x", "y"))
    with pytest.raises(EpisodeError, match=r"another body than made_up: channels: got \['x \[m/s\]', 'y"):
        build_trainer(split, flat, SETTINGS, TRAINING)


@pytest.mark.parametrize("part", ["exposures", "held_out_exposures"])
def test_double_exposures_must_be_of_the_episodes_size(split, part):
    """They would be cut up into images of that size, and nobody would notice."""
    images = np.zeros((2, 4, SIDE // 2, SIDE // 2, 3), dtype=np.uint8)
    other = dataclasses.replace(split, **{part: DoubleExposures([images], [images])})
    with pytest.raises(
        TrainingError, match=r"double exposures have images \(16, 16, 3\), expected \(32, 32, 3\)"
    ):
        build_trainer(other, SPEC, SETTINGS, TRAINING)


def test_from_episodes_to_a_model_that_loads(split, tmp_path):
    it = trainer(split, steps=120)
    list(it.run())
    stages: list[str] = []
    contract = finish(it.model, split, SPEC, "reach", TRAINING, on_step=stages.append)
    assert len(stages) == steps_to_finish(it.model, split, TRAINING)
    assert {"encode", "predictor", "disagreement", "temporal distance"} == set(stages)
    export(it.model, contract, tmp_path / "model.pt")
    loaded = load_model(tmp_path / "model.pt", SPEC).contract
    assert loaded == contract
    assert (loaded.task, loaded.robot, loaded.seed, loaded.latent_size) == ("reach", "made_up", 5, LATENT)
    assert [c.name for c in loaded.channels] == ["x", "y", "z"]
    assert loaded.data_sha256 == split.training.sha256
    assert loaded.weights_sha256 == weights_sha256(it.model)
    assert len(loaded.vectors[0].mean) == 8
    assert all(-SPEED <= low < high <= SPEED for low, high in zip(*loaded.action_range, strict=True))
    quality = loaded.quality
    assert quality["held_out_episodes"] == 4
    for name in ("open_loop_error", "copy_last_error", "shuffled_action_error"):
        assert len(quality[name]) == STEPS
    assert set(quality["probes"]) == {"joint_position", "tip_position", "object_position"}
    assert set(quality["distance_spearman"]) == {"l2", "slow", "temporal"}
    assert 1.0 <= quality["effective_rank"] <= LATENT
    assert quality["latent_std"]["min"] > 0.0
    assert -1.0 <= quality["disagreement_spearman"] <= 1.0
    assert (quality["surprise_auc"], quality["surprise_auc_by_kind"], quality["event_clips"]) == (None, {}, 0)


def test_action_blocks_of_several_steps_train_and_load(split, tmp_path):
    it = build_trainer(split, made_up_robot(), SETTINGS, dataclasses.replace(TRAINING, inverse_horizon=2))
    list(it.run())
    contract = finish(it.model, split, made_up_robot(), "reach", TRAINING)
    assert contract.block == 2
    assert len(contract.quality["open_loop_error"]) == STEPS // 2
    export(it.model, contract, tmp_path / "model.pt")
    assert load_model(tmp_path / "model.pt", made_up_robot()).contract == contract


def test_the_clips_beside_the_episodes_are_measured(tmp_path):
    paths = write_episodes(tmp_path, 8)
    for pair in range(3):
        for possible in (True, False):
            write_event(tmp_path, EventRecord(record(50 + pair), "teleport", possible, 4, pair))
    found = load_split(paths, 0.25, lambda: None, INPUTS)
    it = trainer(found)
    quality = finish(it.model, found, SPEC, "reach", TRAINING).quality
    assert quality["event_clips"] == 6
    assert quality["surprise_auc_by_kind"] == {"teleport": 0.5}  # the same clip on both sides


def test_the_pictures_beside_the_episodes_are_measured(tmp_path):
    paths = write_episodes(tmp_path, 8)
    images = np.random.default_rng(0).integers(0, 256, (2, 4, SIDE, SIDE, 3), dtype=np.uint8)
    kinds, still = np.array(["light", "bystander"]), np.zeros(2 * JOINTS, np.float32)
    for index in range(8):
        ODDITY_FILES.write(tmp_path, index, OddityRecord({"camera": images[0, :2]}, kinds, {"joints": still}))
        DOUBLE_EXPOSURE_FILES.write(
            tmp_path, index, DoubleExposure({"camera": images[0]}, {"camera": images[1]})
        )
    found = load_split(paths, 0.25, lambda: None, INPUTS)
    it = trainer(found)
    quality = finish(
        it.model, found, SPEC, "reach", dataclasses.replace(TRAINING, appearance_steps=3)
    ).quality
    assert set(quality["beyond_range"]) == set(kinds)
    assert quality["alike"] == measure_alike(it.model, found.held_out_exposures)
    assert quality["alike"]["error"] > 0.1  # pictures that have nothing in common


def test_settings_of_what_is_fitted_later_do_not_invalidate_a_checkpoint(split, checkpoint):
    trainer(split, steps=12, metric_steps=3, disagreement_steps=9, temporal_steps=9).resume(checkpoint)
    with pytest.raises(TrainingError, match="settings"):
        trainer(split, steps=12, learning_rate=0.1).resume(checkpoint)


def test_it_goes_on_from_a_finished_model_in_its_units(split, tmp_path):
    first = trainer(split, steps=60)
    list(first.run())
    other = load_split(
        write_episodes(tmp_path / "other", 8, first_seed=100), TRAINING.held_out, lambda: None, INPUTS
    )
    settings = dataclasses.replace(TRAINING, steps=10, learning_rate=1e-5)
    it = build_trainer(other, SPEC, SETTINGS, settings, first.model)
    assert weights_sha256(it.model) == weights_sha256(first.model), "also the vectors' mean and std"
    fresh = build_trainer(other, SPEC, SETTINGS, settings)
    assert mean(list(it.run()), "total") < 0.75 * mean(list(fresh.run()), "total")
    assert weights_sha256(it.model) != weights_sha256(first.model)

    it.save(tmp_path / "checkpoint.pt")
    again = build_trainer(other, SPEC, SETTINGS, settings, first.model)
    again.resume(tmp_path / "checkpoint.pt")
    assert again.step == 10
    for start in (None, trainer(split).model):
        with pytest.raises(TrainingError, match="started from another model"):
            build_trainer(other, SPEC, SETTINGS, settings, start).resume(tmp_path / "checkpoint.pt")
