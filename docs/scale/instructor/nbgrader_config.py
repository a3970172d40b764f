"""What an instructor's server knows besides the course's own nbgrader_config.py: where the exchange is."""

import os

c = get_config()  # noqa: F821

c.Exchange.root = os.environ.get("CNNKIT_EXCHANGE", "/srv/nbgrader/exchange")
