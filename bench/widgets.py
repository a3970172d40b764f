"""How long a slider's move takes to show, in a real JupyterLab in Chromium: our widgets, and ``interact``.

Each move is one event as a hand makes them, at any time within a frame: `input` on a slider of ours, an arrow
key on ipywidgets' own. *Picture changed* runs from the event until the new picture stands in the page; *on
screen* until the frame with it has been drawn, which at 60 frames a second comes up to 17 ms later whatever a
page does. ``interact`` draws the very picture of the layer-shape sliders in the kernel, by matplotlib. Other
work on the machine shows in all of it, so its load is printed too.

Run ``python bench/widgets.py``. Needs Chromium, as the browser tests do.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import sync_playwright

MOVES = 50
UNLIMITED = ("--disable-frame-rate-limit", "--disable-gpu-vsync")
INTERACT = """\
from IPython.display import Image, display
from ipywidgets import interact
from cnnkit import widgets
from cnnkit.widgets.layer_shapes.picture import picture

@interact(kernel_size=(1, 60))
def draw(kernel_size=1):
    display(Image(picture(widgets.LayerShape(size=64, kernel_size=kernel_size))))
"""


@dataclass(frozen=True)
class Sliders:
    """A cell that shows sliders; which of them is moved over what values, and what part of it changes."""

    name: str
    cell: str
    root: str
    slider: str
    picture: str
    values: tuple[int, ...]


def ours(name: str, function: str, arguments: str, slider: str, picture: str, values: range) -> Sliders:
    """Return sliders of the kit's own, moved to and fro over `values`."""
    steps = tuple(values[move % len(values)] for move in range(MOVES))
    cell = f"from cnnkit import widgets, zoo\nwidgets.{function}({arguments})"
    root = f".cnnkit-{function.replace('_', '-')}"
    return Sliders(name, cell, root, f"input[type=range]{slider}", picture, steps)


WIDGETS = [
    ours("layer_shapes, size 32", "layer_shapes", "", "[name=kernel_size]", ".still", range(3, 11)),
    ours(
        "layer_shapes, size 224, stride 2",
        "layer_shapes",
        "size=224, kernel_size=7, stride=2, padding=3",
        "[name=kernel_size]",
        ".still",
        range(3, 11),
    ),
    ours(
        "layer_stack, 21 layers",
        "layer_stack",
        "zoo.cs7011(), selected=1",
        "[name=out_channels]",
        ".list",
        range(40, 90),
    ),
    ours(
        "noise_explorer, 10,000 images",
        "noise_explorer",
        "n=10_000, draws=50",
        "[name=p]",
        ".still",
        range(150, 190),
    ),
    Sliders(
        "interact + matplotlib", INTERACT, ".widget-interact", ".noUi-handle", ".widget-output", (0,) * MOVES
    ),
]

MOVE = """async ([root, handle, picture, values]) => {
    const widget = document.querySelector(`.jp-NotebookPanel:not(.lm-mod-hidden) ${root}`);
    const slider = widget.querySelector(handle);
    const changing = widget.querySelector(picture);
    const changed = () => new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`${root} has not changed in 20 s`)), 20000);
        const watch = new MutationObserver(async () => {
            const image = changing.querySelector("img");
            if (changing.childElementCount === 0 || (image && !image.src)) return; // cleared, not yet drawn
            watch.disconnect();
            clearTimeout(late);
            if (image) await image.decode();
            resolve(performance.now());
        });
        watch.observe(changing, { attributes: true, characterData: true, childList: true, subtree: true });
    });
    const move = (value) => {
        if (slider.type === "range") {
            slider.value = value;
            slider.dispatchEvent(new Event("input", { bubbles: true }));
        } else
            slider.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    };
    const painted = () => new Promise((resolve) => requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve(performance.now());
        port2.postMessage(null); // comes after the frame has been drawn
    }));
    const times = { "picture changed": [], "on screen": [] };
    for (const value of values) {
        await new Promise((resolve) => setTimeout(resolve, 40 + 20 * Math.random())); // anywhere in a frame
        const change = changed();
        const start = performance.now();
        move(value);
        times["picture changed"].push((await change) - start);
        times["on screen"].push((await painted()) - start);
    }
    return times;
}"""


def browser_fixtures() -> Any:
    """Load the module that the browser tests start JupyterLab with."""
    spec = spec_from_file_location("browser", Path(__file__).parents[1] / "tests/browser/conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["browser"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Print the median and the 95th percentile of the moves."""
    browser = browser_fixtures()
    if browser.CHROMIUM is None:
        sys.exit("chromium is not installed: nothing to measure")
    print(f"{MOVES} slider moves each, in ms; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'':60} {'median':>7} {'95 %':>7}")
    with TemporaryDirectory() as home, browser.running_lab(Path(home)) as lab, sync_playwright() as driver:
        for limit, flags in (("60 frames/s", ()), ("no limit", UNLIMITED)):
            with browser.browsing(driver, lab, browser.CHROMIUM, [], *flags) as page:
                for number, sliders in enumerate(WIDGETS):
                    name = f"bench-{number}-{limit[:2]}"
                    shown = browser.new_notebook(lab, page, name, [sliders.cell]).run(0)
                    shown.locator(f"{sliders.root} {sliders.picture}").first.wait_for()
                    asked = [sliders.root, sliders.slider, sliders.picture, sliders.values]
                    for kind, times in page.evaluate(MOVE, asked).items():
                        slow = quantiles(times, n=20)[-1]
                        print(f"{f'{sliders.name}, {limit}: {kind}':60} {median(times):7.1f} {slow:7.1f}")


if __name__ == "__main__":
    main()
