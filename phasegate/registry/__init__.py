"""MLflow: what training did (``tracking``), and which models may be served (``models``).

Both speak MLflow's REST interface only, so that a component needs `mlflow-skinny` and the
server alone decides where runs, versions and artifacts are kept.
"""

import os

# Read when mlflow is imported: a pipeline step tells nobody outside that it ran.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
