# SPDX-License-Identifier: Apache-2.0
"""Fits a decoder to a finished model, so that people can see what it expects; the model stays as it is."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ami_ros.model.imagination import DecoderFacts
from ami_ros.model.networks.decoder import SIDE, Decoder
from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.networks.pixels import fitted
from ami_ros.training.fitting.descent import OnStep, descend, unwatched
from ami_ros.training.latents import Encoded
from ami_ros.training.probes import ridge_regression
from ami_ros.training.settings import TrainingSettings

FASTEST = 2e-3  # peak learning rate
BATCH = 64
SEEN_SHARE = 0.25  # of a batch: latents of pictures, not of predictions
MOVING = 4.0  # weight of a pixel that changes as much as any within an episode; one that never changes has 1
USUAL = 0.98  # quantile of held-out mismatches that still counts as known
RIDGE = 1e-3
SPREAD = 0.02  # weight of the expected error
MOST = 512  # held-out moments that are measured
MOST_READ = 4096  # drawings from which is learned how to read a place off a drawing


@dataclass(frozen=True, eq=False)
class Scenes:
    """Encoded episodes with the pictures of one camera.

    Attributes:
        encoded: E episodes of S control steps.
        images: (E, S + 1, H, W, 3) uint8.
        camera: its index in the model.
    """

    encoded: Encoded
    images: Tensor
    camera: int

    def draw(self, model: Jepa, count: int, horizon: int, generator: torch.Generator) -> tuple[Tensor, ...]:
        """Return latents (B, D), for how many action blocks (B,) they were predicted, and what was seen then.

        The pictures (B, 3, S, S) come with the weight (B, 1, S, S) of each pixel.
        """
        encoded, block = self.encoded, self.encoded.block
        span = horizon * block
        episode = torch.randint(len(self.images), (count,), generator=generator)
        start = torch.randint(self.images.shape[1] - span, (count,), generator=generator)
        ahead = torch.randint(1, horizon + 1, (count,), generator=generator)
        ahead = torch.where(torch.rand(count, generator=generator) < SEEN_SHARE, 0, ahead)
        moves = start.unsqueeze(1) + torch.arange(span)
        actions = encoded.actions[episode.unsqueeze(1), moves].reshape(count, horizon, -1)
        with torch.no_grad():
            first = encoded.states[episode, start]
            states = torch.stack([first, *model.states(first, actions)], dim=1)[torch.arange(count), ahead]
        seen = self.pictures(episode, start + ahead * block)
        usual = self.pictures(episode, torch.randint(self.images.shape[1], (count,), generator=generator))
        changed = (seen - usual).abs().mean(dim=1, keepdim=True)
        weight = 1.0 + MOVING * changed / changed.amax(dim=(1, 2, 3), keepdim=True).clamp_min(1e-3)
        return model.view(states, self.camera), ahead.float(), seen, weight

    def pictures(self, episode: Tensor, step: Tensor) -> Tensor:
        """Return pictures (B, 3, S, S) in [0, 1] of episodes (B,) at control steps (B,)."""
        return fitted(self.images[episode, step], SIDE)


def fit_decoder(
    model: Jepa,
    training: Scenes,
    held_out: Scenes,
    settings: TrainingSettings,
    on_step: OnStep = unwatched,
) -> tuple[Decoder, DecoderFacts]:
    """Return a decoder of one camera, and what it was measured to be worth on held-out episodes.

    Args:
        model: the finished world model.
        training: scenes to fit.
        held_out: scenes to measure.
        settings: number of steps, how far ahead, and seed.
        on_step: called after each step.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    horizon = min(settings.decoder_horizon, held_out.encoded.actions.shape[1] // held_out.encoded.block)
    torch.manual_seed(settings.seed)
    decoder = Decoder(model.view_size, horizon)
    latents = model.view(training.encoded.states.flatten(0, 1), training.camera)
    decoder.mean.copy_(latents.mean(dim=0))
    decoder.std.copy_(latents.std(dim=0).clamp_min(1e-6))
    optimizer = torch.optim.Adam(decoder.parameters(), lr=FASTEST)

    def loss() -> Tensor:
        seen, ahead, wanted, weight = training.draw(model, BATCH, horizon, generator)
        drawn = decoder(seen, ahead)
        wrong = (drawn[:, :3] - wanted).abs().mean(dim=1, keepdim=True)
        # The likelihood of a Laplace distribution, by its width alone: unsure pixels are drawn no worse.
        spread = torch.log(drawn[:, 3:]) + wrong.detach() / drawn[:, 3:]
        total: Tensor = (weight * wrong).mean() + SPREAD * spread.mean()
        return total

    descend(optimizer, settings.decoder_steps, loss, lambda: on_step("decoder"))
    decoder.requires_grad_(False).eval()
    return decoder, _measured(model, decoder, training, held_out, horizon)


def _measured(
    model: Jepa, decoder: Decoder, training: Scenes, held_out: Scenes, horizon: int
) -> DecoderFacts:
    """Set what usually differs, and return how far off the places in drawings are, by action blocks ahead."""
    encoded, block = held_out.encoded, held_out.encoded.block
    generator = torch.Generator().manual_seed(0)
    episode = torch.randint(len(encoded.actions), (MOST,), generator=generator)
    start = torch.randint(encoded.states.shape[1] - horizon * block, (MOST,), generator=generator)
    states = encoded.states[episode, start]
    differs = decoder.mismatch(held_out.pictures(episode, start), model.view(states, held_out.camera))
    decoder.usual.copy_(torch.quantile(differs, USUAL, dim=0))
    moves = start.unsqueeze(1) + torch.arange(horizon * block)
    actions = encoded.actions[episode.unsqueeze(1), moves].reshape(MOST, horizon, -1)
    with torch.no_grad():
        predicted = [states, *model.states(states, actions)]
    read = [
        _read(model, decoder, model.view(state, held_out.camera), held_out.camera, ahead)
        for ahead, state in enumerate(predicted)
    ]
    seen = model.view(training.encoded.states.flatten(0, 1), training.camera)
    chosen = torch.randperm(len(seen), generator=generator)[:MOST_READ]
    drawings = _read(model, decoder, seen[chosen], training.camera, 0)
    errors: dict[str, list[float]] = {}
    for name, truth in training.encoded.truths.items():
        weights, offset = ridge_regression(drawings, truth.flatten(0, 1)[chosen], RIDGE)
        away = [
            (view @ weights + offset - encoded.truths[name][episode, start + ahead * block]).norm(dim=1)
            for ahead, view in enumerate(read)
        ]
        errors[name] = [float(far.median()) for far in away]
    return DecoderFacts(horizon, errors)


def _read(model: Jepa, decoder: Decoder, latents: Tensor, camera: int, ahead: int) -> Tensor:
    """Return what the model's own encoder sees in the drawings of latents (B, D): latents (B, D)."""
    with torch.no_grad():
        drawn = decoder(latents, torch.full((len(latents),), float(ahead)))[:, :3]
        seen = (drawn.clamp(0.0, 1.0) * 255.0).round().to(torch.uint8)
        return model.encode(camera, seen.permute(0, 2, 3, 1).contiguous())
