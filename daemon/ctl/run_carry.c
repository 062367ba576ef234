/* SPDX-License-Identifier: Apache-2.0 */
/* Files of phones without signal, delivered to the daemon, or adopted. */
#include "ctl.h"
#include "daemon/folder.h"
#include "json_print.h"
#include "protocol/carry.h"

#include <stdio.h>
#include <sys/stat.h>

static enum status
post_parcel(void *context, struct span parcel, struct buffer *reply, struct error *err)
{
	return ctl_post_parcel(context, parcel, reply, err);
}

/* What the server shows the admin; without it the answers go as they are. */
static bool
admin_seen(void *context, struct checkpoint *out)
{
	return ctl_checkpoint(context, out, NULL) == STATUS_OK;
}

static enum status
read_phone_file(struct ctl *ctl, struct buffer *file, struct error *err)
{
	const char *path = ctl->words[0];
	enum status status = folder_read(path, CARRY_FILE_MAX, file, err);

	if (status == STATUS_OK && carry_begins(buffer_span(file), CARRY_REPLIES_NAME)) {
		ctl->next = ctl_text(ctl,
				     "Bring it back to the phone; here give the file that the "
				     "phone wrote, without .reply",
				     "Bawa kembali ke HP itu; di sini berikan berkas dari HP itu, "
				     "tanpa .reply");
		return fail(err, STATUS_MALFORMED, "%s: %s", path,
			    ctl_text(ctl, "it is the answer to a phone's file",
				     "berkas ini jawaban untuk HP"));
	}
	return status;
}

static enum status
read_files(struct ctl *ctl, const char *reply_path, struct buffer *file, struct buffer *before,
	   struct error *err)
{
	enum status status = read_phone_file(ctl, file, err);

	if (status != STATUS_OK) {
		return status;
	}
	/* Of an earlier attempt, if there was one. */
	status = folder_read(reply_path, CARRY_REPLIES_MAX, before, err);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static void
print_delivery(const struct ctl *ctl, const struct carry_count *count, const char *reply_path)
{
	if (ctl->json) {
		(void)printf("{\"parcels\":%zu,\"answered\":%zu}\n", count->parcels,
			     count->answered);
	} else if (count->answered > 0) {
		(void)printf("%zu/%zu %s: %s\n", count->answered, count->parcels,
			     ctl_text(ctl, "parcels are answered; bring this back to the phone",
				      "paket terjawab; bawa ini kembali ke HP itu"),
			     reply_path);
	}
}

static enum status
deliver(struct ctl *ctl, const struct carry_delivery *delivery, const char *reply_path,
	struct error *err)
{
	struct carry_count count;
	struct buffer answers;
	struct error late = {.status = STATUS_OK};
	enum status kept = STATUS_OK;
	enum status status;

	buffer_init(&answers, CARRY_REPLIES_MAX);
	status = carry_deliver(delivery, &answers, &count, err);
	/* What was answered is kept, whatever became of the rest. */
	if (answers.length > 0 && answers.status == STATUS_OK) {
		kept = folder_write(reply_path, S_IRUSR | S_IWUSR, buffer_span(&answers), &late);
	}
	buffer_finish(&answers);
	if (kept == STATUS_OK) {
		print_delivery(ctl, &count, reply_path);
		return status;
	}
	if (status == STATUS_OK) {
		*err = late;
	}
	return status == STATUS_OK ? kept : status;
}

enum status
run_carry_in(struct ctl *ctl, struct error *err)
{
	char reply_path[FOLDER_PATH_SIZE];
	struct carry_delivery delivery = {.post = post_parcel, .seen = admin_seen, .context = ctl};
	struct buffer file;
	struct buffer before;
	enum status status;

	if (snprintf(reply_path, sizeof reply_path, "%s.reply", ctl->words[0]) >=
	    (int)sizeof reply_path) {
		return fail(err, STATUS_LIMIT, "the path of a file");
	}
	buffer_init(&file, CARRY_FILE_MAX);
	buffer_init(&before, CARRY_REPLIES_MAX);
	status = read_files(ctl, reply_path, &file, &before, err);
	if (status == STATUS_OK) {
		delivery.file = buffer_span(&file);
		delivery.before = buffer_span(&before);
		status = deliver(ctl, &delivery, reply_path, err);
	}
	buffer_finish(&before);
	buffer_finish(&file);
	return status;
}

/* ---- adopting ---- */

static void
print_adopted(const struct ctl *ctl, const json_t *object)
{
	const long long adopted = json_number(object, "adopted");
	const long long aside = json_number(object, "quarantined");
	const long long before = json_number(object, "before");
	const long long missing = json_number(object, "missing");

	(void)printf("%lld %s (%s %lld, %s %lld)\n", adopted,
		     ctl_text(ctl, "changes adopted", "perubahan diambil"),
		     ctl_text(ctl, "device", "HP"), json_number(object, "device"),
		     ctl_text(ctl, "under number", "dengan nomor"), json_number(object, "number"));
	if (before > 0) {
		(void)printf("%lld %s\n", before,
			     ctl_text(ctl, "were in the log before", "sudah ada di log"));
	}
	if (missing > 0) {
		(void)printf(
			"%lld %s\n", missing,
			ctl_text(ctl,
				 "changes of this phone before them are missing: a newer backup "
				 "may have them, or the phone itself",
				 "perubahan HP ini sebelumnya hilang: mungkin ada di cadangan "
				 "yang lebih baru, atau di HP itu sendiri"));
	}
	if (aside > 0) {
		(void)printf("%lld %s\n", aside,
			     ctl_text(ctl, "of them are set aside: sambungctl quarantine says why",
				      "di antaranya disisihkan: lihat sambungctl quarantine"));
	}
}

static enum status
adopted_line(void *context, struct span line, struct error *err)
{
	return object_line(context, line, print_adopted, err);
}

enum status
run_carry_adopt(struct ctl *ctl, struct error *err)
{
	struct ctl_body body = {.content_type = "application/vnd.sambung.carry"};
	struct buffer file;
	enum status status = ctl->word_count > 1 ? ctl_options_from_input(ctl, err) : STATUS_OK;

	if (status == STATUS_OK) {
		status = ctl_needed(ctl, "reason", &body.reason, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	buffer_init(&file, CARRY_FILE_MAX);
	status = read_phone_file(ctl, &file, err);
	if (status == STATUS_OK) {
		body.bytes = buffer_span(&file);
		status = ctl_post(ctl, "/v1/carry/adopt", &body, adopted_line, ctl, err);
	}
	buffer_finish(&file);
	return status;
}
