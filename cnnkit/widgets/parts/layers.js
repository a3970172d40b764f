// A network as plain data, and all that follows from it layer by layer: the arithmetic of cnnkit.layers,
// cnnkit.network, cnnkit.receptive and cnnkit.ledger for the browser. network_json.py says how the data look
// and has the same functions; tests/cases/networks.json proves that they agree.

import { samePadding } from "./axis.js";

// --- Kinds of layers ----------------------------------------------------------------------------

const plain = (family) => ({ family, required: [], options: {} });
const norm = { family: "bn", required: ["num_features"], options: {}, follows: "num_features" };

/** Each class of cnnkit.layers: the family that names it, its settings in torch's order with their defaults,
    and the setting that follows from the layer before where it is left out. */
export const KINDS = {
  Conv2d: {
    family: "conv",
    required: ["in_channels", "out_channels", "kernel_size"],
    options: { stride: 1, padding: 0, dilation: 1, groups: 1, bias: true },
    follows: "in_channels",
  },
  MaxPool2d: {
    family: "pool",
    required: ["kernel_size"],
    options: { stride: null, padding: 0, dilation: 1, ceil_mode: false },
  },
  AvgPool2d: {
    family: "pool",
    required: ["kernel_size"],
    options: { stride: null, padding: 0, ceil_mode: false },
  },
  BatchNorm1d: norm,
  BatchNorm2d: norm,
  ReLU: plain("relu"),
  ReLU6: plain("relu"),
  Tanh: plain("tanh"),
  Sigmoid: plain("sigmoid"),
  Softmax: plain("softmax"),
  Dropout: { family: "dropout", required: [], options: { p: 0.5 } },
  Flatten: plain("flatten"),
  Linear: {
    family: "fc",
    required: ["in_features", "out_features"],
    options: { bias: true },
    follows: "in_features",
  },
};

const product = (numbers) => numbers.reduce((all, number) => all * number, 1);
const twice = (value) => (Array.isArray(value) ? value : [value, value]);

/** The settings of a layer, defaults and what follows from its input (null: not known) filled in. */
export function complete(layer, input) {
  const { options, follows } = KINDS[layer.kind];
  const settings = { ...options, ...layer };
  if (follows && !(follows in layer))
    settings[follows] = input && (follows === "in_features" ? product(input) : input[0]);
  return settings;
}

/** A name for each layer: its own, or its family and a number. */
export function nameLayers(layers) {
  const families = layers.map(({ kind, name }) => (name == null ? KINDS[kind].family : null));
  const soFar = {};
  return layers.map(({ name }, place) => {
    const family = families[place];
    if (family === null) return name;
    soFar[family] = (soFar[family] ?? 0) + 1;
    return families.filter((each) => each === family).length > 1 ? `${family}${soFar[family]}` : family;
  });
}

// --- Words --------------------------------------------------------------------------------------

/** A value as Python writes it. */
export function python(value) {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `(${value.map(python).join(", ")}${value.length === 1 ? "," : ""})`;
  if (typeof value === "number") return pythonNumber(value);
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  return quote + value.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`) + quote;
}

function pythonNumber(value) {
  if (value === 0 || Math.abs(value) >= 1e-4) return String(value);
  return value.toExponential().replace(/e-(\d)$/, "e-0$1");
}

export const shapeText = (shape) => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;

/** The call that makes a layer, defaults left out; "?" for what follows from a layer without an output. */
export function layerCall(kind, settings, leaveOut = []) {
  const { required, options, follows } = KINDS[kind];
  const positional = required.map((name) =>
    name === follows && settings[name] === null ? "?" : python(settings[name]),
  );
  const named = Object.keys(options)
    .filter((name) => settings[name] !== options[name] && !leaveOut.includes(name))
    .map((name) => `${name}=${python(settings[name])}`);
  return `${kind}(${[...positional, ...named].join(", ")})`;
}

// --- What a layer refuses: each returns [problem, cure], or undefined ----------------------------

const whole = (value, least) => Number.isInteger(value) && value >= least;

function notPositive(settings, names) {
  const name = names.find((each) => !whole(settings[each], 1));
  if (name === undefined) return undefined;
  const got = python(settings[name]);
  return [`\`${name}\` is ${got}, expected an integer of at least 1`, `Give \`${name}\` as a whole number.`];
}

function notPair(settings, name, least = 1) {
  const pair = twice(settings[name]);
  if (pair.length === 2 && pair.every((value) => whole(value, least))) return undefined;
  return [
    `\`${name}\` is ${python(settings[name])}, expected an integer of at least ${least}, or a pair of them`,
    `Give \`${name}\` as a whole number of pixels.`,
  ];
}

const strides = ({ kernel_size, stride }) => twice(stride ?? kernel_size);

function badWindow(settings) {
  const sizes = ["kernel_size", ...(settings.stride === null ? [] : ["stride"]), "dilation"];
  for (const name of sizes.filter((each) => each in settings)) {
    const problem = notPair(settings, name);
    if (problem) return problem;
  }
  const { padding } = settings;
  if (typeof padding !== "string") return notPair(settings, "padding", 0);
  if (!["valid", "same", "keras-same"].includes(padding))
    return [
      `\`padding\` is ${python(padding)}, expected a number, 'valid', 'same' (torch's) or 'keras-same'`,
      "Give one of these.",
    ];
  if (padding === "same" && strides(settings).some((stride) => stride !== 1))
    return [
      `\`padding\` is 'same' with stride ${shapeText(strides(settings))}, expected stride 1: torch's 'same'` +
        " exists for stride 1 only",
      "Give the padding as a number, or 'keras-same'.",
    ];
  return undefined;
}

function badGroups({ groups, in_channels, out_channels }) {
  if (in_channels % groups === 0 && out_channels % groups === 0) return undefined;
  return [
    `\`groups\` is ${groups}, expected a divisor of in_channels=${in_channels}` +
      ` and out_channels=${out_channels}`,
    "Use groups=1 unless you want a grouped convolution.",
  ];
}

function poolPadding({ padding, kernel_size }) {
  if (typeof padding === "string") return undefined;
  const half = twice(kernel_size).map((size) => Math.floor(size / 2));
  const place = twice(padding).findIndex((amount, axis) => amount > half[axis]);
  if (place === -1) return undefined;
  return [
    `\`padding\` is ${twice(padding)[place]}, expected at most ${half[place]}, half of the kernel`,
    "Use a larger kernel or less padding.",
  ];
}

function badChance({ p }) {
  if (typeof p === "number" && p >= 0 && p <= 1) return undefined;
  return [`\`p\` is ${python(p)}, expected a probability from 0 to 1`, "Give 0.5 for one half."];
}

/** What no input could help. */
function badSettings(kind, settings) {
  const { family } = KINDS[kind];
  if (family === "conv")
    return (
      notPositive(settings, ["in_channels", "out_channels", "groups"]) ??
      badWindow(settings) ??
      notPair(settings, "stride") ??
      badGroups(settings)
    );
  if (family === "pool") return badWindow(settings) ?? poolPadding(settings);
  if (family === "dropout") return badChance(settings);
  return notPositive(settings, KINDS[kind].required);
}

// --- Shapes ---------------------------------------------------------------------------------------

/** One axis of a convolution or a pooling, as cnnkit.shapes.Axis has it. */
export function axisOf({ size, kernel_size, stride, pads, dilation, ceil_mode = false }) {
  const padded = size + pads[0] + pads[1];
  const extent = dilation * (kernel_size - 1) + 1;
  const rounding = ceil_mode ? Math.ceil : Math.floor;
  let output = rounding((padded - extent) / stride) + 1;
  // a last window that would start behind the input is dropped
  if (ceil_mode && (output - 1) * stride >= size + pads[0]) output -= 1;
  return { size, stride, pads, padded, extent, output };
}

/** The vertical and the horizontal axis of a layer with a window. */
export function axesOf(settings, [, ...sizes]) {
  const { padding, ceil_mode } = settings;
  const [kernels, steps, dilations] = [
    twice(settings.kernel_size),
    strides(settings),
    twice(settings.dilation ?? 1), // an average pooling has none
  ];
  return sizes.map((size, place) => {
    const axis = { size, kernel_size: kernels[place], stride: steps[place], dilation: dilations[place] };
    const convention = { same: "torch", "keras-same": "keras" }[padding];
    const amount = padding === "valid" ? 0 : twice(padding)[place];
    const pads = convention ? samePadding(axis, convention) : [amount, amount];
    return axisOf({ ...axis, ceil_mode, pads });
  });
}

const CURE = "Change this layer or the ones before it.";
const expects = (input, shape) => `its input is ${shapeText(input)}, expected ${shape}`;

function windowMisfit(settings, input) {
  if (input.length !== 3) return expects(input, "three sizes (C, H, W)");
  const axes = axesOf(settings, input);
  if (axes.every(({ output }) => output >= 1)) return undefined;
  const sizes = (name) => axes.map((axis) => axis[name]).join("×");
  return (
    `its ${sizes("extent")} kernel does not fit into the ${sizes("size")} input` +
    ` (${sizes("padded")} with padding); the output would be ${sizes("output")}`
  ).replaceAll("-", "−");
}

/** Why the layer cannot take its input; undefined if it can. */
function misfit(kind, settings, input) {
  const { family, follows } = KINDS[kind];
  const other = (unit) =>
    input[0] === settings[follows]
      ? undefined
      : `its input has ${input[0]} ${unit}, expected ${follows}=${settings[follows]}`;
  if (family === "pool") return windowMisfit(settings, input);
  if (family === "conv") return windowMisfit(settings, input) ?? other("channels");
  if (family === "bn") {
    const expected = kind === "BatchNorm1d" ? ["features"] : ["C", "H", "W"];
    return input.length === expected.length ? other("channels") : expects(input, shapeText(expected));
  }
  if (family !== "fc") return undefined;
  return input.length === 1
    ? other("features")
    : `${expects(input, shapeText([settings.in_features]))}: put Flatten() before it`;
}

function outputShape(kind, settings, input) {
  const { family } = KINDS[kind];
  if (family === "flatten") return [product(input)];
  if (family === "fc") return [settings.out_features];
  if (family !== "conv" && family !== "pool") return input;
  const sizes = axesOf(settings, input).map(({ output }) => output);
  return [family === "conv" ? settings.out_channels : input[0], ...sizes];
}

// --- Receptive fields -----------------------------------------------------------------------------

const overAxes = (image, value) => image.map(() => value);

/** The receptive field behind a layer, from the field before it. */
function seenThrough(kind, settings, input, seen, image) {
  const { family } = KINDS[kind];
  if (family === "flatten") return { size: image, jump: overAxes(image, 0), start: overAxes(image, 0) };
  if (family !== "conv" && family !== "pool") return seen;
  const axes = axesOf(settings, input);
  return {
    size: seen.size.map((size, place) => size + (axes[place].extent - 1) * seen.jump[place]),
    jump: seen.jump.map((jump, place) => jump * axes[place].stride),
    start: seen.start.map((start, place) => start - axes[place].pads[0] * seen.jump[place]),
  };
}

// --- Counts ---------------------------------------------------------------------------------------

/** What a layer holds and costs; `reported` forgets the input channels, as the report did that is audited. */
function counts(kind, settings, output) {
  const { family } = KINDS[kind];
  const none = { weights: 0, trainable: 0, parameter_product: null, statistics: 0, reported: 0 };
  const free = { ...none, neurons: 0, units: product(output), multiply_adds: 0, multiply_add_product: null };
  if (family === "bn") {
    const held = 2 * settings.num_features;
    const sum = `2·${settings.num_features}`;
    return { ...free, trainable: held, parameter_product: sum, statistics: held, reported: held };
  }
  if (family !== "conv" && family !== "fc") return free;
  const conv = family === "conv";
  const into = conv ? settings.in_channels / settings.groups : settings.in_features;
  const out = conv ? settings.out_channels : settings.out_features;
  const kernel = conv ? twice(settings.kernel_size) : [];
  const factors = [...kernel, into, out];
  const weights = product(factors);
  const bias = settings.bias ? out : 0;
  return {
    ...free,
    weights,
    trainable: weights + bias,
    parameter_product: factors.join("·") + (settings.bias ? ` + ${out}` : ""),
    reported: (conv ? weights / into : weights) + bias,
    neurons: product(output),
    multiply_adds: weights * product(output.slice(1)),
    multiply_add_product: [...factors, ...output.slice(1)].join("·"),
  };
}

function sums(rows) {
  const sum = (name) => rows.reduce((total, row) => total + row[name], 0);
  const [trainable, statistics] = [sum("trainable"), sum("statistics")];
  return {
    keras: trainable + statistics,
    torch: trainable,
    report: sum("reported"),
    trainable,
    statistics,
    neurons: sum("neurons"),
    multiply_adds: sum("multiply_adds"),
  };
}

// --- The whole network ----------------------------------------------------------------------------

const UNKNOWN = {
  output_shape: null,
  problem: null,
  cure: null,
  weights: null,
  trainable: null,
  parameter_product: null,
  statistics: null,
  reported: null,
  neurons: null,
  units: null,
  multiply_adds: null,
  multiply_add_product: null,
  receptive_field: null,
};

/** All that follows from a network; from the first layer that cannot work on, sizes and counts are null.

    Returns { rows, problem, output_shape, totals } as network_json.stages does: a row for each layer, whose
    `problem` and `cure` are set where it is the first that cannot work, and `problem`, all that Python's
    error says of it. */
export function stages({ input_shape, layers }) {
  const names = nameLayers(layers);
  const image = input_shape.slice(1);
  let seen = { size: overAxes(image, 1), jump: overAxes(image, 1), start: overAxes(image, 0) };
  let shape = input_shape; // null behind a layer that cannot work
  let problem = null;
  const rows = layers.map((layer, place) => {
    const { kind } = layer;
    const [name, settings] = [names[place], complete(layer, shape)];
    const row = { ...UNKNOWN, name, kind, code: layerCall(kind, settings), input_shape: shape };
    if (shape === null) return row;
    const refuse = (words, cure, before) => {
      problem = `${before}: ${words}. ${cure}`;
      shape = null;
      return { ...row, problem: words, cure };
    };
    const bad = badSettings(kind, settings);
    if (bad) return refuse(...bad, kind);
    if (names.indexOf(name) < place)
      return refuse(
        `the layer name ${python(name)} stands twice, expected each name once`,
        "Rename one of them.",
        "Network",
      );
    const words = misfit(kind, settings, shape);
    const told = `Network: layer ${place + 1}, \`${name}\` = ${row.code}, cannot take its input`;
    if (words) return refuse(words, CURE, `${told} ${shapeText(shape)}`);
    seen = seenThrough(kind, settings, shape, seen, image);
    shape = outputShape(kind, settings, shape);
    return { ...row, output_shape: shape, ...counts(kind, settings, shape), receptive_field: seen };
  });
  return { rows, problem, output_shape: shape, totals: shape && sums(rows) };
}

// --- Code -----------------------------------------------------------------------------------------

function torchCall({ kind, settings }) {
  if (kind === "Softmax") return "nn.Softmax(dim=1)";
  const pools = KINDS[kind].family === "pool";
  const { padding } = settings;
  if (padding === "keras-same" || (pools && padding === "same"))
    return `Keras${layerCall(kind, settings, ["padding"])}`;
  return `nn.${layerCall(kind, settings, pools && padding === "valid" ? ["padding"] : [])}`;
}

/** Code that makes a network with "cnnkit" or with "torch", as network_json.code; null if it cannot work. */
export function networkCode(network, library, { rows, totals } = stages(network)) {
  if (!totals) return null;
  const { layers, input_shape } = network;
  const automatic = nameLayers(layers.map(({ kind }) => ({ kind })));
  const named = rows.some(({ name }, place) => name !== automatic[place]);
  const made = layers.map((layer, place) => ({
    kind: layer.kind,
    settings: complete(layer, rows[place].input_shape),
  }));
  const calls = library === "torch" ? made.map(torchCall) : rows.map(({ code }) => code);
  const lines = calls.map((call, place) => (named ? `(${python(rows[place].name)}, ${call}),` : `${call},`));
  const width = Math.max(0, ...lines.map((line) => line.length));
  const body = lines.map((line, place) => {
    return `    ${line.padEnd(width)}  # ${shapeText(rows[place].output_shape)}`;
  });
  if (library === "torch") {
    const borrowed = calls.filter((call) => !call.startsWith("nn.")).map((call) => call.split("(")[0]);
    const imports = [
      ...(named ? ["from collections import OrderedDict", ""] : []),
      "from torch import nn",
      ...(borrowed.length ? ["", `from cnnkit.nn.modules import ${listed(borrowed)}`] : []),
    ];
    const [start, end] = named ? ["nn.Sequential(OrderedDict([", "]))"] : ["nn.Sequential(", ")"];
    return [...imports, "", `model = ${start}`, ...body, end].join("\n");
  }
  const used = listed(layers.map(({ kind }) => kind));
  const imports = ["from cnnkit import Network", ...(used ? [`from cnnkit.layers import ${used}`] : [])];
  const end = network.name ? `], name=${python(network.name)})` : "])";
  return [...imports, "", `network = Network(${shapeText(input_shape)}, [`, ...body, end].join("\n");
}

const listed = (names) => [...new Set(names)].sort().join(", ");
