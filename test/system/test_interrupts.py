# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C stays Ctrl-C, and other errors stay what they are."""

from __future__ import annotations

import signal
from contextlib import suppress

import pytest

from ami_ros.system.interrupts import interruptible


def test_an_interrupt_that_compiled_code_made_another_error_of_is_one_again():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), interruptible():
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise TypeError("Unable to convert function return value to a Python type!")
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_is_one():
    with pytest.raises(KeyboardInterrupt), interruptible():
        signal.raise_signal(signal.SIGINT)


def test_an_error_without_one_stays_what_it_is():
    with pytest.raises(TypeError, match="a mistake"), interruptible():
        raise TypeError("a mistake")
