"""aisec-ci: static security checks for repositories that build on AI."""

__version__ = "0.1.0"
