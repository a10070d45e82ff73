# SPDX-License-Identifier: Apache-2.0
"""Episodes in process and through topics, their baselines and figures."""
