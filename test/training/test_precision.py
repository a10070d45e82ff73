# SPDX-License-Identifier: Apache-2.0
"""Images are learned from in the numbers that this processor is fast with."""

from __future__ import annotations

import pytest
import torch

from ami_ros.training.precision import trains_faster_in_bfloat16

XEON, EPYC = {"cpu_name": "Intel Xeon"}, {"cpu_name": "AMD EPYC"}
NUMBERS, MATRICES = {"avx512_bf16": True}, {"avx512_bf16": True, "amx_bf16": True}


@pytest.mark.parametrize(
    ("knows", "faster"),
    [
        ({}, False),
        (XEON, False),
        (XEON | NUMBERS, False),
        (XEON | MATRICES, True),
        (EPYC, False),
        (EPYC | NUMBERS, True),
    ],
)
def test_bfloat16_is_for_processors_that_are_faster_with_it(monkeypatch, knows, faster):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: knows, raising=False)
    assert trains_faster_in_bfloat16() is faster


def test_a_torch_that_cannot_tell_trains_in_float32(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert not trains_faster_in_bfloat16()
