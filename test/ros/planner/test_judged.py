# SPDX-License-Identifier: Apache-2.0
"""The planner's process ends where its model would fail, and says why."""

from __future__ import annotations

import pytest
from untrained import HOPELESS, untrained_model


def test_a_model_that_would_fail_ends_an_autostarted_planner_with_its_judgement(start, tmp_path):
    pytest.importorskip("torch", reason="needs torch")
    process = start(
        "planner", autostart=True, model=str(untrained_model(tmp_path, "reach", quality=HOPELESS))
    )
    assert process.wait(60.0) == 2
    said = process.log_tail()
    assert "It may not plan: it hardly predicts the effect of its actions." in said
    assert "judged: false" in said and "Traceback" not in said
