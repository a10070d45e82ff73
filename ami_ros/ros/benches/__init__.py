# SPDX-License-Identifier: Apache-2.0
"""Measurements over topics: camera transport, and the gate's ticks."""
