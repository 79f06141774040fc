"""From features to a model: split, fit, search, calibrate, set the threshold."""
