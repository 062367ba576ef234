/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/twin/founded.h"

#include "daemon/folder.h"

#include <string.h>
#include <sys/stat.h>

static struct {
	bool tried; /* with the first world */
	bool kept;
	const char *schema_path;
	uint64_t random_before;
	uint64_t random;
	int64_t now_ms;
	struct server_keys keys;
	struct buffer database;
	struct buffer key_file;
} founded;

static bool
file_take(const struct world *world, const char *name, struct buffer *out)
{
	char path[FOLDER_PATH_SIZE];
	struct error err;

	buffer_init(out, SIZE_MAX);
	return folder_path(world->folder, name, path, &err) == STATUS_OK &&
	       folder_read(path, SIZE_MAX, out, &err) == STATUS_OK;
}

static bool
file_put(const struct world *world, const char *name, const struct buffer *bytes)
{
	char path[FOLDER_PATH_SIZE];
	struct error err;

	return folder_path(world->folder, name, path, &err) == STATUS_OK &&
	       folder_write(path, S_IRUSR | S_IWUSR, buffer_span(bytes), &err) == STATUS_OK;
}

bool
founded_copy(struct world *world, const char *schema_path)
{
	if (!founded.kept || founded.random_before != world->random ||
	    strcmp(founded.schema_path, schema_path) != 0 ||
	    !file_put(world, FOLDER_KEYS, &founded.key_file) ||
	    !file_put(world, FOLDER_DATABASE, &founded.database)) {
		return false;
	}
	world->random = founded.random;
	world->now_ms = founded.now_ms;
	world->keys = founded.keys;
	return true;
}

void
founded_keep(const struct world *world, const char *schema_path, uint64_t random)
{
	if (founded.tried) {
		return;
	}
	founded.tried = true;
	founded.kept = file_take(world, FOLDER_KEYS, &founded.key_file) &&
		       file_take(world, FOLDER_DATABASE, &founded.database) &&
		       founded.database.length > 0;
	founded.schema_path = schema_path;
	founded.random_before = random;
	founded.random = world->random;
	founded.now_ms = world->now_ms;
	founded.keys = world->keys;
}
