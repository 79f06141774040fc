"""What every traffic target promises, stated once and checked on each of them."""
