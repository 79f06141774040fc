"""A step that says who it is and then works for a long time."""

import json
import os
import time

if __name__ == "__main__":
    print(json.dumps({"pid": os.getpid()}), flush=True)
    time.sleep(600)
