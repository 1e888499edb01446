"""What scripts/walkthrough does: record real runs, and render the pages from them."""
