import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.evaluate.rows import take_rows


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.permutations(range(30)), st.integers(1, 30), st.integers(1, 31))
def test_rows_come_in_the_order_of_their_positions(tmp_path, order, count, group):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"_row": range(30)}), path, row_group_size=group)
    found = take_rows(path, np.array(order[:count]))
    assert found.column("_row").to_pylist() == order[:count]
