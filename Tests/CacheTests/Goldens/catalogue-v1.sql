-- The catalogue of the first release, which must be brought up to date for ever.
-- The catalogue of a teacher cache: <cache>/catalogue.sqlite, user_version 1, WAL.
--
-- An index over the shards (shard-format.md). Deleting it loses nothing but the history of runs:
-- recipe, unit, image, shard and location are rebuilt from the shards row for row.
-- Nothing here grows with the number of regions.

-- The one recipe that every embedding of this cache was made by.
CREATE TABLE recipe (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  hash TEXT NOT NULL CHECK (length(hash) = 64), -- SHA-256 of json
  json TEXT NOT NULL                            -- canonical JSON
) STRICT;

-- The work queue. A unit becomes one shard of the same number.
CREATE TABLE unit (
  id INTEGER PRIMARY KEY,
  state TEXT NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'leased', 'done', 'failed')),
  owner TEXT,                          -- host:process:start time of who holds the lease
  expires REAL,                        -- Unix seconds; from then on anybody may take over
  token INTEGER NOT NULL DEFAULT 0,    -- fences off a former holder; 0 once done
  attempts INTEGER NOT NULL DEFAULT 0, -- leases that were not given back; 0 once done
  CHECK ((state = 'leased') = (owner IS NOT NULL)),
  CHECK ((state = 'leased') = (expires IS NOT NULL))
) STRICT;

CREATE INDEX unit_open ON unit (id) WHERE state <> 'done';

-- The images the cache is to hold: the data set's ids.
CREATE TABLE image (
  id INTEGER PRIMARY KEY,
  unit INTEGER NOT NULL REFERENCES unit (id),
  position INTEGER NOT NULL CHECK (position >= 0), -- within the unit
  UNIQUE (unit, position)
) STRICT;

-- The published shards.
CREATE TABLE shard (
  unit INTEGER PRIMARY KEY REFERENCES unit (id),
  file TEXT NOT NULL UNIQUE,                        -- in <cache>/shards/
  bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64), -- of the whole file
  blocks INTEGER NOT NULL,
  images INTEGER NOT NULL,
  regions INTEGER NOT NULL
) STRICT;

-- How each image ended, and where its regions are.
CREATE TABLE location (
  image INTEGER PRIMARY KEY REFERENCES image (id),
  shard INTEGER NOT NULL REFERENCES shard (unit),
  block INTEGER NOT NULL CHECK (block >= 0),
  first_row INTEGER NOT NULL CHECK (first_row >= 0), -- within the block
  row_count INTEGER NOT NULL CHECK (row_count >= 0),
  width INTEGER NOT NULL CHECK (width >= 0),
  height INTEGER NOT NULL CHECK (height >= 0),
  status TEXT NOT NULL CHECK (
    status IN ('ok', 'noProposals', 'decodeError', 'tooLarge', 'unsupported', 'missing')),
  error TEXT,
  CHECK ((status = 'ok') = (row_count > 0)),
  CHECK ((status IN ('ok', 'noProposals')) = (error IS NULL))
) STRICT;

CREATE INDEX location_shard ON location (shard);

-- Who wrote into the cache, when and how much. History: not rebuilt from the shards.
CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  started REAL NOT NULL,              -- Unix seconds
  finished REAL,                      -- NULL while running, and for ever after a kill
  owner TEXT NOT NULL,                -- host:process:start time
  arguments TEXT NOT NULL,            -- JSON array
  images INTEGER NOT NULL DEFAULT 0,
  regions INTEGER NOT NULL DEFAULT 0,
  statistics TEXT                     -- JSON object
) STRICT;
