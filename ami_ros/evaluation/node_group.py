# SPDX-License-Identifier: Apache-2.0
"""Nodes as separate processes while a block runs, and this process among them."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ami_ros.launching.environment import DISCOVERY, DISCOVERY_HUMBLE, domain_of
from ami_ros.system.domain import own_domain
from ami_ros.system.processes import NODE_PROGRAMS, NodeProcess, node_environment
from ami_ros.system.whole_file import check_writable

if TYPE_CHECKING:
    from typing_extensions import Self


class NodeGroup(ABC):
    """A context manager that starts nodes, joins them, and ends them in reverse order.

    Args:
        log_folder: takes one log file per node.
        alone: the nodes get a ROS domain of their own; else they run in this shell's domain.
        attach: join nodes that already run in this shell's domain, instead of starting any.

    Attributes:
        domain_id: ROS_DOMAIN_ID of the nodes.

    Raises:
        ConfigError: on entering, if they run in this shell's domain and its ROS_DOMAIN_ID is invalid.
    """

    def __init__(self, log_folder: Path, alone: bool = True, attach: bool = False) -> None:
        self._log_folder, self._alone, self._attach = log_folder, alone, attach
        self._open = ExitStack()
        self._processes: dict[str, NodeProcess] = {}
        self.domain_id = 0

    @abstractmethod
    def _nodes(self) -> dict[str, tuple[dict[str, Any], dict[str, str]]]:
        """Return name -> ROS parameters and remappings of every node to start."""

    @abstractmethod
    def _join(self) -> None:
        """Join the graph as a node."""

    def __enter__(self) -> Self:
        if self._attach:
            self.domain_id = domain_of(os.environ)
            self._join()
        else:
            self._start()
        return self

    def _start(self) -> None:
        # This process joins the nodes' domain, so it needs their environment before it creates a node.
        with ExitStack() as undo:
            undo.push(self.__exit__)
            self.domain_id = self._open.enter_context(own_domain()) if self._alone else domain_of(os.environ)
            self._environment = node_environment(self.domain_id)
            if not self._alone:  # the robot's owner decides who may discover it
                said = (DISCOVERY, DISCOVERY_HUMBLE)
                self._environment |= {name: os.environ[name] for name in said if name in os.environ}
            self._open.callback(_restore, dict(os.environ))
            os.environ.update(self._environment)
            for node in self._nodes():
                self._launch(node)
            self._join()
            undo.pop_all()

    def _launch(self, node: str) -> None:
        parameters, remappings = self._nodes()[node]
        log = self._log_folder / f"{node}.log"
        check_writable(log)
        process = NodeProcess(self._program(node), log, self._environment, parameters, remappings)
        self._processes[node] = self._open.enter_context(process)

    def _program(self, node: str) -> str | Path:
        return NODE_PROGRAMS[node]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def _check(self) -> None:
        for process in self._processes.values():
            process.check()


def _restore(environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
