"""What authors wait for: the command's start, compiling, both lints, plans of schedules."""
