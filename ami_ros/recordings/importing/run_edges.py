# SPDX-License-Identifier: Apache-2.0
"""Parts of each run outside all steps: before all sensors started, and after the first one ended."""

from __future__ import annotations

import numpy as np

from ami_ros.recordings.importing.import_report import Span
from ami_ros.recordings.importing.signals import Signals
from ami_ros.recordings.importing.steps import NOT_AGAIN
from ami_ros.recordings.importing.track import Times

NOT_YET, ENDED = "some sensors had not reported yet", "{} had ended"


def run_edges(signals: Signals, times: Times, step_ns: int) -> list[Span]:
    """Return the stretches before the first step of each run and after its last, longer than a step.

    Args:
        signals: what was read.
        times: of the N moments between which steps lie.
        step_ns: duration of a control step.
    """
    breaks = np.asarray(signals.breaks, dtype=np.int64)

    def by_run(stamps: Times) -> list[Times]:
        return np.split(stamps, np.searchsorted(stamps, breaks))

    said = {name: by_run(one.times) for name, one in signals.tracks.items()}
    found: list[tuple[int, int, str]] = []
    for run, within in enumerate(by_run(times)):
        spoke = {name: runs[run] for name, runs in said.items() if len(runs[run])}
        if not spoke:
            continue
        begin_ns = min(int(one[0]) for one in spoke.values()) if run else signals.begin_ns
        end_ns = max(int(one[-1]) for one in spoke.values())
        if len(within):
            ended = min(spoke, key=lambda name: int(spoke[name][-1]))
            found.append((begin_ns, int(within[0]), NOT_YET))
            found.append((int(within[-1]), end_ns, ENDED.format(ended)))
        else:
            silent = [name for name in said if name not in spoke]
            found.append((begin_ns, end_ns, NOT_AGAIN.format(silent[0]) if run and silent else NOT_YET))
    return [
        Span((begin - signals.begin_ns) / 1e9, (end - signals.begin_ns) / 1e9, reason)
        for begin, end, reason in found
        if end - begin > step_ns
    ]
