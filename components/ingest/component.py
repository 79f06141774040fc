"""Contract of `ingest`."""

from kfp import dsl
from kfp.dsl import Output

from components.container import container
from components.types import DataSnapshot


@dsl.container_component
def ingest(data: str, store: str, snapshot: Output[DataSnapshot]):
    """Copy a source of events into an immutable, content-addressed snapshot.

    Args:
        data: data section of the project file, as JSON.
        store: where snapshots' parts are kept: a folder or a gs:// address.

    Returns:
        snapshot: manifest of the parts; the parts themselves lie in the store.
    """
    return container("core", "components.ingest")
