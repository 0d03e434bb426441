"""One `commonground harvest` with its start-up told apart: `python bench/parts/harvested.py FILE ARGUMENTS…`.

Start-up is what any command needs before its work: the interpreter, imports, the settings, a look at the schema (on a
fresh home: making it). The seconds of it go into the file as text; everything after is the harvest.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from commonground.cli import main
from commonground.cli.home import ready

if __name__ == "__main__":
    born = time.time() - time.process_time()  # what came before the first line is nearly all processor
    ready()
    # Imports are part of the start, those that a command makes on first use as well.
    import commonground.catalog.tasks
    import commonground.cities.files
    import commonground.protocols.http.transport  # noqa: F401
    from commonground.protocols.registry import READERS, readers

    for protocol in READERS:
        readers(protocol)

    Path(sys.argv[1]).write_text(str(time.time() - born))
    sys.argv[:] = ["commonground", "harvest", *sys.argv[2:]]
    main()
