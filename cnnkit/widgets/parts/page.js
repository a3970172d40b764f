// What the widgets' pages share: words, marks on an SVG, pictures of arrays, controls, one drawing a frame.
// assets.py puts it in front of each widget that imports it, for a page loads one module.

// --- Words --------------------------------------------------------------------------------------

export const minus = (value) => String(value).replace("-", "−");
const GROUPED = new Intl.NumberFormat("en-US"); // toLocaleString would make a new one for each number
export const thousands = (count) => minus(GROUPED.format(count));
export const counted = (count, one, many = `${one}s`) => `${thousands(count)} ${count === 1 ? one : many}`;
export const escaped = (words) =>
  String(words).replace(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`);

/** Words with `code` in backquotes, as markup. */
export const coded = (words) => escaped(words).replace(/`([^`]*)`/g, "<code>$1</code>");

/** A number with `digits` significant digits, as one would write it: no tail of zeros, a real minus. */
export function rounded(value, digits = 3) {
  if (!Number.isFinite(value)) return minus(value);
  const text = value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e6)
    ? String(Number(value.toPrecision(digits)))
    : value.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e");
  return minus(text).replace("e-", "e−");
}

export const range = (start, stop) => Array.from({ length: Math.max(stop - start, 0) }, (_, step) => start + step);
export const clamp = (value, least, most) => Math.max(least, Math.min(value, most));

// --- Marks --------------------------------------------------------------------------------------

/** Path of boxes, a little apart where they are large enough to be told from each other. */
export function boxes(corners, width, height) {
  const [w, h] = [width, height].map((length) => (length > 5 ? length - 1.5 : length).toFixed(2));
  return corners.map(([x, y]) => `M${x.toFixed(2)} ${y.toFixed(2)}h${w}v${h}h-${w}z`).join("");
}

export const path = (kind, d) => `<path class="${kind}" d="${d}"/>`;
export const text = (kind, x, y, words) =>
  `<text class="${kind}" x="${x.toFixed(1)}" y="${y.toFixed(1)}">${words}</text>`;

/** The first element of some markup. */
export function element(markup) {
  const holder = document.createElement("template");
  holder.innerHTML = markup.trim();
  return holder.content.firstElementChild;
}

// --- Pictures of arrays ---------------------------------------------------------------------------

const mixed = (from, to, share) => from.map((value, place) => value + (to[place] - value) * share);

/** Stops of colour from 0 to 1. "signed" has its white in the middle: blue is negative, orange positive. */
const SCALES = {
  grey: [[0, 0, 0], [255, 255, 255]],
  signed: [[0, 54, 96], [0, 114, 178], [146, 197, 222], [247, 247, 247], [253, 184, 99], [213, 94, 0], [102, 37, 6]],
};

/** [red, green, blue] of a share from 0 to 1 of a colour scale; what is no number is vermilion. */
export function colour(share, scale = "grey") {
  if (Number.isNaN(share)) return [213, 94, 0];
  const stops = SCALES[scale];
  const place = clamp(share, 0, 1) * (stops.length - 1);
  const below = Math.min(Math.floor(place), stops.length - 2);
  return mixed(stops[below], stops[below + 1], place - below).map(Math.round);
}

/** The least and the greatest of `values`; for the scale "signed" as far below zero as above. */
export function span(values, scale = "grey") {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
  return scale === "signed" ? [-most, most] : [low, high];
}

/** Draw `rows` by `columns` values (row after row) on a canvas, a pixel each; CSS enlarges it. */
export function paint(canvas, values, rows, columns, [low, high], scale = "grey") {
  const width = high > low ? high - low : 1;
  paintPixels(canvas, rows, columns, (place) => colour((values[place] - low) / width, scale));
}

/** Draw `rows` by `columns` pixels: `shade(place)` gives [red, green, blue], and opacity if it is not 255. */
export function paintPixels(canvas, rows, columns, shade) {
  if (canvas.width !== columns) canvas.width = columns;
  if (canvas.height !== rows) canvas.height = rows;
  const image = new ImageData(columns, rows);
  image.data.fill(255);
  for (let place = 0; place < rows * columns; place++) image.data.set(shade(place), 4 * place);
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** The numbers in a DataView of the Python side: array.astype("<f4").tobytes() gives one. */
export const floats = (view) =>
  view.byteLength ? new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength)) : [];

// --- Controls -----------------------------------------------------------------------------------

/** Copy words: as the clipboard allows, else as a selection is copied. Whether it was done. */
export async function copyText(words) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    const holder = element('<textarea aria-hidden="true" style="position:fixed;opacity:0"></textarea>');
    const focused = document.activeElement;
    document.body.append(holder);
    holder.value = words;
    holder.select();
    const done = document.execCommand("copy");
    holder.remove();
    focused?.focus();
    return done;
  }
}

let named = 0;
/** An id that no other view on the page has. */
export const fresh = (words) => `cnnkit-${words}-${++named}-${Math.random().toString(36).slice(2, 8)}`;

/** A slider and a number box for one whole number: `change` gets what is allowed, `complain` says what is not.

    `usual` is where the slider ends; the box goes on to `most`. */
export function wholeNumber({ name, label, least, usual, most }, change, complain) {
  const row = element(
    `<div class="row"><label><span>${label}</span>` +
      `<input type="range" name="${name}" min="${least}" data-lm-suppress-shortcuts="true"></label>` +
      `<input type="number" name="${name}" min="${least}" max="${most}"></div>`,
  );
  const [slider, number] = row.querySelectorAll("input");
  const words = row.textContent.replace(/ .$/, "");
  number.ariaLabel = `${words}, as a number`;
  slider.addEventListener("input", () => {
    complain("");
    change(slider.valueAsNumber);
  });
  number.addEventListener("input", () => {
    const value = number.valueAsNumber;
    const allowed = Number.isInteger(value) && value >= least && value <= most;
    complain(allowed ? "" : `${words}: a whole number from ${least} to ${most}.`);
    if (allowed) change(value);
  });
  let shown;
  const show = (value) => {
    shown = value;
    // A slider that ends at 64 grows to hold a 512, and shrinks again, but not under the hand that moves it.
    slider.max = Math.max(document.activeElement === slider ? slider.max : usual, value);
    slider.value = value;
    if (document.activeElement !== number) number.value = value;
  };
  number.addEventListener("blur", () => {
    complain("");
    number.value = shown;
  });
  return { row, show };
}

/** A select box; `options` are [value, words] pairs. */
export function choice({ name, label, options }, change) {
  const row = element(
    `<label class="choice"><span>${label}</span><select name="${name}" data-lm-suppress-shortcuts="true">` +
      options.map(([value, words]) => `<option value="${escaped(value)}">${escaped(words)}</option>`).join("") +
      "</select></label>",
  );
  const select = row.querySelector("select");
  select.addEventListener("change", () => change(select.value));
  return { row, show: (value) => (select.value = value) };
}

/** A box to tick. */
export function toggle({ name, label }, change) {
  const row = element(`<label class="toggle"><input type="checkbox" name="${name}"><span>${label}</span></label>`);
  const input = row.querySelector("input");
  input.addEventListener("change", () => change(input.checked));
  return { row, show: (value) => (input.checked = value) };
}

// --- Time ---------------------------------------------------------------------------------------

/** Returns a function that draws at once, and then, however often it is called, once in each frame. */
export function oncePerFrame(draw) {
  let [drawn, stale] = [false, false]; // in this frame
  const now = () => {
    drawn = true;
    requestAnimationFrame(() => {
      drawn = false;
      if (stale) now();
    });
    stale = false;
    draw();
  };
  return () => (drawn ? (stale = true) : now());
}

// --- The kernel ---------------------------------------------------------------------------------

const LOST = "The kernel of this widget is gone: Python hears nothing of what you do here. Run its cell again.";

/** A widget's render that notices when its kernel is gone, and says so; what is sent then fails nowhere.

    The model that `render` gets knows it as `lost`. What the page computes by itself goes on. */
export const watched = (render) => ({ model, el }) => {
  let lost = false;
  const lose = () => {
    if (lost) return;
    lost = true;
    el.prepend(element(`<p class="lost" role="alert">${LOST}</p>`));
  };
  const attempt = (act) => {
    try {
      act();
    } catch {
      lose();
    }
  };
  const guarded = {
    get: (name) => model.get(name),
    set: (name, value) => model.set(name, value),
    on: (event, heard) => model.on(event, heard),
    off: (event, heard) => model.off(event, heard),
    send: (...message) => attempt(() => model.send(...message)),
    save_changes: () => attempt(() => model.save_changes()),
    get lost() {
      return lost;
    },
  };
  const end = render({ model: guarded, el });
  model.on("comm_live_update", lose); // a restart disconnects every widget
  return () => {
    model.off("comm_live_update", lose);
    end?.();
  };
};
