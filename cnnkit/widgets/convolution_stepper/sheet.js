// Tables of numbers to type into or to pick from. Arrow keys go from cell to cell as in a spreadsheet.

import { clamp, element, minus, range } from "../parts/page.js";

/** A number in no more than `most` signs: whole ones as they are, others rounded; a dot for none. */
export function cellText(value, most = 5) {
  if (typeof value !== "number" || !Number.isFinite(value)) return "·";
  if (value !== 0 && Math.abs(value) < 0.01) return minus(value.toExponential(0));
  const tried = [3, 2, 1, 0].map((decimals) => String(Number(value.toFixed(decimals)) + 0)); // + 0: no −0
  const whole = Number.isInteger(value) ? [String(value + 0)] : [];
  const fitting = [...whole, ...tried].find((text) => text.length <= most);
  return minus(fitting ?? value.toExponential(0).replace("e+", "e"));
}

/** The number that somebody typed, a comma, a real minus or a fraction such as 1/9 included; else NaN. */
export function parsed(typed) {
  const plain = typed.trim().replace("−", "-").replace(",", ".");
  const [, above, below] = plain.match(/^(-?\d+) *\/ *([1-9]\d*)$/) ?? [];
  if (above !== undefined) return Number(above) / Number(below);
  return /^[-+]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : NaN;
}

const FIELD = '<input type="text" inputmode="decimal" autocomplete="off" spellcheck="false">';
const BUTTON = '<button type="button"></button>';

const WAYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], Enter: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** Where an arrow key leads from a cell, or null: inside a text it first moves the cursor. */
function arrow({ key, target }) {
  const way = WAYS[key];
  if (!way || target.localName === "button") return key === "Enter" ? null : (way ?? null);
  const { selectionStart: start, selectionEnd: end, value } = target;
  const all = start === 0 && end === value.length;
  if (key === "ArrowLeft" && start > 0 && !all) return null;
  if (key === "ArrowRight" && end < value.length && !all) return null;
  return way;
}

/** A table of cells: with `edited(row, column, value)` to type into, with `picked(row, column)` to press.

    Returns { table, show, makeHome }. show takes values (rows of numbers), border (top, bottom, left, right:
    cells around that are no controls), words(row, column): what a cell is called, text(row, column): what
    stands in it, look(row, column): its classes, and tint(row, column): -1 to 1, its shade. */
export function cellTable({ label, edited, picked, complain }) {
  const table = element('<table class="cells" role="grid"><tbody></tbody></table>');
  table.setAttribute("data-lm-suppress-shortcuts", "true");
  table.ariaLabel = label;
  let cells = [];
  let inner = { top: 0, bottom: 0, left: 0, right: 0 }; // the controls
  let home = [0, 0]; // the one that Tab reaches
  let drawn = "";
  let shown; // what `show` got last
  const control = ([row, column]) => cells[row]?.[column]?.firstElementChild;
  const makeHome = (place) => {
    control(home)?.setAttribute("tabindex", -1);
    home = [clamp(place[0], inner.top, inner.bottom), clamp(place[1], inner.left, inner.right)];
    control(home)?.setAttribute("tabindex", 0);
  };
  const placeOf = (target) => {
    const cell = target.closest("td");
    return [cell.parentElement.rowIndex, cell.cellIndex];
  };
  const focus = (place) => {
    makeHome(place);
    control(home)?.focus();
    control(home)?.select?.();
  };
  const own = ([row, column]) => [row - inner.top, column - inner.left];

  table.addEventListener("keydown", (event) => {
    const way = event.target.closest("td") && arrow(event);
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    const [row, column] = placeOf(event.target);
    focus([row + way[0], column + way[1]]);
    if (picked) picked(...own(home));
  });
  table.addEventListener("focusin", ({ target }) => {
    makeHome(placeOf(target));
    if (edited) {
      const [row, column] = own(home);
      target.value = minus(shown.values[row][column]);
      target.select();
    }
  });
  table.addEventListener("click", ({ target }) => {
    if (picked && target.closest("button")) picked(...own(placeOf(target)));
  });
  if (edited) {
    table.addEventListener("input", ({ target }) => {
      const value = parsed(target.value);
      const allowed = Math.abs(value) <= 1e6;
      target.setAttribute("aria-invalid", !allowed);
      complain(allowed ? "" : `${target.ariaLabel}: a number, such as −2, 0.5 or 1/9.`);
      if (allowed) edited(...own(placeOf(target)), value);
    });
    table.addEventListener("focusout", ({ target }) => {
      target.setAttribute("aria-invalid", false);
      complain("");
      const [row, column] = placeOf(target);
      target.value = shown.text(row, column);
    });
  }

  const isInner = (row, column) =>
    row === clamp(row, inner.top, inner.bottom) && column === clamp(column, inner.left, inner.right);
  const build = (rows, columns) => {
    const body = table.tBodies[0];
    body.replaceChildren();
    cells = range(0, rows).map((row) => {
      const line = body.insertRow();
      return range(0, columns).map((column) => {
        const cell = line.insertCell();
        if (isInner(row, column) && (edited || picked)) {
          cell.append(element(edited ? FIELD : BUTTON));
          cell.firstElementChild.setAttribute("tabindex", -1);
        }
        return cell;
      });
    });
    makeHome(home);
  };
  const show = (next) => {
    shown = { border: [0, 0, 0, 0], look: () => "", tint: () => 0, ...next };
    const [top, bottom, left, right] = shown.border;
    const [rows, columns] = [shown.values.length + top + bottom, shown.values[0].length + left + right];
    inner = { top, left, bottom: rows - bottom - 1, right: columns - right - 1 };
    const form = [rows, columns, ...shown.border].join();
    if (form !== drawn) build(rows, columns);
    drawn = form;
    cells.forEach((line, row) => line.forEach((cell, column) => update(cell, row, column)));
  };
  const update = (cell, row, column) => {
    const [field, words] = [cell.firstElementChild, shown.text(row, column)];
    const tint = shown.tint(row, column);
    cell.className = shown.look(row, column);
    cell.classList.toggle("long", words.length > 3);
    cell.classList.toggle("negative", tint < 0);
    cell.style.setProperty("--tint", `${Math.round(Math.abs(tint) * 100)}%`);
    if (!field) cell.textContent = words;
    else field.ariaLabel = shown.words(row - inner.top, column - inner.left);
    if (field && picked) field.textContent = words;
    if (field && edited && field !== field.ownerDocument.activeElement) field.value = words;
  };
  return { table, show, makeHome };
}
