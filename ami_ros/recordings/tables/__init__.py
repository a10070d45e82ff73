# SPDX-License-Identifier: Apache-2.0
"""Tables of numbers over time, as a plant's historian exports them: CSV and Parquet."""
