"""Incidents, played against the example shop: what each layer of breachdex changes."""
