/* SPDX-License-Identifier: Apache-2.0 */
/* bench_device_bare: a process that has opened libcurl and SQLite and does nothing with them. Then
 * it says so, like the command beside which bench_device holds it. */
#include <stdio.h>

#include <curl/curl.h>
#include <sqlite3.h>

int
main(void)
{
	sqlite3 *database = NULL;
	CURL *handle = NULL;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
		handle = curl_easy_init();
	}
	if (handle == NULL || sqlite3_open(":memory:", &database) != SQLITE_OK) {
		return 1;
	}
	(void)puts("opened");
	(void)fflush(stdout);
	(void)sqlite3_close(database);
	curl_easy_cleanup(handle);
	return 0;
}
