# SPDX-License-Identifier: Apache-2.0
"""World model and search in one file, for programs without Python: `ami-ros export --bundle`."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from ami_ros.errors import ConfigError
from ami_ros.model.contract import Contract
from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.model.export import write_scripted
from ami_ros.model.files import CONTRACT_FILE
from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.scripted import offered
from ami_ros.model.weights import order_for_planning
from ami_ros.model.world_model import WorldModel
from ami_ros.planning.gaussian import GaussianSolver, Iteration
from ami_ros.planning.noise import LastingNoise
from ami_ros.planning.objective import Costs
from ami_ros.planning.sections import SOLVERS, TERMS
from ami_ros.planning.settings import PlannerSettings


class Bundle(nn.Module):
    """The module that a C++ program loads: one method `plan`, all iterations, no clock, no state.

    Args:
        model: the world model.
        settings: search settings, fixed in the file.
        contract: contract of the model.
    """

    def __init__(self, model: Jepa, settings: PlannerSettings, contract: Contract) -> None:
        super().__init__()
        self.world = WorldModel(model)
        refit = _solver(settings).Refit(settings.solvers[settings.solver])
        costs = Costs(self.world, settings, contract)
        self.iteration = Iteration(costs, refit, settings, contract)
        self.distance = settings.distance
        self.dreaded_shape = (0, len(contract.cameras), contract.latent_size)
        self.mixing: Tensor
        self.register_buffer(
            "mixing", LastingNoise(settings.noise_correlation, settings.horizon, contract.block).mixing
        )

    def forward(self, images: list[Tensor], vectors: Tensor) -> Tensor:
        """Return the observed state (Z,); arguments as in `plan`."""
        return self.world.observe([image.unsqueeze(0) for image in images], vectors.unsqueeze(0))[0][0]

    @offered
    def plan(
        self,
        images: list[Tensor],
        vectors: Tensor,
        goal: list[Tensor],
        parts: list[int],
        warm_start: Tensor,
        noise: Tensor,
    ) -> Tensor:
        """Return actions (T, K A): -1 and 1 are the ends of each channel's range in contract.json.

        Args:
            images: of each camera (H, W, 3) uint8 RGB, in the order of the contract.
            vectors: (V,) float32 of all vector sensors in that order, in their units.
            goal: images (H, W, 3) uint8 of some cameras, or float32 target readings of some vector sensors,
                in their units; positions for joints.
            parts: index of each of these among the cameras or the vector sensors, ascending.
            warm_start: (T, K A) the last answer, shifted by the blocks that passed since; or zeros.
            noise: (I, S, T, K A) independent standard normal; its shape sets iterations and candidates.
        """
        now = self.forward(images, vectors).unsqueeze(0)
        targets: list[Tensor] = []
        kind = "vectors"
        for index, part in enumerate(parts):
            wanted = goal[index]
            if wanted.dtype == torch.uint8:
                kind = self.distance
                targets.append(self.world.encode(part, wanted.unsqueeze(0))[0])
            else:
                targets.append(self.world.normalised(part, wanted))
        steps = noise.view(noise.shape[0], noise.shape[1], self.mixing.shape[0], -1)
        lasting = (self.mixing @ steps).view(noise.shape)
        hold = torch.zeros_like(warm_start)
        # A program without Python has no memory, and no routes.
        nothing, none = now.new_zeros(self.dreaded_shape), warm_start.unsqueeze(0)[:0]
        encoded = EncodedGoal(targets, parts, kind)
        found = self.iteration.first(now, encoded, warm_start, hold, lasting[0], nothing, none)
        for done in range(1, lasting.shape[0]):
            found = self.iteration(found, now, encoded, lasting[done], nothing)
        return found[2]


def write_bundle(model: Jepa, contract: Contract, settings: PlannerSettings, path: Path) -> str:
    """Write a bundle and its sidecar; return the hash.

    Raises:
        ConfigError: the settings name a solver whose loop cannot be compiled, or a term that reads sensors
            by name: a bundle knows no robot. Or the model needs earlier readings.
        OutputError: the files cannot be written.
    """
    _solver(settings)
    if contract.history:
        raise ConfigError(
            f"history: got a model with {len(contract.history)} traces per reading, expected one without: "
            "a bundle keeps no earlier readings"
        )
    for name, section in settings.terms.items():
        if hasattr(TERMS.named(name).Term, "bind") and getattr(section, "weight", 1.0) > 0.0:
            raise ConfigError(
                f"terms.{name}: expected weight 0: it reads sensors by name, and a bundle knows no robot"
            )
    order_for_planning(model)
    bundle = Bundle(model, settings, contract).eval()
    return write_scripted(bundle, path, {CONTRACT_FILE: contract.to_json()}, ["plan"], freeze=True)


def _solver(settings: PlannerSettings) -> type[GaussianSolver]:
    solver: type[GaussianSolver] = SOLVERS.named(settings.solver).Solver
    if not issubclass(solver, GaussianSolver):
        raise ConfigError(
            f"solver: got {settings.solver}, expected a solver that refits a Gaussian, such as cem or mppi: "
            "a bundle compiles its loop"
        )
    return solver
