"""Give the challenger the champion's place, if the last phase's gates let it."""
