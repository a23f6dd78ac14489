"""Tools for those who work on campaignctl; nothing in here is part of the package."""
