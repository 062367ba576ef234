/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of one change stand in no index: the runs of their village lead to them. A made-up
 * history of devices that create, edit and move is asked in every way and compared with a plain
 * list of what it left.
 */
#include "store_world.h"

enum { BATCHES = 60, RUN_MAX = 9, RECORDS_MAX = BATCHES * RUN_MAX };

static const uint64_t villages[] = {VILLAGE_A, VILLAGE_B, VILLAGE_C};

struct history {
	struct world *w;
	uint64_t random;
	uint64_t head;
	uint32_t n[3]; /* of streams 5, 6, 7 */
	struct stored_record records[RECORDS_MAX];
	size_t count;
};

static uint32_t
draw(struct history *history, uint32_t below)
{
	history->random = history->random * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(history->random >> 33) % below;
}

static void
edit(struct history *history, struct stored_record *record)
{
	record->one_change = false;
	record->version = history->head;
	record_put(history->w, *record);
}

/* The next change of a stream: an edit of any record, or a new one in the village. */
static void
log_change(struct history *history, uint32_t stream, uint64_t village)
{
	const uint32_t n = ++history->n[stream - 5];
	const bool edits = history->count > 0 && draw(history, 6) == 0;
	const size_t place = edits ? draw(history, (uint32_t)history->count) : history->count++;
	struct stored_record *record = &history->records[place];
	struct log_row row;

	history->head++;
	if (!edits) {
		*record =
			record_make(history->w, id_make(stream, n),
				    draw(history, 3) == 0 ? FAMILY : VISIT, village, history->head);
		record->parent = draw(history, 4) == 0 ? 0 : id_make(4, draw(history, 5));
		record->one_change = true;
	}
	row = log_row_make(history->head, stream, n, record->id);
	row.payload = record->state;
	row.village = edits ? 0 : village;
	assert_ok(store_log_append(history->w->writer, &row, 1, &history->w->err));
	if (edits) {
		edit(history, record);
	} else {
		record_put(history->w, *record);
	}
}

static void
move_one(struct history *history)
{
	struct stored_record *record = &history->records[draw(history, (uint32_t)history->count)];

	record->village = villages[draw(history, 3)];
	record->moved = history->head;
	record_put(history->w, *record);
}

static void
make(struct history *history, struct world *w, uint64_t seed)
{
	*history = (struct history){.w = w, .random = seed};
	for (size_t i = 0; i < BATCHES; i++) {
		const uint32_t stream = 5 + draw(history, 3);
		const uint64_t village = villages[draw(history, 3)];

		for (uint32_t k = 0; k <= draw(history, RUN_MAX); k++) {
			log_change(history, stream, village);
		}
		if (draw(history, 3) == 0) {
			move_one(history);
		}
	}
}

/* ---- the plain list ---- */

struct plain {
	const struct stored_record *at[RECORDS_MAX];
	size_t count;
};

static uint64_t
key_of(const struct stored_record *record)
{
	return record->moved > record->version ? record->moved : record->version;
}

static int
compare_keys(const void *a, const void *b)
{
	const struct stored_record *one = *(const struct stored_record *const *)a;
	const struct stored_record *other = *(const struct stored_record *const *)b;

	if (key_of(one) != key_of(other)) {
		return key_of(one) < key_of(other) ? -1 : 1;
	}
	return (one->id > other->id) - (one->id < other->id);
}

static void
plain_sorted(const struct history *history, uint64_t village, struct plain *out)
{
	out->count = 0;
	for (size_t i = 0; i < history->count; i++) {
		if (history->records[i].village == village) {
			out->at[out->count++] = &history->records[i];
		}
	}
	qsort(out->at, out->count, sizeof out->at[0], compare_keys);
}

/* ---- asking ---- */

static void
assert_pulled(const struct history *history, const struct plain *plain,
	      const struct pull_options *options, size_t first)
{
	struct pull *pull;
	struct world *w = history->w;
	bool more = true;

	assert_ok(store_pull_open(w->reader, options, &pull, &w->err));
	for (size_t i = first; i <= plain->count; i++) {
		struct pull_item item;
		const struct stored_record *expected = i < plain->count ? plain->at[i] : NULL;

		if (expected != NULL && id_stream(expected->id) == options->own_stream &&
		    id_n(expected->id) <= options->own_n && expected->one_change &&
		    expected->moved <= options->complete) {
			continue;
		}
		assert_ok(store_pull_next(pull, &item, &more, &w->err));
		assert_int_equal(more, expected != NULL);
		if (expected != NULL) {
			assert_int_equal(item.id, expected->id);
			assert_int_equal(item.key, key_of(expected));
			assert_true(span_equal(item.record.state, expected->state));
		}
	}
	store_pull_close(pull);
}

TEST(a_pull_finds_records_of_runs_and_of_the_index_in_one_order)
{
	static struct history history;
	static struct plain plain;

	make(&history, *state, 1);
	for (size_t v = 0; v < 3; v++) {
		const struct region region = {villages[v], villages[v]};
		struct pull_options options = {.regions = &region, .region_count = 1};

		plain_sorted(&history, villages[v], &plain);
		assert_pulled(&history, &plain, &options, 0);
		for (size_t i = 0; i < plain.count; i++) {
			options.after_key = key_of(plain.at[i]);
			options.after_id = plain.at[i]->id;
			assert_pulled(&history, &plain, &options, i + 1);
		}
	}
}

TEST(an_author_is_not_told_her_own_wherever_she_goes_on)
{
	static struct history history;
	static struct plain plain;

	make(&history, *state, 3);
	for (uint32_t own = 0; own <= history.n[1]; own += 3) {
		const struct region region = {VILLAGE_A, VILLAGE_A};
		struct pull_options options = {.regions = &region,
					       .region_count = 1,
					       .own_stream = 6,
					       .own_n = own,
					       .complete = history.head / 2};

		plain_sorted(&history, VILLAGE_A, &plain);
		for (size_t i = 0; i <= plain.count; i += 5) {
			options.after_key = i == 0 ? 0 : key_of(plain.at[i - 1]);
			options.after_id = i == 0 ? 0 : plain.at[i - 1]->id;
			assert_pulled(&history, &plain, &options, i);
		}
	}
}

static size_t
count_listed(struct world *w, const struct record_query *query, uint64_t *sum_out)
{
	struct record_rows *rows;
	struct stored_record row;
	uint64_t last = 0;
	size_t count = 0;
	bool more = true;

	*sum_out = 0;
	assert_ok(store_rows_open(w->reader, query, &rows, &w->err));
	while (more) {
		assert_ok(store_rows_next(rows, &row, &more, &w->err));
		if (more) {
			const uint64_t key = query->order == ORDER_ID ? row.id : row.version;

			assert_true(key > last);
			last = key;
			count++;
			*sum_out += row.id;
		}
	}
	store_rows_close(rows);
	return count;
}

static void
assert_listed(const struct history *history, struct record_query query)
{
	uint64_t expected_sum = 0;
	uint64_t counted = 0;
	size_t expected = 0;
	uint64_t sum;

	for (size_t i = 0; i < history->count; i++) {
		const struct stored_record *record = &history->records[i];

		if (record->village == query.regions->low && record->version > query.since &&
		    (query.type == 0 || record->type == query.type)) {
			expected++;
			expected_sum += record->id;
		}
	}
	assert_int_equal(count_listed(history->w, &query, &sum), expected);
	assert_int_equal(sum, expected_sum);
	assert_ok(store_rows_count(history->w->reader, &query, &counted, &history->w->err));
	assert_int_equal(counted, expected);
}

TEST(lists_and_counts_have_records_of_runs_too)
{
	static struct history history;

	make(&history, *state, 4);
	for (uint64_t since = 0; since <= history.head; since += 7) {
		for (size_t v = 0; v < 3; v++) {
			const struct region region = {villages[v], villages[v]};
			struct record_query query = {
				.regions = &region, .region_count = 1, .since = since};

			for (uint32_t type = 0; type <= VISIT; type += VISIT) {
				query.type = type;
				query.order = ORDER_VERSION;
				assert_listed(&history, query);
				query.order = ORDER_ID;
				assert_listed(&history, query);
			}
		}
	}
}

TEST(what_hangs_in_a_village_is_found_in_runs_too)
{
	static struct history history;
	struct world *w = *state;
	struct buffer hanging;
	uint64_t sum = 0;
	size_t expected = 0;

	make(&history, w, 5);
	buffer_init(&hanging, SIZE_MAX);
	assert_ok(store_hanging(w->writer, VILLAGE_B, &hanging, &w->err));
	for (size_t i = 0; i < history.count; i++) {
		if (history.records[i].village == VILLAGE_B && history.records[i].parent != 0) {
			expected++;
			sum += history.records[i].id;
		}
	}
	assert_int_equal(hanging.length / sizeof(struct hanging), expected);
	for (size_t i = 0; i < expected; i++) {
		sum -= ((const struct hanging *)(const void *)hanging.at)[i].id;
	}
	assert_int_equal(sum, 0);
	buffer_finish(&hanging);
}

#define WITH(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(WITH(a_pull_finds_records_of_runs_and_of_the_index_in_one_order),
	  WITH(an_author_is_not_told_her_own_wherever_she_goes_on),
	  WITH(lists_and_counts_have_records_of_runs_too),
	  WITH(what_hangs_in_a_village_is_found_in_runs_too))
