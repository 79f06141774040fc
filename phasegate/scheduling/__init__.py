"""Recurring runs as they are declared in a file, and the backend brought to agree with it.

A recurring run of Kubeflow Pipelines cannot be changed, and deleting one kills its runs in flight.
So what has changed is made anew, what it replaces is switched off, and that is deleted only once
its runs have ended. `reading` reads the file, `plan` compares, `convergence` says what to do next,
`backend` asks the API, `applying` joins them.
"""
