# SPDX-License-Identifier: Apache-2.0
"""What config/sros2/policy.xml lets a node do, and what a node does."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from ami_ros.settings.share import config_path

Use = tuple[str, str]  # publish, subscribe or reply, and the name of the topic or service


def allowed() -> dict[str, set[Use]]:
    """Return node -> what its profile allows, names as in the root namespace."""
    found: dict[str, set[Use]] = {}
    for profile in ElementTree.parse(config_path("sros2", "policy.xml")).iter("profile"):
        node = profile.get("node", "")
        uses = found.setdefault(node, set())
        for group in profile:
            for use, permission in group.attrib.items():
                assert permission == "ALLOW"
                uses |= {(use, _whole(str(entry.text), node)) for entry in group}
    return found


def uses(observer: Any, node: str) -> set[Use]:
    """Return what the node of that name does, as another one sees it."""
    asked = {
        "publish": observer.get_publisher_names_and_types_by_node,
        "subscribe": observer.get_subscriber_names_and_types_by_node,
        "reply": observer.get_service_names_and_types_by_node,
        "request": observer.get_client_names_and_types_by_node,
    }
    return {(use, name) for use, ask in asked.items() for name, _ in ask(node, "/")}


def _whole(name: str, node: str) -> str:
    return name if name.startswith("/") else f"/{name.replace('~', node)}"
