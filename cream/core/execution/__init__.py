"""What is true of orders and positions: events, the book, protection, reconciliation, tactics."""
