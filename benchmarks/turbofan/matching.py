# SPDX-License-Identifier: Apache-2.0
"""The engine's components matched for many points at once, with spools at any speed.

pyCycle needs seconds for such a point. This solves the same equations, on the maps and gas tables that come
with pyCycle and with the scales that its design point gave, for thousands of points together. The difference:
the compressors' maps are interpolated by cubic splines here, linearly there. A test compares the two.

Source: Walsh and Fletcher, "Gas turbine performance" (2004), 7.8, for the matching; elements as in
pyCycle 4.4.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pycycle.api as pyc
from scipy.interpolate import RectBivariateSpline

from ami_ros.types import FloatArray
from benchmarks.turbofan.cycle import LOSSES, Sized
from benchmarks.turbofan.gas import enthalpy, expanded, gas_constant, heat_capacity, temperature

RANKINE, LB, PSI, LBF, HP, INCH2 = (
    1.8,
    0.45359237,
    6894.757293168,
    4.4482216152605,
    745.6998715823,
    0.00064516,
)
STANDARD_K, STANDARD_PA = 288.15, 101325.0
ROUNDS = 40
SMALL = 1e-9
STEP = 1e-4  # of the differences
LARGEST = 0.15  # change of an unknown in one round
CONVERGED = 1e-6
START = np.array([2.1, 2.1, 2.1, 3.6, 4.3])
STALL, CHOKE = 1.0, 3.0  # lines of the compressor maps
LOW, HIGH = np.array([0.6, 0.6, 0.6, 1.2, 1.02]), np.array([3.3, 3.3, 3.3, 5.0, 9.0])


class Conditions(NamedTuple):
    """Where the engine runs: each (N,).

    Attributes:
        low_rpm: of fan, low-pressure compressor and their turbine.
        high_rpm: of high-pressure compressor and turbine.
        fuel: flow, kg/s.
        ambient_k: static temperature.
        ambient_pa: static pressure.
        mach: of the flight.
        nozzle: area of the bypass nozzle, of its design area.
        bleed: of the flow into the high-pressure compressor.
        health: efficiency of the high-pressure compressor, of its own when new.
    """

    low_rpm: FloatArray
    high_rpm: FloatArray
    fuel: FloatArray
    ambient_k: FloatArray
    ambient_pa: FloatArray
    mach: FloatArray
    nozzle: FloatArray
    bleed: FloatArray
    health: FloatArray


class Point(NamedTuple):
    """How it runs there: each (N,).

    Attributes:
        thrust: net, N.
        low_w: net power of the low spool, W.
        high_w: net power of the high spool, W, without the offtake.
        t3: exit of the high-pressure compressor, K.
        p3: there, Pa.
        egt: between the turbines, K.
        t4: entry of the first turbine, K.
        air: mass flow of the fan, kg/s.
        fan_margin: to stall at constant speed, share.
        lpc_margin: the same of the low-pressure compressor.
        hpc_margin: the same of the high-pressure compressor.
        error: largest of the five balances that were to be zero, share.
    """

    thrust: FloatArray
    low_w: FloatArray
    high_w: FloatArray
    t3: FloatArray
    p3: FloatArray
    egt: FloatArray
    t4: FloatArray
    air: FloatArray
    fan_margin: FloatArray
    lpc_margin: FloatArray
    hpc_margin: FloatArray
    error: FloatArray


class _Compressor:
    """One compressor map and its scales."""

    def __init__(self, data: object, scales: dict[str, float], name: str) -> None:
        speeds, lines = data.param_data[1]["values"], data.param_data[2]["values"]  # type: ignore[attr-defined]
        by_name = {one["name"]: one["values"][0] for one in data.output_data}  # type: ignore[attr-defined]
        self._map = {k: RectBivariateSpline(speeds, lines, v) for k, v in by_name.items()}
        self._pr, self._wc, self._eff, self._nc = (
            scales[f"{name}.s_{it}"] for it in ("PR", "Wc", "eff", "Nc")
        )

    def __call__(self, rpm: FloatArray, kelvin: FloatArray, line: FloatArray) -> tuple[FloatArray, ...]:
        """Return corrected flow in kg/s, pressure ratio, efficiency, and margin at constant speed."""
        speed = rpm / np.sqrt(kelvin / STANDARD_K) / self._nc
        inside = np.clip(line, STALL, CHOKE)
        beyond = line - inside  # a straight line leads past stall, so that a negative margin is a number, too
        flow, ratio, efficiency = (
            it.ev(speed, inside) + beyond * it.ev(speed, inside, dy=1)
            for it in (self._map[name] for name in ("WcMap", "PRmap", "effMap"))
        )
        stall = np.full(len(line), STALL)
        at_stall = self._map["WcMap"].ev(speed, stall), self._map["PRmap"].ev(speed, stall)
        margin = flow / at_stall[0] / (ratio / at_stall[1]) - 1.0
        efficiency = np.maximum(efficiency * self._eff, 0.2)
        return flow * self._wc * LB, (ratio - 1.0) * self._pr + 1.0, efficiency, margin


class _Turbine:
    """One turbine map and its scales."""

    def __init__(self, data: object, scales: dict[str, float], name: str) -> None:
        speeds, ratios = data.param_data[1]["values"], data.param_data[2]["values"]  # type: ignore[attr-defined]
        by_name = {one["name"]: one["values"][0] for one in data.output_data}  # type: ignore[attr-defined]
        # Straight lines, also beyond the map, as pyCycle has them: a low spool at idle is far beyond.
        self._map = {k: (speeds, ratios, v) for k, v in by_name.items()}
        self._pr, self._wp, self._eff, self._np = (
            scales[f"{name}.s_{it}"] for it in ("PR", "Wp", "eff", "Np")
        )

    def __call__(
        self, rpm: FloatArray, kelvin: FloatArray, ratio: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the flow W sqrt(T) / P in lb/s, sqrt(degR), psi, and the efficiency."""
        speed, on_map = rpm / np.sqrt(kelvin * RANKINE) / self._np, (ratio - 1.0) / self._pr + 1.0
        flow, efficiency = (_linear(*self._map[name], speed, on_map) for name in ("WpMap", "effMap"))
        return flow * self._wp, np.maximum(efficiency * self._eff, 0.2)


def _linear(
    rows: FloatArray, columns: FloatArray, values: FloatArray, x: FloatArray, y: FloatArray
) -> FloatArray:
    i = np.clip(np.searchsorted(rows, x) - 1, 0, len(rows) - 2)
    j = np.clip(np.searchsorted(columns, y) - 1, 0, len(columns) - 2)
    a = (x - rows[i]) / (rows[i + 1] - rows[i])
    b = (y - columns[j]) / (columns[j + 1] - columns[j])
    low = values[i, j] * (1.0 - b) + values[i, j + 1] * b
    found: FloatArray = low * (1.0 - a) + (values[i + 1, j] * (1.0 - b) + values[i + 1, j + 1] * b) * a
    return found


class Engine:
    """The engine of `cycle`, sized.

    Args:
        size: what its design point fixes.
    """

    def __init__(self, size: Sized) -> None:
        scales = size.scales
        self._fan = _Compressor(pyc.FanMap, scales, "fan")
        self._lpc, self._hpc = _Compressor(pyc.LPCMap, scales, "lpc"), _Compressor(pyc.HPCMap, scales, "hpc")
        self._hpt, self._lpt = _Turbine(pyc.HPTMap, scales, "hpt"), _Turbine(pyc.LPTMap, scales, "lpt")
        self._core, self._bypass = size.core_area * INCH2, size.bypass_area * INCH2

    def matched(self, at: Conditions, start: FloatArray | None = None) -> tuple[Point, FloatArray]:
        """Return the points, and the unknowns (N, 5) that balance them.

        Args:
            at: the conditions.
            start: unknowns (N, 5) to begin from; None: those near the design point.
        """
        count = len(at.low_rpm)
        unknown = np.tile(START, (count, 1)) if start is None else start.copy()
        left = np.arange(count)
        for _ in range(ROUNDS):
            here = Conditions(*(values[left] for values in at))
            errors = self._balances(here, unknown[left])[1]
            going = ~(np.abs(errors).max(axis=1) < CONVERGED)
            left, errors = left[going], errors[going]
            if len(left) == 0:
                break
            here = Conditions(*(values[left] for values in at))
            slope = np.empty((len(left), 5, 5))
            for column in range(5):
                moved = unknown[left]
                moved[:, column] += STEP
                slope[:, :, column] = (self._balances(here, moved)[1] - errors) / STEP
            slope = np.nan_to_num(slope) + SMALL * np.eye(5)
            change = -np.linalg.solve(slope, np.nan_to_num(errors)[..., None])[..., 0]
            unknown[left] = np.clip(unknown[left] + np.clip(change, -LARGEST, LARGEST), LOW, HIGH)
        found, errors = self._balances(at, unknown)
        return found._replace(error=np.abs(errors).max(axis=1)), unknown

    def _balances(self, at: Conditions, unknown: FloatArray) -> tuple[Point, FloatArray]:
        """March through the engine; return the point and the five errors (N, 5)."""
        fan_line, lpc_line, hpc_line, hpt_ratio, lpt_ratio = unknown.T
        none = np.zeros(len(unknown))
        sound = np.sqrt(
            heat_capacity(at.ambient_k, none)
            / (heat_capacity(at.ambient_k, none) / gas_constant(none) - 1.0)
            * at.ambient_k
        )
        speed = at.mach * sound
        t2 = temperature(enthalpy(at.ambient_k, none) + 0.5 * speed**2, none)
        rise = np.exp(_entropy_difference(at.ambient_k, t2) / gas_constant(none))
        p2 = at.ambient_pa * rise * LOSSES["inlet.ram_recovery"]
        corrected, ratio, efficiency, fan_margin = self._fan(at.low_rpm, t2, fan_line)
        air = corrected * (p2 / STANDARD_PA) / np.sqrt(t2 / STANDARD_K)
        h2 = enthalpy(t2, none)
        h21 = h2 + (enthalpy(expanded(t2, ratio, none), none) - h2) / efficiency
        t21, p21 = temperature(h21, none), p2 * ratio
        fan_w = air * (h21 - h2)
        p22 = p21 * (1.0 - LOSSES["lpc_duct.dPqP"])
        corrected, ratio, efficiency, lpc_margin = self._lpc(at.low_rpm, t21, lpc_line)
        core = corrected * (p22 / STANDARD_PA) / np.sqrt(t21 / STANDARD_K)
        h25 = h21 + (enthalpy(expanded(t21, ratio, none), none) - h21) / efficiency
        t25, p25 = temperature(h25, none), p22 * ratio * (1.0 - LOSSES["hpc_duct.dPqP"])
        lpc_w = core * (h25 - h21)
        corrected, ratio, efficiency, hpc_margin = self._hpc(at.high_rpm, t25, hpc_line)
        taken = corrected * (p25 / STANDARD_PA) / np.sqrt(t25 / STANDARD_K)
        efficiency = efficiency * at.health
        h3 = h25 + (enthalpy(expanded(t25, ratio, none), none) - h25) / efficiency
        t3, p3 = temperature(h3, none), p25 * ratio
        cool1, cool2 = (LOSSES[f"hpc.cool{n}:frac_W"] for n in (1, 2))
        halfway = 0.5 * (h25 + h3)  # enthalpy of every bleed of this compressor
        out = core * (1.0 - cool1 - cool2 - at.bleed)
        hpc_w = core * (h3 - h25) * (1.0 - 0.5 * (cool1 + cool2 + at.bleed))
        cool3, cool4 = (LOSSES[f"cooling.cool{n}:frac_W"] for n in (3, 4))
        primary = out * (1.0 - cool3 - cool4)
        burnt = at.fuel / (primary + at.fuel)
        gas, p4 = primary + at.fuel, p3 * (1.0 - LOSSES["burner.dPqP"])
        h4 = primary * h3 / gas
        t4 = temperature(h4, burnt)
        vanes, blades = out * cool3, out * cool4
        flow, hpt_efficiency = self._hpt(at.high_rpm, t4, hpt_ratio)
        hpt_error = gas / LB * np.sqrt(t4 * RANKINE) / (p4 / PSI) / flow - 1.0
        p45 = p4 / hpt_ratio
        drop = hpt_efficiency * (h4 - enthalpy(expanded(t4, 1.0 / hpt_ratio, burnt), burnt))
        cold = hpt_efficiency * (h3 - enthalpy(expanded(t3, 1.0 / hpt_ratio, none), none))
        hpt_w = gas * drop + vanes * cold
        gas5 = gas + vanes + blades
        h45 = (gas * (h4 - drop) + vanes * (h3 - cold) + blades * h3) / gas5
        burnt5 = at.fuel / gas5
        t45 = temperature(h45, burnt5)
        p46 = p45 * (1.0 - LOSSES["lpt_duct.dPqP"])
        flow, lpt_efficiency = self._lpt(at.low_rpm, t45, lpt_ratio)
        lpt_error = gas5 / LB * np.sqrt(t45 * RANKINE) / (p46 / PSI) / flow - 1.0
        drop = lpt_efficiency * (h45 - enthalpy(expanded(t45, 1.0 / lpt_ratio, burnt5), burnt5))
        bled1, bled2 = core * cool1, core * cool2
        warm = temperature(halfway, none)
        cold = lpt_efficiency * (halfway - enthalpy(expanded(warm, 1.0 / lpt_ratio, none), none))
        lpt_w = gas5 * drop + bled1 * cold
        gas6 = gas5 + bled1 + bled2
        h6 = (gas5 * (h45 - drop) + bled1 * (halfway - cold) + bled2 * halfway) / gas6
        burnt6 = at.fuel / gas6
        p7 = p46 / lpt_ratio * (1.0 - LOSSES["tail_duct.dPqP"])
        core_area, core_thrust = _nozzle(
            gas6, temperature(h6, burnt6), p7, at.ambient_pa, burnt6, LOSSES["core_nozzle.Cv"]
        )
        outer = (air - core) * (1.0 - LOSSES["bypass_bleed.bypBld:frac_W"])
        p17 = p21 * (1.0 - LOSSES["bypass_duct.dPqP"])
        outer_area, outer_thrust = _nozzle(outer, t21, p17, at.ambient_pa, none, LOSSES["bypass_nozzle.Cv"])
        errors = [taken / core - 1.0, hpt_error, lpt_error, core_area / self._core - 1.0]
        errors.append(outer_area / (self._bypass * at.nozzle) - 1.0)
        found = Point(
            thrust=core_thrust + outer_thrust - air * speed,
            low_w=lpt_w - fan_w - lpc_w,
            high_w=hpt_w - hpc_w,
            t3=t3,
            p3=p3,
            egt=t45,
            t4=t4,
            air=air,
            fan_margin=fan_margin,
            lpc_margin=lpc_margin,
            hpc_margin=hpc_margin,
            error=none,
        )
        return found, np.stack(errors, axis=1)


def _entropy_difference(before: FloatArray, after: FloatArray) -> FloatArray:
    from benchmarks.turbofan.gas import entropy

    none = np.zeros(len(before))
    return entropy(after, none) - entropy(before, none)


def _nozzle(
    flow: FloatArray,
    kelvin: FloatArray,
    pascal: FloatArray,
    ambient: FloatArray,
    burnt: FloatArray,
    speed_share: float,
) -> tuple[FloatArray, FloatArray]:
    """Return the throat's area (N,), m2, and the gross thrust (N,), N, of a convergent nozzle."""
    constant, total = gas_constant(burnt), enthalpy(kelvin, burnt)
    ratio = np.full(len(kelvin), 1.87)  # total to static where the throat is sonic
    for _ in range(4):
        throat = expanded(kelvin, 1.0 / ratio, burnt)
        cp = heat_capacity(throat, burnt)
        sound2 = cp / (cp - constant) * constant * throat
        # The pressure at which the speed is that of sound, by a step of Newton's method in its logarithm.
        excess = 2.0 * (total - enthalpy(throat, burnt)) / sound2 - 1.0
        ratio = np.clip(ratio * np.exp(-excess * 0.5), 1.2, 3.0)
    ratio = np.maximum(np.minimum(ratio, pascal / ambient), 1.000001)
    throat = expanded(kelvin, 1.0 / ratio, burnt)
    speed = np.sqrt(2.0 * np.maximum(total - enthalpy(throat, burnt), 1.0))
    static = pascal / ratio
    area = flow * constant * throat / static / speed
    return area, flow * speed * speed_share + (static - ambient) * area
