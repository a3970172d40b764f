// The layers of a network as a list from input to output: what each one makes, drawn and counted.

import { shapeText } from "../parts/layers.js";
import { coded, element, thousands } from "../parts/page.js";

const TABLE = `
  <table class="cnnkit-stack">
    <thead><tr>
      <th scope="col" class="drawn" aria-label="Size, drawn"></th>
      <th scope="col" class="what">Layer</th>
      <th scope="col" class="made">Output</th>
      <th scope="col" class="cost">
        <span><i class="key parameters"></i>parameters</span>
        <span><i class="key adds"></i>multiply-adds</span>
      </th>
      <th scope="col" class="sees">Sees</th>
    </tr></thead>
    <tbody>
      <tr class="open"><td colspan="5"><div class="drawer" role="group"></div></td></tr>
      <tr class="trouble"><td colspan="5"><p class="note">
        <b class="tag impossible">impossible</b><span><span class="bad"></span> <b class="cure"></b></span>
      </p></td></tr>
    </tbody>
    <tfoot><tr>
      <td class="drawn"></td><th scope="row" class="what">Total</th><td class="made"></td>
      <td class="cost"><span class="numbers"><b></b><b></b></span></td><td class="sees"></td>
    </tr></tfoot>
  </table>`;

const ROW = `
  <tr class="layer">
    <td class="drawn" aria-hidden="true"><svg viewBox="0 0 56 30"><rect rx="1"/></svg></td>
    <th scope="row" class="what">
      <button aria-expanded="false"><span><b></b> <code></code></span></button>
    </th>
    <td class="made"></td>
    <td class="cost">
      <span class="bars" aria-hidden="true"><i class="parameters"></i><i class="adds"></i></span>
      <span class="numbers"><b></b><b></b></span>
    </td>
    <td class="sees"></td>
  </tr>`;

/** Width or height of a box, as the logarithm of a count. */
const scaled = (count, most, room) => 3 + (room - 3) * (Math.log2(count) / Math.log2(Math.max(most, 2)));

/** The box of a shape: its height is the image's, its width the channels; a vector is one pixel high. */
function box([channels, ...sizes], most) {
  const height = scaled(Math.max(1, ...sizes), most.size, 28);
  const width = scaled(channels, most.channels, 54);
  return { x: (56 - width) / 2, y: (30 - height) / 2, width, height };
}

/** What the boxes of a network are measured against; small networks do not fill the room. */
function largest(shapes) {
  return {
    size: Math.max(32, ...shapes.flatMap(([, ...sizes]) => sizes)),
    channels: Math.max(64, ...shapes.map(([channels]) => channels)),
  };
}

// what stays as it is costs the page nothing
const put = (node, words) => node.textContent !== words && (node.textContent = words);
const set = (node, name, value) => node.getAttribute(name) !== value && node.setAttribute(name, value);
/** A share as percent: with a decimal where it is small or nearly all, and never 0 or 100 for what is not. */
export function percent(share) {
  const fine = share > 0 && share < 1 && (share < 0.0995 || share >= 0.9895);
  if (!fine) return `${Math.round(100 * share)}\u00a0%`;
  if (share < 0.0005) return "under\u00a00.1\u00a0%";
  return share > 0.9995 ? "over\u00a099.9\u00a0%" : `${(100 * share).toFixed(1)}\u00a0%`;
}

const SETS = ["trainable", "multiply_adds"];
const UNITS = ["parameters", "multiply-adds"];

function showCost(cell, row, sums) {
  const bars = cell.querySelectorAll(".bars > i");
  const numbers = cell.querySelectorAll(".numbers > b");
  const told = SETS.map((name, place) => {
    const [count, all] = [row[name] ?? 0, sums[name]];
    const share = all ? count / all : 0;
    set(bars[place], "style", `width: ${(100 * share).toFixed(2)}%`);
    bars[place].classList.toggle("some", count > 0);
    put(numbers[place], count ? thousands(count) : "");
    return `${thousands(count)} ${UNITS[place]}${all ? `, ${percent(share)}` : ""}`;
  });
  set(cell, "title", row.output_shape ? told.join("; ") : "");
}

function madeText(row) {
  if (row.problem) return "no output";
  return row.output_shape ? shapeText(row.output_shape) : "no size yet";
}

/** The list in `el`; `act` is told toggle(place), move(from, to) and remove(place), places counted from 1.

    Returns { show(network, facts, selected), drawer, focus(place), holdsFocus() }. Rows are used again, and
    those that have no focus make way for the one that has. */
export function stackRows(el, act) {
  const table = element(TABLE);
  el.append(table);
  const [body, foot] = [table.tBodies[0], table.tFoot];
  const [open, trouble] = [body.querySelector(".open"), body.querySelector(".trouble")];
  const drawer = open.querySelector(".drawer");
  const rows = []; // the input's first
  let dragged = null;

  const newRow = () => {
    const row = element(ROW);
    const place = rows.length;
    const button = row.querySelector("button");
    button.addEventListener("click", () => act.toggle(place));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (step && event.altKey && place) act.move(place, place + step);
      else if (step) rows[place + step]?.querySelector("button").focus();
      else if (event.key === "Delete" && place) act.remove(place);
      else return;
      event.preventDefault();
    });
    row.draggable = place > 0;
    row.addEventListener("dragstart", (event) => {
      dragged = place;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", row.querySelector("code").textContent);
    });
    row.addEventListener("dragover", (event) => {
      if (dragged === null) return;
      event.preventDefault();
      row.classList.toggle("above", place > 0 && place < dragged);
      row.classList.toggle("below", place > dragged || place === 0);
    });
    row.addEventListener("dragleave", () => row.classList.remove("above", "below"));
    row.addEventListener("dragend", () => (dragged = null));
    row.addEventListener("drop", (event) => {
      row.classList.remove("above", "below");
      if (dragged === null) return;
      event.preventDefault();
      act.move(dragged, Math.max(place, 1));
      dragged = null;
    });
    rows.push(row);
    return row;
  };

  /** Put the rows in order, the drawer behind its own, without moving what has the focus. */
  const arrange = (selected, bad) => {
    const order = rows.flatMap((row, place) => [
      row,
      ...(place === bad ? [trouble] : []),
      ...(place === selected ? [open] : []),
    ]);
    trouble.hidden = !order.includes(trouble);
    open.hidden = !order.includes(open);
    order.push(...[trouble, open].filter((row) => row.hidden));
    const stands = [...body.children];
    if (order.length === stands.length && order.every((row, place) => row === stands[place])) return;
    const held = order.findIndex((row) => row.contains(body.ownerDocument.activeElement));
    order.slice(0, Math.max(held, 0)).forEach((row) => order[held].before(row));
    order.slice(held + 1).forEach((row) => body.append(row));
  };

  const showRow = (row, place, told, most, sums, selected) => {
    const { name, code, input_shape: input, output_shape: made } = told;
    const button = row.querySelector("button");
    row.classList.toggle("bad", Boolean(told.problem));
    row.classList.toggle("unknown", !made && !told.problem);
    row.classList.toggle("same", place > 0 && !told.weights && String(input) === String(made));
    row.classList.toggle("selected", place === selected);
    set(button, "aria-expanded", String(place === selected));
    put(button.querySelector("b"), name);
    put(button.querySelector("code"), code);
    put(row.querySelector(".made"), madeText(told));
    put(row.querySelector(".sees"), made ? (told.receptive_field?.size ?? []).join("×") : "");
    const rect = row.querySelector("rect");
    for (const [key, value] of Object.entries(made ? box(made, most) : { width: 0, height: 0 }))
      set(rect, key, value.toFixed(2));
    showCost(row.querySelector(".cost"), told, sums);
    if (place === selected) drawer.ariaLabel = `Settings of ${name}`;
  };

  const show = ({ input_shape }, facts, selected) => {
    const input = { name: "input", code: "", input_shape, output_shape: input_shape };
    const all = [input, ...facts.rows];
    while (rows.length < all.length) body.append(newRow());
    while (rows.length > all.length) rows.pop().remove();
    // of the layers before one that cannot work, if there is one
    const sums = Object.fromEntries(
      SETS.map((name) => [name, facts.rows.reduce((sum, row) => sum + (row[name] ?? 0), 0)]),
    );
    const most = largest(all.map((row) => row.output_shape).filter(Boolean));
    all.forEach((told, place) => showRow(rows[place], place, told, most, sums, selected));
    const bad = facts.rows.findIndex((row) => row.problem) + 1;
    arrange(selected, bad || null);
    if (bad) {
      const { name, problem, cure } = facts.rows[bad - 1];
      trouble.querySelector(".bad").innerHTML = `${coded(`\`${name}\`: ${problem}`)}.`;
      trouble.querySelector(".cure").innerHTML = coded(cure);
    }
    const numbers = foot.querySelectorAll(".numbers > b");
    SETS.forEach((name, index) => put(numbers[index], facts.totals ? thousands(facts.totals[name]) : "–"));
  };
  return {
    show,
    drawer,
    focus: (place) => rows[place]?.querySelector("button").focus(),
    holdsFocus: () => rows.some((row) => row.contains(el.ownerDocument.activeElement)),
  };
}
