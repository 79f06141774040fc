"""The small model of the serving tests."""

from tests.serving.conftest import model, model_folder

__all__ = ["model", "model_folder"]
