# SPDX-License-Identifier: Apache-2.0
"""What candidates cost: the world model rolls them out, and the cost terms judge where they lead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.model.contract import Contract
from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.model.runtime import ModelRuntime
from ami_ros.model.scripted import offered
from ami_ros.planning.rollout import Rollout
from ami_ros.planning.sections import TERMS
from ami_ros.planning.settings import PlannerSettings
from ami_ros.planning.state_columns import StateColumns


class Costs(nn.Module):
    """The objective as a module that can be compiled, by itself or within a solver's loop.

    Args:
        world: a world model, see `WorldModel`.
        settings: the terms.
        contract: contract of the model.
        columns: sensors by name, for terms that have a method `bind`; None: these cost nothing.
    """

    def __init__(
        self, world: Any, settings: PlannerSettings, contract: Contract, columns: StateColumns | None = None
    ) -> None:
        super().__init__()
        self.world = world
        self.terms = nn.ModuleList(
            TERMS.named(name).Term(world, section) for name, section in settings.terms.items()
        )
        for term in self.terms:
            if columns is not None and (bind := getattr(term, "bind", None)) is not None:
                bind(columns)
        # Not the list itself: without a camera, TorchScript could not infer its element type.
        self.cameras, self.latent_size = len(contract.cameras), contract.latent_size

    def forward(
        self, now: Tensor, goal: EncodedGoal, candidates: Tensor, dreaded: Tensor
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Roll candidates out and judge them.

        Args:
            now: (1, Z) the current state.
            goal: the goal.
            candidates: (S, T, K A) in [-1, 1].
            dreaded: (C, V, D) latents of V cameras to avoid; C may be 0.

        Returns:
            Costs (S,), the value of each term (S, number of terms), and the states (S, Z) after each block.
        """
        states: list[Tensor] = self.world.states(now, candidates)
        cost, terms = self.of_states(now, goal, candidates, dreaded, states)
        return cost, terms, states

    @offered
    def of_states(
        self, now: Tensor, goal: EncodedGoal, candidates: Tensor, dreaded: Tensor, states: list[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Judge candidates by the states that they lead to; arguments and results as in `forward`."""
        rollout = Rollout(now, states, candidates, goal, dreaded, [self.latent_size] * self.cameras)
        columns: list[Tensor] = []
        for term in self.terms:
            columns.append(term(rollout))
        terms = torch.stack(columns, dim=1)
        return finite(terms.sum(dim=1)), terms

    @offered
    def doubt(self, now: Tensor, states: list[Tensor], candidates: Tensor) -> Tensor:
        """Return the model's mean uncertainty () about the states of candidates; 1 is usual."""
        doubts: Tensor = self.world.disagreement(now, states, candidates)
        return doubts.mean()


def finite(cost: Tensor) -> Tensor:
    """Return costs (S,) in which a non-finite one never wins."""
    return torch.where(torch.isfinite(cost), cost, torch.full_like(cost, 1e30))


class Objective:
    """The objective of one planner, which its solver minimises.

    Args:
        model: the loaded world model.
        settings: settings of the planner: the terms, and for solvers the budget and the spread.
        spec: the robot, whose sensors terms may know by name; None: see `Costs`.
    """

    def __init__(self, model: ModelRuntime, settings: PlannerSettings, spec: RobotSpec | None = None) -> None:
        self.model, self.settings, self._spec = model, settings, spec

    @cached_property
    def _columns(self) -> StateColumns | None:
        return None if self._spec is None else StateColumns(self.model.world, self.model.contract, self._spec)

    def measured(self, state: Tensor) -> dict[str, float]:
        """Return the values that a state (Z,) of a body without cameras means, by ``sensor.value``."""
        columns = None if self._spec is None or self._spec.images else self._columns
        return {} if columns is None else columns.values(state)

    @cached_property
    def bounds(self) -> tuple[Tensor, Tensor]:
        """Lowest and highest action block (K A,) of the data: beyond, a model can only guess."""
        lowest, highest = self.model.contract.reach
        return torch.tensor(lowest).to(self.model.device), torch.tensor(highest).to(self.model.device)

    @cached_property
    def costs(self) -> Any:
        """`Costs`, compiled with the model if that was loaded from a file."""
        return self.around(lambda costs: costs, ["of_states", "doubt"])

    @cached_property
    def unhurried(self) -> Costs:
        """`Costs` as Python: slower, but made in no time, and shared with no search."""
        return Costs(self.model.world, self.settings, self.model.contract, self._columns).eval()

    @cached_property
    def differentiable(self) -> Any:
        """`Costs`, compiled for gradients: TorchScript optimises one module for one of the two."""
        return self.around(lambda costs: costs, [])

    def around(self, make: Callable[[Costs], nn.Module], methods: Sequence[str]) -> Any:
        """Return a module built around the objective, compiled with it if the model was loaded from a file.

        Args:
            make: receives the objective, and must not call it yet.
            methods: methods of the module to keep besides `forward`.
        """
        contract = self.model.contract
        columns = self._columns  # made here: the model around which a module is built must not be called yet
        return self.model.around(lambda world: make(Costs(world, self.settings, contract, columns)), methods)
