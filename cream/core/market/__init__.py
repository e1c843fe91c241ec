"""What a feed's ticks amount to: usable quotes, microstructure, halts, bars, and its health."""
