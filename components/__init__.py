"""KFP container components: one folder each, with its contract, its entrypoint and its README."""
