# SPDX-License-Identifier: Apache-2.0
"""Recordings of a real robot: what a model made of them foresees, sees, plans and is surprised by."""
