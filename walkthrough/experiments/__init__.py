"""Ways to break the binding, each a real run with an expected outcome: the demo's scenarios and the lab."""
