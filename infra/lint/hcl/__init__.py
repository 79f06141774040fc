"""HCL as a tree whose every part knows its line."""
