# SPDX-License-Identifier: Apache-2.0
"""The world model: encoders, predictor and inverse model, and the parts fitted to them afterwards."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ami_ros.model.networks.appearance import Appearance
from ami_ros.model.networks.backbone import BackboneEncoder
from ami_ros.model.networks.coarse import Coarse
from ami_ros.model.networks.completion import Completion
from ami_ros.model.networks.disagreement import Disagreement
from ami_ros.model.networks.encoder import Encoder
from ami_ros.model.networks.goal_reading import GoalReading
from ami_ros.model.networks.inputs import Inputs, Layout
from ami_ros.model.networks.inverse import InverseModel
from ami_ros.model.networks.pixels import fitted
from ami_ros.model.networks.predictor import Predictor
from ami_ros.model.networks.settings import ModelSettings
from ami_ros.model.networks.surprise import Surprise
from ami_ros.model.networks.temporal_distance import TemporalDistance
from ami_ros.model.networks.traces import Traces

# Parts that gradient descent on episodes trains; the rest is fitted afterwards, on fixed latents.
TRAINED = ("encoders", "predictor", "inverse_model", "readings")


class Jepa(nn.Module):
    """Joint-embedding predictive architecture: predicts in latent space, never pixels.

    A state (Z,) is its knowledge of the world at one time, see `Layout`; the vectors in it are normalised.

    Args:
        settings: sizes of the networks.
        inputs: the sensors.
        action_size: numbers per action block (K A).
    """

    def __init__(self, settings: ModelSettings, inputs: Inputs, action_size: int) -> None:
        super().__init__()
        layout = Layout(inputs, settings.latent_size, settings.reading_hidden > 0, settings.history)
        self.settings, self.image_size = settings, settings.image_size
        self.latent_size = settings.latent_size
        self.action_size = action_size
        self.vectors_at, self.traces_at, self.state_size = (
            layout.vectors_at,
            layout.traces_at,
            layout.state_size,
        )
        self.views, self.view_size, self.core_size = layout.views, layout.view_size, layout.core_size
        # TorchScript cannot infer the type of an empty list: the range from 0 to 0 stands for nothing.
        self.postures = layout.postures or [(0, 0)]
        self.goals = layout.goals or [(0, 0)]
        kind = BackboneEncoder if settings.encoder == "backbone" else Encoder
        encoders: list[nn.Module] = []
        for index in range(len(inputs.cameras)):
            encoders.append(encoders[0] if index and settings.shared_encoder else kind(settings))
        self.encoders = nn.ModuleList(encoders)
        self.predictor = Predictor(settings, layout, action_size)
        # Without history, there is nothing to carry.
        self.traces = nn.ModuleList(Traces(layout, 1) for _ in settings.history[:1])
        self.inverse_model = InverseModel(settings, layout, action_size)
        reads = settings.reading_hidden > 0 and len(inputs.cameras) > 0 and inputs.vector_size > 0
        self.readings = nn.ModuleList(GoalReading(settings, layout) for _ in range(int(reads)))
        self.appearances = nn.ModuleList(Appearance(settings, layout.posture_size) for _ in inputs.cameras)
        # With one camera, there is nothing to fill in.
        several = [layout] if len(inputs.cameras) > 1 else []
        self.completions = nn.ModuleList(
            Completion(it.views, it.view_size, inputs.vector_size) for it in several
        )
        # Without macro-actions, there is nothing to predict.
        self.coarse = nn.ModuleList(
            Coarse(settings, layout, action_size) for _ in range(min(settings.macro_blocks, 1))
        )
        self.disagreement_heads = Disagreement(settings, layout.core_size, action_size)
        self.surprise_gauge = Surprise(layout.core_size, layout.posture_size, settings.stillness)
        self.temporal_distances = nn.ModuleList(
            TemporalDistance(settings, layout.view_size) for _ in range(layout.views)
        )
        self.vector_mean: Tensor
        self.register_buffer("vector_mean", torch.zeros(inputs.vector_size))
        self.vector_std: Tensor
        self.register_buffer("vector_std", torch.ones(inputs.vector_size))
        self.vector_step_distance: Tensor
        self.register_buffer("vector_step_distance", torch.ones(len(inputs.vectors)))
        self.metric: Tensor
        self.register_buffer("metric", torch.eye(layout.view_size).repeat(layout.views, 1, 1))
        self.step_distance: Tensor
        self.register_buffer("step_distance", torch.ones(layout.views))
        self.l2_step_distance: Tensor
        self.register_buffer("l2_step_distance", torch.ones(layout.views))

    def encode(self, camera: int, images: Tensor) -> Tensor:
        """Encode images (B, H, W, 3) uint8 RGB of any size from a camera, by index, to latents (B, D)."""
        x = fitted(images, self.image_size)
        latents = x
        for index, encoder in enumerate(self.encoders):
            if index == camera:
                latents = encoder(x)
        return latents

    def observe(self, images: list[Tensor], vectors: Tensor) -> tuple[Tensor, Tensor]:
        """Return states (B, Z), and the oddness of the oddest image (B,), see `Appearance.forward`.

        Args:
            images: images (B, H, W, 3) uint8 of each camera.
            vectors: (B, V) normalised.
        """
        states, oddness = self.observe_each(images, vectors)
        if oddness.shape[1] == 0:
            return states, torch.zeros(vectors.shape[0], device=vectors.device)
        return states, oddness.amax(dim=1)

    def observe_each(self, images: list[Tensor], vectors: Tensor) -> tuple[Tensor, Tensor]:
        """Return states (B, Z), and the oddness of each camera's image (B, W); as `observe`."""
        parts: list[Tensor] = []
        odd = [vectors[:, :0]]
        joints = self.posture(vectors)
        for index, (encoder, appearance) in enumerate(zip(self.encoders, self.appearances)):  # noqa: B905
            x = fitted(images[index], self.image_size)
            latent = encoder(x)
            parts.append(latent)
            odd.append(appearance(x, latent, joints).unsqueeze(1))
        parts.append(vectors)
        for traces in self.traces:
            if isinstance(traces, Traces):
                parts.append(traces.begin(vectors))
        return torch.cat(parts, dim=1), torch.cat(odd, dim=1)

    def remembered(self, states: Tensor, blocks: float) -> Tensor:
        """Return the states (E, S + 1, Z) of episodes, `blocks` apart, with their traces; for training.

        Args:
            states: without traces, or with those of the present readings.
            blocks: action blocks from one state to the next.
        """
        for traces in self.traces:
            if isinstance(traces, Traces):
                seen = states[..., : self.traces_at]
                states = torch.cat([seen, traces.along(seen[..., self.vectors_at :], blocks)], dim=2)
        return states

    def carried(self, before: Tensor, now: Tensor, blocks: float) -> Tensor:
        """Return observed states (B, Z) with the traces of states (B, Z) some action blocks before."""
        for traces in self.traces:
            if isinstance(traces, Traces):
                seen = now[:, : self.traces_at]
                now = torch.cat([seen, traces.carry(before, seen[:, self.vectors_at :], blocks)], dim=1)
        return now

    def complete(self, state: Tensor, missing: list[int]) -> Tensor:
        """Return states (B, Z) with the views of some cameras, by index, filled in from everything else."""
        for head in self.completions:
            vectors = state[:, self.vectors_at : self.traces_at]
            core = head(state[:, : self.core_size], missing, vectors)
            state = torch.cat([core, state[:, self.vectors_at :]], dim=1)
        return state

    def normalise(self, vectors: Tensor) -> Tensor:
        """Normalise vectors (..., V) in the sensors' units."""
        return (vectors - self.vector_mean) / self.vector_std

    def posture(self, vectors: Tensor) -> Tensor:
        """Return the positions (B, P) among vectors (B, V) that an image also shows."""
        parts: list[Tensor] = []
        for start, stop in self.postures:
            parts.append(vectors[:, start:stop])
        return torch.cat(parts, dim=1) if len(parts) > 0 else vectors[:, :0]

    def view(self, state: Tensor, index: int) -> Tensor:
        """Return one view (B, `view_size`) of states (B, Z or F)."""
        return state[:, index * self.view_size : (index + 1) * self.view_size]

    def predict(self, state: Tensor, action: Tensor) -> Tensor:
        """Predict states (B, Z) one action block (B, K A) ahead."""
        return self.predictor(state, action)

    def imagine(self, state: Tensor) -> Tensor:
        """Return the outcomes of all macro-actions from states (B, Z): states (B, N, Z); see `Coarse`."""
        ahead = state.unsqueeze(1)[:, :0]
        for head in self.coarse:
            ahead = head(state)
        return ahead

    def rollout(self, state: Tensor, actions: Tensor) -> Tensor:
        """Predict the states of candidates (S, T, Z); see `states`."""
        return torch.stack(self.states(state, actions), 1)

    def states(self, state: Tensor, actions: Tensor) -> list[Tensor]:
        """Predict the states of candidates, step by step.

        A method, because TorchScript compiles a function that takes a model for one model's sizes only.
        Separate from `steered_states`, because it optimises only the branches that the first calls take.

        Args:
            state: (S, Z) current states, or (1, Z) for all candidates.
            actions: (S, T, K A) in [-1, 1].

        Returns:
            The states (S, Z) after each of T action blocks.
        """
        state = state.expand(actions.shape[0], -1)
        states: list[Tensor] = []
        for step in range(actions.shape[1]):
            state = self.predictor(state, actions[:, step])
            states.append(state)
        return states

    def steered_states(
        self, state: Tensor, actions: Tensor, goal: list[Tensor], parts: list[int], steered: int
    ) -> list[Tensor]:
        """Do as `states`, but steer one candidate to a goal with the inverse model, along with the others.

        A separate rollout would double the number of predictor steps.

        Args:
            state: as `states`.
            actions: as `states`; the steered candidate's actions are written into it.
            goal: views to reach, each (`view_size`,).
            parts: index of each of these views.
            steered: index of the steered candidate.
        """
        state = state.expand(actions.shape[0], -1)
        states: list[Tensor] = []
        for step in range(actions.shape[1]):
            now = state[steered : steered + 1]
            actions[steered, step] = self.inverse_model(now, self.wanted(now, goal, parts))[0]
            state = self.predictor(state, actions[:, step])
            states.append(state)
        return states

    def wanted(self, state: Tensor, goal: list[Tensor], parts: list[int]) -> Tensor:
        """Return the core (1, F) of state (1, Z) with the views of a goal in place; see `steered_states`."""
        if len(parts) == 1 and self.views == 1:
            return goal[0].unsqueeze(0)
        core = state[:, : self.core_size].clone()
        for index, part in enumerate(parts):
            core[:, part * self.view_size : (part + 1) * self.view_size] = goal[index]
        return core

    def inverse(self, state: Tensor, goal: Tensor) -> Tensor:
        """Return the action block (B, K A) in [-1, 1] that leads from states (B, Z) toward cores (B, F)."""
        return self.inverse_model(state, goal)

    def positions(self, vectors: Tensor) -> Tensor:
        """Return the positions (B, P) among vectors (B, V): what a goal may set."""
        parts: list[Tensor] = []
        for start, stop in self.goals:
            parts.append(vectors[:, start:stop])
        return torch.cat(parts, dim=1)

    def shown(self, core: Tensor) -> Tensor:
        """Return the positions (B, P), normalised, that a linear map reads off cores (B, F), for training."""
        there = core[:, :0]
        for head in self.readings:
            if isinstance(head, GoalReading):
                there = head.shown(core)
        return there

    def reading(self, state: Tensor, goal: Tensor) -> Tensor:
        """Return the positions (B, P), normalised, that cores (B, F) show, seen from states (B, Z)."""
        there = self.positions(state[:, self.vectors_at :])
        for head in self.readings:
            there = there + head(state, goal)
        return there

    def disagreement(self, core: Tensor, change: Tensor, action: Tensor) -> Tensor:
        """Return the uncertainty of a predicted change (B,), 1 is usual; see `Disagreement.forward`."""
        return self.disagreement_heads(core, change, action)

    def surprise(self, state: Tensor, action: Tensor, next_state: Tensor, oddness: Tensor) -> Tensor:
        """Return how far the world deviates from the prediction (B, 4), 1 is rare; see `Surprise.forward`.

        Args:
            state: (B, Z) some action blocks (N) ago.
            action: (B, N K A) in [-1, 1], as executed.
            next_state: (B, Z) current states.
            oddness: (B,) oddness of the current images.
        """
        blocks = action.view(action.shape[0], -1, self.action_size)
        start, doubt = state[:, : self.core_size], torch.zeros_like(oddness)
        predicted = start
        for block, after in enumerate(self.states(state, blocks)):
            before, predicted = predicted, after[:, : self.core_size]
            doubt = doubt + self.disagreement(before, predicted - before, blocks[:, block])
        core, posture = next_state[:, : self.core_size], self.posture(next_state[:, self.vectors_at :])
        moved = posture - self.posture(state[:, self.vectors_at :])
        doubt = doubt / blocks.shape[1]
        return self.surprise_gauge(start, moved, predicted, doubt, core, posture, oddness)

    def distance(self, view: Tensor, goal: Tensor, kind: str, index: int = 0) -> Tensor:
        """Return the distance of views (B, `view_size`) from a goal (`view_size`,), in control steps.

        "temporal": the learned number of steps. "slow": in the metric that whitens the view's change over a
        few control steps, so directions that change slowly count more. "l2": in the latent space itself. In
        the last two, 1 is the median change of one control step.

        Args:
            view: views to measure.
            goal: goal view.
            kind: one of DISTANCES.
            index: index of the view.
        """
        if kind == "temporal":
            far = view
            for number, head in enumerate(self.temporal_distances):
                if number == index:
                    far = head(view, goal)
            return far
        if kind == "slow":
            stretched = (view - goal) @ self.metric[index]
            return torch.linalg.vector_norm(stretched, dim=1) / self.step_distance[index]
        return torch.linalg.vector_norm(view - goal, dim=1) / self.l2_step_distance[index]

    def vector_distance(self, vectors: Tensor, goal: Tensor, index: int = 0) -> Tensor:
        """Return the distance of vectors (B, V) from a goal, both normalised, in control steps.

        Args:
            vectors: vectors of all sensors.
            goal: target reading of one sensor; positions for joints.
            index: index of that sensor.
        """
        start, stop = self.goals[index]
        gap = (vectors[:, start:stop] - goal) * self.vector_std[start:stop]
        return torch.linalg.vector_norm(gap, dim=1) / self.vector_step_distance[index]
