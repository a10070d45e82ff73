# SPDX-License-Identifier: Apache-2.0
"""The engine as a table of 10,000 points around its steady line, and a smooth interpolation of them.

A table of eight inputs on a grid would need millions of points. These are quasi-random in a tube around the
steady line, where transients lead, and a small network interpolates between them: fitted once, then a file.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ami_ros.errors import ConfigError
from ami_ros.types import FloatArray
from benchmarks.turbofan.atmosphere import ambient, total_ratios

if TYPE_CHECKING:
    from benchmarks.turbofan.matching import Conditions, Point

ASKED, AT_ONCE = 14_336, 512  # points that are tried; about 10,000 are kept
HIDDEN, STEPS, BATCH, RATE = 64, 9000, 512, 1e-2  # of the network
POLISH = 150  # steps of a second-order method at its end
HELD_OUT = 10  # every so manieth point judges the interpolation
SPEEDS = (2100.0, 5060.0)  # corrected low-spool speed, rpm
OFF_LINE = (0.94, 1.05)  # corrected high-spool speed, of that of the steady line
FUEL = (0.45, 1.9)  # of the steady line's
ALTITUDE_M, MACH = (0.0, 11_500.0), (0.0, 0.85)
NOZZLE, BLEED, HEALTH = (0.92, 1.1), (0.0, 0.1), (0.95, 1.0)
HOTTEST_K = 2000.0  # of the turbine's entry
DEEPEST = -0.15  # of a compressor's margin: further beyond stall a point means nothing
BALANCED = 1e-5
# The steady line at sea level, from pyCycle: corrected speeds in rpm and fuel flow in kg/s. It only says
# where to tabulate.
LINE = np.array(
    [
        (2067.6, 12498.7, 0.163),
        (2348.5, 12781.5, 0.202),
        (2637.3, 13082.3, 0.249),
        (2939.1, 13392.4, 0.307),
        (3240.5, 13704.0, 0.380),
        (3820.0, 14401.0, 0.579),
        (4116.6, 14740.6, 0.714),
        (4409.9, 15102.2, 0.882),
        (4703.0, 15479.0, 1.089),
        (5040.0, 15890.0, 1.293),
    ]
).T


class Steady(NamedTuple):
    """What the deck says of some points: each (N,), as in `matching.Point`."""

    thrust: FloatArray
    low_w: FloatArray
    high_w: FloatArray
    t3: FloatArray
    p3: FloatArray
    egt: FloatArray
    fan_margin: FloatArray
    lpc_margin: FloatArray
    hpc_margin: FloatArray


class Deck:
    """The interpolated engine.

    Args:
        weights: of the network, by name, as in its file.

    Attributes:
        points: of the table.
        errors: root mean square on points that were not fitted, by output: shares for p3, K for temperatures,
            shares of the margin, and kN and MW at sea level.
    """

    def __init__(self, weights: dict[str, FloatArray]) -> None:
        self._weights = weights
        self.points = int(weights["points"])
        self.errors = dict(zip(Steady._fields, weights["errors"].tolist(), strict=True))
        self._layers = [(weights[f"w{n}"], weights[f"b{n}"]) for n in range(3)]

    def at(
        self,
        rpm: FloatArray,
        fuel: FloatArray,
        air: tuple[FloatArray, FloatArray, FloatArray],
        knobs: FloatArray,
        health: FloatArray,
    ) -> Steady:
        """Return how the engine runs.

        Args:
            rpm: of both spools (N, 2).
            fuel: flow (N,), kg/s.
            air: static temperature, K, static pressure, Pa, and Mach number, (N,) each.
            knobs: nozzle and bleed (N, 2), see `matching.Conditions`.
            health: efficiency of the high-pressure compressor (N,), of its own when new.
        """
        theta, delta = total_ratios(*air)
        given = _coordinates(
            rpm / np.sqrt(theta)[:, None], fuel / (delta * np.sqrt(theta)), air[2], knobs, health, theta
        )
        values = np.clip((given - self._weights["low"]) / self._weights["half"] - 1.0, -1.2, 1.2)
        for number, (weight, bias) in enumerate(self._layers):
            values = values @ weight.T + bias
            values = np.tanh(values) if number < len(self._layers) - 1 else values
        found = (values * self._weights["std"] + self._weights["mean"]).T
        power = 1e6 * delta * np.sqrt(theta)
        return Steady(
            thrust=1e3 * delta * found[0],
            low_w=power * found[1],
            high_w=power * found[2],
            t3=theta * found[3],
            p3=delta * np.exp(found[4]),
            egt=theta * found[5],
            fan_margin=found[6],
            lpc_margin=found[7],
            hpc_margin=found[8],
        )


def _coordinates(
    rpm: FloatArray,
    fuel: FloatArray,
    mach: FloatArray,
    knobs: FloatArray,
    health: FloatArray,
    theta: FloatArray,
) -> FloatArray:
    """Return the table's inputs (N, 8): corrected speeds and fuel next to the steady line, and the rest."""
    usual = np.interp(rpm[:, 0], LINE[0], LINE[1])
    line = np.interp(0.5 * (usual + rpm[:, 1]), LINE[1], LINE[2])
    columns = [rpm[:, 0], rpm[:, 1] / usual, np.log(fuel / line), mach, *knobs.T, health, theta]
    return np.stack(columns, axis=1)


def path() -> Path:
    """Return where the deck is kept, in the user's folder."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "ami_ros" / "turbofan" / "deck.npz"


def load(progress: Callable[[str, int], Callable[[int], None]]) -> Deck:
    """Return the deck from its file, which is made where it is not there.

    Args:
        progress: is told what begins and of how many parts; what it returns is told how many are done.

    Raises:
        ConfigError: the file holds no deck.
    """
    file = path()
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part.npz")
        np.savez(part, **_fitted(*_table(progress("points of the engine", ASKED)), progress))  # type: ignore[arg-type]
        part.replace(file)
    try:
        with np.load(file) as stored:
            return Deck({name: stored[name] for name in stored.files})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        expected = "a deck of the engine; remove it, and it is made again"
        raise ConfigError(f"{file}: got {type(error).__name__}, expected {expected}") from error


def _table(done: Callable[[int], None]) -> tuple[FloatArray, FloatArray]:
    """Return inputs (N, 8) and outputs (N, 9) of the points that balance."""
    from benchmarks.turbofan.cycle import sized
    from benchmarks.turbofan.matching import Engine

    engine, inputs, outputs = Engine(sized()), [], []
    conditions, given = conditions_of(ASKED)
    for start in range(0, ASKED, AT_ONCE):
        chunk = slice(start, start + AT_ONCE)
        here = type(conditions)(*(values[chunk] for values in conditions))
        point, _ = engine.matched(here)
        kept = (point.error < BALANCED) & (point.t4 < HOTTEST_K)
        kept &= (point.lpc_margin > DEEPEST) & (point.hpc_margin > DEEPEST) & np.isfinite(point.thrust)
        inputs.append(given[chunk][kept])
        outputs.append(_scaled(here, point)[kept])
        done(AT_ONCE)
    return np.concatenate(inputs), np.concatenate(outputs)


def conditions_of(count: int) -> tuple[Conditions, FloatArray]:
    """Return `count` quasi-random conditions in the tube, and the table's inputs (N, 8) for them."""
    from scipy.stats import qmc

    from benchmarks.turbofan.matching import Conditions

    share = qmc.Sobol(8, seed=1).random(count).T

    def within(column: int, ends: tuple[float, float]) -> FloatArray:
        found: FloatArray = ends[0] + share[column] * (ends[1] - ends[0])
        return found

    mach = within(3, MACH)
    highest = np.minimum(ALTITUDE_M[1], 3000.0 + 11_900.0 * mach)  # nobody flies slowly up there
    air = (*ambient(share[7] * highest), mach)
    theta, delta = total_ratios(*air)
    low = within(0, SPEEDS)
    usual = np.interp(low, LINE[0], LINE[1])
    high = usual * within(1, OFF_LINE)
    line = np.interp(0.5 * (usual + high), LINE[1], LINE[2])
    fuel = line * FUEL[0] * (FUEL[1] / FUEL[0]) ** share[2]
    knobs, health = np.stack([within(4, NOZZLE), within(5, BLEED)], axis=1), within(6, HEALTH)
    root = np.sqrt(theta)
    conditions = Conditions(
        low * root, high * root, fuel * delta * root, *air, knobs[:, 0], knobs[:, 1], health
    )
    return conditions, _coordinates(np.stack([low, high], axis=1), fuel, mach, knobs, health, theta)


def _scaled(at: Conditions, point: Point) -> FloatArray:
    theta, delta = total_ratios(at.ambient_k, at.ambient_pa, at.mach)
    power = 1e6 * delta * np.sqrt(theta)
    columns = [point.thrust / delta / 1e3, point.low_w / power, point.high_w / power, point.t3 / theta]
    columns += [np.log(point.p3 / delta), point.egt / theta]
    return np.stack([*columns, point.fan_margin, point.lpc_margin, point.hpc_margin], axis=1)


def _fitted(
    inputs: FloatArray, outputs: FloatArray, progress: Callable[[str, int], Callable[[int], None]]
) -> dict[str, FloatArray]:
    """Return the weights of a network that interpolates the table, and its errors on held-out points."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    low, high = inputs.min(axis=0), inputs.max(axis=0)
    half, mean, std = 0.5 * (high - low), outputs.mean(axis=0), outputs.std(axis=0)
    given = torch.from_numpy((inputs - low) / half - 1.0)
    wanted = torch.from_numpy((outputs - mean) / std)
    judged = np.arange(len(inputs)) % HELD_OUT == 0
    learned, answers = given[~judged], wanted[~judged]
    torch.manual_seed(0)
    layers = [nn.Linear(8, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 9)]
    network = nn.Sequential(*layers).double()
    optimiser = torch.optim.Adam(network.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=STEPS)
    done = progress("interpolation", STEPS + POLISH)
    for _ in range(STEPS):
        batch = torch.randint(0, len(learned), (BATCH,))
        loss = (network(learned[batch]) - answers[batch]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        done(1)
    polish = torch.optim.LBFGS(
        network.parameters(), max_iter=POLISH, history_size=20, line_search_fn="strong_wolfe"
    )

    def closure() -> torch.Tensor:
        polish.zero_grad()
        loss: torch.Tensor = (network(learned) - answers).square().mean()
        loss.backward()
        return loss

    polish.step(closure)
    done(POLISH)
    with torch.no_grad():
        errors = (network(given[judged]) - wanted[judged]).square().mean(dim=0).sqrt().numpy() * std
    found = {"low": low, "half": half, "mean": mean, "std": std, "errors": errors}
    found["points"] = np.array(len(inputs))
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    for number, layer in enumerate(linear):
        found[f"w{number}"], found[f"b{number}"] = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    return found
