// Code to copy: a tab for each language, and a button that copies with or without the clipboard's permission.

import { copyText, element, fresh } from "../parts/page.js";

const TABS = (names, id) => `
  <div class="cnnkit-code">
    <div class="bar">
      <span role="tablist" aria-label="Code for">${names
        .map((name) => `<button role="tab" data-name="${name}" aria-controls="${id}">${name}</button>`)
        .join("")}</span>
      <button class="copy">Copy</button><span class="copied" role="status"></span>
    </div>
    <pre id="${id}" role="tabpanel" tabindex="0" data-lm-suppress-shortcuts="true"><code></code></pre>
  </div>`;

/** Tabs of code in `el`, one for each of `names`. Returns { show(write) }: write(name) gives code or null. */
export function codeView(el, names) {
  el.append(element(TABS(names, fresh("code"))));
  const part = (selector) => el.querySelector(selector);
  const tabs = [...el.querySelectorAll("[role=tab]")];
  const [code, copy, copied] = [part("code"), part(".copy"), part(".copied")];
  let [chosen, write] = [names[0], () => null];
  const draw = () => {
    tabs.forEach((tab) => {
      const is = tab.dataset.name === chosen;
      tab.setAttribute("aria-selected", is);
      tab.tabIndex = is ? 0 : -1;
    });
    const words = write(chosen);
    const told = words ?? "No code yet: the network cannot work.";
    if (code.textContent !== told) code.textContent = told;
    copy.setAttribute("aria-disabled", words === null);
    copied.textContent = "";
  };
  const choose = (name) => {
    chosen = name;
    draw();
  };
  tabs.forEach((tab, place) => {
    tab.dataset.lmSuppressShortcuts = "true";
    tab.addEventListener("click", () => choose(tab.dataset.name));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = tabs[(place + step + tabs.length) % tabs.length];
      choose(next.dataset.name);
      next.focus();
    });
  });
  copy.addEventListener("click", async () => {
    const words = write(chosen);
    if (words === null) return;
    if (await copyText(words)) {
      copied.textContent = "Copied.";
      return;
    }
    getSelection().selectAllChildren(code);
    copied.textContent = "Selected: press Ctrl+C to copy.";
  });
  return {
    show: (writer) => {
      write = writer;
      draw();
    },
  };
}
