"""What finds: one package per family behind the interface in `interface.py`, listed in `registry.py`."""
