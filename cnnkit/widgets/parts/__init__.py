"""What the widgets have in common: their page, their settings, their still pictures."""
