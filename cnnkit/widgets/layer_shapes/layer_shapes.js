// Layer-shape sliders: the controls of one convolution, and all that follows from them as they move.

import { axisView, factsMarkup, layerShape } from "../parts/axis.js";
import { oncePerFrame, watched, wholeNumber } from "../parts/page.js";

const LABELS = {
  size: "Input size <i>n</i>",
  kernel_size: "Kernel <i>k</i>",
  stride: "Stride <i>s</i>",
  padding: "Padding <i>p</i>",
  dilation: "Dilation <i>d</i>",
  in_channels: "Input channels",
  out_channels: "Filters",
};

const PAGE = `
  <div class="controls"></div>
  <p class="hint" role="status"></p>
  <div class="axis"></div>
  <dl class="facts"></dl>
  <output class="spoken" aria-live="polite"></output>`;

function render({ model, el }) {
  el.classList.add("cnnkit-widget", "cnnkit-layer-shapes");
  el.innerHTML = PAGE;
  const part = (name) => el.querySelector(`.${name}`);
  const names = Object.keys(LABELS);
  const complain = (words) => (part("hint").textContent = words);
  const controls = names.map((name) => {
    const [least, usual, most] = model.get("limits")[name];
    const change = (value) => {
      model.set(name, value);
      model.save_changes();
    };
    return wholeNumber({ name, label: LABELS[name], least, usual, most }, change, complain);
  });
  part("controls").append(...controls.map(({ row }) => row));

  const axis = axisView(part("axis"));
  const draw = () => {
    const shape = layerShape(Object.fromEntries(names.map((name) => [name, model.get(name)])));
    names.forEach((name, index) => controls[index].show(shape[name]));
    axis.show(shape);
    part("facts").innerHTML = factsMarkup(shape);
    const notes = [`Output size ${shape.output}.`, shape.fit_note, shape.uncovered_note, shape.problem];
    part("spoken").textContent = notes.filter(Boolean).join(" ");
  };
  const soon = oncePerFrame(draw);
  names.forEach((name) => model.on(`change:${name}`, soon));
  const resized = new ResizeObserver(() => axis.fit() && requestAnimationFrame(soon));
  resized.observe(el);
  draw();
  return () => resized.disconnect();
}

export default { render: watched(render) };
