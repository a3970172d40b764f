"""Start a Dask cluster to grade on, and say the command that uses it; Ctrl-C ends it.

::

    python docs/scale/cluster.py local 2
    python docs/scale/cluster.py slurm 16 --queue teaching --walltime 02:00:00

A worker is one process with one core, and keeps a sandbox of its own. With SLURM, each is a job, which needs
this environment at the same place on the nodes (and ``pip install dask-jobqueue`` in it), and nodes that let
one make user namespaces. Whoever can reach the scheduler can run code here and there: start it where only you
can.
"""

from __future__ import annotations

import argparse
import signal
import sys
from contextlib import suppress
from typing import Any

MEMORY = "3GB"  # a session with torch takes 2; what several share is counted once


def started(options: argparse.Namespace) -> Any:
    """Return the cluster that was asked for."""
    if options.kind == "local":
        from distributed import LocalCluster

        return LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=options.workers,
            threads_per_worker=1,
            memory_limit=MEMORY,
            host="127.0.0.1",
            dashboard_address=None,
        )
    from dask_jobqueue import SLURMCluster

    cluster = SLURMCluster(
        cores=1,
        processes=1,
        memory=MEMORY,
        queue=options.queue or None,
        walltime=options.walltime,
        python=sys.executable,
        interface=options.interface or None,
        scheduler_options={"dashboard_address": None},
        worker_extra_args=["--no-dashboard"],
        job_script_prologue=["export OMP_NUM_THREADS=1"],
        job_name="autograde",
        log_directory=options.logs or None,
    )
    if not options.script:
        cluster.scale(options.workers)
    return cluster


def main() -> None:
    """Read the command, start the cluster, and keep it until somebody ends it."""
    parser = argparse.ArgumentParser(description="Start a Dask cluster to grade on.")
    parser.add_argument("kind", choices=["local", "slurm"])
    parser.add_argument("workers", type=int, help="how many")
    parser.add_argument("--queue", default="", help="SLURM's partition")
    parser.add_argument("--walltime", default="02:00:00", help="how long a worker may live, for SLURM")
    parser.add_argument("--interface", default="", help="the network between the nodes, such as ib0")
    parser.add_argument("--logs", default="", help="where SLURM's jobs write what they say")
    parser.add_argument("--script", action="store_true", help="only show the job that SLURM would get")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with started(options) as cluster, suppress(KeyboardInterrupt):
        if options.script:
            print(cluster.job_script())
            return
        print("waiting for the first worker ...", file=sys.stderr)
        cluster.wait_for_workers(1)
        print(f"autograde grade --scheduler {cluster.scheduler_address}", flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
