extension Catalogue {
  /// The step to version 5: rows carry a checksum, marks become a list of the usable images. As
  /// `row_checksum` is this program's, other programs read such a catalogue but cannot write it.
  static let withChecksums =
    """
    CREATE TEMP TABLE old_recipe AS SELECT * FROM recipe;
    CREATE TEMP TABLE old_unit AS SELECT * FROM unit;
    CREATE TEMP TABLE old_image AS SELECT * FROM image;
    CREATE TEMP TABLE old_shard AS SELECT * FROM shard;
    CREATE TEMP TABLE old_location AS SELECT * FROM location;
    CREATE TEMP TABLE old_file AS SELECT * FROM file;
    CREATE TEMP TABLE old_run AS SELECT * FROM run;
    DROP TABLE recipe;
    DROP TABLE unit;
    DROP TABLE image;
    DROP TABLE shard;
    DROP TABLE location;
    DROP TABLE file;
    DROP TABLE run;
    DROP TABLE mark;

    CREATE TABLE recipe (
      only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
      hash TEXT NOT NULL CHECK (length(hash) = 64),
      json TEXT NOT NULL
    ) STRICT;

    CREATE TABLE unit (
      id INTEGER PRIMARY KEY,
      state TEXT NOT NULL CHECK (state IN ('ready', 'leased', 'done')),
      owner TEXT,
      silence REAL,
      beat INTEGER NOT NULL,
      token INTEGER NOT NULL,
      attempts INTEGER NOT NULL,
      alone INTEGER NOT NULL CHECK (alone IN (0, 1)),
      begun INTEGER NOT NULL CHECK (begun IN (0, alone)),
      deaths INTEGER NOT NULL,
      checksum INTEGER NOT NULL,
      CHECK ((state = 'leased') = (owner IS NOT NULL)),
      CHECK ((state = 'leased') = (silence IS NOT NULL))
    ) STRICT;

    CREATE INDEX unit_ready ON unit (attempts, id) WHERE state = 'ready';

    CREATE INDEX unit_leased ON unit (owner) WHERE state = 'leased';

    CREATE TABLE image (
      id INTEGER PRIMARY KEY,
      unit INTEGER NOT NULL REFERENCES unit (id),
      position INTEGER NOT NULL CHECK (position >= 0),
      checksum INTEGER NOT NULL,
      UNIQUE (unit, position)
    ) STRICT;

    CREATE TABLE shard (
      unit INTEGER PRIMARY KEY REFERENCES unit (id),
      file TEXT NOT NULL UNIQUE,
      bytes INTEGER NOT NULL,
      sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
      blocks INTEGER NOT NULL,
      images INTEGER NOT NULL,
      regions INTEGER NOT NULL,
      checksum INTEGER NOT NULL
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
        status IN (
          'ok', 'noProposals', 'decodeError', 'tooLarge', 'unsupported', 'missing', 'crashed')),
      error TEXT,
      content TEXT,
      regions TEXT,
      checksum INTEGER NOT NULL,
      CHECK ((status = 'ok') = (row_count > 0)),
      CHECK ((status IN ('ok', 'noProposals')) = (error IS NULL))
    ) STRICT;

    CREATE INDEX location_shard ON location (shard);

    CREATE TABLE file (
      image INTEGER PRIMARY KEY REFERENCES image (id),
      path TEXT NOT NULL,
      size INTEGER NOT NULL,
      modified INTEGER NOT NULL,
      checksum INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE summary (
      only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
      usable INTEGER NOT NULL CHECK (usable >= 0),
      manifest TEXT NOT NULL CHECK (length(manifest) = 64),
      checksum INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE usable (
      rank INTEGER PRIMARY KEY CHECK (rank >= 0),
      images BLOB NOT NULL,
      checksum INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE run (
      id INTEGER PRIMARY KEY,
      started REAL NOT NULL,
      finished REAL,
      owner TEXT NOT NULL,
      arguments TEXT NOT NULL,
      images INTEGER NOT NULL,
      regions INTEGER NOT NULL,
      statistics TEXT,
      checksum INTEGER NOT NULL
    ) STRICT;

    INSERT INTO recipe SELECT * FROM old_recipe;
    INSERT INTO unit
      SELECT id, state, owner, silence, beat, token, attempts, alone, 0, deaths,
        row_checksum(id, state, owner, silence, beat, token, attempts, alone, 0, deaths)
      FROM old_unit;
    INSERT INTO image SELECT *, row_checksum(id, unit, position) FROM old_image;
    INSERT INTO shard
      SELECT *, row_checksum(unit, file, bytes, sha256, blocks, images, regions) FROM old_shard;
    INSERT INTO location
      SELECT *, row_checksum(
        image, shard, block, first_row, row_count, width, height, status, error, content, regions)
      FROM old_location;
    INSERT INTO file SELECT *, row_checksum(image, path, size, modified) FROM old_file;
    INSERT INTO run
      SELECT *, row_checksum(
        id, started, finished, owner, arguments, images, regions, statistics)
      FROM old_run;
    DROP TABLE old_recipe;
    DROP TABLE old_unit;
    DROP TABLE old_image;
    DROP TABLE old_shard;
    DROP TABLE old_location;
    DROP TABLE old_file;
    DROP TABLE old_run;
    """
}
