"""Front ends: from files to the intermediate form of `ir.py`. Upwards: scope, consent, refinement, expressions, statements."""
