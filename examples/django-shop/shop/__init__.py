"""The project: settings, addresses and headers of the shop."""
