# SPDX-License-Identifier: Apache-2.0
"""How regularly the topics of a recording arrived, and which parts are used, as a PNG."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ami_ros.recordings.importing.import_report import ImportReport
from ami_ros.recordings.importing.signals import Signals
from ami_ros.report.plots import ACCENT, BAD, GOOD, GREY, as_png

WIDTH, ROW = 9.0, 0.9  # inches
BINS = 200  # at most, of at least a second each


def import_plot(report: ImportReport, signals: Signals) -> bytes:
    """Draw the rate of each sensor over time with its gaps, and below it the parts used."""
    tracks = {name: track.times for name, track in signals.tracks.items()}
    figure = Figure(figsize=(WIDTH, ROW * (len(tracks) + 1) + 0.5), layout="constrained")
    figure.patch.set_alpha(0.0)
    rows: Any = figure.subplots(len(tracks) + 1, 1, sharex=True, squeeze=False)[:, 0]
    for axes, (name, times) in zip(rows, tracks.items(), strict=False):
        seconds, health = (times - signals.begin_ns) / 1e9, report.topics[name]
        edges = np.linspace(0.0, max(seconds[-1], 1.0), int(min(BINS, max(seconds[-1], 1.0))) + 1)
        counts, _ = np.histogram(seconds, edges)
        axes.stairs(counts / np.diff(edges), edges, color=ACCENT)
        if health.expected_hz is not None:
            axes.axhline(health.expected_hz, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
        for begin_s, length_s in health.gaps:
            axes.axvspan(begin_s, begin_s + length_s, color=BAD, alpha=0.35, linewidth=0.0)
        axes.set_ylabel(f"{name}\n[Hz]", fontsize=8)
        axes.set_ylim(0.0, None)
    for spans, colour in ((report.used, GOOD), (report.dropped, BAD)):
        for span in spans:
            rows[-1].axvspan(span.begin_s, span.end_s, color=colour, alpha=0.6, linewidth=0.0)
    rows[-1].set(yticks=[], xlabel="time [s]")
    rows[-1].set_ylabel("used", fontsize=8)
    for axes in rows:
        axes.patch.set_alpha(0.0)
        axes.tick_params(colors=GREY, labelsize=8)
        for label in (axes.xaxis.label, axes.yaxis.label):
            label.set_color(GREY)
        for spine in axes.spines.values():
            spine.set_color(GREY)
    return as_png(figure)
