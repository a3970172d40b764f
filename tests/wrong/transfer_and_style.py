"""Notebook 07, handed in wrong."""

from __future__ import annotations

from tests.wrong.submission import Caught, Wrong, without_weights

NOTEBOOK = "07-transfer-and-style"
# Cells that only show something, and that no question needs.
SHOWN = ("trap-shown", "taking-over-show", "distances", "rings-shown", "painters-shown")

FROZEN = (
    'frozen = nn.transfer.freeze(taken_over(seed), but="fc")\n'
    '    log = f"runs/frozen-{seed}.jsonl"'
)  # fmt: skip
TUNED = (
    'log = f"runs/fine-tuned-{seed}.jsonl"\n'
    '    taking_over["fine-tuned"][seed] = nn.fit(taken_over(seed), few, **how, seed=seed, log=log)'
)

CLASS = (
    Wrong(
        "no-gradient-no-change",
        "Switches requires_grad off, in both questions, and believes that nothing moves any more.",
        (
            Caught("freeze", 1.5, ("statistics-move",)),
            Caught("taking-over", 3.25, ("statistics-moved",)),
        ),
        edits={
            "freeze": ("    part.train(name in trained)", "    part.train()"),
            "taking-over": (
                FROZEN,
                "frozen = taken_over(seed).requires_grad_(False)\n    frozen.fc.requires_grad_(True)\n"
                '    log = f"runs/by-hand-{seed}.jsonl"',
            ),
        },
    ),
    Wrong(
        "evaluation-is-freezing",
        "Puts what shall be frozen into evaluation mode, and trains it all the same.",
        (
            Caught("freeze", 1.5, ("weights-move",)),
            Caught("taking-over", 3.25, ("features-moved",)),
        ),
        edits={
            "freeze": ("    part.requires_grad_(name in trained)", "    part.requires_grad_(True)"),
            "taking-over": (
                FROZEN,
                'frozen = taken_over(seed + 10).eval()\n    log = f"runs/evaluated-{seed}.jsonl"',
            ),
        },
    ),
    Wrong(
        "begins-anew",
        "Names a way to draw first weights, as always, and so overwrites the ones that were taken over.",
        (Caught("taking-over", 3.25, ("not-taken-over",)),),
        edits={
            "taking-over": (
                TUNED,
                'log = f"runs/anew-{seed}.jsonl"\n'
                "    model = taken_over(seed)\n"
                '    anew = how | {"init": "torch"}\n'
                '    taking_over["fine-tuned"][seed] = nn.fit(model, few, **anew, seed=seed, log=log)',
            )
        },
    ),
    Wrong(
        "slightly-higher",
        "Calls the way with the higher mean the better one.",
        (Caught("taking-over", 3.5, ("claim-inside-noise",)),),
        edits={
            "taking-over": (
                'compared.verdict(first, second).better or "neither"',
                "first if compared.verdict(first, second).gap > 0 else second",
            )
        },
    ),
    Wrong(
        "one-seed",
        "Trains each way once, and says what came out.",
        (Caught("taking-over", 2.75, ("too-few-seeds",)),),
        edits={
            "taking-over": (
                "compared = nn.compare(",
                'for name in ("scratch", "frozen", "fine-tuned"):\n'
                "    taking_over[name] = taking_over[name][:1]\n"
                "compared = nn.compare(",
            )
        },
    ),
    Wrong(
        "as-it-comes",
        "Counts ResNet-18 with ImageNet's thousand classes, and takes bytes for fractions; loses a file.",
        (
            Caught("resnet-counts", 1, ("fc-of-1000-classes",)),
            Caught("taking-over", 2, ("weights-missing",)),
            Caught("prepare-images", 0, ("not-divided",)),
        ),
        edits={
            "resnet-counts": (
                'resnet_counts["total"] = ',
                'sizes["fc"] = 512 * 1000 + 1000\nresnet_counts["total"] = ',
            ),
            "prepare-images": (".repeat(factor, axis=3) / 255", ".repeat(factor, axis=3)"),
        },
        files=without_weights("frozen-1"),
    ),
    Wrong(
        "wallpaper",
        "Makes images larger by laying them side by side, and rounds halves down.",
        (
            Caught("prepare-images", 0, ("tiled",)),
            Caught("resnet-sizes", 0.87, ("halves-rounded-down",)),
        ),
        edits={
            "prepare-images": (
                "images.repeat(factor, axis=2).repeat(factor, axis=3)",
                "np.tile(images, (1, 1, factor, factor))",
            ),
            "resnet-sizes": ("(size + 2 * (kernel // 2) - kernel) // 2 + 1", "size // 2"),
        },
    ),
    Wrong(
        "sums-for-means",
        "Takes both losses from the first paper on style transfer, which divides by other things.",
        (
            Caught("gram", 0, ("not-divided",)),
            Caught("content-loss", 0, ("half-the-sum",)),
        ),
        edits={
            "gram": ("flat @ flat.T / flat.size", "flat @ flat.T"),
            "content-loss": ("((features - target) ** 2).mean()", "((features - target) ** 2).sum() / 2"),
        },
    ),
    Wrong(
        "compares-the-maps",
        "Measures by how much the maps change, and calls it style.",
        (Caught("gram-changes", 0, ("of-the-maps",)),),
        answers={
            "gram-changes": """
for change, changed in changed_maps.items():
    gram_changes[change] = np.linalg.norm(changed - maps) / np.linalg.norm(maps)
"""
        },
    ),
    Wrong(
        "one-border-for-all",
        "Pads once, wide enough for all passes.",
        (Caught("blurred", 1.22, ("padded-at-once",)), Caught("ring", 1, ("padded-at-once",))),
        answers={
            "blurred": """
mode = "reflect" if padding == "reflect" else "constant"
x = np.pad(x, times * (size // 2), mode=mode)
for _ in range(times):
    height, width = (side - size + 1 for side in x.shape)
    shifted = [x[i : i + height, j : j + width] for i in range(size) for j in range(size)]
    x = sum(shifted) / size**2
return x
"""
        },
    ),
    Wrong(
        "both-edges",
        "Counts the ring along a whole row, and compares the two orders where the zeros reach.",
        (
            Caught("ring", 0.75, ("both-sides",)),
            Caught("order", 0.5, ("border-compared",)),
        ),
        edits={
            "ring": ('times, "zeros")[32, :32]', 'times, "zeros")[32]'),
            "order": ("gap[2:-2, 2:-2].max()", "gap.max()"),
        },
    ),
)
