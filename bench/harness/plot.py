"""Horizontal bars with a whisker from the least to the most, as SVG. No library, one file a plot.

On a logarithmic scale, which has no zero for a bar to begin at, there are dots instead.
"""

import dataclasses
import math
from xml.sax.saxutils import escape

from . import stats

WIDTH, LABELS, ROW, TOP, RIGHT = 860, 250, 26, 58, 110
STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 } .small { font-size: 11px; fill: #57606a }
.limit { fill: #8c959f } .ours { fill: #0969da } .peer { fill: #bf8700 }
.grid { stroke: #d0d7de } .whisker { stroke: #24292f; stroke-width: 1.5; fill: none }
.target { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 4 3 }
.ground { fill: #ffffff }
@media (prefers-color-scheme: dark) {
text, .title { fill: #e6edf3 } .small { fill: #9198a1 } .grid { stroke: #3d444d } .whisker { stroke: #e6edf3 }
.ours { fill: #4493f8 } .peer { fill: #d29922 } .ground { fill: #0d1117 } }
</style>"""


@dataclasses.dataclass(frozen=True)
class Bar:
    label: str
    value: stats.Spread
    kind: str  # limit, ours or peer: its colour


def bars(title, unit, rows, target=None, log=False):
    """The SVG's text. `target` is a value with a line of its own; `log` for latencies. Rows without a value are left out."""
    rows = [row for row in rows if row.value is not None]
    scale = _LogScale(rows, target) if log else _LinearScale(rows, target)
    height = TOP + ROW * len(rows) + 34
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">',
           STYLE, f'<rect class="ground" width="{WIDTH}" height="{height}"/>', f'<text class="title" x="12" y="24">{escape(title)}</text>',
           f'<text class="small" x="12" y="42">{escape(unit)}: median, least to most</text>']
    bottom = TOP + ROW * len(rows)
    for tick in scale.ticks:
        x = scale.at(tick)
        out.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{bottom}"/>')
        out.append(f'<text class="small" x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{stats.number(tick)}</text>')
    for place, row in enumerate(rows):
        out += _row(row, TOP + ROW * place, scale, dot=log)
    if target is not None:
        x = scale.at(target)
        out.append(f'<line class="target" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{bottom}"><title>target</title></line>')
    return "\n".join([*out, "</svg>"]) + "\n"


def _row(row, y, scale, dot):
    value, low, high = (scale.at(each) for each in (row.value.median, row.value.low, row.value.high))
    middle = y + ROW / 2 - 2
    whisker = f'<path class="whisker" d="M{low:.1f} {middle - 4}v8M{low:.1f} {middle}H{high:.1f}M{high:.1f} {middle - 4}v8"/>'
    bar = f'<rect class="{row.kind}" x="{LABELS}" y="{y + 2}" width="{max(value - LABELS, 0.5):.1f}" height="{ROW - 8}" rx="2"/>'
    mark = f'<circle class="{row.kind}" cx="{value:.1f}" cy="{middle}" r="6"/>' if dot else bar
    return [f'<text x="{LABELS - 8}" y="{middle + 5}" text-anchor="end">{escape(row.label)}</text>', mark, whisker if row.value.count > 1 else "",
            f'<text class="small" x="{max(high, value) + 8:.1f}" y="{middle + 4}">{stats.number(row.value.median)}</text>']


class _LinearScale:
    def __init__(self, rows, target):
        most = max([row.value.high for row in rows] + [target or 0]) or 1.0
        step = 10 ** math.floor(math.log10(most))
        step = next(step * part for part in (0.1, 0.2, 0.25, 0.5, 1.0, 2.0) if most / (step * part) <= 6)
        self.most, self.ticks = most, [step * n for n in range(int(most / step) + 1)]

    def at(self, value):
        return LABELS + (WIDTH - LABELS - RIGHT) * value / self.most


class _LogScale:
    def __init__(self, rows, target):
        values = [each for row in rows for each in (row.value.low, row.value.high) if each > 0] + ([target] if target else [])
        self.first = math.floor(math.log10(min(values, default=1)))
        self.last = max(self.first + 1, math.ceil(math.log10(max(values, default=10))))
        self.ticks = [10 ** n for n in range(self.first, self.last + 1)]

    def at(self, value):
        place = (math.log10(max(value, 10 ** self.first)) - self.first) / (self.last - self.first)
        return LABELS + (WIDTH - LABELS - RIGHT) * place
