# SPDX-License-Identifier: Apache-2.0
"""The standard atmosphere, and what reaches an engine of it.

Source: U.S. Standard Atmosphere (1976), troposphere and lower stratosphere; Anderson, "Modern compressible
flow" (2003), 3.28 and 3.30, with a ratio of heat capacities of 1.4.
"""

from __future__ import annotations

import numpy as np

from ami_ros.types import FloatArray

SEA_LEVEL_K, SEA_LEVEL_PA = 288.15, 101325.0
LAPSE = 0.0065  # K/m
TROPOPAUSE_M, EXPONENT = 11_000.0, 5.25588
SCALE_M = 6341.6  # height over which pressure falls by e above the tropopause


def ambient(altitude_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return static temperatures, K, and pressures, Pa, up to 20 km."""
    low = np.minimum(altitude_m, TROPOPAUSE_M)
    kelvin = SEA_LEVEL_K - LAPSE * low
    above = np.exp(-np.maximum(altitude_m - TROPOPAUSE_M, 0.0) / SCALE_M)
    return kelvin, SEA_LEVEL_PA * (kelvin / SEA_LEVEL_K) ** EXPONENT * above


def total_ratios(kelvin: FloatArray, pascal: FloatArray, mach: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return total temperature and pressure at the engine's face, of those at sea level: theta and delta."""
    rise = 1.0 + 0.2 * mach**2
    return kelvin / SEA_LEVEL_K * rise, pascal / SEA_LEVEL_PA * rise**3.5
