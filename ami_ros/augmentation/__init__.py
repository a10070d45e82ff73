# SPDX-License-Identifier: Apache-2.0
"""Variation as in a simulator, from recordings alone: other looks, odd pictures, impossible events."""
