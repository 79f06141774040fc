"""Judge whether what a model is asked, and what it answers, is still like its reference."""
