"""Notebook 07, handed in wrong."""

from __future__ import annotations

from tests.wrong.submission import Caught, Wrong, without_weights

NOTEBOOK = "07-transfer-and-style"
# Cells that only show something, and that no question needs.
SHOWN = ("trap-shown", "taking-over-show", "distances", "rings-shown", "painters-shown")

CLASS = (
    Wrong(
        "last-layer-of-imagenet",
        "Counts ResNet-18 as it comes, with a thousand classes.",
        (Caught("resnet-counts", 1, ("fc-of-1000-classes",)),),
        edits={
            "resnet-counts": (
                'resnet_counts["total"] = ',
                'sizes["fc"] = 512 * 1000 + 1000\nresnet_counts["total"] = ',
            )
        },
    ),
    Wrong(
        "freezes-what-learns",
        "Switches requires_grad off, and believes that nothing moves any more.",
        (Caught("freeze", 1.5, ("statistics-move",)),),
        edits={"freeze": ("    part.train(name in trained)", "    part.train()")},
    ),
    Wrong(
        "evaluates-what-it-freezes",
        "Puts the frozen parts into evaluation mode, and believes that nothing learns any more.",
        (Caught("freeze", 1.5, ("weights-move",)),),
        edits={"freeze": ("    part.requires_grad_(name in trained)", "    part.requires_grad_(True)")},
    ),
    Wrong(
        "freezes-by-hand",
        "Trains with requires_grad switched off by hand: the statistics of the old network are gone.",
        (Caught("taking-over", 3.25, ("statistics-moved",)),),
        edits={
            "taking-over": (
                'frozen = nn.transfer.freeze(taken_over(seed), but="fc")\n'
                '    log = f"runs/frozen-{seed}.jsonl"',
                "frozen = taken_over(seed).requires_grad_(False)\n    frozen.fc.requires_grad_(True)\n"
                '    log = f"runs/by-hand-{seed}.jsonl"',
            )
        },
    ),
    Wrong(
        "forgets-to-freeze",
        "Hands in fine-tuned networks as frozen ones.",
        (Caught("taking-over", 3.25, ("features-moved",)),),
        edits={
            "taking-over": (
                'frozen = nn.transfer.freeze(taken_over(seed), but="fc")\n'
                '    log = f"runs/frozen-{seed}.jsonl"',
                'frozen = taken_over(seed + 10)\n    log = f"runs/not-frozen-{seed}.jsonl"',
            )
        },
    ),
    Wrong(
        "begins-anew",
        "Names a way to draw first weights, as always, and so overwrites the ones that were taken over.",
        (Caught("taking-over", 3.25, ("not-taken-over",)),),
        edits={
            "taking-over": (
                'log = f"runs/fine-tuned-{seed}.jsonl"\n'
                '    taking_over["fine-tuned"][seed] = '
                "nn.fit(taken_over(seed), few, **how, seed=seed, log=log)",
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
        "weights-lost",
        "Hands in a log without its weights.",
        (Caught("taking-over", 2, ("weights-missing",)),),
        files=without_weights("frozen-1"),
    ),
    Wrong(
        "wallpaper",
        "Makes images larger by laying them side by side.",
        (Caught("prepare-images", 0, ("tiled",)),),
        edits={
            "prepare-images": (
                "images.repeat(factor, axis=2).repeat(factor, axis=3)",
                "np.tile(images, (1, 1, factor, factor))",
            )
        },
    ),
    Wrong(
        "bytes-for-fractions",
        "Subtracts a mean of 0.5 from pixels up to 255.",
        (Caught("prepare-images", 0, ("not-divided",)),),
        edits={"prepare-images": (".repeat(factor, axis=3) / 255", ".repeat(factor, axis=3)")},
    ),
    Wrong(
        "rounds-down",
        "Halves the size at each stride of 2, and drops what is left over.",
        (Caught("resnet-sizes", 0.87, ("halves-rounded-down",)),),
        edits={"resnet-sizes": ("(size + 2 * (kernel // 2) - kernel) // 2 + 1", "size // 2")},
    ),
    Wrong(
        "more-style-in-larger-pictures",
        "Leaves the sums undivided.",
        (Caught("gram", 0, ("not-divided",)),),
        edits={"gram": ("flat @ flat.T / flat.size", "flat @ flat.T")},
    ),
    Wrong(
        "half-the-sum",
        "Takes the content loss from the first paper on style transfer.",
        (Caught("content-loss", 0, ("half-the-sum",)),),
        edits={"content-loss": ("((features - target) ** 2).mean()", "((features - target) ** 2).sum() / 2")},
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
        (Caught("blurred", 1.22, ("padded-at-once",)), Caught("ring", 0, ())),
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
        "Counts the ring along a whole row.",
        (Caught("ring", 0.75, ("both-sides",)),),
        edits={"ring": ('times, "zeros")[32, :32]', 'times, "zeros")[32]')},
    ),
    Wrong(
        "with-the-border",
        "Compares the two orders everywhere, also where the zeros reach.",
        (Caught("order", 0.25, ("border-compared",)),),
        edits={"order": ("gap[2:-2, 2:-2].max()", "gap.max()")},
    ),
)
