# SPDX-License-Identifier: Apache-2.0
"""How errors are told, and by which names figures go: the JSON of arm tasks is read by others."""

from __future__ import annotations

from ami_ros.sim.tasks.yardstick import METRES, TOLERANCES


def test_metres_are_told_in_centimetres_and_counted_at_five_three_and_two():
    assert [it.error for it in METRES.thresholds] == [0.05, 0.03, 0.02]
    figures = [it.figure("success") for it in METRES.thresholds]
    assert figures == ["success_5cm", "success_3cm", "success_2cm"]
    assert (METRES.near, METRES.loosest.text, METRES.strictest.error) == ("5cm", "5 cm", 0.02)
    assert METRES.text(0.1234) == "12.3 cm"


def test_tolerances_have_one_threshold():
    assert TOLERANCES.loosest is TOLERANCES.strictest
    assert (TOLERANCES.loosest.error, TOLERANCES.loosest.figure("success")) == (1.0, "success")
    assert (TOLERANCES.near, TOLERANCES.text(0.75)) == ("success", "0.8 tolerances")
