"""How good the model is: measured where labels are known, estimated where they are not yet."""
