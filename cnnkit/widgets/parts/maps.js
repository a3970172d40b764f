// Many small pictures on one canvas: the maps of a layer, the filters of a bank. A pixel of a tile is a whole
// number of pixels of the canvas, so that no tile is blurred; CSS leaves the canvas as large as it is.

import { clamp, colour, range } from "./page.js";

const SHADES = 512;
const NONE = [213, 94, 0]; // what is no number is vermilion, as in page.js
const tables = {};

/** A colour as a canvas stores it. */
const packed = ([red, green, blue]) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/** A colour scale as numbers that an image takes at once; a colour for each pixel would cost too much. */
function table(scale) {
  const shade = (_, step) => packed(colour(step / SHADES, scale));
  return (tables[scale] ??= Uint32Array.from({ length: SHADES + 1 }, shade));
}

/** Where tiles lie: as many in a row as there is room for, at most `most`. */
export function tileLayout({ count, height, width }, { tile, room, gap = 2, most = Infinity }) {
  const zoom = Math.max(1, Math.floor(tile / Math.max(height, width)));
  const [tall, wide] = [height * zoom, width * zoom];
  const columns = clamp(Math.floor((room + gap) / (wide + gap)), 1, Math.min(count, most));
  const rows = Math.ceil(count / columns);
  const size = [columns * (wide + gap) - gap, rows * (tall + gap) - gap];
  return { count, height, width, zoom, tall, wide, gap, columns, rows, size };
}

/** Left, top, width and height of a tile on its canvas. */
export function tileBox({ columns, wide, tall, gap }, index) {
  return [(index % columns) * (wide + gap), Math.floor(index / columns) * (tall + gap), wide, tall];
}

/** The tile at a place on the canvas and its pixel there: [tile, row, column]; null between tiles. */
export function tileAt(layout, x, y) {
  const { columns, wide, tall, gap, zoom, count } = layout;
  const [across, down] = [Math.floor(x / (wide + gap)), Math.floor(y / (tall + gap))];
  const column = Math.floor((x - across * (wide + gap)) / zoom);
  const row = Math.floor((y - down * (tall + gap)) / zoom);
  const index = down * columns + across;
  const onTile = row < layout.height && column < layout.width;
  return onTile && x >= 0 && y >= 0 && across < columns && index < count ? [index, row, column] : null;
}

/** The tile that an arrow key leads to from another; undefined for other keys. */
export function tileByKey(key, index, columns, count) {
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  if (!(key in steps)) return undefined;
  const to = index + steps[key];
  return to >= 0 && to < count ? to : index;
}

/** Draw tiles. `shade(tile, place)` gives [red, green, blue], or the share of `scale` that a pixel is. */
export function paintTiles(canvas, layout, shade, scale) {
  const { count, height, width, zoom, size } = layout;
  if (canvas.width !== size[0] || canvas.height !== size[1]) {
    [canvas.width, canvas.height] = size;
    canvas.style.aspectRatio = `${size[0]} / ${size[1]}`;
    canvas.style.width = `${size[0]}px`;
  }
  const image = new ImageData(...size);
  const pixels = new Uint32Array(image.data.buffer);
  const shades = scale ? table(scale) : null;
  const none = packed(NONE);
  for (let index = 0; index < count; index++) {
    const [left, top] = tileBox(layout, index);
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) {
        const value = shade(index, row * width + column);
        const pixel = shades ? (shades[Math.round(clamp(value, 0, 1) * SHADES)] ?? none) : coloured(value);
        const start = (top + row * zoom) * size[0] + left + column * zoom;
        for (let down = 0; down < zoom; down++) {
          const from = start + down * size[0];
          pixels.fill(pixel, from, from + zoom);
        }
      }
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

const coloured = (shares) => packed(shares.map((share) => Math.round(255 * clamp(share, 0, 1))));

/** The largest |value| of each of `count` equal parts, or of all for each: what full colour stands for. */
export function fullColour(values, count, shared) {
  const each = values.length / count;
  const most = range(0, count).map((index) => {
    let found = 0;
    for (let place = index * each; place < (index + 1) * each; place++) {
      const size = Math.abs(values[place]);
      if (size > found && size < Infinity) found = size;
    }
    return found;
  });
  const all = Math.max(0, ...most);
  return most.map((own) => (shared ? all : own) || 1);
}
