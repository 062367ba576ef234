/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records a family, with or without a network, and syncs.
 *
 *     cc record_and_sync.c $(pkg-config --cflags --libs sambung) -o record_and_sync
 *     ./record_and_sync FOLDER [CODE]        the code from the admin: the first time only
 */
#include <inttypes.h>
#include <sambung.h>
#include <stdio.h>

static int
record_family(struct sambung *device, struct sambung_error *err)
{
	struct sambung_edit *edit;
	char id[16];
	uint32_t n;

	if (sambung_edit_create(device, "family", &edit, err) != 0) {
		return err->status;
	}
	if (sambung_edit_set(edit, "head", "Siti Aminah", err) != 0 ||
	    sambung_edit_set(edit, "address", "Jalan Melati 4", err) != 0 ||
	    sambung_edit_commit(edit, id, &n, err) != 0) {
		sambung_edit_cancel(edit);
		return err->status;
	}
	printf("%s is safe on disk as change %" PRIu32 "\n", id, n);
	return 0;
}

int
main(int argc, char **argv)
{
	struct sambung_options options = {.directory = argc > 1 ? argv[1] : "sambung-data"};
	struct sambung_result result;
	struct sambung_error err = {0};
	struct sambung *device;
	char sentence[512];

	if (sambung_open(&options, &device, &err) != 0) {
		goto done;
	}
	if ((argc > 2 && sambung_enrol(device, argv[2], &err) != 0) ||
	    record_family(device, &err) != 0 ||
	    sambung_sync(device, NULL, NULL, &result, &err) != 0) {
		goto close;
	}
	printf("sent %" PRIu32 ", received %" PRIu32 "\n", result.sent, result.received);
close:
	sambung_close(device);
done:
	if (err.status != 0) {
		(void)sambung_error_sentence(&err, SAMBUNG_EN, sentence, sizeof sentence);
		(void)fprintf(stderr, "%s\n", sentence);
	}
	return err.status == 0 ? 0 : 1;
}
