/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vectors that hold CBOR, read by another implementation: it finds whole items in them, writes
 * them to the same bytes again, and finds every input as it was given, but for those that the
 * format writes in another way. VECTORS names the folder.
 */
#include "tests/testing.h"
#include "tests/unit/cbor_oracle.h"

#include <inttypes.h>
#include <stdlib.h>

#include <jansson.h>

enum { PATH_SIZE = 1000, BYTES_MAX = 4096, TEXT_SIZE = 16 * 1024, WORD_SIZE = 4096 };

struct format {
	const char *vector;
	size_t skip;	   /* bytes in front of the CBOR */
	const char *other; /* inputs that are left out or written in another way */
};

static const struct format formats[] = {
	{"certificate", 0,
	 " log_seed log_key origin device device_key cadre scope_0_low scope_0_high scope_1_low"
	 " scope_1_high issued "},
	/* The same without the heads of the pair and of its first byte string, so that what is in
	 * that string is read. A region is its first village and how many follow. */
	{"certificate", 3, " log_seed log_key scope_0_high scope_1_high "},
	{"certificate_after_fork", 3, " log_seed log_key scope_0_high scope_1_high "},
	{"cbor_items", 0, " integers "},
	/* Defaults are left out; empty is null; a tag is a key. */
	{"change_after_fork", 0, " tag kind quality "},
	{"change_creation", 0, " tag kind base_epoch base_version own_stream own_n quality "},
	{"change_edit", 0, " tag kind own_stream value "},
	{"change_set", 0, " tag kind own_stream own_n quality "},
	{"change_stub", 0, ""},
	{"change_village", 0, " tag quality "},
	{"enrolment_reply", 2, ""},
	{"enrolment_request", 0, ""},
	{"entry_header", 0, ""},
	/* Changes were merged into it: their numbers are written in another way. */
	{"record_conflict", 0,
	 " epoch review set once stream_1 change_1 change_2 stream_3 change_3 "},
	{"record_once", 0, " review set once stream_1 change_1 change_2 change_3 "},
	{"record_plain", 0, " epoch review set once stream_1 change_1 "},
	{"record_set", 0, " review set once stream_1 change_1 change_2 change_3 "},
	/* A status has a number, and the end of a loop of pages is left out. */
	{"reply", 2, " status from_key from_id scope_high "},
	{"request_body", 3, ""},
	/* Of known_n what goes beyond the changes in the body. */
	{"request_head", 0, " cursor_key cursor_id known_n "},
	{"reply_epochs", 2, ""},
	{"reply_erased", 2, ""},
	{"reply_fork", 2, ""},
	/* Both are in one byte string. */
	{"reply_lease", 2, " days share "},
	{"reply_lineages", 2, ""},
	{"reply_proof", 2, ""},
	/* What is signed besides is no item of its own. */
	{"reply_receipt", 2, " log_seed log_key origin size root stream n chain "},
	{"reply_server_key", 2, ""},
	{"request_head_certificate", 0, " cursor_key cursor_id known_n witness_root "},
	{"request_head_continuing", 0, " cursor_key cursor_id known_n "},
	/* Without schema and witness nothing stands for their hashes. */
	{"request_head_paging", 0, " known_n witness_root schema_hash "},
	{"request_head_witness", 0, " cursor_key cursor_id known_n "},
};

static json_t *
vector_load(const char *name)
{
	const char *folder = getenv("VECTORS");
	char path[PATH_SIZE];
	json_error_t error;
	json_t *vector;

	(void)snprintf(path, sizeof path, "%s/%s.json", folder == NULL ? "." : folder, name);
	vector = json_load_file(path, 0, &error);
	if (vector == NULL) {
		print_error("%s: %s\n", path, error.text);
	}
	assert_non_null(vector);
	return vector;
}

static size_t
hex_read(const char *hex, uint8_t *out, size_t size)
{
	size_t length = strlen(hex) / 2;

	assert_in_range(length, 0, size);
	for (size_t i = 0; i < length; i++) {
		const char digits[] = {hex[2 * i], hex[2 * i + 1], '\0'};

		out[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return length;
}

/* Strikes the word out of the description, where it stands between signs; false if it does not. */
static bool
strike_out(char *description, const char *word)
{
	size_t length = strlen(word);
	char *found = strstr(description, word);

	while (found != NULL) {
		bool begins = found == description || strchr("[{ ", found[-1]) != NULL;

		if (begins && (found[length] == '\0' || strchr(",]}", found[length]) != NULL)) {
			memset(found, '#', length);
			return true;
		}
		found = strstr(found + 1, word);
	}
	return false;
}

/* An input in the words of the description. */
static void
input_describe(const json_t *input, char *word)
{
	const char *text = json_string_value(input);
	int length;

	if (text == NULL) {
		length = snprintf(word, WORD_SIZE, "%" JSON_INTEGER_FORMAT,
				  json_integer_value(input));
	} else if (strncmp(text, "number:", 7) == 0) {
		length = snprintf(word, WORD_SIZE, "%s", text + 7);
	} else if (strncmp(text, "text:", 5) == 0) {
		length = snprintf(word, WORD_SIZE, "t'");
		for (text += 5; *text != '\0' && length < WORD_SIZE; text++) {
			length += snprintf(word + length, WORD_SIZE - (size_t)length, "%02x",
					   (unsigned char)*text);
		}
		length += snprintf(word + length, WORD_SIZE - (size_t)length, "'");
	} else {
		length = snprintf(word, WORD_SIZE, "h'%s'", text);
	}
	assert_in_range(length, 1, WORD_SIZE - 1);
}

/* Records and changes stand in it as items, not as byte strings. */
static bool
strike_out_item(char *description, const json_t *input)
{
	static char item[TEXT_SIZE];
	uint8_t bytes[BYTES_MAX];
	const char *text = json_string_value(input);
	size_t length;

	if (text == NULL || strchr(text, ':') != NULL) {
		return false;
	}
	length = hex_read(text, bytes, sizeof bytes);
	return cbor_oracle_describe(bytes, length, item, sizeof item) == 1 &&
	       strike_out(description, item);
}

static void
check_inputs(const struct format *format, json_t *vector, char *description)
{
	json_t *inputs = json_object_get(vector, "inputs");
	const char *name;
	json_t *input;

	assert_true(json_object_size(inputs) > 0);
	json_object_foreach(inputs, name, input)
	{
		static char word[WORD_SIZE];
		char spaced[100];

		(void)snprintf(spaced, sizeof spaced, " %s ", name);
		if (strstr(format->other, spaced) != NULL) {
			continue;
		}
		input_describe(input, word);
		if (!strike_out(description, word) && !strike_out_item(description, input)) {
			print_error("%s: %s: %s is not in\n%s\n", format->vector, name, word,
				    description);
			assert_true(false);
		}
	}
}

TEST(another_decoder_reads_the_vectors_to_their_inputs)
{
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		static char description[TEXT_SIZE];
		uint8_t bytes[BYTES_MAX];
		json_t *vector = vector_load(formats[i].vector);
		const char *hex = json_string_value(json_object_get(vector, "bytes"));
		size_t skip = formats[i].skip;
		size_t length;

		assert_non_null(hex);
		length = hex_read(hex, bytes, sizeof bytes);
		assert_true(length > skip);
		assert_true(cbor_oracle_describe(bytes + skip, length - skip, description,
						 sizeof description) > 0);
		assert_true(cbor_oracle_rewrites_same(bytes + skip, length - skip));
		check_inputs(&formats[i], vector, description);
		json_decref(vector);
	}
}

RUN_TESTS(CASE(another_decoder_reads_the_vectors_to_their_inputs))
