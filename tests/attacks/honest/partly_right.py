"""Two shares are off, the estimate is half of the mean, the window is one short, and a cell fails."""

points = {
    "test-largest-gap": 2,
    "test-moving-average": 0,
    "test-shares": 2.5,
    "test-estimate": 1,
    "test-kernel-from-sizes": 0,
    "test-axis-name": 1,
    "test-summary": 2,
    "test-safe-root": 2,
}
cells = {
    "moving-average": """
def moving_average(x, width):
    return np.array([np.mean(x[i : i + width]) for i in range(len(x) - width)])
""",
    "shares": "shares = np.array([3, 4, 8, 3]) / 18",
    "estimate": "estimate = 2.25",
    "kernel-from-sizes": "kernel_from_sizes = 512 / 0",
}
