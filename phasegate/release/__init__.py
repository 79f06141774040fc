"""Release of a model: phases, gates, and the one function that decides."""
