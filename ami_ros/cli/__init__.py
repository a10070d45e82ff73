# SPDX-License-Identifier: Apache-2.0
"""The ami-ros command line: one file per verb."""
