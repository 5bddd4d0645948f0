"""Medians, spreads and ratios. A ratio of two subjects is taken round by round, because they share a round's weather."""

import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class Spread:
    """The median of some values, with the smallest and the largest of them."""

    median: float
    low: float
    high: float
    count: int


def median(values):
    values = sorted(values)
    if not values:
        raise ValueError("no median of nothing")
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def spread(values):
    """A Spread, or None when nothing was measured."""
    values = [value for value in values if value is not None]
    return Spread(median(values), min(values), max(values), len(values)) if values else None


def ratios(ours, theirs):
    """{round: value} of two subjects -> Spread of ours/theirs over the rounds that have both, or None."""
    return spread([ours[each] / theirs[each] for each in sorted(ours) if ours[each] is not None and theirs.get(each)])


def number(value, digits=3):
    """Three significant digits are more than a benchmark knows; 1234567 -> '1.23 M'."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    for size, suffix in ((1e9, " G"), (1e6, " M"), (1e4, " k")):
        if abs(value) >= size:
            return _significant(value / (1e3 if suffix == " k" else size), digits) + suffix
    return _significant(value, digits)


def _significant(value, digits):
    after_point = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{after_point}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def with_spread(value, digits=3):
    """'median (low-high)'; the median alone when there was one round."""
    if value is None:
        return "-"
    if value.count == 1:
        return number(value.median, digits)
    return f"{number(value.median, digits)} ({number(value.low, digits)}-{number(value.high, digits)})"
