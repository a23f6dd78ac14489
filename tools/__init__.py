"""Tools for the development of campaignctl, not part of the package."""
