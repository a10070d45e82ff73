# SPDX-License-Identifier: Apache-2.0
"""pytorch-mppi's MPPI on our world model."""

from __future__ import annotations

import torch
from torch import Tensor

from ami_ros.bench.search.public_search import Problem


class PytorchMppi:
    """Drives `pytorch_mppi.MPPI` as its documentation shows: one `command` per iteration.

    Args:
        temperature: its lambda_.
    """

    def __init__(self, temperature: float) -> None:
        self._temperature = temperature

    def solve(self, problem: Problem) -> Tensor:
        """Return the chosen actions (T, K A)."""
        from pytorch_mppi import MPPI

        settings, state = problem.settings, problem.state
        bound = torch.ones(problem.warm_start.shape[1])

        def dynamics(states: Tensor, actions: Tensor) -> Tensor:
            return problem.predict(states, actions)

        def nothing(states: Tensor, actions: Tensor) -> Tensor:
            return torch.zeros(len(states))

        def cost(states: Tensor, actions: Tensor) -> Tensor:
            # All steps at once, which is faster than its cost per step.
            return problem.cost_of(states[0], actions[0])

        with torch.random.fork_rng(devices=[]):  # it draws from the global generator
            torch.manual_seed(problem.seed)
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
        return solver.get_action_sequence()
