"""Record how a training ended that monitoring called for."""
