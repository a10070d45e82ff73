# SPDX-License-Identifier: Apache-2.0
"""Processes that use the nodes: episodes, goals by name, explorations, replays."""
