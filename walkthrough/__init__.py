"""What watches and explains all parties: the recording, the experiments, the terminal and the page.

Its public face are the commands of `fps-emulator`; programs may import `walkthrough.record` and
`walkthrough.experiments`.
"""

__all__: list[str] = []
