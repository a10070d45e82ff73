# SPDX-License-Identifier: Apache-2.0
"""What numbers images are learned from with."""

from __future__ import annotations

import torch

# Convolutions train twice as fast in bfloat16 where the processor knows it, and many times slower elsewhere.
BFLOAT16 = torch.backends.cpu.get_cpu_capability() == "AVX512"
# The order of an image's numbers that is fast in bfloat16.
CHANNELS_LAST = torch.channels_last


def fast_images() -> torch.autocast:
    """Return the context in which convolutions of images are learned."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=BFLOAT16)
