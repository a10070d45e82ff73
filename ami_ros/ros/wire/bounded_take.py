# SPDX-License-Identifier: Apache-2.0
"""Take serialised messages that fit a bound, without holding Python's lock, and drop all others.

rclpy returns a message only after several copies, and nothing else in the process runs meanwhile: 64 MB take
a third of a second. Here the middleware copies into a buffer of the topic's largest size. A larger message
is dropped, and Python's other threads never wait.

Source: rcl/subscription.h (`rcl_take_serialized_message`), rcutils/types/uint8_array.h,
rcutils/allocator.h, rmw/types.h (`rmw_message_info_t`); identical from Humble to Kilted.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from rclpy.subscription import Subscription

GID_SIZE = 16  # significant bytes of a GID; Humble adds zeros
_OK, _TAKE_FAILED = 0, 401  # rcl/types.h; the second one: there is no message
_FILES = {"win32": "{}.dll", "darwin": "lib{}.dylib"}

_Allocate = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)
_Deallocate = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
_Reallocate = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)
_ZeroAllocate = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p)


class _Allocator(ctypes.Structure):
    _fields_ = (
        ("allocate", _Allocate),
        ("deallocate", _Deallocate),
        ("reallocate", _Reallocate),
        ("zero_allocate", _ZeroAllocate),
        ("state", ctypes.c_void_p),
    )


class _SerialisedMessage(ctypes.Structure):
    _fields_ = (
        ("buffer", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("capacity", ctypes.c_size_t),
        ("allocator", _Allocator),
    )


@cache
def _library(name: str) -> Any:
    return ctypes.CDLL(_FILES.get(sys.platform, "lib{}.so").format(name))


_INFO = 256  # bytes: more than any rmw_message_info_t has
_NUMBER = slice(16, 24)  # its bytes in the info: after two times
_GID = slice(40, 40 + GID_SIZE)  # after another sequence number and a pointer
_UNNUMBERED = 2**64 - 1  # RMW_MESSAGE_INFO_SEQUENCE_NUMBER_UNSUPPORTED


class Taken(NamedTuple):
    """A serialised message, its publisher and its number.

    Attributes:
        data: the message.
        sender: see `sender_of`.
        number: sequence number of its sender; None if the middleware reports none.
    """

    data: bytes
    sender: bytes
    number: int | None


def sender_of(gid: Sequence[int] | bytes) -> bytes:
    """Return the part of a publisher's GID that all versions of ROS provide."""
    return bytes(gid[:GID_SIZE])


def sender_told(info: Any) -> bytes:
    """Return a message's publisher if rclpy provides it; else the same value for all."""
    gid = info.get("publisher_gid")
    return sender_of(gid["data"]) if gid else b""


def taken_by_rclpy(data: bytes, info: Any) -> Taken:
    """Return a message received through rclpy."""
    return Taken(data, sender_told(info), info.get("publication_sequence_number"))


class Oversized:
    """A message that was dropped.

    Attributes:
        size: its bytes.
    """

    def __init__(self, size: int) -> None:
        self.size = size


class BoundedTake:
    """Takes the messages of one subscription.

    Args:
        subscription: its executor must never run it.
        limit: largest serialised message, bytes.

    Attributes:
        subscription: the source of the messages.
        limit: as given.
    """

    def __init__(self, subscription: Subscription[Any], limit: int) -> None:
        self.subscription: Any = subscription
        self.limit = limit
        self._take = _library("rcl").rcl_take_serialized_message
        self._take.argtypes = (ctypes.c_void_p,) * 4
        self._reset_error = _library("rcutils").rcutils_reset_error
        # Anonymous memory: untouched pages cost nothing.
        self._memory = mmap.mmap(-1, limit)
        self._buffer = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        self._info = ctypes.create_string_buffer(_INFO)
        self._wanted = 0
        # rcutils requests a larger buffer, is refused, and returns the old one, which we keep.
        self._allocator = _Allocator(
            _Allocate(self._refuse),
            _Deallocate(lambda pointer, state: None),
            _Reallocate(lambda pointer, size, state: self._refuse(size, state)),
            _ZeroAllocate(lambda count, size, state: self._refuse(count * size, state)),
            None,
        )

    def _refuse(self, size: int, state: int | None) -> None:
        self._wanted = size

    def __call__(self) -> Taken | Oversized | None:
        """Return the next message, an `Oversized` for one that did not fit, or None without a message.

        Raises:
            RuntimeError: the middleware failed.
        """
        message = _SerialisedMessage(self._buffer, 0, self.limit, self._allocator)
        self._wanted = 0
        handle = self.subscription.handle
        with handle:
            result = self._take(handle.pointer, ctypes.byref(message), self._info, None)
        if result == _OK:
            info = self._info.raw
            number = int.from_bytes(info[_NUMBER], sys.byteorder)
            data = ctypes.string_at(self._buffer, message.length)
            return Taken(data, info[_GID], None if number == _UNNUMBERED else number)
        self._reset_error()
        if self._wanted:
            return Oversized(self._wanted)
        if result == _TAKE_FAILED:
            return None
        raise RuntimeError(f"{self.subscription.topic_name}: rcl_take_serialized_message returned {result}")
