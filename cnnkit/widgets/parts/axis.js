// One convolution along one axis: the arithmetic (tests/cases/layer_shapes.json proves that it equals
// layer_shapes/value.py), the drawing (numbers in, markup out), the words, and the view that joins them.

import { boxes, clamp, coded, fresh, minus, path, range, text, thousands } from "./page.js";

// --- Arithmetic ---------------------------------------------------------------------------------

const divisor = (a, b) => (b ? divisor(b, a % b) : Math.abs(a));

/** a / b in lowest terms, as Python's Fraction prints it. */
export function fraction(a, b) {
  const shared = divisor(a, b);
  return b === shared ? `${a / b}` : `${a / shared}/${b / shared}`;
}

/** Padding [before, after] that padding="same" stands for; null where torch has none (stride above 1). */
export function samePadding({ size, kernel_size, stride, dilation }, convention) {
  if (convention === "torch" && stride !== 1) return null;
  const extent = dilation * (kernel_size - 1) + 1;
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + extent - size, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** Cells that window `index` reads, counted from the input's first cell; negative in the padding. */
export function windowCells({ kernel_size, stride, padding, dilation }, index) {
  return Array.from({ length: kernel_size }, (_, tap) => index * stride + tap * dilation - padding);
}

/** Everything that follows from the seven settings, under the names of LayerShape.as_dict(). */
export function layerShape(settings) {
  const { size, kernel_size, stride, padding, dilation, in_channels, out_channels } = settings;
  const padded = size + 2 * padding;
  const extent = dilation * (kernel_size - 1) + 1;
  const spare = padded - extent;
  const output = Math.floor(spare / stride) + 1;
  const fits = output >= 1;

  const read = new Set();
  for (let index = 0; index < output; index++) windowCells(settings, index).forEach((cell) => read.add(cell));
  const uncovered = Array.from({ length: size }, (_, cell) => cell).filter((cell) => !read.has(cell));

  const same_torch = samePadding(settings, "torch");
  const same_keras = samePadding(settings, "keras");
  const isCurrent = (pads) => pads !== null && pads[0] === padding && pads[1] === padding;
  const kernel = dilation > 1 ? `(${dilation}·(${kernel_size} − 1) + 1)` : `${kernel_size}`;
  const put = `(${size} + 2·${padding} − ${kernel}) / ${stride}`;
  const weights = kernel_size * kernel_size * in_channels * out_channels;
  const multiply_adds = fits ? weights * output * output : 0;
  const product = `${kernel_size}·${kernel_size}·${in_channels}·${out_channels}`;
  return {
    ...settings,
    code: callText(settings),
    padded,
    extent,
    formula: `floor(${put}) + 1 = floor(${minus(fraction(spare, stride))}) + 1 = ${minus(output)}`,
    exact: fraction(spare + stride, stride),
    output,
    fits,
    divides: fits && spare % stride === 0,
    left_over: fits ? spare % stride : 0,
    uncovered,
    fit_note: fits ? fitText(spare % stride, padded) : null,
    uncovered_note: fits && uncovered.length ? uncoveredText(uncovered, size) : null,
    problem: fits ? null : problemText(settings, padded, extent),
    padding_is: [
      ...(padding === 0 ? ["valid"] : []),
      ...(isCurrent(same_torch) ? ["same (torch)"] : []),
      ...(isCurrent(same_keras) ? ["same (Keras)"] : []),
    ],
    same_torch,
    same_keras,
    output_shape: fits ? [out_channels, output, output] : null,
    weights,
    parameters: weights + out_channels,
    parameter_sum: `${product} + ${out_channels} = ${thousands(weights + out_channels)}`,
    multiply_adds,
    multiply_add_product: fits ? `${product}·${output}·${output} = ${thousands(multiply_adds)}` : null,
  };
}

/** The layer as torch's call, defaults left out. */
function callText({ in_channels, out_channels, kernel_size, stride, padding, dilation }) {
  const given = { stride: [stride, 1], padding: [padding, 0], dilation: [dilation, 1] };
  const named = Object.entries(given).filter(([, [value, usual]]) => value !== usual);
  const options = named.map(([name, [value]]) => `${name}=${value}`);
  return `Conv2d(${[in_channels, out_channels, kernel_size, ...options].join(", ")})`;
}

function fitText(leftOver, padded) {
  if (!leftOver) return "The windows fit exactly.";
  const verb = leftOver === 1 ? "is" : "are";
  return (
    `${leftOver} of the ${padded} cells ${verb} left over: torch rounds down,` +
    " CS231n's notes call this stride invalid."
  );
}

function uncoveredText(uncovered, size) {
  if (uncovered.length > 6) return `No window reads ${uncovered.length} of the ${size} input cells.`;
  return `No window reads input ${uncovered.length === 1 ? "cell" : "cells"} ${uncovered.join(", ")}.`;
}

/** The words of cnnkit.shapes.output_size, which refuses the same sizes. */
function problemText({ size, kernel_size, padding, dilation }, padded, extent) {
  const spans = dilation > 1 ? ` with dilation ${dilation}, spanning ${extent} cells,` : "";
  return (
    `\`kernel_size\` is ${kernel_size}${spans} but the input has only ${padded} cells` +
    ` (${size} and padding ${padding}+${padding}); expected at most ${padded}.` +
    ` Use a smaller kernel, or padding of at least ${Math.ceil((extent - size) / 2)} at each end.`
  );
}

// --- Drawing ------------------------------------------------------------------------------------

const TOP = 30; // room for the braces over the input
const RIGHT = 92; // room for the arrow and the output column
const MOST_HEIGHT = 300; // of all windows together

/** Where things go: the input runs across, each window has its row below, its output stands at the right. */
function layout({ padded, extent, output }, width) {
  const across = Math.max(padded, extent);
  const cell = Math.min(30, (width - RIGHT) / across);
  const high = Math.max(14, Math.min(cell, 24));
  const row = Math.min(high, MOST_HEIGHT / Math.max(output, 1));
  const x = (column) => (width - RIGHT - cell * across) / 2 + column * cell; // of the padded input
  const y = (index) => TOP + high + 12 + index * row; // of a window
  return { width, cell, high, row, x, y, out: x(across) + 40, bottom: y(Math.max(output, 1)) };
}

const inputBoxes = (columns, at, height = at.high) =>
  boxes(columns.map((column) => [at.x(column), TOP]), at.cell, height);

const outputBoxes = (indices, at) => boxes(indices.map((index) => [at.out, at.y(index)]), 26, at.row);

function windowBoxes({ stride, dilation, kernel_size, extent }, indices, at) {
  const merged = dilation === 1 && at.cell <= 5; // too small for the single cells to be seen
  const taps = merged ? [0] : range(0, kernel_size).map((tap) => tap * dilation);
  const corners = indices.flatMap((index) => taps.map((tap) => [at.x(index * stride + tap), at.y(index)]));
  return boxes(corners, at.cell * (merged ? extent : 1), at.row);
}

function brace(start, stop, name, at) {
  const [from, to] = [at.x(start), at.x(stop) - 1.5];
  if (start === stop) return "";
  const count = stop - start;
  const words = to - from > 7 * `${name} ${count}`.length ? `${name} ${count}` : count;
  return path("brace", `M${from} ${TOP - 4}v-5H${to}v5`) + text("label", (from + to) / 2, TOP - 15, words);
}

function inputMarkup({ size, padding, padded, uncovered, fits }, at) {
  const [start, stop] = [padding, padding + size];
  const unread = fits ? uncovered.map((cell) => start + cell) : [];
  const numbered = at.cell < 18 ? [] : range(0, size);
  return [
    brace(0, start, "padding", at) + brace(start, stop, "input", at) + brace(stop, padded, "padding", at),
    path("pad", inputBoxes([...range(0, start), ...range(stop, padded)], at)),
    path("input", inputBoxes(range(start, stop), at)),
    path("shade", inputBoxes(unread, at, at.bottom - TOP)),
    path("unread", inputBoxes(unread, at)),
    ...numbered.map((cell) => text("index", at.x(start + cell + 0.5) - 0.75, TOP + at.high / 2, cell)),
  ].join("");
}

const outputNumber = (index, at) => text("index inked", at.out + 12.25, at.y(index + 0.5) - 0.75, index);

/** Every window's cells, row by row, and the output at the right. */
function windowsMarkup(shape, at) {
  const indices = range(0, shape.output);
  return [
    path("window", windowBoxes(shape, indices, at)),
    text("label", at.out + 13, TOP - 15, `output ${shape.output}`),
    path("output", outputBoxes(indices, at)),
    ...(at.row < 12 ? [] : indices.map((index) => outputNumber(index, at))),
  ].join("");
}

/** The window that is looked at: its cells above, its row, and the output that it makes. */
function pickMarkup(shape, at, index) {
  const columns = windowCells(shape, index).map((cell) => cell + shape.padding);
  const end = at.x(columns.at(-1) + 1);
  return [
    path("read", inputBoxes(columns, at)),
    path("picked", windowBoxes(shape, [index], at) + outputBoxes([index], at)),
    path("arrow", `M${end} ${at.y(index + 0.5) - 0.75}H${at.out - 4}m-5-3.5l5 3.5l-5 3.5`),
    at.row < 12 ? "" : outputNumber(index, at),
  ].join("");
}

/** A kernel that does not fit: laid over the input, with what sticks out. */
function misfitMarkup({ kernel_size, dilation, padded, extent }, at) {
  const taps = range(0, kernel_size).map((tap) => tap * dilation);
  const row = (columns) => boxes(columns.map((column) => [at.x(column), at.y(0)]), at.cell, at.high);
  const below = at.y(0) + at.high;
  return [
    path("misfit", row(taps.filter((tap) => tap < padded))),
    path("misfit outside", row(taps.filter((tap) => tap >= padded))),
    path("edge", `M${at.x(padded) - 0.75} ${TOP - 4}V${below + 6}`),
    text("label bad", at.x(extent / 2), below + 18, `the kernel spans ${extent} cells`),
  ].join("");
}

/** What one window reads, in words. */
export function windowText(shape, index) {
  const cells = windowCells(shape, index);
  const own = cells.filter((cell) => cell >= 0 && cell < shape.size);
  const outside = cells.length - own.length;
  const counted = (count, words) => (count === 0 ? [] : [`${words} ${count === 1 ? "cell" : "cells"}`]);
  const listed = shape.dilation === 1 && own.length > 2 ? `${own[0]} to ${own.at(-1)}` : own.join(", ");
  const parts = [
    ...counted(own.length, "input").map((words) => `${words} ${listed}`),
    ...counted(outside, `${outside} padding`),
  ];
  return `Output ${index} reads ${parts.join(" plus ")}.`;
}

// --- Words around the drawing -------------------------------------------------------------------

const symbol = (value, letter) => `<span class="num">${value}<i>${letter}</i></span>`;
const stacked = (above, below) => `<span class="frac"><span>${above}</span><span>${below}</span></span>`;
const floored = (inner) => `<span class="floor">${inner}</span>`;

export function formulaMarkup({ size, kernel_size, stride, padding, dilation, formula, output, fits }) {
  const kernel =
    dilation > 1
      ? `(${symbol(dilation, "d")}·(${symbol(kernel_size, "k")} − 1) + 1)`
      : symbol(kernel_size, "k");
  const quotient = formula.match(/= floor\((.*)\) \+/)[1];
  const [above, below] = quotient.split("/");
  const put = `${symbol(size, "n")} + 2·${symbol(padding, "p")} − ${kernel}`;
  const exact = below ? stacked(above, below) : above;
  return (
    `<span class="formula" role="math" aria-label="${formula}">` +
    `<span>${floored(stacked(put, symbol(stride, "s")))} + 1</span> <span>= ${floored(exact)} + 1</span>` +
    ` <span>= <strong class="${fits ? "good" : "bad"}">${minus(output)}</strong></span></span>`
  );
}

export function notesMarkup({ fits, divides, fit_note, uncovered_note, problem }) {
  const note = (kind, tag, words) =>
    `<p class="note"><b class="tag ${kind}">${tag}</b><span>${words}</span></p>`;
  if (!fits) {
    const [reason, cure] = coded(problem).split(/ (?=Use )/);
    return note("impossible", "impossible", `<span class="bad">${reason}</span> <b>${cure}</b>`);
  }
  const unread = uncovered_note ? note("gap", "gap", uncovered_note) : "";
  return note(divides ? "exact" : "rounded", divides ? "fits" : "floor", fit_note) + unread;
}

export function factsMarkup(shape) {
  const tuple = (sizes) => `(${sizes.join(", ")})`;
  const { in_channels, size, output_shape } = shape;
  const made = output_shape ? tuple(output_shape) : '<b class="bad">no output</b>';
  const cost = shape.fits
    ? `${shape.multiply_add_product} <small>weights·output·output</small>`
    : '<b class="bad">none, without an output</b>';
  return [
    `<dt>Layer</dt><dd><code>${shape.code}</code></dd>`,
    `<dt>Shape</dt><dd>${tuple([in_channels, size, size])} → ${made}</dd>`,
    `<dt>Parameters</dt><dd>${shape.parameter_sum} <small>k·k·channels·filters + filters</small></dd>`,
    `<dt>Multiply-adds</dt><dd>${cost}</dd>`,
    `<dt>Padding ${shape.padding} is</dt><dd>${paddingMarkup(shape)}</dd>`,
  ].join("");
}

/** What each named padding would be here; the ones that are the current padding are ticked. */
function paddingMarkup({ padding_is, same_torch, same_keras }) {
  const amount = ([before, after]) => (before === after ? before : `${before} before, ${after} after`);
  const named = { valid: [0, 0], "same (torch)": same_torch, "same (Keras)": same_keras };
  const chips = Object.entries(named).map(([name, pads]) => {
    const is = padding_is.includes(name);
    const words = pads ? `${name}: ${amount(pads)}` : `${name}: stride 1 only`;
    return `<span class="chip${is ? " is" : ""}">${is ? "✓ " : ""}${words}</span>`;
  });
  return (padding_is.length ? "" : "none of these: ") + chips.join(" ");
}

// --- On the page --------------------------------------------------------------------------------

const LEGEND = [
  ["input", "input"],
  ["pad", "padding (zeros)"],
  ["window", "read by a window"],
  ["picked", "the window looked at"],
  ["unread", "read by none"],
];

const swatch = ([kind, words]) =>
  `<span><svg width="12" height="12"><path class="${kind}" d="M.5.5h11v11h-11z"/></svg> ${words}</span>`;

// The attribute keeps JupyterLab from taking the arrow keys for itself. Each view has a hatching of its own:
// one that stands in a hidden tab cannot be referred to from elsewhere.
const axisPage = (hatch) => `
  <div class="result"></div>
  <p class="about">Along one axis; height and width work alike.</p>
  <svg class="drawing" role="group" data-lm-suppress-shortcuts="true">
    <defs>
      <pattern id="${hatch}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <path class="hatch" d="M0 0h5v5h-5z"/><path class="hatch-line" d="M1 0v5"/>
      </pattern>
    </defs>
    <g class="still"></g>
    <g class="pick" role="slider" tabindex="0" aria-label="Window looked at" aria-valuemin="0"></g>
  </svg>
  <p class="caption"></p>
  <p class="legend" aria-hidden="true">${LEGEND.map(swatch).join("")}</p>`;

/** The formula and the drawing of one axis in `el`; windows are looked at by mouse and by arrow keys.

    Returns { show(shape), fit() }: fit says whether the place has another width than what is drawn. */
export function axisView(el) {
  const hatch = fresh("hatch");
  el.style.setProperty("--hatch", `url(#${hatch})`);
  el.classList.add("cnnkit-axis");
  el.innerHTML = axisPage(hatch);
  const part = (name) => el.querySelector(`.${name}`);
  const [drawing, pick] = [part("drawing"), part("pick")];
  let shape, at, width;
  let looked = 0; // the window looked at
  const look = (index) => {
    looked = clamp(index, 0, Math.max(shape.output - 1, 0));
    const words = shape.fits ? windowText(shape, looked) : "";
    pick.innerHTML = shape.fits ? pickMarkup(shape, at, looked) : "";
    pick.setAttribute("aria-valuenow", looked);
    pick.setAttribute("aria-valuetext", words);
    part("caption").textContent = words;
  };
  const show = (settings) => {
    shape = settings;
    width ||= drawing.clientWidth; // asking again would have the page laid out in the middle of a change
    at = layout(shape, width || 676); // 0 while hidden in another tab
    part("result").innerHTML = formulaMarkup(shape) + notesMarkup(shape);
    part("still").innerHTML = inputMarkup(shape, at) + (shape.fits ? windowsMarkup : misfitMarkup)(shape, at);
    drawing.setAttribute("viewBox", `0 0 ${at.width} ${at.bottom + (shape.fits ? 4 : 26)}`);
    drawing.setAttribute("aria-label", `One axis of the image. ${shape.formula}`);
    pick.setAttribute("tabindex", shape.fits ? 0 : -1);
    pick.setAttribute("aria-valuemax", Math.max(shape.output - 1, 0));
    part("legend").hidden = !shape.fits;
    look(looked);
  };
  drawing.addEventListener("pointermove", (event) => {
    const { top, height } = drawing.getBoundingClientRect();
    const y = ((event.clientY - top) / height) * drawing.viewBox.baseVal.height;
    const index = Math.floor((y - at.y(0)) / at.row);
    if (index >= 0 && index < shape.output && index !== looked) look(index);
  });
  pick.addEventListener("keydown", (event) => {
    const [back, on] = [looked - 1, looked + 1];
    const steps = { ArrowUp: back, ArrowLeft: back, ArrowDown: on, ArrowRight: on };
    const index = { ...steps, Home: 0, End: shape.output - 1 }[event.key];
    if (index === undefined) return;
    event.preventDefault();
    look(index);
  });
  const fit = () => {
    width = drawing.clientWidth;
    return at && width !== at.width;
  };
  return { show, fit };
}
