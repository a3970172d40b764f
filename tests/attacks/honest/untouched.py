"""Handed in as it was released."""

points = {
    "test-largest-gap": 0,
    "test-moving-average": 0,
    "test-shares": 0,
    "test-estimate": 0,
    "test-kernel-from-sizes": 0,
    "test-axis-name": 0,
    "test-summary": 0,
    "test-safe-root": 0,
}
cells = {
    "largest-gap": "largest_gap = None\n# your answer here",
    "moving-average": "def moving_average(x, width):\n    # your answer here",
    "shares": "shares = None\n# your answer here",
    "estimate": "estimate = None\n# your answer here",
    "kernel-from-sizes": "kernel_from_sizes = None\n# your answer here",
    "axis-name": "axis_name = None\n# your answer here",
    "summary": "summary = {}\n# your answer here",
    "safe-root": "def safe_root(x):\n    # your answer here",
}
