"""Simulated card transactions: seeded, streamed, and able to drift, break and turn hostile.

Nobody's data: customers, terminals and fraud are drawn, and every file says so in its metadata.

Columns of a row: `transaction_id` (date and number within the day), `event_time`, `customer_id`,
`terminal_id`, `amount` (currency units, two decimals), `category` (the merchant's), `channel`
(chip, contactless, online), `country` (the merchant's), `distance_km` (from the customer's home;
0 online), `is_fraud` (0 or 1), `label_time` (when `is_fraud` became known).
"""

from phasegate.simulation.changes import parse_change
from phasegate.simulation.configuration import Simulation
from phasegate.simulation.day import simulate_day
from phasegate.simulation.writer import Written, write

__all__ = ["Simulation", "Written", "parse_change", "simulate_day", "write"]
