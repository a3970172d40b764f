// A pad to draw on: by mouse, finger or pen, and by keyboard. Strokes come out when the pen is lifted.

import { clamp, element } from "../parts/page.js";
import { erased, MOST_POINTS, MOST_STROKES, simplified, SIZE, tenths } from "./strokes.js";

const APART = 0.4; // pixels between two points of a stroke, at least
const HOW =
  "Drawing pad, 28 by 28 pixels. Arrow keys move the pen, with Shift by 4 pixels; Home, Page Up, End and" +
  " Page Down move it diagonally. Space puts it down and lifts it. Backspace undoes.";
const STEPS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
  Home: [-1, -1], PageUp: [1, -1], End: [-1, 1], PageDown: [1, 1],
};

const PAD = `
  <svg class="pad" viewBox="0 0 28 28" role="application" tabindex="0" aria-label="${HOW}"
    data-lm-suppress-shortcuts="true">
    <rect class="paper" width="28" height="28"/>
    <path class="rule" d="M14 0v28M0 14h28"/>
    <path class="ink"/>
    <circle class="pen" r="1.25" cx="14" cy="14"/>
  </svg>`;

const line = (stroke) =>
  `M${stroke.map((point) => point.join(" ")).join("L")}${stroke.length > 1 ? "" : "h0"}`;

/** A pad; `settings()` gives { strokes, width, erasing }.

    `live(strokes)` is called while the pen moves, `done(strokes)` when it is lifted, `undo()` on Backspace,
    `say(words)` with what a keyboard's pen does. Returns { el, show(strokes, width, erasing) }. */
export function padView({ settings, live, done, undo, say }) {
  const pad = element(PAD);
  const [ink, pen] = ["ink", "pen"].map((name) => pad.querySelector(`.${name}`));
  let strokes = null; // while a pen is down
  let at = [SIZE / 2, SIZE / 2];

  const show = ({ strokes: shown, width, erasing }) => {
    ink.setAttribute("d", shown.map(line).join(""));
    ink.setAttribute("stroke-width", width);
    pen.setAttribute("r", erasing ? eraser(width) : width / 2);
    pad.classList.toggle("erasing", erasing);
  };
  const eraser = (width) => Math.max(1.5, width);
  const moveTo = (point) => {
    at = point.map((place) => clamp(tenths(place), 0, SIZE));
    pen.setAttribute("cx", at[0]);
    pen.setAttribute("cy", at[1]);
  };
  const put = () => {
    const { width, erasing } = settings();
    if (erasing) strokes = erased(strokes, at, eraser(width));
    else if (strokes.flat().length < MOST_POINTS && strokes.length <= MOST_STROKES) {
      const stroke = strokes.at(-1);
      const [x, y] = stroke.at(-1) ?? [Infinity, 0];
      if (Math.hypot(at[0] - x, at[1] - y) >= APART) strokes = [...strokes.slice(0, -1), [...stroke, at]];
    } else say("The pad holds no more.");
    live(strokes);
  };
  const down = () => {
    const { strokes: held, erasing } = settings();
    strokes = erasing ? held : [...held, []];
    pad.classList.add("down");
    put();
  };
  const lift = () => {
    if (!strokes) return;
    const { erasing } = settings();
    const whole = strokes.filter((stroke) => stroke.length).slice(0, MOST_STROKES);
    const found = erasing ? whole : [...whole.slice(0, -1), simplified(whole.at(-1))];
    strokes = null;
    pad.classList.remove("down");
    done(found);
  };

  const pointOf = ({ clientX, clientY }) => {
    const { left, top, width, height } = pad.getBoundingClientRect();
    return [((clientX - left) / width) * SIZE, ((clientY - top) / height) * SIZE];
  };
  pad.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || strokes) return;
    event.preventDefault(); // no text is selected; the focus is set by hand
    pad.focus({ preventScroll: true });
    pad.setPointerCapture(event.pointerId);
    moveTo(pointOf(event));
    down();
  });
  pad.addEventListener("pointermove", (event) => {
    const drawing = pad.hasPointerCapture(event.pointerId);
    for (const each of drawing ? (event.getCoalescedEvents?.() ?? []).concat(event) : [event]) {
      moveTo(pointOf(each));
      if (drawing && strokes) put();
    }
  });
  for (const name of ["pointerup", "pointercancel"])
    pad.addEventListener(name, (event) => pad.hasPointerCapture(event.pointerId) && lift());

  pad.addEventListener("keydown", (event) => {
    const { key, shiftKey } = event;
    const { erasing } = settings();
    const tool = erasing ? "Eraser" : "Pen";
    if (key in STEPS) {
      const step = shiftKey ? 4 : 1;
      moveTo([at[0] + step * STEPS[key][0], at[1] + step * STEPS[key][1]]);
      if (strokes) put();
      say(at.join(", "));
    } else if (key === " " || key === "Enter") {
      if (event.repeat) return event.preventDefault();
      say(`${tool} ${strokes ? "up" : "down"} at ${at.join(", ")}`);
      strokes ? lift() : down();
    } else if (key === "Escape" && strokes) lift();
    else if (key === "Backspace" || (key === "z" && (event.ctrlKey || event.metaKey))) {
      lift();
      undo();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  pad.addEventListener("blur", lift);
  return { el: pad, show };
}
