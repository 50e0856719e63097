"""One run, one directory.

``directory`` names its files, ``log`` writes them while it trains, ``survey`` says what it was made with, ``locking``
who is writing them; ``recording`` trains into logs. ``checkpoints`` keep the state after an epoch, ``resuming`` goes
on from one. ``reading`` takes the files up again, however little is left of them, and ``finding`` knows a run by its
name. On these stand ``filters`` (which runs), ``overview`` and ``portrait`` (one run on a line, on a page),
``parting`` and ``circumstances`` (two runs side by side), ``verifying`` (a run trained again), ``pruning`` (runs
deleted), ``archive`` (many runs in one file) and ``unpacking`` (which reads it).
"""
