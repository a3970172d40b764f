"""The demo's text: what is read of it, what ConvNetJS makes of it, and what is refused in which words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cnnkit import zoo
from cnnkit.convnetjs import (
    TrainerOptions,
    format_layer_defs,
    layer_defs_of,
    network_of,
    parse_layer_defs,
    parse_trainer,
)
from cnnkit.convnetjs.spec import complete, layer_names
from cnnkit.errors import ArgumentError, CnnkitError, ShapeError
from cnnkit.layers import AvgPool2d, Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU, Sigmoid, Softmax, Tanh
from cnnkit.network import Network

DEMO = (Path(__file__).parent / "fixtures/convnetjs_demo.js").read_text(encoding="utf-8")
DEFS = [
    {"type": "input", "out_sx": 24, "out_sy": 24, "out_depth": 1},
    {"type": "conv", "sx": 5, "filters": 8, "stride": 1, "pad": 2, "activation": "relu"},
    {"type": "pool", "sx": 2, "stride": 2},
    {"type": "conv", "sx": 5, "filters": 16, "stride": 1, "pad": 2, "activation": "relu"},
    {"type": "pool", "sx": 3, "stride": 3},
    {"type": "softmax", "num_classes": 10},
]
INPUT, SOFTMAX = DEFS[0], DEFS[-1]
ONE = "layer_defs.push({type:'input', out_sx:24, out_sy:24, out_depth:1});\n"
LAST = "\nlayer_defs.push({type:'softmax', num_classes:10});"


def between(*definitions):
    return [INPUT, *definitions, SOFTMAX]


def test_the_demos_text_is_its_definitions():
    assert parse_layer_defs(DEMO) == DEFS


@pytest.mark.parametrize(
    "text",
    [
        DEMO.replace("'", '"'),
        DEMO.replace(";", ""),
        DEMO.replace("\n", " "),
        DEMO.replace("\n", "\r\n\t"),
        DEMO.replace(" ", "\N{NO-BREAK SPACE}"),
        DEMO.replace("});", ",});"),
        DEMO.replace("layer_defs = []", "var layer_defs = []").replace("net =", "let net ="),
        DEMO.replace("layer_defs.push", "// layer_defs.push({type:'fc'});\nlayer_defs . push"),
        DEMO.replace("layer_defs.push", "/* two\nlines */ layer_defs.push /* } */"),
        DEMO.replace("type", "'type'"),
        DEMO.replace("5,", "5.0,").replace("24", "+24"),
        "layer_defs.push({type:'softmax'}); " + DEMO,
        json.dumps(DEFS, indent=1),
        f"const layer_defs = {json.dumps(DEFS)}; ;",
        f"layer_defs.push({json.dumps(DEFS)[1:-1]},)",
    ],
)
def test_spelling_does_not_matter(text):
    assert parse_layer_defs(text) == DEFS


def test_numbers_and_words_are_read_as_javascript_reads_them():
    text = ONE + "layer_defs.push({type:'fc', num_neurons:2e1, bias_pref:-.5, l2_decay_mul:1.5E-3});" + LAST
    assert parse_layer_defs(text)[1] == {
        "type": "fc",
        "num_neurons": 20,
        "bias_pref": -0.5,
        "l2_decay_mul": 0.0015,
    }


def test_definitions_become_the_layers_that_the_demo_shows():
    specs = complete(DEFS)
    assert [(spec.number, spec.type, str(spec.output_size)) for spec in specs] == [
        (1, "input", "24x24x1"),
        (2, "conv", "24x24x8"),
        (3, "relu", "24x24x8"),
        (4, "pool", "12x12x8"),
        (5, "conv", "12x12x16"),
        (6, "relu", "12x12x16"),
        (7, "pool", "4x4x16"),
        (8, "fc", "1x1x10"),
        (9, "softmax", "1x1x10"),
    ]
    assert [spec.parameters for spec in specs if spec.parameters] == [208, 3216, 2570]


def test_the_reports_variants_count_to_the_courses_numbers():
    sized = (
        DEMO.replace("sx:5", "sx:10").replace("filters:16", "filters:32").replace("filters:8", "filters:16")
    )
    unpooled = "\n".join(line for line in DEMO.splitlines() if "pool" not in line)
    deeper = DEMO.replace(
        "layer_defs.push({type:'softmax'",
        "layer_defs.push({type:'conv', sx:5, filters:16, stride:1, pad:2, activation:'relu'});"
        "layer_defs.push({type:'pool', sx:3, stride:3}); layer_defs.push({type:'softmax'",
    )
    counts = [
        sum(spec.parameters for spec in complete(parse_layer_defs(t))) for t in (DEMO, unpooled, deeper)
    ]
    assert counts == [5994, 95594, 10010]
    sizes = [
        spec.output_size.sx for spec in complete(parse_layer_defs(sized)) if spec.type in ("conv", "pool")
    ]
    assert sizes == [19, 9, 4, 1]


def test_only_an_activation_named_relu_gives_positive_biases():
    layers = complete(
        between(
            {"type": "fc", "num_neurons": 3, "activation": "relu"},
            {"type": "fc", "num_neurons": 3, "activation": "tanh"},
            {"type": "fc", "num_neurons": 3},
            {"type": "relu"},
            {"type": "fc", "num_neurons": 3, "activation": "relu", "bias_pref": 0.7},
        )
    )
    assert [s.options["bias_pref"] for s in layers if s.type == "fc"] == [0.1, 0.0, 0.0, 0.7, 0.0]


def test_activation_comes_before_dropout_and_defaults_are_convnetjs_own():
    layers = complete(
        between({"type": "pool", "sx": 3, "drop_prob": 0.2, "activation": "tanh"}, {"type": "dropout"})
    )
    assert [s.type for s in layers] == ["input", "pool", "tanh", "dropout", "dropout", "fc", "softmax"]
    assert layers[1].options == {"sx": 3, "sy": 3, "stride": 2, "pad": 0}
    assert [s.options["drop_prob"] for s in layers[3:5]] == [0.2, 0.5]
    assert [s.definition for s in layers] == [1, 2, 2, 2, 3, 4, 4]


def test_of_two_words_for_one_thing_convnetjs_own_counts():
    fc = complete(between({"type": "fc", "filters": 9, "num_neurons": 4}))[1]
    assert fc.output_size.depth == 4


TYPES = "input, conv, pool, fc, relu, sigmoid, tanh, dropout, softmax, svm, regression"
CONV = "sx, sy, filters, stride, pad, bias_pref, l1_decay_mul, l2_decay_mul, activation, drop_prob"
STATEMENTS = (
    "layer_defs = [], layer_defs.push({...}), net = new convnetjs.Net(), net.makeLayers(layer_defs) or"
    " trainer = new convnetjs.SGDTrainer(net, {...}). Nothing else is run."
)
TEXT_ERRORS = [
    ("for(var i=0;i<3;i++) {}", f"`text` has `for` in line 2, expected {STATEMENTS}"),
    ("alert(1);", f"`text` has `alert` in line 2, expected {STATEMENTS}"),
    ("layer_defs.pop();", f"`text` has `layer_defs` in line 2, expected {STATEMENTS}"),
    ("layer_defs = eval('[]');", f"`text` has `layer_defs` in line 2, expected {STATEMENTS}"),
    ("3;", f"`text` has `3` in line 2, expected {STATEMENTS}"),
    ("/* open", f"`text` has `/` in line 2, expected {STATEMENTS}"),
    (
        "net = new Magic();",
        "`text` has `Magic` in line 2, expected Net, Trainer or SGDTrainer after `new`. Nothing else is run.",
    ),
    (
        "\n\nlayer_defs.push({type:‘fc’});",
        "`text` has `‘` in line 4, expected ' or \"."
        " Word processors and PDF files curl quotes: type them again.",
    ),
    (
        "layer_defs.push({type:'fc, sx:5});",
        "`text` has `'` in line 2, expected a second ' in the same line. Close the quoted word.",
    ),
    (
        "layer_defs.push({type:'fc', num_neurons:n});",
        "`text` has `n` in line 2, expected a number or a quoted word."
        " Write the value itself: nothing is computed here.",
    ),
    (
        "layer_defs.push({type:'fc', num_neurons:2*3});",
        "`text` has `*` in line 2, expected `,`. Put a comma between options; nothing is computed here.",
    ),
    (
        "layer_defs.push({type:'fc', num_neurons:2, type:'conv'});",
        "`text` has `type` in line 2, expected each option once. Remove one of the two.",
    ),
    (
        "layer_defs.push({type:'fc', num_neurons 2});",
        "`text` has `2` in line 2, expected `:`. Write options as sx:5.",
    ),
    (
        "layer_defs.push({7:'fc'});",
        "`text` has `7` in line 2, expected an option's name. Write options as sx:5.",
    ),
    (
        "layer_defs.push('fc');",
        "`text` has `'fc'` in line 2, expected `{`. Write a definition as {type:'conv', sx:5, filters:8}.",
    ),
    (
        "layer_defs.push({type:'relu'}",
        "`text` has `layer_defs` in line 3, expected `,`. Put a comma or `)` there.",
    ),
    ("net.makeLayers(3);", "`text` has `3` in line 2, expected `layer_defs`. Nothing else is run."),
    ("net = new convnetjs.Net(3);", "`text` has `3` in line 2, expected `)`. Add it."),
]


@pytest.mark.parametrize(("line", "message"), TEXT_ERRORS)
def test_text_that_is_not_the_demos_is_refused(line, message):
    with pytest.raises(ArgumentError) as error:
        parse_layer_defs(ONE + line + LAST)
    assert str(error.value) == f"parse_layer_defs: {message}"


def test_a_text_that_stops_and_no_text_are_refused():
    with pytest.raises(ArgumentError) as error:
        parse_layer_defs("layer_defs.push(")
    assert str(error.value) == (
        "parse_layer_defs: `text` has the end of the text in line 1, expected `{`."
        " Write a definition as {type:'conv', sx:5, filters:8}."
    )
    with pytest.raises(ArgumentError) as error:
        parse_layer_defs(DEFS)
    assert str(error.value) == (
        "parse_layer_defs: `text` is list, expected a string of JavaScript. Paste the text of the demo's box."
    )


DEFINITION_ERRORS = [
    (
        between({"type": "convolution", "sx": 5}),
        f"`type` of definition 2 is 'convolution', expected one of {TYPES}. Did you mean 'conv'?",
    ),
    (
        between({"type": "maxout"}),
        f"`type` of definition 2 is 'maxout', expected one of {TYPES}. ConvNetJS has it, this port has not.",
    ),
    (
        between({"type": 3}),
        f"`type` of definition 2 is 3, expected one of {TYPES}. Take one of these.",
    ),
    (
        between({"sx": 5}),
        f"`type` of definition 2 is missing, expected one of {TYPES}. Add type:'conv', for example.",
    ),
    (
        between({"type": "conv", "sx": 5, "filter": 8}),
        f"`filter` of definition 2 (conv) is unknown, expected only {CONV}. Did you mean 'filters'?",
    ),
    (
        between({"type": "conv", "sx": 5, "filters": 8, "tensor": True}),
        f"`tensor` of definition 2 (conv) is unknown, expected only {CONV}."
        " ConvNetJS has it, this port has not.",
    ),
    (
        between({"type": "conv", "sx": 5}),
        "`filters` of definition 2 (conv) is missing, expected an integer of at least 1."
        " Add filters:8, for example.",
    ),
    (
        between({"type": "pool", "sx": 2, "stride": 0}),
        "`stride` of definition 2 (pool) is 0, expected an integer of at least 1."
        " Write stride:2, for example.",
    ),
    (
        between({"type": "conv", "sx": "5", "filters": 8}),
        "`sx` of definition 2 (conv) is '5', expected an integer of at least 1. Write sx:5, for example.",
    ),
    (
        between({"type": "pool", "sx": 2, "pad": -1}),
        "`pad` of definition 2 (pool) is -1, expected an integer of at least 0. Write pad:0, for example.",
    ),
    (
        between({"type": "conv", "sx": 2.5, "filters": 8}),
        "`sx` of definition 2 (conv) is 2.5, expected an integer of at least 1. Write sx:5, for example.",
    ),
    (
        between({"type": "fc", "num_neurons": float("inf")}),
        "`num_neurons` of definition 2 (fc) is inf, expected an integer of at least 1."
        " Write num_neurons:20, for example.",
    ),
    (
        between({"type": "fc", "num_neurons": 5, "bias_pref": True}),
        "`bias_pref` of definition 2 (fc) is True, expected a number. Write bias_pref:0.1, for example.",
    ),
    (
        between({"type": "fc", "num_neurons": 5, "drop_prob": 1.5}),
        "`drop_prob` of definition 2 (fc) is 1.5, expected a number from 0 to 1."
        " Write drop_prob:0.5, for example.",
    ),
    (
        between({"type": "fc", "num_neurons": 5, "activation": "rleu"}),
        "`activation` of definition 2 (fc) is 'rleu', expected one of relu, sigmoid, tanh."
        " Did you mean 'relu'?",
    ),
    (
        between({"type": "fc", "num_neurons": 5, "activation": "maxout"}),
        "`activation` of definition 2 (fc) is 'maxout', expected one of relu, sigmoid, tanh."
        " ConvNetJS has it, this port has not.",
    ),
    (
        between(5),
        "definition 2 is 5, expected a mapping from options to values. Write {'type': 'pool', 'sx': 2}.",
    ),
    (
        [],
        "`layer_defs` is empty, expected at least an input and a loss."
        " Begin with {type:'input', out_sx:24, out_sy:24, out_depth:1}.",
    ),
    (
        [SOFTMAX],
        "definition 1 is softmax, expected input."
        " Begin with {type:'input', out_sx:24, out_sy:24, out_depth:1}.",
    ),
    (
        [INPUT],
        "definition 1, the last, is input, expected one of softmax, svm, regression."
        " End with {type:'softmax', num_classes:10}.",
    ),
    (
        between(SOFTMAX),
        "definition 2 of 3 is softmax, expected it as the last one only. Move or remove it.",
    ),
    (
        between(INPUT),
        "definition 2 of 3 is input, expected it as the first one only. Move or remove it.",
    ),
]


@pytest.mark.parametrize(("definitions", "message"), DEFINITION_ERRORS)
def test_definitions_that_convnetjs_would_take_silently_are_refused(definitions, message):
    with pytest.raises(ArgumentError) as error:
        complete(definitions, "Net")
    assert str(error.value) == f"Net: {message}"


def test_the_reports_impossible_layer_is_refused_with_its_number():
    text = DEMO.replace("sx:5, filters:8,", "sx:10, filters:16,").replace(
        "sx:5, filters:16", "sx:15, filters:32"
    )
    with pytest.raises(ShapeError) as error:
        parse_layer_defs(text)
    assert str(error.value) == (
        "parse_layer_defs: `sx` of layer 5 (conv, definition 4) is 15, expected at most 13: its input is"
        " 9x9x16 with 2 of padding at each end, and its output would be -1x-1. Use a smaller filter, more"
        " padding, or less pooling before it."
    )


def test_a_layer_that_is_too_high_says_so():
    with pytest.raises(
        ShapeError, match=r"`sy` of layer 2 \(pool, definition 2\) is 40, expected at most 24: its"
    ):
        complete(between({"type": "pool", "sx": 2, "sy": 40}))


WHOLE = st.integers(1, 12)
PROBABILITY = st.sampled_from([0.25, 0.5])
ACTIVATION = st.sampled_from(["relu", "sigmoid", "tanh"])
HIDDEN = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("conv"), "sx": st.integers(1, 3), "filters": WHOLE, "pad": st.integers(1, 3)},
        optional={"stride": st.integers(1, 2), "activation": ACTIVATION, "bias_pref": st.floats(-2, 2)},
    ),
    st.fixed_dictionaries({"type": st.just("pool"), "sx": st.just(2), "pad": st.just(1)}),
    st.fixed_dictionaries({"type": st.just("fc"), "num_neurons": WHOLE}, optional={"drop_prob": PROBABILITY}),
    st.fixed_dictionaries({"type": ACTIVATION}),
)


@given(st.lists(HIDDEN, max_size=5))
def test_what_we_write_we_read(hidden):
    definitions = between(*hidden)
    assert parse_layer_defs(format_layer_defs(definitions)) == definitions


@given(st.text(max_size=60))
@example("layer_defs.push({type:'input', out_sx:1e999")
@example("layer_defs=[{type:'input',out_sx:9e307,out_sy:1,out_depth:1},{type:'softmax',num_classes:1}]" * 2)
@example("['\\")
def test_any_text_is_read_or_refused_in_words(text):
    for source in (text, ONE + text + LAST, ONE + f"layer_defs.push({{{text}}});" + LAST):
        try:
            read = parse_layer_defs(source)
        except CnnkitError as error:
            assert str(error).startswith("parse_layer_defs: ")  # noqa: PT017 - most texts are refused
        else:
            assert read[-1]["type"] in ("softmax", "svm", "regression")


def test_the_trainers_line_is_read_with_its_defaults():
    assert parse_trainer(DEMO) == TrainerOptions("adadelta", 0.01, 0.9, 20, 0.0, 0.001, 0.95, 1e-6, "0.3.0")
    assert parse_trainer(DEMO, release="head").eps == 1e-8
    assert parse_trainer("t = new Trainer(net)") == TrainerOptions()
    assert parse_trainer('t = new Trainer(net, {eps:1e-4, method:"nesterov",})', "head").eps == 1e-4


def test_the_last_trainer_counts_as_in_javascript():
    assert parse_trainer(DEMO + "trainer = new convnetjs.Trainer(net, {method:'sgd'});").method == "sgd"


OPTIONS = "method, learning_rate, momentum, batch_size, l1_decay, l2_decay, ro, eps"
NPM = "sgd, adagrad, windowgrad, adadelta"
SILENT = "ConvNetJS would train by sgd and not say so."
TRAINER_ERRORS = [
    (
        "{method:'adadelata'}",
        f"`method` is 'adadelata', expected one of {NPM}. Did you mean 'adadelta'? {SILENT}",
    ),
    (
        "{method:'nesterov'}",
        f"`method` is 'nesterov', expected one of {NPM}."
        f" The newest source has it: give release='head'. {SILENT}",
    ),
    (
        "{method:'adam'}",
        f"`method` is 'adam', expected one of {NPM}. The newest source's adam multiplies by its bias"
        f" correction instead of dividing; not ported. {SILENT}",
    ),
    (
        "{batchsize:20}",
        f"`batchsize` of the trainer is unknown, expected only {OPTIONS}. Did you mean 'batch_size'?",
    ),
    (
        "{release:'head'}",
        f"`release` of the trainer is unknown, expected only {OPTIONS}. Take one of these.",
    ),
    (
        "{batch_size:0}",
        "`batch_size` of the trainer is 0, expected an integer of at least 1."
        " Write batch_size:20, for example.",
    ),
    (
        "{eps:0}",
        "`eps` of the trainer is 0, expected a number above 0. Write eps:1e-6, for example.",
    ),
    (
        "{momentum:9}",
        "`momentum` of the trainer is 9, expected a number from 0 to 1. Write momentum:0.9, for example.",
    ),
    (
        "{learning_rate:'0.1'}",
        "`learning_rate` of the trainer is '0.1', expected a number of at least 0."
        " Write learning_rate:0.01, for example.",
    ),
]


@pytest.mark.parametrize(("options", "message"), TRAINER_ERRORS)
def test_trainer_options_that_convnetjs_would_take_silently_are_refused(options, message):
    with pytest.raises(ArgumentError) as error:
        parse_trainer(f"trainer = new convnetjs.SGDTrainer(net, {options});")
    assert str(error.value) == f"parse_trainer: {message}"


def test_a_text_without_trainer_and_an_unknown_release_are_refused():
    with pytest.raises(ArgumentError) as error:
        parse_trainer(ONE + LAST)
    assert str(error.value) == (
        "parse_trainer: `text` makes no trainer, expected one. Add the line"
        " trainer = new convnetjs.SGDTrainer(net, {method:'adadelta', batch_size:20, l2_decay:0.001});"
    )
    with pytest.raises(ArgumentError) as error:
        parse_trainer(DEMO, release="2014")
    assert str(error.value) == (
        "parse_trainer: `release` is '2014', expected one of 0.3.0, head."
        " Give '0.3.0' for npm's, 'head' for the newest source."
    )


def test_the_demos_network_is_the_zoos_and_back():
    assert network_of(DEMO) == zoo.convnetjs_mnist()
    assert layer_defs_of(zoo.convnetjs_mnist()) == DEFS


def test_a_networks_names_are_those_of_the_layers():
    specs = complete(DEFS)
    network = network_of(DEFS)
    named = [name for name in layer_names(specs) if name != "input"]
    assert named == [stage.name for stage in network if stage.name != "flatten"]
    for spec, name in zip(specs[1:], named, strict=True):
        size = spec.output_size
        shape = (size.depth, size.sy, size.sx) if spec.type in ("conv", "pool") else (size.depth,)
        assert network[name].output_shape[: len(shape)] == shape


def test_widths_and_heights_do_not_change_places():
    wide = between(
        {"type": "conv", "sx": 7, "sy": 2, "filters": 3}, {"type": "pool", "sx": 2, "sy": 4, "stride": 3}
    )
    wide[0] = {"type": "input", "out_sx": 20, "out_sy": 10, "out_depth": 2}
    network = network_of(wide)
    assert network.input_shape == (2, 10, 20)
    assert network.layers[0] == Conv2d(2, 3, (2, 7))
    assert network["conv"].output_shape == (3, 9, 14)
    assert network["pool"].output_shape == (3, 2, 5)
    assert layer_defs_of(network)[:3] == [
        wide[0],
        wide[1] | {"stride": 1, "pad": 0},
        wide[2],
    ]


NETWORKS = [
    zoo.convnetjs_mnist(extra_conv=True),
    zoo.tfjs_mnist(),
    Network((3, 32, 32), [*zoo.report_cnn().layers, Softmax()]),
    Network((4,), [Flatten(), Linear(4, 6), Tanh(), Dropout(0.3), Linear(6, 2), Softmax()]),
    Network(
        (1, 9, 9),
        [
            Conv2d(1, 2, 3, stride=2, padding=1),
            Dropout(0.1),
            Tanh(),
            ReLU(),
            MaxPool2d(3, stride=1, padding=1),
            Sigmoid(),
            Flatten(),
            Linear(50, 2),
            Softmax(),
        ],
    ),
    Network((2, 6, 6), [Conv2d(2, 2, 3, padding="same"), Flatten(), Linear(72, 2), Softmax()]),
]


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_a_network_survives_the_way_there_and_back(network):
    back = network_of(layer_defs_of(network))
    assert [stage.output_shape for stage in back] == [stage.output_shape for stage in network]
    assert [type(layer) for layer in back.layers] == [type(layer) for layer in network.layers]
    assert back.ledger().total == network.ledger().total
    assert network_of(layer_defs_of(back)) == back


def test_a_network_without_softmax_gets_the_loss_that_is_asked_for():
    scores = Network((5,), [Linear(5, 3)])
    assert layer_defs_of(scores, "svm")[-1] == {"type": "svm", "num_classes": 3}
    assert layer_defs_of(scores, "regression")[-1] == {"type": "regression", "num_neurons": 3}
    assert layer_defs_of(scores)[-1] == {"type": "softmax", "num_classes": 3}
    assert network_of(layer_defs_of(scores, "svm")).layers == (Flatten(), Linear(5, 3))


ELSE = ": ConvNetJS has nothing else. Change the layer."
KINDS = "expected convolution, max pooling, Linear, relu, sigmoid, tanh or dropout"
NETWORK_ERRORS = [
    (
        [AvgPool2d(2), Flatten(), Linear(16, 2)],
        f"`pool` is AvgPool2d(2), {KINDS}{ELSE}",
    ),
    (
        [Conv2d(1, 2, 3, dilation=2), Flatten(), Linear(32, 2)],
        f"`conv` is Conv2d(1, 2, 3, dilation=2), expected no dilation, groups or ceil_mode{ELSE}",
    ),
    (
        [Conv2d(1, 2, 3, stride=(1, 2)), Flatten(), Linear(36, 2)],
        f"`conv` is Conv2d(1, 2, 3, stride=(1, 2)), expected one stride and one padding for all sides{ELSE}",
    ),
    (
        [Conv2d(1, 2, 3, bias=False), Flatten(), Linear(72, 2)],
        f"`conv` is Conv2d(1, 2, 3, bias=False), expected biases{ELSE}",
    ),
    (
        [Flatten(), Linear(64, 2, bias=False)],
        f"`fc` is Linear(64, 2, bias=False), expected biases{ELSE}",
    ),
    (
        [Flatten()],
        "`network` ends in Flatten() before its loss, expected Linear."
        " End it with Linear, or with Linear and Softmax.",
    ),
    (
        [],
        "`network` ends in nothing before its loss, expected Linear."
        " End it with Linear, or with Linear and Softmax.",
    ),
]


@pytest.mark.parametrize(("layers", "message"), NETWORK_ERRORS)
def test_networks_that_convnetjs_cannot_have_are_refused(layers, message):
    with pytest.raises(ArgumentError) as error:
        layer_defs_of(Network((1, 8, 8), layers))
    assert str(error.value) == f"layer_defs_of: {message}"


def test_an_unknown_loss_is_refused():
    with pytest.raises(ArgumentError) as error:
        layer_defs_of(zoo.report_cnn(), loss="mse")
    assert str(error.value) == (
        "layer_defs_of: `loss` is 'mse', expected one of softmax, svm, regression. Take one of these."
    )
