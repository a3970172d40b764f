// The layer stack: a whole network to change by hand, with what follows from it and its code.

import { codeView } from "./code_view.js";
import { KINDS, networkCode, stages } from "../parts/layers.js";
import { STARTS, layerSettings } from "./layer_settings.js";
import { choice, clamp, counted, element, oncePerFrame, thousands, watched } from "../parts/page.js";
import { percent, stackRows } from "./stack_rows.js";

const MOST_LAYERS = 64;
const MOST_STEPS = 200; // back in time

const PAGE = `
  <div class="bar top">
    <span class="presets"></span>
    <span class="history"><button class="undo">↶ Undo</button><button class="redo">↷ Redo</button></span>
  </div>
  <div class="list"></div>
  <p class="summary"></p>
  <p class="ways">
    Open a layer to change it. Alt+↑ and Alt+↓ move it, Delete removes it; or drag it by its box.
  </p>
  <div class="shares"></div>
  <div class="code"></div>
  <output class="spoken" aria-live="polite"></output>`;

// --- Where the parameters are, and where the work is ------------------------------------------------

const FAMILIES = { conv: "convolutions", fc: "fully connected", bn: "batch norm" };
const SHARES = { trainable: "Parameters", multiply_adds: "Multiply-adds" };

const shareMarkup = ([name, words]) => {
  const parts = Object.keys(FAMILIES).map((family) => `<i class="${family}"></i>`);
  return (
    `<div class="share ${name}"><span>${words}</span><span class="whole">${parts.join("")}</span>` +
    '<span class="told"></span></div>'
  );
};

/** One bar for the parameters and one for the multiply-adds, divided among the kinds of layers. */
function sharesView(el) {
  el.innerHTML = Object.entries(SHARES).map(shareMarkup).join("");
  return (rows) => {
    el.hidden = !rows;
    for (const name of rows ? Object.keys(SHARES) : []) {
      const share = el.querySelector(`.${name}`);
      const sums = Object.fromEntries(Object.keys(FAMILIES).map((family) => [family, 0]));
      for (const row of rows) if (row[name]) sums[KINDS[row.kind].family] += row[name];
      const all = Object.values(sums).reduce((total, sum) => total + sum, 0);
      const told = Object.entries(sums).filter(([, sum]) => sum);
      for (const [family, sum] of Object.entries(sums))
        share.querySelector(`.${family}`).style.flexGrow = all ? sum / all : 0;
      share.querySelector(".told").textContent = told
        .map(([family, sum]) => `${FAMILIES[family]} ${percent(sum / all)}`)
        .join(" · ") || "none";
    }
  };
}

// --- Words ----------------------------------------------------------------------------------------

function aboutText({ totals, problem }, layers) {
  if (!layers.length) return "No layers yet: open the input and add the first one.";
  if (problem) return "Nothing can be counted until every layer can take its input.";
  const { keras, torch, statistics, neurons } = totals;
  const kept = statistics
    ? ` ${thousands(torch)} are trained and ${thousands(statistics)} are running statistics (Keras counts` +
      ` both: ${thousands(keras)}).`
    : "";
  return `${counted(layers.length, "layer")}, ${counted(neurons, "neuron")}.${kept}`;
}

const spokenText = ({ totals, problem, output_shape }) =>
  problem ??
  `Output ${output_shape.join(" by ")}. ${counted(totals.torch, "parameter")},` +
    ` ${counted(totals.multiply_adds, "multiply-add")}.`;

// --- Changes --------------------------------------------------------------------------------------

/** `list` with the item at `from` moved to `to`. */
export function moved(list, from, to) {
  const rest = list.filter((_, place) => place !== from);
  return [...rest.slice(0, to), list[from], ...rest.slice(to)];
}

/** A layer with one setting changed; one that is undefined takes its default or follows another. */
export function changed(layer, name, value) {
  const { [name]: _, ...rest } = layer;
  return value === undefined ? rest : { ...rest, [name]: value };
}

/** A name of one's own stands once; a copy is named by its kind. */
const copied = ({ name, ...rest }) => rest;

/** Networks to go back to. Changes with one `key` in a row, as of a slider on its way, are one step. */
export function history() {
  let [past, future, last] = [[], [], null];
  const step = (from, to, current) => {
    if (!from.length) return undefined;
    to.push(current);
    last = null;
    return from.pop();
  };
  return {
    note: (before, key) => {
      if (key === null || key !== last) past = [...past.slice(-MOST_STEPS), before];
      [future, last] = [[], key];
    },
    pause: () => (last = null),
    undo: (current) => step(past, future, current),
    redo: (current) => step(future, past, current),
    get can() {
      return { undo: past.length > 0, redo: future.length > 0 };
    },
  };
}

// --- On the page ----------------------------------------------------------------------------------

function render({ model, el }) {
  el.classList.add("cnnkit-widget", "cnnkit-layer-stack");
  el.dataset.lmSuppressShortcuts = "true"; // Enter, Space, Delete and the arrows are for the stack
  el.innerHTML = PAGE;
  const part = (name) => el.querySelector(`.${name}`);
  const steps = history();
  let setting = false; // both at once: a network and the place that is open in it
  const network = () => model.get("network");
  const selected = () => model.get("selected");

  const go = (next, place) => {
    setting = true;
    model.set("network", next);
    model.set("selected", place);
    setting = false;
    model.save_changes();
    before = next;
    soon();
  };
  const change = (changes, key = null, place = selected()) => {
    steps.note(network(), key);
    go({ ...network(), ...changes }, place);
  };
  const setLayers = (layers, place, key = null) => change({ layers }, key, place);
  const back = (way) => {
    const next = steps[way](network());
    if (next) go(next, selected() === null ? null : Math.min(selected(), next.layers.length));
  };

  const move = (from, to) => {
    const { layers } = network();
    const goal = clamp(to, 1, layers.length);
    if (goal === from) return;
    const focused = rows.holdsFocus();
    setLayers(moved(layers, from - 1, goal - 1), selected() === null ? null : goal);
    draw();
    if (focused) rows.focus(goal);
  };
  const remove = (place) => {
    const layers = network().layers.filter((_, index) => index !== place - 1);
    setLayers(layers, selected() === null ? null : Math.min(place, layers.length));
    draw();
    const held = layers.length && rows.drawer.contains(document.activeElement);
    if (!held) rows.focus(Math.min(place, layers.length));
  };
  const insert = (layer, place) => {
    const { layers } = network();
    if (layers.length >= MOST_LAYERS) return;
    setLayers([...layers.slice(0, place), layer, ...layers.slice(place)], place + 1);
  };
  const open = (place) => {
    model.set("selected", selected() === place ? null : place);
    model.save_changes();
  };

  const rows = stackRows(part("list"), { toggle: open, move, remove });
  const limitsOf = (name) => {
    const [least, usual, most] = model.get("limits")[name];
    return { least, usual, most };
  };
  const settings = layerSettings(rows.drawer, limitsOf, {
    set: (name, value) => {
      const place = selected() - 1;
      const { layers } = network();
      const next = layers.map((layer, index) => (index === place ? changed(layer, name, value) : layer));
      setLayers(next, place + 1, `${place} ${name}`);
    },
    setSize: (axis, value) => {
      const input_shape = network().input_shape.map((size, place) => (place === axis ? value : size));
      change({ input_shape }, `input ${axis}`);
    },
    move: (step) => move(selected(), selected() + step),
    remove: () => remove(selected()),
    duplicate: () => insert(copied(network().layers[selected() - 1]), selected()),
    add: (kind) => insert({ kind, ...STARTS[kind] }, selected()),
  });

  const presets = Object.entries(model.get("presets"));
  const options = [["", "a network of the course"], ...presets.map(([name]) => [name, name])];
  const start = choice({ name: "preset", label: "Start from", options }, (name) => {
    if (!name) return;
    steps.note(network(), null);
    go(model.get("presets")[name], null);
    start.show("");
  });
  part("presets").replaceWith(start.row);
  part("undo").addEventListener("click", () => back("undo"));
  part("redo").addEventListener("click", () => back("redo"));
  rows.drawer.addEventListener("change", () => steps.pause());

  const shares = sharesView(part("shares"));
  const code = codeView(part("code"), ["cnnkit", "torch"]);
  function draw() {
    const current = network();
    const facts = stages(current);
    const place = selected() === null ? null : Math.min(selected(), current.layers.length);
    rows.show(current, facts, place);
    if (place !== null) settings.show(place, current, facts, MOST_LAYERS);
    shares(facts.totals && facts.rows);
    part("summary").textContent = aboutText(facts, current.layers);
    code.show((library) => networkCode(current, library, facts));
    part("spoken").textContent = spokenText(facts);
    for (const way of ["undo", "redo"]) part(way).setAttribute("aria-disabled", !steps.can[way]);
  }
  const soon = oncePerFrame(draw);
  let before = network();
  const heard = () => {
    if (setting) return;
    steps.note(before, null); // set in Python, or by another view
    before = network();
    soon();
  };
  const opened = () => setting || soon();
  model.on("change:network", heard);
  model.on("change:selected", opened);
  const resized = new ResizeObserver(() => settings.fit() && soon());
  resized.observe(el);
  draw();
  return () => {
    resized.disconnect();
    model.off("change:network", heard);
    model.off("change:selected", opened);
  };
}

export default { render: watched(render) };
