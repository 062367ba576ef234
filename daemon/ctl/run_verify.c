/* SPDX-License-Identifier: Apache-2.0 */
/* verify: did anybody alter the database? */
#include "ctl.h"
#include "daemon/folder.h"
#include "daemon/head.h"
#include "daemon/verify/verify.h"
#include "json_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FINDINGS_SHOWN = 20 /* of each table */, TABLES_MAX = 64, WITNESS_BYTES_MAX = 4096 };

static const char head_name[] = "head";

struct told_table {
	const char *name;
	uint64_t findings;
};

struct verification {
	struct ctl *ctl;
	struct told_table tables[TABLES_MAX];
	struct server_keys keys;
	char database[FOLDER_PATH_SIZE];
	struct witness *witnesses;
	size_t witness_count;
};

/* Counts it; the last of the tables stands for all that do not fit. */
static uint64_t
count_finding(struct verification *verification, const char *table)
{
	size_t i = 0;

	while (i < TABLES_MAX - 1 && verification->tables[i].name != NULL &&
	       strcmp(verification->tables[i].name, table) != 0) {
		i++;
	}
	verification->tables[i].name = table;
	return ++verification->tables[i].findings;
}

static void
print_finding(void *context, const struct finding *finding)
{
	struct verification *verification = context;
	const uint64_t findings = count_finding(verification, finding->table);

	if (verification->ctl->json) {
		/* Words of this program, numbers and names of files. */
		(void)json_print_line(json_pack("{s:s, s:s, s:s, s:s}", "table", finding->table,
						"row", finding->row, "column", finding->column,
						"what", finding->what),
				      NULL);
	} else if (findings <= FINDINGS_SHOWN) {
		(void)printf("%s %s %s: %s\n", finding->table, finding->row, finding->column,
			     finding->what);
	}
}

/* One row may bring many findings along: none of another table goes under in them. */
static void
print_rest(const struct verification *verification)
{
	for (size_t i = 0; i < TABLES_MAX; i++) {
		const struct told_table *table = &verification->tables[i];

		if (table->findings > FINDINGS_SHOWN) {
			(void)printf("%s: %" PRIu64 " %s\n", table->name,
				     table->findings - FINDINGS_SHOWN,
				     ctl_text(verification->ctl, "more; --json has them all",
					      "lagi; --json menampilkan semuanya"));
		}
	}
}

static enum status
read_witness(struct verification *verification, const char *path, struct witness *out,
	     struct error *err)
{
	struct buffer text;
	enum status status;

	buffer_init(&text, WITNESS_BYTES_MAX);
	status = folder_read(path, WITNESS_BYTES_MAX, &text, err);
	if (status == STATUS_OK) {
		status = checkpoint_text_read(buffer_span(&text), verification->keys.log_public,
					      &out->checkpoint, err);
		out->name = path;
	}
	buffer_finish(&text);
	return status == STATUS_OK ? STATUS_OK : fail_context(err, "%s", path);
}

/* D/head, and the files of --checkpoint. */
static enum status
read_witnesses(struct verification *verification, struct error *err)
{
	const struct ctl *ctl = verification->ctl;
	struct head head;
	bool found = false;
	enum status status = head_read(ctl->directory, &verification->keys, &head, &found, err);

	verification->witnesses = calloc(ctl->option_count + 1, sizeof(struct witness));
	if (verification->witnesses == NULL) {
		return fail(err, STATUS_MEMORY, "the checkpoints");
	}
	if (status == STATUS_OK && found && ctl_option(ctl, "database") == NULL) {
		verification->witnesses[verification->witness_count++] =
			(struct witness){head_name, head.newest};
	}
	for (size_t i = 0; i < ctl->option_count && status == STATUS_OK; i++) {
		if (strcmp(ctl->options[i].name, "checkpoint") == 0) {
			status = read_witness(
				verification, ctl->options[i].value,
				&verification->witnesses[verification->witness_count++], err);
		}
	}
	return status;
}

static enum status
find_files(struct verification *verification, struct error *err)
{
	const struct ctl *ctl = verification->ctl;
	const char *database = ctl_option(ctl, "database");
	char keys[FOLDER_PATH_SIZE];
	enum status status = folder_path(ctl->directory, FOLDER_KEYS, keys, err);

	if (status == STATUS_OK) {
		status = keys_load(keys, &verification->keys, err);
	}
	if (status == STATUS_OK && database == NULL) {
		status = folder_path(ctl->directory, FOLDER_DATABASE, verification->database, err);
	} else if (status == STATUS_OK && snprintf(verification->database, FOLDER_PATH_SIZE, "%s",
						   database) >= FOLDER_PATH_SIZE) {
		status = fail(err, STATUS_LIMIT, "the path of the database");
	}
	return status;
}

static void
print_json(const struct verified *verified, const char *root, const char *key)
{
	(void)printf("{\"entries\":%" PRIu64 ",\"checkpoints\":%" PRIu64 ",\"findings\":%" PRIu64
		     ",\"lost\":%" PRIu64 ",\"root\":\"%s\",\"key\":\"%s\"}\n",
		     verified->entries, verified->checkpoints, verified->findings, verified->lost,
		     root, key);
}

static void
print_lines(const struct ctl *ctl, const struct verified *verified, const char *root,
	    const char *key)
{
	if (verified->lost > 0) {
		(void)printf("%" PRIu64 " %s\n", verified->lost,
			     ctl_text(ctl,
				      "records once belonged to erased ones and cannot be compared",
				      "catatan pernah di bawah yang sudah dihapus; tidak dapat "
				      "dibandingkan"));
	}
	if (verified->findings == 0) {
		(void)printf("%s: %" PRIu64 " %s, %" PRIu64 " %s, %s %s\n",
			     ctl_text(ctl, "nothing was altered", "tidak ada yang diubah"),
			     verified->entries, ctl_text(ctl, "entries", "isi log"),
			     verified->checkpoints, ctl_text(ctl, "checkpoints", "tanda akhir"),
			     ctl_text(ctl, "root", "akar"), root);
		(void)printf("%s: %s\n", ctl_text(ctl, "key", "kunci"), key);
		return;
	}
	(void)printf("%" PRIu64 " %s\n", verified->findings,
		     ctl_text(ctl,
			      "findings: the database is not what its log says. Keep it as it is, "
			      "take a copy, and see docs/ledger.md",
			      "temuan: basis data tidak sesuai dengan lognya. Jangan diubah, buat "
			      "salinan, dan lihat docs/ledger.md"));
}

static void
print_result(const struct verification *verification, const struct verified *verified)
{
	const struct ctl *ctl = verification->ctl;
	char root[2 * HASH_SIZE + 1];
	char key[CHECKPOINT_KEY_TEXT_MAX];

	hex_encode(span_of(verified->root, HASH_SIZE), root);
	checkpoint_key_text(&verified->newest, verification->keys.log_public, key);
	if (ctl->json) {
		print_json(verified, root, key);
	} else {
		print_rest(verification);
		print_lines(ctl, verified, root, key);
	}
}

static enum status
verify(struct verification *verification, struct error *err)
{
	const struct ctl *ctl = verification->ctl;
	const char *scratch = ctl_option(ctl, "scratch");
	struct verified verified;
	enum status status = find_files(verification, err);

	if (status == STATUS_OK) {
		status = read_witnesses(verification, err);
	}
	if (status == STATUS_OK) {
		const struct verify_options options = {
			.database = verification->database,
			.scratch = scratch != NULL ? scratch : ctl->directory,
			.log_key = verification->keys.log_public,
			.witnesses = verification->witnesses,
			.witness_count = verification->witness_count,
			.finder = {print_finding, verification},
		};

		status = verify_database(&options, &verified, err);
	}
	if (status == STATUS_OK) {
		print_result(verification, &verified);
		verification->ctl->failed = verified.findings > 0;
	}
	return status;
}

enum status
run_verify(struct ctl *ctl, struct error *err)
{
	struct verification *verification = calloc(1, sizeof *verification);
	enum status status;

	if (verification == NULL) {
		return fail(err, STATUS_MEMORY, "verify");
	}
	verification->ctl = ctl;
	(void)umask(S_IRWXG | S_IRWXO);
	status = ctl->directory == NULL ? fail(err, STATUS_USAGE, "--dir is missing")
					: crypto_init(err);
	if (status == STATUS_OK) {
		status = verify(verification, err);
	}
	keys_wipe(&verification->keys);
	free(verification->witnesses);
	free(verification);
	return status;
}
