"""What release decisions are worth: error rates, power, time to a rollback, speed."""
