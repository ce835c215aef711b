"""What is accepted and what fails a build: configuration, thresholds, waivers, inline ignores."""
