"""Where the features of a request come from: the request itself, or raw events and their past."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from phasegate.errors import BadInput, Unavailable
from phasegate.models import NUMERIC, Input, Model
from phasegate.online.features import OnlineFeatures
from phasegate.serving.columns import EVENT_TEXT, EVENT_TIME, ColumnReader, Columns
from phasegate.serving.envelope import Envelope
from phasegate.serving.limits import Limits
from phasegate.serving.rows import LARGEST, Batch, FeatureReader

_KINDS = {"numeric": NUMERIC, "text": EVENT_TEXT, "time": EVENT_TIME}


class Features(Protocol):
    """What requests carry, and how that becomes the rows that a model scores.

    Attributes:
        reader: of the columns that a request must carry.
        inputs: their names and kinds.
        unlabelled: events that a window over the label saw without their label, so far.
        unrecorded: requests whose events later ones will not see, so far.
    """

    reader: ColumnReader
    inputs: dict[str, str]
    unlabelled: int
    unrecorded: int

    def rows(self, columns: Columns, envelope: Envelope) -> Batch:
        """The rows of a request.

        Raises:
            BadInput: naming the column and the row.
            Unavailable: the past cannot be read.
        """


class GivenFeatures:
    """Requests carry the values of the model's inputs. See `Features`."""

    def __init__(self, inputs: tuple[Input, ...], limits: Limits) -> None:
        self.inputs = {one.name: one.kind for one in inputs}
        self.reader = ColumnReader(self.inputs, limits)
        self.unlabelled = self.unrecorded = 0
        self._features = FeatureReader(inputs, limits)

    def rows(self, columns: Columns, envelope: Envelope) -> Batch:  # noqa: ARG002
        """See `Features.rows`."""
        return self._features.read(columns)


class EventFeatures:
    """Requests carry raw events; features are computed as training does. See `Features`.

    An event is added to the past under its id before it is scored: the next request sees it,
    whatever becomes of this one. It is added once, whichever servers get a copy of it. Where the
    past cannot be written, the request is answered all the same, and counted.
    """

    def __init__(self, model: Model, features: OnlineFeatures, limits: Limits) -> None:
        self.inputs = {one.name: _KINDS[one.kind] for one in features.inputs}
        self.reader = ColumnReader(self.inputs, limits)
        self.unlabelled = self.unrecorded = 0
        self._model, self._features = model, features

    def rows(self, columns: Columns, envelope: Envelope) -> Batch:
        """See `Features.rows`."""
        ids = [envelope.event_id]
        if columns.rows != 1:
            ids = [f"{envelope.event_id}/{row}" for row in range(columns.rows)]
        events = self._features.read(columns.values, ids)
        computed = self._features.compute(events)
        self.unlabelled += int(computed.unlabelled.sum())
        try:
            self._features.record(events)
        except Unavailable:
            self.unrecorded += 1
        found = [(one, computed.columns[one.name]) for one in self._model.inputs]
        numbers = [values for one, values in found if one.kind == NUMERIC]
        numeric = np.column_stack(numbers) if numbers else np.empty((columns.rows, 0))
        if (np.abs(numeric) > LARGEST).any():
            raise BadInput("a feature beyond the range of float32", where="request body")
        return Batch(
            np.ascontiguousarray(numeric),
            [list(values) for one, values in found if one.kind != NUMERIC],
            columns.rows,
        )
