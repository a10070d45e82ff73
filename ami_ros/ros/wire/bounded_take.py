# SPDX-License-Identifier: Apache-2.0
"""Take serialised messages that fit a bound, without holding Python's lock, and drop those that do not.

rclpy hands out a message only when it has been copied several times, and nothing else in the process runs
meanwhile: 64 MB take a third of a second. Here the middleware copies into a buffer of the size that the topic
may need. What does not fit is gone, and Python's other threads never waited.

Source: rcl/subscription.h (`rcl_take_serialized_message`), rcutils/types/uint8_array.h,
rcutils/allocator.h, rmw/types.h (`rmw_message_info_t`); the same from Humble to Kilted.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from rclpy.subscription import Subscription

GID_SIZE = 16  # bytes of a GID that count; Humble adds zeros
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
_NUMBER = slice(16, 24)  # in it: after two times
_GID = slice(40, 40 + GID_SIZE)  # after another sequence number and a pointer
_UNNUMBERED = 2**64 - 1  # RMW_MESSAGE_INFO_SEQUENCE_NUMBER_UNSUPPORTED


class Taken(NamedTuple):
    """A serialised message, and which one of which publisher it is.

    Attributes:
        data: the message.
        sender: as `sender_of` has it.
        number: of the message among those of its sender; None where the middleware does not say.
    """

    data: bytes
    sender: bytes
    number: int | None


def sender_of(gid: Sequence[int] | bytes) -> bytes:
    """Return the part of a publisher's GID that all versions of ROS tell."""
    return bytes(gid[:GID_SIZE])


def sender_told(info: Any) -> bytes:
    """Return which publisher a message is of, where rclpy tells; else the same for all."""
    gid = info.get("publisher_gid")
    return sender_of(gid["data"]) if gid else b""


def taken_by_rclpy(data: bytes, info: Any) -> Taken:
    """Return a message as rclpy hands it out."""
    return Taken(data, sender_told(info), info.get("publication_sequence_number"))


class Oversized:
    """A message that was dropped.

    Attributes:
        size: bytes that it needed.
    """

    def __init__(self, size: int) -> None:
        self.size = size


class BoundedTake:
    """Takes the messages of one subscription.

    Args:
        subscription: of an executor that never runs it.
        limit: largest serialised message, bytes.

    Attributes:
        subscription: whose messages it takes.
        limit: as given.
    """

    def __init__(self, subscription: Subscription, limit: int) -> None:
        self.subscription: Any = subscription
        self.limit = limit
        self._take = _library("rcl").rcl_take_serialized_message
        self._take.argtypes = (ctypes.c_void_p,) * 4
        self._reset_error = _library("rcutils").rcutils_reset_error
        # Anonymous memory: pages that no message reached cost nothing.
        self._memory = mmap.mmap(-1, limit)
        self._buffer = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        self._info = ctypes.create_string_buffer(_INFO)
        self._wanted = 0
        # rcutils asks for a larger buffer, is refused, and gives back the old one, which we keep.
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
        """Return the next message, what there is to say of one that did not fit, or None for no message.

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
