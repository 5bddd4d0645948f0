"""The plots: well-formed SVG with a bar for every value, inside the picture."""

import xml.etree.ElementTree as xml

import pytest

from harness import plot, stats

SVG = "{http://www.w3.org/2000/svg}"
ROWS = [plot.Bar("limit", stats.Spread(10.0, 9.0, 11.0, 5), "limit"), plot.Bar("chatd <memory> & co", stats.Spread(8.0, 7.5, 8.5, 5), "ours"),
        plot.Bar("one round", stats.Spread(4.0, 4.0, 4.0, 1), "peer"), plot.Bar("not measured", None, "peer")]


def parsed(*args, **kw):
    return xml.fromstring(plot.bars(*args, **kw))


@pytest.mark.parametrize("log", [False, True])
def test_every_measured_value_has_a_mark_within_the_picture(log):
    root = parsed("1 -> 1000 & more", "deliveries a second", ROWS, log=log)
    marks = [each for each in root.iter(SVG + ("circle" if log else "rect")) if each.get("class") != "ground"]
    assert [mark.get("class") for mark in marks] == ["limit", "ours", "peer"]
    for mark in marks:
        end = float(mark.get("cx")) if log else float(mark.get("x")) + float(mark.get("width"))
        assert plot.LABELS <= end <= float(root.get("width"))
    labels = [each.text for each in root.iter(SVG + "text")]
    assert "chatd <memory> & co" in labels and "1 -> 1000 & more" in labels and "not measured" not in labels


def test_the_ends_of_a_logarithmic_scale_are_powers_of_ten():
    dots = [plot.Bar("a", stats.Spread(10.0, 10.0, 10.0, 1), "ours"), plot.Bar("b", stats.Spread(1000.0, 1000.0, 1000.0, 1), "ours")]
    first, last = [float(each.get("cx")) for each in parsed("t", "u", dots, log=True).iter(SVG + "circle")]
    assert (first, last) == (plot.LABELS, plot.WIDTH - plot.RIGHT)


def test_bars_are_as_long_as_their_values():
    limit, ours, peer = [float(each.get("width")) for each in parsed("t", "u", ROWS).iter(SVG + "rect") if each.get("class") != "ground"]
    assert ours / limit == pytest.approx(0.8, abs=0.01)
    assert peer / limit == pytest.approx(0.4, abs=0.01)


def test_only_several_rounds_have_a_whisker():
    assert len([each for each in parsed("t", "u", ROWS).iter(SVG + "path")]) == 2


def test_a_target_is_drawn_even_beyond_all_values():
    line = [each for each in parsed("t", "u", ROWS, target=20.0).iter(SVG + "line") if each.get("class") == "target"]
    assert len(line) == 1 and float(line[0].get("x1")) <= plot.WIDTH


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("values", [[], [0.0], [1e-6, 3.0], [1.0], [123456789.0]])
def test_strange_values_still_make_a_picture(values, log):
    rows = [plot.Bar("x", stats.Spread(value, value, value, 1), "ours") for value in values]
    parsed("t", "u", rows, log=log)
