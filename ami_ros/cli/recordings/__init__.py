# SPDX-License-Identifier: Apache-2.0
"""Verbs for recordings: one file each."""
