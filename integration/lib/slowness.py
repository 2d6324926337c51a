# SPDX-License-Identifier: Apache-2.0
"""How much longer everything may take than on real hardware: HARDENED_TEST_SLOWNESS, 1 unless set (an emulated machine sets it)."""
import os
import time
from collections.abc import Iterator

FACTOR = float(os.environ.get("HARDENED_TEST_SLOWNESS", "1"))


def seconds(limit: float) -> float:
    return limit * FACTOR


def moments(limit: float) -> Iterator[None]:
    """Ten times a second for `limit` seconds of real hardware; the caller leaves when it has seen what it waits for."""
    for _ in range(round(seconds(limit) * 10)):
        yield
        time.sleep(0.1)
