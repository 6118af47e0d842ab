"""table.py - results as text: `#` lines that describe, a line of names, aligned rows.

Columns are parted by two blanks or more, so that cells may hold single ones; a cell is never empty.
Figures with noise read `median [least-most]`.
"""

import re
from statistics import median


def number(value):
    """Three figures that count, never more than three decimals."""
    for digits, above in ((0, 100), (1, 10), (2, 1)):
        if abs(value) >= above:
            return "%.*f" % (digits, value)
    return "%.3f" % value


def spread(values):
    """`median [least-most]`; of one value the value, of none `-`."""
    if not values:
        return "-"
    if len(values) == 1:
        return number(values[0])
    return "%s [%s-%s]" % (number(median(values)), number(min(values)), number(max(values)))


def parse_spread(cell):
    """(median, least, most) of such a cell, None for one that holds no figure."""
    found = re.fullmatch(r"([\d.]+)(?: \[([\d.]+)-([\d.]+)\])?", cell)
    if not found:
        return None
    middle = float(found.group(1))
    return (middle, float(found.group(2) or middle), float(found.group(3) or middle))


def write(path, about, columns, rows):
    """about: lines; rows: lists as long as columns. Figures are set to the right, texts to the left."""
    cells = [columns] + [[str(cell) for cell in row] for row in rows]
    width = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    right = [any(re.match(r"\d", row[i]) for row in cells[1:]) and
             all(re.match(r"\d|-$", row[i]) for row in cells[1:]) for i in range(len(columns))]
    with open(path, "w", encoding="utf-8") as file:
        for line in about:
            file.write("# %s\n" % line if line else "#\n")
        for row in cells:
            line = "  ".join(cell.rjust(width[i]) if right[i] else cell.ljust(width[i])
                             for i, cell in enumerate(row))
            file.write(line.rstrip() + "\n")


def read(path):
    """The rows of a table, each a dictionary by column."""
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    columns = re.split(r"\s{2,}", lines[0])
    return [dict(zip(columns, re.split(r"\s{2,}", line))) for line in lines[1:]]
