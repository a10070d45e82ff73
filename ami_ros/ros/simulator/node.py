# SPDX-License-Identifier: Apache-2.0
"""The simulator's process: the node, driven by one of its two clocks."""

from __future__ import annotations

import sys
from typing import Any

from ami_ros.ros.simulator.clocks import LockStep, RealTime
from ami_ros.ros.simulator.sim_node import SimNode
from ami_ros.ros.wire.node_main import node_main


def main() -> int:
    """Run the simulator."""

    def loop(node: SimNode, executor: Any, stopped: Any) -> None:
        clock = LockStep if node.settings.lock_step else RealTime
        clock(node, executor, stopped).run()

    return node_main("sim", SimNode, loop=loop)


if __name__ == "__main__":
    sys.exit(main())
