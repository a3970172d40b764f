"""JupyterHub for a class on one machine, with nbgrader's exchange.

As root: ``jupyterhub -f docs/scale/jupyterhub_config.py``. Who may log in are the machine's own users (PAM),
and each has a server of their own that runs as them. docs/scale.md says what is around it: the users, the
exchange, TLS in front.
"""

import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821  (given by traitlets when it reads this file)

HERE = Path(__file__).resolve().parent
INSTRUCTORS = set(os.environ.get("CNNKIT_INSTRUCTORS", "instructor").split())

# Only this machine can ask; a web server in front of it (nginx, Caddy) speaks TLS with the world.
c.JupyterHub.bind_url = os.environ.get("CNNKIT_HUB", "http://127.0.0.1:8000")
c.JupyterHub.cookie_secret_file = "jupyterhub_cookie_secret"
c.JupyterHub.db_url = "sqlite:///jupyterhub.sqlite"
c.ConfigurableHTTPProxy.command = os.environ.get("CNNKIT_PROXY", "configurable-http-proxy").split()

# Whoever has an account here and the group of this course may come in.
c.LocalAuthenticator.allowed_groups = {os.environ.get("CNNKIT_GROUP", "cnnkit")}
c.PAMAuthenticator.open_sessions = False  # which in a container nobody may

# The servers are of the environment that JupyterHub is of, and stop when nobody has used them for two hours.
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.default_url = "/lab"
c.Spawner.notebook_dir = "~"
c.Spawner.args = [
    "--ServerApp.shutdown_no_activity_timeout=7200",
    "--MappingKernelManager.cull_idle_timeout=3600",
]
c.Spawner.env_keep.append("CNNKIT_EXCHANGE")
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120


def of_their_role(spawner):
    """Give a server the settings of a student or of an instructor."""
    role = "instructor" if spawner.user.name in INSTRUCTORS else "student"
    spawner.environment = {
        **spawner.environment,
        "JUPYTER_CONFIG_PATH": str(HERE / role),
        "OMP_NUM_THREADS": "1",  # else every student's training takes every core
    }


c.Spawner.pre_spawn_hook = of_their_role
