"""One module per client: what its settings mean, put into the shared words of `grants`."""
