// Draw a digit: what a network makes of it, layer after layer, while the pen moves.

import { forward, softmax } from "./forward.js";
import { keptView } from "./kept.js";
import { layerMaps } from "./layer_maps.js";
import { padView } from "./pad.js";
import { choice, element, floats, minus, oncePerFrame, paint, toggle } from "./page.js";
import { drawn, SIZE } from "./strokes.js";

const SETTINGS = ["strokes", "width", "centred", "degrees", "right", "down"];
const [SURE, TORN] = [0.9, 0.2]; // as question A6-1 asks for them

// --- The answer ---------------------------------------------------------------------------------

/** The likeliest answers, the best first, as [class, probability] pairs; of equal ones the first. */
export const likeliest = (probabilities, count = 3) =>
  probabilities
    .map((probability, place) => [place, probability])
    .sort(([a, p], [b, q]) => q - p || a - b)
    .slice(0, count);

/** What the network gets of an image of bytes. */
export const normalised = (image, { mean, std }) => Float32Array.from(image, (byte) => (byte / 255 - mean) / std);

export const percent = (share) =>
  share > 0.9995 && share < 1 ? "> 99.9 %" : share > 0 && share < 0.0005 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`;

/** What it would be if not the first: how far behind in probability, and in the score that softmax takes. */
export function confusionText([[, first], [next, second]]) {
  const scores = Math.log(first) - Math.log(second);
  const behind = Number.isFinite(scores) ? `, its score ${scores.toFixed(1)}` : "";
  return `Nearest confusion: ${next}. Its probability is ${(first - second).toFixed(2)} lower${behind}.`;
}

/** How settled the answer is: sure, torn, or neither. */
export const settled = ([[, first], [, second]]) => (first > SURE ? "sure" : first - second < TORN ? "torn" : "");

// --- On the page --------------------------------------------------------------------------------

const bar = `<li><b></b><span class="track"><i></i></span><span class="share"></span></li>`;
const PAGE = `
  <div class="desk">
    <section class="draws"><h4>Draw</h4></section>
    <section class="gets"><h4>What the network gets</h4>
      <div class="frame"><canvas role="img"></canvas>
        <svg viewBox="0 0 28 28" aria-hidden="true"><rect class="box" x="4" y="4" width="20" height="20"/>
          <rect class="window" hidden/></svg></div></section>
    <section class="answers"><h4>What it answers</h4>
      <ol>${bar.repeat(3)}</ol>
      <p class="confusion"></p>
      <p class="note verdict" hidden><b class="tag"></b><span></span></p>
      <p class="state" role="status"></p></section>
  </div>
  <div class="bar tools"></div>
  <div class="controls"></div>
  <div class="bar scales"><h4>Every layer</h4></div>
  <div class="maps"></div>
  <div class="keeps"></div>
  <output class="spoken" aria-live="polite"></output>`;

const LEGEND = `<span class="legend ramp" aria-hidden="true"><span>−</span><canvas></canvas><span>+</span>
  <span>white is 0; full colour is each layer's ±</span></span>`;

const press = (words, does, named = words) => {
  const button = element(`<button type="button" aria-label="${named}">${words}</button>`);
  button.addEventListener("click", does);
  return button;
};

/** A slider for a number with a unit. */
function dial({ name, label, least, most, step, words }, change) {
  const row = element(
    `<label class="row dial"><span>${label}</span><input type="range" name="${name}" min="${least}" max="${most}"` +
      ` step="${step}" data-lm-suppress-shortcuts="true"><output></output></label>`,
  );
  const [slider, output] = [row.querySelector("input"), row.querySelector("output")];
  slider.addEventListener("input", () => change(slider.valueAsNumber));
  const show = (value) => {
    slider.value = value;
    slider.setAttribute("aria-valuetext", words(value));
    output.textContent = words(value);
  };
  return { row, show };
}

function render({ model, el }) {
  el.classList.add("cnnkit-widget", "cnnkit-draw-digit");
  el.innerHTML = PAGE;
  const part = (name) => el.querySelector(name);
  const set = (changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
  };
  let live = null; // strokes while the pen is down
  let erasing = false;
  let network, weights, probabilities;
  const undone = [];
  const drawing = () => ({
    ...Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)])),
    ...(live ? { strokes: live } : {}),
  });

  // What a screen reader is told, the last words alone.
  const say = (words) => (part(".spoken").textContent = words);

  // --- Network: in the page, or by the kernel where the page does not know a layer
  const readNetwork = () => {
    network = model.get("network");
    weights = floats(model.get("weights"));
    maps.layers(network.layers ?? []);
  };
  const lookThrough = (image) => {
    if (network.layers && !network.by_kernel) return forward(network.layers, weights, normalised(image, network));
    return model.get("answer").outputs?.map(floats) ?? null;
  };
  const probabilitiesOf = (outputs) => {
    if (!network.by_kernel) return softmax(outputs.at(-1));
    return Array.from(model.get("answer").probabilities);
  };
  const askKernel = () => {
    if (network.by_kernel) model.send({ look: true });
  };

  // --- The parts of the page
  const pad = padView({
    settings: () => ({ ...drawing(), erasing }),
    live: (strokes) => ((live = strokes), soon()),
    done: (strokes) => {
      live = null;
      set({ strokes });
      soon();
      spokenSoon = true;
    },
    undo: () => undo(),
    say,
  });
  part(".draws").append(pad.el);
  const undo = () => {
    if (!undone.length) return say("Nothing to undo.");
    before = undone.pop();
    set({ strokes: before });
    spokenSoon = true;
  };
  const [pencil, eraser] = ["Pen", "Eraser"].map((words, place) => press(words, () => ((erasing = place === 1), soon())));
  const clear = press("Clear", () => set({ strokes: [], degrees: 0, right: 0, down: 0 }));
  const back = press("Undo", undo);
  const centred = toggle({ name: "centred", label: "Centre like MNIST" }, (value) => set({ centred: value }));
  part(".tools").append(pencil, eraser, back, clear, centred.row);

  const width = dial(
    { name: "width", label: "Pen", least: 0.5, most: 6, step: 0.5, words: (value) => `${value} px` },
    (value) => set({ width: value }),
  );
  const degrees = dial(
    { name: "degrees", label: "Turn", least: -90, most: 90, step: 1, words: (value) => `${minus(value)}°` },
    (value) => set({ degrees: value }),
  );
  const shift = element('<div class="row shift"><span>Move</span><span class="bar"></span><output></output></div>');
  const move = (right, down) => () => {
    const limit = (value) => Math.max(-SIZE, Math.min(value, SIZE));
    set({ right: limit(model.get("right") + right), down: limit(model.get("down") + down) });
    spokenSoon = true;
  };
  shift.querySelector(".bar").append(
    press("←", move(-1, 0), "Move left by a pixel"),
    press("→", move(1, 0), "Move right by a pixel"),
    press("↑", move(0, -1), "Move up by a pixel"),
    press("↓", move(0, 1), "Move down by a pixel"),
    press("0", () => set({ right: 0, down: 0, degrees: 0 }), "Back to where it was drawn"),
  );
  part(".controls").append(width.row, degrees.row, shift);

  const scale = choice(
    { name: "scale", label: "Colours", options: [["shared", "one scale for a layer"], ["own", "each map its own scale"]] },
    (value) => set({ scale: value }),
  );
  part(".scales").append(scale.row, element(LEGEND));
  const ramp = part(".ramp canvas");
  paint(ramp, Array.from({ length: 101 }, (_, step) => step), 1, 101, [0, 100], "signed");

  const look = (box) => {
    const window = part(".frame .window");
    window.toggleAttribute("hidden", !box || box[0] >= box[1] || box[2] >= box[3]);
    if (!box) return;
    const [top, bottom, left, right] = box;
    const place = { x: left, y: top, width: Math.max(right - left, 0), height: Math.max(bottom - top, 0) };
    for (const [name, value] of Object.entries(place)) window.setAttribute(name, value);
  };
  const maps = layerMaps(part(".maps"), look);
  const kept = keptView(part(".keeps"), {
    names: model.get("names"),
    keep: (name) => {
      set({ _kept: { ...model.get("_kept"), [name]: drawing() } });
      say(`Kept as ${name}.`);
    },
    open: (name) => set(model.get("_kept")[name]),
    remove: (name) => {
      const { [name]: _, ...rest } = model.get("_kept");
      set({ _kept: rest });
      say(`${name} removed.`);
    },
    words: (each) => {
      if (network.by_kernel || !network.layers || !each.strokes.length) return "";
      const best = likeliest(softmax(forward(network.layers, weights, normalised(drawn(each), network)).at(-1)), 2);
      return best.map(([digit, share]) => `${digit}: ${percent(share)}`).join(", ");
    },
    say,
  });

  // --- Drawing the page
  const rows = [...part("ol").children];
  const showAnswer = (empty) => {
    const best = probabilities && !empty ? likeliest(probabilities) : [];
    rows.forEach((row, place) => {
      const [digit, share] = best[place] ?? ["–", 0];
      row.querySelector("b").textContent = digit;
      row.querySelector("i").style.width = `${100 * share}%`;
      row.querySelector(".share").textContent = best[place] ? percent(share) : "";
    });
    const kind = best.length > 1 ? settled(best) : "";
    part(".confusion").textContent = best.length > 1 ? confusionText(best) : "Nothing is drawn yet.";
    part(".verdict").toggleAttribute("hidden", !kind);
    part(".verdict .tag").className = `tag ${kind === "sure" ? "exact" : "rounded"}`;
    part(".verdict .tag").textContent = kind;
    part(".verdict span").textContent = kind === "sure" ? `above ${SURE}` : `less than ${TORN} apart`;
    return best;
  };
  let spokenSoon = false;
  const draw = () => {
    const now = drawing();
    const image = drawn(now);
    pad.show({ ...now, erasing });
    pencil.setAttribute("aria-pressed", !erasing);
    eraser.setAttribute("aria-pressed", erasing);
    back.disabled = !undone.length;
    clear.disabled = !now.strokes.length;
    centred.show(now.centred);
    width.show(now.width);
    degrees.show(now.degrees);
    shift.querySelector("output").textContent = `${minus(now.right)}, ${minus(now.down)}`;
    scale.show(model.get("scale"));
    part(".frame .box").toggleAttribute("hidden", !now.centred);
    const canvas = part(".frame canvas");
    paint(canvas, image, SIZE, SIZE, [0, 255]);

    const outputs = lookThrough(image);
    probabilities = outputs ? probabilitiesOf(outputs) : null;
    if (outputs) maps.show(outputs, model.get("scale") === "shared");
    const best = showAnswer(!now.strokes.length);
    const words = best.length ? `${best[0][0]} at ${percent(best[0][1])}. ${confusionText(best)}` : "Nothing is drawn.";
    canvas.setAttribute("aria-label", `What the network gets. It answers: ${words}`);
    part(".state").textContent = network.by_kernel ? model.get("answer").problem || network.by_kernel : "";
    if (spokenSoon) say(words);
    spokenSoon = false;
  };
  const soon = oncePerFrame(draw);

  // --- What changes, here, in another view or in Python
  let before = model.get("strokes");
  const onStrokes = () => {
    const now = model.get("strokes");
    if (now !== before) undone.push(before);
    before = now;
  };
  model.on("change:strokes", onStrokes);
  const changes = [...SETTINGS, "scale", "answer"].map((name) => [`change:${name}`, soon]);
  changes.push(...SETTINGS.map((name) => [`change:${name}`, askKernel]), ["change:_kept", () => kept.show(model.get("_kept"))]);
  changes.forEach(([event, react]) => model.on(event, react));
  const resized = new ResizeObserver(() => maps.fit() && soon());
  resized.observe(el);
  readNetwork();
  kept.show(model.get("_kept"));
  draw();
  askKernel();
  return () => {
    resized.disconnect();
    model.off("change:strokes", onStrokes);
    changes.forEach(([event, react]) => model.off(event, react));
  };
}

export default { render };
