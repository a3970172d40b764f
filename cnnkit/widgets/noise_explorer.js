// Noise explorer: one model measured again and again, and the question which of two is better.

import { MANY, noise, roundAt } from "./noise.js";
import { clamp, counted, element, oncePerFrame, path, range } from "./page.js";
import { rounded, text, thousands, toggle } from "./page.js";

const NAMES = ["p", "n", "draws", "seed", "p2", "compare", "decisions"];
const RESTARTING = ["p", "n", "seed", "p2"]; // decisions were made about other measurements

const PAGE = `
  <div class="controls"></div>
  <p class="hint" role="status"></p>
  <div class="bar choices"></div>
  <section class="one">
    <p class="caption"></p>
    <svg class="drawing" role="img"><g class="still"></g></svg>
    <p class="legend" aria-hidden="true"></p>
    <dl class="facts"></dl>
    <p class="note doubt"><b class="tag rounded">careful</b><span></span></p>
  </section>
  <section class="two">
    <p class="caption"></p>
    <svg class="drawing" role="img"><g class="still"></g></svg>
    <div class="bar decide">
      <button type="button" value="X">X is better</button><button type="button" value="Y">Y is better</button>
      <button type="button" value="neither">This cannot tell</button>
      <button type="button" class="next main">Next round</button>
    </div>
    <p class="note verdict"><b class="tag"></b><span></span></p>
    <p class="tally"></p>
    <div class="many"></div>
  </section>
  <output class="spoken" aria-live="polite"></output>`;

// --- Numbers and scales -------------------------------------------------------------------------

/** n on a slider: equal steps multiply it by the same factor, and give numbers that one would name. */
export const sizeAt = (place) => Number((10 ** (1 + place / 20)).toPrecision(2));
export const placeOf = (n) => Math.round(20 * (Math.log10(n) - 1));

/** The ends of the axis: as wide as 25 images would scatter, so that more of them can be seen to help. */
export function axisOf(...accuracies) {
  const reach = (p) => 4 * Math.sqrt((p * (1 - p)) / 25);
  const low = Math.floor(10 * Math.min(...accuracies.map((p) => p - reach(p)))) / 10;
  const high = Math.ceil(10 * Math.max(...accuracies.map((p) => p + reach(p)))) / 10;
  const ends = [clamp(low, 0, 0.9), clamp(high, 0.1, 1)];
  return ends[1] - ends[0] < 0.15 ? (ends[1] === 1 ? [0.8, 1] : [ends[0], ends[0] + 0.2]) : ends;
}

const LEFT = 26;
const RIGHT = 52;
const ROW = 13;

function scale([low, high], width) {
  const unit = (width - LEFT - RIGHT) / (high - low);
  return { low, high, unit, x: (value) => LEFT + (clamp(value, low, high) - low) * unit };
}

function ticks({ low, high, unit, x }, top, bottom) {
  const step = [0.01, 0.02, 0.05, 0.1, 0.2].find((each) => each * unit >= 44) ?? 0.5;
  const [first, last] = [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)];
  const places = range(first, last + 1).map((each) => each * step);
  const marks = places.map((place) => `M${x(place).toFixed(1)} ${top}V${bottom}`).join("");
  const numbers = places.map((place) => text("index", x(place), bottom + 10, rounded(place, 3)));
  return path("grid", marks) + numbers.join("");
}

const dot = (x, y) => `M${(x - 4).toFixed(1)} ${y}a4 4 0 1 0 8 0a4 4 0 1 0-8 0z`;
const diamond = (x, y) => `M${x.toFixed(1)} ${y - 5.5}l5.5 5.5l-5.5 5.5l-5.5-5.5z`;
const whisker = (from, to, y) => `M${from.toFixed(1)} ${y - 3}v6m0-3H${to.toFixed(1)}m0-3v6`;
const line = (x, top, bottom) => path("truth", `M${x.toFixed(1)} ${top}V${bottom}`);

// --- One model ----------------------------------------------------------------------------------

export function oneMarkup({ p, n, draws }, made, width) {
  const at = scale(axisOf(p), width);
  const [top, rows] = [22, draws * ROW];
  const [ground, high] = [top + rows + 78, 62]; // of the histogram
  const { accuracies, covered } = made.windows;
  const y = (row) => top + (row + 0.5) * ROW;
  const decimals = clamp(Math.ceil(Math.log10(n)), 2, 4);
  const ends = (share) => {
    const two = 2 * Math.sqrt((share * (1 - share)) / n);
    return [at.x(share - two), at.x(share + two)];
  };
  const [left, right] = made.band.map((edge) => at.x(edge).toFixed(1));
  const label = (share, row) => {
    const missed = !covered[row];
    const words = `${missed ? "✗ " : ""}${share.toFixed(decimals)}`;
    return text(`index right${missed ? " missed" : ""}`, width - 2, y(row), words);
  };
  const of = (wanted, mark) =>
    accuracies.map((share, row) => (covered[row] === wanted ? mark(share, row) : "")).join("");
  const bars = columns(made.histogram, n, at);
  const most = Math.max(...bars.map(({ count }) => count));
  const bar = ({ from, to, count }) => {
    const tall = (high * count) / most;
    return `M${from.toFixed(1)} ${ground}v${(-tall).toFixed(1)}H${to.toFixed(1)}V${ground}z`;
  };
  const inBand = ({ middle }) => middle >= made.band[0] - 1e-9 && middle <= made.band[1] + 1e-9;
  return {
    height: ground + 18,
    markup: [
      ticks(at, top - 4, ground),
      path("band", `M${left} ${top - 4}H${right}V${ground}H${left}z`),
      line(at.x(p), top - 4, ground),
      text("label", at.x(p), top - 9, `true ${rounded(p)}`),
      path("whisker", of(true, (share, row) => whisker(...ends(share), y(row)))),
      path("whisker missed", of(false, (share, row) => whisker(...ends(share), y(row)))),
      path("dot", of(true, (share, row) => dot(at.x(share), y(row)))),
      path("dot missed", of(false, (share, row) => diamond(at.x(share), y(row)))),
      ...accuracies.map(label),
      p > 0.5
        ? text("index left", 2, ground - high, `${thousands(MANY)} measurements`)
        : text("index right", width - RIGHT, ground - high, `${thousands(MANY)} measurements`),
      path("bars", bars.filter(inBand).map(bar).join("")),
      path("bars outside", bars.filter((each) => !inBand(each)).map(bar).join("")),
      path("ground", `M${LEFT} ${ground}H${width - RIGHT}`),
    ].join(""),
  };
}

/** The histogram in bars of at least 4 pixels: one for each possible accuracy, or for several together. */
function columns(histogram, n, { x, unit }) {
  const together = Math.max(1, Math.ceil((4 * n) / unit));
  const sums = new Map();
  for (const [k, count] of Object.entries(histogram)) {
    const bin = Math.floor(Number(k) / together);
    sums.set(bin, (sums.get(bin) ?? 0) + count);
  }
  return [...sums].map(([bin, count]) => {
    const middle = ((bin + 0.5) * together - 0.5) / n;
    const half = Math.min((together / n) * unit, 26) / 2 - 0.75;
    return { from: x(middle) - half, to: x(middle) + half, middle, count };
  });
}

/** A share in per cent: with a decimal where it is small, or nearly 1. */
function percent(share) {
  const decimals = share > 0.0995 && share < 0.9995 ? 0 : 1;
  return `${(100 * share).toFixed(decimals).replace(".0", "")} %`;
}

export function factsText({ p, n, draws }, { se, band, windows, coverage }) {
  const [least, most] = [Math.min(...windows.accuracies), Math.max(...windows.accuracies)];
  const caught = windows.covered.filter(Boolean).length;
  const two = `from about <b>${rounded(band[0])}</b> to <b>${rounded(band[1])}</b>`;
  const none = p > 0.5 ? "no wrong image" : "no right image";
  return {
    caption: `One model, ${draws} measurements: the best and the worst are ${rounded(most - least)} apart.`,
    facts: [
      ["Standard error", `√(${rounded(p)} · ${rounded(1 - p)} / ${thousands(n)}) = <b>${rounded(se)}</b>`],
      ["Two of them", `95 % of all measurements lie ${two}`],
      ["Measured", `${rounded(least)} to ${rounded(most)}, standard deviation ${rounded(windows.spread)}`],
      [
        "Intervals",
        `<b>${caught} of ${draws}</b> hold the true accuracy; of all possible ones ${percent(coverage)}`,
      ],
    ],
    doubt:
      coverage < 0.9
        ? `These intervals hold the true accuracy too rarely. Who sees ${none} in ${thousands(n)} computes` +
          " a standard error of 0: for so few images the formula is too sure of itself."
        : "",
  };
}

// --- Two models ---------------------------------------------------------------------------------

export function twoMarkup({ p, p2, n }, seen, decided, width) {
  const at = scale(axisOf(p, p2), width);
  const [top, bottom] = [24, 92];
  const truth = { X: seen.swapped ? p2 : p, Y: seen.swapped ? p : p2 };
  const rows = [["X", seen.x, 42], ["Y", seen.y, 74]];
  const marks = rows.map(([name, share, y]) => {
    const two = 2 * Math.sqrt((share * (1 - share)) / n);
    const real = decided ? path("real", `M${at.x(truth[name]).toFixed(1)} ${y - 12}v24`) : "";
    return [
      real,
      path("whisker", whisker(at.x(share - two), at.x(share + two), y)),
      path("dot", dot(at.x(share), y)),
      text("label left", 4, y + 4, name),
      text("index right", width - 2, y, rounded(share, 3)),
    ].join("");
  });
  return { height: bottom + 18, markup: ticks(at, top, bottom) + marks.join("") };
}

const NAMED = { X: "X is better", Y: "Y is better", neither: "This cannot tell" };

/** What is said after a decision: { kind, tag, words }. */
export function verdictText({ p, p2 }, seen, decided) {
  const truth = `X is truly ${rounded(seen.swapped ? p2 : p)}, Y ${rounded(seen.swapped ? p : p2)}.`;
  const gap = Math.abs(seen.x - seen.y);
  const rule =
    seen.rule === "neither"
      ? `The gap of ${rounded(gap)} is no more than two of its standard errors: it shows nothing.`
      : `The gap of ${rounded(gap)} is more than two of its standard errors.`;
  if (decided === "neither")
    return { kind: "exact", tag: seen.rule === "neither" ? "sound" : "cautious", words: `${truth} ${rule}` };
  const right = decided === seen.best;
  const [kind, tag] = right ? ["exact", "right"] : ["rounded", "wrong"];
  const luck = right && seen.rule === "neither" ? " You were right by luck." : "";
  return { kind, tag, words: `${truth} ${rule}${luck}` };
}

function stripe(words, parts) {
  const shares = parts.filter(([, count]) => count > 0);
  const cells = shares.map(([kind, count]) => `<span class="${kind}" style="flex-grow:${count}"></span>`);
  const named = parts.map(
    ([kind, count, name]) => `<span><i class="${kind}"></i>${name} <b>${percent(count / MANY)}</b></span>`,
  );
  const bar = `<div class="stripe" aria-hidden="true">${cells.join("")}</div>`;
  return `<p>${words}</p>${bar}<p class="legend">${named.join("")}</p>`;
}

export function manyMarkup({ p, p2, n }, { rounds, se_gap }) {
  const equal = p === p2;
  const looks = stripe(`<b>${thousands(MANY)} such rounds.</b> By the higher number alone:`, [
    ["yes", rounds.better, equal ? "B looked better" : "the better one looked better"],
    ["maybe", rounds.tie, "both looked the same"],
    ["no", rounds.worse, equal ? "A looked better" : "the better one looked worse"],
  ]);
  const two = `2 · ${rounded(se_gap)} = ${rounded(2 * se_gap)}`;
  const allowed = stripe(`By the rule of two standard errors (of the gap: ${two}):`, [
    ["yes", rounds.shown, equal ? "B called better" : "shown"],
    ["maybe", rounds.open, "left open"],
    ["no", rounds.wrong, equal ? "A called better" : "the wrong one"],
  ]);
  return looks + allowed;
}

// --- On the page --------------------------------------------------------------------------------

/** A slider and a number box whose scales may differ; `allowed` says what the box takes. */
function setting({ name, label, places, at, place, box, rule }, change, complain) {
  const row = element(
    `<div class="row"><label><span>${label}</span><input type="range" name="${name}" min="${places[0]}"` +
      ` max="${places[1]}" data-lm-suppress-shortcuts="true"></label><input type="number" name="${name}"` +
      ` min="${box.min}" max="${box.max}" step="${box.step}"></div>`,
  );
  const [slider, number] = row.querySelectorAll("input");
  number.ariaLabel = `${row.textContent}, as a number`;
  slider.addEventListener("input", () => {
    complain("");
    change(at(slider.valueAsNumber));
  });
  number.addEventListener("input", () => {
    const value = number.valueAsNumber;
    const allowed = value >= box.min && value <= box.max && (box.step === "any" || Number.isInteger(value));
    complain(allowed ? "" : `${row.textContent}: ${rule}.`);
    if (allowed) change(value);
  });
  let shown;
  number.addEventListener("blur", () => {
    complain("");
    number.value = shown;
  });
  const show = (value) => {
    shown = value;
    slider.value = place(value);
    slider.setAttribute("aria-valuetext", String(value));
    if (document.activeElement !== number) number.value = value;
  };
  return { row, show };
}

const share = (name, label) => ({
  name,
  label,
  places: [0, 200],
  at: (place) => place / 200,
  place: (value) => Math.round(200 * value),
  box: { min: 0, max: 1, step: "any" },
  rule: "a share from 0 to 1",
});

const whole = (name, label, [least, most], scaled = {}) => ({
  name,
  label,
  places: [least, most],
  at: Number,
  place: Number,
  box: { min: least, max: most, step: 1 },
  rule: `a whole number from ${least} to ${most}`,
  ...scaled,
});

const swatch = (kind, shape, words) =>
  `<span><svg width="26" height="12"><path class="${kind}" d="${shape}"/></svg> ${words}</span>`;
const LEGEND = [
  swatch("dot", dot(13, 6), "measured, ± two standard errors"),
  swatch("dot missed", diamond(13, 6), "interval misses the truth"),
  swatch("band", "M2 1h22v10h-22z", "true accuracy ± two standard errors"),
].join("");

function render({ model, el }) {
  el.classList.add("cnnkit-widget", "cnnkit-noise-explorer");
  el.innerHTML = PAGE;
  const part = (name) => el.querySelector(`.${name}`);
  const complain = (words) => (part("hint").textContent = words);
  const get = (name) => model.get(name);
  const set = (changes) => {
    if (RESTARTING.some((name) => name in changes)) changes = { ...changes, decisions: [] };
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
    soon();
  };
  const logarithmic = { places: [0, 60], at: sizeAt, place: placeOf };
  const controls = [
    share("p", "True accuracy <i>p</i>"),
    whole("n", "Images <i>n</i>", [10, 10000], logarithmic),
    whole("draws", "Measurements", [5, 50]),
    share("p2", "Model B <i>p₂</i>"),
  ].map((given) => [given.name, setting(given, (value) => set({ [given.name]: value }), complain)]);
  part("controls").append(...controls.map(([, { row }]) => row));
  const rows = Object.fromEntries(controls.map(([name, { row }]) => [name, row]));
  const question = "Two models: which is better?";
  const compare = toggle({ name: "compare", label: question }, (value) => set({ compare: value }));
  const again = element('<button type="button" class="again">Draw again</button>');
  again.addEventListener("click", () => set({ seed: (get("seed") + 1) % 2 ** 32 }));
  part("choices").append(again, compare.row);
  part("one").querySelector(".legend").innerHTML = LEGEND;

  let open = true; // whether the round on the page is still to be decided
  const decide = part("decide");
  decide.addEventListener("click", ({ target }) => {
    if (target.value && open) {
      open = false;
      set({ decisions: [...get("decisions"), target.value] });
    } else if (target.classList.contains("next")) {
      open = true;
      soon();
      decide.querySelector("button").focus();
    }
  });

  const width = (drawing) => drawing.clientWidth || 676; // 0 while hidden in another tab
  const put = (section, { height, markup }, words) => {
    const drawing = section.querySelector(".drawing");
    drawing.setAttribute("viewBox", `0 0 ${width(drawing)} ${height}`);
    drawing.setAttribute("aria-label", words);
    section.querySelector(".still").innerHTML = markup;
  };

  const drawOne = (now, made) => {
    const { caption, facts, doubt } = factsText(now, made);
    const section = part("one");
    const listed = made.windows.accuracies.map((each) => rounded(each)).join(", ");
    const drawing = oneMarkup(now, made, width(section.querySelector(".drawing")));
    put(section, drawing, `${caption} Accuracies: ${listed}.`);
    section.querySelector(".caption").textContent = caption;
    part("facts").innerHTML = facts.map(([name, words]) => `<dt>${name}</dt><dd>${words}</dd>`).join("");
    part("doubt").hidden = !doubt;
    part("doubt").querySelector("span").textContent = doubt;
    return `${caption} ${part("facts").lastElementChild.textContent}. Standard error ${rounded(made.se)}.`;
  };
  const drawTwo = (now, made) => {
    const decisions = get("decisions");
    if (!decisions.length) open = true;
    const round = open ? Math.min(decisions.length, 99) : decisions.length - 1;
    const decided = open ? null : decisions[round];
    const seen = roundAt(now, round);
    const section = part("two");
    const asked =
      `Round ${round + 1}: X and Y, each measured on ${counted(now.n, "image")} of its own.` +
      " Which model is better?";
    const measured = `X ${rounded(seen.x)}, Y ${rounded(seen.y)}.`;
    put(section, twoMarkup(now, seen, decided, width(section.querySelector(".drawing"))), measured);
    section.querySelector(".caption").textContent = asked;
    for (const button of decide.querySelectorAll("[value]:not(.next)")) {
      button.disabled = !open && button.value !== decided;
      button.setAttribute("aria-pressed", button.value === decided);
    }
    decide.querySelector(".next").hidden = open || decisions.length >= 100;
    const said = decided ? verdictText(now, seen, decided) : null;
    part("verdict").hidden = !said;
    if (said) {
      part("verdict").querySelector(".tag").className = `tag ${said.kind}`;
      part("verdict").querySelector(".tag").textContent = said.tag;
      part("verdict").querySelector("span").textContent = said.words;
    }
    const truths = decisions.map((each, index) => [each, roundAt(now, index).best]);
    const right = truths.filter(([each, best]) => each !== "neither" && each === best).length;
    const held = truths.filter(([each]) => each === "neither").length;
    part("tally").hidden = !decisions.length;
    const wrong = decisions.length - right - held;
    part("tally").textContent = `You so far: ${right} right, ${wrong} wrong, ${held} not decided.`;
    part("many").hidden = !decisions.length;
    if (decisions.length) part("many").innerHTML = manyMarkup(now, made);
    return said ? `${said.tag}. ${said.words}` : `${asked} ${measured}`;
  };
  const draw = () => {
    const now = Object.fromEntries(NAMES.map((name) => [name, get(name)]));
    const made = noise(now);
    controls.forEach(([name, { show }]) => show(now[name]));
    compare.show(now.compare);
    rows.p.querySelector("span").innerHTML = now.compare ? "Model A <i>p</i>" : "True accuracy <i>p</i>";
    rows.draws.hidden = now.compare;
    rows.p2.hidden = !now.compare;
    part("one").hidden = now.compare;
    part("two").hidden = !now.compare;
    part("spoken").textContent = now.compare ? drawTwo(now, made) : drawOne(now, made);
  };
  const soon = oncePerFrame(draw);
  NAMES.forEach((name) => model.on(`change:${name}`, soon));
  const resized = new ResizeObserver(() => soon());
  resized.observe(el);
  draw();
  return () => {
    resized.disconnect();
    NAMES.forEach((name) => model.off(`change:${name}`, soon));
  };
}

export default { render };
