# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from ami_ros.episodes.manifest import MANIFEST_FILE, claim
from ami_ros.errors import EpisodeError

MADE_WITH = {"robot": "panda", "seed": 1, "amplitude": (0.1, 1.2)}


def test_a_folder_is_claimed_once_and_fits_ever_after(tmp_path):
    claim(tmp_path / "new", MADE_WITH)
    claim(tmp_path / "new", MADE_WITH)


def test_other_settings_are_refused_with_both_sides(tmp_path):
    claim(tmp_path, MADE_WITH)
    with pytest.raises(EpisodeError, match="seed: 1, expected 2"):
        claim(tmp_path, {**MADE_WITH, "seed": 2})


@pytest.mark.parametrize("content", ["", "[1]", "{"])
def test_a_damaged_manifest_is_named(tmp_path, content):
    (tmp_path / MANIFEST_FILE).write_text(content)
    with pytest.raises(EpisodeError, match=MANIFEST_FILE):
        claim(tmp_path, MADE_WITH)
