/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/twin/altered.h"

#include "daemon/ingest/people.h"

#include <unistd.h>

#include <jansson.h>

enum { SEED = 77 };

static const char other_village[] = "6303072002";
static const char third_village[] = "6303072003";

#define VILLAGES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- a district's life ---- */

void
altered_create(const struct two_cadres *all, size_t device, const char *type,
	       const char *const *fields, char id_out[16])
{
	struct sambung_edit *form;
	struct sambung_error err;

	assert_ok(sambung_edit_create(handle(all, device), type, &form, &err));
	for (; fields[0] != NULL; fields += 2) {
		set(form, fields[0], fields[1]);
	}
	assert_ok(sambung_edit_commit(form, id_out, NULL, &err));
}

static void
load_second_schema(struct world *world)
{
	json_t *schema = json_load_file(getenv("SAMBUNG_SCHEMA"), 0, NULL);
	char *text;

	assert_non_null(schema);
	assert_int_equal(json_object_set_new(schema, "version", json_integer(2)), 0);
	text = json_dumps(schema, 0);
	json_decref(schema);
	assert_ok(world_load_schema(world, text, strlen(text)));
	free(text);
}

static uint32_t
add_user(struct world *world, const char *name, struct region scope)
{
	const struct user_order order = {
		.name = span_of_text(name), .role = ROLE_SUPERVISOR, .scope = scope};
	uint32_t number = 0;
	struct error err;

	assert_ok(ingest_user_add(world->ingest, &order, &number, &err));
	return number;
}

static uint32_t
add_token(struct world *world, const char *name, int64_t expires_ms)
{
	char text[TOKEN_TEXT_SIZE];
	const struct token_order order = {.role = ROLE_SUPERVISOR,
					  .scope = {6303072001, 6303072001},
					  .name = span_of_text(name),
					  .expires_ms = expires_ms};
	struct token token = {.user = 0};
	struct arena arena;
	struct error err;

	assert_ok(ingest_token_add(world->ingest, &order, text, &err));
	arena_init(&arena, 1 << 16);
	assert_ok(token_find(world->store, text, 0, &arena, &token, &err));
	arena_finish(&arena);
	return token.user;
}

/* Two who sign in and one who may no more, whose name another has; tokens likewise. */
static void
add_people(struct world *world)
{
	static const uint8_t password[PASSWORD_SIZE] = {1};
	const struct region village = {6303072001, 6303072001};
	uint32_t number;
	struct error err;

	assert_ok(ingest_begin(world->ingest, &err));
	number = add_user(world, "Bu Lama", village);
	assert_ok(ingest_user_disable(world->ingest, number, 0, &err));
	(void)add_user(world, "Bu Lama", (struct region){0, 0});
	number = add_user(world, "Bu Baru", village);
	assert_ok(ingest_user_password(world->ingest, number, password, 0, &err));
	(void)add_token(world, "Ibu Uji", 0);
	number = add_token(world, "Laporan", INT64_C(2000000000000));
	assert_ok(ingest_token_revoke(world->ingest, number, 0, &err));
	assert_ok(ingest_read_entry(world->ingest, 0, "/v1/records/{type}", "family", &err));
	assert_ok(ingest_commit(world->ingest, &err));
}

/* Both change the same field; one conflict is settled, one stays. */
static void
quarrel(struct two_cadres *all)
{
	edit(all, all->ani, "address", "Jl. Ani");
	edit(all, all->budi, "address", "Jl. Budi");
	edit(all, all->ani, "head", "Kepala Ani");
	edit(all, all->budi, "head", "Kepala Budi");
	world_sync(all->world, all->ani);
	world_sync(all->world, all->budi);
	assert_ok(world_settle(all->world, all->family, "address", "Jl. Damai"));
}

static void
many_visits(struct two_cadres *all)
{
	char id[16];

	for (int i = 0; i < ALTERED_VISITS; i++) {
		altered_create(all, i % 2 == 0 ? all->ani : all->budi, "visit",
			       VILLAGES("person", all->person, "weight", "8.4"), id);
		if (i % 40 == 39) {
			world_sync(all->world, all->ani);
			world_sync(all->world, all->budi);
		}
	}
}

/* A family goes to another village and back, with what hangs below it. */
static void
move_about(struct two_cadres *all)
{
	world_scope(all->world, all->budi, VILLAGES(TWO_CADRES_VILLAGE, other_village));
	world_sync(all->world, all->budi);
	edit(all, all->budi, "village", other_village);
	world_sync(all->world, all->budi);
	edit(all, all->budi, "village", TWO_CADRES_VILLAGE);
	world_sync(all->world, all->budi);
}

/* Four new families where the cadre may not go, one with a person: released, closed, left open, and
 * given to another. */
static void
set_aside(struct two_cadres *all)
{
	char family[16];
	char person[16];
	uint64_t count = 0;
	struct sambung_state state;
	struct sambung_error err;
	uint32_t first;

	assert_ok(sambung_state(handle(all, all->ani), &state, &err));
	first = state.last_n + 1;
	altered_create(all, all->ani, "family", VILLAGES("head", "Satu", "village", third_village),
		       family);
	altered_create(all, all->ani, "person", VILLAGES("family", family, "name", "Anak Satu"),
		       person);
	altered_create(all, all->ani, "family", VILLAGES("head", "Dua", "village", third_village),
		       family);
	altered_create(all, all->ani, "family", VILLAGES("head", "Tiga", "village", third_village),
		       family);
	altered_create(all, all->ani, "family", VILLAGES("head", "Lima", "village", third_village),
		       family);
	world_sync(all->world, all->ani);
	assert_ok(world_reassign(all->world, all->ani, first + 4, all->family, &count));
	assert_ok(world_release(all->world, all->ani, first, &count));
	assert_int_equal(count, 2);
	assert_ok(world_close_change(all->world, all->ani, first + 2));
	world_sync(all->world, all->ani);
}

static void
live(struct two_cadres *all)
{
	struct world *world = all->world;
	size_t third;
	unsigned backup;

	quarrel(all);
	many_visits(all);
	move_about(all);
	set_aside(all);
	add_people(world);
	load_second_schema(world);
	world_import(world, "family",
		     (const char *[]){"key", "K1", "village", TWO_CADRES_VILLAGE, "head", "Uji",
				      "address", "Jl. Impor", NULL});
	backup = world_backup(world);
	third = world_enrol(world, "Citra", third_village);
	world_sync(world, third);
	world_restore(world, backup);
	world_sync(world, third); /* with her certificate */
	assert_ok(world_handover(world, third, all->ani));
	world_sync(world, third);
	world_sync(world, all->ani);
	world_revoke(world, third);
	(void)world_try_sync(world, third); /* destroys what it has */
	many_visits(all);
	world_sync(world, all->ani);
	world_sync(world, all->budi);
}

/* ---- the copy that is altered ---- */

static void
copy(const char *from, const char *to)
{
	static const char *const endings[] = {"-wal", "-shm"};
	static char piece[1 << 16];
	char beside[ALTERED_PATH_SIZE + 8];
	FILE *in = fopen(from, "rb");
	FILE *out = fopen(to, "wb");
	size_t got;

	assert_non_null(in);
	assert_non_null(out);
	while ((got = fread(piece, 1, sizeof piece, in)) > 0) {
		assert_int_equal(fwrite(piece, 1, got, out), got);
	}
	(void)fclose(in);
	assert_int_equal(fclose(out), 0);
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(beside, sizeof beside, "%s%s", to, endings[i]);
		(void)unlink(beside);
	}
}

void
altered_keep(struct altered *altered)
{
	struct world *world = altered->all.world;
	bool found = false;
	struct error err;

	(void)unlink(altered->original);
	assert_ok(store_checkpoint_last(world->reader, &altered->newest, &found, &err));
	assert_true(found);
	assert_ok(store_backup(world->store, altered->original, &err));
}

static void
tables_follow(struct world *world)
{
	bool behind = true;
	struct error err;

	while (behind) {
		assert_ok(ingest_rest(world->ingest, &behind, &err));
	}
}

int
altered_open(void **state)
{
	struct altered *altered = calloc(1, sizeof *altered);
	struct world *world;

	assert_non_null(altered);
	altered->all = two_cadres_with_a_family(SEED);
	altered->random = SEED;
	tables_follow(altered->all.world);
	live(&altered->all);
	world = altered->all.world;
	tables_follow(world);
	(void)snprintf(altered->original, ALTERED_PATH_SIZE, "%s/original.db", world->folder);
	(void)snprintf(altered->path, ALTERED_PATH_SIZE, "%s/altered.db", world->folder);
	altered_keep(altered);
	*state = altered;
	return 0;
}

int
altered_close(void **state)
{
	struct altered *altered = *state;

	world_free(altered->all.world);
	free(altered);
	return 0;
}

void
altered_anew(const struct altered *altered)
{
	copy(altered->original, altered->path);
}

static void
hear(void *context, const struct finding *finding)
{
	struct heard *heard = context;

	if (heard->findings++ == 0) {
		heard->first = *finding;
	}
}

static enum status
look(const struct altered *altered, const struct witness *witnesses, size_t count,
     const struct finder *finder, struct error *err)
{
	struct verified verified;
	const struct verify_options options = {
		.database = altered->path,
		.scratch = altered->all.world->folder,
		.log_key = altered->all.world->keys.log_public,
		.witnesses = witnesses,
		.witness_count = count,
		.finder = *finder,
	};

	return verify_database(&options, &verified, err);
}

struct heard
altered_look_with(const struct altered *altered, const struct witness *witnesses, size_t count)
{
	struct heard heard = {.findings = 0};
	const struct finder finder = {hear, &heard};
	struct error err = {.status = STATUS_OK};

	if (look(altered, witnesses, count, &finder, &err) != STATUS_OK) {
		/* It says so, and ends with a failure: that is noticed, too. */
		(void)snprintf(heard.first.what, sizeof heard.first.what, "%.100s", err.detail);
		heard.findings++;
	}
	return heard;
}

struct heard
altered_look(const struct altered *altered)
{
	return altered_look_with(altered, NULL, 0);
}

struct wanted {
	const char *table;
	const char *row;
	bool told;
};

static void
look_for(void *context, const struct finding *finding)
{
	struct wanted *wanted = context;

	wanted->told =
		wanted->told || (strcmp(finding->table, wanted->table) == 0 &&
				 (wanted->row == NULL || strcmp(finding->row, wanted->row) == 0));
}

bool
altered_tells(const struct altered *altered, const char *table, const char *row)
{
	struct wanted wanted = {.table = table, .row = row};
	const struct finder finder = {look_for, &wanted};
	struct error err;

	return look(altered, NULL, 0, &finder, &err) == STATUS_OK && wanted.told;
}

void
altered_alter(struct altered *altered, struct altered_column *column)
{
	char told[400];

	altered_anew(altered);
	if (!alter_column(altered->path, column, &altered->random, told, sizeof told)) {
		column->refused++;
		return;
	}
	column->tried++;
	if (altered_look(altered).findings > 0) {
		column->caught++;
	} else {
		print_error("missed: %s\n", told);
	}
}
