"""The rule pack in the forms that other secret scanners read."""
