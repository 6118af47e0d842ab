"""test_bench.py - the benchmark's own checks: python3 tests/bench/test_bench.py [RESULTS]

Of the helpers; of the results kept in the project, whose drawings must be those of their tables; and of
RESULTS, when named: every table has rows and no answer failed.
"""

import os
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

import answers
import measure
import plot
import table

HERE = os.path.dirname(os.path.abspath(__file__))
KEPT = os.path.join(HERE, "results")
GIVEN = sys.argv.pop() if len(sys.argv) > 1 else None


class Tables(unittest.TestCase):
    """What is written is what is read."""

    def test_figures(self):
        """Three figures that count; noise is told."""
        self.assertEqual([table.number(x) for x in (123.4, 12.34, 1.234, 0.01234)],
                         ["123", "12.3", "1.23", "0.012"])
        self.assertEqual(table.spread([3, 1, 2]), "2.00 [1.00-3.00]")
        self.assertEqual(table.spread([5]), "5.00")
        self.assertEqual(table.spread([]), "-")
        self.assertEqual(table.parse_spread("2.00 [1.00-3.00]"), (2, 1, 3))
        self.assertEqual(table.parse_spread("5"), (5, 5, 5))
        self.assertIsNone(table.parse_spread("-"))
        self.assertIsNone(table.parse_spread("skipped: 3 reasons"))

    def test_round_trip(self):
        """Cells may hold single blanks; comments are no rows."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t.txt")
            table.write(path, ["about", ""], ["a step", "seconds"],
                        [["import all", "1.00 [0.90-1.10]"], ["x", "-"]])
            self.assertEqual(table.read(path), [{"a step": "import all", "seconds": "1.00 [0.90-1.10]"},
                                                {"a step": "x", "seconds": "-"}])


class Measures(unittest.TestCase):
    """What a command took."""

    def test_run(self):
        """Status, output, processor time and memory are the command's."""
        busy = "x = bytearray(60 << 20); n = sum(range(3000000)); print(len(x)); raise SystemExit(3)"
        sample = measure.run([sys.executable, "-c", busy])
        self.assertEqual((sample.status, sample.output), (3, "62914560\n"))
        self.assertGreater(sample.seconds, 0)
        self.assertGreater(sample.cpu, 0)
        self.assertTrue(60 < sample.peak < 200, sample.peak)

    def test_limit(self):
        """Whoever takes too long is ended, and has no status."""
        self.assertIsNone(measure.run(["sleep", "60"], limit=0.2).status)

    def test_must(self):
        """A failure is not measured."""
        with self.assertRaises(SystemExit):
            measure.must(["false"])


class Plots(unittest.TestCase):
    """What is drawn."""

    def test_slope(self):
        """Of powers it is the power; of the last two decades only."""
        for power in (0.5, 1, 2):
            points = [(x, 3 * x ** power, 0, 0) for x in (1e4, 1e5, 1e6)]
            self.assertAlmostEqual(plot.slope(points), power)
        self.assertAlmostEqual(plot.slope([(10, 99, 0, 0), (1e4, 1, 0, 0), (1e5, 10, 0, 0)]), 1)
        self.assertIsNone(plot.slope([(10, 1, 0, 0)]))

    def test_chart(self):
        """It is XML, everything lies on the page, texts are escaped, what is empty is left out."""
        drawn = plot.chart("A & B", "s", {"one": [(1e4, .5, .4, .6), (1e6, 700, 600, 800)],
                                          "none": [], "zero": [(1e3, 0, 0, 0)]})
        root = xml.fromstring(drawn)
        circles = [one for one in root if one.tag.endswith("circle")]
        self.assertEqual(len(circles), 2)
        for one in circles:
            self.assertTrue(plot.LEFT <= float(one.get("cx")) <= plot.WIDTH - plot.RIGHT)
            self.assertTrue(plot.TOP <= float(one.get("cy")) <= plot.HEIGHT - plot.BOTTOM)
        self.assertIn("slope 1.57", drawn)
        self.assertNotIn("zero", drawn)
        xml.fromstring(plot.chart("nothing", "s", {}))

    def test_legend(self):
        """Names never lie over each other."""
        many = [(str(i), [(1, 1, 1, 1)], 200, "") for i in range(12)]
        places = [y for y, _, _ in plot.legend(many)]
        self.assertTrue(all(b - a >= 17 for a, b in zip(places, places[1:])))


class Results(unittest.TestCase):
    """Of a measurement."""

    def test_kept_drawings_are_those_of_the_tables(self):
        """Nobody changes one without the other."""
        if not os.path.exists(os.path.join(KEPT, "growth.txt")):
            self.skipTest("no results are kept")
        for name, drawing in plot.draw(KEPT).items():
            with open(os.path.join(KEPT, name + ".svg"), encoding="utf-8") as file:
                self.assertEqual(file.read(), drawing, name)

    def test_given_results_are_whole(self):
        """All steps were measured, all questions answered, drawings are XML."""
        if GIVEN is None:
            self.skipTest("no results are given")
        steps = [row["step"] for row in table.read(os.path.join(GIVEN, "growth.txt"))]
        for step in ("import events", "import, all", "detect", "detect: writing", "evaluate"):
            self.assertIn(step, steps)
        asked = table.read(os.path.join(GIVEN, "answers.txt"))
        self.assertGreater(len(asked), 25)
        verdict = "limit of %d ms" % answers.LIMIT_MS
        self.assertEqual([row["asked"] for row in asked if row[verdict] == "failed"], [])
        self.assertTrue(table.read(os.path.join(GIVEN, "database.txt")))
        self.assertTrue(table.read(os.path.join(GIVEN, "quality.txt")))
        for name in plot.draw(GIVEN):
            xml.parse(os.path.join(GIVEN, name + ".svg"))


if __name__ == "__main__":
    unittest.main()
