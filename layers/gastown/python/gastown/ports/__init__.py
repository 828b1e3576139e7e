"""What the house asks of the world: one Protocol a file, in the house's own words. No adapter is named here."""
