// Tiles to choose from: one canvas, a frame around the chosen one, boxes in some; by mouse and by arrow keys.

import { paintTiles, tileAt, tileBox, tileByKey, tileLayout } from "../parts/maps.js";
import { element, range } from "../parts/page.js";

const TILES = `
  <div class="cnnkit-tiles"><canvas></canvas><svg role="slider" tabindex="0" aria-valuemin="0"
    data-lm-suppress-shortcuts="true"><g class="boxes"></g><rect class="chosen" rx="1"/></svg></div>`;

const framed = (rect, [x, y, width, height]) => {
  for (const [name, value] of Object.entries({ x, y, width, height })) rect.setAttribute(name, value);
};

/** Tiles under a name; `choose(index)` is called with the one that is clicked or that the arrows lead to.

    Returns { el, show }: show(shape, room, { shade, scale, chosen, words, boxes }) draws `shape.count` tiles,
    as maps.js has them; `chosen` is null where none is, `boxes` are [top, bottom, left, right] in pixels. */
export function tileView(label, choose) {
  const el = element(TILES);
  const [canvas, over] = [el.querySelector("canvas"), el.querySelector("svg")];
  const [boxes, frame] = [el.querySelector(".boxes"), el.querySelector(".chosen")];
  over.setAttribute("aria-label", label);
  let layout = null;
  let at = null;

  over.addEventListener("click", (event) => {
    const { left, top, width } = canvas.getBoundingClientRect();
    const scale = layout.size[0] / width;
    const found = tileAt(layout, (event.clientX - left) * scale, (event.clientY - top) * scale);
    if (found) choose(found[0]);
  });
  over.addEventListener("keydown", (event) => {
    const index = tileByKey(event.key, at ?? 0, layout.columns, layout.count);
    if (index === undefined) return;
    event.preventDefault();
    choose(index);
  });

  const show = (shape, room, { shade, scale, chosen, words, boxes: found = [] }) => {
    layout = tileLayout(shape, room);
    at = chosen;
    paintTiles(canvas, layout, shade, scale);
    over.setAttribute("viewBox", `0 0 ${layout.size.join(" ")}`);
    over.setAttribute("aria-valuemax", shape.count - 1);
    over.setAttribute("aria-valuenow", chosen ?? 0);
    over.setAttribute("aria-valuetext", words);
    frame.toggleAttribute("hidden", chosen === null);
    if (chosen !== null) {
      const [x, y, width, height] = tileBox(layout, chosen);
      framed(frame, [x - 1, y - 1, width + 2, height + 2]);
    }
    while (boxes.childElementCount < found.length)
      boxes.append(over.querySelector("rect").cloneNode());
    range(0, boxes.childElementCount).forEach((index) => {
      const [top, bottom, left, right] = found[index] ?? [0, 0, 0, 0];
      const [x, y] = tileBox(layout, index);
      const { zoom } = layout;
      boxes.children[index].toggleAttribute("hidden", !(index in found));
      const [width, height] = [right - left, bottom - top].map((size) => Math.max(size * zoom - 2, 0));
      framed(boxes.children[index], [x + left * zoom + 1, y + top * zoom + 1, width, height]);
    });
  };
  return { el, show };
}
