// The tables of the convolution stepper: input with its padding, kernel, products, outputs, and their words.

import { counted, element } from "../parts/page.js";
import { cellTable, cellText } from "./sheet.js";

const figure = (kind) =>
  `<figure class="${kind}"><figcaption></figcaption><div class="board"></div></figure>`;

/** Where the tables stand; what else a page holds goes between the two. */
export const STAGE = `
  <div class="stage">
    ${figure("input")}<span class="sign" aria-hidden="true"></span>
    <div class="kernels">${figure("kernel")}${figure("turned")}</div>
    <span class="sign" aria-hidden="true">→</span>
    <figure class="products"><figcaption></figcaption><table class="sums"><tbody></tbody></table></figure>
  </div>`;
export const OUTPUTS = `<div class="outputs">${figure("correlation")}${figure("convolution")}</div>`;

// --- Words --------------------------------------------------------------------------------------

const factor = (value) => (value < 0 ? `(${cellText(value)})` : cellText(value));

/** A number that goes on a sum: its sign, then its size. */
const added = (value) => `${value < 0 ? "−" : "+"} ${cellText(Math.abs(value), 7)}`;

/** How one output cell adds up, as markup: by rows of the window, or by channels, and the bias. */
export function sumMarkup({ sums, products, total }, bias) {
  const rows = products[0].map((line) => line.reduce((sum, product) => sum + product, 0));
  const single = sums.length === 1;
  const named = (text, at) => (single ? text : `${text} <small>channel ${at}</small>`);
  const parts = (single ? rows : sums).map((value, at) =>
    named(at ? added(value) : cellText(value, 7), at),
  );
  if (bias !== 0 || !single) parts.push(`${added(bias)} <small>bias</small>`);
  return `${parts.join(" ")} = <strong>${cellText(total, 8)}</strong>`;
}

/** What turning the kernel does here, in a sentence, from the two outputs. */
export function relationText([correlation, turned]) {
  const near = (one, other) => Math.abs(one - other) < 1e-9;
  const pairs = correlation.flatMap((row, at) => row.map((value, column) => [value, turned[at][column]]));
  const differing = pairs.filter(([one, other]) => !near(one, other)).length;
  if (!differing) return "Both are the same here: turned by 180°, this kernel looks as before.";
  if (pairs.every(([one, other]) => near(one, -other)))
    return "Here the flip changes the sign of every cell, and nothing else.";
  return `The flip changes ${differing} of ${counted(pairs.length, "cell")}.`;
}

function productsMarkup({ values, products }, laid, taps, level) {
  let sum = 0;
  const rows = values.map((line, a) => {
    const cells = line.map((value, b) => {
      sum += products[a][b];
      const factors = level > 0 ? `${cellText(value)}·${factor(laid[a][b])}` : "";
      return `<td><span>${factors}</span><b>${level > 1 ? cellText(products[a][b]) : "?"}</b></td>`;
    });
    return `<tr>${cells.join("")}<td class="so-far">${level > 1 ? cellText(sum, 7) : ""}</td></tr>`;
  });
  return `<tr><th colspan="${taps[1]}">pixel · weight</th><th>sum so far</th></tr>${rows.join("")}`;
}

/** Shades from −1 to 1, as shares of the largest value. */
function shades(values) {
  const most = Math.max(...values.flat().map(Math.abs), 1e-9);
  return (row, column) => (values[row]?.[column] ?? 0) / most;
}

// --- On the page --------------------------------------------------------------------------------

const OUTPUT_WORDS = {
  correlation: ["Cross-correlation", "kernel as written"],
  convolution: ["Convolution", "kernel turned by 180°"],
};

/** Fill the places of STAGE and OUTPUTS in `el`. `edit(name)` gives what typing into "x" or "kernel" does.

    Returns { show(state) }; a state is what convolution_stepper.js makes of its settings. */
export function tablesView(el, { edit, pick, complain }) {
  const part = (name) => el.querySelector(`.${name}`);
  const sums = part("sums");
  const tables = {
    input: cellTable({ label: "Input", edited: edit("x"), complain }),
    kernel: cellTable({ label: "Kernel", edited: edit("kernel"), complain }),
    turned: cellTable({ label: "Kernel turned by 180°" }),
    correlation: cellTable({ label: "Cross-correlation", picked: pick }),
    convolution: cellTable({ label: "Convolution", picked: pick }),
  };
  for (const [name, { table }] of Object.entries(tables)) part(name).querySelector(".board").append(table);
  const lens = element('<div class="lens" aria-hidden="true"></div>');
  part("input").querySelector(".board").append(lens);
  const caption = (name, words) => (part(name).querySelector("figcaption").innerHTML = words);
  let state;

  /** Row and column of the kernel that lies on a cell of the padded input, or null. */
  const tapOn = (row, column) => {
    const { made, at } = state;
    const { dilation } = made.settings;
    const [a, b] = [(row - at.window.top) / dilation, (column - at.window.left) / dilation];
    const isTap = (place, count) => Number.isInteger(place) && place >= 0 && place < count;
    return isTap(a, made.taps[0]) && isTap(b, made.taps[1]) ? [a, b] : null;
  };

  const showInput = ({ made, at, channel }) => {
    const own = made.settings.x[channel];
    const [[top, bottom], [left, right]] = made.problem ? [[0, 0], [0, 0]] : made.border;
    const values = made.padded[channel];
    const isOwn = (row, column) => own[row - top]?.[column - left] !== undefined;
    const shade = shades(own);
    tables.input.show({
      values: own,
      border: [top, bottom, left, right],
      text: (row, column) => cellText(values[row][column]),
      words: (row, column) => `Input row ${row}, column ${column}`,
      look: (row, column) =>
        `${isOwn(row, column) ? "own" : "pad"} ${!made.problem && tapOn(row, column) ? "tap" : ""}`,
      tint: (row, column) => (isOwn(row, column) ? shade(row - top, column - left) : 0),
    });
    const beyond = top + bottom + left + right ? `, padded to ${values.length} × ${values[0].length}` : "";
    caption("input", `<b>Input</b> ${own.length} × ${own[0].length}${beyond}`);
    lens.hidden = Boolean(made.problem);
    if (made.problem) return;
    const [height, width] = made.extents;
    const place = { left: at.window.left, top: at.window.top, width, height };
    for (const [side, cells] of Object.entries(place)) lens.style[side] = `calc(${cells} * var(--side))`;
  };

  const showKernel = ({ made, channel, level }) => {
    const { kernel, flip } = made.settings;
    const put = (name, values, words) => {
      const text = (row, column) => cellText(values[row][column]);
      tables[name].show({ values, text, words, tint: shades(values) });
    };
    put("kernel", kernel[channel], (row, column) => `Kernel row ${row}, column ${column}`);
    put("turned", made.laid[channel]);
    caption("kernel", `<b>Kernel</b>${flip ? " as written" : ""}`);
    caption("turned", "turned by 180°");
    part("turned").hidden = !flip || level < 2; // turning it is part of a prediction
    part("sign").textContent = flip ? "∗" : "⋆";
  };

  const showProducts = ({ made, at, channel, level }) => {
    const window = { values: at.window.values[channel], products: at.window.products[channel] };
    sums.tBodies[0].innerHTML = productsMarkup(window, made.laid[channel], made.taps, level);
    caption("products", `<b>${counted(made.taps[0] * made.taps[1], "product")}</b>`);
  };

  const showOutput = (name, { output, columns }, isChosen) => {
    const { at, predict, known, typed, told } = state;
    const stepOf = (row, column) => row * columns + column;
    const isKnown = (row, column) => (isChosen || !predict) && known(stepOf(row, column));
    const kind = (row, column) => {
      const step = stepOf(row, column);
      if (!predict) return "";
      if (isKnown(row, column)) return told(step) ? "told" : "right";
      return typed(step) === undefined ? "" : "wrong";
    };
    const place = (row, column) => `Row ${row}, column ${column}`;
    tables[name].show({
      values: output,
      text: (row, column) =>
        cellText(isKnown(row, column) ? output[row][column] : predict ? typed(stepOf(row, column)) : NaN),
      words: (row, column) => {
        if (isKnown(row, column)) return `${place(row, column)}: ${cellText(output[row][column], 9)}`;
        if (kind(row, column) !== "wrong") return `${place(row, column)}: not computed yet`;
        return `${place(row, column)}: not ${cellText(typed(stepOf(row, column)), 9)}`;
      },
      look: (row, column) => `${row === at.row && column === at.column ? "now" : ""} ${kind(row, column)}`,
      tint: shades(output.map((line, row) => line.map((value, at) => (isKnown(row, at) ? value : 0)))),
    });
    tables[name].makeHome([at.row, at.column]);
    const [title, about] = OUTPUT_WORDS[name];
    caption(name, `<b>${title}</b> <i>${about}</i>`);
    part(name).hidden = !isChosen && (predict || name === "convolution"); // the flip shows both
    part(name).classList.toggle("chosen", isChosen);
  };

  /** Show which pixel meets which weight, and their product. */
  const point = (cell) => {
    el.querySelectorAll(".pointed").forEach((each) => each.classList.remove("pointed"));
    if (!cell || state.made.problem) return;
    const [row, column] = [cell.parentElement.rowIndex, cell.cellIndex];
    const { made, at } = state;
    const [a, b] = sums.contains(cell) ? [row - 1, column] : (tapOn(row, column) ?? [-1, -1]);
    if (a < 0 || b < 0 || b >= made.taps[1]) return;
    const { dilation, flip } = made.settings;
    const written = flip ? [made.taps[0] - 1 - a, made.taps[1] - 1 - b] : [a, b];
    const places = [
      [tables.input.table, at.window.top + a * dilation, at.window.left + b * dilation],
      [tables.kernel.table, ...written],
      [tables.turned.table, a, b],
      [sums, a + 1, b],
    ];
    for (const [table, down, across] of places) table.rows[down]?.cells[across]?.classList.add("pointed");
  };
  el.addEventListener("pointerover", ({ target }) => point(target.closest(".sums td, .input .tap")));

  const show = (next) => {
    state = next;
    showInput(state);
    showKernel(state);
    if (state.made.problem) return;
    showProducts(state);
    const { flip } = state.made.settings;
    showOutput("correlation", flip ? state.other : state.made, !flip);
    showOutput("convolution", flip ? state.made : state.other, flip);
  };
  return { show };
}
