// The panels below the curves: answers to images, numbers and maps of the layers, the network's text, the runs.

import { atBudget, doubt, percent, top, verdict } from "./curves.js";
import { coded, counted, element, escaped, floats, paint, paintPixels, range, rounded, span, thousands } from "../parts/page.js";

/** A picture of `pixels` (channels, rows, columns), 0 to 255, on a canvas. */
function photograph(canvas, pixels, [channels, rows, columns]) {
  const next = channels === 3 ? rows * columns : 0;
  paintPixels(canvas, rows, columns, (place) => [pixels[place], pixels[place + next], pixels[place + 2 * next]]);
}

/** Each of the images that are shown, as { pixels, shape, label, class }. */
function shownImages(images) {
  const [count, ...shape] = images.shape ?? [0];
  const size = shape.reduce((a, b) => a * b, 1);
  const bytes = images.pixels ? new Uint8Array(images.pixels.buffer, images.pixels.byteOffset, images.pixels.byteLength) : [];
  return range(0, count).map((place) => ({
    pixels: bytes.slice(place * size, (place + 1) * size),
    shape,
    label: images.labels[place],
    class: String(images.classes[images.labels[place]]),
  }));
}

// --- Answers --------------------------------------------------------------------------------------

const CARD = `<li class="card"><canvas></canvas><div class="answer"><b class="mark"></b>
  <div class="bars">${'<span class="word"></span><span class="track"><i></i></span><span class="share"></span>'.repeat(3)}</div></div></li>`;

export function predictionsPanel(el) {
  el.innerHTML = '<p class="about"></p><ul class="cards"></ul>';
  const cards = el.querySelector(".cards");
  const about = el.querySelector(".about");
  let [drawn, shown] = [null, []];
  const show = (images, panel) => {
    if (images !== drawn) {
      drawn = images;
      shown = shownImages(images);
      cards.replaceChildren(...shown.map((each) => {
        const card = element(CARD);
        photograph(card.querySelector("canvas"), each.pixels, each.shape);
        return card;
      }));
    }
    const known = panel.kind === "predictions";
    const shares = known ? floats(panel.shares) : [];
    let right = 0;
    shown.forEach((each, place) => {
      const card = cards.children[place];
      const own = Array.from(shares.slice(place * panel.classes, (place + 1) * panel.classes));
      const best = top(own);
      const good = known && best[0] === each.label;
      right += good;
      card.className = `card ${known ? (good ? "right" : "wrong") : "open"}`;
      card.querySelector(".mark").textContent = !known ? `is ${each.class}` :
        good ? `✓ ${each.class}` : `✗ is ${each.class}`;
      const [words, bars, numbers] = ["word", "track i", "share"].map((name) => card.querySelectorAll(`.${name}`));
      range(0, 3).forEach((rank) => {
        const name = best[rank];
        words[rank].textContent = known && name !== undefined ? drawn.classes[name] : "";
        bars[rank].style.width = known && name !== undefined ? `${100 * own[name]}%` : "0";
        bars[rank].className = name === each.label ? "own" : rank ? "" : "taken";
        numbers[rank].textContent = known && name !== undefined ? `${Math.round(100 * own[name])} %` : "";
      });
    });
    about.textContent = !shown.length ? "" : known ?
      `${right} of these ${shown.length} right after ${counted(panel.updates, "update")}.` +
        " They are validation images: the test images stay unseen until a run with a budget has finished." :
      "What the network makes of these validation images is shown as soon as it trains.";
  };
  return { show };
}

// --- Layers ---------------------------------------------------------------------------------------

const triple = (numbers) => {
  if (!numbers) return '<td class="none" colspan="2">·</td>';
  const [low, high, mean] = numbers.map((value) => rounded(value, 2));
  return `<td>${low} … ${high}</td><td>${mean}</td>`;
};

const HEAD = `<thead><tr><th rowspan="2">layer</th><th rowspan="2">output</th><th rowspan="2">parameters</th>
  <th colspan="2">activations</th><th colspan="2">their gradients</th><th colspan="2">weights</th></tr>
  <tr>${"<th>min … max</th><th>mean |·|</th>".repeat(3)}</tr></thead>`;

export function layersPanel(el, choose) {
  el.innerHTML = `<div class="thumbnails" role="group" aria-label="Image that runs through the network"></div>
    <div class="scroll"><table class="layers">${HEAD}<tbody></tbody></table></div>
    <label class="toggle"><input type="checkbox" name="shared_scale"><span>one scale for all maps of a kind</span></label>
    <div class="banks"></div>`;
  const [thumbnails, body, banks] = [".thumbnails", "tbody", ".banks"].map((name) => el.querySelector(name));
  const scale = el.querySelector("input");
  scale.addEventListener("change", () => choose("shared_scale", scale.checked));
  let [drawn, listed] = [null, null];

  const pickImage = (images) => {
    if (images === drawn) return;
    drawn = images;
    thumbnails.replaceChildren(...shownImages(images).map((each, place) => {
      const button = element(`<button type="button" aria-label="image ${place + 1}, ${escaped(each.class)}"><canvas></canvas></button>`);
      photograph(button.querySelector("canvas"), each.pixels, each.shape);
      button.addEventListener("click", () => choose("image", place));
      return button;
    }));
  };

  const list = (network) => {
    if (network === listed) return;
    listed = network;
    const rows = [{ name: "input", output: `(${network.input_shape.join(", ")})`, parameters: "" }, ...network.layers];
    body.replaceChildren(...rows.map((row) => {
      const line = element(`<table><tr><th><button type="button" class="link">${escaped(row.name)}</button></th></tr></table>`)
        .querySelector("tr");
      line.insertAdjacentHTML("beforeend", `<td>${escaped(row.output)}</td><td class="sum">${escaped(row.parameters) || "·"}</td>`);
      line.querySelector("button").title = row.code ?? "the image itself, normalised";
      line.querySelector("button").addEventListener("click", () => choose("layer", row.name));
      return line;
    }));
  };

  /** Canvases of a bank of maps; they are made anew only where their number changes. */
  const bank = (holder, title, found, shared) => {
    const values = floats(found.values);
    const size = found.rows * found.columns;
    const flat = found.rows === 1;
    const grid = holder.querySelector(".grid");
    if (grid.children.length !== found.count)
      grid.replaceChildren(...range(0, found.count).map(() => document.createElement("canvas")));
    grid.className = `grid ${flat ? "flat" : found.rows <= 7 ? "small" : ""}`;
    const common = span(values, "signed");
    range(0, found.count).forEach((place) => {
      const own = values.slice(place * size, (place + 1) * size);
      const limits = shared ? common : span(own, "signed");
      paint(grid.children[place], own, found.rows, found.columns, limits, "signed");
      grid.children[place].title = `${place}: white is 0, full colour ±${rounded(limits[1], 2)}`;
    });
    const rest = found.of > found.count ? `, the first ${found.count} of ${found.of}` : "";
    holder.querySelector(".title").textContent = `${title}${rest}`;
    holder.querySelector(".key").textContent = shared ? `−${rounded(common[1], 2)} blue, white 0, orange +${rounded(common[1], 2)}` :
      "each map on its own scale: blue below 0, orange above";
  };

  const show = (images, network, panel, { image, shared }) => {
    pickImage(images);
    list(network);
    scale.checked = shared;
    [...thumbnails.children].forEach((button, place) => button.setAttribute("aria-pressed", place === image));
    const known = panel.kind === "layers" && panel.rows.length === body.children.length;
    [...body.children].forEach((line, place) => {
      const row = known ? panel.rows[place] : {};
      while (line.children.length > 3) line.lastChild.remove();
      line.insertAdjacentHTML("beforeend", ["activations", "gradients", "weights"].map((name) => triple(row[name])).join(""));
      line.classList.toggle("picked", known && row.name === panel.layer);
      line.querySelector("button").setAttribute("aria-pressed", known && row.name === panel.layer);
    });
    if (!known) return banks.replaceChildren(element("<p>Numbers and maps are shown as soon as it trains.</p>"));
    const wanted = [
      [`What ${panel.layer} gives`, panel.activations],
      [`What the loss asks of it: the gradient at ${panel.layer}`, panel.gradients],
      ...(panel.filters ? [[`Filters of ${panel.filters.name}${panel.filters.channels > 1 ?
        `, mean over ${panel.filters.channels} channels` : ""}`, panel.filters]] : []),
    ];
    if (banks.querySelectorAll(".bank").length !== wanted.length)
      banks.replaceChildren(...wanted.map(() =>
        element('<section class="bank"><h4 class="title"></h4><div class="grid" aria-hidden="true"></div><p class="key"></p></section>')));
    wanted.forEach(([title, found], place) => bank(banks.children[place], title, found, shared));
  };
  return { show };
}

// --- The network's text, and its file -----------------------------------------------------------------

export function networkPanel(el, ask) {
  el.innerHTML = `<label class="editor"><span>layer_defs, as ConvNetJS's page has them; a trainer in it sets the settings</span>
      <textarea rows="10" spellcheck="false" autocomplete="off" name="layer_defs"></textarea></label>
    <div class="bar"><button type="button" class="main change">Change network</button>
      <button type="button" class="back">Undo my edits</button><span class="total"></span></div>
    <p class="message" role="status" data-where="network"></p>
    <div class="bar"><button type="button" class="save">Save snapshot</button>
      <label class="file"><span>Load a snapshot</span><input type="file" accept=".json,application/json" name="snapshot"></label></div>
    <p class="message" role="status" data-where="snapshot"></p>`;
  const part = (name) => el.querySelector(name);
  const text = part("textarea");
  let written = null; // the text that the network was read from; what is typed stays until it is applied
  part(".change").addEventListener("click", () => ask({ do: "network", text: text.value }));
  part(".back").addEventListener("click", () => (text.value = written));
  part(".save").addEventListener("click", () => ask({ do: "snapshot" }));
  part("input").addEventListener("change", async ({ target }) => {
    const [file] = target.files;
    if (file) ask({ do: "load", text: await file.text() });
    target.value = "";
  });
  const show = (network) => {
    if (network.text !== written) text.value = written = network.text;
    text.placeholder = network.why_no_text ? `ConvNetJS has no words for this network: ${network.why_no_text}` : "";
    part(".total").textContent = `${thousands(network.total)} parameters`;
    part(".save").disabled = Boolean(network.why_no_text);
    part(".save").title = network.why_no_text ? "" : "ConvNetJS's JSON, with weights";
    if (network.why_no_text && !part('[data-where="snapshot"]').textContent)
      part('[data-where="snapshot"]').innerHTML = coded(`ConvNetJS's JSON cannot hold this network: ${network.why_no_text}`);
  };
  const say = ({ where, good, words }) => {
    const line = el.querySelector(`[data-where="${where}"]`);
    if (!line) return;
    for (const each of el.querySelectorAll(".message")) each.textContent = "";
    line.innerHTML = coded(words);
    line.classList.toggle("bad", !good);
  };
  return { show, say };
}

/** Give a text to the browser as a file. */
export function download(text, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

// --- Runs -----------------------------------------------------------------------------------------

export function runsPanel(el, ask, hide) {
  el.innerHTML = `<p class="about"></p><div class="scroll"><table class="runs"><thead><tr><th>shown</th><th>run</th>
    <th>settings</th><th>examples</th><th>validation</th><th>against this run</th></tr></thead><tbody></tbody></table></div>
    <p class="message" role="status"></p>`;
  const body = el.querySelector("tbody");
  const lines = new Map();
  const line = (id) => {
    if (!lines.has(id)) {
      const row = element(`<table><tr><td><input type="checkbox" checked></td><td><input type="text" class="called" maxlength="40"></td>
        <td class="settings"></td><td class="seen"></td><td class="found"></td><td class="verdict"></td></tr></table>`).querySelector("tr");
      row.querySelector("[type=checkbox]").addEventListener("change", ({ target }) => hide(id, !target.checked));
      const name = row.querySelector(".called");
      const enter = () => name.value !== name.defaultValue && ask({ do: "name", run: id, value: name.value });
      name.addEventListener("change", enter);
      name.addEventListener("keydown", ({ key }) => key === "Enter" && enter());
      lines.set(id, row);
    }
    return lines.get(id);
  };
  /** now and each of earlier: { id, name, settings, rows, changes, hidden }. */
  const show = (now, earlier) => {
    const every = [now, ...earlier];
    const begun = every.filter((run) => run.rows.length);
    const budget = Math.min(...begun.filter((run) => !run.hidden).map((run) => run.rows.at(-1).examples));
    const found = (run) => {
      const place = atBudget(run.rows.map((row) => row.examples), budget);
      return place === null ? null : run.rows[place].validation;
    };
    el.querySelector(".about").textContent = earlier.length ?
      `At equal examples: each run as it was at its last evaluation within ${thousands(budget)} examples.` +
        " One run each shows little: another seed may turn it round." :
      "Runs that you reset, or whose network you change, stay here and as thin curves above.";
    const wanted = begun.map((run) => {
      const row = line(run.id);
      const own = run === now;
      const [box, name] = [row.querySelector("[type=checkbox]"), row.querySelector(".called")];
      box.disabled = name.readOnly = own;
      box.checked = !run.hidden;
      box.ariaLabel = `show ${run.name}`;
      name.ariaLabel = own ? "name of this run" : `name of ${run.name}`;
      name.defaultValue = own ? "this run" : run.name;
      if (document.activeElement !== name) name.value = name.defaultValue;
      const changed = run.changes.map(({ text, examples }) => ` · ${text} at ${thousands(examples)}`).join("");
      row.querySelector(".settings").textContent = run.settings + changed;
      row.querySelector(".seen").textContent = thousands(run.rows.at(-1).examples);
      const [mine, other] = [found(now), found(run)];
      row.querySelector(".found").textContent = other ? `${percent(other.accuracy)} ${doubt(other)}` : "·";
      row.querySelector(".verdict").textContent = own || !mine || !other ? "" :
        verdict([other.accuracy, other.error], [mine.accuracy, mine.error]);
      return row;
    });
    if (wanted.length !== body.children.length || wanted.some((row, place) => row !== body.children[place]))
      body.replaceChildren(...wanted);
  };
  return { show, say: ({ words }) => (el.querySelector(".message").innerHTML = coded(words)) };
}
