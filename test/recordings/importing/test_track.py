# SPDX-License-Identifier: Apache-2.0
"""Numbers between samples: those of the straight ways, whoever asks for how many at once."""

from __future__ import annotations

import numpy as np
import pytest

from ami_ros.recordings.importing.track import Track

BEGIN_NS, SAMPLES, COLUMNS, YAW = 1_700_000_000_000_000_000, 200, 3, 1


@pytest.fixture
def track() -> Track:
    generator = np.random.default_rng(5)
    times = BEGIN_NS + np.cumsum(generator.integers(1_000_000, 30_000_000, SAMPLES))
    values = np.cumsum(generator.normal(size=(SAMPLES, COLUMNS)), axis=0)
    values[:, YAW] = (values[:, YAW] + np.pi) % (2 * np.pi) - np.pi
    return Track(times, values, (YAW,))


def test_one_moment_has_the_values_that_it_has_among_many(track):
    between = np.linspace(track.times[0] - 10**8, track.times[-1] + 10**8, 997).astype(np.int64)
    asked = np.sort(np.concatenate([between, track.times]))
    whole = track.at(asked)
    unwrapped = np.interp(asked, track.times, np.unwrap(track.values[:, YAW]))
    np.testing.assert_allclose(np.cos(whole[:, YAW] - unwrapped), 1.0)
    for column in set(range(COLUMNS)) - {YAW}:
        np.testing.assert_array_equal(
            whole[:, column], np.interp(asked, track.times, track.values[:, column])
        )
    for some in (1, 2, 7):
        parts = [track.at(part) for part in np.array_split(asked, len(asked) // some)]
        np.testing.assert_allclose(np.concatenate(parts), whole, rtol=0, atol=1e-12)
    assert track.at(asked[:0]).shape == (0, COLUMNS)


def test_only_the_samples_around_are_looked_at(track):
    asked = track.times[150:160] + 1
    expected = track.at(asked)
    track.values[:100] = np.nan
    np.testing.assert_allclose(track.at(asked), expected, rtol=0, atol=1e-12)
