# SPDX-License-Identifier: Apache-2.0
"""The video: playable, as long as the episodes, and showing what it should."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("av", reason="the video needs the extra 'sim'")
pytest.importorskip("matplotlib", reason="captions need the extra 'train'")
import av

from ami_ros.report.video import FRAME_SIZE, HEADER, MAIN_SIZE, MARGIN, frame_count, write_video

STEP_S = 0.1
BLUE = (20, 40, 220)


def large(moment):
    return np.full((MAIN_SIZE[1], MAIN_SIZE[0], 3), BLUE, np.uint8)


def small(moment):
    return np.zeros((128, 128, 3), np.uint8)


def test_video_is_h264_that_browsers_play(made_up, tmp_path):
    results = [made_up(1, 0.01), made_up(2, 0.2)]
    path = tmp_path / "video.mp4"
    counts = list(write_video(path, results, large, small, STEP_S))
    assert counts == list(range(1, frame_count(results, STEP_S) + 1))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert (stream.width, stream.height) == FRAME_SIZE
        assert stream.average_rate == 10
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    assert len(frames) == counts[-1]
    seen = frames[0][HEADER + 50, MARGIN + 50].astype(int)
    assert np.abs(seen - BLUE).max() < 12
    # Moved to the front, so that a browser starts before it has the whole file.
    assert path.read_bytes().find(b"moov") < path.read_bytes().find(b"mdat")


def test_a_resting_arm_is_drawn_once(made_up, tmp_path):
    drawn = []

    def counting(moment):
        drawn.append(moment)
        return large(moment)

    list(write_video(tmp_path / "video.mp4", [made_up(1, 0.01)], counting, small, STEP_S))
    assert len(drawn) == 1
