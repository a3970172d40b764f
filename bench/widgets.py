"""How long a slider's move takes to show: the layer-shape sliders in a real JupyterLab, in Chromium.

Each move is one `input` event, as a hand on the slider makes them, at any time within a frame. *On screen*
runs from the event to the second animation frame after it: with 60 frames a second that is 17 to 33 ms for
whatever a page does, without the limit on frames it is what the browser needs. *Of that, the widget* is the
time in the page's own code. Other work on the machine shows in all of it, so its load is printed too.

Run ``python bench/widgets.py``. Needs Chromium, as the browser tests do.
"""

from __future__ import annotations

import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

MOVES = 50
CELL = "from cnnkit import widgets\nwidgets.layer_shapes({arguments})"
WIDGETS = {
    "size 32, kernel 5": "",
    "size 224, kernel 7, stride 2": "size=224, kernel_size=7, stride=2, padding=3",
}
UNLIMITED = ("--disable-frame-rate-limit", "--disable-gpu-vsync")

MOVE = """async ([name, values]) => {
    const widget = document.querySelector(".jp-NotebookPanel:not(.lm-mod-hidden) .cnnkit-layer-shapes");
    const slider = widget.querySelector(`input[type=range][name=${name}]`);
    const picture = widget.querySelector(".still");
    const frame = () => new Promise(requestAnimationFrame);
    const times = { "on screen": [], "of that, the widget": [] };
    for (const value of values) {
        await new Promise((resolve) => setTimeout(resolve, 40 + 20 * Math.random())); // anywhere in a frame
        const before = picture.innerHTML;
        slider.value = value;
        const start = performance.now();
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        const heard = performance.now() - start;
        const began = await frame(); // after the widget's own callback of this frame
        const drawn = performance.now() - began;
        if (picture.innerHTML === before) throw new Error(`no change at ${name} ${value}`);
        await frame();
        times["on screen"].push(performance.now() - start);
        times["of that, the widget"].push(heard + drawn);
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
    with TemporaryDirectory() as home, browser.running_lab(Path(home)) as lab:
        for limit, flags in (("60 frames/s", ()), ("no limit", UNLIMITED)):
            with browser.browsing(lab, browser.CHROMIUM, [], *flags) as page:
                for number, (what, arguments) in enumerate(WIDGETS.items()):
                    cells = [CELL.format(arguments=arguments)]
                    notebook = browser.new_notebook(lab, page, f"bench-{number}-{limit[:2]}", cells)
                    notebook.run(0).locator(".cnnkit-layer-shapes").wait_for()
                    values = [3 + move % 8 for move in range(MOVES)]
                    for kind, times in page.evaluate(MOVE, ["kernel_size", values]).items():
                        slow = quantiles(times, n=20)[-1]
                        print(f"{f'{what}, {limit}: {kind}':60} {median(times):7.1f} {slow:7.1f}")


if __name__ == "__main__":
    main()
