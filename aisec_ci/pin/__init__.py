"""`models.lock` kept true: which models a project fetches, at which commit and with which files, and whether that still holds."""
