"""The ledger: its table in three conventions, its sums, and its refusals."""

import dataclasses
from html.parser import HTMLParser

import pytest

from cnnkit import zoo
from cnnkit.errors import ArgumentError
from cnnkit.layers import BatchNorm2d, Conv2d, Linear, ReLU
from cnnkit.ledger import CONVENTIONS
from cnnkit.network import Network

TRUE = """\
report_cnn
layer      output  parameters  not trained  neurons  multiply-adds   sees
─────────────────────────────────────────────────────────────────────────
input     3×32×32
conv1    32×32×32       2,432            ·   32,768      2,457,600    5×5
relu1    32×32×32           ·            ·        ·              ·    5×5
pool1    32×16×16           ·            ·        ·              ·    6×6
conv2    64×16×16      51,264            ·   16,384     13,107,200  14×14
relu2    64×16×16           ·            ·        ·              ·  14×14
pool2      64×8×8           ·            ·        ·              ·  16×16
conv3     128×8×8     204,928            ·    8,192     13,107,200  32×32
relu3     128×8×8           ·            ·        ·              ·  32×32
pool3     128×4×4           ·            ·        ·              ·  36×36
flatten      2048           ·            ·        ·              ·  32×32
fc1            64     131,136            ·       64        131,072  32×32
relu4          64           ·            ·        ·              ·  32×32
fc2            10         650            ·       10            640  32×32
─────────────────────────────────────────────────────────────────────────
total                 390,410            0   57,418     28,803,712
390,410 parameters."""

REPORT = """\
report_cnn
layer      output  parameters  not trained  neurons  multiply-adds   sees
─────────────────────────────────────────────────────────────────────────
input     3×32×32
conv1    32×32×32         832            ·   32,768      2,457,600    5×5
relu1    32×32×32           ·            ·        ·              ·    5×5
pool1    32×16×16           ·            ·        ·              ·    6×6
conv2    64×16×16       1,664            ·   16,384     13,107,200  14×14
relu2    64×16×16           ·            ·        ·              ·  14×14
pool2      64×8×8           ·            ·        ·              ·  16×16
conv3     128×8×8       3,328            ·    8,192     13,107,200  32×32
relu3     128×8×8           ·            ·        ·              ·  32×32
pool3     128×4×4           ·            ·        ·              ·  36×36
flatten      2048           ·            ·        ·              ·  32×32
fc1            64     131,136            ·       64        131,072  32×32
relu4          64           ·            ·        ·              ·  32×32
fc2            10         650            ·       10            640  32×32
─────────────────────────────────────────────────────────────────────────
total                 137,610            0   57,418     28,803,712
137,610 parameters as booked in the report: the input channels are missing."""

NORMALISED = """\
layer   output  parameters  not trained  neurons  multiply-adds  sees
─────────────────────────────────────────────────────────────────────
input    3×8×8
conv   4×10×10         300            ·      400         30,000   5×5
bn     4×10×10           8            8        ·              ·   5×5
─────────────────────────────────────────────────────────────────────
total                  308            8      400         30,000
{caption}"""


def normalised():
    return Network((3, 8, 8), [Conv2d(3, 4, 5, padding=3, bias=False), BatchNorm2d(4)])


@pytest.mark.parametrize(("convention", "table"), [("keras", TRUE), ("torch", TRUE), ("report", REPORT)])
def test_the_repr_is_the_table(convention, table):
    assert table == repr(zoo.report_cnn().ledger(convention))


@pytest.mark.parametrize(
    ("convention", "total", "caption"),
    [
        ("keras", 316, "316 parameters, of which 308 are trained."),
        ("torch", 308, "308 parameters; 8 running statistics are buffers."),
    ],
)
def test_running_statistics_are_booked_as_the_convention_says(convention, total, caption):
    ledger = normalised().ledger(convention)
    assert (total, 308, 8) == (ledger.total, ledger.trainable, ledger.statistics)
    assert NORMALISED.format(caption=caption) == repr(ledger)


def test_the_report_books_every_convolution_as_if_its_input_had_one_channel():
    ledger = zoo.report_cnn().ledger("report")
    lines = [ledger.parameters(row) for row in ledger if row.layer.parameters]
    assert lines == [832, 1664, 3328, 131136, 650]
    assert sum(lines) == ledger.total == ledger.trainable == 137610
    missing = [row.layer.in_channels for row in ledger.of_kind("conv")]
    assert missing == [3, 32, 64]
    corrected = [
        (line - row.output_shape[0]) * channels + row.output_shape[0]
        for line, row, channels in zip(lines, ledger.of_kind("conv"), missing, strict=False)
    ]
    assert corrected == [2432, 51264, 204928]
    assert normalised().ledger("report")["conv"].reported == 4 * 5 * 5


def test_the_sums_are_those_of_the_rows():
    ledger = zoo.cs7011().ledger()
    for column in ("trainable", "statistics", "neurons", "multiply_adds"):
        assert sum(getattr(row, column) for row in ledger.rows) == getattr(ledger, column)
    assert sum(map(ledger.parameters, ledger)) == ledger.total


def test_the_rows_of_one_kind_keep_the_convention():
    report = zoo.report_cnn().ledger("report").of_kind("conv")
    assert (len(report), report.convention, report.total) == (3, "report", 832 + 1664 + 3328)
    assert len(zoo.report_cnn().ledger().of_kind("bn")) == 0


def test_vectors_see_no_pixels_and_an_empty_network_has_an_empty_table():
    expected = """\
layer  output  parameters  not trained  neurons  multiply-adds  sees
────────────────────────────────────────────────────────────────────
input     784
fc         10       7,850            ·       10          7,840
────────────────────────────────────────────────────────────────────
total               7,850            0       10          7,840
7,850 parameters."""
    assert expected == repr(Network((784,), [Linear(784, 10)]).ledger())
    assert repr(Network((784,), []).ledger()).endswith("\n0 parameters.")


class Cells(HTMLParser):
    """Collects the texts of a table's cells, row by row, and every tag that it meets."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.caption, self.tags, self.open = [], "", [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data
        else:
            self.caption += data


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_the_html_holds_what_the_text_holds(convention):
    ledger = zoo.cs7011().ledger(convention)
    table = Cells(ledger._repr_html_())
    title, head, _, *rows, _, total, caption = repr(ledger).splitlines()
    assert [" ".join(filter(None, row)) for row in table.rows] == [
        " ".join(line.split()) for line in (head, *rows, total)
    ]
    assert table.caption == f"{title} {caption}"
    assert table.open == []


def test_the_html_escapes_the_names_that_people_give():
    net = Network((3, 8, 8), [("<script>alert(1)</script>", ReLU())], name="a < b & <i>c</i>")
    table = Cells(net.ledger()._repr_html_())
    assert {"script", "i"}.isdisjoint(table.tags)
    assert table.rows[2][0] == "<script>alert(1)</script>"
    assert table.caption.startswith("a < b & <i>c</i>")


def test_an_unknown_convention_is_told_the_known_ones():
    message = (
        "ledger: `convention` is 'Keras', expected one of keras, torch, report."
        " Name the way of counting that you mean."
    )
    with pytest.raises(ArgumentError) as caught:
        zoo.report_cnn().ledger("Keras")
    assert message == str(caught.value)


def test_a_name_that_no_row_has_is_told_the_names():
    message = (
        "ledger: `conv1` is no layer of this network, expected one of conv, bn. Take one of these names."
    )
    with pytest.raises(ArgumentError) as caught:
        normalised().ledger()["conv1"]
    assert message == str(caught.value)


def test_a_ledger_is_a_value():
    assert zoo.report_cnn().ledger() == zoo.report_cnn().ledger()
    assert zoo.report_cnn().ledger() != zoo.report_cnn().ledger("report")
    with pytest.raises(dataclasses.FrozenInstanceError):
        zoo.report_cnn().ledger().rows = ()
