# SPDX-License-Identifier: Apache-2.0
"""Kinds of goal: what each is called on the wire, and which readings of the robot's sensors it asks for."""
