/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/district.h"

#include "daemon/folder.h"
#include "daemon/ingest/note.h"
#include "daemon/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMITS_MERGED = 16 };

/* ---- the server ---- */

static void
open_parts(struct district *district)
{
	char path[HOST_PATH_SIZE];
	struct error err = {0};

	host_path(district->folder, FOLDER_DATABASE, path);
	host_must(store_open(path, STORE_WRITER, &district->store, &err), "the database", &err);
	host_must(catalogue_create(district->store, &district->catalogue, &err), "the schema",
		  &err);
	host_must(ingest_create(&(struct ingest_options){.store = district->store,
							 .catalogue = district->catalogue,
							 .keys = &district->keys,
							 .platform = machine_platform},
				&district->ingest, &err),
		  "ingest", &err);
}

static void
read_schema(struct buffer *out)
{
	FILE *file = fopen(SHIPPED_SCHEMA, "rb");
	uint8_t *room = buffer_extend(out, SCHEMA_BYTES_MAX);
	size_t length = file == NULL || room == NULL ? 0 : fread(room, 1, SCHEMA_BYTES_MAX, file);

	if (length == 0) {
		host_die("the shipped schema cannot be read");
	}
	(void)fclose(file);
	out->length = length;
}

void
district_found(struct district *district, const char *folder)
{
	struct server_birth birth = {.name = span_of_text("Uji"),
				     .url = span_of_text("http://127.0.0.1:1")};
	struct error err = {0};
	struct buffer schema;
	uint8_t secret[KEYS_SECRET_SIZE];
	char path[HOST_PATH_SIZE];

	memset(district, 0, sizeof *district);
	(void)snprintf(district->folder, sizeof district->folder, "%s", folder);
	host_must(crypto_init(&err), "cryptography", &err);
	buffer_init(&schema, SCHEMA_BYTES_MAX);
	read_schema(&schema);
	birth.schema_json = buffer_span(&schema);
	host_path(folder, FOLDER_KEYS, path);
	crypto_random(secret, sizeof secret);
	host_must(keys_create(path, secret, &district->keys, &err), "keys", &err);
	host_path(folder, FOLDER_DATABASE, path);
	host_must(ingest_found_server(path, &district->keys, &machine_platform, &birth,
				      span_of_text("sbt_bench"), &err),
		  "founding the server", &err);
	buffer_finish(&schema);
	open_parts(district);
	district_begin(district);
	host_must(ingest_import_begin(district->ingest, 0, &district->import_stream, &err),
		  "the import", &err);
	district_commit(district);
}

void
district_open(struct district *district, const char *folder)
{
	struct error err = {0};
	char path[HOST_PATH_SIZE];

	memset(district, 0, sizeof *district);
	(void)snprintf(district->folder, sizeof district->folder, "%s", folder);
	host_path(folder, FOLDER_KEYS, path);
	host_must(keys_load(path, &district->keys, &err), "keys", &err);
	open_parts(district);
}

void
district_reopen(struct district *district)
{
	open_parts(district);
}

void
district_close(struct district *district)
{
	ingest_free(district->ingest);
	catalogue_free(district->catalogue);
	store_close(district->store);
	district->ingest = NULL;
	district->catalogue = NULL;
	district->store = NULL;
}

void
district_rest(struct district *district)
{
	struct error err = {0};
	bool behind = true;

	while (behind) {
		host_must(ingest_rest(district->ingest, &behind, &err), "resting", &err);
	}
}

void
district_begin(struct district *district)
{
	struct error err = {0};

	host_must(ingest_begin(district->ingest, &err), "begin", &err);
}

void
district_commit(struct district *district)
{
	struct error err = {0};

	host_must(ingest_commit(district->ingest, &err), "commit", &err);
	/* As the daemon's writer does; else the write-ahead log would grow without end. */
	if (++district->commits % COMMITS_MERGED == 0) {
		host_must(store_checkpoint(district->store, false, &err), "the write-ahead log",
			  &err);
	}
}

/* ---- what is there before ---- */

/* Returns the record's version. */
static uint64_t
import_change(struct district *district, struct server_change *own)
{
	struct error err = {0};
	uint64_t seq;

	own->stream = district->import_stream;
	own->change.kind = CHANGE_IMPORT;
	host_must(ingest_server_change(district->ingest, own, &seq, &err), "importing", &err);
	return seq;
}

static void
import_family(struct district *district, const struct workload_device *from, size_t family,
	      struct district_village *out)
{
	struct change_field fields[WORKLOAD_FIELDS_MAX];
	struct server_change own = {0};

	workload_family_change(from, family, fields, &own.change);
	out->versions[family] = import_change(district, &own);
	out->families[family] = own.change.record;
}

static void
import_person(struct district *district, size_t family, size_t member, struct district_village *out)
{
	struct change_field fields[WORKLOAD_FIELDS_MAX];
	struct server_change own = {0};

	workload_person_change(member, out->families[family], fields, &own.change);
	(void)import_change(district, &own);
	out->persons[family][member] = own.change.record;
}

void
district_import(struct district *district, const struct workload_device *from,
		enum district_extent extent, struct district_village *out)
{
	bool wanted[WORKLOAD_FAMILIES][WORKLOAD_MEMBERS] = {{false}};
	bool visited[WORKLOAD_FAMILIES] = {false};

	memset(out, 0, sizeof *out);
	out->village = from->village;
	for (size_t i = 0; i < from->visit_count; i++) {
		visited[from->visits[i].family] = true;
		wanted[from->visits[i].family][from->visits[i].member] = true;
	}
	for (size_t i = 0; i < WORKLOAD_FAMILIES; i++) {
		if (extent == DISTRICT_ALL || visited[i]) {
			import_family(district, from, i, out);
		}
	}
	for (size_t i = 0; i < WORKLOAD_FAMILIES; i++) {
		for (size_t j = 0; j < WORKLOAD_MEMBERS; j++) {
			if (extent == DISTRICT_ALL || wanted[i][j]) {
				import_person(district, i, j, out);
			}
		}
	}
}

/* As enrolment writes it, without the code and the parcels before it. */
void
district_enrol(struct district *district, uint64_t village, struct district_device *out)
{
	struct ingest *ingest = district->ingest;
	struct region scope = {.low = village, .high = village};
	struct device device = {.state = DEVICE_ACTIVE, .scope = &scope, .scope_count = 1};
	struct note note = {.action = "enrol",
			    .name = span_of_text("Kader"),
			    .scope = &scope,
			    .scope_count = 1};
	uint8_t key[SIGN_PUBLIC_SIZE];
	uint8_t seed[32];
	struct error err = {0};

	memset(out, 0, sizeof *out);
	crypto_random(seed, sizeof seed);
	sign_keypair(seed, key, out->secret);
	host_must(ingest_stream_create(ingest, STREAM_DEVICE, note.name, key, &out->number, &err),
		  "enrolling", &err);
	note.stream = out->number;
	note.key = span_of(key, sizeof key);
	host_must(ingest_note(ingest, ENTRY_SCOPE, 0, &note, &out->scope_version, &err),
		  "enrolling", &err);
	device.stream.number = out->number;
	device.scope_version = out->scope_version;
	host_must(store_device_put(ingest->options.store, &device, &err), "enrolling", &err);
	chain_start(key, out->number, out->chain);
}

void
district_token(struct district *district, enum role role, char token_out[TOKEN_TEXT_SIZE])
{
	const struct token_order order = {.role = role, .name = span_of_text("Dinas")};
	struct error err = {0};

	host_must(ingest_token_add(district->ingest, &order, token_out, &err), "a token", &err);
}

void
district_device_ready(struct district *district, struct district_device *device)
{
	struct checkpoint newest;
	struct error err = {0};
	bool found = false;

	host_must(store_checkpoint_last(district->store, &newest, &found, &err), "the checkpoint",
		  &err);
	device->witness_size = found ? newest.size : 0;
	memcpy(device->witness_root, newest.root, sizeof device->witness_root);
	host_must(store_log_head(district->store, &device->cursor.complete, &err), "the log", &err);
	device->cursor.key = device->cursor.complete;
	device->cursor.id = CURSOR_ID_END;
}

/* ---- parcels ---- */

void
draft_init(struct draft *draft)
{
	memset(draft, 0, sizeof *draft);
	buffer_init(&draft->bytes, MESSAGE_BODY_MAX);
}

void
draft_finish(struct draft *draft)
{
	buffer_finish(&draft->bytes);
}

void
draft_add(struct draft *draft, const struct district_device *device, struct change *change)
{
	if (draft->count == DRAFT_CHANGES_MAX) {
		host_die("a parcel of too many changes");
	}
	change->n = draft->n_before + (uint32_t)draft->count + 1;
	if (change->record == 0) {
		change->record = id_make(device->number, change->n);
	}
	change->schema_version = 1;
	change->scope_version = device->scope_version;
	change->has_own = true;
	change->own_n = change->n - 1;
	change->quality = CLOCK_SYNCED;
	change_encode(change, &draft->bytes);
	draft->ends[draft->count++] = draft->bytes.length;
}

void
draft_add_visits(struct draft *draft, const struct district_device *device,
		 const struct district_village *village, const struct workload_visit *visits,
		 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct workload_visit *visit = &visits[i];
		struct change_field fields[WORKLOAD_FIELDS_MAX];
		struct change change = {.time = visit->time};

		workload_visit_change(visit, village->persons[visit->family][visit->member], fields,
				      &change);
		draft_add(draft, device, &change);
	}
}

/* Packs the changes as one batch and moves the device's n and chain behind them. */
static void
pack_body(const struct draft *draft, struct district_device *device, struct buffer *body)
{
	struct span changes[DRAFT_CHANGES_MAX];
	struct batch batch = {.last_n = device->n + (uint32_t)draft->count};
	struct request_body packed = {.batches = &batch,
				      .batch_count = draft->count > 0,
				      .changes = changes,
				      .change_count = draft->count};
	size_t from = 0;
	struct error err = {0};

	crypto_random(batch.seed, sizeof batch.seed);
	for (size_t i = 0; i < draft->count; i++) {
		uint8_t salt[SALT_SIZE];
		uint8_t commitment[HASH_SIZE];

		changes[i] = span_of(draft->bytes.at + from, draft->ends[i] - from);
		from = draft->ends[i];
		device->n++;
		commitment_salt(batch.seed, device->n, salt);
		commitment_make(salt, device->number, device->n, changes[i], commitment);
		chain_advance(device->chain, device->n, commitment);
	}
	host_must(request_body_pack(&packed, body, &err), "packing", &err);
}

static void
make_head(const struct draft *draft, const struct district *district,
	  const struct district_device *device, struct buffer *out)
{
	const struct schema *schema = catalogue_schema(district->catalogue, 0);
	struct request_head head = {
		.device = device->number,
		.epoch = district->ingest->ledger.epoch,
		.r = device->r,
		.cursor = device->cursor,
		.first_n = device->n - (uint32_t)draft->count + 1,
		.count = (uint32_t)draft->count,
		.known_n = device->n,
		.witness_size = device->witness_size,
		.clock_wall = machine_platform.now_ms(NULL) / 1000,
		.scope_version = device->scope_version,
		.schema_version = schema->version,
		.room = 64 * 1024,
		.programme = 1,
	};

	memcpy(head.h_last, device->chain, sizeof head.h_last);
	memcpy(head.witness_root, device->witness_root, sizeof head.witness_root);
	memcpy(head.schema_hash, schema->hash, sizeof head.schema_hash);
	request_head_encode(&head, out);
}

void
draft_seal(struct draft *draft, const struct district *district, struct district_device *device,
	   struct load_request *out)
{
	struct parcel_sender sender = {.server_key_id = district->keys.box.id};
	struct buffer head;
	struct buffer body;
	struct buffer parcel;
	uint8_t random[32];
	struct error err = {0};

	host_must(buffer_status(&draft->bytes, "changes", &err), "a parcel", &err);
	memset(out, 0, sizeof *out);
	buffer_init(&head, MESSAGE_BODY_MAX);
	buffer_init(&body, PARCEL_REQUEST_MAX);
	buffer_init(&parcel, PARCEL_REQUEST_MAX);
	out->first_n = device->n + 1;
	device->r++;
	pack_body(draft, device, &body);
	make_head(draft, district, device, &head);
	memcpy(sender.secret, device->secret, sizeof sender.secret);
	memcpy(sender.server_key, district->keys.box.public_key, sizeof sender.server_key);
	crypto_random(random, sizeof random);
	host_must(parcel_seal_request(PARCEL_SYNC, &sender, random, device->r, buffer_span(&head),
				      buffer_span(&body), &parcel, &out->session, &err),
		  "sealing", &err);
	out->parcel = buffer_span(&parcel); /* from here on the request's */
	out->device = device->number;
	out->last_n = device->n;
	buffer_init(&out->reply, PARCEL_REPLY_MAX);
	buffer_finish(&head);
	buffer_finish(&body);
	buffer_clear(&draft->bytes);
	draft->count = 0;
}

void
load_requests_free(struct load_request *requests, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		/* The span was a buffer's, so the bytes are ours. */
		free((void *)(uintptr_t)requests[i].parcel.at);
		buffer_finish(&requests[i].reply);
	}
	free(requests);
}
