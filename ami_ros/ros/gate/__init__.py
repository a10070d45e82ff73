# SPDX-License-Identifier: Apache-2.0
"""The safety gate as a node."""
