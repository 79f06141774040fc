"""All checks of the Terraform tree and the workflows, one after another."""
