"""From a submitted notebook to points and reasons: the worker that decides, and the front that asks it."""
