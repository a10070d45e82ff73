# SPDX-License-Identifier: Apache-2.0
"""A decoder on disk: bound to its model, verified, and honest about what the model does not know."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch

from ami_ros.errors import ModelFileError
from ami_ros.model.files import sidecar
from ami_ros.model.imagination import DecoderFacts, decoder_of, load_imagination, write_decoder
from ami_ros.model.networks.decoder import SIDE, SQUARES, Decoder

LATENT, HORIZON, STATE = 5, 3, 9
FACTS = DecoderFacts(HORIZON, {"tip_position": [0.01, 0.02, 0.02, 0.03]})
MODEL, OTHER = "a" * 64, "b" * 64
GREY = 140


@pytest.fixture
def model(tmp_path):
    torch.manual_seed(0)
    decoder = Decoder(LATENT, HORIZON)
    decoder.usual.fill_(1e6)  # everything is as the model knows it
    path = tmp_path / "model.pt"
    write_decoder(decoder, FACTS, "wrist", path, MODEL)
    return path


def pictures(imagination, known=True):
    state = np.linspace(-1, 1, STATE, dtype=np.float32)
    predicted = np.tile(state, (HORIZON, 1)) + np.arange(HORIZON, dtype=np.float32)[:, None]
    image = np.full((2 * SIDE, 2 * SIDE, 3), 90, np.uint8)
    return imagination.pictures(image, state, predicted, known)


def test_a_model_without_a_decoder_has_none(tmp_path):
    assert load_imagination(tmp_path / "model.pt", MODEL) is None


def test_it_draws_each_block_and_says_what_it_is_worth(model):
    imagination = load_imagination(model, MODEL)
    assert imagination.facts == FACTS and imagination.camera == "wrist"
    drawn = pictures(imagination)
    assert drawn.shape == (HORIZON, SIDE, SIDE, 3) and drawn.dtype == np.uint8
    assert (drawn[0] != drawn[2]).any()
    assert "off by 0.01 now, by 0.03 3 action blocks ahead" in FACTS.in_words()[0]


def test_no_more_blocks_are_drawn_than_it_was_fitted_for(model):
    imagination = load_imagination(model, MODEL)
    long = np.zeros((HORIZON + 4, STATE), np.float32)
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    assert len(imagination.pictures(image, np.zeros(STATE, np.float32), long, True)) == HORIZON


def test_what_the_model_does_not_know_is_grey(model):
    assert set(pictures(load_imagination(model, MODEL), known=False).flat) == {GREY}


def test_only_the_square_that_looks_unlike_its_drawing_is_grey():
    torch.manual_seed(0)
    decoder = Decoder(LATENT, HORIZON).eval()
    now = torch.randn(1, LATENT)
    with torch.no_grad():
        image = decoder(now, torch.zeros(1))[:, :3].clamp(0.0, 1.0)
        decoder.usual.copy_(decoder.mismatch(image, now)[0] + 0.1)
        image[..., : SIDE // SQUARES, -SIDE // SQUARES :] += 1.0
        known = decoder.imagine(image, now, now.repeat(2, 1))[..., 4]
    there = known[:, : SIDE // SQUARES, -SIDE // SQUARES :]
    assert there.max() == 0.0 and int((known == 0.0).sum()) == there.numel()


def test_a_pixel_fades_by_how_much_more_wrong_it_is_than_what_is_seen():
    growing = {0: 0.1, 1: 0.1, 2: 0.15, 3: 0.2}  # blocks ahead -> expected error

    class Known(Decoder):
        def forward(self, latents, ahead):
            error = torch.tensor([growing[int(blocks)] for blocks in ahead]).view(-1, 1, 1, 1)
            return torch.cat([torch.zeros(3, 1, 1), torch.ones(1, 1, 1)]) * error.expand(-1, 4, SIDE, SIDE)

    decoder = Known(LATENT, HORIZON)
    decoder.usual.fill_(1e6)
    image, now = torch.zeros(1, 3, SIDE, SIDE), torch.zeros(1, LATENT)
    sure = decoder.imagine(image, now, torch.zeros(HORIZON, LATENT))[..., 3]
    assert sure.flatten(1).mean(dim=1).tolist() == pytest.approx([1.0, 0.5, 0.0])


def test_the_decoder_of_another_model_is_refused(model):
    with pytest.raises(ModelFileError, match=r"decoder of model aaaaaaaaaaaa, expected bbbbbbbbbbbb; fit it"):
        load_imagination(model, OTHER)


@pytest.mark.parametrize("spoil", ["altered", "no hash", "no decoder"])
def test_a_damaged_decoder_is_refused(model, spoil):
    path = decoder_of(model)
    if spoil == "altered":
        path.write_bytes(path.read_bytes()[:-1] + b"!")
    elif spoil == "no hash":
        sidecar(path).unlink()
    else:
        path.write_bytes(b"nothing")
        sidecar(path).write_text(hashlib.sha256(b"nothing").hexdigest())
    with pytest.raises(ModelFileError, match=path.name):
        load_imagination(model, MODEL)
