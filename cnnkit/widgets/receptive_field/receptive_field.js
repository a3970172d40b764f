// Receptive field: an image with the box that one unit of a layer sees, and how that box comes about.
// value.py has the same arithmetic; tests/cases/receptive_field.json proves both equal.

import { axesOf, complete, stages } from "../parts/layers.js";
import {
  clamp, element, escaped, floats, fresh, oncePerFrame, paintPixels, path, range, toggle, watched,
} from "../parts/page.js";

// --- Arithmetic ---------------------------------------------------------------------------------

/** What holds for rows and columns, once where it is the same. */
const overBoth = (make) => [...new Set([0, 1].map((axis) => String(make(axis))))].join(" | ");

/** The image itself, and then each layer that changes what a unit sees; `through` is its window, per axis. */
export function fieldSteps(network) {
  const { rows } = stages(network);
  const image = network.input_shape.slice(1);
  const first = { name: "input", sizes: image, window: "", size: [1, 1], jump: [1, 1], start: [0, 0] };
  const steps = [{ ...first, sees: "1", jumps: "1", starts: "0", normalised: false, through: null }];
  let normalised = false;
  for (const [place, { name, kind, input_shape, output_shape, receptive_field }] of rows.entries()) {
    normalised ||= kind === "Conv2d";
    if (kind === "Linear") {
      const whole = { size: image, jump: [0, 0], start: [0, 0], sees: `all ${image.join("×")}` };
      const words = { window: "all units", jumps: "", starts: "" };
      return [...steps, { name, sizes: [1, 1], ...whole, ...words, normalised, through: null }];
    }
    if (!/^(Conv2d|MaxPool2d|AvgPool2d)$/.test(kind)) continue;
    const through = axesOf(complete(network.layers[place], input_shape), input_shape);
    const { size, jump, start } = receptive_field;
    const before = steps.at(-1);
    const moved = (i) => `${before.start[i]} − ${through[i].pads[0]}·${before.jump[i]} = ${start[i]}`;
    const window =
      `${through[0].extent}×${through[1].extent}, stride ${overBoth((axis) => through[axis].stride)},` +
      ` padding ${overBoth((axis) => through[axis].pads[0])}`;
    steps.push({
      name,
      sizes: output_shape.slice(1),
      window,
      size,
      jump,
      start,
      sees: overBoth((i) => `${before.size[i]} + (${through[i].extent} − 1)·${before.jump[i]} = ${size[i]}`),
      jumps: overBoth((i) => `${before.jump[i]}·${through[i].stride} = ${jump[i]}`),
      starts: overBoth(moved).replaceAll("-", "−"),
      normalised,
      through,
    });
  }
  return steps;
}

/** What a unit sees: its window [[first row, end], [first column, end]], and the box of it that is image. */
export function seenUnit(step, unit, image, norm = false) {
  const window = unit.map((place, axis) => {
    const first = place * step.jump[axis] + step.start[axis];
    return [first, first + step.size[axis]];
  });
  const all = norm && step.normalised;
  const cut = window.map((edges, axis) => edges.map((edge) => clamp(edge, 0, image[axis])));
  const box = all ? image.map((size) => [0, size]) : cut;
  return { window, box, all, caption: captionOf(step, unit, box, all) };
}

function captionOf(step, unit, box, all) {
  const who = `${step.window === "all units" ? "The unit" : `Unit (${unit.join(", ")})`} of ${step.name}`;
  const [height, width] = box.map(([first, end]) => end - first);
  if (all)
    return (
      `${who} sees all ${height} × ${width} pixels: an instance norm divides each map by its own deviation,` +
      " and every pixel changes that."
    );
  if (!height || !width) return `${who} sees padding alone.`;
  const [rows, columns] = box.map(([first, end]) => `${first} to ${end - 1}`);
  const whole = height === step.size[0] && width === step.size[1];
  const reaches = whole ? "" : ` Its ${step.size.join(" × ")} window reaches into the padding.`;
  return `${who} sees rows ${rows} and columns ${columns}: ${height} × ${width} pixels.${reaches}`;
}

/** Which units of each layer up to the chosen one feed it, along one axis: [first, last], padding too. */
export function feeding(steps, place, unit, axis) {
  const ranges = [];
  let [first, last] = [unit, unit];
  for (let at = place; at >= 0; at--) {
    ranges[at] = [first, last];
    const { through, window } = steps[at];
    if (window === "all units") [first, last] = [0, steps[at - 1].sizes[axis] - 1];
    else if (through) {
      const { stride, pads, extent } = through[axis];
      [first, last] = [first * stride - pads[0], last * stride - pads[0] + extent - 1];
    }
  }
  return ranges;
}

/** How far beyond the image any window reaches, but no further than it pays to draw. */
export function ringOf(steps, image) {
  const reach = steps.flatMap((step) =>
    [0, 1].flatMap((axis) => {
      const end = (step.sizes[axis] - 1) * step.jump[axis] + step.start[axis] + step.size[axis];
      return [-step.start[axis], end - image[axis]];
    }),
  );
  return clamp(Math.max(0, ...reach), 1, Math.ceil(Math.max(...image) / 2));
}

/** What a measured map says of a box: how many of its pixels count, and the middle that holds half of it. */
export function mapFacts(map, image, box) {
  let [count, outside, sum] = [0, 0, 0];
  const inside = (row, column) =>
    row >= box[0][0] && row < box[0][1] && column >= box[1][0] && column < box[1][1];
  for (let row = 0; row < image[0]; row++)
    for (let column = 0; column < image[1]; column++) {
      const value = map[row * image[1] + column];
      if (!value) continue;
      if (inside(row, column)) count += 1;
      else outside += 1;
      sum += value;
    }
  const middle = box.map(([first, end]) => (first + end - 1) / 2);
  const most = Math.max(...image);
  for (let side = 1; sum && side <= 2 * most; side++) {
    let held = 0;
    for (let row = 0; row < image[0]; row++)
      for (let column = 0; column < image[1]; column++)
        if (Math.abs(row - middle[0]) <= side / 2 && Math.abs(column - middle[1]) <= side / 2)
          held += map[row * image[1] + column];
    if (held >= sum / 2) return { count, outside, half: side };
  }
  return { count, outside, half: null };
}

// --- On the page --------------------------------------------------------------------------------

const OVERLAYS = [
  ["nothing", "windows only"],
  ["gradient", "gradient"],
  ["average", "average"],
];
const PATIENCE = 20000; // milliseconds until a kernel that says nothing is thought to be gone

const PAGE = `
  <div class="depth"></div>
  <div class="bar settings"></div>
  <div class="scenes">
    <figure class="scene">
      <figcaption>image</figcaption>
      <div class="stage">
        <svg class="under" preserveAspectRatio="none" aria-hidden="true"></svg>
        <canvas class="photo" role="img"></canvas>
        <canvas class="heat" hidden></canvas>
        <svg class="over" aria-hidden="true"></svg>
      </div>
    </figure>
    <figure class="scene">
      <figcaption class="units"></figcaption>
      <div class="stage">
        <svg class="grid" role="slider" tabindex="0" data-lm-suppress-shortcuts="true"></svg>
      </div>
    </figure>
  </div>
  <div class="words"><p class="caption"></p><p class="told"></p></div>
  <table class="steps">
    <thead><tr><th scope="col">layer</th><th scope="col">sees</th><th scope="col">jump</th>
      <th scope="col">start</th><th scope="col" class="strip">units that feed it</th>
    </tr></thead>
    <tbody></tbody>
  </table>
  <output class="spoken" aria-live="polite"></output>`;

const rect = ([rows, columns]) =>
  `M${columns[0]} ${rows[0]}H${columns[1]}V${rows[1]}H${columns[0]}z`;

/** The middle of a unit's window, in pixels of the image. */
const middleOf = (step, unit, axis) => unit * step.jump[axis] + step.start[axis] + step.size[axis] / 2;

/** Where a unit of a step stands along an axis of the image: its cell is as wide as the jump. */
function cellOf(step, unit, axis, image) {
  if (!step.jump[axis]) return [0, image[axis]];
  const middle = middleOf(step, unit, axis);
  return [middle - step.jump[axis] / 2, middle + step.jump[axis] / 2];
}

function gridLines([rows, columns]) {
  if (Math.max(rows, columns) > 64) return "";
  const across = range(1, rows).map((row) => `M0 ${row}h${columns}`);
  return [...across, ...range(1, columns).map((column) => `M${column} 0v${rows}`)].join("");
}

function render({ model, el }) {
  el.classList.add("cnnkit-widget", "cnnkit-receptive-field");
  el.innerHTML = PAGE;
  const part = (name) => el.querySelector(`.${name}`);
  const network = model.get("description");
  const steps = fieldSteps(network);
  const image = network.input_shape.slice(1);
  const ring = ringOf(steps, image);
  const hatch = fresh("hatch");

  // What the page shows of its own: the traits, kept inside what there is.
  const place = () => Math.max(1, steps.findIndex(({ name }) => name === model.get("layer")));
  const unitOf = (step) => model.get("unit").map((n, axis) => clamp(n, 0, step.sizes[axis] - 1));
  const put = (values) => {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    model.save_changes();
  };
  const goTo = (at) => {
    const [from, to] = [steps[place()], steps[at]];
    // the unit of the new layer that looks at the same place
    const unit = unitOf(from).map((n, axis) => {
      if (!to.jump[axis]) return 0;
      const middle = from.jump[axis] ? middleOf(from, n, axis) : image[axis] / 2;
      const near = Math.round((middle - to.start[axis] - to.size[axis] / 2) / to.jump[axis]);
      return clamp(near, 0, to.sizes[axis] - 1);
    });
    put({ layer: to.name, unit });
  };
  const pick = (unit) => {
    const step = steps[place()];
    const inside = unit.map((n, axis) => clamp(n, 0, step.sizes[axis] - 1));
    if (String(inside) !== String(unitOf(step))) put({ unit: inside });
  };

  const depth = element(
    `<label><span>Layer</span><input type="range" min="1" max="${steps.length - 1}" aria-label="Layer"` +
      ' data-lm-suppress-shortcuts="true"><b></b></label>',
  );
  const slider = depth.querySelector("input");
  part("depth").append(depth);
  slider.addEventListener("input", () => goTo(slider.valueAsNumber));
  const neighbours = toggle({ name: "neighbours", label: "8 neighbours" }, (on) => put({ neighbours: on }));
  const norm = toggle({ name: "norm", label: "instance norm" }, (on) =>
    put({ instance_norm: on }),
  );
  const overlays = element(
    `<span class="choice" role="group" aria-label="Show"><span>show</span>${OVERLAYS.map(
      ([value, words]) => `<button type="button" value="${value}">${words}</button>`,
    ).join("")}</span>`,
  );
  for (const button of overlays.querySelectorAll("button"))
    button.addEventListener("click", () => put({ overlay: button.value }));
  part("settings").append(overlays, neighbours.row, norm.row);

  drawPhoto(part("photo"), model.get("pixels"), image);
  const total = image.map((size) => size + 2 * ring);
  for (const stage of el.querySelectorAll(".stage")) stage.style.aspectRatio = `${total[1]} / ${total[0]}`;
  for (const canvas of el.querySelectorAll("canvas")) {
    canvas.style.left = `${(100 * ring) / total[1]}%`;
    canvas.style.top = `${(100 * ring) / total[0]}%`;
    canvas.style.width = `${(100 * image[1]) / total[1]}%`;
    canvas.style.height = `${(100 * image[0]) / total[0]}%`;
  }
  const frame = `${-ring} ${-ring} ${total[1]} ${total[0]}`;
  part("under").setAttribute("viewBox", frame);
  part("over").setAttribute("viewBox", frame);
  const [fine, thick] = [total[1] / 160, total[1] / 90];
  part("under").innerHTML =
    `<defs><pattern id="${hatch}" width="${thick}" height="${thick}" patternUnits="userSpaceOnUse"` +
    ` patternTransform="rotate(45)"><path class="hatch-line" d="M0 0v${thick}" stroke-width="${fine}"/>` +
    `</pattern></defs>${path("ring", rect([[-ring, image[0] + ring], [-ring, image[1] + ring]]))}` +
    `<path class="outside" fill="url(#${hatch})"/>`;
  part("over").innerHTML =
    path("edge", rect(image.map((size) => [0, size]))) +
    '<path class="others"/><path class="halo"/><path class="window"/><path class="box"/>';

  const rows = steps.map((step, at) => stepRow(step, at, image, ring, () => goTo(at)));
  part("steps").querySelector("tbody").append(...rows.map(({ row }) => row));

  let drawnLayer = null;
  const grid = part("grid");
  const drawGrid = (step) => {
    const [height, width] = step.sizes;
    grid.setAttribute("viewBox", `0 0 ${width} ${height}`);
    grid.innerHTML =
      path("cells", `M0 0H${width}V${height}H0z`) + path("lines", gridLines(step.sizes)) +
      '<path class="others"/><path class="picked"/>';
    grid.setAttribute("aria-valuemax", width * height - 1);
    grid.setAttribute("aria-label", `Unit of ${step.name}`);
    const units = step.window === "all units" ? "each unit sees all" : `${height} × ${width} units`;
    part("units").textContent = `${step.name}: ${units}`;
  };

  const draw = () => {
    const at = place();
    const step = steps[at];
    const unit = unitOf(step);
    const around = model.get("neighbours");
    const seen = seenUnit(step, unit, image, model.get("instance_norm"));
    if (drawnLayer !== at) drawGrid(step);
    const others = around && !seen.all ? neighboursOf(step, unit) : [];
    const cell = ([row, column]) => rect([[row, row + 1], [column, column + 1]]);
    grid.querySelector(".picked").setAttribute("d", cell(unit));
    grid.querySelector(".others").setAttribute("d", others.map(cell).join(""));
    grid.setAttribute("aria-valuemin", 0);
    grid.setAttribute("aria-valuenow", unit[0] * step.sizes[1] + unit[1]);
    grid.setAttribute("aria-valuetext", seen.caption);

    const over = (name, d) => part("over").querySelector(`.${name}`).setAttribute("d", d);
    const windows = others.map((each) => rect(seenUnit(step, each, image).window));
    over("others", windows.join(""));
    over("box", rect(seen.all ? seen.box : seen.window));
    over("halo", rect(seen.all ? seen.box : seen.window));
    over("window", seen.all ? rect(seen.window) : "");
    part("outside").setAttribute("d", seen.all ? "" : rect(seen.window));

    slider.value = at;
    slider.setAttribute("aria-valuetext", step.name);
    depth.querySelector("b").textContent = step.name;
    neighbours.show(around);
    norm.show(model.get("instance_norm"));
    for (const button of overlays.querySelectorAll("button"))
      button.setAttribute("aria-pressed", button.value === model.get("overlay"));
    part("photo").ariaLabel = `The image. ${seen.caption}`;
    part("caption").textContent = seen.caption;

    const fed = feeding(steps, at, unit[1], 1);
    rows.forEach((row, each) => row.show(each <= at ? fed[each] : null, each === at, drawnLayer !== at));
    drawnLayer = at;
    drawMeasured(step, unit, seen);
    part("spoken").textContent = `${seen.caption} ${part("told").textContent}`;
  };

  // --- What is measured: the kernel is asked once the hand rests -----------------------------------
  let [asking, waiting] = [null, null];
  let gone = false; // whether the kernel has not answered
  const wishNow = (step, unit) => [step.name, ...unit, model.get("overlay"), model.get("instance_norm")];
  const ask = (wish) => {
    clearTimeout(asking);
    clearTimeout(waiting);
    asking = setTimeout(() => {
      waiting = setTimeout(() => {
        gone = true;
        soon();
      }, PATIENCE);
      put({ _wish: [] }); // which fails where the kernel is gone
      put({ _wish: wish });
    }, 120);
  };
  let asked = "";
  const drawMeasured = (step, unit, seen) => {
    const overlay = model.get("overlay");
    const heat = part("heat");
    const wish = wishNow(step, unit);
    const reply = model.get("measured");
    const here = overlay !== "nothing" && String(reply.of) === String(wish);
    heat.hidden = !here;
    part("photo").classList.toggle("dimmed", overlay !== "nothing");
    part("words").classList.toggle("longer", overlay !== "nothing");
    if (overlay === "nothing") {
      asked = "";
      part("told").textContent = "";
    } else if (here) {
      clearTimeout(waiting);
      const map = floats(reply.map);
      drawHeat(heat, map, image);
      part("told").textContent = measuredText(reply, map, image, seen, overlay);
    } else if (asked !== String(wish)) {
      [asked, gone] = [String(wish), false];
      part("told").textContent = "Measuring … (the first time takes some seconds)";
      ask(wish);
    } else if (gone) part("told").textContent = "Measuring needs a running kernel: run the cell again.";
  };

  // --- Mouse and keys -------------------------------------------------------------------------------
  const pointed = (svg, event) => {
    const { left, top, width, height } = svg.getBoundingClientRect();
    const view = svg.viewBox.baseVal;
    const scale = Math.min(width / view.width, height / view.height); // drawn in the middle of its place
    return [
      view.y + (event.clientY - top - (height - scale * view.height) / 2) / scale,
      view.x + (event.clientX - left - (width - scale * view.width) / 2) / scale,
    ];
  };
  const dragged = (svg, unitAt) => {
    const look = (event) => {
      if (event.buttons & 1) pick(unitAt(pointed(svg, event)));
    };
    svg.addEventListener("pointerdown", look);
    svg.addEventListener("pointermove", look);
  };
  dragged(grid, (at) => at.map(Math.floor));
  dragged(part("over"), (at) => {
    const step = steps[place()];
    return at.map((edge, axis) =>
      step.jump[axis] ? Math.round((edge - step.start[axis] - step.size[axis] / 2) / step.jump[axis]) : 0,
    );
  });
  grid.addEventListener("keydown", (event) => {
    const step = steps[place()];
    const [row, column] = unitOf(step);
    const [rowsOf, columnsOf] = step.sizes;
    const goal = {
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      Home: [0, 0],
      End: [rowsOf - 1, columnsOf - 1],
    }[event.key];
    if (goal) {
      event.preventDefault();
      pick(goal);
    } else if (event.key === "PageUp" || event.key === "PageDown") {
      event.preventDefault();
      goTo(clamp(place() + (event.key === "PageUp" ? -1 : 1), 1, steps.length - 1));
    }
  });

  const soon = oncePerFrame(draw);
  for (const name of ["layer", "unit", "neighbours", "overlay", "instance_norm", "measured"])
    model.on(`change:${name}`, soon);
  draw();
  return () => {
    clearTimeout(asking);
    clearTimeout(waiting);
  };
}

const neighboursOf = (step, [row, column]) =>
  range(row - 1, row + 2)
    .flatMap((r) => range(column - 1, column + 2).map((c) => [r, c]))
    .filter(([r, c]) => r >= 0 && c >= 0 && r < step.sizes[0] && c < step.sizes[1])
    .filter(([r, c]) => r !== row || c !== column);

function drawPhoto(canvas, view, [height, width]) {
  [canvas.width, canvas.height] = [width, height];
  if (!view?.byteLength) return;
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  paintPixels(canvas, height, width, (at) => bytes.subarray(3 * at, 3 * at + 3));
}

/** The map in orange: a pixel that counts at all is seen; the more it counts, the less it lets through. */
function drawHeat(canvas, map, [height, width]) {
  const most = map.reduce((high, value) => Math.max(high, value), 0) || 1;
  paintPixels(canvas, height, width, (at) => {
    const share = (map[at] / most) ** 0.75;
    return [255, 140 + 100 * share, 150 * share * share, map[at] ? 40 + 215 * share : 0];
  });
}

function measuredText(reply, map, image, seen, overlay) {
  const cells = seen.box.reduce((all, [first, end]) => all * (end - first), 1);
  const { count, outside, half } = mapFacts(map, image, seen.box);
  const whose =
    overlay === "average"
      ? `Mean of ${reply.models} random models`
      : `Channel ${reply.channel}, ${reply.given ? "this model" : "random weights"}`;
  if (!count) return `${whose}: no pixel can change it here. A ReLU on the way is dead for this image.`;
  const share = count === cells ? `all ${cells}` : `${count} of the ${cells}`;
  const beyond = outside ? ` and ${outside} outside` : "";
  const middle = half ? ` Half of its influence comes from the middle ${half} × ${half}.` : "";
  return `${whose}: ${share} pixels of the box${beyond} can change it.${middle}`;
}

/** A line of the recursion, with a strip of the layer's units across the image. */
function stepRow(step, at, image, ring, choose) {
  const across = image[1] + 2 * ring;
  const cell = step.sizes[1] > 1 || step.jump[1] ? cellOf(step, 0, 1, image) : [0, image[1]];
  const wide = cell[1] - cell[0];
  const ends = [cell[0], cell[0] + wide * step.sizes[1]];
  const lines = step.sizes[1] > 64 ? [] : range(1, step.sizes[1]).map((n) => `M${ends[0] + n * wide} 0v10`);
  const name = at
    ? `<button type="button" title="${escaped(step.window)}">${escaped(step.name)}</button>`
    : "<span>image</span>";
  const row = element(
    `<table><tr><th scope="row">${name}</th>` +
      '<td class="sees"></td><td class="jump"></td><td class="start"></td><td class="strip">' +
      `<svg viewBox="${-ring} 0 ${across} 10" preserveAspectRatio="none" aria-hidden="true">` +
      `<path class="cells" d="M${ends[0]} 0H${ends[1]}V10H${ends[0]}z"/>` +
      '<path class="beyond"/><path class="fed"/>' +
      `<path class="lines" d="${lines.join("")}"/></svg></td></tr></table>`,
  ).querySelector("tr");
  row.querySelector("button")?.addEventListener("click", choose);
  const bar = (kind, from, to) =>
    row.querySelector(`.${kind}`).setAttribute("d", to > from ? `M${from} 0H${to}V10H${from}z` : "");
  const show = (span, chosen, relayered) => {
    const known = span !== null;
    const [first, last] = span ?? [0, -1];
    const from = Math.max(ends[0] + first * wide, -ring);
    const to = Math.min(ends[0] + (last + 1) * wide, image[1] + ring);
    bar("beyond", from, known ? to : from);
    bar("fed", Math.max(from, ends[0]), known ? Math.min(to, ends[1]) : -ring);
    if (!relayered) return;
    row.classList.toggle("chosen", chosen);
    row.classList.toggle("later", !known);
    row.querySelector("button")?.setAttribute("aria-current", chosen);
    for (const [name, words] of [["sees", step.sees], ["jump", step.jumps], ["start", step.starts]])
      row.querySelector(`.${name}`).textContent = known ? words : "";
  };
  return { row, show };
}

export default { render: watched(render) };
