"""The domain: a campaign's spec and its checks, what the API reported, its marker and its canonical form."""
