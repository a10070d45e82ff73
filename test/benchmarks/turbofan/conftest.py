# SPDX-License-Identifier: Apache-2.0
"""A coarse engine, made once for all tests that fly."""

from __future__ import annotations

import pytest

from benchmarks.turbofan import deck


@pytest.fixture(scope="session")
def coarse(tmp_path_factory):
    """A deck of few points, made as the real one is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        for name, value in {"ASKED": 2048, "STEPS": 1500, "POLISH": 40, "HIDDEN": 32}.items():
            patch.setattr(deck, name, value)
        made = deck.load(lambda name, count: lambda done: None)
        again = deck.load(lambda name, count: pytest.fail("a deck that is there is used"))
    assert again.errors == made.errors
    return made
