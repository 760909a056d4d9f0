extension Catalogue {
  /// One script a schema version, each run in one transaction; `schemas/catalogue.sql` is what they
  /// add up to, explained.
  static let migrations = [
    """
    CREATE TABLE recipe (
      only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
      hash TEXT NOT NULL CHECK (length(hash) = 64),
      json TEXT NOT NULL
    ) STRICT;

    CREATE TABLE unit (
      id INTEGER PRIMARY KEY,
      state TEXT NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'leased', 'done', 'failed')),
      owner TEXT,
      expires REAL,
      token INTEGER NOT NULL DEFAULT 0,
      attempts INTEGER NOT NULL DEFAULT 0,
      CHECK ((state = 'leased') = (owner IS NOT NULL)),
      CHECK ((state = 'leased') = (expires IS NOT NULL))
    ) STRICT;

    CREATE INDEX unit_open ON unit (id) WHERE state <> 'done';

    CREATE TABLE image (
      id INTEGER PRIMARY KEY,
      unit INTEGER NOT NULL REFERENCES unit (id),
      position INTEGER NOT NULL CHECK (position >= 0),
      UNIQUE (unit, position)
    ) STRICT;

    CREATE TABLE shard (
      unit INTEGER PRIMARY KEY REFERENCES unit (id),
      file TEXT NOT NULL UNIQUE,
      bytes INTEGER NOT NULL,
      sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
      blocks INTEGER NOT NULL,
      images INTEGER NOT NULL,
      regions INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE location (
      image INTEGER PRIMARY KEY REFERENCES image (id),
      shard INTEGER NOT NULL REFERENCES shard (unit),
      block INTEGER NOT NULL CHECK (block >= 0),
      first_row INTEGER NOT NULL CHECK (first_row >= 0),
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

    CREATE TABLE run (
      id INTEGER PRIMARY KEY,
      started REAL NOT NULL,
      finished REAL,
      owner TEXT NOT NULL,
      arguments TEXT NOT NULL,
      images INTEGER NOT NULL DEFAULT 0,
      regions INTEGER NOT NULL DEFAULT 0,
      statistics TEXT
    ) STRICT;
    """,
    // Leases by the monotonic clock, so that those of before are void; no unit fails as a whole;
    // images can have crashed their workers; places in the order of training by rank.
    """
    CREATE TEMP TABLE old_unit AS SELECT * FROM unit;
    CREATE TEMP TABLE old_location AS SELECT * FROM location;
    DROP TABLE unit;
    DROP TABLE location;

    CREATE TABLE unit (
      id INTEGER PRIMARY KEY,
      state TEXT NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'leased', 'done')),
      owner TEXT,
      expires REAL,
      token INTEGER NOT NULL DEFAULT 0,
      attempts INTEGER NOT NULL DEFAULT 0,
      CHECK ((state = 'leased') = (owner IS NOT NULL)),
      CHECK ((state = 'leased') = (expires IS NOT NULL))
    ) STRICT;

    CREATE INDEX unit_ready ON unit (attempts, id) WHERE state = 'ready';

    CREATE INDEX unit_leased ON unit (owner) WHERE state = 'leased';

    CREATE TABLE location (
      image INTEGER PRIMARY KEY REFERENCES image (id),
      shard INTEGER NOT NULL REFERENCES shard (unit),
      block INTEGER NOT NULL CHECK (block >= 0),
      first_row INTEGER NOT NULL CHECK (first_row >= 0),
      row_count INTEGER NOT NULL CHECK (row_count >= 0),
      width INTEGER NOT NULL CHECK (width >= 0),
      height INTEGER NOT NULL CHECK (height >= 0),
      status TEXT NOT NULL CHECK (
        status IN (
          'ok', 'noProposals', 'decodeError', 'tooLarge', 'unsupported', 'missing', 'crashed')),
      error TEXT,
      CHECK ((status = 'ok') = (row_count > 0)),
      CHECK ((status IN ('ok', 'noProposals')) = (error IS NULL))
    ) STRICT;

    CREATE INDEX location_shard ON location (shard);

    CREATE TABLE mark (
      rank INTEGER PRIMARY KEY CHECK (rank >= 0),
      image INTEGER
    ) STRICT;

    INSERT INTO unit
      SELECT id, CASE state WHEN 'done' THEN 'done' ELSE 'ready' END, NULL, NULL,
        CASE state WHEN 'done' THEN 0 ELSE token + 1 END, attempts
      FROM old_unit;
    INSERT INTO location SELECT * FROM old_location;
    DROP TABLE old_unit;
    DROP TABLE old_location;
    """,
    // Leases by signs of life instead of anybody's clock; a death counts against an image only where
    // its holder had nothing else in work.
    """
    CREATE TEMP TABLE old_unit AS SELECT * FROM unit;
    DROP TABLE unit;

    CREATE TABLE unit (
      id INTEGER PRIMARY KEY,
      state TEXT NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'leased', 'done')),
      owner TEXT,
      silence REAL,
      beat INTEGER NOT NULL DEFAULT 0,
      token INTEGER NOT NULL DEFAULT 0,
      attempts INTEGER NOT NULL DEFAULT 0,
      alone INTEGER NOT NULL DEFAULT 0 CHECK (alone IN (0, 1)),
      deaths INTEGER NOT NULL DEFAULT 0,
      CHECK ((state = 'leased') = (owner IS NOT NULL)),
      CHECK ((state = 'leased') = (silence IS NOT NULL))
    ) STRICT;

    CREATE INDEX unit_ready ON unit (attempts, id) WHERE state = 'ready';

    CREATE INDEX unit_leased ON unit (owner) WHERE state = 'leased';

    INSERT INTO unit (id, state, token, attempts)
      SELECT id, CASE state WHEN 'done' THEN 'done' ELSE 'ready' END,
        CASE state WHEN 'done' THEN 0 ELSE token + 1 END, attempts
      FROM old_unit;
    DROP TABLE old_unit;
    """,
    // What was embedded: the content of each image's file, its regions, and what the file looked like.
    """
    ALTER TABLE location ADD COLUMN content TEXT;
    ALTER TABLE location ADD COLUMN regions TEXT;

    CREATE TABLE file (
      image INTEGER PRIMARY KEY REFERENCES image (id),
      path TEXT NOT NULL,
      size INTEGER NOT NULL,
      modified INTEGER NOT NULL
    ) STRICT;
    """,
    withChecksums,
  ]
}
