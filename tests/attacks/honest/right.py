"""Everything as in the solution."""

points = {
    "test-largest-gap": 2,
    "test-moving-average": 3,
    "test-shares": 4,
    "test-estimate": 2,
    "test-kernel-from-sizes": 1,
    "test-axis-name": 1,
    "test-summary": 2,
    "test-safe-root": 2,
}
