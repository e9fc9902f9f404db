"""``python -m see2sound_nb`` is the command ``see2sound``."""

import sys

from see2sound_nb.cli import main

sys.exit(main())
