// Parameter ledger: what each layer of a network holds and costs, and a column of it that the student types.
// What is right, and which mistake gives what, comes from Python (parameter_ledger_value.keys): it is there
// with the page, so that a column is marked where no kernel runs.

import { stages } from "../parts/layers.js";
import { markColumn, TOTAL } from "./marking.js";
import {
  choice, coded, counted, element, escaped, fresh, oncePerFrame, thousands, toggle, watched,
} from "../parts/page.js";

// --- What each row holds --------------------------------------------------------------------------

/** The network without biases, as plain data. */
function withoutBiases(network) {
  const without = (layer) => (/^(Conv2d|Linear)$/.test(layer.kind) ? { ...layer, bias: false } : layer);
  return { ...network, layers: network.layers.map(without) };
}

/** The parameters of a row of layers.js under a convention, and how one counts them by hand. */
export function parametersOf(row, convention) {
  const { trainable, statistics, reported, parameter_product: words } = row;
  if (!trainable) return [0, null];
  if (convention === "report" && row.kind === "Conv2d")
    return [reported, words.replace(/^(\d+·\d+)·\d+/, "$1")];
  if (statistics && convention === "keras") return [trainable + statistics, words.replace("2·", "4·")];
  return [trainable, words];
}

/** A row { name, code, kind, cells } for each layer, and the total; a cell is [number, sum by hand]. */
export function ledgerRows(network, convention, bias) {
  const { rows } = stages(bias ? network : withoutBiases(network));
  const made = rows.map((row) => {
    const parameters = parametersOf(row, convention);
    const bytes = parameters[0] ? `4·${thousands(parameters[0])}` : null;
    const { output_shape: shape } = row;
    const cells = {
      output: [shape, null],
      parameters,
      "multiply-adds": [row.multiply_adds, row.multiply_add_product],
      neurons: [row.neurons, row.neurons && shape.length > 1 ? shape.join("·") : null],
      bytes: [4 * parameters[0], bytes],
    };
    return { name: row.name, kind: row.kind, code: row.code, cells };
  });
  const total = (column) => [made.reduce((all, { cells }) => all + cells[column][0], 0), null];
  const counts = ["parameters", "multiply-adds", "neurons", "bytes"];
  const sums = Object.fromEntries(counts.map((column) => [column, total(column)]));
  return [...made, { name: TOTAL, kind: null, code: "", cells: { output: [null, null], ...sums } }];
}

/** What would give the asked column away, and is hidden with it. */
const HIDES = {
  nothing: [],
  parameters: ["parameters", "bytes", "multiply-adds"],
  output: ["output", "parameters", "multiply-adds", "neurons", "bytes"],
  neurons: ["neurons"],
  "multiply-adds": ["multiply-adds"],
};

// --- On the page --------------------------------------------------------------------------------

const COLUMNS = ["output", "parameters", "multiply-adds", "neurons", "bytes"];
const BARS = ["parameters", "multiply-adds"];
const ASKS = [
  ["nothing", "nothing: show all"],
  ["parameters", "parameters"],
  ["output", "output sizes"],
  ["neurons", "neurons"],
  ["multiply-adds", "multiply-adds"],
];
const CONVENTIONS = [
  ["keras", "Keras"],
  ["torch", "torch"],
  ["report", "the report"],
];
const NOTES = {
  keras: "All numbers that are stored count: also the running mean and variance of batch normalisation.",
  torch: "What is trained counts: running means and variances are buffers, stored beside it.",
  report: "Convolutions are booked as if their input had one channel. A report really did: do not.",
};
const PROMPTS = {
  nothing: "What each layer holds, and what it costs.",
  parameters: "How many parameters has each layer? Type a number, or a sum such as 3*3*8*16 + 16.",
  output: "Which shape does each layer put out? Type channels × height × width, such as 16×12×12.",
  neurons: "How many neurons has each layer? One for every cell of every map.",
  "multiply-adds": "How many multiply-adds does each layer cost for one image?",
};
const SIGNS = { right: "✓", open: "", pending: "", unreadable: "…" };
const GROUPS = [
  ["conv", "convolutions", ["Conv2d"]],
  ["fc", "fully connected", ["Linear"]],
  ["bn", "batch norm", ["BatchNorm1d", "BatchNorm2d"]],
];
const groupOf = (kind) => GROUPS.find(([, , kinds]) => kinds.includes(kind))?.[0] ?? "other";
const numberText = (value) => {
  if (value === null) return "";
  if (Array.isArray(value)) return value.join("×");
  return value ? thousands(value) : "·";
};
/** What a right entry comes to, where it is a sum or is written otherwise. */
const equals = (typed, value) => (typed.trim() === String(value) ? "" : `= ${numberText(value)}`);
const percent = (share) => `${share < 0.0995 ? (100 * share).toFixed(1) : Math.round(100 * share)} %`;
const megabytes = (bytes) => {
  const [unit, name] = bytes < 1e6 ? [1e3, "kB"] : [1e6, "MB"];
  return `${Math.round((10 * bytes) / unit) / 10} ${name}`;
};

const heading = (column) =>
  `<th scope="col" class="${column}">${column === "bytes" ? "bytes <i>float32</i>" : column}</th>`;

const PAGE = `
  <div class="bar settings"></div>
  <p class="prompt"></p>
  <table class="ledger">
    <thead><tr><th scope="col">layer</th>${COLUMNS.map(heading).join("")}</tr></thead>
    <tbody></tbody>
    <tfoot></tfoot>
  </table>
  <div class="shares"></div>
  <p class="about"></p>
  <output class="spoken" aria-live="polite"></output>`;

const inTable = (markup) => element(`<table>${markup}</table>`).querySelector("tr");

const inputRow = (shape) =>
  inTable(
    `<tr class="line"><th scope="row"><span>input</span></th><td class="output">${shape.join("×")}</td>` +
      `<td colspan="${COLUMNS.length - 1}"></td></tr>`,
  );

/** A row of the table, with a line below it for what an entry is told. */
function rowView({ name, code, kind }) {
  const cells = COLUMNS.map(
    (column) =>
      `<td class="${column}"><span class="number"></span><span class="sum"></span>` +
      `${BARS.includes(column) && kind ? '<i class="share"></i>' : ""}</td>`,
  );
  const head = `<th scope="row"><span>${escaped(name)}</span><code></code></th>`;
  const row = inTable(`<tr class="line ${groupOf(kind)}">${head}${cells.join("")}</tr>`);
  const id = fresh("told");
  const across = `<td colspan="${COLUMNS.length}"><p id="${id}"></p></td>`;
  const told = inTable(`<tr class="told" hidden><td></td>${across}</tr>`);
  const entry = element(
    `<span class="entry"><input type="text" autocomplete="off" spellcheck="false" inputmode="text"` +
      ` aria-describedby="${id}" data-lm-suppress-shortcuts="true"><b class="sign" aria-hidden="true"></b>` +
      `<button type="button" class="show" aria-label="Show ${escaped(name)}">show</button></span>`,
  );
  const cell = Object.fromEntries(COLUMNS.map((column) => [column, row.querySelector(`td.${column}`)]));
  const [input, show] = [entry.querySelector("input"), entry.querySelector("button")];
  return { name, code, row, told, entry, input, show, sign: entry.querySelector(".sign"), cell };
}

/** Two bars of the whole: where the parameters are, and where the work is. */
function sharesMarkup(rows) {
  const [layers, total] = [rows.slice(0, -1), rows.at(-1)];
  return BARS.map((column) => {
    const all = total.cells[column][0];
    const part = (row) => row.cells[column][0] / all;
    const parts = layers.filter((row) => all && row.cells[column][0]);
    const groups = GROUPS.map(([group, words, kinds]) => {
      const share = parts.filter(({ kind }) => kinds.includes(kind)).reduce((sum, row) => sum + part(row), 0);
      return share >= 0.0005 ? `<span><i class="${group}"></i> ${words} ${percent(share)}</span>` : "";
    });
    const bytes = megabytes(total.cells.bytes[0]);
    const size = column === "parameters" ? ` · ${bytes} as float32` : " for one image";
    const pieces = parts.map(
      (row) =>
        `<i class="${groupOf(row.kind)}" style="flex-grow:${part(row).toFixed(5)}">` +
        `${part(row) > 0.09 ? escaped(row.name) : ""}</i>`,
    );
    return (
      `<p class="whole"><span><b>${counted(all, column.replace(/s$/, ""), column)}</b>${size}</span>` +
      `<span class="groups">${groups.join("")}</span></p>` +
      `<div class="stack" aria-hidden="true">${pieces.join("")}</div>`
    );
  }).join("");
}

function render({ model, el }) {
  el.classList.add("cnnkit-widget", "cnnkit-parameter-ledger");
  el.innerHTML = PAGE;
  const part = (name) => el.querySelector(`.${name}`);
  const put = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  const network = model.get("description");
  const ask = () => model.get("ask");
  const bias = () => model.get("bias");
  const typed = () => model.get("typed")[ask()] ?? {};
  const shown = () => model.get("shown")[ask()] ?? [];
  const keyNow = () => {
    const convention = ask() === "parameters" ? model.get("convention") : "keras";
    return model.get("key")[`${ask()}/${convention}/${bias()}`] ?? {};
  };

  const asks = choice({ name: "ask", label: "I type", options: ASKS }, (value) => put("ask", value));
  const conventions = choice({ name: "convention", label: "Count as", options: CONVENTIONS }, (value) =>
    put("convention", value),
  );
  const biases = toggle({ name: "bias", label: "biases" }, (value) => put("bias", value));
  const every = toggle({ name: "every", label: "every layer" }, () => soon());
  const again = element('<button type="button" class="again">Start again</button>');
  part("settings").append(asks.row, conventions.row, biases.row, every.row, again);

  let halfTyped = null; // the row that is being typed: a mistake in it is not yet one
  let announced = {};
  part("ledger").querySelector("tbody").append(inputRow(network.input_shape));
  const views = ledgerRows(network, "keras", true).map(rowView);
  const byName = Object.fromEntries(views.map((view) => [view.name, view]));
  const open = ({ entry, row }) => entry.isConnected && !entry.hidden && !row.hidden;
  const step = (view, way) => {
    const places = views.filter((each) => open(each) || each === view);
    places[places.indexOf(view) + way]?.input.focus();
  };
  const type = (name, words) => {
    put("typed", { ...model.get("typed"), [ask()]: { ...typed(), [name]: words } });
  };
  const commit = () => {
    halfTyped = null;
    soon();
  };
  for (const view of views) {
    const { name, input, show, row, told } = view;
    (name === TOTAL ? el.querySelector("tfoot") : el.querySelector("tbody")).append(row, told);
    input.addEventListener("input", () => {
      halfTyped = name;
      type(name, input.value);
    });
    input.addEventListener("change", commit);
    input.addEventListener("blur", commit);
    input.addEventListener("keydown", (event) => {
      const way = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!way) return;
      event.preventDefault();
      commit();
      step(view, way);
    });
    show.addEventListener("click", () => {
      step(view, 1);
      put("shown", { ...model.get("shown"), [ask()]: [...new Set([...shown(), name])] });
    });
  }
  again.addEventListener("click", () => {
    model.set("typed", { ...model.get("typed"), [ask()]: {} });
    put("shown", { ...model.get("shown"), [ask()]: [] });
  });

  const drawEntry = (view, mark) => {
    const { name, input, sign, entry, show, told, cell } = view;
    if (entry.parentElement !== cell[ask()]) cell[ask()].prepend(entry);
    const verdict = halfTyped === name && mark.verdict !== "right" ? "pending" : mark.verdict;
    if (document.activeElement !== input) input.value = mark.typed;
    input.ariaLabel = `${name}, ${ask()}`;
    input.setAttribute("aria-invalid", !["right", "open", "pending"].includes(verdict));
    sign.textContent = mark.shown ? "" : (SIGNS[verdict] ?? "✗");
    entry.dataset.verdict = verdict;
    show.hidden = !model.get("reveal") || mark.shown || verdict === "right";
    entry.hidden = mark.shown;
    const message = mark.shown || verdict === "pending" ? "" : mark.message;
    told.querySelector("p").innerHTML = coded(message);
    told.hidden = !message;
    const words = mark.shown ? "shown" : verdict === "right" ? "right" : message;
    const news = words && announced[name] !== words ? `${name}: ${words}${message ? "" : "."}` : "";
    announced[name] = words;
    return news;
  };

  const draw = () => {
    const asked = ask();
    const key = keyNow();
    const rows = ledgerRows(network, model.get("convention"), bias());
    const marks = Object.fromEntries(
      markColumn(asked, key, model.get("said"), typed(), shown()).map((mark) => [mark.name, mark]),
    );
    asks.show(asked);
    asks.row.hidden = !model.get("reveal");
    conventions.show(model.get("convention"));
    biases.show(bias());
    again.hidden = asked === "nothing" || !Object.values(marks).some((mark) => mark.typed || mark.shown);
    part("prompt").textContent = PROMPTS[asked];
    part("about").textContent = NOTES[model.get("convention")];
    part("ledger").dataset.asked = asked;

    const known = (name) => {
      const maker = asked === "output" ? sizedBy(rows, marks, name) : name;
      return !marks[maker] || marks[maker].verdict === "right" || marks[maker].shown;
    };
    const allKnown = Object.keys(marks).every(known);
    const most = (column) => Math.max(1, ...rows.slice(0, -1).map(({ cells }) => cells[column][0]));
    const heard = [];
    for (const { name, code, kind, cells } of rows) {
      const view = byName[name];
      const kept = ["ReLU", "ReLU6", "Tanh", "Sigmoid", "Softmax", "Dropout"].includes(kind);
      view.row.hidden = kept && !every.row.querySelector("input").checked;
      const secret = asked === "output" && kind === "Linear" && !known(flattenBefore(rows, name));
      view.row.querySelector("code").textContent = secret ? code.replace(/\(\d+/, "(?") : code;
      const mark = marks[name];
      if (mark) heard.push(drawEntry(view, mark));
      else view.entry.remove(), (view.told.hidden = true);
      // the total of a hidden column is hidden until its rows are known
      const closed = name === TOTAL ? !known(TOTAL) || (!marks[TOTAL] && !allKnown) : !known(name);
      for (const column of COLUMNS) {
        const [value, words] = cells[column];
        const hidden = closed && HIDES[asked].includes(column);
        const cell = view.cell[column];
        const own = hidden && column === asked && mark;
        const typedSo = column === asked && mark?.verdict === "right" && !mark.shown;
        const number = cell.querySelector(".number");
        const shownAs = typedSo ? equals(mark.typed, value) : numberText(value);
        number.textContent = own ? "" : hidden ? "?" : shownAs;
        number.classList.toggle("unknown", hidden);
        cell.querySelector(".sum").textContent = hidden || column === "bytes" ? "" : (words ?? "");
        const bar = cell.querySelector(".share");
        if (bar) bar.style.width = hidden ? "0" : `${(100 * value) / most(column)}%`;
      }
    }
    const reward = "Fill the column: then bars show here where the parameters are, and where the work is.";
    part("shares").innerHTML = allKnown ? sharesMarkup(rows) : `<p class="later">${reward}</p>`;
    const news = heard.filter(Boolean).join(" ");
    if (news) part("spoken").textContent = news;
  };
  const soon = oncePerFrame(draw);
  model.on("change:ask", () => (announced = {}));
  for (const name of ["ask", "convention", "bias", "reveal", "typed", "shown"])
    model.on(`change:${name}`, soon);
  draw();
}

/** The layer whose output size a layer passes on: itself where it makes one. */
function sizedBy(rows, marks, name) {
  const place = rows.findIndex((row) => row.name === name);
  return rows.slice(0, place + 1).findLast((row) => marks[row.name])?.name ?? name;
}

/** The name of the last flattening before a row. */
function flattenBefore(rows, name) {
  const before = rows.slice(0, rows.findIndex((row) => row.name === name));
  return before.findLast(({ kind }) => kind === "Flatten")?.name;
}

export default { render: watched(render) };
