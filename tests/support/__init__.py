"""What tests share: made things to look at, ways to ask, and references written out plainly."""
