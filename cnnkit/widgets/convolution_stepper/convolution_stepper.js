// Convolution stepper: the settings, the steps and the predictions; convolution_tables.js draws what follows.

import { BORDERS, allWhole, convolution, marked, means, windowAt } from "./convolution.js";
import { OUTPUTS, STAGE, relationText, sumMarkup, tablesView } from "./convolution_tables.js";
import { choice, clamp, element, minus, oncePerFrame, range, toggle, watched } from "../parts/page.js";
import { cellText, parsed } from "./sheet.js";

const SETTINGS = ["x", "kernel", "bias", "padding", "mode", "stride", "dilation", "flip"];
const SYNCED = [...SETTINGS, "step", "reached", "channel", "predict", "predictions", "shown"];
const PACE = 900; // ms a window, while it plays
const MOST = 1e6;

const FIELD_OPTIONS = 'type="text" inputmode="decimal" autocomplete="off" data-lm-suppress-shortcuts="true"';

const PAGE = `
  <div class="bar controls"></div>
  <p class="hint" role="status"></p>
  <div class="bar tabs" role="tablist" aria-label="Channel" data-lm-suppress-shortcuts="true"></div>
  <p class="problem bad"></p>
  ${STAGE}
  <p class="sum"></p>
  <form class="bar asking" novalidate>
    <label><span></span> <input ${FIELD_OPTIONS}></label>
    <button class="main" type="submit">Check</button><button type="button" class="tell">Show me</button>
  </form>
  <p class="note verdict"><b class="tag"></b><span></span></p>
  <div class="bar steps">
    <button type="button" class="first">|◀ Start</button><button type="button" class="back">◀ Back</button>
    <button type="button" class="on main">Step ▶</button><button type="button" class="play">Play</button>
    <button type="button" class="all">All</button><span class="place"></span>
  </div>
  ${OUTPUTS}
  <p class="relation"></p>
  <output class="spoken" aria-live="polite"></output>`;

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const upTo = (most) => range(1, most + 1).map((value) => [String(value), String(value)]);
const PADDINGS = [["valid", "valid (none)"], ["same", "same"], ["full", "full"]];

/** The controls above the tables; `set` takes changed settings, `choose` the name of a kernel. */
function controlsOf(kernels, set, choose) {
  const number = (name, label, most) =>
    choice({ name, label, options: upTo(most) }, (value) => set({ [name]: Number(value) }));
  const presets = ["own numbers", ...Object.keys(kernels)].map((name) => [name, name]);
  const modes = BORDERS.map((mode) => [mode, mode]);
  const controls = {
    preset: choice({ name: "preset", label: "Kernel", options: presets }, choose),
    padding: choice({ name: "padding", label: "Padding", options: PADDINGS }, (padding) => set({ padding })),
    mode: choice({ name: "mode", label: "of", options: modes }, (mode) => set({ mode })),
    stride: number("stride", "Stride", 4),
    dilation: number("dilation", "Dilation", 3),
    flip: toggle({ name: "flip", label: "Flip the kernel: convolution" }, (flip) => set({ flip })),
    predict: toggle({ name: "predict", label: "Predict the output" }, (predict) => set({ predict })),
  };
  controls.mode.row.querySelector("select").ariaLabel = "What stands in the padding";
  return controls;
}

/** One tab for each channel; arrow keys go from tab to tab. Returns { show(channel) }. */
function tabsOf(bar, count, pick) {
  const tabs = range(0, count).map((channel) => {
    const tab = element(`<button type="button" role="tab">channel ${channel}</button>`);
    tab.addEventListener("click", () => pick(channel));
    return tab;
  });
  bar.append(...tabs);
  bar.hidden = count < 2;
  bar.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!way) return;
    event.preventDefault();
    const next = (tabs.indexOf(event.target) + way + count) % count;
    pick(next);
    tabs[next].focus();
  });
  const show = (chosen) =>
    tabs.forEach((tab, channel) => {
      tab.setAttribute("aria-selected", channel === chosen);
      tab.setAttribute("tabindex", channel === chosen ? 0 : -1);
    });
  return { show };
}

/** A box for the bias; returns { row, show(bias) }. */
function biasBox(change, complain) {
  const row = element(`<label class="bias"><span>Bias</span> <input ${FIELD_OPTIONS}></label>`);
  const box = row.querySelector("input");
  let shown = 0;
  box.addEventListener("input", () => {
    const value = parsed(box.value);
    const allowed = Math.abs(value) <= MOST;
    complain(allowed ? "" : "Bias: a number, such as −2 or 0.5.");
    if (allowed) change(value);
  });
  box.addEventListener("blur", () => {
    complain("");
    box.value = minus(shown);
  });
  const show = (bias) => {
    shown = bias;
    if (box !== document.activeElement) box.value = minus(bias);
  };
  return { row, show };
}

/** Cells as large as the place allows: all three tables beside each other, or each in a row of its own. */
export function cellSize(width, { size, border, taps, columns }) {
  const across = size[1] + border[1][0] + border[1][1];
  const beside = Math.floor((width - 108) / (across + 2.5 * taps[1] + 1.8));
  const alone = Math.floor((width - 4) / Math.max(across, columns));
  return clamp(beside >= 26 ? beside : alone, 18, 34);
}

function render({ model, el }) {
  el.classList.add("cnnkit-widget", "cnnkit-convolution-stepper");
  el.innerHTML = PAGE;
  const part = (name) => el.querySelector(`.${name}`);
  const get = (name) => model.get(name);
  const complain = (words) => (part("hint").textContent = words);
  const set = (changes) => {
    const isOther = SETTINGS.some((name) => name in changes); // predictions were made for another output
    const all = isOther ? { ...changes, predictions: {}, shown: [] } : changes;
    for (const [name, value] of Object.entries(all)) model.set(name, value);
    model.save_changes();
    soon();
  };
  let state; // what follows from the settings, as the page shows it

  // --- Settings ---
  const kernels = get("kernels");
  const channels = get("x").length;
  const channel = () => clamp(get("channel"), 0, channels - 1);
  const withPlane = (name, changed) =>
    get(name).map((plane, index) => (index === channel() ? changed : plane));
  const choose = (name) => {
    const kernel = kernels[name];
    if (!kernel) return soon();
    const fits = same([kernel.length, kernel[0].length], state.made.taps);
    set({ kernel: fits ? withPlane("kernel", kernel) : get("kernel").map(() => kernel) });
  };
  const edit = (name) => (row, column, value) => {
    const changed = get(name)[channel()].map((line) => [...line]);
    changed[row][column] = value;
    set({ [name]: withPlane(name, changed) });
  };
  const controls = controlsOf(kernels, set, choose);
  part("controls").append(...Object.values(controls).map(({ row }) => row));
  const tabs = tabsOf(part("tabs"), channels, (chosen) => set({ channel: chosen }));
  const bias = biasBox((value) => set({ bias: value }), complain);
  if (get("bias") !== 0 || channels > 1) part("kernels").append(bias.row);

  // --- Steps ---
  const stepTo = (step) => {
    const next = clamp(step, 0, state.last);
    set({ step: next, reached: Math.max(get("reached"), next) });
  };
  const now = () => clamp(get("step"), 0, state.last); // several steps may be made in one frame
  const restart = () => set({ step: 0, reached: 0 });
  let timer = null;
  const halt = () => {
    clearInterval(timer);
    timer = null;
    part("play").textContent = "Play";
  };
  const tick = () => (state.made.problem || now() >= state.last ? halt() : stepTo(now() + 1));
  const play = () => {
    if (timer) return halt();
    if (now() >= state.last) restart();
    part("play").textContent = "Pause";
    timer = setInterval(tick, PACE);
  };
  const actions = {
    first: () => (halt(), restart()),
    back: () => stepTo(now() - 1),
    on: () => stepTo(now() + 1),
    all: () => set({ reached: state.last }),
    play,
  };
  for (const [name, act] of Object.entries(actions)) part(name).addEventListener("click", act);
  const pick = (row, column) => stepTo(row * state.made.columns + column);
  const tables = tablesView(el, { edit, pick, complain });

  // --- Predictions ---
  const field = part("asking").querySelector("input");
  let judgedAt = null; // the step whose verdict is shown
  const next = () => {
    const waiting = range(state.step + 1, state.last + 1).find((step) => !state.known(step));
    field.value = "";
    stepTo(waiting ?? state.step);
  };
  part("asking").addEventListener("submit", (event) => {
    event.preventDefault();
    if (state.known(state.step)) return next();
    const typed = parsed(field.value);
    const isNumber = Number.isFinite(typed);
    complain(isNumber ? "" : "Type a number, such as −4.");
    if (!isNumber) return;
    judgedAt = state.step;
    set({ predictions: { ...get("predictions"), [state.step]: typed } });
  });
  part("tell").addEventListener("click", () => {
    judgedAt = null;
    set({ shown: [...get("shown"), state.step] });
    field.focus();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // JupyterLab lets no form be submitted by this key
    part("asking").requestSubmit();
  });
  field.addEventListener("input", () => complain(""));

  // --- Drawing ---
  const stateNow = () => {
    const settings = Object.fromEntries(SETTINGS.map((name) => [name, get(name)]));
    const made = convolution(settings);
    const last = Math.max(made.rows * made.columns - 1, 0);
    const step = clamp(get("step"), 0, last);
    const place = (at) => [Math.floor(at / made.columns), at % made.columns];
    const [row, column] = made.problem ? [0, 0] : place(step);
    const window = made.problem ? null : windowAt(made, row, column);
    const typed = (at) => get("predictions")[at];
    const told = (at) => get("shown").includes(at);
    const judged = (at) =>
      typed(at) === undefined ? null : marked(settings, ...place(at), typed(at), get("words"), cellText);
    const [predict, whole] = [get("predict"), allWhole(settings)];
    const isRight = (at) => {
      const [down, across] = place(at);
      return typed(at) !== undefined && means(typed(at), made.output[down]?.[across], whole);
    };
    const known = (at) => (predict ? told(at) || isRight(at) : at <= Math.max(get("reached"), step));
    const isKnown = !made.problem && known(step);
    const level = isKnown || made.problem ? 2 : typed(step) === undefined ? 0 : 1; // of help
    const other = convolution({ ...settings, flip: !settings.flip });
    return {
      ...{ settings, made, other, at: { row, column, window }, step, last, channel: channel() },
      ...{ predict, known, typed, told, judged, isKnown, level },
    };
  };
  const showControls = ({ settings, predict, channel }) => {
    const written = settings.kernel[channel];
    const preset = Object.keys(kernels).find((name) => same(kernels[name], written)) ?? "own numbers";
    for (const [name, { show }] of Object.entries(controls)) show({ preset, predict, ...settings }[name]);
    controls.mode.row.querySelector("select").disabled = settings.padding === "valid";
    bias.show(settings.bias);
    tabs.show(channel);
  };
  const showAsking = ({ settings, step, isKnown, typed, judged }, place) => {
    part("asking").querySelector("span").textContent = `${place} =`;
    part("asking").querySelector(".main").textContent = isKnown ? "Next cell" : "Check";
    part("tell").hidden = isKnown || typed(step) === undefined;
    field.placeholder = allWhole(settings) ? "" : "two decimals do";
    const verdict = judgedAt === step ? judged(step) : null;
    part("verdict").hidden = !verdict;
    if (!verdict) return "";
    const [tag, words] = part("verdict").children;
    tag.className = `tag ${verdict.right ? "exact" : "rounded"}`;
    tag.textContent = verdict.right ? "✓ right" : "✗ not yet";
    words.textContent = verdict.message;
    return verdict.message;
  };
  const showSteps = ({ made, other, step, last, predict, known }) => {
    part("place").textContent = `window ${step + 1} of ${last + 1}`;
    part("back").disabled = step === 0;
    part("on").disabled = step >= last;
    part("play").hidden = part("all").hidden = predict;
    const both = made.settings.flip ? [other, made] : [made, other];
    const all = made.settings.flip && !predict && known(last);
    part("relation").textContent = all ? relationText(both.map(({ output }) => output)) : "";
  };
  const draw = () => {
    state = stateNow();
    const { made, at, predict, isKnown, settings } = state;
    const cell = cellSize((el.clientWidth || 700) - 24, made); // 0 while hidden in another tab
    el.style.setProperty("--side", `${cell}px`);
    showControls(state);
    tables.show(state);
    part("problem").textContent = made.problem ?? "";
    const whole = ["products", "steps", "outputs", "relation"];
    for (const name of whole) part(name).hidden = Boolean(made.problem);
    part("asking").hidden = !predict || Boolean(made.problem);
    part("sum").hidden = !isKnown;
    part("verdict").hidden = true;
    if (made.problem) return void (part("spoken").textContent = made.problem);
    showSteps(state);
    const place = `Output row ${at.row}, column ${at.column}`;
    const verdict = predict ? showAsking(state, place) : "";
    if (isKnown) part("sum").innerHTML = `${place}: ${sumMarkup(at.window, settings.bias)}`;
    const said = isKnown ? `${place}: ${cellText(at.window.total, 9)}.` : `${place}: what comes out?`;
    part("spoken").textContent = `${verdict} ${said}`.trim();
  };
  const soon = oncePerFrame(draw);
  SYNCED.forEach((name) => model.on(`change:${name}`, soon));
  const resized = new ResizeObserver(() => soon());
  resized.observe(el);
  draw();
  return () => {
    clearInterval(timer);
    resized.disconnect();
    SYNCED.forEach((name) => model.off(`change:${name}`, soon));
  };
}

export default { render: watched(render) };
