// Drawings that are kept by name, each a line of code: in the notebook they outlive the kernel and the page.

import { copyText, element, escaped, fresh, paint } from "../parts/page.js";
import { drawingCode, drawn, SIZE } from "./strokes.js";

/** The lines that make the kept drawings again. */
export const keptCode = (kept) =>
  Object.entries(kept)
    .map(([name, drawing]) => `drawings["${name}"] = ${drawingCode(drawing)}`)
    .join("\n");

/** A name as Python may have it between quotes. */
export const nameOf = (words) => words.replace(/["\\\n\r]/g, "").trim().slice(0, 40);

const KEPT = `
  <div class="bar">
    <label class="choice"><span>Keep as</span><input type="text" name="name" maxlength="40" autocomplete="off"
      data-lm-suppress-shortcuts="true"></label>
    <button type="button" class="keep">Keep</button>
  </div>
  <ul class="kept-list"></ul>
  <div class="kept-code" hidden>
    <div class="bar"><label>Code for your answer cell</label>
      <button type="button" class="copy">Copy code</button></div>
    <textarea readonly rows="4" spellcheck="false" data-lm-suppress-shortcuts="true"></textarea>
  </div>`;

const buttonMarkup = (does, called) =>
  `<button type="button" class="${does.toLowerCase()}" aria-label="${does} ${escaped(called)}">` +
  `${does}</button>`;

/** The section in `el`; `words(drawing)` is what the network says of one, `keep(name)` whether it was kept.

    Returns { show(kept) }. */
export function keptView(el, { names, keep, open, remove, words, say }) {
  el.innerHTML = KEPT;
  const part = (name) => el.querySelector(name);
  const [name, list, code] = [part("[name=name]"), part(".kept-list"), part("textarea")];
  const label = part(".kept-code label");
  label.htmlFor = code.id = fresh("code");
  let shown = {};
  const free = () => names.find((each) => !(each in shown)) ?? `drawing ${Object.keys(shown).length + 1}`;

  part(".keep").addEventListener("click", () => {
    const given = nameOf(name.value) || free();
    const again = given in shown ? ", in place of the earlier one" : "";
    say(keep(given) ? `Kept as ${given}${again}.` : "Not kept: the kernel is gone. Run the cell again.");
  });
  name.addEventListener("keydown", (event) => event.key === "Enter" && part(".keep").click());
  part(".copy").addEventListener("click", async () => {
    if (await copyText(code.value)) return say("Code copied.");
    code.select();
    say("Selected: press Ctrl+C to copy.");
  });

  const card = ([called, drawing]) => {
    const said = escaped(words(drawing));
    const item = element(
      `<li><canvas role="img" aria-label="${escaped(called)}"></canvas>` +
        `<div><b>${escaped(called)}</b><span>${said}</span><span class="bar">` +
        ["Open", "Remove"].map((does) => buttonMarkup(does, called)).join("") +
        "</span></div></li>",
    );
    paint(item.querySelector("canvas"), drawn(drawing), SIZE, SIZE, [0, 255]);
    item.querySelector(".open").addEventListener("click", () => open(called));
    item.querySelector(".remove").addEventListener("click", () => {
      remove(called);
      name.focus();
    });
    return item;
  };
  const show = (kept) => {
    shown = kept;
    list.replaceChildren(...Object.entries(kept).map(card));
    code.value = keptCode(kept);
    part(".kept-code").hidden = !Object.keys(kept).length;
    name.value = "";
    name.placeholder = free();
  };
  return { show };
}
