"""One run, one directory.

``directory`` names its files, ``log`` writes them while it trains, ``survey`` says what it was made with,
``reading`` takes them up again, however little is left of them, and ``finding`` knows a run by its name. On these
stand ``filters`` (which runs), ``overview`` and ``portrait`` (one run on a line, on a page), ``parting`` and
``circumstances`` (two runs side by side) and ``verifying`` (a run trained again).
"""
