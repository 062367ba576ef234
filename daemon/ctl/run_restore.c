/* SPDX-License-Identifier: Apache-2.0 */
/* restore: an older copy takes the place of the database; epochs: what came back since. */
#include "ctl.h"
#include "daemon/restore.h"
#include "protocol/crypto.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const struct column epoch_columns[] = {
	{"epoch", "EPOCH", "EPOK", 10},
	{"began", "BEGAN", "MULAI", 24},
	{"cut", "ENTRIES BEFORE", "ISI SEBELUMNYA", 14},
	{"device", "DEVICE", "HP", 10},
	{"cadre", "CADRE", "KADER", 28},
	{"returned", "CAME BACK", "KEMBALI", 10},
	{"shown_by", "SHOWN BY", "DITUNJUKKAN", 11},
	{"shown_entries", "ITS ENTRIES", "ISINYA", 0},
};

static void
print_json(const struct restored *restored)
{
	(void)printf("{\"epoch\":%" PRIu32 ",\"parent\":%" PRIu32 ",\"entries\":%" PRIu64
		     ",\"former_entries\":",
		     restored->epoch.epoch, restored->epoch.parent, restored->epoch.cut);
	if (restored->former_known) {
		(void)printf("%" PRIu64, restored->former_entries);
	} else {
		(void)printf("null");
	}
	if (restored->kept[0] != '\0') {
		(void)printf(",\"kept\":\"%s\"}\n", restored->kept);
	} else {
		(void)puts(",\"kept\":null}");
	}
}

static void
print_lines(const struct ctl *ctl, const struct restored *restored)
{
	(void)printf("%s: %" PRIu32 "\n", ctl_text(ctl, "new epoch", "epok baru"),
		     restored->epoch.epoch);
	(void)printf("%s: %" PRIu64 "\n",
		     ctl_text(ctl, "entries in the backup", "isi log di cadangan"),
		     restored->epoch.cut);
	if (restored->former_known) {
		(void)printf("%s: %" PRIu64 "\n",
			     ctl_text(ctl, "entries in the former database",
				      "isi log di basis data sebelumnya"),
			     restored->former_entries);
	} else {
		(void)puts(ctl_text(ctl, "the former database could not be read",
				    "basis data sebelumnya tidak dapat dibaca"));
	}
	if (restored->erased > 0) {
		(void)printf("%s: %zu\n",
			     ctl_text(ctl, "records erased since the backup, erased again",
				      "data yang dihapus setelah cadangan, dihapus lagi"),
			     restored->erased);
	}
	if (restored->kept[0] != '\0') {
		(void)printf("%s: %s\n", ctl_text(ctl, "it is kept as", "disimpan sebagai"),
			     restored->kept);
	}
	(void)puts(
		ctl_text(ctl, "phones send again what they keep when they sync next",
			 "HP akan mengirim ulang data yang disimpannya pada sinkron berikutnya"));
}

enum status
run_restore(struct ctl *ctl, struct error *err)
{
	struct restored restored = {.former_known = false};
	enum status status;

	if (ctl->directory == NULL) {
		return fail(err, STATUS_USAGE, "--dir is missing");
	}
	(void)umask(S_IRWXG | S_IRWXO);
	(void)setenv("SQLITE_TMPDIR", ctl->directory, 0);
	status = crypto_init(err);
	if (status == STATUS_OK) {
		status = server_restore(ctl->directory, ctl->words[0], &restored, err);
	}
	ctl_stop_first(ctl, status);
	if (status != STATUS_OK) {
		return status;
	}
	if (ctl->json) {
		print_json(&restored);
	} else {
		print_lines(ctl, &restored);
	}
	return STATUS_OK;
}

enum status
run_epochs(struct ctl *ctl, struct error *err)
{
	struct table table = {ctl, epoch_columns, sizeof epoch_columns / sizeof epoch_columns[0],
			      0};

	return ctl_get_lines(ctl, "/v1/epochs", table_line, &table, err);
}
