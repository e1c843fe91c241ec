"""Option contracts: symbols, legs, and what a spread can lose."""
