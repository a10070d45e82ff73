# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from feetech_servos import FeetechServos


@pytest.fixture
def servos(tmp_path: Path) -> Iterator[FeetechServos]:
    servos = FeetechServos(tmp_path / "arm")
    yield servos
    servos.close()
