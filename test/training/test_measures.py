# SPDX-License-Identifier: Apache-2.0
"""Metric, quality, probes and rank on data whose answers are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from small_model import LATENT, SETTINGS, convex_jepa, one_camera_and_joints, small_jepa

from ami_ros.body.actions import ActionSpec, Channel
from ami_ros.model.networks.jepa import Jepa
from ami_ros.training.fitting.metric import controlled_changes, fit_metric, metric_of, slow_changes
from ami_ros.training.latents import Encoded, encode_all
from ami_ros.training.probes import probe
from ami_ros.training.quality import (
    distance_calibration,
    effective_rank,
    open_loop_errors,
    what_is_moved,
)
from ami_ros.training.recorded import Recorded, normalised_actions

EPISODES, STEPS, JOINTS, ACTION = 12, 30, 4, 6


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def with_joints(latents: torch.Tensor) -> torch.Tensor:
    """Return states of latents (..., D) and joints at rest."""
    return torch.cat([latents, torch.zeros(*latents.shape[:-1], 2 * JOINTS)], dim=-1)


def walks(seed: int = 0) -> torch.Tensor:
    """Random walks (E, S + 1, D) whose axes differ a hundredfold in speed, then mixed."""
    speeds = torch.logspace(-1, 1, LATENT)
    mixing = torch.linalg.qr(noise(LATENT, LATENT, seed=seed + 1))[0]
    return (noise(EPISODES * 8, STEPS + 1, LATENT, seed=seed) * speeds).cumsum(dim=1) @ mixing


@pytest.mark.parametrize("steps", [1, 3])
def test_the_metric_whitens_the_change(steps):
    latents = walks()
    metric = metric_of(slow_changes(latents, steps), 1e-9, 0.0)
    torch.testing.assert_close(metric, metric.T, atol=1e-3, rtol=1e-3)
    change = ((latents[:, steps:] - latents[:, :-steps]) @ metric).flatten(0, 1)
    covariance = change.T @ change / len(change)
    torch.testing.assert_close(covariance, torch.eye(LATENT), atol=5e-3, rtol=0.0)


def test_the_floor_keeps_noise_small():
    latents = noise(EPISODES, STEPS + 1, LATENT)
    latents[..., 0] *= 1e-6
    wild = metric_of(slow_changes(latents, 1), 1e-15, 0.0)
    calm = metric_of(slow_changes(latents, 1), 0.01, 0.0)
    assert float(wild.abs().max()) > 1e5
    assert float(calm.abs().max()) < 20.0


def test_what_gets_far_in_small_steps_counts_more_than_what_jitters():
    """The first number wanders, the second shakes as fast, the third differs between episodes only."""
    latents = noise(EPISODES * 8, STEPS + 1, LATENT)
    latents[..., 0] = noise(EPISODES * 8, STEPS + 1, seed=1).cumsum(dim=1) * math.sqrt(2.0)
    latents[..., 2] = 5.0 * noise(EPISODES * 8, 1, seed=2) + 0.01 * noise(EPISODES * 8, STEPS + 1, seed=3)
    lengths = {p: metric_of(slow_changes(latents, 1), 0.01, p).norm(dim=1) for p in (0.0, 1.0)}
    assert float(lengths[0.0][0] / lengths[0.0][1]) == pytest.approx(1.0, rel=0.1)
    assert float(lengths[1.0][0] / lengths[1.0][1]) > 3.0
    assert float(lengths[1.0][0] / lengths[1.0][2]) > 3.0


def test_a_step_of_the_data_has_length_one():
    model, latents = small_jepa(), walks()
    joints = noise(len(latents), STEPS + 1, 2 * JOINTS).cumsum(dim=1)
    fit_metric(model, latents, joints, slow_changes(latents, 3), 1e-6, 0.5)
    with torch.inference_mode():
        pairs = zip(latents[0, 1:], latents[0, :-1], strict=True)
        lengths = torch.stack([model.distance(after[None], before, "slow")[0] for after, before in pairs])
    assert 0.5 < float(lengths.median()) < 2.0
    turns = (joints[:, 1:, :JOINTS] - joints[:, :-1, :JOINTS]).norm(dim=2)
    assert float(model.vector_step_distance) == pytest.approx(float(turns.median()))


def test_a_world_that_never_moves_gives_no_division_by_zero():
    model = small_jepa()
    latents = noise(1, 1, LATENT).expand(EPISODES, STEPS + 1, -1)
    still = torch.zeros(EPISODES, STEPS + 1, 2 * JOINTS)
    fit_metric(model, latents, still, slow_changes(latents, 3), 0.01, 1.0)
    assert torch.isfinite(model.metric).all()
    assert float(model.step_distance) > 0.0
    assert float(model.vector_step_distance) > 0.0


def test_a_perfect_model_has_no_error_and_shuffling_hurts_it():
    model = convex_jepa()
    actions = noise(EPISODES, STEPS, ACTION).clamp(-1, 1)
    latents = torch.zeros(EPISODES, STEPS + 1, LATENT)
    latents[:, 1:, :ACTION] = actions.cumsum(dim=1)
    errors = open_loop_errors(model, with_joints(latents), actions)
    assert {name: len(values) for name, values in errors.items()} == dict.fromkeys(
        ("open_loop_error", "copy_last_error", "shuffled_action_error"), STEPS
    )
    np.testing.assert_allclose(errors["open_loop_error"], 0.0, atol=1e-9)
    assert min(errors["copy_last_error"]) > 0.01
    assert min(errors["shuffled_action_error"]) > 0.01


def test_copying_is_as_good_as_a_model_that_predicts_no_change():
    torch.manual_seed(0)
    lazy = Jepa(SETTINGS, one_camera_and_joints(JOINTS), ACTION).eval()
    latents = walks()[:EPISODES]
    errors = open_loop_errors(lazy, with_joints(latents), noise(EPISODES, STEPS, ACTION))
    np.testing.assert_allclose(errors["open_loop_error"], errors["copy_last_error"], rtol=1e-4)
    np.testing.assert_allclose(errors["shuffled_action_error"], errors["copy_last_error"], rtol=1e-4)


def test_errors_are_shares_of_the_variance_by_hand():
    latents = torch.tensor([[[0.0], [1.0]], [[2.0], [5.0]]]).expand(2, 2, LATENT)
    torch.manual_seed(0)
    lazy = Jepa(SETTINGS, one_camera_and_joints(JOINTS), ACTION).eval()
    errors = open_loop_errors(lazy, with_joints(latents), torch.zeros(2, 1, ACTION))
    variance = np.var([0.0, 1.0, 2.0, 5.0], ddof=1)
    assert errors["copy_last_error"][0] == pytest.approx((1.0 + 9.0) / 2 / variance)


def with_spectrum(values: list[float]) -> torch.Tensor:
    """Return centred rows with these singular values."""
    rows = noise(200, len(values))
    left = torch.linalg.qr(rows - rows.mean(dim=0))[0]
    right = torch.linalg.qr(noise(len(values), len(values), seed=1))[0]
    return left * torch.tensor(values) @ right


def test_effective_rank_of_known_spectra():
    assert effective_rank(with_spectrum([1.0] * 5)) == pytest.approx(5.0, rel=1e-3)
    assert effective_rank(with_spectrum([1.0] * 3 + [0.0] * 4)) == pytest.approx(3.0, rel=1e-3)
    assert effective_rank(with_spectrum([1.0, 0.0])) == pytest.approx(1.0, rel=1e-3)
    shares = np.array([0.5, 0.25, 0.25])
    expected = math.exp(-(shares * np.log(shares)).sum())
    assert effective_rank(with_spectrum([2.0, 1.0, 1.0]) + 100.0) == pytest.approx(expected, rel=1e-2)


def test_probes_read_what_is_there_and_not_what_is_not():
    latents, others = noise(EPISODES, STEPS, LATENT), noise(EPISODES // 2, STEPS, LATENT, seed=9)
    weights = noise(LATENT, 3, seed=2)
    linear, true = (z @ weights + 5.0 for z in (latents, others))
    assert probe(latents, linear, others, true) == pytest.approx(1.0, abs=1e-3)
    nothing = noise(EPISODES, STEPS, 3, seed=3), noise(EPISODES // 2, STEPS, 3, seed=5)
    assert probe(latents, nothing[0], others, nothing[1]) < 0.05
    half = true + true.std() * noise(EPISODES // 2, STEPS, 3, seed=4)
    assert probe(latents, linear, others, half) == pytest.approx(0.5, abs=0.12)


def test_a_relation_that_turns_around_in_other_episodes_does_not_score():
    latents, others = noise(EPISODES, STEPS, LATENT), noise(EPISODES, STEPS, LATENT, seed=9)
    assert probe(latents, latents[..., :2], others, -others[..., :2]) < -1.0


def test_transitions_are_the_blocks_of_the_episodes_at_every_control_step():
    block, size = 3, 2
    encoded = Encoded(
        noise(EPISODES, STEPS + 1, LATENT + 8),
        noise(EPISODES, STEPS + 1),
        LATENT,
        noise(EPISODES, STEPS, size),
        block,
    )
    every = encoded.transitions()
    assert len(every) == EPISODES * (STEPS - block + 1)
    for episode, end in ((0, block), (5, 11), (EPISODES - 1, STEPS)):
        row = (end - block) * EPISODES + episode
        assert torch.equal(every.state[row], encoded.states[episode, end - block])
        assert torch.equal(every.next_state[row], encoded.states[episode, end])
        assert torch.equal(every.oddness[row], encoded.oddness[episode, end])
        assert torch.equal(every.action[row], encoded.actions[episode, end - block : end].flatten())
    pairs = encoded.transitions(2)
    assert len(pairs) == EPISODES * (STEPS - 2 * block + 1)
    row = (14 - 2 * block) * EPISODES + 5
    assert torch.equal(pairs.state[row], encoded.states[5, 14 - 2 * block])
    assert torch.equal(pairs.next_state[row], encoded.states[5, 14])
    assert torch.equal(pairs.action[row], encoded.actions[5, 14 - 2 * block : 14].flatten())
    states, actions = encoded.cut(4, 2)
    assert torch.equal(states, encoded.states[:, [4, 7, 10]])
    assert torch.equal(encoded.cores, encoded.states[..., :LATENT])
    assert torch.equal(actions[:, 1], encoded.actions[:, 7:10].flatten(1))


def test_a_distance_is_compared_with_the_way_to_the_end_of_the_episode():
    model = convex_jepa()
    places = noise(EPISODES, STEPS + 1, 3)
    latents = torch.zeros(EPISODES, STEPS + 1, LATENT)
    latents[..., :3] = 7.0 * places
    assert distance_calibration(model, latents, places)["slow"] == pytest.approx(1.0, abs=1e-6)
    latents[..., :3] = noise(EPISODES, STEPS + 1, 3, seed=1)
    assert abs(distance_calibration(model, latents, places)["l2"]) < 0.2


def test_what_is_moved_is_an_object_unless_it_is_a_wall():
    moving, still = noise(EPISODES, STEPS + 1, 3), noise(EPISODES, 1, 3).expand(-1, STEPS + 1, -1)
    arm = {"joint_position": moving, "tip_position": moving}
    assert what_is_moved({**arm, "object_position": moving}) == "object_position"
    assert what_is_moved({**arm, "object_position": still}) == "tip_position"
    assert what_is_moved({"joint_position": moving}) == "joint_position"  # a recording
    assert what_is_moved({"position": moving, "object_position": still}) == "position"  # a base among walls
    assert what_is_moved({"flow": still}) == "flow"
    assert what_is_moved({}) is None


def test_a_covered_camera_has_finite_figures():
    model, dark = small_jepa(), torch.zeros(EPISODES, 3, LATENT + 2 * JOINTS)
    errors = open_loop_errors(model, dark, torch.zeros(EPISODES, 2, ACTION))
    assert all(np.isfinite(values).all() for values in errors.values())
    assert np.isfinite(effective_rank(dark[..., :LATENT].flatten(0, 1)))


def test_encode_all_is_in_evaluation_mode_and_frame_by_frame():
    model = small_jepa().train()
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 32, 32, 3), dtype=np.uint8)
    joints = noise(3, 4, 2 * JOINTS).numpy()
    states, oddness = encode_all(model, Recorded([images], joints, np.zeros((3, 3, 3), np.float32)))
    assert not model.training
    assert (states.shape, oddness.shape) == ((3, 4, LATENT + 2 * JOINTS), (3, 4))
    with torch.inference_mode():
        normalised, frame = (
            model.normalise(torch.from_numpy(joints[2, 1:2])),
            torch.from_numpy(images[2, 1:2]),
        )
        _, odd = model.observe([frame], normalised)
        torch.testing.assert_close(oddness[2, 1], odd[0])
        torch.testing.assert_close(states[2, 1, :LATENT], model.encode(0, frame)[0])
        torch.testing.assert_close(states[2, 1, LATENT:], normalised[0])


def test_actions_are_normalised_channel_by_channel():
    spec = ActionSpec(
        "setpoint", 1.0, 2, (Channel("heater", "%", 0.0, 100.0), Channel("valve", "V", -1.0, 3.0))
    )
    blocks = torch.tensor([[0.0, -1.0, 100.0, 1.0], [75.0, 3.0, 50.0, 2.0]])
    expected = torch.tensor([[-1.0, -1.0, 1.0, 0.0], [0.5, 1.0, 0.0, 0.5]])
    torch.testing.assert_close(normalised_actions(blocks, spec), expected)
    torch.testing.assert_close(normalised_actions(blocks[:, :2], spec), expected[:, :2])


def test_what_actions_do_not_change_and_what_nobody_foresees_is_no_way_to_go():
    """Two numbers wander by themselves; actions move the first three only, and the first shakes besides."""
    model, latents = convex_jepa(), noise(EPISODES * 8, STEPS + 1, LATENT).cumsum(dim=1)
    actions = noise(EPISODES * 8, STEPS, ACTION, seed=1).clamp(-1.0, 1.0)
    encoded = Encoded(with_joints(latents), torch.zeros(latents.shape[:2]), LATENT, actions, 1)
    changes = controlled_changes(model, encoded, 3, 0)
    assert changes.reached.shape[1] == changes.unit.shape[1] == LATENT
    moved = changes.reached.std(dim=0) > 0.1
    assert 0 < int(moved.sum()) < LATENT
    lengths = metric_of(changes, 0.01, 1.0).norm(dim=1)
    assert float(lengths[moved].min()) > 10.0 * float(lengths[~moved].max())
    plain = metric_of(slow_changes(latents, 1), 0.01, 1.0).norm(dim=1)
    assert float(plain[moved].min()) < 3.0 * float(plain[~moved].max())
    shaking = changes.unit.clone()
    first = int(moved.nonzero()[0])
    shaking[:, first] += 10.0 * noise(len(shaking), seed=2)
    shaken = metric_of(changes._replace(unit=shaking), 0.01, 1.0).norm(dim=1)
    assert float(shaken[first]) < 0.2 * float(shaken[moved].max())
