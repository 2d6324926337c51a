# SPDX-License-Identifier: Apache-2.0
"""A figure out of many samples: the median, and the interval that holds the true one in 95 of 100 runs."""
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

DOUBT = 0.05


@dataclass(frozen=True)
class Figure:
    middle: float
    low: float
    high: float


def exact(value: float) -> Figure:
    """What repeats exactly."""
    return Figure(value, value, value)


def median(values: Sequence[float]) -> Figure:
    """The interval by the sign test: between two of the values themselves, whatever their distribution is."""
    ordered = sorted(values)
    outside = values_outside(len(ordered))
    return Figure(statistics.median(ordered), ordered[outside], ordered[-1 - outside])


def values_outside(count: int) -> int:
    """How many of the lowest can be left out, and of the highest: each value is above the true median as often as below it."""
    left_out = 0
    while 2 * sum(math.comb(count, below) for below in range(left_out + 2)) / 2**count <= DOUBT:
        left_out += 1
    return left_out


def ratio(ones: Sequence[float], others: Sequence[float]) -> Figure:
    """Of neighbours in time, so that what a machine does beside falls on both."""
    return median([one / other for one, other in zip(ones, others, strict=True)])


def difference(ones: Sequence[float], others: Sequence[float]) -> Figure:
    return median([one - other for one, other in zip(ones, others, strict=True)])
