"""What the questions of the attacked course are worth, and answers that are worth nothing."""

__all__ = ["FULL", "WRONG"]

FULL = {
    "test-largest-gap": 2,
    "test-moving-average": 3,
    "test-shares": 4,
    "test-estimate": 2,
    "test-kernel-from-sizes": 1,
    "test-axis-name": 1,
    "test-summary": 2,
    "test-safe-root": 2,
}

# What the answer cells of a hostile notebook hold unless the attack says otherwise.
WRONG = {
    "largest-gap": "largest_gap = 1",
    "moving-average": "def moving_average(x, width):\n    return x",
    "shares": "shares = np.zeros(4)",
    "estimate": "estimate = -1000.0",
    "kernel-from-sizes": "kernel_from_sizes = 1000",
    "axis-name": 'axis_name = "columns"',
    "summary": 'summary = {"min": -1, "max": -1, "mean": -1}',
    "safe-root": "def safe_root(x):\n    return 0",
}
