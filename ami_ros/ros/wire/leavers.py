# SPDX-License-Identifier: Apache-2.0
"""When to subscribe again to a topic of large messages, so that memory is freed.

While a best-effort subscription lives, Fast DDS (2.6 to 3.2) keeps the received part of a message whose
publisher has left; with several publishers also messages whose stamps are older than those in the queue.
The sender decides how large each of them is.

Source: Fast DDS 3.2, `StatelessReader::matched_writer_remove` forgets `fragmented_change`, and
`DataReaderHistory::received_change_keep_last` drops an older change without releasing it.
"""

from __future__ import annotations

from rclpy.node import Node

from ami_ros.ros.wire.bounded_take import sender_of

LOOK_S = 0.2  # how often `look` is to be called: a publisher present for less cannot have sent much
SHARED_LOOKS = 25  # between two renewals while there are several publishers


class Leavers:
    """Watches the publishers of a topic.

    Args:
        node: provides the graph.
        topic: its name.
    """

    def __init__(self, node: Node, topic: str) -> None:
        self._node, self._topic = node, node.resolve_topic_name(topic)
        self._here: set[bytes] = set()
        self._shared = 0

    def look(self) -> bool:
        """Return whether the subscription must be made again now."""
        publishers = self._node.get_publishers_info_by_topic(self._topic)
        here = {sender_of(publisher.endpoint_gid) for publisher in publishers}
        gone, self._here = self._here - here, here
        self._shared = self._shared + 1 if len(here) > 1 else 0
        return bool(gone) or self._shared % SHARED_LOOKS == SHARED_LOOKS - 1
