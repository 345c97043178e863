"""Who belongs to the shop: joining, confirming an address, signing in and choosing passwords."""
