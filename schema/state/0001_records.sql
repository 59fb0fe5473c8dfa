-- The first schema. Digests are 32 bytes; times are milliseconds since 1970 (UTC), durations milliseconds; file names are
-- text in which bytes that are not UTF-8 are escaped as `\xHH` and a backslash is doubled.

-- Which state this is, and where it was written last.
CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id BLOB NOT NULL CHECK (length(id) = 16),
    -- The key of the digests of environment values.
    secret BLOB NOT NULL CHECK (length(secret) = 32),
    -- The path of the database, as the system spells it.
    place BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    -- How many manifests and contents were left after the last collection.
    collected INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE run (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    command TEXT NOT NULL,
    -- A JSON array.
    arguments TEXT NOT NULL,
    user TEXT NOT NULL,
    host TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    result TEXT CHECK (result IN ('done', 'failed', 'interrupted'))
) STRICT;

-- Every attempt to bring a stage up or down: history, which no decision rests on.
CREATE TABLE attempt (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    stage TEXT NOT NULL,
    run TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('up', 'down')),
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    duration_ms INTEGER,
    -- JSON.
    outcome TEXT
) STRICT;
CREATE INDEX attempt_of_stage ON attempt (stage, id);

CREATE TABLE stage (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL
        CHECK (status IN ('up', 'down', 'running', 'failed', 'stopping', 'stop-failed')),
    -- The attempt that may change the status next; 0 if the stage was only ever marked.
    attempt INTEGER NOT NULL,
    incarnation BLOB NOT NULL CHECK (length(incarnation) = 32),
    run TEXT,
    started_ms INTEGER,
    ended_ms INTEGER,
    duration_ms INTEGER,
    up_duration_ms INTEGER,
    up_since_ms INTEGER,
    -- JSON.
    outcome TEXT,
    protect INTEGER NOT NULL CHECK (protect IN (0, 1)),
    -- For each key the kinds of input with the digests of their manifests; src/state/codec.rs says how.
    fingerprint BLOB,
    detail TEXT NOT NULL,
    stamped BLOB,
    outputs BLOB,
    generated BLOB,
    -- Digests of contents: the configuration, and the paths of the wave variables as a JSON object.
    config BLOB,
    locations BLOB
) STRICT;

-- The stamped files of a stage's last attempt to come up.
CREATE TABLE stamped_file (
    stage INTEGER NOT NULL REFERENCES stage (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    executable INTEGER NOT NULL CHECK (executable IN (0, 1)),
    sensitive INTEGER NOT NULL CHECK (sensitive IN (0, 1)),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    content BLOB,
    PRIMARY KEY (stage, path)
) STRICT, WITHOUT ROWID;

-- Direct dependencies: of the last attempt to come up, and of any since the stage was last down.
CREATE TABLE edge (
    stage INTEGER NOT NULL REFERENCES stage (id) ON DELETE CASCADE,
    dependency TEXT NOT NULL,
    last INTEGER NOT NULL CHECK (last IN (0, 1)),
    since_down INTEGER NOT NULL CHECK (since_down IN (0, 1)),
    PRIMARY KEY (stage, dependency)
) STRICT, WITHOUT ROWID;

-- Names with digests, by their own digest; src/state/codec.rs says how.
CREATE TABLE manifest (
    digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    content BLOB NOT NULL
) STRICT;

-- Contents of files, by their digest.
CREATE TABLE content (
    digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    -- 0: as it is; 1: LZ4 behind the length in four bytes.
    encoding INTEGER NOT NULL CHECK (encoding IN (0, 1)),
    content BLOB NOT NULL
) STRICT;
