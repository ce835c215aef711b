"""Opt-in online look-ups. Nothing here is imported, and no connection opened, without `--online`."""
