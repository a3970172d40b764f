// Noise explorer: one model measured again and again, and the question which of two is better.

import { noise, roundAt } from "./noise.js";
import { diamond, dot, factsText, manyMarkup, oneMarkup, twoMarkup, verdictText } from "./noise_drawing.js";
import { counted, element, oncePerFrame, rounded, toggle, watched } from "../parts/page.js";

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

// --- On the page --------------------------------------------------------------------------------

/** n on a slider: equal steps multiply it by the same factor, and give numbers that one would name. */
export const sizeAt = (place) => Number((10 ** (1 + place / 20)).toPrecision(2));
export const placeOf = (n) => Math.round(20 * (Math.log10(n) - 1));

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

export default { render: watched(render) };
