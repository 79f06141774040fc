"""Make a registered model again from its provenance and compare it byte for byte."""
