# SPDX-License-Identifier: Apache-2.0
"""The driver of an SO-101 as a node."""
