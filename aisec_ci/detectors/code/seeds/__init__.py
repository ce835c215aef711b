"""Where values from outside enter a program. `collect.sources` asks all others."""
