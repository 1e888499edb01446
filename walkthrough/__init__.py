"""What watches and explains all parties: the recording, the experiments, the terminal and the page."""
