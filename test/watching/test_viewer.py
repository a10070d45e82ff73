# SPDX-License-Identifier: Apache-2.0
"""The viewer's process: this machine alone reaches it, and it ends with us."""

from __future__ import annotations

import socket
import urllib.request

import pytest

pytest.importorskip("rerun", reason="needs the extra 'watch'")

from ami_ros.errors import ProcessError
from ami_ros.watching.viewer import HOST, page, start_viewer


def free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        return server.getsockname()[1]


def elsewhere() -> str:
    """Return another address of this machine, as others would use it."""
    return next((ip for *_, (ip, *_) in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)), HOST)


def test_a_page_is_served_to_this_machine_alone():
    web_port = free_port()
    viewer, address = start_viewer(web_port)
    try:
        with urllib.request.urlopen(page(address, web_port), timeout=30.0) as answer:
            assert answer.status == 200
        port = int(address.removesuffix("/proxy").rpartition(":")[2])
        for taken in (port, web_port):
            if (there := elsewhere()) != HOST:
                with pytest.raises(OSError):
                    socket.create_connection((there, taken), timeout=1.0)
    finally:
        viewer.terminate()
        assert viewer.wait(15.0) is not None


def test_a_port_that_is_taken_is_an_error_in_words():
    with socket.create_server((HOST, 0)) as server, pytest.raises(ProcessError, match="viewer did not start"):
        start_viewer(server.getsockname()[1])
