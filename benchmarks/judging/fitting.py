# SPDX-License-Identifier: Apache-2.0
"""Fit the success expected from figures to the measured success."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ami_ros.model.judging.settings import Curve
from ami_ros.training.rank import spearman

NARROWEST = 0.02  # width of a curve
PULL = 0.001  # toward the previous curves: what no model constrains stays the same
PULLED_OVER = 0.1  # of a part
FIRST_STEP, LAST_STEP = 0.2, 1e-3
SURE = 0.01  # least distance of an expected success from 0 and 1, when its error is computed


@dataclass(frozen=True)
class Row:
    """One model.

    Attributes:
        parts: of its judgement.
        success: measured, 0 to 1.
    """

    parts: Mapping[str, float]
    success: float


def expected(rows: Sequence[Row], curves: Mapping[str, Curve]) -> NDArray[np.float64]:
    """Return the success (N,) that curves predict: that of the weakest part."""
    return np.array([min(curves[name](value) for name, value in row.parts.items()) for row in rows])


def fitted(rows: Sequence[Row], curves: Mapping[str, Curve]) -> dict[str, Curve]:
    """Return curves that fit the rows, starting from `curves`: pattern search for the least cross-entropy.

    Source: Hooke and Jeeves, "Direct search solution of numerical and statistical problems" (1961).
    """
    names = sorted(curves)
    start = np.array([v for name in names for v in (curves[name].middle, math.log(curves[name].width))])
    scale = np.tile([PULLED_OVER, 1.0], len(names))

    def made(values: NDArray[np.float64]) -> dict[str, Curve]:
        pairs = values.reshape(-1, 2)
        return {
            n: Curve(float(m), max(NARROWEST, math.exp(w))) for n, (m, w) in zip(names, pairs, strict=True)
        }

    def loss(values: NDArray[np.float64]) -> float:
        pulled = PULL * float((((values - start) / scale) ** 2).sum())
        return surprisal(rows, expected(rows, made(values))) + pulled

    best, least, step = start, loss(start), FIRST_STEP
    while step > LAST_STEP:
        trials = [best + sign * step * scale * axis for axis in np.eye(len(start)) for sign in (1.0, -1.0)]
        losses = [loss(trial) for trial in trials]
        if min(losses) < least:
            least = min(losses)
            best = trials[losses.index(least)]
        else:
            step /= 2
    return made(best)


def surprisal(rows: Sequence[Row], success: NDArray[np.float64]) -> float:
    """Return the mean cross-entropy of the measured success, for the expected `success` (N,)."""
    sure, measured = success.clip(SURE, 1.0 - SURE), np.array([row.success for row in rows])
    return float(-(measured * np.log(sure) + (1.0 - measured) * np.log(1.0 - sure)).mean())


def left_out(rows: Sequence[Row], curves: Mapping[str, Curve]) -> NDArray[np.float64]:
    """Return the success (N,) expected of each model by curves fitted to the others."""
    others = ([*rows[:index], *rows[index + 1 :]] for index in range(len(rows)))
    pairs = zip(rows, others, strict=True)
    return np.array([expected([row], fitted(rest, curves))[0] if rest else math.nan for row, rest in pairs])


def agreement(rows: Sequence[Row], curves: Mapping[str, Curve]) -> dict[str, object]:
    """Return how well expected and measured success agree, and curves with a better fit.

    `rank_correlation` is that of `curves`; `rank_correlation_left_out` of curves fitted without the predicted
    model; `fitted`, for config/judgement.yaml, of all; None for fewer than three models.
    """
    measured = [row.success for row in rows]
    enough = len(rows) > 2

    def correlation(success: NDArray[np.float64]) -> float | None:
        return spearman(success, measured) if enough else None

    better = fitted(rows, curves) if enough else dict(curves)
    return {
        "rank_correlation": correlation(expected(rows, curves)),
        "rank_correlation_left_out": correlation(left_out(rows, curves)) if enough else None,
        "rank_correlation_fitted": correlation(expected(rows, better)),
        "mean_error": float(np.abs(expected(rows, curves) - measured).mean()),
        "fitted": {
            name: {"middle": round(curve.middle, 3), "width": round(curve.width, 3)}
            for name, curve in better.items()
        },
    }
