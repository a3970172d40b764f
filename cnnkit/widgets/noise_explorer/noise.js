// Accuracies that are measured on few images: what chance does to them. The arithmetic of
// value.py, operation by operation, so that both draw the same bits from a seed.

import { range } from "../parts/page.js";

export const MANY = 1000; // draws of a histogram, and rounds of two models
const WINDOWS = 100;

export const standardError = (accuracy, n) => Math.sqrt((accuracy * (1 - accuracy)) / n);

/** Mulberry32, Tommy Ettinger's generator: `count` numbers from 0 to below 1. */
export function mulberry32(seed, count) {
  let state = seed >>> 0;
  return range(0, count).map(() => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  });
}

/** The numbers that all draws of a seed come from: windows of two models, many more, the order of rounds. */
export function uniforms(seed) {
  const all = mulberry32(seed, 3 * WINDOWS + 2 * MANY);
  let at = 0;
  const next = (count) => all.slice(at, (at += count));
  const [first, second, many, manySecond, order] = [WINDOWS, WINDOWS, MANY, MANY, WINDOWS].map(next);
  return { first, second, many, manySecond, order };
}

/** P(k or fewer of n are right) for k = 0 ... n, each term from its neighbour, outwards from the largest. */
export function chances(n, p) {
  if (p === 0 || p === 1) return range(0, n + 1).map((k) => (k >= n * p ? 1 : 0));
  const mode = Math.min(n, Math.floor((n + 1) * p));
  const terms = new Float64Array(n + 1);
  terms[mode] = 1;
  for (let k = mode; k < n; k++) terms[k + 1] = (((terms[k] * (n - k)) / (k + 1)) * p) / (1 - p);
  for (let k = mode; k > 0; k--) terms[k - 1] = (((terms[k] * k) / (n - k + 1)) * (1 - p)) / p;
  let total = 0;
  const below = Array.from(terms, (term) => (total += term));
  return below.map((each) => each / total);
}

/** How many of n images are right, for each of the numbers from 0 to below 1. */
function counts(table, numbers) {
  return numbers.map((number) => {
    let [low, high] = [0, table.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (table[middle] < number) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

/** Whether p lies within two standard errors of a measured share, the error taken from the share. */
const covers = (share, n, p) => Math.abs(share - p) <= 2 * standardError(share, n) + 1e-12;

/** Whether a and b of n right images differ by more than two standard errors, as measured. */
function isClear(a, b, n) {
  const error = Math.sqrt((a * (n - a)) / n ** 3 + (b * (n - b)) / n ** 3);
  return Math.abs(a - b) / n > 2 * error + 1e-12;
}

function windowsOf(table, numbers, n, p) {
  const accuracies = counts(table, numbers).map((k) => k / n);
  const mean = accuracies.reduce((sum, each) => sum + each, 0) / accuracies.length;
  const squares = accuracies.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  const spread = Math.sqrt(squares / Math.max(accuracies.length - 1, 1));
  return { accuracies, covered: accuracies.map((share) => covers(share, n, p)), spread };
}

/** Of MANY rounds: how the better model looked (the second, where both are equal), what two errors allow. */
function roundsOf(tables, { many, manySecond }, { n, p, p2 }) {
  const [first, second] = [counts(tables[0], many), counts(tables[1], manySecond)];
  const found = { better: 0, tie: 0, worse: 0, shown: 0, open: 0, wrong: 0 };
  const sign = p > p2 ? 1 : -1;
  first.forEach((a, round) => {
    const gap = sign * (a - second[round]);
    found[gap > 0 ? "better" : gap === 0 ? "tie" : "worse"] += 1;
    found[!isClear(a, second[round], n) ? "open" : gap > 0 ? "shown" : "wrong"] += 1;
  });
  return found;
}

/** Everything that follows from { p, n, draws, seed, p2 }. */
export function noise({ p, n, draws, seed, p2 }) {
  const numbers = uniforms(seed);
  const tables = [chances(n, p), chances(n, p2)];
  const [se, se2] = [standardError(p, n), standardError(p2, n)];
  const histogram = {};
  for (const k of counts(tables[0], numbers.many)) histogram[k] = (histogram[k] ?? 0) + 1;
  let [coverage, before] = [0, 0];
  tables[0].forEach((each, k) => {
    if (covers(k / n, n, p)) coverage += each - before;
    before = each;
  });
  return {
    se,
    se2,
    se_gap: Math.sqrt(se ** 2 + se2 ** 2),
    band: [Math.max(0, p - 2 * se), Math.min(1, p + 2 * se)],
    windows: windowsOf(tables[0], numbers.first.slice(0, draws), n, p),
    histogram,
    coverage,
    rounds: roundsOf(tables, numbers, { n, p, p2 }),
  };
}

/** One round of the game: two measurements in the order shown, which is better, what the rule says. */
export function roundAt({ p, n, seed, p2 }, round) {
  const { first, second, order } = uniforms(seed);
  const pair = [counts(chances(n, p), [first[round]])[0], counts(chances(n, p2), [second[round]])[0]];
  const swapped = order[round] < 0.5;
  const [x, y] = swapped ? [pair[1], pair[0]] : pair;
  const best = p === p2 ? "neither" : p > p2 === !swapped ? "X" : "Y";
  const rule = isClear(x, y, n) ? (x > y ? "X" : "Y") : "neither";
  return { x: x / n, y: y / n, swapped, best, rule };
}
