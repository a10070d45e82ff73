# SPDX-License-Identifier: Apache-2.0
"""pytorch-mppi's MPPI on our world model."""

from __future__ import annotations

import torch
from torch import Tensor

from ami_ros.planning.problem import Problem, Solution


class PytorchMppi:
    """Drives `pytorch_mppi.MPPI` as its documentation shows: one `command` per iteration.

    Args:
        temperature: its lambda_.
    """

    def __init__(self, temperature: float) -> None:
        self._temperature = temperature

    def solve(self, problem: Problem) -> Solution:
        """Return the chosen actions (T, K A), without their cost."""
        from pytorch_mppi import MPPI

        objective, state = problem.objective, problem.state
        settings, bound = objective.settings, torch.ones(problem.warm_start.shape[1])

        def dynamics(states: Tensor, actions: Tensor) -> Tensor:
            predicted: Tensor = objective.model.world.predict(states, actions)
            return predicted

        def nothing(states: Tensor, actions: Tensor) -> Tensor:
            return torch.zeros(len(states))

        def cost(states: Tensor, actions: Tensor) -> Tensor:
            # All steps at once, which is faster than its cost per step.
            steps = list(states[0].unbind(1))
            costs: Tensor = objective.costs.of_states(
                problem.now, problem.goal, actions[0], problem.dreaded, steps
            )[0]
            return costs

        with torch.random.fork_rng(devices=[]), objective.model.searching():
            # It draws from the global generator.
            torch.manual_seed(int(torch.randint(2**31, (1,), generator=problem.generator)))
            solver = MPPI(
                dynamics,
                nothing,
                nx=len(state),
                noise_sigma=torch.diag(bound * settings.initial_std**2),
                num_samples=settings.num_samples,
                horizon=settings.horizon,
                terminal_state_cost=cost,
                lambda_=self._temperature,
                u_min=-bound,
                u_max=bound,
                U_init=problem.warm_start.clone(),
            )
            for _ in range(settings.num_iterations):
                solver.command(state, shift_nominal_trajectory=False)
            return Solution(solver.get_action_sequence().clamp(-1.0, 1.0), iterations=settings.num_iterations)
