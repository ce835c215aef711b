"""Pickle: what a stream would import, call and set if it were loaded, found without loading it."""
