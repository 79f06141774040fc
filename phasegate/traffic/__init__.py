"""Who answers which requests: a plan, and the target that carries it out."""
