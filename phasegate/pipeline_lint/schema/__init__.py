"""Fields and types of KFP's pipeline specification, generated from its own messages."""
