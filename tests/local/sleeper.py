"""A step that starts a process of its own, says who they are, and then works for a long time."""

import json
import os
import subprocess
import time

if __name__ == "__main__":
    child = subprocess.Popen(["sleep", "600"])
    print(json.dumps([os.getpid(), child.pid]), flush=True)
    time.sleep(600)
