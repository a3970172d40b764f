// The settings of one layer of a network, or of its input: controls, what follows from them, one axis drawn.

import { axisView, layerShape } from "../parts/axis.js";
import { KINDS, axesOf, complete, shapeText } from "../parts/layers.js";
import { choice, element, thousands, toggle, wholeNumber } from "../parts/page.js";

const LABELS = {
  in_channels: "In channels",
  num_features: "Channels",
  in_features: "In features",
  out_channels: "Filters",
  out_features: "Outputs",
  kernel_size: "Kernel <i>k</i>",
  stride: "Stride <i>s</i>",
  padding: "Padding <i>p</i>",
  dilation: "Dilation <i>d</i>",
  groups: "Groups",
  p: "Dropped, in %",
  bias: "a bias for each output",
  ceil_mode: "round up (ceil_mode)",
};
const PADDINGS = [
  ["", "as a number"],
  ["same", "'same' (torch)"],
  ["valid", "'valid'"],
  ["keras-same", "'same' (Keras)"],
];

/** What a new layer of each kind starts with, where torch has no default. */
export const STARTS = {
  Conv2d: { out_channels: 32, kernel_size: 3, padding: 1 },
  MaxPool2d: { kernel_size: 2 },
  AvgPool2d: { kernel_size: 2 },
  Linear: { out_features: 64 },
};

const PANEL = `
  <div class="cnnkit-settings">
    <div class="bar moves">
      <button class="up">↑ Move up</button><button class="down">↓ Move down</button>
      <button class="copy-layer">Duplicate</button><button class="remove">✕ Remove</button>
      <span class="adding"><span class="add-place"></span><button class="add">+ Add behind</button></span>
    </div>
    <div class="controls"></div>
    <div class="bar boxes"></div>
    <p class="hint" role="status"></p>
    <p class="pairs"></p>
    <dl class="facts"></dl>
    <div class="axis"></div>
  </div>`;

const first = (value) => (Array.isArray(value) ? value[0] : value);
const sensible = (value) => (Number.isInteger(first(value)) ? first(value) : 1);

// --- Controls: each has a `slider`, a `box` or both, and shows itself from (layer, its settings in full) --

/** The controls of one kind of layer. */
function controlsOf(kind, limitsOf, set, complain) {
  const { required, options, follows } = KINDS[kind];
  const sliderOf = (name, change = (value) => set(name, value)) =>
    wholeNumber({ name, label: LABELS[name], ...limitsOf(name) }, change, complain);
  const plain = (name) => {
    const slider = sliderOf(name);
    return { slider: slider.row, show: (layer, settings) => slider.show(sensible(settings[name])) };
  };
  const tick = (name) => {
    const box = toggle({ name, label: LABELS[name] }, (on) => set(name, on));
    return { box: box.row, show: (layer, settings) => box.show(Boolean(settings[name])) };
  };
  const following = (name, words, hides) => {
    let current;
    const slider = sliderOf(name);
    const unlock = (follow) => set(name, follow ? undefined : current);
    const box = toggle({ name: `${name}-follows`, label: words }, unlock);
    const show = (layer, settings) => {
      const follow = layer[name] === undefined || layer[name] === null;
      current = sensible(settings[name] ?? settings.kernel_size);
      slider.show(current);
      slider.row.hidden = hides && follow;
      box.show(follow);
    };
    return { slider: slider.row, box: box.row, show };
  };
  const padding = () => {
    const slider = sliderOf("padding");
    const change = (word) => set("padding", word || 0);
    const words = choice({ name: "padding-named", label: "Padding given", options: PADDINGS }, change);
    const show = (layer, settings) => {
      const named = typeof settings.padding === "string";
      slider.show(named ? 0 : sensible(settings.padding));
      slider.row.hidden = named;
      words.show(named ? settings.padding : "");
    };
    return { slider: slider.row, box: words.row, show };
  };
  const chance = () => {
    const slider = sliderOf("p", (value) => set("p", value / 100));
    return { slider: slider.row, show: (layer, { p }) => slider.show(Math.round(100 * p) || 0) };
  };
  const control = (name) => {
    if (name === follows) return following(name, `${name} follows the layer before`, true);
    if (name === "stride" && options.stride === null) return following(name, "stride follows the kernel");
    if (name === "padding" && kind === "Conv2d") return padding();
    if (name === "p") return chance();
    return typeof options[name] === "boolean" ? tick(name) : plain(name);
  };
  return [...required, ...Object.keys(options)].map(control);
}

/** The controls of an image's three sizes, or of a vector's one. */
function inputControls(count, limitsOf, setSize, complain) {
  const names = count === 3 ? ["Channels", "Height", "Width"] : count === 1 ? ["Features"] : [];
  return names.map((label, place) => {
    const limits = limitsOf(label === "Features" ? "in_features" : place ? "size" : "channels");
    const change = (value) => setSize(place, value);
    const control = wholeNumber({ name: label.toLowerCase(), label, ...limits }, change, complain);
    return { slider: control.row, show: (shape) => control.show(shape[place]) };
  });
}

function nameControl(set) {
  const row = element(
    '<label class="choice name"><span>Name</span>' +
      '<input type="text" name="name" maxlength="24" data-lm-suppress-shortcuts="true"></label>',
  );
  const input = row.querySelector("input");
  const take = () => set("name", input.value.trim() || undefined);
  input.addEventListener("change", take);
  input.addEventListener("keydown", ({ key }) => key === "Enter" && take());
  const show = (layer, settings, row) => {
    input.placeholder = row.name;
    if (document.activeElement !== input) input.value = layer.name ?? "";
  };
  return { box: row, show };
}

// --- Words ----------------------------------------------------------------------------------------

/** Settings that are a pair were set in Python; a slider makes one number of them. */
function pairsText(layer) {
  const pairs = Object.entries(layer).filter(([, value]) => Array.isArray(value));
  if (!pairs.length) return "";
  const told = pairs.map(([name, value]) => `${name} is ${shapeText(value)}`).join(", ");
  return `Set in Python: ${told}. Its slider makes it a single number.`;
}

function seenText({ size, jump, start }) {
  if (!size.length) return "";
  if (!jump[0]) return "the whole image";
  const same = (pair) => (pair[0] === pair[1] ? String(pair[0]) : pair.join(" and "));
  const begin = same(start).replaceAll("-", "−");
  return `${size.join("×")} pixels of the input; the first from ${begin}, the next ${same(jump)} further`;
}

function heldMarkup(row) {
  const sum = (words, total) => (words ? `${words} = ${thousands(total)}` : "none");
  const facts = {};
  if (row.output_shape) {
    facts.Shape = `${shapeText(row.input_shape)} → ${shapeText(row.output_shape)}`;
    facts.Parameters = sum(row.parameter_product, row.trainable);
    if (row.statistics) facts.Parameters += `, and ${thousands(row.statistics)} running statistics`;
    facts["Multiply-adds"] = sum(row.multiply_add_product, row.multiply_adds);
    if (row.neurons) facts.Neurons = thousands(row.neurons);
    const seen = seenText(row.receptive_field);
    if (seen) facts.Sees = seen;
  }
  return Object.entries(facts).map(([name, words]) => `<dt>${name}</dt><dd>${words}</dd>`).join("");
}

/** The height of a layer with a window as the seven settings that axis.js draws; null where it cannot. */
function drawable(row, settings) {
  const { family } = KINDS[row.kind];
  if ((family !== "conv" && family !== "pool") || row.input_shape?.length !== 3) return null;
  if (row.problem?.startsWith("`")) return null; // a setting that no input could help
  const [{ size, stride, pads }] = axesOf(settings, row.input_shape);
  if (settings.ceil_mode || pads[0] !== pads[1]) return null;
  const [kernel_size, dilation] = [first(settings.kernel_size), first(settings.dilation ?? 1)];
  return { size, kernel_size, stride, padding: pads[0], dilation, in_channels: 1, out_channels: 1 };
}

/** Whether height and width have the same numbers. */
function alike(row, settings) {
  const [height, width] = axesOf(settings, row.input_shape);
  return JSON.stringify(height) === JSON.stringify(width);
}

// --- On the page ----------------------------------------------------------------------------------

/** The settings of one row in `el`. `act` is told set(name, value), setSize(place, value), move(step),
    remove(), duplicate() and add(kind).

    Returns { show(place, network, facts), fit() }. */
export function layerSettings(el, limitsOf, act) {
  el.append(element(PANEL));
  const part = (name) => el.querySelector(`.${name}`);
  const complain = (words) => (part("hint").textContent = words);
  const options = Object.keys(KINDS).map((kind) => [kind, kind]);
  const kinds = choice({ name: "add", label: "", options }, () => 0);
  kinds.row.querySelector("select").ariaLabel = "Kind of the layer to add";
  part("add-place").replaceWith(kinds.row);
  part("add").addEventListener("click", () => act.add(kinds.row.querySelector("select").value));
  part("up").addEventListener("click", () => act.move(-1));
  part("down").addEventListener("click", () => act.move(1));
  part("copy-layer").addEventListener("click", () => act.duplicate());
  part("remove").addEventListener("click", () => act.remove());

  const axis = axisView(part("axis"));
  let shown = ""; // which controls stand here
  let controls = [];
  const rebuild = (key, make) => {
    if (shown === key) return;
    shown = key;
    complain("");
    controls = make();
    part("controls").replaceChildren(...controls.map(({ slider }) => slider).filter(Boolean));
    part("boxes").replaceChildren(...controls.map(({ box }) => box).filter(Boolean));
  };
  const showInput = (shape) => {
    rebuild(`input ${shape.length}`, () => inputControls(shape.length, limitsOf, act.setSize, complain));
    controls.forEach((control) => control.show(shape));
    part("pairs").textContent = "";
    part("facts").innerHTML = "";
    part("axis").hidden = true;
  };
  const showLayer = (layer, row) => {
    rebuild(layer.kind, () => [...controlsOf(layer.kind, limitsOf, act.set, complain), nameControl(act.set)]);
    const settings = complete(layer, row.input_shape);
    controls.forEach((control) => control.show(layer, settings, row));
    part("pairs").textContent = pairsText(layer);
    part("facts").innerHTML = heldMarkup(row);
    const axisSettings = drawable(row, settings);
    part("axis").hidden = !axisSettings;
    if (!axisSettings) return;
    axis.show(layerShape(axisSettings));
    part("about").textContent = alike(row, settings)
      ? "Along one axis; height and width work alike."
      : "Along the height; the width has other numbers.";
  };
  const enable = (place, count, most) => {
    for (const name of ["up", "down", "copy-layer", "remove"]) part(name).hidden = !place;
    // a button that has the focus keeps it: aria-disabled, not disabled
    part("up").setAttribute("aria-disabled", place <= 1);
    part("down").setAttribute("aria-disabled", place >= count);
    part("add").setAttribute("aria-disabled", count >= most);
    part("copy-layer").setAttribute("aria-disabled", count >= most);
  };
  const show = (place, { input_shape, layers }, { rows }, most) => {
    enable(place, layers.length, most);
    if (place) showLayer(layers[place - 1], rows[place - 1]);
    else showInput(input_shape);
  };
  return { show, fit: () => !part("axis").hidden && axis.fit() };
}
