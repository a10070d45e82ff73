# SPDX-License-Identifier: Apache-2.0
"""A topic of a bag: its type, the definition of that type, and the offered quality of service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml
from rosbags.typesys import Stores, get_typestore
from rosbags.typesys.store import Typestore


@dataclass(frozen=True)
class BagTopic:
    """One topic.

    Attributes:
        name: resolved, as in /camera/image_raw.
        type: as in sensor_msgs/msg/Image; a standard one.
        qos: what each of its publishers offers, in rosbag2's words.
    """

    name: str
    type: str
    qos: tuple[Mapping[str, Any], ...] = ()

    @property
    def definition(self) -> str:
        """The type and all types that it is made of, as in their .msg files."""
        text: str = types().generate_msgdef(self.type, ros_version=2)[0]
        return text

    @property
    def type_hash(self) -> str:
        """Which version of the type it is. Source: REP 2016, RIHS01."""
        return types().hash_rihs01(self.type)

    @property
    def qos_yaml(self) -> str:
        """The offered quality of service as YAML."""
        return yaml.safe_dump([dict(offer) for offer in self.qos], sort_keys=False) if self.qos else ""


@cache
def types() -> Typestore:
    """Return the standard message types; the parts that we read have not changed since Foxy."""
    return get_typestore(Stores.ROS2_KILTED)
