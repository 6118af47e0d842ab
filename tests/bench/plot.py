"""plot.py - draws the tables of growth.py: how figures grow with accounts, both scales logarithmic.

    plot.py RESULTS       reads growth.txt, database.txt and answers.txt, writes import.svg, detect.svg,
                          memory.svg, database.svg and answers.svg beside them

A line carries its slope over the last two decades of accounts: 1.00 is linear, 2.00 quadratic.
Whiskers are the least and the most of the repetitions.
"""

import math
import os
import sys
from html import escape

import table

WIDTH, HEIGHT = 860, 470
LEFT, RIGHT, TOP, BOTTOM = 70, 300, 46, 52
COLOURS = ["#0b5fa5", "#c2410c", "#15803d", "#7e22ce", "#b91c1c", "#0e7490", "#854d0e", "#be185d",
           "#475569", "#4d7c0f"]


def slope(points):
    """Least squares of log y over log x, of points no more than two decades below the last; None for
    fewer than two points. points: (x, y, least, most), rising in x."""
    late = [(math.log(x), math.log(y)) for x, y, *_ in points if x * 100 >= points[-1][0]]
    if len(late) < 2:
        return None
    mid_x = sum(x for x, _ in late) / len(late)
    mid_y = sum(y for _, y in late) / len(late)
    return (sum((x - mid_x) * (y - mid_y) for x, y in late) /
            sum((x - mid_x) ** 2 for x, _ in late))


def short(value):
    """10k, 5M, 0.01."""
    for unit, name in ((1000000, "M"), (1000, "k")):
        if value >= unit:
            return "%g%s" % (value / unit, name)
    return "%g" % value


class Axis:
    """A logarithmic scale from whole decades to whole decades, on a stretch of the page."""

    def __init__(self, values, start, end):
        self.low = math.floor(math.log10(min(values)) + 1e-9)
        self.high = max(math.ceil(math.log10(max(values)) - 1e-9), self.low + 1)
        self.start, self.end = start, end

    def at(self, value):
        """The place of a value."""
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def decades(self):
        """Powers of ten with a mark."""
        return [10.0 ** power for power in range(self.low, self.high + 1)]


def text(x, y, words, more=""):
    """One text."""
    return '<text x="%.1f" y="%.1f"%s>%s</text>' % (x, y, more, escape(words))


def frame(title, what, across, up):
    """Title, grid and names of the axes."""
    out = [text(LEFT, 24, title, ' class="title"')]
    for value in across.decades():
        x = across.at(value)
        out += ['<path class="grid" d="M%.1f %dV%d"/>' % (x, TOP, HEIGHT - BOTTOM),
                text(x, HEIGHT - BOTTOM + 18, short(value), ' text-anchor="middle"')]
    for value in up.decades():
        y = up.at(value)
        out += ['<path class="grid" d="M%d %.1fH%d"/>' % (LEFT, y, WIDTH - RIGHT),
                text(LEFT - 8, y + 4, short(value), ' text-anchor="end"')]
    out += [text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "accounts", ' text-anchor="middle"'),
            text(LEFT, TOP - 6, what)]
    return out


def line(points, colour, across, up):
    """Points with whiskers, and the line through them."""
    path = " ".join("%.1f,%.1f" % (across.at(x), up.at(y)) for x, y, *_ in points)
    out = ['<polyline points="%s" style="stroke:%s"/>' % (path, colour)]
    for x, y, least, most in points:
        out.append('<circle cx="%.1f" cy="%.1f" r="3" style="fill:%s"/>' % (across.at(x), up.at(y),
                                                                           colour))
        if most > least > 0:
            out.append('<path d="M%.1f %.1fV%.1f" style="stroke:%s"/>' % (
                across.at(x), up.at(least), up.at(most), colour))
    return out


def legend(series):
    """[(name, points, place)]: the names at the height of their last point, moved apart."""
    y = TOP
    for name, points, wanted, colour in sorted(series, key=lambda one: one[2]):
        y = max(y + 17, wanted + 4)
        steep = slope(points)
        words = name if steep is None else "%s, slope %.2f" % (name, steep)
        yield y, words, colour


def chart(title, what, series):
    """The whole drawing, of {name: points}; points without a figure above zero are left out."""
    series = {name: [point for point in points if point[1] > 0] for name, points in series.items()}
    series = {name: points for name, points in series.items() if points}
    every = [point for points in series.values() for point in points]
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d">'
           % (WIDTH, HEIGHT, WIDTH, HEIGHT),
           "<style>text{font:13px sans-serif;fill:#222}.title{font-weight:bold;font-size:15px}"
           ".grid{stroke:#ddd}polyline{fill:none;stroke-width:2}</style>",
           '<rect width="%d" height="%d" fill="white"/>' % (WIDTH, HEIGHT)]
    if every:
        across = Axis([point[0] for point in every], LEFT, WIDTH - RIGHT)
        up = Axis([y for point in every for y in point[1:] if y > 0], HEIGHT - BOTTOM, TOP)
        out += frame(title, what, across, up)
        named = []
        for number, (name, points) in enumerate(series.items()):
            colour = COLOURS[number % len(COLOURS)]
            out += line(points, colour, across, up)
            named.append((name, points, up.at(points[-1][1]), colour))
        names = list(legend(named))
        over = max(0, names[-1][0] - (HEIGHT - BOTTOM))  # when the lowest are crowded: all go up
        for y, words, colour in names:
            out.append(text(WIDTH - RIGHT + 12, y - over, words, ' style="fill:%s"' % colour))
    return "\n".join(out + ["</svg>", ""])


def points_of(rows, column):
    """(x, y, least, most) of a column, by accounts."""
    found = [(int(row["accounts"]), table.parse_spread(row[column])) for row in rows]
    return sorted((x, *figure) for x, figure in found if figure)


def series_of(rows, by, column, chosen):
    """{name: points} of the rows whose `by` is chosen: {its text: the name to show}."""
    return {name: points_of([row for row in rows if row[by] == key], column)
            for key, name in chosen.items()}


def draw(results):
    """All drawings of a folder of results."""
    growth = table.read(os.path.join(results, "growth.txt"))
    database = table.read(os.path.join(results, "database.txt"))
    answers = table.read(os.path.join(results, "answers.txt"))
    steps = dict.fromkeys(row["step"] for row in growth)
    imports = {step: step for step in steps if step.startswith("import")}
    stages = {step: step.removeprefix("detect: ") for step in steps
              if step.startswith("detect: ") and not step.endswith(": shuffling")}
    memory = {"import events": "import events", "detect": "detect",
              "detect with shuffles": "detect with shuffles"}
    slowest = sorted((row for row in answers), reverse=True,
                     key=lambda row: (int(row["accounts"]), table.parse_spread(row["milliseconds"])[0]))
    shown = dict.fromkeys(row["asked"] for row in slowest[:10])
    return {
        "import": chart("Import", "seconds", series_of(growth, "step", "seconds", imports)),
        "detect": chart("Detection", "seconds", series_of(
            growth, "step", "seconds", {"detect": "all, without shuffles",
                                        "detect with shuffles": "all, with shuffles", **stages})),
        "memory": chart("Peak memory", "MiB", series_of(growth, "step", "peak MiB", memory)),
        "database": chart("Database", "MiB", {
            "files imported": points_of(database, "input MiB"),
            "database": points_of(database, "database MiB"),
            "with one run": points_of(database, "with a run MiB")}),
        "answers": chart("The slowest answers", "milliseconds", series_of(
            answers, "asked", "milliseconds",
            {name: name.removeprefix("query ") for name in shown})),
    }


def main():
    """Writes them."""
    for name, drawing in draw(sys.argv[1]).items():
        with open(os.path.join(sys.argv[1], name + ".svg"), "w", encoding="utf-8") as file:
            file.write(drawing)


if __name__ == "__main__":
    main()
