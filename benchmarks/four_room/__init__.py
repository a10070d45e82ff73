# SPDX-License-Identifier: Apache-2.0
"""FourRoom Distractors, a port: four rooms, four doors, and a second dot that looks like the agent.

Written from the published description, not from code. Source: "H-JEPA", arXiv 2610.06805.
"""
