// Convolution stepper: the window, the products, their sum and the output so far, all to be changed by hand.

import { BORDERS, allWhole, convolution, marked, windowAt } from "./convolution.js";
import { choice, clamp, counted, element, escaped, fresh, minus, oncePerFrame, range, toggle } from "./page.js";
import { cellTable, cellText, parsed } from "./sheet.js";

const SETTINGS = ["x", "kernel", "bias", "padding", "mode", "stride", "dilation", "flip"];
const SHOWN = [...SETTINGS, "step", "reached", "channel", "predict", "predictions", "shown"];
const PACE = 900; // ms a window, while it plays

const count = (most) => range(1, most + 1).map((value) => [String(value), String(value)]);
const PADDINGS = [["valid", "valid (none)"], ["same", "same"], ["full", "full"]];

const figure = (kind) => `<figure class="${kind}"><figcaption></figcaption><div class="board"></div></figure>`;

const PAGE = `
  <div class="bar controls"></div>
  <p class="hint" role="status"></p>
  <div class="bar tabs" role="tablist" aria-label="Channel"></div>
  <p class="problem bad"></p>
  <div class="stage">
    ${figure("input")}<span class="sign" aria-hidden="true"></span>
    <div class="kernels">${figure("kernel")}${figure("turned")}</div>
    <span class="sign" aria-hidden="true">→</span>
    <figure class="products"><figcaption></figcaption><table class="sums"><tbody></tbody></table></figure>
  </div>
  <p class="sum"></p>
  <form class="bar asking" novalidate>
    <label><span></span> <input type="text" inputmode="decimal" autocomplete="off"
      data-lm-suppress-shortcuts="true"></label>
    <button class="main" type="submit">Check</button><button type="button" class="tell">Show me</button>
  </form>
  <p class="note verdict"><b class="tag"></b><span></span></p>
  <div class="bar steps">
    <button type="button" class="first">|◀ Start</button><button type="button" class="back">◀ Back</button>
    <button type="button" class="on main">Step ▶</button><button type="button" class="play">Play</button>
    <button type="button" class="all">All</button><span class="place"></span>
  </div>
  <div class="outputs">${figure("correlation")}${figure("convolution")}</div>
  <p class="relation"></p>
  <output class="spoken" aria-live="polite"></output>`;

const factor = (value) => (value < 0 ? `(${cellText(value)})` : cellText(value));

/** Numbers as one sum: 3 − 4 + 0. */
export const sumText = (values) =>
  values.map((value, at) => (at ? `${value < 0 ? "−" : "+"} ${cellText(Math.abs(value), 7)}` : cellText(value, 7))).join(" ");

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** What turning the kernel does here, in a sentence; `both` are the two outputs. */
export function relationText([correlation, turned]) {
  const pairs = correlation.flatMap((row, at) => row.map((value, column) => [value, turned[at][column]]));
  const near = (one, other) => Math.abs(one - other) < 1e-9;
  const differing = pairs.filter(([one, other]) => !near(one, other)).length;
  if (!differing) return "Both are the same here: turned by 180°, this kernel looks as before.";
  if (pairs.every(([one, other]) => near(one, -other))) return "Here the flip changes the sign of every cell, and nothing else.";
  return `The flip changes ${differing} of ${counted(pairs.length, "cell")}.`;
}

/** The output cells of one window's place in reading order, and back. */
const cellOf = (step, columns) => [Math.floor(step / columns), step % columns];

function render({ model, el }) {
  el.classList.add("cnnkit-widget", "cnnkit-convolution-stepper");
  el.innerHTML = PAGE;
  const part = (name) => el.querySelector(`.${name}`);
  const complain = (words) => (part("hint").textContent = words);
  const get = (name) => model.get(name);
  const set = (changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    if (SETTINGS.some((name) => name in changes)) {
      model.set("predictions", {}); // they were made for another output
      model.set("shown", []);
    }
    model.save_changes();
    soon();
  };

  let made; // what follows from the settings
  let other; // the same with the kernel the other way round
  let at; // the window looked at: { step, row, column, window }
  let verdict = null; // of the last prediction: { step, right, message }

  // --- Settings ---
  const kernels = get("kernels");
  const plane = () => clamp(get("channel"), 0, get("x").length - 1);
  const withPlane = (name, changed) => get(name).map((each, channel) => (channel === plane() ? changed : each));
  const setKernel = (name) => {
    if (!kernels[name]) return soon();
    const fits = same([kernels[name].length, kernels[name][0].length], [made.taps[0], made.taps[1]]);
    set({ kernel: fits ? withPlane("kernel", kernels[name]) : get("kernel").map(() => kernels[name]) });
  };
  const named = ["own numbers", ...Object.keys(kernels)].map((name) => [name, name]);
  const controls = {
    preset: choice({ name: "preset", label: "Kernel", options: named }, setKernel),
    padding: choice({ name: "padding", label: "Padding", options: PADDINGS }, (padding) => set({ padding })),
    mode: choice({ name: "mode", label: "of", options: BORDERS.map((mode) => [mode, mode]) }, (mode) => set({ mode })),
    stride: choice({ name: "stride", label: "Stride", options: count(4) }, (stride) => set({ stride: Number(stride) })),
    dilation: choice({ name: "dilation", label: "Dilation", options: count(3) }, (value) => set({ dilation: Number(value) })),
    flip: toggle({ name: "flip", label: "Flip the kernel: convolution" }, (flip) => set({ flip })),
    predict: toggle({ name: "predict", label: "Predict the output" }, (predict) => {
      verdict = null;
      set({ predict });
    }),
  };
  part("controls").append(...Object.values(controls).map(({ row }) => row));
  controls.mode.row.querySelector("select").ariaLabel = "What stands in the padding";

  // --- Tables ---
  const edit = (name) => (row, column, value) => {
    const changed = get(name)[plane()].map((line, at) => line.map((old, place) => (at === row && place === column ? value : old)));
    set({ [name]: withPlane(name, changed) });
  };
  const stepTo = (step) => {
    const last = made.rows * made.columns - 1;
    const next = clamp(step, 0, Math.max(last, 0));
    set({ step: next, reached: Math.max(get("reached"), next) });
  };
  const pick = (row, column) => stepTo(row * made.columns + column);
  const input = cellTable({ label: "Input", edited: edit("x"), complain });
  const kernel = cellTable({ label: "Kernel", edited: edit("kernel"), complain });
  const turned = cellTable({ label: "Kernel turned by 180°" });
  const outputs = ["correlation", "convolution"].map((name) =>
    cellTable({ label: name === "correlation" ? "Cross-correlation" : "Convolution", picked: pick }),
  );
  const boards = { input, kernel, turned, correlation: outputs[0], convolution: outputs[1] };
  for (const [name, { table }] of Object.entries(boards)) part(name).querySelector(".board").append(table);
  const lens = element('<div class="lens" aria-hidden="true"></div>');
  part("input").querySelector(".board").append(lens);
  const caption = (name, words) => (part(name).querySelector("figcaption").innerHTML = words);

  const bias = element(
    '<label class="bias"><span>Bias</span> <input type="text" inputmode="decimal" data-lm-suppress-shortcuts="true"></label>',
  );
  const biasBox = bias.querySelector("input");
  biasBox.addEventListener("input", () => {
    const value = parsed(biasBox.value);
    complain(Math.abs(value) <= 1e6 ? "" : "Bias: a number, such as −2 or 0.5.");
    if (Math.abs(value) <= 1e6) set({ bias: value });
  });
  biasBox.addEventListener("blur", () => {
    complain("");
    biasBox.value = minus(get("bias"));
  });
  if (get("bias") !== 0 || get("x").length > 1) part("kernels").append(bias);

  // --- Channels ---
  const tabs = get("x").map((_, channel) => {
    const tab = element(`<button type="button" role="tab">channel ${channel}</button>`);
    tab.addEventListener("click", () => set({ channel }));
    return tab;
  });
  part("tabs").append(...tabs);
  part("tabs").hidden = tabs.length < 2;
  part("tabs").addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!way) return;
    event.preventDefault();
    const next = (plane() + way + tabs.length) % tabs.length;
    set({ channel: next });
    tabs[next].focus();
  });
  part("tabs").setAttribute("data-lm-suppress-shortcuts", "true");

  // --- Steps ---
  let timer = null;
  const halt = () => {
    clearInterval(timer);
    timer = null;
    part("play").textContent = "Play";
  };
  const last = () => made.rows * made.columns - 1;
  part("first").addEventListener("click", () => {
    halt();
    set({ step: 0, reached: 0 });
  });
  part("back").addEventListener("click", () => stepTo(at.step - 1));
  part("on").addEventListener("click", () => stepTo(at.step + 1));
  part("all").addEventListener("click", () => set({ reached: last() }));
  part("play").addEventListener("click", () => {
    if (timer) return halt();
    if (at.step >= last()) set({ step: 0, reached: 0 });
    part("play").textContent = "Pause";
    timer = setInterval(() => (get("step") >= last() ? halt() : stepTo(get("step") + 1)), PACE);
  });

  // --- Predictions ---
  const typedBox = part("asking").querySelector("input");
  const settings = () => Object.fromEntries(SETTINGS.map((name) => [name, get(name)]));
  const judged = (step) => {
    const typed = get("predictions")[step];
    return typed === undefined ? null : marked(settings(), ...cellOf(step, made.columns), typed, get("words"), cellText);
  };
  const isKnown = (step) => get("shown").includes(step) || judged(step)?.right === true;
  const nextUnknown = (from) => range(from + 1, last() + 1).find((step) => !isKnown(step)) ?? from;
  part("asking").addEventListener("submit", (event) => {
    event.preventDefault();
    if (isKnown(at.step)) {
      verdict = null;
      typedBox.value = "";
      return stepTo(nextUnknown(at.step));
    }
    const typed = parsed(typedBox.value);
    complain(Number.isFinite(typed) ? "" : "Type a number, such as −4.");
    if (!Number.isFinite(typed)) return;
    set({ predictions: { ...get("predictions"), [at.step]: typed } });
    verdict = { step: at.step, ...judged(at.step) };
    soon();
  });
  part("tell").addEventListener("click", () => {
    verdict = null;
    set({ shown: [...get("shown"), at.step] });
    typedBox.focus();
  });
  typedBox.addEventListener("input", () => complain(""));

  // --- Drawing ---
  const tinted = (values) => {
    const most = Math.max(...values.flat().map(Math.abs), 1e-9);
    return (row, column) => (values[row]?.[column] ?? 0) / most;
  };
  const isTap = (row, column) => {
    const [down, across] = [row - at.window.top, column - at.window.left];
    const { dilation } = made.settings;
    return down >= 0 && across >= 0 && down < made.extents[0] && across < made.extents[1] && !(down % dilation) && !(across % dilation);
  };
  const drawInput = () => {
    const [[top, bottom], [left, right]] = made.border;
    const own = get("x")[plane()];
    const values = made.problem ? own : made.padded[plane()];
    const border = made.problem ? [0, 0, 0, 0] : [top, bottom, left, right];
    const isOwn = (row, column) => row >= border[0] && column >= border[2] && row < border[0] + own.length && column < border[2] + own[0].length;
    input.show({
      values: own,
      border,
      text: (row, column) => cellText(values[row][column]),
      words: (row, column) => `Input row ${row}, column ${column}`,
      look: (row, column) => `${isOwn(row, column) ? "own" : "pad"} ${!made.problem && isTap(row, column) ? "tap" : ""}`,
      tint: (row, column) => (isOwn(row, column) ? tinted(own)(row - border[0], column - border[2]) : 0),
    });
    const beyond = border.some(Boolean) ? `, padded to ${values.length} × ${values[0].length}` : "";
    caption("input", `<b>Input</b> ${own.length} × ${own[0].length}${beyond}`);
    lens.hidden = Boolean(made.problem);
    if (!made.problem) {
      const place = { left: at.window.left, top: at.window.top, width: made.extents[1], height: made.extents[0] };
      for (const [side, cells] of Object.entries(place)) lens.style[side] = `calc(${cells} * var(--cell))`;
    }
  };
  const drawKernel = (hidden) => {
    const written = get("kernel")[plane()];
    const show = (table, values, words) =>
      table.show({ values, text: (row, column) => cellText(values[row][column]), words, tint: tinted(values) });
    show(kernel, written, (row, column) => `Kernel row ${row}, column ${column}`);
    show(turned, made.laid[plane()]);
    caption("kernel", `<b>Kernel</b>${get("flip") ? " as written" : ""}`);
    caption("turned", "turned by 180°");
    part("turned").hidden = !get("flip") || hidden;
    const preset = Object.keys(kernels).find((name) => same(kernels[name], written));
    controls.preset.show(preset ?? "own numbers");
  };
  const drawProducts = (level) => {
    const { values, products } = at.window;
    let sum = 0;
    const rows = values[plane()].map((line, a) => {
      const cells = line.map((value, b) => {
        const product = products[plane()][a][b];
        sum += product;
        const factors = level > 0 ? `${cellText(value)}·${factor(made.laid[plane()][a][b])}` : "";
        return `<td><span>${factors}</span><b>${level > 1 ? cellText(product) : "?"}</b></td>`;
      });
      return `<tr>${cells.join("")}<td class="far">${level > 1 ? cellText(sum, 7) : ""}</td></tr>`;
    });
    const head = `<tr><th colspan="${made.taps[1]}">pixel · weight</th><th>sum so far</th></tr>`;
    part("sums").tBodies[0].innerHTML = head + rows.join("");
    caption("products", `<b>${counted(made.taps[0] * made.taps[1], "product")}</b>`);
  };
  const sumMarkup = () => {
    const { sums, products, total } = at.window;
    const channels = sums.map((sum, channel) => `${channel ? (sum < 0 ? "− " : "+ ") : ""}${cellText(channel ? Math.abs(sum) : sum, 7)} <small>channel ${channel}</small>`);
    const rows = sumText(products[0].map((line) => line.reduce((one, more) => one + more, 0)));
    const sign = get("bias") < 0 ? "−" : "+";
    const biased = get("bias") !== 0 || sums.length > 1 ? ` ${sign} ${cellText(Math.abs(get("bias")), 7)} <small>bias</small>` : "";
    return `${sums.length > 1 ? channels.join(" ") : rows}${biased} = <strong>${cellText(total, 8)}</strong>`;
  };
  const drawOutputs = (predict) => {
    const current = made.settings.flip ? 1 : 0;
    const both = made.settings.flip ? [other, made] : [made, other];
    const judgements = predict ? range(0, last() + 1).map(judged) : [];
    outputs.forEach((table, which) => {
      const { output } = both[which];
      const known = (row, column) => {
        const step = row * made.columns + column;
        return predict ? which === current && isKnown(step) : step <= Math.max(get("reached"), at.step);
      };
      const state = (row, column) => {
        const step = row * made.columns + column;
        if (!predict || known(row, column)) return get("shown").includes(step) && predict ? "told" : "";
        return judgements[step] ? "wrong" : "";
      };
      const typed = (row, column) => get("predictions")[row * made.columns + column];
      const visible = output.map((line, row) => line.map((value, column) => (known(row, column) ? value : 0)));
      table.show({
        values: output,
        text: (row, column) => cellText(known(row, column) ? output[row][column] : predict ? typed(row, column) : NaN),
        words: (row, column) => {
          const place = `Row ${row}, column ${column}`;
          if (known(row, column)) return `${place}: ${cellText(output[row][column], 9)}`;
          return state(row, column) === "wrong" ? `${place}: not ${cellText(typed(row, column), 9)}` : `${place}: not computed yet`;
        },
        look: (row, column) => `${row === at.row && column === at.column ? "now" : ""} ${state(row, column)} ${known(row, column) && predict && !state(row, column) ? "right" : ""}`,
        tint: tinted(visible),
      });
      table.makeHome([at.row, at.column]);
      const name = ["correlation", "convolution"][which];
      const words = ["<b>Cross-correlation</b> <i>kernel as written</i>", "<b>Convolution</b> <i>kernel turned by 180°</i>"];
      caption(name, `${words[which]}`);
      part(name).hidden = predict && which !== current;
      part(name).classList.toggle("chosen", which === current);
    });
    const all = !predict && Math.max(get("reached"), at.step) >= last();
    part("relation").textContent = all ? relationText(both.map(({ output }) => output)) : "";
  };
  /** Cells as large as the place allows: all three tables in one row, or each in its own. */
  const fit = () => {
    const width = (el.clientWidth || 700) - 24; // 0 while hidden in another tab
    const columns = made.size[1] + made.border[1][0] + made.border[1][1];
    const across = Math.floor((width - 108) / (columns + made.taps[1] + 1.5 * made.taps[1] + 1.8));
    const alone = Math.floor((width - 4) / Math.max(columns, made.columns));
    const cell = clamp(across >= 26 ? across : alone, 18, 34);
    el.style.setProperty("--cell", `${cell}px`);
    el.classList.toggle("small", cell < 26);
  };
  const draw = () => {
    const now = settings();
    made = convolution(now);
    other = convolution({ ...now, flip: !now.flip });
    const step = clamp(get("step"), 0, Math.max(last(), 0));
    const [row, column] = made.problem ? [0, 0] : cellOf(step, made.columns);
    at = { step, row, column, window: made.problem ? null : windowAt(made, row, column) };
    const predict = get("predict");
    const known = !predict || (!made.problem && isKnown(step));
    const tried = get("predictions")[step] !== undefined;

    for (const name of ["padding", "mode", "stride", "dilation", "flip", "predict"]) controls[name].show(get(name));
    controls.mode.row.querySelector("select").disabled = now.padding === "valid";
    if (biasBox !== document.activeElement) biasBox.value = minus(now.bias);
    tabs.forEach((tab, channel) => {
      tab.setAttribute("aria-selected", channel === plane());
      tab.setAttribute("tabindex", channel === plane() ? 0 : -1);
    });
    fit();
    drawInput();
    drawKernel(predict && !known);
    part("sign").textContent = now.flip ? "∗" : "⋆";
    part("problem").textContent = made.problem ?? "";
    for (const name of ["products", "sum", "steps", "outputs", "relation"]) part(name).hidden = Boolean(made.problem);
    part("asking").hidden = !predict || Boolean(made.problem);
    part("verdict").hidden = !predict || !verdict || verdict.step !== step || Boolean(made.problem);
    if (made.problem) {
      part("spoken").textContent = made.problem;
      return;
    }
    drawProducts(known ? 2 : tried ? 1 : 0);
    const place = `Output row ${row}, column ${column}`;
    part("sum").hidden = !known;
    part("sum").innerHTML = known ? `${place}: ${sumMarkup()}` : "";
    drawOutputs(predict);
    part("place").textContent = `window ${step + 1} of ${last() + 1}`;
    part("back").disabled = step === 0;
    part("on").disabled = step >= last();
    part("play").hidden = part("all").hidden = predict;

    part("asking").querySelector("span").textContent = `${place} =`;
    part("asking").querySelector(".main").textContent = known ? "Next cell" : "Check";
    part("tell").hidden = known || !tried;
    typedBox.placeholder = allWhole(now) ? "" : "two decimals do";
    if (verdict) {
      part("verdict").querySelector(".tag").className = `tag ${verdict.right ? "exact" : "rounded"}`;
      part("verdict").querySelector(".tag").textContent = verdict.right ? "✓ right" : "✗ not yet";
      part("verdict").querySelector("span").textContent = verdict.message;
    }
    const judgedNow = verdict?.step === step ? verdict.message : "";
    const said = known ? `${place}: ${cellText(at.window.total, 9)}.` : `${place}: what comes out?`;
    part("spoken").textContent = `${judgedNow} ${said}`.trim();
  };
  const soon = oncePerFrame(draw);

  // --- Which pixel meets which weight ---
  const pointed = (cell) => {
    el.querySelectorAll(".pointed").forEach((each) => each.classList.remove("pointed"));
    if (!cell || made.problem) return;
    const [row, column] = [cell.parentElement.rowIndex, cell.cellIndex];
    const [a, b] = part("sums").contains(cell)
      ? [row - 1, column]
      : [(row - at.window.top) / made.settings.dilation, (column - at.window.left) / made.settings.dilation];
    if (b >= made.taps[1] || !Number.isInteger(a) || !Number.isInteger(b)) return;
    const written = get("flip") ? [made.taps[0] - 1 - a, made.taps[1] - 1 - b] : [a, b];
    const places = [
      [input.table, at.window.top + a * made.settings.dilation, at.window.left + b * made.settings.dilation],
      [kernel.table, ...written],
      [turned.table, a, b],
      [part("sums"), a + 1, b],
    ];
    for (const [table, down, across] of places) table.rows[down]?.cells[across]?.classList.add("pointed");
  };
  el.addEventListener("pointerover", ({ target }) => pointed(target.closest?.(".sums td, .input .tap")));

  SHOWN.forEach((name) => model.on(`change:${name}`, soon));
  const resized = new ResizeObserver(() => soon());
  resized.observe(el);
  draw();
  return () => {
    clearInterval(timer);
    resized.disconnect();
    SHOWN.forEach((name) => model.off(`change:${name}`, soon));
  };
}

export default { render };
