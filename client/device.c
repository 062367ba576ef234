/* SPDX-License-Identifier: Apache-2.0 */
#include "client/device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

_Static_assert(sizeof((struct sambung_error *)0)->detail == ERROR_DETAIL_MAX,
	       "one size for details inside and outside");

const char *
sambung_status_name(int status)
{
	return status_name((enum status)status);
}

char *
sambung_error_sentence(const struct sambung_error *err, enum sambung_language language, char *out,
		       size_t size)
{
	struct error inner = {.status = (enum status)err->status};

	memcpy(inner.detail, err->detail, sizeof inner.detail);
	inner.detail[sizeof inner.detail - 1] = '\0';
	return error_sentence(&inner, language == SAMBUNG_ID ? LANGUAGE_ID : LANGUAGE_EN, out,
			      size);
}

int
device_fail(struct sambung_error *out, const struct error *err)
{
	if (out != NULL) {
		out->status = (int)err->status;
		memcpy(out->detail, err->detail, sizeof out->detail);
	}
	return (int)err->status;
}

void
device_platform_fill(struct sambung_platform *platform, const struct sambung_platform *given)
{
	*platform = platform_builtin;
	if (given == NULL) {
		return;
	}
	platform->context = given->context;
	if (given->wall_ms != NULL) {
		platform->wall_ms = given->wall_ms;
	}
	if (given->uptime_ms != NULL) {
		platform->uptime_ms = given->uptime_ms;
	}
	if (given->boot_id != NULL) {
		platform->boot_id = given->boot_id;
	}
	if (given->random != NULL) {
		platform->random = given->random;
	}
	if (given->post != NULL) {
		platform->post = given->post;
		platform->retry_after_s = given->retry_after_s;
		platform->wait = given->wait;
	}
	if (given->wait != NULL) {
		platform->wait = given->wait;
	}
}

static enum status
directory_make(struct sambung *device, const char *directory, struct error *err)
{
	size_t size = strlen(directory) + 1;

	device->directory = malloc(size);
	if (device->directory == NULL) {
		return fail(err, STATUS_MEMORY, "%s", directory);
	}
	memcpy(device->directory, directory, size);
	if (mkdir(directory, S_IRWXU) != 0 && errno != EEXIST) {
		return fail(err, errno == ENOSPC ? STATUS_FULL : STATUS_STORAGE, "%s: errno %d",
			    directory, errno);
	}
	return STATUS_OK;
}

/* First what is left of a destruction: then there is no data key to open. */
static enum status
keys_open(struct sambung *device, struct error *err)
{
	enum status status = device_destroy(device, false, err);

	if (status != STATUS_OK) {
		/* Who waits for another process to let go can still be told how things are. */
		return status == STATUS_BUSY ? STATUS_OK : status;
	}
	status = device_unlock(device, err);
	if (status == STATUS_NOT_FOUND) {
		return device_destroy(device, true, err);
	}
	/* Numbers and counts can be seen without the key. */
	return status == STATUS_PIN_NEEDED ? STATUS_OK : status;
}

static enum status
device_open(struct sambung *device, const struct sambung_options *options, struct error *err)
{
	enum status status = crypto_init(err);

	if (status == STATUS_OK && (options->directory == NULL || options->directory[0] == '\0')) {
		status = fail(err, STATUS_USAGE, "directory");
	}
	if (status == STATUS_OK) {
		status = directory_make(device, options->directory, err);
	}
	if (status == STATUS_OK) {
		status = local_open(device->directory, &device->local, err);
	}
	return status == STATUS_OK ? keys_open(device, err) : status;
}

int
sambung_open(const struct sambung_options *options, struct sambung **out, struct sambung_error *err)
{
	struct error inner = {0};
	struct sambung *device = calloc(1, sizeof *device);

	if (device == NULL) {
		(void)fail(&inner, STATUS_MEMORY, "%s", "");
		return device_fail(err, &inner);
	}
	device_platform_fill(&device->platform, options->platform);
	device->key = options->key;
	device->key_context = options->key_context;
	buffer_init(&device->lineages, LOCAL_LINEAGES_MAX * sizeof(struct lineage));
	if (device_open(device, options, &inner) != STATUS_OK) {
		sambung_close(device);
		return device_fail(err, &inner);
	}
	*out = device;
	return 0;
}

void
sambung_close(struct sambung *device)
{
	if (device == NULL) {
		return;
	}
	device_disconnect(device);
	exchange_free(device->exchange);
	buffer_finish(&device->lineages);
	schema_free(device->schema);
	local_close(device->local);
	free(device->directory);
	crypto_wipe(device, sizeof *device);
	free(device);
}

/* Far beyond any clock that is only wrong, so that sums of times never overflow. */
static int64_t
clamp(int64_t value, int64_t limit)
{
	return value > limit ? limit : value < -limit ? -limit : value;
}

int64_t
device_wall_ms(struct sambung *device)
{
	return clamp(device->platform.wall_ms(device->platform.context), CHANGE_TIME_MAX * 1000);
}

int64_t
device_time(struct sambung *device, const struct local_state *state,
	    enum clock_quality *quality_out)
{
	int64_t uptime_ms =
		clamp(device->platform.uptime_ms(device->platform.context), CHANGE_TIME_MAX * 1000);
	uint8_t boot[16];

	device->platform.boot_id(device->platform.context, boot);
	if (state->server_time_ms > 0 && uptime_ms >= state->server_uptime_ms &&
	    memcmp(boot, state->server_boot, sizeof boot) == 0) {
		*quality_out = CLOCK_SYNCED;
		return clamp((state->server_time_ms + uptime_ms - state->server_uptime_ms) / 1000,
			     CHANGE_TIME_MAX);
	}
	*quality_out = CLOCK_WALL;
	return clamp(device_wall_ms(device) / 1000, CHANGE_TIME_MAX);
}

int64_t
device_today(struct sambung *device, const struct local_state *state)
{
	/* Western Indonesian time, fixed: a telephone's own zone is as often wrong as its clock,
	 * and visits happen by day, when the date is the same in all three Indonesian zones. */
	const int64_t zone = INT64_C(7) * 3600;
	const int64_t day = INT64_C(24) * 3600;
	enum clock_quality quality;
	int64_t local_time = device_time(device, state, &quality) + zone;

	return local_time >= 0 ? local_time / day : -((day - 1 - local_time) / day);
}

enum status
device_random(struct sambung *device, void *out, size_t length, struct error *err)
{
	return device->platform.random(device->platform.context, out, length) == 0
		       ? STATUS_OK
		       : fail(err, STATUS_CLOCK, "%s", "");
}

enum status
device_schema(struct sambung *device, const struct local_state *state, struct error *err)
{
	struct schema *schema;
	struct arena arena;
	struct span cbor;
	enum status status;

	if (state->schema_version == 0 ||
	    (device->schema != NULL &&
	     memcmp(device->schema->hash, state->schema_hash, HASH_SIZE) == 0)) {
		return STATUS_OK;
	}
	arena_init(&arena, (size_t)2 * SCHEMA_BYTES_MAX);
	status = local_schema(device->local, state->schema_version, &arena, &cbor, err);
	if (status == STATUS_OK) {
		status = schema_decode(cbor, &schema, err);
	}
	arena_finish(&arena);
	if (status == STATUS_OK) {
		schema_free(device->schema);
		device->schema = schema;
	}
	return status;
}

/* ---- keys ---- */

void
device_seed_take(struct sambung *device, const uint8_t seed[SEED32_SIZE])
{
	memcpy(device->seed, seed, SEED32_SIZE);
	key_secret(seed, device->secret);
	device->generations = 0;
	device->keyed = true;
}

void
device_data_key_make(struct sambung *device, const uint8_t random[32], struct buffer *wrapped)
{
	const struct span label = span_of_text("sambung/data key/1");
	uint8_t key[SEAL_KEY_SIZE];

	blake2b(span_of(random, 32), &label, 1, key);
	local_key_set(device->local, key);
	seal_key_put(device->seed, SEAL_DATA_KEY, key, wrapped);
	crypto_wipe(key, sizeof key);
}

static enum status
data_key_open(struct sambung *device, struct error *err)
{
	uint8_t key[SEAL_KEY_SIZE];
	struct span wrapped;
	struct arena arena;
	enum status status;

	arena_init(&arena, 1024);
	status = local_wrapped(device->local, &arena, &wrapped, err);
	if (status == STATUS_OK && seal_key_get(device->seed, SEAL_DATA_KEY, wrapped, key)) {
		local_key_set(device->local, key);
	} else if (status == STATUS_OK) {
		status = fail(err, STATUS_SIGNATURE, "device.key");
	}
	crypto_wipe(key, sizeof key);
	arena_finish(&arena);
	if (status != STATUS_OK) {
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	}
	return lease_open(device, err);
}

enum status
device_unlock(struct sambung *device, struct error *err)
{
	uint8_t seed[SEED32_SIZE];
	enum status status = STATUS_OK;

	if (!device->keyed) {
		status = key_load(device, seed, err);
		if (status == STATUS_OK) {
			device_seed_take(device, seed);
		}
		crypto_wipe(seed, sizeof seed);
	}
	return status == STATUS_OK && !local_has_key(device->local) ? data_key_open(device, err)
								    : status;
}

void
device_key(struct sambung *device, const struct local_state *state)
{
	if (!device->keyed || device->generations == state->lineage_count) {
		return;
	}
	/* The number may have been changed by another process. */
	key_secret(device->seed, device->secret);
	for (size_t i = 0; i < state->lineage_count; i++) {
		key_fork(device->secret, state->lineage[i].parent, state->lineage[i].n);
	}
	device->generations = state->lineage_count;
}

/* Another process may have enrolled since this one opened the folder. */
static enum status
state_unlock(struct sambung *device, struct local_state *state, struct error *err)
{
	enum status status = device_unlock(device, err);

	if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !local_has_key(device->local))) {
		/* Whoever moved the folder left it behind. */
		return fail(err, STATUS_STORAGE, "device.key");
	}
	return status == STATUS_OK ? local_state_load(device->local, state, err) : status;
}

enum status
device_lineages(struct sambung *device, struct error *err)
{
	return local_lineages(device->local, &device->lineages, err);
}

enum status
device_load(struct sambung *device, struct local_state *state_out, struct error *err)
{
	enum status status = local_state_load(device->local, state_out, err);

	if (status == STATUS_OK && state_out->destroyed_ms != 0) {
		return fail(err, STATUS_DESTROYED, "%s", "");
	}
	if (status == STATUS_OK && state_out->device == 0) {
		return fail(err, STATUS_NOT_ENROLLED, "%s", "");
	}
	if (status == STATUS_OK && !local_has_key(device->local)) {
		status = state_unlock(device, state_out, err);
	}
	if (status == STATUS_OK) {
		device_key(device, state_out);
		status = device_lineages(device, err);
	}
	return status == STATUS_OK ? device_schema(device, state_out, err) : status;
}

enum status
device_enrolled(struct sambung *device, struct local_state *state_out, struct error *err)
{
	enum status status = device_load(device, state_out, err);

	return status == STATUS_OK ? lease_check(device, state_out, err) : status;
}

static enum status
schema_adopt(struct sambung *device, const struct local_schema_part *part,
	     struct local_state *state, struct error *err)
{
	struct schema *schema;
	enum status status = schema_decode(part->bytes, &schema, err);

	if (status != STATUS_OK) {
		return fail(err, STATUS_UNSUPPORTED, "schema v%u", part->version);
	}
	status = local_schema_save(device->local, part->version, part->bytes, err);
	if (status != STATUS_OK) {
		schema_free(schema);
		return status;
	}
	state->schema_version = part->version;
	memcpy(state->schema_hash, part->hash, HASH_SIZE);
	schema_free(device->schema);
	device->schema = schema;
	return STATUS_OK;
}

enum status
device_schema_take(struct sambung *device, const struct schema_chunk *chunk,
		   struct local_state *state, struct error *err)
{
	struct local_schema_part part = {0};
	uint8_t hash[HASH_SIZE];
	struct arena arena;
	enum status status = STATUS_OK;

	arena_init(&arena, (size_t)2 * SCHEMA_BYTES_MAX);
	if (chunk->version != 0) {
		status = local_schema_chunk(device->local, chunk, err);
	}
	if (status == STATUS_OK) {
		status = local_schema_part(device->local, &arena, &part, err);
	}
	if (status == STATUS_OK && part.version != 0 && part.bytes.length == part.size) {
		sha256(&part.bytes, 1, hash);
		status = memcmp(hash, part.hash, HASH_SIZE) == 0
				 ? schema_adopt(device, &part, state, err)
				 : local_schema_part_drop(device->local, err);
	}
	arena_finish(&arena);
	return status;
}

int
sambung_state(struct sambung *device, struct sambung_state *out, struct sambung_error *err)
{
	struct error inner = {0};
	struct local_state state;
	struct sambung_state result = {0};
	struct local_witness older;
	enum status status = local_state_load(device->local, &state, &inner);

	if (status == STATUS_OK && state.device != 0 && state.destroyed_ms == 0 &&
	    !local_has_key(device->local)) {
		struct local_state again;

		result.locked = state_unlock(device, &again, NULL) == STATUS_PIN_NEEDED;
		state = local_has_key(device->local) ? again : state;
	}
	if (status == STATUS_OK) {
		status = local_quarantined_count(device->local, &result.quarantined, &inner);
	}
	if (status == STATUS_OK) {
		status = local_conflict_count(device->local, &result.conflicts, &inner);
	}
	if (status == STATUS_OK) {
		status = local_witness(device->local, LOCAL_EVIDENCE_OLDER, &older, &inner);
	}
	if (status != STATUS_OK) {
		return device_fail(err, &inner);
	}
	result.device = state.device;
	_Static_assert(sizeof result.cadre == sizeof state.cadre, "a cadre's name fits");
	memcpy(result.cadre, state.cadre, sizeof result.cadre);
	result.last_n = state.last_n;
	result.acked_n = state.acked_n;
	result.queued = state.last_n - state.acked_n;
	result.epoch = state.epoch;
	result.cursor = state.cursor.complete;
	result.last_sync_ms = state.last_sync_ms;
	result.destroyed_ms = state.destroyed_ms;
	result.contradiction_ms = older.kept && older.server_ms <= 0 ? 1 : older.server_ms;
	result.log_size = state.witness.size;
	if (state.witness.size != 0) {
		checkpoint_short(&state.witness, result.log_root);
	}
	if (local_has_key(device->local)) {
		(void)lease_check(device, &state, NULL);
		result.lease_until_ms = device->lease.days == 0 ? 0 : device->lease.until_ms;
		result.lease_over = device->lease.lacking;
	}
	*out = result;
	return 0;
}
