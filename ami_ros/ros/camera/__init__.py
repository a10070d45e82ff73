# SPDX-License-Identifier: Apache-2.0
"""The driver of a USB camera as a node."""
