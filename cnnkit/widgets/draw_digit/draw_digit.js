// Draw a digit: what a network makes of it, layer after layer, while the pen moves.

import { answersView, likeliest, percent } from "./answers.js";
import { drawingControls } from "./drawing_controls.js";
import { forward, softmax } from "./forward.js";
import { keptView } from "./kept.js";
import { layerMaps } from "./layer_maps.js";
import { padView } from "./pad.js";
import { choice, element, floats, oncePerFrame, paint, watched } from "../parts/page.js";
import { drawn, SIZE } from "./strokes.js";

const SETTINGS = ["strokes", "width", "centred", "degrees", "right", "down"];

/** What the network gets of an image of bytes. */
export const normalised = (image, { mean, std }) =>
  Float32Array.from(image, (byte) => (byte / 255 - mean) / std);

const PAGE = `
  <div class="desk">
    <section class="draws"><h4>Draw</h4></section>
    <section class="gets"><h4>What the network gets</h4>
      <div class="frame"><canvas role="img"></canvas>
        <svg viewBox="0 0 28 28" aria-hidden="true"><rect class="box" x="4" y="4" width="20" height="20"/>
          <rect class="window" hidden/></svg></div></section>
    <section class="said"><h4>What it answers</h4></section>
  </div>
  <p class="state" role="status"></p>
  <div class="bar tools"></div>
  <div class="controls"></div>
  <div class="bar scales"><h4>Every layer</h4></div>
  <div class="maps"></div>
  <div class="keeps"></div>
  <output class="spoken" aria-live="polite"></output>`;

const LEGEND = `<span class="legend ramp" aria-hidden="true"><span>−</span><canvas></canvas><span>+</span>
  <span>white is 0, full colour ±</span></span>`;
const SCALES_OF_MAPS = {
  name: "scale",
  label: "Colours",
  options: [["shared", "one scale for a layer"], ["own", "each map its own scale"]],
};

/** A network as the page has it: maps(image) gives every layer's output, answer(image) the probabilities;
    null where the kernel has not computed them yet. */
function reader(model) {
  const network = model.get("network");
  const weights = floats(model.get("weights"));
  if (!network.layers || network.by_kernel) {
    const maps = () => model.get("answer").outputs?.map(floats) ?? null;
    const answer = () => model.get("answer").probabilities ?? null;
    return { layers: [], ...network, maps, answer };
  }
  const maps = (image) => forward(network.layers, weights, normalised(image, network));
  return { ...network, maps, answer: (image, outputs = maps(image)) => softmax(outputs.at(-1)) };
}

function render({ model, el }) {
  el.classList.add("cnnkit-widget", "cnnkit-draw-digit");
  el.innerHTML = PAGE;
  const part = (name) => el.querySelector(name);
  const say = (words) => (part(".spoken").textContent = words);
  const network = reader(model);
  let live = null; // strokes while the pen is down: Python and the other views get them when it is lifted
  let erasing = false;
  let announce = false; // whether the next drawing says its answer
  let before = model.get("strokes");
  const undone = [];

  const drawing = () => {
    const settings = Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));
    return live ? { ...settings, strokes: live } : settings;
  };
  const set = (changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
    announce = true;
    soon();
  };
  // The drawing goes with the question: it may overtake the settings, which wait for a busy kernel.
  const askKernel = () => network.by_kernel && model.send({ look: drawing() });
  const undo = () => {
    if (!undone.length) return say("Nothing to undo.");
    before = undone.pop();
    set({ strokes: before });
  };

  const pad = padView({
    settings: () => ({ ...drawing(), erasing }),
    live: (strokes) => ((live = strokes), soon()),
    done: (strokes) => ((live = null), set({ strokes })),
    undo,
    say,
  });
  part(".draws").append(pad.el);
  const answers = answersView();
  part(".said").append(answers.el);
  const tool = (chosen) => ((erasing = chosen), soon());
  const controls = drawingControls(part(".tools"), part(".controls"), { settings: drawing, set, tool, undo });
  const scale = choice(SCALES_OF_MAPS, (value) => set({ scale: value }));
  part(".scales").append(scale.row, element(LEGEND));
  paint(part(".ramp canvas"), [...Array(101).keys()], 1, 101, [0, 100], "signed");

  const frame = part(".frame canvas");
  const look = (box) => {
    const window = part(".frame .window");
    const [top, bottom, left, right] = box ?? [0, 0, 0, 0];
    window.toggleAttribute("hidden", top >= bottom || left >= right);
    const place = { x: left, y: top, width: Math.max(right - left, 0), height: Math.max(bottom - top, 0) };
    for (const [name, value] of Object.entries(place)) window.setAttribute(name, value);
  };
  const maps = layerMaps(part(".maps"), look);
  maps.layers(network.layers);

  const kept = keptView(part(".keeps"), {
    names: model.get("names"),
    keep: (name) => {
      const before = model.get("_kept");
      set({ _kept: { ...before, [name]: drawing() } });
      if (model.lost) model.set("_kept", before);
      return !model.lost;
    },
    open: (name) => set(model.get("_kept")[name]),
    remove: (name) => {
      const { [name]: _, ...rest } = model.get("_kept");
      set({ _kept: rest });
    },
    words: (each) => {
      if (network.by_kernel || !network.layers.length || !each.strokes.length) return "";
      const best = likeliest(network.answer(drawn(each)), 2);
      return best.map(([digit, share]) => `${digit}: ${percent(share)}`).join(", ");
    },
    say,
  });

  const draw = () => {
    const now = drawing();
    const image = drawn(now);
    pad.show({ ...now, erasing });
    controls.show(now, erasing, undone.length);
    scale.show(model.get("scale"));
    part(".frame .box").toggleAttribute("hidden", !now.centred);
    paint(frame, image, SIZE, SIZE, [0, 255]);
    const outputs = network.maps(image);
    if (outputs) maps.show(outputs, model.get("scale") === "shared");
    const probabilities = outputs && now.strokes.length ? network.answer(image, outputs) : null;
    const words = answers.show(probabilities, now.strokes.length ? "Computing …" : "Nothing is drawn yet.");
    frame.setAttribute("aria-label", `What the network gets. It answers: ${words}`);
    part(".state").textContent = model.get("answer").problem || network.by_kernel || "";
    if (announce && !live) say(words);
    announce = false;
  };
  const soon = oncePerFrame(draw);

  const onStrokes = () => {
    const now = model.get("strokes");
    if (now !== before) undone.push(before);
    before = now;
  };
  const onKept = () => kept.show(model.get("_kept"));
  const changes = [["strokes", onStrokes], ["_kept", onKept]];
  changes.push(...SETTINGS.map((name) => [name, askKernel]));
  changes.push(...[...SETTINGS, "scale", "answer"].map((name) => [name, soon]));
  changes.forEach(([name, react]) => model.on(`change:${name}`, react));
  const resized = new ResizeObserver(() => maps.fit() && soon());
  resized.observe(el);
  onKept();
  draw();
  askKernel();
  return () => {
    resized.disconnect();
    changes.forEach(([name, react]) => model.off(`change:${name}`, react));
  };
}

export default { render: watched(render) };
