/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/sim.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

enum { EXTRA_TAG = 900 };

static json_t *
extra_field(unsigned version)
{
	char name[16];

	(void)snprintf(name, sizeof name, "extra%u", version);
	return json_pack("{s:i,s:s,s:s,s:i,s:s,s:{s:s,s:s}}", "tag", EXTRA_TAG + (int)version,
			 "name", name, "type", "text", "max", 40, "policy", "review", "label", "id",
			 "Isian baru", "en", "New field");
}

char *
sim_schema_make(const char *path, unsigned version)
{
	json_t *schema = json_load_file(path, 0, NULL);
	json_t *fields =
		json_object_get(json_array_get(json_object_get(schema, "types"), 0), "fields");
	char *text;

	for (unsigned v = 2; v <= version; v++) {
		(void)json_array_append_new(fields, extra_field(v));
	}
	(void)json_object_set_new(schema, "version", json_integer((json_int_t)version));
	text = json_dumps(schema, 0);
	json_decref(schema);
	if (text == NULL) {
		abort();
	}
	return text;
}
