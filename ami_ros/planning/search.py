# SPDX-License-Identifier: Apache-2.0
"""From image to action blocks in one scripted module: the world model and its search."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ami_ros.model.networks.jepa import Jepa
from ami_ros.planning.cem import cem_update
from ami_ros.planning.mppi import mppi_update
from ami_ros.planning.objective import disagreement_term, effort_term, goal_term, step_weights, total

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

    def observe(self, images: Tensor, joints: Tensor) -> tuple[Tensor, Tensor]:
        """Return latents (B, D) of images (B, H, W, 3) uint8 at joints (B, 2 J), and their oddness (B,)."""
        return self.model.observe(images, self.model.normalise_joints(joints))

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

    def surprise(
        self,
        latent: Tensor,
        joints: Tensor,
        action: Tensor,
        next_latent: Tensor,
        next_joints: Tensor,
        oddness: Tensor,
    ) -> Tensor:
        """Return how little some blocks (N) went as predicted, by component (4,); see `Surprise.forward`.

        Args:
            latent: (D,) before.
            joints: (2 J,) before, rad and rad/s.
            action: (N K A,) in [-1, 1], as they were executed.
            next_latent: (D,) after.
            next_joints: (2 J,) after, rad and rad/s.
            oddness: () of the image after.
        """
        return self.model.surprise(
            latent.unsqueeze(0),
            self.model.normalise_joints(joints.unsqueeze(0)),
            action.unsqueeze(0),
            next_latent.unsqueeze(0),
            self.model.normalise_joints(next_joints.unsqueeze(0)),
            oddness.unsqueeze(0),
        )[0]

    def goal_distance(
        self, latent: Tensor, joints: Tensor, goal: Tensor, goal_is_joints: bool, kind: str
    ) -> Tensor:
        """Return the distance () from now to the goal in control steps, measured as `kind` says."""
        if goal_is_joints:
            position = self.model.normalise_joints(joints.unsqueeze(0))
            return self.model.joint_distance(position, self._target(goal, True))[0]
        return self.model.distance(latent.unsqueeze(0), goal, kind)[0]

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
        disagreement_weight: float,
        distance_kind: str,
        inverse_proposal: bool,
        deadline_ns: int,
    ) -> tuple[Tensor, Tensor, Tensor, int, int, Tensor]:
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
            disagreement_weight: cost of going where the model is not sure; 0 costs no time either.
            distance_kind: "l2", "slow" or "temporal", see `Jepa.distance`.
            inverse_proposal: let the inverse model steer one of the first candidates to an image goal.
            deadline_ns: wall time after which no further iteration starts.

        Returns:
            actions (T, K A), cost terms (3,), predicted latents (T, D), iterations done, index into SOURCES,
            and the winner's mean disagreement ().
        """
        started_ns: int = torch.ops.prim.TimePoint()
        z, q = latent.unsqueeze(0), self.model.normalise_joints(joints.unsqueeze(0))
        target = self._target(goal, goal_is_joints)
        weights = step_weights(noise.shape[2], discount).to(noise.device)
        steer = inverse_proposal and not goal_is_joints
        seeds = 3 if steer else 2

        # Seeds: the last plan, standing still, and (for image goals) what the inverse model would do.
        mean, std = warm_start, torch.full_like(warm_start, initial_std)

        best_cost = torch.full([1], 1e38, device=noise.device)
        best, best_terms = warm_start, torch.zeros(3, device=noise.device)
        best_latents, source, iterations = z.expand(len(weights), -1), 1, 0
        for iteration in range(noise.shape[0]):
            candidates = (mean + std * noise[iteration]).clamp(-1.0, 1.0)
            candidates[0] = mean if iteration == 0 else best
            candidates[1] = torch.zeros_like(mean) if iteration == 0 else mean
            follow: Tensor | None = None
            if iteration == 0 and steer:
                follow = goal
            states = self.model.states(z, q, candidates, follow, 2)
            # Step by step, while a step's states are in the cache; all steps together are not.
            distance = torch.stack(
                [self._distance(state, target, goal_is_joints, distance_kind) for state in states], 1
            )
            doubt = torch.zeros_like(distance[:, 0])
            if disagreement_weight > 0.0:
                latents = torch.stack(states, 1)[:, :, : self.model.latent_size]
                disagreement = self._disagreement(z, candidates, latents)
                doubt = disagreement_term(disagreement, disagreement_weight)
            effort = effort_term(candidates, effort_weight)
            terms = torch.stack([goal_term(distance, weights), effort, doubt], dim=1)
            cost = total(terms)
            winner = int(cost.argmin())
            if bool(cost[winner] < best_cost[0]):
                best_cost, best, best_terms = cost[winner : winner + 1], candidates[winner], terms[winner]
                best_latents = torch.stack([state[winner, : self.model.latent_size] for state in states])
                source = winner if iteration == 0 and winner < seeds else 3
            if solver == "cem":
                mean, std = cem_update(candidates, cost, num_elites, minimum_std)
            else:
                mean, std = mppi_update(candidates, cost, temperature, minimum_std)
            iterations += 1
            now_ns: int = torch.ops.prim.TimePoint()
            if now_ns - started_ns > deadline_ns:
                break
        doubts = self._disagreement(z, best.unsqueeze(0), best_latents.unsqueeze(0))
        return best, best_terms, best_latents, iterations, source, doubts.mean()

    def step_distances(
        self, latents: Tensor, joints: Tensor, goal: Tensor, goal_is_joints: bool, kind: str
    ) -> Tensor:
        """Return the distances (S, T) of predicted latents (S, T, D) and joints (S, T, 2 J) to the goal.

        For solvers other than ours; arguments as `search`, distances in control steps.
        """
        states = torch.cat([latents, self.model.normalise_joints(joints)], dim=2).flatten(0, 1)
        distance = self._distance(states, self._target(goal, goal_is_joints), goal_is_joints, kind)
        return distance.view(latents.shape[0], latents.shape[1])

    def rollout(self, latent: Tensor, joints: Tensor, candidates: Tensor) -> tuple[Tensor, Tensor]:
        """Predict latents (S, T, D) and joints (S, T, 2 J) for solvers other than ours; see `search`."""
        normalised = self.model.normalise_joints(joints.unsqueeze(0))
        latents, positions = self.model.rollout(latent.unsqueeze(0), normalised, candidates)
        return latents, positions * self.model.joint_std + self.model.joint_mean

    def _target(self, goal: Tensor, goal_is_joints: bool) -> Tensor:
        if not goal_is_joints:
            return goal
        count = goal.shape[0]
        return (goal - self.model.joint_mean[:count]) / self.model.joint_std[:count]

    def _distance(self, state: Tensor, target: Tensor, goal_is_joints: bool, kind: str) -> Tensor:
        """Return distances (S,) of states (S, D + 2 J) to a target in the model's own units."""
        if goal_is_joints:
            return self.model.joint_distance(state[:, self.model.latent_size :], target)
        return self.model.distance(state[:, : self.model.latent_size], target, kind)

    def _disagreement(self, latent: Tensor, actions: Tensor, latents: Tensor) -> Tensor:
        """Return the disagreement (S, T) at each step of rollouts (S, T, D) of actions from latent (1, D)."""
        samples, horizon = actions.shape[0], actions.shape[1]
        before = torch.cat([latent.expand(samples, -1).unsqueeze(1), latents[:, :-1]], dim=1)
        change = (latents - before).flatten(0, 1)
        doubt = self.model.disagreement(before.flatten(0, 1), change, actions.flatten(0, 1))
        return doubt.view(samples, horizon)
