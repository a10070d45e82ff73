# SPDX-License-Identifier: Apache-2.0
"""Training, probes and evaluation of a world model."""
