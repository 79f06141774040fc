"""What carries a release on: steps, the guard, a person. Each makes the world follow the record.

Every driver is level-triggered: it reads the newest record, does what is missing of it, and only
then looks further. It may end between any two effects; whoever comes next goes on. Several may
work at once: who loses the comparing and setting of the record reads it again, and applies nothing
that was not recorded.
"""
