# SPDX-License-Identifier: Apache-2.0
"""Enthalpy and entropy of air with burnt kerosene, from pyCycle's table, for many points at once.

Mixtures of ideal gases add up by mass, so two columns of the table suffice: air, and the richest mixture. The
table's dependence on pressure, dissociation above 2000 K, is left out: the engine stays below.
"""

from __future__ import annotations

import numpy as np
from pycycle.api import AIR_JETA_TAB_SPEC
from scipy.interpolate import CubicSpline

from ami_ros.types import FloatArray

PRESSURE_PA = 1e6  # of the table's column
ROUNDS = 5  # of Newton's method: it converges from any start here
KEPT_K = (150.0, 2200.0)


def _columns(name: str) -> tuple[CubicSpline, CubicSpline, float]:
    table = AIR_JETA_TAB_SPEC
    at, (air, rich) = int(np.argmin(np.abs(table["P"] - PRESSURE_PA))), (0, -1)
    burnt = float(table["FAR"][rich] / (1.0 + table["FAR"][rich]))  # share of the mass
    first, last = table[name][air, at], table[name][rich, at]
    return CubicSpline(table["T"], first), CubicSpline(table["T"], (last - first) / burnt), burnt


_H, _H_BURNT, _ = _columns("h")
_S, _S_BURNT, _ = _columns("S")
_R, _R_BURNT, _ = _columns("R")
_CP, _CP_BURNT = _H.derivative(), _H_BURNT.derivative()


def enthalpy(kelvin: FloatArray, burnt: FloatArray) -> FloatArray:
    """Return enthalpies (N,), J/kg, with those of formation.

    Args:
        kelvin: temperatures (N,).
        burnt: share of the mass that was fuel (N,).
    """
    found: FloatArray = _H(kelvin) + burnt * _H_BURNT(kelvin)
    return found


def entropy(kelvin: FloatArray, burnt: FloatArray) -> FloatArray:
    """Return entropies (N,) at one pressure, J/kg/K: only differences at one mixture mean anything."""
    found: FloatArray = _S(kelvin) + burnt * _S_BURNT(kelvin)
    return found


def gas_constant(burnt: FloatArray) -> FloatArray:
    """Return R (N,), J/kg/K, of the gas before it dissociates."""
    found: FloatArray = _R(500.0) + burnt * _R_BURNT(500.0)
    return found


def heat_capacity(kelvin: FloatArray, burnt: FloatArray) -> FloatArray:
    """Return heat capacities at constant pressure (N,), J/kg/K."""
    found: FloatArray = _CP(kelvin) + burnt * _CP_BURNT(kelvin)
    return found


def temperature(joules: FloatArray, burnt: FloatArray) -> FloatArray:
    """Return temperatures (N,), K, of enthalpies (N,)."""
    kelvin = np.full(np.broadcast(joules, burnt).shape, 800.0)
    for _ in range(ROUNDS):
        kelvin = kelvin - (enthalpy(kelvin, burnt) - joules) / heat_capacity(kelvin, burnt)
        kelvin = np.clip(kelvin, *KEPT_K)
    return kelvin


def expanded(kelvin: FloatArray, ratio: FloatArray, burnt: FloatArray) -> FloatArray:
    """Return temperatures (N,), K, after pressures changed by `ratio` (N,) at constant entropy."""
    wanted = entropy(kelvin, burnt) + gas_constant(burnt) * np.log(ratio)
    found = kelvin * ratio**0.27
    for _ in range(ROUNDS):
        found = found - (entropy(found, burnt) - wanted) * found / heat_capacity(found, burnt)
        found = np.clip(found, *KEPT_K)
    return found
