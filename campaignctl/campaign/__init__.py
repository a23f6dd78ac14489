"""The domain: a campaign's specification, what the API reported, its marker and its canonical form."""
