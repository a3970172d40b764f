// The drawings of the noise explorer, and the words about them: one model measured often, and two models.

import { MANY } from "./noise.js";
import { clamp, path, range, rounded, text, thousands } from "../parts/page.js";

// --- Scales -------------------------------------------------------------------------

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

export const dot = (x, y) => `M${(x - 4).toFixed(1)} ${y}a4 4 0 1 0 8 0a4 4 0 1 0-8 0z`;
export const diamond = (x, y) => `M${x.toFixed(1)} ${y - 5.5}l5.5 5.5l-5.5 5.5l-5.5-5.5z`;
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
