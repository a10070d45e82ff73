# SPDX-License-Identifier: Apache-2.0
"""The data decide how much of the past a plant's state keeps."""

from __future__ import annotations

import numpy as np
import pytest
from plants import TWO_VALVES

