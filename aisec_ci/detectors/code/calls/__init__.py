"""Calls matched by resolved name and by what their arguments can be: loads of models, unpickling, grants to agents.

`examination.examine` is the one entry point. Nothing is imported here: `ids` alone serves other detectors.
"""
