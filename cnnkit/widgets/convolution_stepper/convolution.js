// The arithmetic of one convolution of a small image, and of what goes wrong in it by hand.
// value.py beside it and cnnkit.functional have the same; one table proves it.
//
// Settings: { x, kernel, bias, padding, mode, stride, dilation, flip }; x and kernel are channels of rows.

import { range } from "../parts/page.js";

const turned = (plane) => plane.map((row) => [...row].reverse()).reverse();
const transposed = (plane) => plane[0].map((_, column) => plane.map((row) => row[column]));

/** Cells before and after one axis, as cnnkit.shapes.same_padding has them for "same". */
function sides(padding, taps, dilation) {
  const around = dilation * (taps - 1);
  if (padding === "same") return [Math.floor(around / 2), around - Math.floor(around / 2)];
  return padding === "full" ? [around, around] : [0, 0];
}

/** The index that place `at` beyond a line of `size` cells stands for; null for a zero. */
function source(at, size, mode) {
  if (at >= 0 && at < size) return at;
  if (mode === "reflect") return at < 0 ? -at : 2 * (size - 1) - at;
  if (mode === "replicate") return at < 0 ? 0 : size - 1;
  return mode === "circular" ? (at + size) % size : null;
}

export function padded(plane, [[top, bottom], [left, right]], mode) {
  const [height, width] = [plane.length, plane[0].length];
  return range(-top, height + bottom).map((row) =>
    range(-left, width + right).map((column) => {
      const [y, x] = [source(row, height, mode), source(column, width, mode)];
      return y === null || x === null ? 0 : plane[y][x];
    }),
  );
}

/** Why there is no output, in the words of value.py. */
function problemOf(size, extents, border, mode) {
  for (const axis of [0, 1]) {
    const most = Math.max(...border[axis]);
    const reach = { reflect: size[axis] - 1, circular: size[axis] }[mode] ?? most;
    const how = mode === "reflect" ? "mirrored" : "taken from the other side";
    if (most > reach)
      return (
        `${most} cells of padding cannot be ${how}: ` +
        `the input has ${size[axis]} ${axis === 0 ? "rows" : "columns"}. Choose zeros, or less padding.`
      );
  }
  const [height, width] = size.map((length, axis) => length + border[axis][0] + border[axis][1]);
  if (height >= extents[0] && width >= extents[1]) return null;
  return (
    `The kernel covers ${extents[0]} × ${extents[1]} cells, the input with its padding has` +
    ` ${height} × ${width}: it fits nowhere. Choose more padding, or less dilation.`
  );
}

/** Everything that follows from the settings: how far the kernel reaches, the padded input, the output. */
export function convolution(settings) {
  const { x, kernel, padding, mode, stride, dilation, flip } = settings;
  const size = [x[0].length, x[0][0].length];
  const taps = [kernel[0].length, kernel[0][0].length];
  const extents = taps.map((count) => dilation * (count - 1) + 1);
  const border = settings.border ?? taps.map((count) => sides(padding, count, dilation));
  const laid = flip ? kernel.map(turned) : kernel;
  const made = { settings, size, taps, extents, border, laid, rows: 0, columns: 0, output: [] };
  made.problem = problemOf(size, extents, border, mode);
  if (made.problem) return { ...made, padded: x };
  made.padded = x.map((plane) => padded(plane, border, mode));
  [made.rows, made.columns] = size.map(
    (length, axis) => Math.floor((length + border[axis][0] + border[axis][1] - extents[axis]) / stride) + 1,
  );
  made.output = range(0, made.rows).map((row) =>
    range(0, made.columns).map((column) => windowAt(made, row, column).total),
  );
  return made;
}

/** One output cell: the place of its window, the factors and products of each channel, their sums. */
export function windowAt({ settings, padded, laid, taps }, row, column) {
  const { stride, dilation, bias } = settings;
  const [top, left] = [row * stride, column * stride];
  const values = laid.map((_, channel) =>
    range(0, taps[0]).map((a) =>
      range(0, taps[1]).map((b) => padded[channel][top + a * dilation][left + b * dilation]),
    ),
  );
  const products = values.map((plane, channel) =>
    plane.map((line, a) => line.map((value, b) => value * laid[channel][a][b] + 0)), // + 0: no −0
  );
  const sums = products.map((plane) => plane.flat().reduce((sum, product) => sum + product, 0));
  return { top, left, values, products, sums, total: sums.reduce((sum, each) => sum + each, 0) + bias };
}

// --- What goes wrong ----------------------------------------------------------------------------

export const BORDERS = ["zeros", "reflect", "replicate", "circular"];

/** What each catalogued mistake gives for one output cell: { id: value }, the ids of cnnkit.answers. */
export function mistakes(settings, row, column) {
  const { x, kernel, bias, mode, stride, dilation, flip } = settings;
  const { border, rows, columns } = convolution(settings);
  const sameKernels = (change) => ({ kernel: kernel.map(change) });
  const isPadded = border.flat().some((cells) => cells > 0);
  const found = {};
  const add = (id, changes, place = [row, column]) => {
    const value = convolution({ ...settings, ...changes }).output[place[0]]?.[place[1]];
    if (value !== undefined) found[id] = value;
  };
  add(flip ? "kernel-not-flipped" : "kernel-flipped", { flip: !flip });
  if (kernel[0].length === kernel[0][0].length) add("kernel-transposed", sameKernels(transposed));
  add("kernel-flipped-vertically", { ...sameKernels((plane) => [...plane].reverse()), flip: false });
  add("kernel-flipped-horizontally", {
    ...sameKernels((plane) => plane.map((line) => [...line].reverse())),
    flip: false,
  });
  if (isPadded) {
    BORDERS.filter((other) => other !== mode).forEach((other) => add(`border-${other}`, { mode: other }));
    add("no-padding", { padding: "valid" });
    const behind = border.map(([before, after]) => [0, before + after]);
    if (mode === "zeros") add("window-not-centred", { border: behind });
  }
  if (stride > 1) add("stride-ignored", { stride: 1, border });
  if (dilation > 1) add("dilation-ignored", { dilation: 1, border });
  if (bias !== 0) add("bias-forgotten", { bias: 0 });
  if (x.length > 1) {
    add("channels-forgotten", { x: [x[0]], kernel: [kernel[0]] });
    if (bias !== 0) add("bias-per-channel", { bias: bias * x.length });
    if (x.length === 2) add("channels-exchanged", { kernel: [...kernel].reverse() });
  }
  const at = row * columns + column;
  const neighbour = (place) => [Math.floor(place / columns), place % columns];
  if (at > 0) add("previous-window", {}, neighbour(at - 1));
  if (at < rows * columns - 1) add("next-window", {}, neighbour(at + 1));
  return found;
}

/** Slips in a single sum: [id, value, channel, row and column of the product]. */
export function slips(settings, row, column) {
  const made = convolution(settings);
  if (made.problem) return [];
  const { products, total } = windowAt(made, row, column);
  const single = products.flatMap((plane, channel) =>
    plane.flatMap((line, a) => line.map((product, b) => [product, channel, a, b])),
  );
  const of = (id, times) => single.map(([product, ...place]) => [id, total - times * product, ...place]);
  return [["sign-exchanged", -total + 0], ...of("tap-forgotten", 1), ...of("tap-sign", 2)];
}

/** Whether a typed number means this one: to the digit for whole numbers, else to what two decimals tell. */
export function means(typed, value, whole) {
  return Math.abs(typed - value) <= (whole ? 1e-9 : 0.0051) * Math.max(1, whole ? Math.abs(value) : 1);
}

export const allWhole = ({ x, kernel, bias }) =>
  [...x.flat(2), ...kernel.flat(2), bias].every(Number.isInteger);

/** What a prediction of one cell is told: { right, ids, message }. `write` turns a number into text. */
export function marked(settings, row, column, typed, words, write = String) {
  const whole = allWhole(settings);
  const { total, values } = windowAt(convolution(settings), row, column);
  if (means(typed, total, whole)) return { right: true, ids: [], message: "Right." };
  const fitting = Object.entries(mistakes(settings, row, column))
    .filter(([, value]) => means(typed, value, whole) && !means(value, total, whole))
    .map(([id]) => id);
  const says = (ids, when, cure) => ({
    right: false,
    ids,
    message: `That is what comes out when ${when.join(", or when ")}. ${cure}`,
  });
  if (fitting.length) {
    const when = fitting.slice(0, 3).map((id) => words.when[id]);
    return says(fitting, when, fitting.length > 1 ? words.cure.unknown : cureOf(fitting[0], settings, words));
  }
  const slip = slips(settings, row, column).find(([, value]) => means(typed, value, whole));
  if (!slip)
    return { right: false, ids: [], message: `No mistake that is known here. ${words.cure.unknown}` };
  const [id, , channel, a, b] = slip;
  const weight = (at) => convolution(settings).laid[channel][a][at];
  const factor = (value) => (value < 0 ? `(${write(value)})` : write(value));
  const product = channel === undefined ? "" : `${factor(values[channel][a][b])}·${factor(weight(b))}`;
  return says([id], [words.when[id].replace("{product}", product)], words.cure[id]);
}

function cureOf(id, { flip, mode }, words) {
  if (id.startsWith("kernel-")) return words.cure[flip ? "kernel turned" : "kernel as written"];
  return words.cure[id.startsWith("border-") ? `border ${mode}` : id];
}
