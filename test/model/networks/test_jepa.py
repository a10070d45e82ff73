# SPDX-License-Identifier: Apache-2.0
"""The networks: shapes, what each may see, and the distances by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from part_settings import load_model_settings
from small_model import ACTION, IMAGE_SIZE, LATENT, SETTINGS, one_camera_and_joints, small_jepa

from ami_ros.errors import ConfigError
from ami_ros.model.networks.jepa import Jepa

JOINTS, BATCH, HEIGHT, WIDTH = 4, 3, 64, 96


def images(*shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@torch.inference_mode()
def test_encode_takes_any_size_and_row_by_row():
    model = small_jepa()
    batch = images(BATCH, HEIGHT, WIDTH, 3)
    latents = model.encode(0, batch)
    assert latents.shape == (BATCH, LATENT)
    assert model.encode(0, images(1, IMAGE_SIZE, IMAGE_SIZE, 3)).shape == (1, LATENT)
    torch.testing.assert_close(model.encode(0, batch[1:2])[0], latents[1])


@torch.inference_mode()
def test_large_images_are_area_averaged():
    model = small_jepa()
    small = images(1, IMAGE_SIZE, IMAGE_SIZE, 3)
    large = small.repeat_interleave(2, dim=1).repeat_interleave(3, dim=2)
    torch.testing.assert_close(model.encode(0, large), model.encode(0, small))


@torch.inference_mode()
def test_red_is_not_blue_and_up_is_not_left():
    model = small_jepa()
    image = images(1, IMAGE_SIZE, IMAGE_SIZE, 3)
    for other in (image.flip(3), image.transpose(1, 2), image.flip(1)):
        assert (model.encode(0, other) - model.encode(0, image)).abs().max() > 1e-4


@torch.inference_mode()
def test_a_fresh_predictor_says_nothing_changes():
    torch.manual_seed(0)
    model = Jepa(SETTINGS, one_camera_and_joints(JOINTS), ACTION).eval()
    state = noise(BATCH, LATENT + 2 * JOINTS)
    torch.testing.assert_close(model.predict(state, noise(BATCH, ACTION)), state)


@torch.inference_mode()
def test_predictions_depend_on_latent_joints_and_action():
    model = small_jepa()
    state, action = noise(BATCH, LATENT + 2 * JOINTS), noise(BATCH, ACTION)
    change = model.predict(state, action) - state
    assert change.shape == state.shape
    of_latent, of_joints = torch.zeros_like(state), torch.zeros_like(state)
    of_latent[:, :LATENT], of_joints[:, LATENT:] = 0.1, 0.1
    for inputs in ((state + of_latent, action), (state + of_joints, action), (state, action + 0.1)):
        other = model.predict(*inputs) - inputs[0]
        for part in (slice(None, LATENT), slice(LATENT, None)):
            assert (other[:, part] - change[:, part]).abs().max() > 1e-5


@torch.inference_mode()
def test_inverse_actions_are_bounded():
    model = small_jepa()
    action = model.inverse(1e3 * noise(BATCH, LATENT + 2 * JOINTS), 1e3 * noise(BATCH, LATENT, seed=1))
    assert action.shape == (BATCH, ACTION)
    assert action.abs().max() <= 1.0


@torch.inference_mode()
def test_distances_by_hand():
    model = small_jepa()
    latents, goal = noise(BATCH, LATENT), noise(LATENT, seed=1)
    distance = model.distance(latents, goal, "slow")
    assert distance.shape == (BATCH,)
    for row in range(BATCH):
        expected = np.linalg.norm((latents[row] - goal).numpy() @ model.metric[0].numpy()) / 0.4
        assert float(distance[row]) == pytest.approx(float(expected), rel=1e-5)
    assert float(model.distance(goal[None], goal, "slow")[0]) == 0.0
    joints, wanted = noise(BATCH, 2 * JOINTS), noise(JOINTS, seed=2)
    gap = (joints[:, :JOINTS] - wanted).numpy() * model.vector_std[:JOINTS].numpy()
    np.testing.assert_allclose(
        model.vector_distance(joints, wanted), np.linalg.norm(gap, axis=1) / 0.3, rtol=1e-5
    )


@torch.inference_mode()
def test_velocities_do_not_count_as_distance():
    model = small_jepa()
    joints, wanted = noise(BATCH, 2 * JOINTS), noise(JOINTS, seed=2)
    faster = joints.clone()
    faster[:, JOINTS:] += 5.0
    torch.testing.assert_close(model.vector_distance(faster, wanted), model.vector_distance(joints, wanted))


def test_the_same_seed_gives_the_same_weights():
    for one, other in zip(small_jepa(3).parameters(), small_jepa(3).parameters(), strict=True):
        assert torch.equal(one, other)


def test_shipped_settings_load_and_refuse_other_depths():
    assert load_model_settings().image_size == 64
    with pytest.raises(ConfigError, match="image_size: got 70, expected a multiple of 4, as 68 or 72"):
        load_model_settings({"image_size": 70})
    with pytest.raises(ConfigError, match=r"channels: got \[48, 96\], expected three numbers"):
        load_model_settings({"channels": [48, 96]})
    with pytest.raises(ConfigError, match="expected >= 4"):
        load_model_settings({"channels": [2, 96, 128]})
