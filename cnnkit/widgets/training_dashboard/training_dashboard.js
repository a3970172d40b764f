// The training dashboard: what one presses, the curves, and the panels below them. Numbers come in frames from
// the kernel, each whole; all that is drawn of them, and what the window slider moves, is computed here.

import { curves, doubt, evaluation, percent, rowsOf, windowed } from "./curves.js";
import {
  choice, clamp, coded, counted, element, escaped, floats, fresh, oncePerFrame, rounded, thousands, toggle,
  watched,
} from "../parts/page.js";
import { download, layersPanel, networkPanel, predictionsPanel, runsPanel } from "./training_panels.js";

const WINDOWS = [20, 50, 100, 200, 500, 1000, 2000, 5000];
const SPEEDS = [[0, "full speed"], [2000, "2,000 examples/s"], [500, "500 examples/s"], [100, "100 examples/s"]];
const OPTIMIZERS = ["sgd", "adam", "adamw", "adagrad", "adadelta", "rmsprop", "muon"];
const FIELDS = {
  lr: { label: "Learning rate", least: 0, most: 1000 },
  momentum: { label: "Momentum", least: 0, most: 0.9999 },
  weight_decay: { label: "Weight decay", least: 0, most: 100 },
  batch_size: { label: "Batch size", least: 1, most: 65536, whole: true },
  seed: { label: "Seed, next run", least: 0, most: 2 ** 31 - 1, whole: true },
};
const TABS = { predictions: "Answers", layers: "Layers", network: "Network", runs: "Runs" };
const STATES = { ready: "not started", running: "training", paused: "paused", finished: "finished",
  diverged: "stopped: the loss is no number", failed: "stopped by an error" };
const PATIENCE = 800; // ms until one is told that the kernel has not answered
const SILENCE = 5000; // ms without a frame while training

const PAGE = `
  <div class="bar head"><strong class="title"></strong><span class="data"></span></div>
  <p class="standin" hidden></p>
  <div class="bar controls">
    <button type="button" class="main go">Start</button><button type="button" class="reset">Reset</button>
    <span class="state"></span><span class="count"></span></div>
  <p class="trouble bad" role="alert" hidden></p>
  <div class="settings"></div>
  <p class="hint" role="status"></p>
  <div class="bar view"></div>
  <div class="plots"></div>
  <dl class="tiles"></dl>
  <div class="tabs" role="tablist" aria-label="More of this run"></div>
  <div class="panels"></div>
  <output class="spoken" aria-live="polite"></output>`;

/** A number that counts once it is entered; `enter` gets it, `complain` what is wrong with it. */
function numberField(name, { label, least, most, whole }, enter, complain) {
  const step = name === "lr" ? '<button type="button" aria-label="Halve the learning rate">½</button>' +
    '<button type="button" aria-label="Double the learning rate">×2</button>' : "";
  const field = element(`<div class="field ${name}"><label><span>${label}</span>` +
    `<input type="number" name="${name}" min="${least}" max="${most}" step="${whole ? 1 : "any"}"></label>${step}</div>`);
  const input = field.querySelector("input");
  let shown;
  const take = (value) => {
    const allowed = (whole ? Number.isInteger(value) : Number.isFinite(value)) && value >= least && value <= most;
    complain(allowed ? "" : `${label}: ${whole ? "a whole number" : "a number"} from ${least} to ${whole ? thousands(most) : most}.`);
    if (!allowed) input.value = shown;
    else if (value !== shown) enter((shown = value));
  };
  input.addEventListener("change", () => take(input.valueAsNumber));
  input.addEventListener("keydown", ({ key }) => key === "Enter" && take(input.valueAsNumber));
  field.querySelectorAll("button").forEach((button, place) =>
    button.addEventListener("click", () => take(Number((shown * [0.5, 2][place]).toPrecision(6)))));
  const show = (value) => {
    shown = value;
    if (document.activeElement !== input) input.value = value; // what is being typed stays
  };
  input.addEventListener("blur", () => (input.value = shown));
  return { field, input, show };
}

/** Tabs with their panels, moved along by arrow keys. */
function tabbed(list, panels, choose) {
  const ids = Object.fromEntries(Object.keys(TABS).map((name) => [name, fresh(name)]));
  const places = Object.entries(TABS).map(([name, label]) => {
    const tab = element(`<button type="button" role="tab" id="${ids[name]}-tab" aria-controls="${ids[name]}">${label}</button>`);
    const panel = element(`<div class="panel ${name}" role="tabpanel" id="${ids[name]}" aria-labelledby="${ids[name]}-tab"></div>`);
    tab.addEventListener("click", () => choose(name));
    list.append(tab);
    panels.append(panel);
    return { name, tab, panel };
  });
  list.addEventListener("keydown", (event) => {
    const now = places.findIndex(({ tab }) => tab === document.activeElement);
    const next = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: places.length - 1 }[event.key];
    if (next === undefined || now < 0) return;
    event.preventDefault();
    const { name, tab } = places[clamp(next, 0, places.length - 1)];
    tab.focus();
    choose(name);
  });
  const show = (chosen) => places.forEach(({ name, tab, panel }) => {
    tab.setAttribute("aria-selected", name === chosen);
    tab.tabIndex = name === chosen ? 0 : -1;
    panel.hidden = name !== chosen;
  });
  return { show, panel: (name) => places.find((place) => place.name === name).panel };
}

/** What a frame says, with its numbers unpacked. */
function read(frame) {
  const points = frame.curve ? rowsOf(floats(frame.curve), 4) : [];
  const rows = frame.rows ? rowsOf(floats(frame.rows), 12).map(evaluation) : [];
  return { points, rows, changes: frame.changes ?? [] };
}

function tilesMarkup(run, frame, window) {
  const [running, row] = [run.running.at(-1), run.rows.at(-1)];
  const tile = (name, value, more = "") => `<div><dt>${name}</dt><dd>${value}${more && ` <small>${more}</small>`}</dd></div>`;
  const sure = (metrics) => `${doubt(metrics)}, n = ${thousands(metrics.n)}`;
  const share = (metrics) => (metrics ? percent(metrics.accuracy) : "–");
  const each = (seconds) => (seconds ? `${rounded(seconds * 1000, 2)} ms` : "–");
  const test = frame.test && { accuracy: frame.test[2], error: frame.test[3], n: frame.test[4] };
  return [
    tile(`Training, last ${thousands(window)}`, share(running), running && sure(running)),
    tile("Training, evaluated", share(row?.train), row && sure(row.train)),
    tile("Validation", share(row?.validation), row && sure(row.validation)),
    test ? tile("Test, once at the end", share(test), sure(test)) : "",
    tile("Forward", each(frame.forward), "per example"),
    tile("Backward", each(frame.backward), "per example"),
  ].join("");
}

function render({ model, el }) {
  el.classList.add("cnnkit-widget", "cnnkit-training-dashboard");
  el.dataset.lmSuppressShortcuts = "true"; // else JupyterLab takes Enter and the arrow keys
  el.innerHTML = PAGE;
  const part = (name) => el.querySelector(`.${name}`);
  const view = fresh("view");
  const ask = (content) => model.send({ ...content, view });
  const choose = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  const complain = (words) => {
    part("hint").innerHTML = coded(words);
  };
  const speak = (words) => (part("spoken").textContent = words);
  const hidden = new Set();
  let [asked, heard, spokenState] = [null, performance.now(), model.get("frame").status];

  // --- what one presses
  const want = (command, until) => {
    asked = { until, since: performance.now() };
    ask({ do: command });
    if (model.lost) asked = null;
    timers.push(setTimeout(soon, PATIENCE + 50));
    soon();
  };
  const timers = [];
  part("go").addEventListener("click", () => {
    const running = model.get("frame").status === "running";
    want(running ? "pause" : "start", (status) => (status === "running") !== running);
  });
  part("reset").addEventListener("click", () => want("reset", (status) => status !== "running"));
  const enter = (name) => (value) => ask({ do: "set", name, value });
  const optimizer = choice({ name: "optimizer", label: "Optimizer", options: OPTIMIZERS.map((each) => [each, each]) }, enter("optimizer"));
  optimizer.row.classList.add("field");
  const fields = Object.entries(FIELDS).map(([name, rule]) => [name, numberField(name, rule, enter(name), complain)]);
  part("settings").append(optimizer.row, ...fields.map(([, { field }]) => field));
  const speed = choice({ name: "speed", label: "Speed", options: SPEEDS }, (value) => enter("speed")(Number(value)));
  const axis = choice({ name: "x_axis", label: "x axis", options: [["examples", "examples seen"], ["updates", "updates"]] },
    (value) => choose("x_axis", value));
  const zoom = toggle({ name: "zoom", label: "zoom in on the end" }, (value) => choose("zoom", value));
  const slider = element('<label class="choice window"><span>Running mean over</span><input type="range" name="window" min="0"' +
    ` max="${WINDOWS.length - 1}" step="1"><span class="examples"></span></label>`);
  const sliding = slider.querySelector("input");
  sliding.addEventListener("input", () => choose("window", WINDOWS[sliding.valueAsNumber]));
  part("view").append(slider, axis.row, zoom.row);
  part("count").after(speed.row);

  // --- what is shown
  const plots = curves(part("plots"));
  const tabs = tabbed(part("tabs"), part("panels"), (name) => choose("tab", name));
  const panels = {
    predictions: predictionsPanel(tabs.panel("predictions")),
    layers: layersPanel(tabs.panel("layers"), choose),
    network: networkPanel(tabs.panel("network"), ask),
    runs: runsPanel(tabs.panel("runs"), ask, (id, hide) => {
      (hide ? hidden.add(id) : hidden.delete(id), soon());
    }),
  };

  const state = (frame) => {
    const now = performance.now();
    if (asked?.until(frame.status)) asked = null;
    const late = asked && now - asked.since > PATIENCE;
    const lost = frame.status === "running" && now - heard > SILENCE;
    const go = part("go");
    const words = frame.status === "running" ? "Pause" : { ready: "Start", paused: "Resume" }[frame.status] ?? "Train again";
    if (go.textContent !== words) go.textContent = words;
    part("state").textContent = model.lost ? "the kernel is gone" : late ? "waiting: the kernel is busy" :
      lost ? "no news: the kernel is busy, or was restarted" : asked ? "…" : STATES[frame.status];
    part("state").className = `state ${late || lost || model.lost ? "late" : frame.status}`;
    part("count").textContent = frame.examples === undefined ? "" :
      `${thousands(frame.examples)} examples, ${counted(frame.updates, "update")}`;
    part("trouble").hidden = !frame.error;
    part("trouble").innerHTML = coded(frame.error ?? "");
    if (frame.status !== spokenState) {
      spokenState = frame.status;
      speak(`${STATES[frame.status]}. ${part("count").textContent}`);
    }
  };

  const head = () => {
    const [network, images] = [model.get("network"), model.get("images")];
    part("title").textContent = network.name || "Network";
    part("data").textContent = `${thousands(network.total)} parameters, on ${images.title}`;
    part("standin").hidden = !images.stand_in;
    part("standin").textContent = images.stand_in ?
      `These are not the images that were asked for: ${images.stand_in} stands in for them.` : "";
  };

  const settings = () => {
    optimizer.show(model.get("optimizer"));
    for (const [name, { show, input }] of fields) {
      show(model.get(name));
      input.disabled = name === "momentum" && model.get("no_momentum").includes(model.get("optimizer"));
    }
    speed.show(SPEEDS.some(([value]) => value === model.get("speed")) ? model.get("speed") : "");
    axis.show(model.get("x_axis"));
    zoom.show(model.get("zoom"));
    const nearest = WINDOWS.findLastIndex((each) => each <= model.get("window"));
    if (document.activeElement !== sliding || WINDOWS[sliding.valueAsNumber] !== model.get("window")) sliding.value = Math.max(nearest, 0);
    sliding.ariaValueText = `${thousands(model.get("window"))} examples`;
    slider.querySelector(".examples").textContent = `${thousands(model.get("window"))} examples`;
  };

  let kept = { frame: null };
  const draw = () => {
    const frame = model.get("frame");
    if (kept.frame !== frame) kept = { frame, ...read(frame) };
    const window = model.get("window");
    const run = { ...kept, running: windowed(kept.points, window) };
    const earlier = model.get("earlier").map((each) => ({
      ...read(each), id: each.run, name: each.name, settings: each.settings, hidden: hidden.has(each.run),
    }));
    head();
    settings();
    state(frame);
    plots.draw({ run, earlier: earlier.filter((each) => !each.hidden), axis: model.get("x_axis"), zoom: model.get("zoom"), window });
    part("tiles").innerHTML = tilesMarkup(run, frame, window);
    const tab = model.get("tab");
    tabs.show(tab);
    if (tab === "predictions") panels.predictions.show(model.get("images"), model.get("panel"));
    if (tab === "layers")
      panels.layers.show(model.get("images"), model.get("network"), model.get("panel"),
        { image: model.get("image"), shared: model.get("shared_scale") });
    if (tab === "network") panels.network.show(model.get("network"));
    if (tab === "runs") panels.runs.show({ ...run, id: frame.run ?? "", name: "this run", settings: frame.settings ?? "" }, earlier);
  };

  const soon = oncePerFrame(draw);
  const hear = () => ((heard = performance.now()), soon());
  const said = () => {
    const words = model.get("said");
    if (words.where === "set") complain(words.words);
    else if (words.where === "name") panels.runs.say(words);
    else panels.network.say(words);
    if (["start", "pause", "reset"].includes(words.where)) (complain(words.words), (asked = null), soon());
    if (words.words) speak(words.words);
    soon();
  };
  const received = (message) => {
    if (message.snapshot && message.view === view) download(message.snapshot, "network.json");
  };
  const shown = ["network", "images", "panel", "earlier", "optimizer", ...Object.keys(FIELDS), "speed", "x_axis", "window", "zoom",
    "tab", "image", "layer", "shared_scale"];
  for (const name of shown) model.on(`change:${name}`, soon);
  model.on("change:frame", hear);
  model.on("change:said", said);
  model.on("msg:custom", received);
  const resized = new ResizeObserver(() => plots.fit() && requestAnimationFrame(soon));
  resized.observe(el);
  const here = () => ask({ do: "view", here: true });
  const gone = () => ask({ do: "view", here: false });
  const beat = setInterval(here, 10_000);
  const watch = setInterval(() => model.get("frame").status === "running" && soon(), 1000);
  window.addEventListener("pagehide", gone);
  here();
  draw();
  return () => {
    gone();
    [beat, watch].forEach(clearInterval);
    timers.forEach(clearTimeout);
    resized.disconnect();
    window.removeEventListener("pagehide", gone);
    for (const name of shown) model.off(`change:${name}`, soon);
    model.off("change:frame", hear);
    model.off("change:said", said);
    model.off("msg:custom", received);
  };
}

export default { render: watched(render) };
