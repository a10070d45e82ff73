# SPDX-License-Identifier: Apache-2.0
"""Hostile inputs: what is read, spoiled in all ways that we could think of."""
