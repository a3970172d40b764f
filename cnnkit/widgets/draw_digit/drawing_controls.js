// The controls below a drawing pad: tools, and how the drawing is brought into the image.

import { clamp, element, minus, toggle } from "../parts/page.js";
import { SIZE } from "./strokes.js";

/** A button that does something. */
export function press(words, does, named = words) {
  const button = element(`<button type="button" aria-label="${named}">${words}</button>`);
  button.addEventListener("click", does);
  return button;
}

/** A slider for a number, which `words` puts into words. */
export function dial({ name, label, least, most, step, words }, change) {
  const row = element(
    `<label class="dial"><span>${label}</span><input type="range" name="${name}" min="${least}"` +
      ` max="${most}" step="${step}" data-lm-suppress-shortcuts="true"><output></output></label>`,
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

const PEN = { name: "width", label: "Pen", least: 0.5, most: 6, step: 0.5, words: (value) => `${value} px` };
const angle = (value) => `${minus(value)}°`;
const TURN = { name: "degrees", label: "Turn", least: -90, most: 90, step: 1, words: angle };
const MOVES = [
  ["←", -1, 0, "Move left by a pixel"],
  ["→", 1, 0, "Move right by a pixel"],
  ["↑", 0, -1, "Move up by a pixel"],
  ["↓", 0, 1, "Move down by a pixel"],
];

/** Rows of controls in `tools` and `controls`. `set(changes)` changes the drawing, `tool(erasing)` takes the
    pen or the eraser, `undo()` goes back. Returns { show(drawing, erasing, undoable) }. */
export function drawingControls(tools, controls, { settings, set, tool, undo }) {
  const kinds = ["Pen", "Eraser"].map((words, place) => press(words, () => tool(place === 1)));
  const back = press("Undo", undo);
  const clear = press("Clear", () => set({ strokes: [], degrees: 0, right: 0, down: 0 }));
  const centred = toggle({ name: "centred", label: "Centre like MNIST" }, (value) => set({ centred: value }));
  tools.append(...kinds, back, clear, centred.row);

  const width = dial(PEN, (value) => set({ width: value }));
  const degrees = dial(TURN, (value) => set({ degrees: value }));
  const shift = element(
    '<div class="dial shift" role="group" aria-label="Move the image"><span>Move</span>' +
      '<span class="bar"></span><output></output></div>',
  );
  const move = (right, down) => () => {
    const now = settings();
    const limited = (value) => clamp(value, -SIZE, SIZE);
    set({ right: limited(now.right + right), down: limited(now.down + down) });
  };
  const moves = MOVES.map(([words, right, down, named]) => press(words, move(right, down), named));
  const upright = () => set({ degrees: 0, right: 0, down: 0 });
  shift.querySelector(".bar").append(...moves, press("0", upright, "Back to where it was drawn"));
  controls.append(width.row, degrees.row, shift);

  const show = (drawing, erasing, undoable) => {
    kinds.forEach((button, place) => button.setAttribute("aria-pressed", erasing === (place === 1)));
    back.disabled = !undoable;
    clear.disabled = !drawing.strokes.length;
    centred.show(drawing.centred);
    width.show(drawing.width);
    degrees.show(drawing.degrees);
    shift.querySelector("output").textContent = `${minus(drawing.right)}, ${minus(drawing.down)}`;
  };
  return { show };
}
