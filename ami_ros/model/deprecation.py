# SPDX-License-Identifier: Apache-2.0
"""TorchScript is deprecated upstream; we know, and users cannot do anything about it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# What torch warns with: the first up to 2.13, the second in 2.15.
CATEGORIES = (DeprecationWarning, FutureWarning)


@contextmanager
def torchscript_deprecation_ignored() -> Iterator[None]:
    """Keep TorchScript's own deprecation warnings from users while the block runs."""
    with warnings.catch_warnings():
        for category in CATEGORIES:
            warnings.simplefilter("ignore", category)
        yield
