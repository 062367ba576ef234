-- SPDX-License-Identifier: Apache-2.0
-- The first tables. Each index is paid for by every visit, so each says what it is for.
-- Numbers that are seq, ids of records (stream << 32 | n) and village codes are integers throughout;
-- times are milliseconds since 1970 in *_ms, seconds elsewhere.

-- The one counter. It moves as the last statement of a commit, with the newest number of a session:
-- rows of sessions may be lost, their numbers in the log are not given out again.
CREATE TABLE log_head (
	only INTEGER PRIMARY KEY CHECK (only = 1),
	seq INTEGER NOT NULL,
	session INTEGER NOT NULL
) STRICT;
INSERT INTO log_head (only, seq, session) VALUES (1, 0, 0);

-- A row is the header of an entry, column by column, and what its commitment commits to. record is
-- NULL for a change that creates its record (stream << 32 | n is its id), 0 where there is none.
-- commitment is NULL while it follows from salt and payload; these are NULL once erased.
CREATE TABLE log (
	seq INTEGER PRIMARY KEY,
	kind INTEGER NOT NULL,
	received_ms INTEGER NOT NULL,
	session INTEGER NOT NULL,
	stream INTEGER NOT NULL,
	n INTEGER NOT NULL,
	time INTEGER NOT NULL,
	user INTEGER NOT NULL,
	record INTEGER,
	verdict INTEGER NOT NULL,
	reason INTEGER NOT NULL,
	schema_version INTEGER NOT NULL,
	commitment BLOB,
	salt BLOB,
	payload BLOB
) STRICT;
-- History of a record. Most visits are written once: their only entry is found through log_run.
CREATE INDEX log_record ON log (record) WHERE record > 0;

-- Who read what, for the one whom it is about. Only such entries pay for it.
CREATE INDEX log_reads ON log (kind) WHERE kind = 8;

-- Where the changes of a stream stand in the log: n up to n + count - 1 at seq up to
-- seq + count - 1. Runs of a stream never overlap, which makes (stream, n) unique; a parcel adds one
-- row here where an index over the log would take one for each change. village is that of the records
-- of one change (record.state) that the run created, 0 if none.
CREATE TABLE log_run (
	stream INTEGER NOT NULL,
	n INTEGER NOT NULL,
	count INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	village INTEGER NOT NULL,
	PRIMARY KEY (stream, n)
) STRICT, WITHOUT ROWID;
-- What a scope lacks, as far as record_version does not tell it.
CREATE INDEX log_run_village ON log_run (village, seq, count) WHERE village > 0;

-- Roots of the complete subtrees of 256 leaves; the first has number 0.
CREATE TABLE tree (
	number INTEGER PRIMARY KEY,
	root BLOB NOT NULL
) STRICT;

CREATE TABLE checkpoint (
	place INTEGER PRIMARY KEY,
	epoch INTEGER NOT NULL,
	size INTEGER NOT NULL,
	root BLOB NOT NULL,
	origin BLOB NOT NULL,
	signature BLOB NOT NULL,
	UNIQUE (epoch, size)
) STRICT;

CREATE TABLE epoch (
	place INTEGER PRIMARY KEY,
	epoch INTEGER NOT NULL UNIQUE,
	parent INTEGER NOT NULL,
	cut INTEGER NOT NULL
) STRICT;

-- parent, village and version repeat what state holds, for the indexes and queries below. state is
-- NULL while a record is what one change of a device made it: the entry `version` of the log.
CREATE TABLE record (
	id INTEGER PRIMARY KEY,
	type INTEGER NOT NULL,
	parent INTEGER NOT NULL,
	village INTEGER NOT NULL,
	version INTEGER NOT NULL,
	moved INTEGER NOT NULL,
	conflicts INTEGER NOT NULL,
	state BLOB
) STRICT;
-- What a scope lacks, and lists by type and village in order of version. The id is in it as well, as
-- the row's own key. Left out are the many of one change that never moved: the runs of their village
-- lead to them.
CREATE INDEX record_version ON record (village, type, version)
	WHERE state IS NOT NULL OR moved > 0;
-- The few that changed their village after their last change: a pull finds them by that number.
CREATE INDEX record_moved ON record (village, moved) WHERE moved > version;
-- The list of conflicts; few records stand in it.
CREATE INDEX record_conflict ON record (type) WHERE conflicts > 0;

-- Which villages hold, or once held, records of which types, and how many: spares the hot path an
-- index for counting. conflicts counts records, not fields.
CREATE TABLE place (
	village INTEGER NOT NULL,
	type INTEGER NOT NULL,
	records INTEGER NOT NULL,
	conflicts INTEGER NOT NULL,
	PRIMARY KEY (village, type)
) STRICT, WITHOUT ROWID;

-- record left village with entry seq.
CREATE TABLE move (
	village INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	record INTEGER NOT NULL,
	PRIMARY KEY (village, seq, record)
) STRICT, WITHOUT ROWID;
-- Where a record was, for a change from where its device does not look any more. Only moves pay for it.
CREATE INDEX move_record ON move (record, seq);

-- Up to which entry of the log the typed tables have come.
CREATE TABLE typed_head (
	only INTEGER PRIMARY KEY CHECK (only = 1),
	seq INTEGER NOT NULL
) STRICT;
INSERT INTO typed_head (only, seq) VALUES (1, 0);

-- Columns of the typed tables t_<type>, by the tags, which never change as names do. part: 0, or 1
-- and 2 for the latitude and longitude of a point.
CREATE TABLE typed_column (
	type INTEGER NOT NULL,
	tag INTEGER NOT NULL,
	part INTEGER NOT NULL,
	name TEXT NOT NULL,
	PRIMARY KEY (type, tag, part)
) STRICT, WITHOUT ROWID;

CREATE TABLE stream (
	number INTEGER PRIMARY KEY,
	kind INTEGER NOT NULL,
	name TEXT NOT NULL,
	key BLOB NOT NULL,
	parent INTEGER NOT NULL,
	parent_n INTEGER NOT NULL
) STRICT;
-- The numbers that continue another after a fork; others cost nothing.
CREATE INDEX stream_parent ON stream (parent) WHERE parent > 0;
-- Whose key it is, when somebody asks to go on with it. Paid for once, at the enrolment.
CREATE INDEX stream_key ON stream (key) WHERE kind = 1;

-- How far each stream has come: what a sync writes of its device, in one row. acked_n and chain follow
-- from the log; r (the highest request counter seen), last_ms and witness (size of the largest checkpoint
-- of this log that the device named) are operations, not evidence, and 0 for what is no device.
CREATE TABLE progress (
	number INTEGER PRIMARY KEY,
	acked_n INTEGER NOT NULL,
	chain BLOB NOT NULL,
	r INTEGER NOT NULL,
	last_ms INTEGER NOT NULL,
	witness INTEGER NOT NULL
) STRICT;

-- scope here, in device_scope and in code: CBOR array of low, high, low, high ...
-- state: 1 active, 2 revoked, 3 former, 4 held.
CREATE TABLE device (
	number INTEGER PRIMARY KEY,
	state INTEGER NOT NULL,
	scope_version INTEGER NOT NULL,
	scope BLOB NOT NULL
) STRICT;

-- Every scope that a device ever had, the present one too: version is the log entry that gave it.
CREATE TABLE device_scope (
	device INTEGER NOT NULL,
	version INTEGER NOT NULL,
	scope BLOB NOT NULL,
	PRIMARY KEY (device, version)
) STRICT, WITHOUT ROWID;

-- secret_hash: the mark (trust/keys.h) of the secret and of what the code brings.
CREATE TABLE code (
	id BLOB PRIMARY KEY,
	secret_hash BLOB NOT NULL,
	expires_ms INTEGER NOT NULL,
	cadre TEXT NOT NULL,
	scope BLOB NOT NULL,
	failures INTEGER NOT NULL,
	device INTEGER NOT NULL,
	device_key BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- revoked: the entry that took it back, 0 while it serves.
CREATE TABLE token (
	hash BLOB PRIMARY KEY,
	user INTEGER NOT NULL,
	role INTEGER NOT NULL,
	scope_low INTEGER NOT NULL,
	scope_high INTEGER NOT NULL,
	name TEXT NOT NULL,
	expires_ms INTEGER NOT NULL,
	revoked INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE schema (
	version INTEGER PRIMARY KEY,
	cbor BLOB NOT NULL,
	json BLOB NOT NULL
) STRICT;

-- What was ever set aside, as the log says. settled: the entry that released or closed it, 0 while
-- it is open. Why it is here, stands in quarantine_cause.
CREATE TABLE quarantine (
	seq INTEGER PRIMARY KEY,
	stream INTEGER NOT NULL,
	n INTEGER NOT NULL,
	record INTEGER NOT NULL,
	village INTEGER NOT NULL,
	settled INTEGER NOT NULL,
	released INTEGER NOT NULL,
	UNIQUE (stream, n)
) STRICT;
-- What a phone has to be told of its changes.
CREATE INDEX quarantine_settled ON quarantine (stream, settled);

-- Operations, not evidence.
CREATE TABLE session (
	id INTEGER PRIMARY KEY,
	time_ms INTEGER NOT NULL,
	stream INTEGER NOT NULL,
	requests INTEGER NOT NULL,
	bytes_up INTEGER NOT NULL,
	bytes_down INTEGER NOT NULL,
	sent INTEGER NOT NULL,
	acked INTEGER NOT NULL,
	conflicts INTEGER NOT NULL,
	quarantined INTEGER NOT NULL,
	pulled_from INTEGER NOT NULL,
	pulled_to INTEGER NOT NULL,
	result TEXT NOT NULL
) STRICT;

-- What imports wrote for a key of their files; version: of the record when the first had made it.
CREATE TABLE import_row (
	type INTEGER NOT NULL,
	key TEXT NOT NULL,
	record INTEGER NOT NULL,
	version INTEGER NOT NULL,
	cells BLOB NOT NULL,
	PRIMARY KEY (type, key)
) STRICT, WITHOUT ROWID;

-- Named values of the server itself.
CREATE TABLE setting (
	name TEXT PRIMARY KEY,
	value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Operations, not evidence: how a change in quarantine was judged last, which may be another time than
-- the log tells of. awaits: the record for lack of which it is here, 0 if that is not why or if it is
-- settled.
CREATE TABLE quarantine_cause (
	seq INTEGER PRIMARY KEY,
	reason INTEGER NOT NULL,
	awaits INTEGER NOT NULL
) STRICT;
-- What a record that comes brings back.
CREATE INDEX quarantine_awaits ON quarantine_cause (awaits) WHERE awaits > 0;

-- What was legally erased. A row for each record that an entry of kind erasure names; in an erasure
-- that takes several entries the record that was asked for stands in the last one.
CREATE TABLE erased (
	record INTEGER PRIMARY KEY,
	seq INTEGER NOT NULL
) STRICT;
-- What an entry erased, in the order in which phones are told.
CREATE INDEX erased_seq ON erased (seq, record);

-- Operations: how far each erasure has come. record: that was asked for, 0 after a restore.
-- finished_ms: when nothing was left in free pages and in the write-ahead log; 0: not yet.
CREATE TABLE erasure (
	seq INTEGER PRIMARY KEY,
	record INTEGER NOT NULL,
	asked_ms INTEGER NOT NULL,
	finished_ms INTEGER NOT NULL
) STRICT;
-- Is anything left to be finished? Empty nearly always.
CREATE INDEX erasure_unfinished ON erasure (seq) WHERE finished_ms = 0;

-- Operations: the devices that may hold what an entry erased; acked_ms: when one said that it holds
-- it no more, 0: not yet.
CREATE TABLE erasure_device (
	device INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	acked_ms INTEGER NOT NULL,
	PRIMARY KEY (device, seq)
) STRICT, WITHOUT ROWID;
-- Which devices were told of an erasure.
CREATE INDEX erasure_device_seq ON erasure_device (seq);
-- Does any erasure wait for a device? Empty most of the time.
CREATE INDEX erasure_device_waits ON erasure_device (acked_ms) WHERE acked_ms = 0;

-- Devices that said they had destroyed what they held, and the entry of the log that says when.
CREATE TABLE device_destroyed (
	device INTEGER PRIMARY KEY,
	seq INTEGER NOT NULL
) STRICT;

-- Where a device shows up for people: its present regions, or those that it was left without last. It
-- follows from device_scope, for a scope there is no column that a query could compare.
CREATE TABLE device_region (
	device INTEGER NOT NULL,
	low INTEGER NOT NULL,
	high INTEGER NOT NULL,
	PRIMARY KEY (device, low, high)
) STRICT, WITHOUT ROWID;

-- People who sign in with a password. number: of their stream. scope_low 0: everything. disabled: the
-- entry that took the right to sign in, 0 while she has it.
CREATE TABLE user (
	number INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	role INTEGER NOT NULL,
	scope_low INTEGER NOT NULL,
	scope_high INTEGER NOT NULL,
	disabled INTEGER NOT NULL
) STRICT;
-- Who signs in. The name of one who may no more is free again.
CREATE UNIQUE INDEX user_name ON user (name) WHERE disabled = 0;

-- Operations, not evidence, as all below: a password's hash follows from nothing in the log.
CREATE TABLE user_password (
	number INTEGER PRIMARY KEY,
	password BLOB NOT NULL,
	last_ms INTEGER NOT NULL
) STRICT;

-- When a token served last, give or take some minutes.
CREATE TABLE token_use (
	hash BLOB PRIMARY KEY,
	last_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who is signed in; hash: the mark of what her cookie says.
CREATE TABLE login (
	hash BLOB PRIMARY KEY,
	user INTEGER NOT NULL,
	began_ms INTEGER NOT NULL,
	last_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Failed tries to sign in; subject: hash of a name or of an address.
CREATE TABLE login_failure (
	subject BLOB PRIMARY KEY,
	count INTEGER NOT NULL,
	last_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Which ones are forgotten first.
CREATE INDEX login_failure_last ON login_failure (last_ms);
