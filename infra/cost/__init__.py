"""What the cloud project costs: prices and amounts are data, and are multiplied out here."""
