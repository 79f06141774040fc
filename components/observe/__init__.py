"""What a run of monitoring looks at, decided once for all of its steps."""
