"""The page without a server: plain files, made from recordings of runs."""
