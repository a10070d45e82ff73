# SPDX-License-Identifier: Apache-2.0
"""A plant of pc-gym, step by step, and the price that pc-gym sets on each step."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ami_ros.types import FloatArray
from benchmarks.process.plants import Episode, Plant

COLUMN = "distillation_column"


def parameters(plant: Plant, episode: Episode) -> dict[str, Any]:
    """Return pc-gym's parameters of an episode; the reward is its own, with each error in its span."""
    wanted, start = episode.wanted, episode.start
    first = [values[0] for values in wanted.values()]
    anything = np.full(len(start) + len(first), 1e12)
    column = {"custom_model": _Column()} if plant.model == COLUMN else {}
    ends = [[getattr(it, end) for it in plant.disturbances.values()] for end in ("low", "high")]
    disturbed = {
        "disturbances": episode.disturbances,
        "disturbance_bounds": {"low": np.array(ends[0]), "high": np.array(ends[1])},
    }
    return {
        **column,
        **(disturbed if plant.disturbances else {}),
        "N": plant.steps,
        "tsim": plant.duration,
        "SP": {name: list(values) for name, values in wanted.items()},
        "o_space": {"low": -anything, "high": anything},
        "a_space": {"low": np.array(plant.low), "high": np.array(plant.high)},
        "x0": np.array([*start, *first]),
        "r_scale": {name: it.span**-2 for name, it in plant.tracked.items()},
        "model": plant.model,
        "normalise_a": False,
        "normalise_o": False,
        "noise": True,
        "noise_percentage": plant.noise,
        "integration_method": "casadi",
    }


class _Column:
    """The distillation column of pc-gym 0.1.8, which cannot take CasADi's variables as it is."""

    def __init__(self) -> None:
        from pcgym.model_classes import distillation_column

        self._column = distillation_column()

    def __call__(self, states: Any, inputs: Any) -> list[Any]:
        """Return the derivatives of the states."""
        each = [states[at] for at in range(9)], [inputs[at] for at in range(2)]
        found: list[Any] = self._column(*each)
        return found

    def info(self) -> dict[str, Any]:
        """Return names and parameters."""
        named: dict[str, Any] = self._column.info()
        return named


class World:
    """One episode of a plant after another.

    Args:
        plant: which.

    Attributes:
        wanted: set points (N,) of each tracked state.
        inputs: the last inputs (M,).
        step: how many steps were taken.
        seen_state: the state of the model with its noise, which the oracle receives.
        disturbances: their values (D,) in the last step, which the oracle receives, too.
        outside: of each step (bool,), whether a state of the plant was outside of its band.
    """

    def __init__(self, plant: Plant) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of JAX and CasADi, about their own future
            from pcgym import make_env
        self.plant = plant
        names = make_env(parameters(plant, plant.episode(0))).model.info()["states"]
        self._make, self._columns = make_env, [names.index(name) for name in plant.states.values()]
        self.names: list[str] = names

    def begin(self, seed: int) -> FloatArray:
        """Begin an episode; return what is measured (X,), in the order of the plant's sensors."""
        episode = self.plant.episode(seed)
        episode = episode._replace(start=_with_derived(self.names, episode.start))
        self.wanted, self._episode = episode.wanted, episode
        self._env = self._make(parameters(self.plant, episode))
        np.random.seed(seed % 2**32)  # pc-gym draws its noise from numpy's global generator
        self._env.reset()
        self.step, self.inputs = 0, np.array(self.plant.first)
        self.outside: list[bool] = []
        self.disturbances = self._disturbances()
        self.seen_state = self.state
        return self._measured(self._env.state)

    def act(self, inputs: FloatArray) -> tuple[FloatArray, float]:
        """Take a step with inputs (M,), as the plant allows; return what is measured (X,) and the reward."""
        self.inputs = self.plant.followed(self.inputs, inputs)
        seen, reward, *_ = self._env.step(self.inputs)
        self.seen_state = np.asarray(seen, dtype=np.float64)[: len(self.names)]
        self.step += 1
        self.disturbances, state = self._disturbances(), self.state
        bands = [(state[self.names.index(name)], *band) for name, band in self.plant.bands.items()]
        self.outside.append(any(not low <= value <= high for value, low, high in bands))
        return self._measured(seen), float(np.squeeze(reward))

    def _disturbances(self) -> FloatArray:
        return np.array([values[self.step] for values in self._episode.disturbances.values()])

    @property
    def state(self) -> FloatArray:
        """The true state of the model."""
        found: FloatArray = np.asarray(self._env.state, dtype=np.float64)[: len(self.names)]
        return found

    @property
    def model(self) -> Any:
        """pc-gym's equations: the derivatives for states and inputs of CasADi."""
        return self._env.model

    @property
    def ends(self) -> bool:
        """Whether the episode is over."""
        return self.step == self.plant.steps - 1

    def goal(self) -> dict[str, float]:
        """Return the set points that the next step is judged by; no controller sees later ones."""
        at = min(self.step + 1, self.plant.steps - 1)
        return {name: float(values[at]) for name, values in self.wanted.items()}

    def _measured(self, state: Any) -> FloatArray:
        found: FloatArray = np.asarray(state, dtype=np.float64)[self._columns]
        moments = [at for at, name in enumerate(self.plant.states) if name.startswith("moment")]
        # In decades: they grow by orders of magnitude.
        found[moments] = np.log10(np.maximum(found[moments], 1.0))
        measured = [self._episode.disturbances[name][self.step] for name in self.plant.measured]
        return np.concatenate([found, measured])


def _with_derived(names: list[str], start: FloatArray) -> FloatArray:
    """Return a first state whose coefficient of variation and mean size are those of its moments."""
    if "CV" in names:
        mu0, mu1, mu2 = (start[names.index(f"Mu{order}")] for order in range(3))
        start = start.copy()
        start[names.index("CV")] = np.sqrt(mu2 * mu0 / mu1**2 - 1.0)
        start[names.index("Ln")] = mu1 / mu0
    return start
