-- The catalogue of a teacher cache: <cache>/catalogue.sqlite, user_version 4, WAL.
--
-- An index over the shards (shard-format.md). Deleting it loses nothing but the history of runs:
-- recipe, unit, image, shard and location are rebuilt from the shards row for row, and file by the
-- next 'vild embed'.
-- Nothing here grows with the number of regions.
--
-- Version 2: a unit no longer fails as a whole (no writer ever said so: images fail, one row each);
-- images can be 'crashed'; mark is new.
-- Version 3: leases are judged by signs of life, and a death counts only where its holder was alone
-- with an image; of several shards that hold an image, that of the highest number counts.
-- Version 4: content, regions and file are new. Older versions are brought up to date when they are
-- opened for writing, and still read as they are; their images count as not known.

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
-- unit, once it cost one more, is worked on alone in its process, and when that ends twice in a row,
-- its image ends as 'crashed'. The units that were tried least come first.
CREATE TABLE unit (
  id INTEGER PRIMARY KEY,
  state TEXT NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'leased', 'done')),
  owner TEXT,                          -- host:process:start time:boot:pid namespace
  silence REAL,                        -- for how many seconds the owner may give no sign of life
  beat INTEGER NOT NULL DEFAULT 0,     -- grows with every sign of life; 0 once done
  token INTEGER NOT NULL DEFAULT 0,    -- fences off a former holder; 0 once done
  attempts INTEGER NOT NULL DEFAULT 0, -- leases that were not given back; 0 once done
  alone INTEGER NOT NULL DEFAULT 0 CHECK (alone IN (0, 1)), -- the owner has nothing else in work
  deaths INTEGER NOT NULL DEFAULT 0,   -- owners in a row that ended alone with it; 0 once done
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
    status IN (
      'ok', 'noProposals', 'decodeError', 'tooLarge', 'unsupported', 'missing', 'crashed')),
  error TEXT,
  content TEXT, -- SHA-256 of the image's file as it was embedded; NULL where it could not be read
  regions TEXT, -- SHA-256 of boxes and scores as the shard holds them; NULL of an image that failed
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
  modified INTEGER NOT NULL -- nanoseconds since 1970
) STRICT;

-- Every 256th usable image (ok or noProposals) in ascending order of ids, by the number of usable
-- images before it, so that training finds an image by its rank at once. The last row has no image;
-- its rank is the number of usable images. Empty while shards are being added.
CREATE TABLE mark (
  rank INTEGER PRIMARY KEY CHECK (rank >= 0),
  image INTEGER
) STRICT;

-- Who wrote into the cache, when and how much. History: not rebuilt from the shards.
CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  started REAL NOT NULL,              -- Unix seconds
  finished REAL,                      -- NULL while running, and for ever after a kill
  owner TEXT NOT NULL,                -- as in unit
  arguments TEXT NOT NULL,            -- JSON array
  images INTEGER NOT NULL DEFAULT 0,
  regions INTEGER NOT NULL DEFAULT 0,
  statistics TEXT                     -- JSON object
) STRICT;
