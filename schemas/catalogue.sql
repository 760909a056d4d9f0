-- The catalogue of a teacher cache: <cache>/catalogue.sqlite, user_version 5, WAL.
--
-- An index over the shards (shard-format.md). Deleting it loses nothing but the history of runs:
-- recipe, unit, image, shard, location, summary and usable are rebuilt from the shards row for row
-- ('vild cache reindex'), and file by the next 'vild embed'. Of units that had no shard yet, leases,
-- tries and deaths are forgotten, as if nobody had tried them; images that failed have their rows in
-- the shards.
-- Nothing here grows with the number of regions.
--
-- Every row but the recipe's, which has a hash, ends in a checksum, which its readers compare: the
-- first 64 bits (the first 16 of the 32 hex digits that 'xxhsum -H128' prints) of the XXH3 of its other
-- columns in their order, as a signed integer. A column counts as one byte for its type (0 NULL,
-- 1 INTEGER, 2 REAL, 3 TEXT, 4 BLOB) and a little-endian number of eight: 0, the integer, the bits of
-- the float, or how many bytes of UTF-8 or of the blob follow. A program that writes rows must write
-- them, too. What no checksum covers, the tables' order and the indices, SQLite's integrity_check does;
-- 'vild cache verify' looks at both.
--
-- Version 2: a unit no longer fails as a whole (no writer ever said so: images fail, one row each);
-- images can be 'crashed'; mark is new.
-- Version 3: leases are judged by signs of life, and a death counts only where its holder was alone
-- with an image; of several shards that hold an image, that of the highest number counts.
-- Version 4: content, regions and file are new; images of older versions count as not known.
-- Version 5: rows carry a checksum; begun is new; summary and usable take the place of mark. Older versions are
-- brought up to date when they are opened for writing, and in memory when they are read.

-- The one recipe that every embedding of this cache was made by.
CREATE TABLE recipe (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  hash TEXT NOT NULL CHECK (length(hash) = 64), -- SHA-256 of json
  json TEXT NOT NULL                            -- canonical JSON
) STRICT;

-- The work queue. A unit becomes one shard of the same number.
--
-- A lease is void once its owner is gone (another boot, or no such process where it would be seen),
-- or somebody who waits for it has seen no new beat for its silence, by a clock of his own, or it
-- claims more than a day. A unit that cost two holders is replaced by units of one image; such a
-- unit, once it cost one more, is worked on alone in its process, and when that ends twice in a row
-- after it had begun, its image ends as 'crashed'. The units that were tried least come first.
CREATE TABLE unit (
  id INTEGER PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('ready', 'leased', 'done')),
  owner TEXT,                          -- host:process:start time:boot:pid namespace
  silence REAL,                        -- for how many seconds the owner may give no sign of life
  beat INTEGER NOT NULL,               -- grows with every sign of life; 0 once done
  token INTEGER NOT NULL,              -- fences off a former holder; 0 once done
  attempts INTEGER NOT NULL,           -- leases that were not given back; 0 once done
  alone INTEGER NOT NULL CHECK (alone IN (0, 1)), -- the owner has nothing else in work
  begun INTEGER NOT NULL CHECK (begun IN (0, alone)), -- the owner, alone, has begun to embed
  deaths INTEGER NOT NULL,             -- owners in a row that ended after that; 0 once done
  checksum INTEGER NOT NULL,
  CHECK ((state = 'leased') = (owner IS NOT NULL)),
  CHECK ((state = 'leased') = (silence IS NOT NULL))
) STRICT;

CREATE INDEX unit_ready ON unit (attempts, id) WHERE state = 'ready';

CREATE INDEX unit_leased ON unit (owner) WHERE state = 'leased';

-- The images the cache is to hold: the data set's ids. One that is to be embedded again moves to a
-- new unit of a higher number, and its record in the old shard counts no more.
CREATE TABLE image (
  id INTEGER PRIMARY KEY,
  unit INTEGER NOT NULL REFERENCES unit (id),
  position INTEGER NOT NULL CHECK (position >= 0), -- within the unit
  checksum INTEGER NOT NULL,
  UNIQUE (unit, position)
) STRICT;

-- The published shards; one none of whose images is left is removed.
CREATE TABLE shard (
  unit INTEGER PRIMARY KEY REFERENCES unit (id),
  file TEXT NOT NULL UNIQUE,                        -- in <cache>/shards/
  bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64), -- of the whole file
  blocks INTEGER NOT NULL,
  images INTEGER NOT NULL,
  regions INTEGER NOT NULL,
  checksum INTEGER NOT NULL
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
    status IN (
      'ok', 'noProposals', 'decodeError', 'tooLarge', 'unsupported', 'missing', 'crashed')),
  error TEXT,
  content TEXT, -- SHA-256 of the image's file as it was embedded; NULL where it could not be read
  regions TEXT, -- SHA-256 of boxes and scores as the shard holds them; NULL of an image that failed
  checksum INTEGER NOT NULL,
  CHECK ((status = 'ok') = (row_count > 0)),
  CHECK ((status IN ('ok', 'noProposals')) = (error IS NULL))
) STRICT;

CREATE INDEX location_shard ON location (shard);

-- What an image's file looked like when its content was that of its location: a file that looks the
-- same is not read again. Not rebuilt from the shards; without it the files are read once.
CREATE TABLE file (
  image INTEGER PRIMARY KEY REFERENCES image (id),
  path TEXT NOT NULL,
  size INTEGER NOT NULL,
  modified INTEGER NOT NULL, -- nanoseconds since 1970
  checksum INTEGER NOT NULL
) STRICT;

-- What a complete catalogue comes to, so that training starts without looking at every row. No row
-- while shards are being added.
CREATE TABLE summary (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  usable INTEGER NOT NULL CHECK (usable >= 0),              -- images that are ok or noProposals
  manifest TEXT NOT NULL CHECK (length(manifest) = 64),     -- SHA-256 over the shards' hashes
  checksum INTEGER NOT NULL
) STRICT;

-- The usable images in ascending order of ids, 256 a row, so that training finds an image by its rank
-- at once. Empty where summary is.
CREATE TABLE usable (
  rank INTEGER PRIMARY KEY CHECK (rank >= 0), -- how many usable images there are before
  images BLOB NOT NULL,                       -- their ids, each int64, little-endian
  checksum INTEGER NOT NULL
) STRICT;

-- Who wrote into the cache, when and how much. History: not rebuilt from the shards.
CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  started REAL NOT NULL,              -- Unix seconds
  finished REAL,                      -- NULL while running, and for ever after a kill
  owner TEXT NOT NULL,                -- as in unit
  arguments TEXT NOT NULL,            -- JSON array
  images INTEGER NOT NULL,
  regions INTEGER NOT NULL,
  statistics TEXT,                    -- JSON object
  checksum INTEGER NOT NULL
) STRICT;
