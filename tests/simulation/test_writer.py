"""Writing a simulation: the same bytes always, whole files only, bounded memory."""

from dataclasses import replace
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phasegate.digests import digest_file
from phasegate.errors import BadInput
from phasegate.simulation import Simulation, simulate_day, write

# Ends of two months, so that files are cut twice.
SMALL = Simulation(date(2026, 1, 25), 40, customers=300, terminals=40)


def digests(folder):
    return {path.name: digest_file(path) for path in sorted(folder.iterdir())}


def test_the_same_simulation_gives_the_same_bytes_on_any_number_of_threads(tmp_path):
    write(SMALL, tmp_path / "one", threads=1)
    write(SMALL, tmp_path / "three", threads=3)
    assert digests(tmp_path / "one") == digests(tmp_path / "three")
    assert list(digests(tmp_path / "one")) == [
        "2026-01.parquet",
        "2026-02.parquet",
        "2026-03.parquet",
    ]


def test_files_hold_every_day_in_order_and_the_result_counts_them(tmp_path):
    written = write(SMALL, tmp_path)
    table = pa.concat_tables([pq.read_table(path) for path in written.files])
    assert table.equals(pa.concat_tables([simulate_day(SMALL, day) for day in SMALL.dates()]))
    assert written.rows == len(table)
    assert written.frauds == sum(table["is_fraud"].to_pylist())
    assert written.bytes == sum(path.stat().st_size for path in written.files)


def test_each_file_says_that_it_is_simulated_and_from_what(tmp_path):
    written = write(SMALL, tmp_path)
    origin = pq.read_metadata(written.files[0]).metadata[b"phasegate.simulation"]
    assert b'"seed":7' in origin


def test_progress_rises_to_one(tmp_path):
    told = []
    write(SMALL, tmp_path, lambda share, message: told.append((share, message)))
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    assert told[-1][0] == 1.0
    assert "rows" in told[-1][1]


def test_an_interrupted_run_leaves_no_half_written_file_and_can_be_run_again(tmp_path):
    def interrupt(share, _message):
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(SMALL, tmp_path, interrupt)
    assert list(digests(tmp_path)) == ["2026-01.parquet"]
    # What a killed run cannot clean up is no data file, and is overwritten.
    (tmp_path / ".2026-02.parquet.partial").write_bytes(b"PAR1 half")
    write(SMALL, tmp_path)
    assert len(digests(tmp_path)) == 3


def test_a_folder_with_other_data_is_refused_and_left_as_it_was(tmp_path):
    write(SMALL, tmp_path)
    before = digests(tmp_path)
    with pytest.raises(BadInput, match="Choose another folder"):
        write(replace(SMALL, seed=8), tmp_path)
    assert digests(tmp_path) == before


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot write here"):
        write(SMALL, tmp_path / "file")
