# SPDX-License-Identifier: Apache-2.0
"""Planning in latent space: objective, CEM, MPPI and the receding horizon."""
