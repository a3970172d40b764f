// The filters of a convolution as a grid; what the chosen one makes of an image, and which it likes best.

import { bankShades } from "./filter_bank.js";
import { fullColour } from "../parts/maps.js";
import {
  choice, escaped, floats, minus, oncePerFrame, paint, paintPixels, range, rounded, toggle, watched,
  wholeNumber,
} from "../parts/page.js";
import { tileView } from "./tiles.js";

const UNUSUAL = 8000; // ms for an answer, but for the first one, which loads torch
const SETTINGS = ["layer", "filter", "channel", "scale", "image"];
const [FILTER, PICTURE, THUMB] = [168, 160, 64]; // pixels on the page

const FRAMES = [
  ["picture", "The image"],
  ["map", "What the filter makes of it"],
  ["guided", "Guided backpropagation; mid-grey is 0"],
];
const figureMarkup = ([name, words]) => `
  <figure class="${name}"><div class="under"><canvas role="img" aria-label="${words}"></canvas>
    <svg preserveAspectRatio="none" aria-hidden="true"><rect class="cell"/></svg></div>
    <figcaption>${words}</figcaption></figure>`;
const PAGE = `
  <div class="bar choices"></div>
  <div class="channels"></div>
  <p class="hint" role="status"></p>
  <div class="bank"><div class="grid"></div><div class="one"><canvas role="img"></canvas>
    <p class="caption"></p><p class="about"></p>
    <p class="legend ramp" aria-hidden="true">
      <span class="low"></span><canvas></canvas><span class="high"></span></p>
    <p class="about scale-text"></p></div></div>
  <section class="looks" aria-label="What the filter answers">
    <div class="bar"><h4>On one image</h4><span class="number"></span>
      <p class="state" role="status"></p></div>
    <div class="frames">${FRAMES.map(figureMarkup).join("")}<p class="about told"></p></div>
    <h4>The images that it answers most strongly</h4>
    <div class="top"></div><p class="about values"></p>
  </section>
  <output class="spoken" aria-live="polite"></output>`;

const bytes = (view) => new Uint8Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

/** Shades of pictures (N, C, height, width) of bytes: grey, or red, green and blue. */
function pictureShades(values, [channels, height, width]) {
  const plane = height * width;
  const share = (picture, channel, place) => values[(picture * channels + channel) * plane + place] / 255;
  if (channels < 3) return { scale: "grey", shade: (picture, place) => share(picture, 0, place) };
  const shade = (picture, place) => [0, 1, 2].map((channel) => share(picture, channel, place));
  return { scale: null, shade };
}

/** Draw one tile on a canvas, a pixel each; CSS enlarges it. */
function paintOne(canvas, [height, width], { shade, scale }, index = 0) {
  const places = range(0, height * width).map((place) => shade(index, place));
  if (scale) return paint(canvas, places, height, width, [0, 1], scale);
  paintPixels(canvas, height, width, (place) => places[place].map((share) => Math.round(255 * share)));
}

function render({ model, el }) {
  el.classList.add("cnnkit-widget", "cnnkit-filter-grid");
  el.innerHTML = PAGE;
  const part = (name) => el.querySelector(name);
  const layers = model.get("layers");
  if (!layers.length) return void (el.textContent = "filter_grid: nothing is computed here.");
  const say = (words) => (part(".spoken").textContent = words);
  const set = (changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
    soon();
  };
  const now = () => Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));
  const layerNow = () => layers.find(({ name }) => name === model.get("layer")) ?? layers[0];
  let asked = ""; // what the kernel was last asked for
  let [late, waiting] = [false, null]; // whether it takes longer than it should
  let announce = false;

  // --- Controls
  const named = layers.map(({ name, words }) => [name, `${name}: ${words}`]);
  const layer = choice({ name: "layer", label: "Layer", options: named }, (value) => {
    const channels = layers.find(({ name }) => name === value).shape[1];
    set({ layer: value, filter: 0, channel: channels === 3 ? -1 : 0 });
  });
  const scales = [["own", "each filter its own"], ["shared", "one for all"]];
  const scale = choice({ name: "scale", label: "Scale", options: scales }, (value) => set({ scale: value }));
  const together = (on) => set({ channel: on ? -1 : 0 });
  const colours = toggle({ name: "colours", label: "Channels as colours" }, together);
  part(".choices").append(layer.row, scale.row, colours.row);
  let channel; // its slider is made anew with each layer, for it ends elsewhere
  let channelOf = "";
  const complain = (words) => (part(".hint").textContent = words);
  const makeChannel = (of) => {
    const most = of.shape[1] - 1;
    channel = wholeNumber(
      { name: "channel", label: "Input channel", least: 0, usual: most, most },
      (value) => set({ channel: value }),
      complain,
    );
    part(".channels").replaceChildren(channel.row);
    channelOf = of.name;
  };
  const last = model.get("count") - 1;
  const image = wholeNumber(
    { name: "image", label: "Number", least: 0, usual: last, most: last },
    (value) => set({ image: value }),
    complain,
  );
  part(".number").append(image.row);

  // --- The bank
  const grid = tileView("Filters", (index) => {
    announce = true;
    set({ filter: index });
  });
  part(".grid").append(grid.el);
  const weightsOf = ({ name }) => {
    const { of, values } = model.get("weights");
    return of === name ? floats(values) : null;
  };
  const showBank = (of, { filter, channel: chosen, scale: kind }) => {
    const weights = weightsOf(of);
    part(".bank").setAttribute("aria-busy", !weights);
    if (!weights) return;
    const [count, channels, height, width] = of.shape;
    const shades = bankShades(weights, of.shape, { shared: kind === "shared", channel: chosen });
    const columns = model.get("columns") || (count > 64 ? 16 : 8);
    const room = part(".grid").clientWidth || 440;
    const tile = Math.min(52, Math.floor((room + 3) / Math.min(columns, count)) - 3);
    const each = channels * height * width;
    const own = weights.subarray(filter * each, (filter + 1) * each);
    const [low, high] = [Math.min(...own), Math.max(...own)];
    const title = `${of.name}, filter ${filter} of ${count}`;
    const kinds = chosen < 0 ? "Three channels as colours." : `Channel ${chosen} of ${channels}.`;
    const extent = `Weights from ${rounded(low)} to ${rounded(high)}.`;
    const words = `${title}. ${kinds} ${extent}`;
    const size = { tile, room, gap: 3, most: columns };
    grid.show({ count, height, width }, size, { ...shades, chosen: filter, words });

    const canvas = part(".one canvas");
    paintOne(canvas, [height, width], shades, filter);
    canvas.style.width = `${FILTER}px`;
    canvas.style.aspectRatio = `${width} / ${height}`;
    canvas.setAttribute("aria-label", words);
    part(".caption").textContent = title;
    const place = `Row ${Math.floor(filter / columns)}, column ${filter % columns}.`;
    part(".one .about").textContent = `${place} ${kinds} ${extent}`;
    const full = rounded(shades.most[filter]);
    part(".low").textContent = minus(`-${full}`);
    part(".high").textContent = full;
    paint(part(".ramp canvas"), range(0, 101), 1, 101, [0, 100], shades.scale ?? "grey");
    part(".scale-text").textContent =
      (shades.scale ? "White is 0." : "For red, green and blue; mid-grey is 0.") +
      (kind === "shared" ? " One scale for all filters." : " Each filter has its own scale.");
    if (announce) say(words);
    announce = false;
  };

  // --- What the kernel computes
  const top = tileView("Images that it answers most strongly", (index) => {
    const chosen = model.get("answer").top?.[index];
    if (chosen) set({ image: chosen.index });
  });
  part(".top").append(top.el);
  const keyOf = ({ layer: of, filter, image: number }) => JSON.stringify([of, filter, number]);
  // What is asked for goes with the question: it may overtake the settings, which wait for a busy kernel.
  const ask = (settings) => {
    const key = keyOf(settings);
    const { of } = model.get("weights");
    if ((model.get("answer").of === key && of === settings.layer) || asked === key) return;
    asked = key;
    const { layer: name, filter, image: number } = settings;
    clearTimeout(waiting);
    late = false;
    waiting = setTimeout(() => {
      late = true;
      soon();
    }, UNUSUAL);
    model.send({ look: [name, filter, number] }); // which fails where the kernel is gone
  };
  const showAnswer = (settings) => {
    const answer = model.get("answer");
    const fits = answer.of === keyOf(settings);
    part(".looks").setAttribute("aria-busy", !fits);
    const patience = "No answer yet: the kernel is busy. If it was restarted, run the cell again.";
    const computing = late ? patience : "Computing …";
    part(".state").textContent = fits ? answer.problem || answer.note || "" : computing;
    part(".state").classList.toggle("bad", fits && Boolean(answer.problem));
    part(".frames").toggleAttribute("hidden", !answer.map);
    if (!fits || !answer.map) return;
    const [, height, width] = answer.shape;
    const shades = pictureShades(bytes(answer.picture), answer.shape);
    const map = floats(answer.map.values);
    const [most] = fullColour(map, 1, true);
    const channels = answer.shape[0];
    show("picture", [height, width], shades, answer.box, [height, width]);
    const onMap = { scale: "signed", shade: (_, place) => 0.5 + map[place] / (2 * most) };
    const [row, column] = answer.place;
    show("map", answer.map.shape, onMap, [row, row + 1, column, column + 1], answer.map.shape);
    part(".guided").toggleAttribute("hidden", Boolean(answer.note));
    if (!answer.note) {
      const bank = [1, channels, height, width];
      const back = bankShades(floats(answer.guided), bank, { shared: true, channel: -1 });
      show("guided", [height, width], back, answer.box, [height, width]);
    }
    const value = rounded(answer.value);
    const told = `Strongest at row ${row}, column ${column}: ${value}. The box is what it sees from there.`;
    part(".told").textContent = `${told} White is 0 in the map, full colour ±\u00a0${rounded(most)}.`;
    showTop(answer, settings);
  };
  const show = (name, size, shades, box, [height, width]) => {
    const figure = part(`.${name}`);
    paintOne(figure.querySelector("canvas"), size, shades);
    const [top, bottom, left, right] = box;
    figure.querySelector("svg").setAttribute("viewBox", `0 0 ${width} ${height}`);
    const place = { x: left, y: top, width: right - left, height: bottom - top };
    for (const [key, value] of Object.entries(place)) figure.querySelector("rect").setAttribute(key, value);
    figure.querySelector(".under").style.aspectRatio = `${width} / ${height}`;
  };
  const showTop = ({ top: best, pictures, shape }, { image: number }) => {
    const shades = pictureShades(bytes(pictures), shape);
    const chosen = best.findIndex(({ index }) => index === number);
    const words = best.map(({ index, value }, place) => `${place + 1}: image ${index}, ${rounded(value)}`);
    const room = { tile: THUMB, room: part(".top").clientWidth || 670, gap: 7 };
    const boxes = best.map(({ box }) => box);
    const at = chosen < 0 ? null : chosen;
    top.show(
      { count: best.length, height: shape[1], width: shape[2] },
      room,
      { ...shades, chosen: at, words: words[chosen] ?? "none of these", boxes },
    );
    part(".values").innerHTML = best.map(({ value }) => `<span>${escaped(rounded(value))}</span>`).join("");
  };

  const draw = () => {
    const of = layerNow();
    const settings = now();
    if (channelOf !== of.name) makeChannel(of);
    layer.show(of.name);
    scale.show(settings.scale);
    const single = of.shape[1] === 1;
    colours.row.toggleAttribute("hidden", of.shape[1] !== 3);
    colours.show(settings.channel < 0);
    part(".channels").toggleAttribute("hidden", single || settings.channel < 0);
    channel.show(Math.max(settings.channel, 0));
    image.show(settings.image);
    showBank(of, settings);
    showAnswer(settings);
    ask(settings);
  };
  const soon = oncePerFrame(draw);
  const changes = [...SETTINGS, "weights", "answer"].map((name) => `change:${name}`);
  const onAnswer = () => {
    clearTimeout(waiting);
    [asked, late] = ["", false];
  };
  changes.forEach((event) => model.on(event, soon));
  model.on("change:answer", onAnswer);
  let wide = el.clientWidth;
  const resized = new ResizeObserver(() => {
    if (el.clientWidth !== wide) soon();
    wide = el.clientWidth;
  });
  resized.observe(el);
  draw();
  return () => {
    clearTimeout(waiting);
    resized.disconnect();
    changes.forEach((event) => model.off(event, soon));
    model.off("change:answer", onAnswer);
  };
}

export default { render: watched(render) };
