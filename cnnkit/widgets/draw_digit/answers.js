// What a network answers: the likeliest classes as bars, how settled it is, and what it would say instead.

import { element } from "../parts/page.js";

const [SURE, TORN] = [0.9, 0.2]; // as question A6-1 of notebook 06 asks for them
const SHOWN = 3;

/** The likeliest answers, the best first, as [class, probability] pairs; of equal ones the first. */
export const likeliest = (probabilities, count = SHOWN) =>
  probabilities
    .map((probability, place) => [place, probability])
    .sort(([a, p], [b, q]) => q - p || a - b)
    .slice(0, count);

/** A probability in percent that never says 100 or 0 of what is not. */
export function percent(share) {
  if (!Number.isFinite(share)) return "no number";
  if (share < 1 && share > 0.9995) return "> 99.9 %";
  if (share > 0 && share < 0.0005) return "< 0.1 %";
  return `${(100 * share).toFixed(1)} %`;
}

/** What it would be if not the first: how far behind in probability, and in the score that softmax takes. */
export function confusionText([[, first], [next, second]]) {
  const scores = Math.log(first) - Math.log(second);
  const behind = Number.isFinite(scores) ? `, its score ${scores.toFixed(1)}` : "";
  return `Nearest confusion: ${next}. Its probability is ${(first - second).toFixed(2)} lower${behind}.`;
}

/** How settled an answer is: sure, torn, or neither. */
export const settled = ([[, first], [, second]]) =>
  first > SURE ? "sure" : first - second < TORN ? "torn" : "";

const BAR = '<li><b></b><span class="track"><i></i></span><span class="share"></span></li>';
const ANSWERS = `<div class="cnnkit-answers">
  <ol>${BAR.repeat(SHOWN)}</ol>
  <p class="confusion"></p>
  <p class="note verdict" hidden><b class="tag"></b><span></span></p></div>`;

/** The bars; show(probabilities) returns the answer in a sentence. null: there is no answer. */
export function answersView() {
  const el = element(ANSWERS);
  const part = (name) => el.querySelector(name);
  const rows = [...part("ol").children];
  const show = (probabilities, nothing) => {
    const sound = probabilities?.every(Number.isFinite);
    const best = sound ? likeliest(probabilities) : [];
    if (probabilities && !sound) nothing = "The network's scores are no numbers: its training has diverged.";
    rows.forEach((row, place) => {
      const [name, share] = best[place] ?? ["–", 0];
      row.querySelector("b").textContent = name;
      row.querySelector("i").style.width = `${100 * share}%`;
      row.querySelector(".share").textContent = best[place] ? percent(share) : "";
    });
    const kind = best.length ? settled(best) : "";
    part(".confusion").textContent = best.length ? confusionText(best) : nothing;
    part(".verdict").toggleAttribute("hidden", !kind);
    part(".tag").className = `tag ${kind === "sure" ? "exact" : "rounded"}`;
    part(".tag").textContent = kind;
    part(".verdict span").textContent = kind === "sure" ? `above ${SURE}` : `less than ${TORN} apart`;
    return best.length ? `${best[0][0]} at ${percent(best[0][1])}. ${confusionText(best)}` : nothing;
  };
  return { el, show };
}
