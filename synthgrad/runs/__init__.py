"""One run, one directory.

``directory`` names its files, ``log`` writes them during training, ``provenance`` says what the run was made with,
``locking`` who is writing them; ``recording`` trains into logs. ``checkpoints`` keep the state after an epoch,
``resuming`` continues from one. ``reading`` reads the files, however little is left of them, and ``finding`` finds a
run by its name. On these stand ``filters`` (which runs), ``overview`` and ``description`` (one run on a line, on a
page), ``first_difference`` and ``environment`` (two runs side by side), ``verifying`` (a run trained again),
``pruning`` (runs deleted), ``archive`` (many runs in one file) and ``unpacking`` (which reads it).
"""
