"""Paint the gallery and the repeated filters of docs/results/style: ``python bench/results/style.py``.

It needs what comes with the course and nothing else, and takes two minutes of one core.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch

from cnnkit import data, nn
from cnnkit.plot.canvas import INK, MUTED, blank_figure

FOLDER = Path(__file__).resolve().parents[2] / "docs/results/style"
STYLES = ("waves", "mosaic", "ink")
PHOTOGRAPHS = ("china", "flower")
SIZE, STEPS, PASSES, BLUR, SIDE = 256, 120, 5, 9, 384
EXACT = 1e-13
PADDINGS = ("zeros", "reflect")
COUNTED = ("", "once", "twice", "three times", "four times", "five times")

PAGE = """# Style, learnt from a network of ten small classes

Two photographs in three styles. The loss network is `nn.pretrained("cifar10")`, which has only ever seen
images of 32 × 32 pixels.

![Two photographs in three styles, by optimisation and in one pass](gallery.png)

| style | photograph | by optimisation: content, style | CPU s | in one pass: content, style | CPU s |
| --- | --- | --- | --- | --- | --- |
{rows}

Content and style are shares: 0 where the picture has all of it, 1 where its features are 0; the lower, the
nearer. By optimisation: `nn.style.transfer(photograph, painting, steps={steps})`, everything else as it is
by default. In one pass: `nn.style.stylise(photograph, style)`; the networks' cards in `data/weights/style`
say how they were trained. CPU seconds of one thread, {height} × {width} pixels.

## The same filter again and again

![A box blur and a transform network, each applied five times, with zeros and with reflection](repeated.png)

With zeros around a picture, each pass of a k × k kernel carries the darkness (k - 1) / 2 pixels further in.
Measured on a picture of ones, `nn.style.ring(nn.style.box_blur(k), times=5)`, and on one of {side} × {side}
pixels with the network:

| passes | width, k = 3 | k = {blur} | network | edge, k = 3 | corner, k = 3 | width with reflection |
| --- | --- | --- | --- | --- | --- | --- |
{rings}

The network in the lower two rows is `waves`, trained with reflection; the upper one of them has the same
weights with zeros in every convolution, computed in float64 for the table. With reflection no filter has a
ring, and the network none either.

Two filters in either order, `nn.style.order_gap`, on the photograph `china` from 0 to 1, {border} pixels
of the border left out: a box blur and a sharpening kernel {linear:.1e}; the same with a ReLU after the
sharpening {rectified:.2f}; the networks `waves` and `ink` {networks:.2f}.

Again: `python bench/results/style.py`.
"""


def main() -> None:
    """Paint and measure everything, and write the page."""
    torch.set_num_threads(1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    rows = gallery()
    repetition()
    linear, rectified, networks = orders()
    page = PAGE.format(
        rows="\n".join(rows),
        rings="\n".join(rings()),
        side=SIDE,
        steps=STEPS,
        blur=BLUR,
        border=5,
        linear=linear,
        rectified=rectified,
        networks=networks,
        height=data.photograph("china", SIZE).shape[1],
        width=SIZE,
    )
    (FOLDER / "README.md").write_text(page, encoding="utf-8")


def gallery() -> list[str]:
    """Draw the gallery and return the rows of its table."""
    pictures: dict[str, Any] = {name: data.photograph(name, SIZE) for name in PHOTOGRAPHS}
    rows = []
    for style in STYLES:
        painting = data.painting(style, SIZE)
        pictures[style] = painting[:, : pictures["china"].shape[1]]
        for name in PHOTOGRAPHS:
            began = process_time()
            made = nn.style.transfer(pictures[name], painting, steps=STEPS)
            between = process_time()
            fast = nn.style.stylise(pictures[name], style)
            seconds = (between - began, process_time() - between)
            pictures[f"{style} {name} optimised"], pictures[f"{style} {name} one pass"] = made.image, fast
            slow, quick = made.history[-1], losses_of(fast, pictures[name], painting)
            rows.append(
                f"| {style} | {name} | {slow.content:.2f}, {slow.style:.3f} | {seconds[0]:.1f} |"
                f" {quick.content:.2f}, {quick.style:.3f} | {seconds[1]:.2f} |"
            )
    how = ("optimised", "one pass")
    layout = [[".", *(name for name in PHOTOGRAPHS for _ in how)]]
    layout += [[style, *(f"{style} {name} {way}" for name in PHOTOGRAPHS for way in how)] for style in STYLES]
    figure = blank_figure(15, 8.6, "constrained")
    for name, ax in figure.subplot_mosaic(layout).items():
        ax.imshow(pictures[name].transpose(1, 2, 0), interpolation="lanczos")
        words = {"optimised": "by optimisation", "one pass": "in one pass"}
        title = next((words[way] for way in how if name.endswith(way)), name)
        ax.set_title(title, fontsize=10, color=INK if title == name else MUTED, pad=3)
        ax.set_axis_off()
    save(figure, "gallery.png", 110)
    return rows


def losses_of(image: np.ndarray, content: np.ndarray, style: np.ndarray) -> nn.style.Losses:
    """Return what a finished picture lacks, as `transfer` counts it."""
    start = nn.style.transfer(image, style, steps=1, progress=False).history[0]
    network = nn.style.loss_network()
    ours, wanted = (
        network(torch.from_numpy(each)[None] / 255, network.content)[network.content[0]]
        for each in (image, content)
    )
    share = float(nn.style.content_loss(ours, wanted) / wanted.square().mean())
    return nn.style.Losses(share, start.style, start.variation, start.total)


def repetition() -> None:
    """Draw the repeated filters."""
    china = (data.photograph("china", SIZE) / 255).astype(np.float32)
    filters: dict[str, Any] = {
        f"box blur {BLUR} × {BLUR}, {each}": nn.style.box_blur(BLUR, each) for each in PADDINGS
    }
    filters |= {f"waves, {each}": painter(each) for each in PADDINGS}
    figure = blank_figure(15, 7.4, "constrained")
    axes = figure.subplots(len(filters), PASSES + 1)
    for row, (name, filter) in zip(axes, filters.items(), strict=True):
        shown = nn.style.repeat(filter, china, PASSES)
        for passes, (ax, picture) in enumerate(zip(row, shown, strict=True)):
            ax.imshow(picture.clip(0, 1).transpose(1, 2, 0))
            title, colour = (COUNTED[passes], MUTED) if passes else (name, INK)
            ax.set_title(title, fontsize=10, color=colour, pad=3)
            ax.set_axis_off()
    save(figure, "repeated.png", 100)


def rings() -> list[str]:
    """Return the rows of the rings' table."""
    blurs = [nn.style.ring(nn.style.box_blur(size), PASSES, size=128) for size in (3, BLUR)]
    network = nn.style.ring(painter("zeros").double(), PASSES, size=SIDE, channels=3, tolerance=EXACT)
    mirrored = nn.style.ring(painter("reflect").double(), PASSES, size=SIDE, channels=3, tolerance=EXACT)
    blurred = nn.style.ring(nn.style.box_blur(BLUR, "reflect"), PASSES, size=128)
    return [
        f"| {a.passes} | {a.width} | {b.width} | {c.width} | {a.edge:.3f} | {a.corner:.3f} |"
        f" {max(d.width, e.width)} |"
        for a, b, c, d, e in zip(*blurs, network, mirrored, blurred, strict=True)
    ]


def painter(padding: str) -> nn.style.TransformNetwork:
    """Return the network `waves` with another padding and the same weights."""
    model = nn.style.TransformNetwork(padding=padding)
    model.load_state_dict(nn.style.pretrained("waves").model.state_dict())
    return model.eval()


def orders() -> tuple[float, float, float]:
    """Return how much the order of two filters matters: two kernels, with a ReLU, two networks."""
    china = data.photograph("china", SIZE) / 255
    sharpen, blur = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]], nn.style.box_blur()
    signed = china - china.mean()
    linear = nn.style.order_gap(blur, nn.style.convolution(sharpen), signed, border=5)
    rectified = nn.style.order_gap(blur, nn.style.convolution(sharpen, relu=True), signed, border=5)
    waves, ink = (nn.style.pretrained(name).model for name in ("waves", "ink"))
    return linear, rectified, nn.style.order_gap(waves, ink, china, border=5)


def save(figure: Any, name: str, dpi: int) -> None:
    """Write a figure with as many colours as eyes tell apart, so that it stays small."""
    from PIL import Image

    figure.savefig(FOLDER / name, dpi=dpi)
    with Image.open(FOLDER / name) as image:
        colours = image.convert("RGB")
    small = colours.quantize(palette=colours.quantize(256), dither=Image.Dither.FLOYDSTEINBERG)
    small.save(FOLDER / name, optimize=True)


if __name__ == "__main__":
    main()
