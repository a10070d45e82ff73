# SPDX-License-Identifier: Apache-2.0
"""What the engine must keep to, and the ranges and rates of its knobs."""

from __future__ import annotations

import numpy as np

STEP_S = 0.5  # a control step
STEPS = 120  # control steps of a profile
LOW, HIGH = np.array([-0.82, 0.95, 0.0]), np.array([0.16, 1.08, 0.08])
RATE = np.array([0.4, 0.05, 0.06])  # per second
FIRST = np.array([-0.5, 1.0, 0.04])  # before a profile
NAMES = ("low_rpm", "high_rpm", "t3", "egt", "fan_margin", "lpc_margin", "hpc_margin")
LEAST = np.array([-np.inf, -np.inf, -np.inf, -np.inf, 0.15, 0.02, 0.10])
MOST = np.array([4950.0, 16_000.0, 830.0, 1300.0, np.inf, np.inf, np.inf])
