# SPDX-License-Identifier: Apache-2.0
"""From image to action blocks in one scripted module: the world model and its search."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ami_ros.model.jepa import Jepa
from ami_ros.planning.cem import cem_update
from ami_ros.planning.mppi import mppi_update
from ami_ros.planning.objective import effort_term, goal_term, step_weights, total

# Order of the candidates that are not drawn at random; the index of any other means "random".
SOURCES = ("warm_start", "zero", "inverse_model", "random")


class LatentSearch(nn.Module):
    """Everything that a robot loads: encode, inverse model and the planner's inner loop."""

    def __init__(self, model: Jepa) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """Encode images (B, H, W, 3) uint8 to latents (B, D)."""
        return self.model.encode(images)

    def inverse_action(self, latent: Tensor, goal: Tensor, joints: Tensor) -> Tensor:
        """Return the action block (K A) from latent (D) toward goal (D), without search.

        Joints (2 J) are in rad and rad/s.
        """
        normalised = self.model.normalise_joints(joints.unsqueeze(0))
        return self.model.inverse(latent.unsqueeze(0), goal.unsqueeze(0), normalised)[0]

    def predict(self, latent: Tensor, joints: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """Predict one block ahead from latent (B, D), joints (B, 2 J) in rad, rad/s and action (B, K A)."""
        z, q = self.model.predict(latent, self.model.normalise_joints(joints), action)
        return z, q * self.model.joint_std + self.model.joint_mean

    def goal_distance(self, latent: Tensor, joints: Tensor, goal: Tensor, goal_is_joints: bool) -> Tensor:
        """Return the distance () from now to the goal in control steps."""
        if goal_is_joints:
            count = goal.shape[0]
            target = (goal - self.model.joint_mean[:count]) / self.model.joint_std[:count]
            return self.model.joint_distance(self.model.normalise_joints(joints.unsqueeze(0)), target)[0]
        return self.model.distance(latent.unsqueeze(0), goal)[0]

    def search(
        self,
        latent: Tensor,
        joints: Tensor,
        goal: Tensor,
        goal_is_joints: bool,
        warm_start: Tensor,
        noise: Tensor,
        solver: str,
        num_elites: int,
        temperature: float,
        initial_std: float,
        minimum_std: float,
        discount: float,
        effort_weight: float,
        deadline_ns: int,
    ) -> tuple[Tensor, Tensor, Tensor, int, int]:
        """Search for the cheapest action blocks; anytime, and deterministic in its arguments.

        Args:
            latent: (D,) now.
            joints: (2 J,) now, rad and rad/s.
            goal: latent (D,), or joint position (J,) in rad if `goal_is_joints`.
            goal_is_joints: which of the two.
            warm_start: (T, K A) in [-1, 1], the shifted last plan.
            noise: (I, S, T, K A) standard normal; its shape sets iterations and candidates.
            solver: "cem" or "mppi".
            num_elites: CEM.
            temperature: MPPI.
            initial_std: of the first candidates.
            minimum_std: floor.
            discount: of step weights.
            effort_weight: cost of moving.
            deadline_ns: wall time after which no further iteration starts.

        Returns:
            actions (T, K A), cost terms (2,), predicted latents (T, D), iterations done, index into SOURCES.
        """
        started_ns: int = torch.ops.prim.TimePoint()
        z, q = latent.unsqueeze(0), self.model.normalise_joints(joints.unsqueeze(0))
        target = goal
        if goal_is_joints:
            count = goal.shape[0]
            target = (goal - self.model.joint_mean[:count]) / self.model.joint_std[:count]
        samples, horizon = noise.shape[1], noise.shape[2]
        weights = step_weights(horizon, discount).to(noise.device)

        # Seeds: the last plan, standing still, and (for image goals) what the inverse model would do.
        mean, std = warm_start, torch.full_like(warm_start, initial_std)
        inverse = torch.zeros_like(warm_start)
        if not goal_is_joints:
            inverse = self._inverse_rollout(z, q, goal, horizon)

        best_cost = torch.full([1], 1e38, device=noise.device)
        best, best_terms = warm_start, torch.zeros(2, device=noise.device)
        best_latents, source, iterations = z.expand(horizon, -1), 1, 0
        for iteration in range(noise.shape[0]):
            candidates = (mean + std * noise[iteration]).clamp(-1.0, 1.0)
            candidates[0] = mean if iteration == 0 else best
            candidates[1] = torch.zeros_like(mean) if iteration == 0 else mean
            if iteration == 0 and not goal_is_joints:
                candidates[2] = inverse
            latents, positions = self.model.rollout(z, q, candidates)
            if goal_is_joints:
                distance = self.model.joint_distance(positions.flatten(0, 1), target).view(samples, horizon)
            else:
                distance = self.model.distance(latents.flatten(0, 1), target).view(samples, horizon)
            terms = torch.stack([goal_term(distance, weights), effort_term(candidates, effort_weight)], dim=1)
            cost = total(terms)
            winner = int(cost.argmin())
            if bool(cost[winner] < best_cost[0]):
                best_cost, best, best_terms = cost[winner : winner + 1], candidates[winner], terms[winner]
                best_latents = latents[winner]
                seeds = 2 if goal_is_joints else 3
                source = winner if iteration == 0 and winner < seeds else 3
            if solver == "cem":
                mean, std = cem_update(candidates, cost, num_elites, minimum_std)
            else:
                mean, std = mppi_update(candidates, cost, temperature, minimum_std)
            iterations += 1
            now_ns: int = torch.ops.prim.TimePoint()
            if now_ns - started_ns > deadline_ns:
                break
        return best, best_terms, best_latents, iterations, source

    def _inverse_rollout(self, latent: Tensor, joints: Tensor, goal: Tensor, horizon: int) -> Tensor:
        actions = []
        z, q = latent, joints
        for _ in range(horizon):
            action = self.model.inverse(z, goal.unsqueeze(0), q)
            actions.append(action[0])
            z, q = self.model.predict(z, q, action)
        return torch.stack(actions)
