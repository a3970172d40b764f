"""Send a forged result from a hook, so that a number stands among a test's outputs before its own.

Success: wrong shares earn points.
"""

cells = {
    "shares": """
def forge(info=None):
    from IPython import get_ipython
    kernel = get_ipython().kernel
    content = {"execution_count": 1, "data": {"text/plain": "4.0"}, "metadata": {}}
    kernel.session.send(
        kernel.iopub_socket, "execute_result", content, parent=kernel.get_parent(), ident=b"execute_result"
    )

def before_tests(info):
    if "np.isclose" in (info.raw_cell or ""):
        forge()

get_ipython().events.register("pre_run_cell", before_tests)
shares = np.zeros(4)
"""
}


def succeeded(outcome):
    return bool(outcome.gained)
