# SPDX-License-Identifier: Apache-2.0
"""Let Fast DDS reject messages above a size before it stores them, though their type has no bound.

A subscriber learns a message's size after the middleware has stored all of it, twice. Fast DDS checks it
earlier if the type is bounded. So the subscription gets a class that claims to be bounded: for publishers
the same type, with another answer to "how large can you be?". A participant keeps the first answer per
type, so all its subscriptions to that type must use this function.

This relies on internals below ROS, so it checks each of them, and gives up where one differs: then
`bounded_take` drops messages after storage. It was tried with the versions in `KNOWN` only.

Source: Fast DDS 3.2, `ReaderHistory::can_change_be_added_nts` and `DataReaderImpl::get_payload_pool`;
rosidl_typesupport_fastrtps_cpp/message_type_support.h (`message_type_support_callbacks_t`), and
rosidl_runtime_c/message_type_support_struct.h (`rosidl_message_type_support_t`), of ROS 2 Kilted.
"""

from __future__ import annotations

import ctypes
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from rclpy.node import Node
from rclpy.type_support import check_for_type_support
from rclpy.utilities import get_rmw_implementation_identifier

KNOWN = {
    "rmw_fastrtps_cpp": ("ros-rmw-fastrtps-cpp", "9.")
}  # middleware -> its package, and the tested version
_FASTRTPS = b"rosidl_typesupport_fastrtps_c"
_IS_BOUNDED = b"\x01"  # ROSIDL_TYPESUPPORT_FASTRTPS_BOUNDED_TYPE
_FACTORY = "_ZN8eprosima7fastdds3dds24DomainParticipantFactory"
# As the usual profile in config/dds, except for the memory: this policy enforces a bound.
_PROFILE = """<dds xmlns="http://www.eprosima.com"><profiles><data_reader profile_name="{topic}">
<topic><resourceLimitsQos><allocated_samples>1</allocated_samples></resourceLimitsQos></topic>
<qos><data_sharing><kind>OFF</kind></data_sharing></qos>
<historyMemoryPolicy>PREALLOCATED_WITH_REALLOC</historyMemoryPolicy>
</data_reader></profiles></dds>"""

_Find = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)
_Largest = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.POINTER(ctypes.c_char))


class _TypeSupport(ctypes.Structure):
    _fields_ = (
        ("identifier", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("func", _Find),
        ("type_hash", ctypes.c_void_p),
        ("description", ctypes.c_void_p),
        ("sources", ctypes.c_void_p),
    )


class _Callbacks(ctypes.Structure):
    _fields_ = (
        ("namespace", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("serialise", ctypes.c_void_p),
        ("deserialise", ctypes.c_void_p),
        ("size", ctypes.c_void_p),
        ("largest", _Largest),
        ("key", ctypes.c_void_p),
    )


def bounded_type(node: Node, kind: Any, topic: str, limit: int) -> Any:
    """Return a message class with which a subscription of `node` takes no message above `limit` bytes.

    Return `kind` itself if the middleware does not support that. Call it before subscribing.
    """
    if not _is_known() or not _load_profile(node.resolve_topic_name(topic)):
        return kind
    return _bounded(kind, limit)


def _is_known() -> bool:
    package, version = KNOWN.get(get_rmw_implementation_identifier(), ("", ""))
    try:
        return bool(package) and metadata.version(package).startswith(version)
    except metadata.PackageNotFoundError:
        return False


@cache
def _load_profile(topic: str) -> bool:
    """Let readers of a topic use the memory of `_PROFILE`; return whether Fast DDS accepted it."""
    try:
        # By its path: the wheels hold copies, and another copy would be a separate library.
        maps = Path("/proc/self/maps").read_text().splitlines()
        library = ctypes.CDLL(next(line.split()[-1] for line in maps if "/libfastdds.so" in line))
        factory, load = (
            library[f"{_FACTORY}12get_instanceEv"],
            library[f"{_FACTORY}24load_XML_profiles_stringEPKcm"],
        )
    except (OSError, StopIteration, AttributeError):
        return False
    factory.restype, load.restype = ctypes.c_void_p, ctypes.c_int32
    load.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t)
    profile = _PROFILE.format(topic=topic).encode()
    return bool(load(factory(), profile, len(profile)) == 0)


@cache
def _bounded(kind: Any, limit: int) -> Any:
    check_for_type_support(kind)
    name, original = _opened(kind._TYPE_SUPPORT)
    find = ctypes.CDLL("librosidl_runtime_c.so").get_message_typesupport_handle
    find.restype, find.argtypes = ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_char_p)
    found = find(original, _FASTRTPS)
    if not found:
        return kind
    inner = _TypeSupport.from_buffer_copy(_TypeSupport.from_address(found))
    calls = _Callbacks.from_buffer_copy(_Callbacks.from_address(inner.data or 0))
    if inner.identifier != _FASTRTPS or calls.name != kind.__name__.encode():
        return kind

    def largest(bounds: Any) -> int:
        bounds[0] = _IS_BOUNDED
        return limit

    calls.largest = _Largest(largest)
    inner.data = ctypes.addressof(calls)
    outer = _TypeSupport.from_buffer_copy(_TypeSupport.from_address(original))

    def answer(_: int, wanted: bytes) -> int | None:
        return ctypes.addressof(inner) if wanted == _FASTRTPS else find(original, wanted)

    outer.func = _Find(answer)
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    capsule = new(ctypes.addressof(outer), name, None)
    meta: Any = type("Bounded", (type(kind),), {"_TYPE_SUPPORT": capsule})
    # The middleware holds these by address: they must live as long as the class, which the cache keeps.
    kept = {"__slots__": (), "__module__": kind.__module__, "_bounded_by": (inner, outer, calls, name)}
    return meta(kind.__name__, (kind,), kept)


def _opened(capsule: Any) -> tuple[bytes, int]:
    """Return name and content of a capsule."""
    name, pointer = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    name.restype, name.argtypes = ctypes.c_char_p, (ctypes.py_object,)
    pointer.restype, pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    called: bytes = name(capsule)
    return called, int(pointer(capsule, called))
