// Every layer's maps, and one of them under a loupe: a cell's value, and what it sees of the image.

import { fullColour, paintTiles, tileAt, tileBox, tileByKey, tileLayout } from "../parts/maps.js";
import { clamp, counted, element, escaped, paint, range, rounded } from "../parts/page.js";

const TILE = 28; // pixels on the page
const LOUPE = 168;
const FEW = 16;

/** What a cell of a layer sees of the image: [top, bottom, left, right], cut at the image's edges. */
export function windowOf({ size, jump, start }, [row, column], [height, width]) {
  const [top, left] = [row * jump[0] + start[0], column * jump[1] + start[1]];
  const ends = [top, top + size[0]].map((edge) => clamp(edge, 0, height));
  return [...ends, ...[left, left + size[1]].map((edge) => clamp(edge, 0, width))];
}

const number = (value) => (Number.isFinite(value) ? rounded(value) : "no number");
const middle = ({ height, width }) => [height, width].map((size) => Math.floor(size / 2));
/** Channels, height and width of what a layer gives; each of a row of features is a map of one cell. */
const mapShape = ({ output_shape: [count, height = 1, width = 1] }) => ({ count, height, width });

function headMarkup({ name, words, output_shape }) {
  const [count, height, width] = output_shape;
  const size = height ? `${counted(count, "map")} of ${height} × ${width}` : counted(count, "number");
  const call = `<b>${escaped(name)}</b> <code>${escaped(words)}</code>`;
  return `<div class="head">${call} <span>${size}</span> <span class="most"></span></div>`;
}

/** Numbers below the units of a layer that has few, such as the scores of ten digits. */
function ticks({ output_shape: [count, height] }) {
  if (height || count > FEW) return "";
  return `<div class="ticks" aria-hidden="true">${range(0, count).map((n) => `<i>${n}</i>`).join("")}</div>`;
}

const cellText = ({ name, output_shape }, map, [row, column]) =>
  output_shape.length === 3 ? `${name}, map ${map}, row ${row}, column ${column}` : `${name}, number ${map}`;

const LENS = `
  <div class="loupe" role="group" aria-label="Loupe">
    <div class="under"><canvas></canvas>
      <svg role="slider" tabindex="0" aria-label="Cell of the map" aria-valuemin="0"
        preserveAspectRatio="none" data-lm-suppress-shortcuts="true">
        <rect class="cell" width="1" height="1"/></svg></div>
    <p class="cell-text"></p>
    <p class="window-text"></p>
  </div>`;

/** Strips of maps in `el` and the loupe beside them; `look(box)` gets the window of the cell that is looked
    at, or null. Returns { layers(list), show(outputs, shared), fit() }. */
export function layerMaps(el, look) {
  el.classList.add("cnnkit-layer-maps");
  const strips = element('<div class="strips"></div>');
  const loupe = element(LENS);
  el.replaceChildren(strips, loupe);
  const part = (name) => loupe.querySelector(name);
  const [lens, cell] = [part("svg"), part(".cell")];
  let [layers, rows, outputs, mosts, chosen] = [[], [], [], [], null];
  let [shared, room] = [true, 0];

  /** Lines of the page for these layers; those that leave their input as it is have none. */
  const build = (list) => {
    layers = list;
    rows = list.flatMap((layer, place) => (layer.kind === "same" ? [] : [strip(layer, place)]));
    strips.replaceChildren(...rows.map(({ line }) => line));
    chosen = rows.length ? { place: rows[0].place, map: 0, at: middle(mapShape(list[rows[0].place])) } : null;
    outputs = [];
  };

  const strip = (layer, place) => {
    const line = element(
      `<section>${headMarkup(layer)}<div class="tiles"><canvas></canvas><svg role="slider" tabindex="0"` +
        ` aria-valuemin="0" data-lm-suppress-shortcuts="true"><rect class="chosen" rx="1"/></svg></div>` +
        `${ticks(layer)}</section>`,
    );
    const [canvas, over] = [line.querySelector("canvas"), line.querySelector("svg")];
    const { count } = mapShape(layer);
    over.setAttribute("aria-label", `Maps of ${layer.name}`);
    over.setAttribute("aria-valuemax", count - 1);
    const row = { line, canvas, over, frame: over.firstElementChild, place, layout: null };
    const follow = (event) => {
      const { left, top, width } = canvas.getBoundingClientRect();
      const scale = row.layout.size[0] / width;
      const found = tileAt(row.layout, (event.clientX - left) * scale, (event.clientY - top) * scale);
      if (found) choose({ place, map: found[0], at: found.slice(1) });
    };
    over.addEventListener("pointermove", follow);
    over.addEventListener("pointerdown", follow);
    over.addEventListener("focus", () => {
      if (chosen.place !== place && over.matches(":focus-visible")) choose({ place, map: 0, at: chosen.at });
    });
    over.addEventListener("keydown", (event) => {
      const map = tileByKey(event.key, chosen.place === place ? chosen.map : 0, row.layout.columns, count);
      if (map === undefined) return;
      event.preventDefault();
      choose({ place, map, at: chosen.at });
    });
    return row;
  };

  const choose = (next) => {
    const { height, width } = mapShape(layers[next.place]);
    chosen = { ...next, at: [clamp(next.at[0], 0, height - 1), clamp(next.at[1], 0, width - 1)] };
    mark();
  };

  /** The frame around the chosen map, the loupe, and the words about its cell. */
  const mark = () => {
    if (!chosen || !outputs.length) return look(null);
    const { place, map, at } = chosen;
    const layer = layers[place];
    const { height, width } = mapShape(layer);
    const values = outputs[place].subarray(map * height * width, (map + 1) * height * width);
    const value = values[at[0] * width + at[1]];
    for (const row of rows) {
      const here = row.place === place;
      row.frame.toggleAttribute("hidden", !here);
      row.line.classList.toggle("is", here);
      row.over.setAttribute("aria-valuenow", here ? map : 0);
      if (!here) continue;
      const [x, y, w, h] = tileBox(row.layout, map);
      for (const [name, size] of Object.entries({ x: x - 1, y: y - 1, width: w + 2, height: h + 2 }))
        row.frame.setAttribute(name, size);
      const largest = rounded(fullColour(values, 1, true)[0]);
      row.over.setAttribute("aria-valuetext", `map ${map}, its largest size is ${largest}`);
    }
    const most = mosts[place][map];
    const canvas = part("canvas");
    paint(canvas, values, height, width, [-most, most], "signed");
    part(".under").style.aspectRatio = `${width} / ${height}`;
    part(".under").style.width = `${Math.round((LOUPE * width) / Math.max(height, width))}px`;
    lens.setAttribute("viewBox", `0 0 ${width} ${height}`);
    cell.setAttribute("x", at[1]);
    cell.setAttribute("y", at[0]);
    const words = `${cellText(layer, map, at)}: ${number(value)}`;
    const box = layer.field ? windowOf(layer.field, at, [28, 28]) : null;
    const sees = box ? windowText(box, layer.field) : "";
    part(".cell-text").textContent = words;
    part(".window-text").textContent = sees;
    lens.setAttribute("aria-valuemax", height * width - 1);
    lens.setAttribute("aria-valuenow", at[0] * width + at[1]);
    lens.setAttribute("aria-valuetext", `row ${at[0]}, column ${at[1]}: ${number(value)}. ${sees}`);
    look(box);
  };

  const followLens = (event) => {
    const { left, top, width, height } = lens.getBoundingClientRect();
    const shape = mapShape(layers[chosen.place]);
    const row = Math.floor(((event.clientY - top) / height) * shape.height);
    const column = Math.floor(((event.clientX - left) / width) * shape.width);
    choose({ ...chosen, at: [row, column] });
  };
  lens.addEventListener("pointermove", followLens);
  lens.addEventListener("pointerdown", followLens);
  lens.addEventListener("keydown", (event) => {
    const { height, width } = mapShape(layers[chosen.place]);
    const index = tileByKey(event.key, chosen.at[0] * width + chosen.at[1], width, height * width);
    if (index === undefined) return;
    event.preventDefault();
    choose({ ...chosen, at: [Math.floor(index / width), index % width] });
  });

  const show = (found, one) => {
    [outputs, shared] = [found, one];
    mosts = layers.map((layer, place) => fullColour(found[place], mapShape(layer).count, shared));
    room = strips.clientWidth || 480; // 0 while hidden in another tab
    for (const row of rows) {
      const shape = mapShape(layers[row.place]);
      const tile = shape.height * shape.width === 1 && shape.count > FEW ? TILE / 2 : TILE;
      row.layout = tileLayout(shape, { tile, room });
      const [values, most] = [found[row.place], mosts[row.place]];
      const each = shape.height * shape.width;
      const share = (map, at) => 0.5 + values[map * each + at] / (2 * most[map]);
      paintTiles(row.canvas, row.layout, share, "signed");
      row.over.setAttribute("viewBox", `0 0 ${row.layout.size.join(" ")}`);
      const full = shared ? `± ${rounded(most[0])}` : "own scales";
      row.line.querySelector(".most").textContent = full;
    }
    mark();
  };
  return { layers: build, show, fit: () => strips.clientWidth !== room };
}

function windowText([top, bottom, left, right], { size }) {
  if (top >= bottom || left >= right) return "It sees padding alone.";
  const rows = `rows ${top} to ${bottom - 1}, columns ${left} to ${right - 1}`;
  const cut = bottom - top < size[0] || right - left < size[1];
  return `It sees ${rows}: ${size[0]} × ${size[1]} pixels${cut ? ", cut at the edge" : ""}.`;
}
