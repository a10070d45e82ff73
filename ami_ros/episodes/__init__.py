# SPDX-License-Identifier: Apache-2.0
"""Episodes on disk and the training windows drawn from them."""
