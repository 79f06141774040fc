"""What providers' resources take and give, as the providers themselves say it."""
