# SPDX-License-Identifier: Apache-2.0
"""A plot of a few curves over linear axes from 0, as SVG: what is a straight line there is one."""
import math
from html import escape

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 44, 48
COLOURS = ("#1f6feb", "#d1580a", "#1a7f37")
STYLE = "font-family: sans-serif; font-size: 12px"
Curve = list[tuple[float, float]]


def step(most: float) -> float:
    """Between two lines of the grid: 1, 2 or 5 times a power of ten, so that there are at most eight."""
    size = 10 ** math.floor(math.log10(most / 5))
    return next(size * factor for factor in (1, 2, 5, 10) if most / (size * factor) <= 8)


def ticks(most: float) -> list[float]:
    each = step(most)
    return [each * number for number in range(math.ceil(most / each - 1e-9) + 1)]


class Plot:
    def __init__(self, curves: dict[str, Curve]):
        points = [point for curve in curves.values() for point in curve]
        self.across, self.up = (ticks(max(point[axis] for point in points)) for axis in (0, 1))

    def x(self, value: float) -> float:
        return LEFT + value / self.across[-1] * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - value / self.up[-1] * (HEIGHT - TOP - BOTTOM)


def line(*ends: float, colour: str) -> str:
    return '<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}"/>'.format(*ends, colour)


def text(x: float, y: float, words: str, anchor: str = "middle", more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#333"{more}>{escape(words)}</text>'


def axes(plot: Plot, label: str) -> list[str]:
    shown = []
    for value in plot.up:
        shown.append(line(LEFT, plot.y(value), WIDTH - RIGHT, plot.y(value), colour="#ddd"))
        shown.append(text(LEFT - 8, plot.y(value) + 4, f"{value:,g}", "end"))
    for value in plot.across:
        shown.append(line(plot.x(value), HEIGHT - BOTTOM, plot.x(value), HEIGHT - BOTTOM + 5, colour="#333"))
        shown.append(text(plot.x(value), HEIGHT - BOTTOM + 18, f"{value:,.10g}"))
    shown.append(line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, colour="#333"))
    shown.append(text(WIDTH / 2, HEIGHT - 10, label))
    shown.append(text(16, HEIGHT / 2, "ms until execve", more=f' transform="rotate(-90 16 {HEIGHT / 2:.0f})"'))
    return shown


def drawn(plot: Plot, curve: Curve, colour: str) -> list[str]:
    places = [(plot.x(x), plot.y(y)) for x, y in curve]
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
    return [f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>', *dots]


def chart(title: str, label: str, curves: dict[str, Curve]) -> str:
    plot = Plot(curves)
    shown = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>', text(WIDTH / 2, 20, title, more=' font-weight="bold"')]
    shown += axes(plot, label)
    for number, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[number]
        shown += drawn(plot, curve, colour)
        if len(curves) > 1:
            at = LEFT + 16 + number * 120
            shown.append(f'<rect x="{at}" y="30" width="12" height="4" fill="{colour}"/>')
            shown.append(text(at + 18, 36, name, "start"))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" style="{STYLE}">'
    return "\n".join(["<!-- SPDX-License-Identifier: Apache-2.0; drawn by tests/benchmark/run -->", head, *shown, "</svg>"]) + "\n"
