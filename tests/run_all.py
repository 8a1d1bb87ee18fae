"""Run All as a student's Jupyter does it: `.venv-student/bin/python run_all.py NOTEBOOK RAN`.

Imports nothing of ours, so that it runs where only numpy, matplotlib and jupyter are installed. RAN is the notebook with
its outputs. Its metadata say how many seconds of the processor the cells took, the most memory that the kernel held in
MiB, and what each figure looked like when it was shown.
"""

import json
import os
import pathlib
import sys

import nbformat
from nbclient import NotebookClient

# Runs in the kernel before the first cell and writes what it sees to the file $WATCHED, a line of JSON each.
WATCH = """
import json, os, resource, sys

def describe(axes):
    lines = [(line.get_linestyle(), str(line.get_marker())) for line in axes.lines if line.get_label()[:1] != "_"]
    return {
        "off": not axes.axison, "colorbar": axes.get_label() == "<colorbar>",
        "x": axes.get_xlabel(), "y": axes.get_ylabel(), "title": axes.get_title(), "lines": lines,
    }

def write(seen):
    with open(os.environ["WATCHED"], "a") as file:
        print(json.dumps(seen), file=file)

def watch_show(info):
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or hasattr(pyplot.show, "unwatched"):
        return
    def show(*args, **kwargs):
        for figure in map(pyplot.figure, pyplot.get_fignums()):
            write({"suptitle": figure.get_suptitle(), "axes": [describe(axes) for axes in figure.axes]})
        return show.unwatched(*args, **kwargs)
    show.unwatched = pyplot.show
    pyplot.show = show

def measure(result):
    used = resource.getrusage(resource.RUSAGE_SELF)
    mebi = 1 << 20 if sys.platform == "darwin" else 1 << 10
    write({"memory": used.ru_maxrss / mebi, "seconds": used.ru_utime + used.ru_stime})

get_ipython().events.register("pre_run_cell", watch_show)
get_ipython().events.register("post_run_cell", measure)
"""


def run(source: pathlib.Path, target: pathlib.Path) -> None:
    """Run every cell of source in a fresh kernel; a cell that stops does not keep the next from running."""
    startup = target.parent / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True, exist_ok=True)
    (startup / "watch.py").write_text(WATCH)
    watched = target.with_suffix(".watched")
    os.environ |= {"IPYTHONDIR": str(target.parent / "ipython"), "WATCHED": str(watched)}
    os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM")}
    notebook = nbformat.read(source, as_version=4)
    ran = {"seconds": 0.0, "memory": 0.0, "figures": []}

    def collect(cell_index, **_):
        for seen in map(json.loads, watched.read_text().splitlines()):
            if "axes" in seen:
                ran["figures"].append({"cell": cell_index, **seen})
            else:
                ran.update(seen)
        watched.unlink()

    client = NotebookClient(
        notebook,
        timeout=200,
        allow_errors=True,
        resources={"metadata": {"path": str(source.parent)}},
        on_cell_executed=collect,
    )
    client.execute()
    notebook.metadata["ran"] = ran
    nbformat.write(notebook, target)


if __name__ == "__main__":
    run(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
