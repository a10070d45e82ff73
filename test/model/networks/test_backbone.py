# SPDX-License-Identifier: Apache-2.0
"""Frozen features from a file, in place of the convolutional encoder: random weights, the real path."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from robots import JOINTS, made_up_robot
from small_data import write_episodes
from small_model import ACTION, IMAGE_SIZE, LATENT, SETTINGS, in_memory, one_camera_and_joints, small_contract
from small_training import TRAINING
from torch import Tensor, nn

from ami_ros.errors import ConfigError, ModelFileError
from ami_ros.model.export import export
from ami_ros.model.known import inputs_of
from ami_ros.model.networks.backbone import BackboneEncoder, load_backbone
from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.networks.settings import ModelSettings
from ami_ros.model.runtime import load_model
from ami_ros.training.pipeline import build_trainer, finish, load_split

PATCH, WIDTH, HEADS, BATCH = 8, 12, 3, 4


class TinyViT(nn.Module):
    """A vision transformer as DINO is one, only small: patches, positions, attention, tokens out."""

    def __init__(self) -> None:
        super().__init__()
        self.heads = HEADS
        self.patches = nn.Conv2d(3, WIDTH, PATCH, stride=PATCH)
        self.positions = nn.Parameter(0.1 * torch.randn((IMAGE_SIZE // PATCH) ** 2, WIDTH))
        self.dropout = nn.Dropout(0.5)
        self.mixed = nn.Linear(WIDTH, 3 * WIDTH)
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, images: Tensor) -> Tensor:
        """Map images (B, 3, S, S) to tokens (B, N, F)."""
        tokens = self.patches(images).flatten(2).transpose(1, 2) + self.positions
        mixed = self.mixed(self.norm(tokens)).unflatten(2, [3, self.heads, -1])
        q, k, v = mixed.permute(2, 0, 3, 1, 4).unbind(0)
        seen = nn.functional.scaled_dot_product_attention(q, k, v)
        return tokens + self.dropout(seen.transpose(1, 2).flatten(2))


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("backbones") / "vit.pt"
    torch.jit.save(torch.jit.script(TinyViT()), str(path))
    return path


def settings(path: Path, **changes: object) -> ModelSettings:
    made = {
        "encoder": "backbone",
        "backbone_file": str(path),
        "backbone_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    return dataclasses.replace(SETTINGS, **{**made, **changes})


def jepa(path: Path) -> Jepa:
    torch.manual_seed(1)
    return Jepa(settings(path), one_camera_and_joints(JOINTS), ACTION)


def images(seed: int = 2) -> np.ndarray:
    size = (BATCH, IMAGE_SIZE, IMAGE_SIZE, 3)
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)


def test_a_model_with_a_backbone_scripts_freezes_and_needs_the_file_no_more(file, tmp_path):
    copy = tmp_path / "copy.pt"
    copy.write_bytes(file.read_bytes())
    model = jepa(copy).eval()
    contract = small_contract(model)
    export(model, contract, tmp_path / "model.pt")
    copy.unlink()
    loaded = load_model(tmp_path / "model.pt", made_up_robot())
    eager = in_memory(model, contract)
    picture = np.random.default_rng(3).integers(0, 256, (40, 48, 3), dtype=np.uint8)
    latent = loaded.encode(picture, "camera")
    assert latent.shape == (LATENT,)
    torch.testing.assert_close(latent, eager.encode(picture, "camera"), atol=1e-5, rtol=1e-5)


class TinyVideo(nn.Module):
    """A convolution over time as V-JEPA has one, of frames that are all alike."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv3d(3, WIDTH, (2, PATCH, PATCH), stride=(2, PATCH, PATCH))

    def forward(self, images: Tensor) -> Tensor:
        """Map images (B, 3, S, S) to tokens (B, N, F)."""
        return self.patches(images.unsqueeze(2).repeat(1, 1, 2, 1, 1)).flatten(2).transpose(1, 2)


def test_features_of_several_frames_train_and_load(tmp_path):
    torch.jit.save(torch.jit.script(TinyVideo()), str(tmp_path / "video.pt"))
    spec, training = made_up_robot(), dataclasses.replace(TRAINING, steps=3)
    split = load_split(write_episodes(tmp_path / "data", 8), training.held_out, lambda: None, inputs_of(spec))
    it = build_trainer(split, spec, settings(tmp_path / "video.pt"), training)
    assert len(list(it.run())) == 3
    contract = finish(it.model, split, spec, "reach", training)
    export(it.model, contract, tmp_path / "model.pt")
    picture = np.random.default_rng(0).integers(0, 256, (40, 48, 3), dtype=np.uint8)
    expected = in_memory(it.model, contract).encode(picture, "camera")
    loaded = load_model(tmp_path / "model.pt", spec)
    torch.testing.assert_close(loaded.encode(picture, "camera"), expected, atol=1e-5, rtol=1e-5)


def test_training_moves_the_head_and_never_the_features(file):
    model = jepa(file).train()
    before = {name: value.clone() for name, value in model.encoders[0].state_dict().items()}
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    model.encode(0, torch.from_numpy(images())).square().sum().backward()
    optimizer.step()
    after = model.encoders[0].state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved
    assert all(name.startswith("head.") for name in moved)


def test_dropout_in_the_features_stays_off_in_training(file):
    encoder = jepa(file).train().encoders[0]
    pixels = torch.rand(BATCH, 3, IMAGE_SIZE, IMAGE_SIZE)
    assert torch.equal(encoder.backbone(pixels), encoder.backbone(pixels))


def test_the_file_is_verified_before_it_is_loaded(file, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.jit, "load", lambda *a, **k: pytest.fail("code from the file was loaded"))
    with pytest.raises(ModelFileError, match="SHA-256 is .*, expected 00"):
        load_backbone(file, "00")
    with pytest.raises(ModelFileError, match="no such backbone"):
        load_backbone(tmp_path / "nothing.pt", "00")


def test_a_file_that_is_no_module_is_refused(tmp_path):
    path = tmp_path / "text.pt"
    path.write_text("weights")
    with pytest.raises(ModelFileError, match="torch cannot load it"):
        load_backbone(path, hashlib.sha256(path.read_bytes()).hexdigest())


def test_images_of_another_size_than_it_was_made_for_are_refused(file):
    with pytest.raises(ModelFileError, match=r"got an error for images \(2, 3, 64, 64\).*set image_size"):
        BackboneEncoder(settings(file, image_size=64))


class Mean(nn.Module):
    """One answer for the whole batch: not features."""

    def forward(self, images: Tensor) -> Tensor:
        """Average everything."""
        return images.mean(dim=(0, 2, 3)).unsqueeze(0)


def test_features_must_be_one_row_per_image(tmp_path):
    path = tmp_path / "mean.pt"
    torch.jit.save(torch.jit.script(Mean()), str(path))
    with pytest.raises(ModelFileError, match=r"got features \(1, 3\) for 2 images"):
        BackboneEncoder(settings(path))


def test_a_backbone_without_a_file_is_refused():
    with pytest.raises(ConfigError, match="got backbone_file '' and backbone_sha256 '', expected both"):
        dataclasses.replace(SETTINGS, encoder="backbone")
