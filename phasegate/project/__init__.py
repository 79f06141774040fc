"""The project file: one YAML that describes a model from data to gates."""
