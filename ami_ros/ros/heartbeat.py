# SPDX-License-Identifier: Apache-2.0
"""The stamp of a serialised message, without decoding the rest of it."""

from __future__ import annotations

import struct

from ami_ros.errors import ObservationError
from ami_ros.ros.messages import NS_PER_S

_ENCAPSULATION = 4  # bytes before the content; the second one's lowest bit tells the byte order


def stamp_of_serialised(data: bytes) -> int:
    """Return the stamp, in ns, of a serialised message that begins with a std_msgs/Header.

    Source: OMG DDSI-RTPS 2.5, section 10.2 (encapsulation), and XCDR 1 for int32 and uint32.

    Raises:
        ObservationError: fewer bytes than a stamp has.
    """
    if len(data) < _ENCAPSULATION + 8:
        raise ObservationError(
            f"image: got {len(data)} serialised bytes, expected at least {_ENCAPSULATION + 8}"
        )
    order = "<" if data[1] & 1 else ">"
    sec, nanosec = struct.unpack_from(f"{order}iI", data, _ENCAPSULATION)
    return int(sec) * NS_PER_S + int(nanosec)
