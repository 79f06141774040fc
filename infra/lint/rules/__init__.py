"""Rules of the Terraform tree, by family."""
