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
SIZE, STEPS, PASSES, BLUR = 256, 120, 5, 9

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
Measured on a picture of ones, `nn.style.ring(nn.style.box_blur(k), times=5)`:

| passes | width, k = 3 | width, k = {blur} | edge, k = 3 | corner, k = 3 | width with reflection |
| --- | --- | --- | --- | --- | --- |
{rings}

The network in the lower two rows is `waves`, trained with reflection; the upper one of them has the same
weights with zeros in every convolution. There the normalisation of each picture carries what the border does
to every pixel, so that no ring has a width: the table below has the mean difference between the two rows,
0 to 255, by the distance from the edge.

| passes | {distances} |
| --- | {lines} |
{gaps}

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
    repeated, gaps = repetition()
    linear, rectified, networks = orders()
    distances = (1, 2, 4, 8, 16, 32, 64)
    page = PAGE.format(
        rows="\n".join(rows),
        rings="\n".join(repeated),
        distances=" | ".join(f"{each} px" for each in distances),
        lines=" | ".join("---" for _ in distances),
        gaps="\n".join(
            f"| {passes} | " + " | ".join(f"{gap[each - 1]:.1f}" for each in distances) + " |"
            for passes, gap in enumerate(gaps, start=1)
        ),
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


def repetition() -> tuple[list[str], list[np.ndarray]]:
    """Draw the repeated filters; return the rows of the rings' table, and gaps by distance from the edge."""
    china = data.photograph("china", SIZE) / 255
    painters = {padding: painter(padding) for padding in ("zeros", "reflect")}
    filters = {f"box blur {BLUR} × {BLUR}, {each}": nn.style.box_blur(BLUR, each) for each in painters}
    filters |= {f"waves, {each}": model for each, model in painters.items()}
    figure = blank_figure(15, 8.0, "constrained")
    axes = figure.subplots(len(filters), PASSES + 1)
    shown = {}
    for row, (name, filter) in zip(axes, filters.items(), strict=True):
        shown[name] = nn.style.repeat(filter, china.astype(np.float32), PASSES)
        for passes, (ax, picture) in enumerate(zip(row, shown[name], strict=True)):
            ax.imshow(picture.clip(0, 1).transpose(1, 2, 0))
            ax.set_title(
                f"{passes} times" if passes else name, fontsize=10, color=MUTED if passes else INK, pad=3
            )
            ax.set_axis_off()
    save(figure, "repeated.png", 100)
    difference = 255 * np.abs(shown["waves, zeros"] - shown["waves, reflect"])[1:].mean(axis=1)
    height, width = difference.shape[1:]
    rows, columns = np.arange(height), np.arange(width)
    inwards = np.minimum(
        np.minimum(rows, height - 1 - rows)[:, None], np.minimum(columns, width - 1 - columns)[None]
    )
    gaps = [np.array([gap[inwards == each].mean() for each in range(height // 2)]) for gap in difference]
    three, nine = (nn.style.ring(nn.style.box_blur(size), PASSES, size=128) for size in (3, BLUR))
    mirrored = nn.style.ring(nn.style.box_blur(BLUR, "reflect"), PASSES, size=128)
    table = [
        f"| {a.passes} | {a.width} | {b.width} | {a.edge:.3f} | {a.corner:.3f} | {c.width} |"
        for a, b, c in zip(three, nine, mirrored, strict=True)
    ]
    return table, gaps


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
        small = image.convert("RGB").quantize(256, dither=Image.Dither.FLOYDSTEINBERG)
    small.save(FOLDER / name, optimize=True)


if __name__ == "__main__":
    main()
