"""The vocabulary of Cream: money, instruments, plans, orders, fills, positions, markets, errors."""
