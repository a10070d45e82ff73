# SPDX-License-Identifier: Apache-2.0
"""Where everything is on the screen, so that the first look is a good one."""

from __future__ import annotations

from collections.abc import Sequence

import rerun.blueprint as rrb


def layout(cameras: Sequence[str], live: bool, channels: Sequence[str] = ()) -> rrb.Blueprint:
    """Return the layout: pictures and paths on the left, words and curves on the right, the log below.

    Args:
        cameras: names of the cameras.
        live: show what happens now; else play from the start.
        channels: names of channels whose curves replace the paths, which a body without an arm does not have.
    """
    pictures = [
        view
        for camera in cameras
        for view in (
            rrb.Spatial2DView(origin=f"camera/{camera}", name=f"{camera}: now"),
            rrb.Spatial2DView(origin=f"goal/{camera}", name=f"{camera}: goal"),
        )
    ]
    expected = rrb.Spatial2DView(origin="imagination", name="expected next (grey: unknown, pale: unsure)")
    paths = rrb.Spatial3DView(
        origin="world",
        name="plan (green) and paths turned down, with the cost term that cost most",
        eye_controls=rrb.EyeControls3D(position=[1.05, -0.7, 0.65], look_target=[0.4, 0.0, 0.3]),
        background=[24, 26, 30],
    )
    alone = rrb.PlotLegend(visible=False)
    curves = [
        rrb.TimeSeriesView(origin="distance", name="distance to the goal, control steps", plot_legend=alone),
        rrb.TimeSeriesView(origin="surprise", name="surprise by kind (above 1 is rare)"),
        rrb.TimeSeriesView(origin="disagreement", name="disagreement (1 is usual)", plot_legend=alone),
    ]
    words = rrb.TextLogColumns(text_log_columns=["LogLevel", "Body"])
    ways = rrb.Horizontal(
        *(rrb.TimeSeriesView(origin=f"channels/{name}", name=f"{name}: done, planned") for name in channels)
    )
    left = rrb.Vertical(
        rrb.Horizontal(*pictures), expected, ways if channels else paths, row_shares=[4, 2, 5]
    )
    now = rrb.TextDocumentView(origin="now", name="what happens now")
    right = rrb.Vertical(now, *curves, row_shares=[3, 2, 3, 2])
    return rrb.Blueprint(
        rrb.Vertical(
            rrb.Horizontal(left, right, column_shares=[3, 2]),
            rrb.TextLogView(origin="log", name="gate and planner", columns=words),
            row_shares=[5, 1],
        ),
        rrb.TimePanel(state="collapsed", timeline="stamp", play_state="following" if live else "playing"),
        auto_views=False,
        collapse_panels=True,
    )
