# SPDX-License-Identifier: Apache-2.0
"""Processes, files, locks and memory of the local machine."""
