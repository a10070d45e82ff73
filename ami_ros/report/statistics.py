# SPDX-License-Identifier: Apache-2.0
"""Statistics over many episodes: success with intervals, time to reach, plan time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.errors import AmiError
from ami_ros.report.grasps import closings, drops
from ami_ros.types import RARE_SURPRISE, FloatArray

if TYPE_CHECKING:
    from ami_ros.sim.loop.closed_loop import EpisodeResult

Z_95 = 1.959963984540054  # 97.5 % quantile of the standard normal


def wilson(successes: int, trials: int, z: float = Z_95) -> tuple[float, float]:
    """Return the Wilson score interval of a success rate, (0, 1) for no trials.

    Unlike the usual normal interval it never leaves [0, 1] and is right for rates near them.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference" (1927).

    Raises:
        AmiError: negative counts, or more successes than trials.
    """
    if not 0 <= successes <= trials:
        raise AmiError(
            f"wilson: got {successes} successes of {trials} trials, expected 0 <= successes <= trials"
        )
    if trials == 0:
        return 0.0, 1.0
    rate, z2 = successes / trials, z * z
    scale = 1.0 + z2 / trials
    centre = rate + z2 / (2 * trials)
    spread = z * math.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials**2))
    # The closed form misses 0 and 1 by rounding only.
    lower = 0.0 if successes == 0 else (centre - spread) / scale
    upper = 1.0 if successes == trials else (centre + spread) / scale
    return lower, upper


def steps_to_reach(error: FloatArray, within: float) -> int | None:
    """Return after how many steps the error (S + 1,) is within `within` and stays so; None if never."""
    outside = np.flatnonzero(~(error <= within))  # NaN is outside
    if outside.size == 0:
        return 0
    return None if outside[-1] == len(error) - 1 else int(outside[-1]) + 1


def success_figures(summary: Mapping[str, Any]) -> dict[str, float]:
    """Return the success rates in a result of `summarise`, by name."""
    return {k: v for k, v in summary.items() if k.startswith("success") and not k.endswith("_ci")}


def summarise(results: Sequence[EpisodeResult], step_s: float) -> dict[str, Any]:
    """Return the figures of `results`, ready for JSON; None where there is nothing to measure.

    Success is judged by the true error at the end of the episode, regardless of the planner's belief.

    Args:
        results: at least one episode.
        step_s: duration of a control step in the robot's time.

    Raises:
        AmiError: no episodes.
    """
    if not results:
        raise AmiError("summarise: got no episodes, expected at least one")
    final = np.array([result.error[-1] for result in results])
    yardstick = results[0].yardstick
    counts = {it.figure("success"): int((final <= it.error).sum()) for it in yardstick.thresholds}
    reached, near = yardstick.loosest.error, yardstick.near
    steps = [taken for result in results if (taken := steps_to_reach(result.error, reached)) is not None]
    arrived = [result for result in results if result.arrived_step is not None]
    plan_ms = np.concatenate([result.plan_ms for result in results])
    wall_s = sum(result.wall_s for result in results)
    figures: dict[str, Any] = {"episodes": len(results)}
    for name, count in counts.items():
        figures[name] = count / len(results)
        figures[f"{name}_ci"] = list(wilson(count, len(results)))
    return figures | {
        f"steps_to_{near}_median": float(np.median(steps)) if steps else None,
        f"seconds_to_{near}_median": float(np.median(steps)) * step_s if steps else None,
        "plan_ms_p50": float(np.percentile(plan_ms, 50)) if plan_ms.size else None,
        "plan_ms_p99": float(np.percentile(plan_ms, 99)) if plan_ms.size else None,
        "loop_hz": sum(len(result.error) - 1 for result in results) / wall_s if wall_s > 0 else None,
        "arrived_share": len(arrived) / len(results),
        "false_arrivals": sum(not result.error[-1] <= reached for result in arrived),
        "surprised_share": _surprised_share(results),
        "surprised_episodes": _surprised_episodes(results),
        "final_error_mean": float(final.mean()),
        "final_error_median": float(np.median(final)),
        **_contact_figures(results, step_s),
        **_grasp_figures(results),
    }


def _contact_figures(results: Sequence[EpisodeResult], step_s: float) -> dict[str, float | None]:
    """Return how often, and for how long at once, the body touched a wall; None where there are no walls."""
    touched = [touches for result in results if (touches := _touches(result)) is not None]
    longest_s = [_longest(touches) * step_s for touches in touched]
    return {
        "contact_share": float(np.concatenate(touched).mean()) if touched else None,
        "longest_contact_s_median": float(np.median(longest_s)) if touched else None,
        "longest_contact_s_max": max(longest_s) if touched else None,
    }


def _grasp_figures(results: Sequence[EpisodeResult]) -> dict[str, float]:
    """Return in what share of episodes something fell, or fingers closed again; nothing without a hand."""
    dropped = [count > 0 for result in results if (count := drops(result.moments)) is not None]
    retried = [count > 1 for result in results if (count := closings(result.moments)) is not None]
    if not dropped:
        return {}
    return {"dropped": float(np.mean(dropped)), "retried": float(np.mean(retried))}


def _touches(result: EpisodeResult) -> NDArray[np.bool_] | None:
    """Return (S + 1,) whether the body touched a wall; None where there are none."""
    if "contacts" not in result.moments:
        return None
    touches: NDArray[np.bool_] = result.moments["contacts"][:, 0] > 0.0
    return touches


def _longest(touches: NDArray[np.bool_]) -> int:
    """Return the largest number of true steps in a row."""
    edges = np.flatnonzero(np.diff(np.r_[False, touches, False]))
    return int(np.diff(edges)[::2].max(initial=0))


def _surprised_share(results: Sequence[EpisodeResult]) -> float | None:
    """Return the share of planning steps that surprised the model; None where none was measured."""
    surprise = np.concatenate([result.surprise for result in results])
    known = surprise[np.isfinite(surprise)]
    return float((known > RARE_SURPRISE).mean()) if known.size else None


def _surprised_episodes(results: Sequence[EpisodeResult]) -> float | None:
    """Return the share of episodes that surprised the model at most steps; None where none was measured."""
    known = [result.surprise[np.isfinite(result.surprise)] for result in results]
    surprised = [float(np.median(values)) > RARE_SURPRISE for values in known if values.size]
    return sum(surprised) / len(surprised) if surprised else None


def episode_figures(result: EpisodeResult) -> dict[str, Any]:
    """Return one episode's figures, ready for JSON."""
    yardstick, final, touches = result.yardstick, result.error[-1], _touches(result)
    fallen = drops(result.moments)
    return {
        "seed": result.seed,
        "start_error": float(result.error[0]),
        "final_error": float(final),
        **{it.figure("reached"): bool(final <= it.error) for it in yardstick.thresholds},
        f"steps_to_{yardstick.near}": steps_to_reach(result.error, yardstick.loosest.error),
        "arrived_step": result.arrived_step,
        "plan_ms_p50": float(np.median(result.plan_ms)) if len(result.plan_ms) else None,
        "longest_contact_steps": None if touches is None else _longest(touches),
        **({} if fallen is None else {"drops": fallen, "closings": closings(result.moments)}),
        "levels": dict(result.levels),
        "wall_s": result.wall_s,
    }
