"""Tables of the database that windows are kept in."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS segment (   -- whose rows are in windows
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS model (     -- by digest of the profile
  profile TEXT PRIMARY KEY, name TEXT NOT NULL, chunk BLOB NOT NULL, closed INTEGER,
  arrived INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS window (
  profile TEXT NOT NULL, start INTEGER NOT NULL, panes BLOB NOT NULL, part BLOB NOT NULL,
  PRIMARY KEY (profile, start)
);
CREATE TABLE IF NOT EXISTS ended (     -- waits for its judgement
  id INTEGER PRIMARY KEY AUTOINCREMENT, profile TEXT NOT NULL, model TEXT NOT NULL,
  kind TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL, part BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS traffic (   -- rows of all models of a name, by window
  model TEXT NOT NULL, start INTEGER NOT NULL, rows INTEGER NOT NULL, PRIMARY KEY (model, start)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (      -- rows that came last, by the segment they first came in
  name TEXT PRIMARY KEY, generation INTEGER NOT NULL, keys BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS seen_generation ON seen(generation);
CREATE TABLE IF NOT EXISTS restored (  -- models of whose windows nothing is missing
  profile TEXT NOT NULL, model TEXT NOT NULL, done INTEGER NOT NULL, PRIMARY KEY (profile, model)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS latest (    -- what metrics show
  profile TEXT NOT NULL, kind TEXT NOT NULL, content BLOB NOT NULL, PRIMARY KEY (profile, kind)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alert (     -- waits for the sink
  id TEXT PRIMARY KEY, event BLOB NOT NULL
);
"""
