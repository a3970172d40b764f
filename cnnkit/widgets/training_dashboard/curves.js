// Learning curves: their arithmetic (tests/cases/training_dashboard.json proves that it equals
// value.py), and two charts over one axis, read by mouse and by arrow keys.

import { clamp, counted, element, escaped, fresh, minus, oncePerFrame, rounded, thousands } from "../parts/page.js";

// --- Arithmetic ---------------------------------------------------------------------------------

/** Rows of `width` numbers in a row of numbers. */
export function rowsOf(numbers, width) {
  return Array.from({ length: numbers.length / width }, (_, row) =>
    Array.from(numbers.slice(row * width, (row + 1) * width)));
}

/** Running means of [updates, examples, losses added up, right answers]: at each point over the fewest last
    points that hold `window` examples. */
export function windowed(points, window) {
  let [first, updates, examples, n, loss, right] = [0, 0, 0, 0, 0, 0];
  return points.map(([more, count, losses, correct]) => {
    updates += more;
    examples += count;
    n += count;
    loss += losses;
    right += correct;
    while (n - points[first][1] >= window) {
      n -= points[first][1];
      loss -= points[first][2];
      right -= points[first][3];
      first += 1;
    }
    const p = right / n;
    return { updates, examples, loss: loss / n, accuracy: p, n, error: Math.sqrt(Math.max(p * (1 - p), 0) / n) };
  });
}

/** Which evaluation, made after so many examples, is the last within a budget; null if none is. */
export function atBudget(examples, budget) {
  const found = examples.findLastIndex((seen) => seen <= budget);
  return found < 0 ? null : found;
}

/** What two [accuracy, standard error] show about each other. */
export function verdict([first, error], [second, other]) {
  const gap = first - second;
  if (Math.abs(gap) <= 2 * Math.sqrt(error ** 2 + other ** 2)) return "inside 2 SE";
  return gap > 0 ? "better" : "worse";
}

/** The most probable classes, the first first; of equals the lower number. */
export function top(shares, count = 3) {
  return shares.map((_, place) => place).sort((a, b) => shares[b] - shares[a] || a - b).slice(0, count);
}

/** Round numbers from `low` to `high`, about `count` of them. */
export function ticks(low, high, count) {
  if (!(high > low)) return [low];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((each) => each * power >= rough * 0.999) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, place) => Number(((first + place) * step).toPrecision(12)));
}

/** The least of 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten that is not below `value`. */
export function roundedUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const found = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((each) => each * power >= value * 0.9999);
  return Number((found * power).toPrecision(12));
}

/** Heights of labels, each as near to its own as it can be without touching the next. */
export function apart(heights, least, top, bottom) {
  const order = heights.map((_, place) => place).sort((a, b) => heights[a] - heights[b]);
  const placed = [...heights];
  order.forEach((place, rank) => {
    const above = rank ? placed[order[rank - 1]] + least : top;
    placed[place] = Math.max(placed[place], above);
  });
  order.reverse().forEach((place, rank) => {
    const below = rank ? placed[order[rank - 1]] - least : bottom;
    placed[place] = Math.min(placed[place], below);
  });
  return placed;
}

/** What an evaluation found: its twelve numbers by name. */
export function evaluation([updates, examples, ...rest]) {
  const part = ([loss, lossError, accuracy, error, n]) => ({ loss, lossError, accuracy, error, n });
  return { updates, examples, train: part(rest.slice(0, 5)), validation: part(rest.slice(5)) };
}

/** Changes that were made at one place of the run, together. */
export function marksOf(changes) {
  const marks = [];
  for (const change of changes) {
    const last = marks.at(-1);
    if (last?.updates === change.updates) last.texts.push(change.text);
    else marks.push({ updates: change.updates, examples: change.examples, texts: [change.text] });
  }
  return marks;
}

export const percent = (share) => `${minus((100 * share).toFixed(1))} %`;
/** What an accuracy is uncertain by: two standard errors; where all `n` or none were right, the 3/n of 95 %. */
export const doubt = ({ accuracy, error, n }) =>
  error || !n ? `± ${percent(2 * error)}` : `${accuracy ? "−" : "+"} ${percent(3 / n)}`;

// --- Drawing ------------------------------------------------------------------------------------

const HEIGHT = 236;
const EDGE = { left: 46, right: 104, top: 24, bottom: 36 };
const METRICS = {
  loss: { title: "Loss", unit: "cross-entropy, nats", error: "lossError" },
  accuracy: { title: "Accuracy", unit: "", error: "error" },
};
const SERIES = {
  running: (run, metric) =>
    run.running.map((row) => ({ at: row, value: row[metric], error: metric === "accuracy" ? row.error : 0 })),
  train: (run, metric) =>
    run.rows.map((row) => ({ at: row, value: row.train[metric], error: row.train[METRICS[metric].error] })),
  validation: (run, metric) =>
    run.rows.map((row) => ({ at: row, value: row.validation[metric], error: row.validation[METRICS[metric].error] })),
};
export const WORDS = { running: "training, running", train: "training", validation: "validation" };

const said = (metric, value) => (metric === "accuracy" ? percent(value) : rounded(value));

/** Points [x, y] as a path; what is no number leaves a gap. */
function line(points) {
  let pen = "M";
  return points
    .map(([x, y]) => {
      if (!Number.isFinite(y)) return (pen = "M"), "";
      const step = `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = "L";
      return step;
    })
    .join("");
}

const area = (above, below) => (above.length > 1 ? `${line([...above, ...[...below].reverse()])}Z` : "");

/** One chart. Returns { draw(run, earlier, at), point(x) }. */
function chart(figure, metric) {
  const { title, unit } = METRICS[metric];
  const clip = fresh("clip");
  figure.innerHTML =
    `<figcaption>${title}${unit ? ` <small>${unit}</small>` : ""}</figcaption>` +
    `<svg aria-hidden="true"><clipPath id="${clip}"><rect y="${EDGE.top - 2}"/></clipPath><g class="grid"></g>` +
    `<g clip-path="url(#${clip})"><g class="faint"></g><g class="marks"></g>` +
    '<path class="band running"/><path class="band validation"/><path class="line running"/>' +
    '<path class="line train"/><path class="dots train"/><path class="line validation"/>' +
    '<path class="dots validation"/><g class="called faint"></g></g><g class="flags"></g><g class="names"></g>' +
    '<g class="cursor"></g><text class="empty"></text></svg>';
  const svg = figure.querySelector("svg");
  const part = (name) => svg.querySelector(`.${name.replaceAll(" ", ".")}`);
  let at;

  const extent = (run, earlier, from, zoom) => {
    const names = Object.keys(SERIES);
    const all = names.flatMap((name) => SERIES[name](run, metric)).concat(
      earlier.flatMap((each) => SERIES.validation(each, metric)));
    const values = all
      .filter((each) => Number.isFinite(each.value) && each.at[at.axis] >= from)
      .map((each) => each.value)
      .sort((a, b) => a - b);
    if (metric === "accuracy") {
      const least = zoom && values.length ? values[Math.floor(values.length * 0.02)] : 0;
      return [zoom ? Math.max(0, Math.floor(least * 20 - 1) / 20) : 0, 1];
    }
    const most = values.length ? values[Math.ceil(values.length * 0.98) - 1] : 2.5;
    return [0, roundedUp(Math.max(most * 1.03, 1e-3))];
  };

  const grid = () => {
    const { x, y, left, right, topmost, floor } = at;
    const across = ticks(0, at.end, (right - left) / 75);
    const up = ticks(at.low, at.high, 5);
    const label = (value) => (metric === "accuracy" ? `${Math.round(value * 100)} %` : rounded(value));
    return [
      ...up.map((value) => `<path class="rule" d="M${left} ${y(value).toFixed(1)}H${right}"/>` +
        `<text class="tick up" x="${left - 7}" y="${(y(value) + 4).toFixed(1)}">${label(value)}</text>`),
      `<path class="axis" d="M${left} ${topmost}V${floor}H${right}"/>`,
      ...across.map((value) => `<path class="axis" d="M${x(value).toFixed(1)} ${floor}v4"/>` +
        `<text class="tick" x="${x(value).toFixed(1)}" y="${floor + 17}">${thousands(value)}</text>`),
      `<text class="tick name" x="${(left + right) / 2}" y="${floor + 32}">` +
        `${at.axis === "examples" ? "examples seen" : "updates"}</text>`,
    ].join("");
  };

  /** Curves' names at their ends, with their last values. */
  const names = (run) => {
    const ends = Object.keys(SERIES)
      .map((name) => [name, SERIES[name](run, metric).at(-1)])
      .filter(([, end]) => end && Number.isFinite(end.value));
    const wanted = ends.map(([, end]) => at.y(clamp(end.value, at.low, at.high)));
    const heights = apart(wanted, 26, at.topmost + 6, at.floor - 18);
    return ends
      .map(([name, end], place) => {
        const [from, to] = [at.x(end.at[at.axis]), at.right + 14];
        const [high, own] = [heights[place], wanted[place]];
        return `<path class="lead ${name}" d="M${from.toFixed(1)} ${own.toFixed(1)}L${to - 3} ${high.toFixed(1)}"/>` +
          `<text class="end" x="${to}" y="${(high + 1).toFixed(1)}">${WORDS[name].replace("training, ", "")}` +
          `<tspan class="number" x="${to}" dy="13">${said(metric, end.value)}</tspan></text>`;
      })
      .join("");
  };

  const draw = (run, earlier, { axis, end, zoom, width }) => {
    const right = width - EDGE.right;
    const floor = HEIGHT - EDGE.bottom;
    at = { axis, end, left: EDGE.left, right, topmost: EDGE.top, floor };
    [at.low, at.high] = extent(run, earlier, zoom ? end * 0.4 : 0, zoom);
    at.x = (value) => EDGE.left + (value / end) * (right - EDGE.left);
    at.y = (value) => floor - ((value - at.low) / (at.high - at.low)) * (floor - EDGE.top);
    const y = (value) => clamp(at.y(value), EDGE.top - 40, floor + 40);
    const trace = (series, sign = 0) =>
      series.map((each) => [at.x(each.at[axis]), y(each.value + 2 * sign * each.error)]);
    svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    svg.setAttribute("height", HEIGHT);
    part("grid").innerHTML = grid();
    const inside = { x: EDGE.left, width: right - EDGE.left + 4, height: floor - EDGE.top + 2 };
    for (const [name, value] of Object.entries(inside)) svg.querySelector("rect").setAttribute(name, value);
    for (const name of Object.keys(SERIES)) {
      const series = SERIES[name](run, metric);
      part(`line ${name}`).setAttribute("d", line(trace(series)));
      if (name !== "train") part(`band ${name}`).setAttribute("d", area(trace(series, 1), trace(series, -1)));
      const few = series.length <= 40;
      const dot = name === "train" ? ([x, y]) => `M${x - 2.5} ${y - 2.5}h5v5h-5z` :
        ([x, y]) => `M${x - 3} ${y}a3 3 0 1 0 6 0a3 3 0 1 0-6 0z`;
      if (name !== "running")
        part(`dots ${name}`).setAttribute("d", few ? trace(series).map(dot).join("") : "");
    }
    const faint = earlier.map((each) => [each, SERIES.validation(each, metric)]);
    part("faint").innerHTML = faint
      .map(([, series], place) => `<path class="pattern-${place % 4}" d="${line(trace(series))}"/>`).join("");
    part("called").innerHTML = faint
      .map(([each, series]) => {
        const last = series.at(-1);
        return last ? `<text x="${Math.min(at.x(last.at[axis]), right - 4).toFixed(1)}"` +
          ` y="${(y(last.value) + (y(last.value) < EDGE.top + 14 ? 13 : -5)).toFixed(1)}">${escaped(each.name)}</text>` : "";
      })
      .join("");
    const marks = marksOf(run.changes);
    part("marks").innerHTML = marks
      .map((mark) => `<path d="M${at.x(mark[axis]).toFixed(1)} ${EDGE.top}V${floor}"/>`).join("");
    part("flags").innerHTML = marks
      .map((mark, place) => `<g transform="translate(${at.x(mark[axis]).toFixed(1)} 13)"><circle r="8"/>` +
        `<text y="4">${place + 1}</text></g>`).join("");
    part("names").innerHTML = names(run);
    part("empty").textContent = run.rows.length || run.running.length ? "" : "Press Start.";
    part("empty").setAttribute("x", (EDGE.left + right) / 2);
    part("empty").setAttribute("y", (EDGE.top + floor) / 2);
  };

  /** Mark a place along the axis, and the curves' points there. */
  const point = (found) => {
    if (!at || !found) return (part("cursor").innerHTML = "");
    const dots = Object.entries(found)
      .filter(([name, row]) => row && name in SERIES)
      .map(([name, row]) => {
        const value = name === "running" ? row[metric] : row[name][metric];
        return `<circle class="${name}" r="4" cx="${at.x(row[at.axis]).toFixed(1)}"` +
          ` cy="${at.y(clamp(value, at.low, at.high)).toFixed(1)}"/>`;
      });
    const x = at.x(found.place).toFixed(1);
    part("cursor").innerHTML = `<path d="M${x} ${EDGE.top}V${HEIGHT - EDGE.bottom}"/>${dots.join("")}`;
  };

  /** Which place along the axis lies under a place on the page. */
  const under = (clientX) => {
    const { left, width } = svg.getBoundingClientRect();
    return (((clientX - left) / width) * svg.viewBox.baseVal.width - EDGE.left) / (at.right - EDGE.left) * at.end;
  };
  return { draw, point, under, width: () => figure.clientWidth };
}

/** What the curves say at a place of the run, in words. */
export function reading(found, window) {
  const { running, train } = found;
  const at = running ?? train;
  if (!at) return "";
  const measured = (name, metrics) =>
    `${name} ${rounded(metrics.loss)}, ${percent(metrics.accuracy)} ${doubt(metrics)}`;
  const words = [];
  if (running) words.push(measured(`last ${thousands(window)}`, running));
  if (train) words.push(measured("training", train.train), measured("validation", train.validation));
  return `${thousands(at.examples)} examples, ${counted(at.updates, "update")}: ${words.join("; ")}`;
}

/** Both charts in `el`. Returns { draw(view), fit() }. */
export function curves(el) {
  el.classList.add("cnnkit-curves");
  el.append(
    element('<div class="pair" role="slider" tabindex="0" aria-label="Place on the curves" aria-valuemin="0">' +
      '<figure class="loss"></figure><figure class="accuracy"></figure></div>'),
    element('<ol class="changes" aria-label="Changes while it trained"></ol>'),
    element('<p class="readout"></p>'),
  );
  const pair = el.querySelector(".pair");
  const charts = Object.keys(METRICS).map((metric) => chart(el.querySelector(`.${metric}`), metric));
  const readout = el.querySelector(".readout");
  let [shown, looked, width] = [null, null, 0]; // looked: a place along the axis; null follows the newest

  const tell = () => {
    const { run, axis, end, window } = shown;
    const newest = Math.max(run.running.at(-1)?.[axis] ?? 0, run.rows.at(-1)?.[axis] ?? 0);
    const place = clamp(looked ?? newest, 0, newest);
    const last = (rows) => rows.findLast((row) => row[axis] <= place) ?? rows[0];
    const row = last(run.rows);
    const found = { place, running: last(run.running), train: row, validation: row };
    const words = reading(found, window);
    charts.forEach((each) => each.point(looked === null || !words ? null : found));
    readout.textContent = !words ? "" : looked === null ?
      "Move over the curves, or focus them and press the arrow keys, to read their values." : words;
    pair.setAttribute("aria-valuemax", Math.round(end));
    pair.setAttribute("aria-valuenow", Math.round(place));
    pair.setAttribute("aria-valuetext", words || "No curve yet.");
  };

  /** view: { run: { running, rows, changes }, earlier, axis, zoom, window } */
  const draw = (view) => {
    const { run, earlier, axis, zoom } = view;
    const ends = [run, ...earlier].map((each) => Math.max(each.running?.at(-1)?.[axis] ?? 0, each.rows.at(-1)?.[axis] ?? 0));
    const end = Math.max(...ends, axis === "examples" ? 200 : 10);
    if (shown && shown.axis !== axis) looked = null;
    shown = { ...view, end };
    width = charts[0].width();
    charts.forEach((each) => each.draw(run, earlier, { axis, end, zoom, width: Math.max(each.width(), 260) }));
    const marks = marksOf(run.changes);
    const list = marks.map((mark) => `<li>${thousands(mark.examples)} examples: ${escaped(mark.texts.join(", "))}</li>`).join("");
    const changes = el.querySelector(".changes");
    if (changes.innerHTML !== list) changes.innerHTML = list;
    tell();
  };

  const look = oncePerFrame(tell);
  pair.addEventListener("pointermove", (event) => {
    const place = [...pair.children].findIndex((figure) => figure.contains(event.target));
    if (!shown || place < 0) return;
    looked = charts[place].under(event.clientX);
    look();
  });
  pair.addEventListener("pointerleave", () => {
    looked = null;
    if (shown) look();
  });
  pair.addEventListener("keydown", (event) => {
    if (!shown) return;
    const { run, axis } = shown;
    const places = (run.running.length ? run.running : run.rows).map((row) => row[axis]);
    const now = looked === null ? places.length - 1 : Math.max(places.findLastIndex((place) => place <= looked), 0);
    const far = Math.max(1, Math.round(places.length / 10));
    const next = { ArrowLeft: now - 1, ArrowRight: now + 1, PageDown: now - far, PageUp: now + far, Home: 0,
      End: places.length - 1 }[event.key];
    if (next === undefined && event.key !== "Escape") return;
    event.preventDefault();
    looked = event.key === "Escape" || !places.length ? null : places[clamp(next, 0, places.length - 1)];
    tell();
  });
  return { draw, fit: () => shown && charts[0].width() !== width };
}
