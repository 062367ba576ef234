/* SPDX-License-Identifier: Apache-2.0 */
#include "routes.h"

#include "handle.h"
#include "protocol/carry.h"

#include <stdio.h>
#include <string.h>

enum {
	JSON_MAX = 64 * 1024,
	ENROL_MAX = 4 * 1024,
	SIGN_IN_MAX = 4 * 1024,
	IMPORT_MAX = 8 * 1024 * 1024,
	PROMPT_S = 30,
	LIST_S = 600,
	BACKUP_S = 3600,
};

static const struct route routes[] = {
	/* devices */
	{.method = "POST",
	 .path = "/v1/sync",
	 .body = MEDIA_PARCEL,
	 .body_limit = PARCEL_REQUEST_MAX,
	 .deadline_s = PROMPT_S,
	 .open = sync_open,
	 .write = sync_write,
	 .answer = sync_answer,
	 .summary = "one exchange of a device: its changes in, what it lacks out"},
	{.method = "POST",
	 .path = "/v1/enrol",
	 .body = MEDIA_PARCEL,
	 .body_limit = ENROL_MAX,
	 .deadline_s = PROMPT_S,
	 .open = enrol_open,
	 .write = enrol_write,
	 .summary = "a one-time code becomes a device"},

	/* records */
	{.method = "GET",
	 .path = "/v1/records/{type}",
	 .parameters = "village since order",
	 .role = ROLE_CADRE,
	 .logged = true,
	 .deadline_s = LIST_S,
	 .answer = records_answer,
	 .lists = true,
	 .summary = "the records of a type"},
	{.method = "GET",
	 .path = "/v1/record/{id}",
	 .role = ROLE_CADRE,
	 .logged = true,
	 .deadline_s = PROMPT_S,
	 .answer = record_answer,
	 .summary = "one record"},
	{.method = "GET",
	 .path = "/v1/record/{id}/history",
	 .role = ROLE_CADRE,
	 .logged = true,
	 .deadline_s = LIST_S,
	 .answer = history_answer,
	 .lists = true,
	 .summary = "every change of a record, with what was shown before"},
	{.method = "GET",
	 .path = "/v1/count/{type}",
	 .parameters = "village",
	 .role = ROLE_CADRE,
	 .deadline_s = PROMPT_S,
	 .answer = count_answer,
	 .summary = "how many records of a type"},
	{.method = "GET",
	 .path = "/v1/export/{type}.csv",
	 .parameters = "village",
	 .role = ROLE_SUPERVISOR,
	 .logged = true,
	 .deadline_s = LIST_S,
	 .answer = export_answer,
	 .lists = true,
	 .summary = "the records of a type as a table"},
	{.method = "POST",
	 .path = "/v1/import/{type}",
	 .role = ROLE_ADMIN,
	 .everywhere = true,
	 .body = MEDIA_CSV,
	 .body_limit = IMPORT_MAX,
	 .deadline_s = LIST_S,
	 .open = import_open,
	 .write = import_write,
	 .summary = "rows of a table become records"},

	/* conflicts */
	{.method = "GET",
	 .path = "/v1/conflicts",
	 .parameters = "village",
	 .role = ROLE_SUPERVISOR,
	 .logged = true,
	 .deadline_s = LIST_S,
	 .answer = conflicts_answer,
	 .lists = true,
	 .summary = "fields that somebody has to settle"},
	{.method = "POST",
	 .path = "/v1/record/{id}/settle",
	 .role = ROLE_SUPERVISOR,
	 .body = MEDIA_JSON,
	 .body_limit = JSON_MAX,
	 .deadline_s = PROMPT_S,
	 .open = settle_open,
	 .write = settle_write,
	 .summary = "one field of a record gets the value that holds"},

	/* erasure */
	{.method = "POST",
	 .path = "/v1/record/{id}/erase",
	 .role = ROLE_ADMIN,
	 .body = MEDIA_JSON,
	 .body_limit = JSON_MAX,
	 .deadline_s = PROMPT_S,
	 .write = erase_write,
	 .summary = "a record and all below it is destroyed by law"},
	{.method = "GET",
	 .path = "/v1/erasures",
	 .role = ROLE_ADMIN,
	 .everywhere = true,
	 .deadline_s = PROMPT_S,
	 .answer = erasures_answer,
	 .summary = "what was erased, and how far that is"},
	{.method = "POST",
	 .path = "/v1/erasures/finish",
	 .role = ROLE_ADMIN,
	 .everywhere = true,
	 .deadline_s = PROMPT_S,
	 .write = erase_finish_write,
	 .summary = "what is left of erased records in the file is overwritten now"},
	{.method = "GET",
	 .path = "/v1/erasure/{id}",
	 .role = ROLE_ADMIN,
	 .everywhere = true,
	 .deadline_s = PROMPT_S,
	 .answer = erasure_answer,
	 .summary = "one erasure, and the devices that it waits for"},

	/* for the one whom it is about */
	{.method = "GET",
	 .path = "/v1/record/{id}/access",
	 .role = ROLE_ADMIN,
	 .logged = true,
	 .deadline_s = LIST_S,
	 .write = waiting_write,
	 .answer = person_answer,
	 .lists = true,
	 .summary = "all that is held about a person or family, who holds it and who read it"},
	{.method = "GET",
	 .path = "/v1/device/{n}/breach",
	 .role = ROLE_ADMIN,
	 .logged = true,
	 .deadline_s = LIST_S,
	 .open = device_open,
	 .write = waiting_write,
	 .answer = breach_answer,
	 .lists = true,
	 .summary = "which people were on a device, as of its last sync"},

	/* what happened */
	{.method = "GET",
	 .path = "/v1/log",
	 .parameters = "since",
	 .role = ROLE_SUPERVISOR,
	 .logged = true,
	 .deadline_s = LIST_S,
	 .answer = log_answer,
	 .lists = true,
	 .summary = "every entry of the log"},
	{.method = "GET",
	 .path = "/v1/checkpoint",
	 .role = ROLE_CADRE,
	 .deadline_s = PROMPT_S,
	 .answer = checkpoint_answer,
	 .summary = "the newest signed checkpoint of the log"},
	{.method = "GET",
	 .path = "/v1/proof/consistency",
	 .parameters = "from to",
	 .role = ROLE_CADRE,
	 .deadline_s = PROMPT_S,
	 .answer = consistency_answer,
	 .summary = "a proof that the log goes on from what it was"},
	{.method = "GET",
	 .path = "/v1/proof/record/{id}",
	 .role = ROLE_CADRE,
	 .logged = true,
	 .deadline_s = LIST_S,
	 .answer = proof_answer,
	 .lists = true,
	 .summary = "every entry of a record, with proofs that the log has them"},
	{.method = "GET",
	 .path = "/v1/syncs",
	 .role = ROLE_SUPERVISOR,
	 .deadline_s = PROMPT_S,
	 .write = waiting_write,
	 .answer = syncs_answer,
	 .summary = "the newest syncs, and what to do about those that failed"},
	{.method = "GET",
	 .path = "/v1/quarantine",
	 .role = ROLE_SUPERVISOR,
	 .deadline_s = PROMPT_S,
	 .answer = quarantine_answer,
	 .summary = "changes that were set aside, why, and what to do"},

	{.method = "POST",
	 .path = "/v1/quarantine/{device}/release",
	 .role = ROLE_ADMIN,
	 .body = MEDIA_JSON,
	 .body_limit = JSON_MAX,
	 .deadline_s = PROMPT_S,
	 .open = device_open,
	 .write = release_write,
	 .summary = "a change that was set aside is merged after all"},
	{.method = "POST",
	 .path = "/v1/quarantine/{device}/close",
	 .role = ROLE_ADMIN,
	 .body = MEDIA_JSON,
	 .body_limit = JSON_MAX,
	 .deadline_s = PROMPT_S,
	 .open = device_open,
	 .write = close_write,
	 .summary = "a change that was set aside is settled without merging it"},
	{.method = "POST",
	 .path = "/v1/quarantine/{device}/reassign",
	 .role = ROLE_ADMIN,
	 .body = MEDIA_JSON,
	 .body_limit = JSON_MAX,
	 .deadline_s = PROMPT_S,
	 .open = device_open,
	 .write = reassign_write,
	 .summary = "a change that was set aside is given to another record"},

	{.method = "POST",
	 .path = "/v1/carry/adopt",
	 .role = ROLE_ADMIN,
	 .everywhere = true,
	 .reasoned = true,
	 .body = MEDIA_CARRY,
	 .body_limit = CARRY_FILE_MAX,
	 .deadline_s = LIST_S,
	 .open = adopt_open,
	 .write = adopt_write,
	 .summary = "what a phone's file says and the log can have no other way"},

	/* devices and people */
	{.method = "GET",
	 .path = "/v1/devices",
	 .role = ROLE_SUPERVISOR,
	 .deadline_s = PROMPT_S,
	 .write = waiting_write,
	 .answer = devices_answer,
	 .summary = "the enrolled devices"},
	{.method = "POST",
	 .path = "/v1/device/{n}/allow",
	 .role = ROLE_ADMIN,
	 .deadline_s = PROMPT_S,
	 .open = device_open,
	 .write = allow_write,
	 .answer = family_answer,
	 .summary = "a device that is held, and all of its family, may sync again"},
	{.method = "POST",
	 .path = "/v1/device/{n}/revoke",
	 .role = ROLE_ADMIN,
	 .deadline_s = PROMPT_S,
	 .open = device_open,
	 .write = revoke_write,
	 .answer = family_answer,
	 .summary = "a device and all of its family lose their right to sync"},
	{.method = "POST",
	 .path = "/v1/device/{n}/replace",
	 .role = ROLE_ADMIN,
	 .deadline_s = PROMPT_S,
	 .open = device_open,
	 .write = replace_write,
	 .summary = "a device is revoked, and its cadre gets a code for another"},
	{.method = "POST",
	 .path = "/v1/device/{n}/scope",
	 .role = ROLE_ADMIN,
	 .body = MEDIA_JSON,
	 .body_limit = JSON_MAX,
	 .deadline_s = PROMPT_S,
	 .open = device_open,
	 .write = scope_write,
	 .answer = scope_answer,
	 .summary = "a device gets other villages"},
	{.method = "POST",
	 .path = "/v1/device/{n}/handover",
	 .role = ROLE_ADMIN,
	 .body = MEDIA_JSON,
	 .body_limit = JSON_MAX,
	 .deadline_s = PROMPT_S,
	 .open = handover_open,
	 .write = handover_write,
	 .answer = handover_answer,
	 .summary = "a device's villages go to another device"},
	{.method = "POST",
	 .path = "/v1/codes",
	 .role = ROLE_ADMIN,
	 .body = MEDIA_JSON,
	 .body_limit = JSON_MAX,
	 .deadline_s = PROMPT_S,
	 .write = code_write,
	 .summary = "a one-time code for a cadre's device"},
	{.method = "GET",
	 .path = "/v1/tokens",
	 .role = ROLE_ADMIN,
	 .deadline_s = PROMPT_S,
	 .answer = tokens_answer,
	 .summary = "the tokens, and when each served last"},
	{.method = "POST",
	 .path = "/v1/tokens",
	 .role = ROLE_ADMIN,
	 .body = MEDIA_JSON,
	 .body_limit = JSON_MAX,
	 .deadline_s = PROMPT_S,
	 .write = token_write,
	 .summary = "a token for a person or a program"},
	{.method = "POST",
	 .path = "/v1/token/{n}/revoke",
	 .role = ROLE_ADMIN,
	 .deadline_s = PROMPT_S,
	 .open = token_open,
	 .write = token_revoke_write,
	 .answer = token_answer,
	 .summary = "a token is taken back"},
	{.method = "GET",
	 .path = "/v1/users",
	 .role = ROLE_ADMIN,
	 .deadline_s = PROMPT_S,
	 .answer = users_answer,
	 .summary = "the people who sign in"},
	{.method = "POST",
	 .path = "/v1/users",
	 .role = ROLE_ADMIN,
	 .body = MEDIA_JSON,
	 .body_limit = JSON_MAX,
	 .deadline_s = PROMPT_S,
	 .open = user_add_open,
	 .prove = user_prove,
	 .write = user_add_write,
	 .answer = user_answer,
	 .summary = "a person who signs in with a password"},
	{.method = "POST",
	 .path = "/v1/user/{n}/password",
	 .role = ROLE_ADMIN,
	 .body = MEDIA_JSON,
	 .body_limit = JSON_MAX,
	 .deadline_s = PROMPT_S,
	 .open = user_password_open,
	 .prove = user_prove,
	 .write = user_password_write,
	 .answer = user_answer,
	 .summary = "a person gets another password"},
	{.method = "POST",
	 .path = "/v1/user/{n}/disable",
	 .role = ROLE_ADMIN,
	 .deadline_s = PROMPT_S,
	 .open = user_disable_open,
	 .write = user_disable_write,
	 .answer = user_answer,
	 .summary = "a person may sign in no more"},

	/* sessions */
	{.method = "GET",
	 .path = "/v1/session",
	 .role = ROLE_CADRE,
	 .deadline_s = PROMPT_S,
	 .answer = session_answer,
	 .summary = "who asks, with which rights"},
	{.method = "POST",
	 .path = "/v1/session",
	 .same_origin = true,
	 .body = MEDIA_JSON,
	 .body_limit = SIGN_IN_MAX,
	 .deadline_s = PROMPT_S,
	 .open = sign_in_open,
	 .prove = sign_in_prove,
	 .write = sign_in_write,
	 .answer = sign_in_answer,
	 .summary = "name and password become a session"},
	{.method = "POST",
	 .path = "/v1/session/password",
	 .same_origin = true,
	 .body = MEDIA_JSON,
	 .body_limit = SIGN_IN_MAX,
	 .deadline_s = PROMPT_S,
	 .open = own_password_open,
	 .prove = sign_in_prove,
	 .write = sign_in_write,
	 .answer = sign_in_answer,
	 .summary = "another password of one's own, and a session"},
	{.method = "DELETE",
	 .path = "/v1/session",
	 .role = ROLE_CADRE,
	 .deadline_s = PROMPT_S,
	 .write = sign_out_write,
	 .summary = "the session ends"},

	/* the schema */
	{.method = "GET",
	 .path = "/v1/schema",
	 .role = ROLE_CADRE,
	 .deadline_s = PROMPT_S,
	 .answer = schema_answer,
	 .summary = "the newest schema, as it was loaded"},
	{.method = "POST",
	 .path = "/v1/schema",
	 .role = ROLE_ADMIN,
	 .everywhere = true,
	 .body = MEDIA_JSON,
	 .body_limit = SCHEMA_BYTES_MAX,
	 .deadline_s = PROMPT_S,
	 .write = schema_write,
	 .summary = "the next version of the schema"},
	{.method = "POST",
	 .path = "/v1/schema/check",
	 .role = ROLE_ADMIN,
	 .body = MEDIA_JSON,
	 .body_limit = SCHEMA_BYTES_MAX,
	 .deadline_s = PROMPT_S,
	 .answer = schema_check_answer,
	 .summary = "would this schema be taken?"},

	/* the server */
	{.method = "GET",
	 .path = "/v1/health",
	 .deadline_s = PROMPT_S,
	 .answer = health_answer,
	 .summary = "is the server there, and can it read?"},
	{.method = "GET",
	 .path = "/v1/epochs",
	 .role = ROLE_ADMIN,
	 .everywhere = true,
	 .deadline_s = LIST_S,
	 .answer = epochs_answer,
	 .lists = true,
	 .summary = "when the server was restored, and what came back from whom"},
	{.method = "GET",
	 .path = "/v1/backup",
	 .role = ROLE_ADMIN,
	 .everywhere = true,
	 .logged = true,
	 .deadline_s = BACKUP_S,
	 .work = backup_work,
	 .answer = backup_answer,
	 .summary = "a consistent copy of the database"},
};

/* The path against "prefix{…}suffix" or a literal. */
static bool
path_fits(const char *pattern, const char *path, char argument_out[CALL_TEXT_SIZE])
{
	const char *open = strchr(pattern, '{');
	const char *suffix;
	size_t prefix_length;
	size_t suffix_length;
	size_t length = strlen(path);

	if (open == NULL) {
		argument_out[0] = '\0';
		return strcmp(pattern, path) == 0;
	}
	prefix_length = (size_t)(open - pattern);
	suffix = strchr(open, '}') + 1;
	suffix_length = strlen(suffix);
	if (length <= prefix_length + suffix_length || strncmp(path, pattern, prefix_length) != 0 ||
	    strcmp(path + length - suffix_length, suffix) != 0) {
		return false;
	}
	path += prefix_length;
	length -= prefix_length + suffix_length;
	if (length >= CALL_TEXT_SIZE || memchr(path, '/', length) != NULL) {
		return false;
	}
	memcpy(argument_out, path, length);
	argument_out[length] = '\0';
	return true;
}

enum { METHOD_GET = 1, METHOD_POST = 2, METHOD_DELETE = 4, METHOD_SETS = 8 };

/* By what a path has. */
static const char *const allowed[METHOD_SETS] = {
	[METHOD_GET] = "GET",
	[METHOD_POST] = "POST",
	[METHOD_GET | METHOD_POST] = "GET, POST",
	[METHOD_DELETE] = "DELETE",
	[METHOD_GET | METHOD_DELETE] = "GET, DELETE",
	[METHOD_POST | METHOD_DELETE] = "POST, DELETE",
	[METHOD_GET | METHOD_POST | METHOD_DELETE] = "GET, POST, DELETE",
};

static unsigned
method_bit(const char *method)
{
	return *method == 'G' ? METHOD_GET : *method == 'P' ? METHOD_POST : METHOD_DELETE;
}

const struct route *
route_find(const char *method, const char *path, char argument_out[CALL_TEXT_SIZE],
	   const char **allow_out)
{
	unsigned methods = 0;

	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
		if (!path_fits(routes[i].path, path, argument_out)) {
			continue;
		}
		if (strcmp(routes[i].method, method) == 0) {
			*allow_out = NULL;
			return &routes[i];
		}
		methods |= method_bit(routes[i].method);
	}
	*allow_out = allowed[methods];
	return NULL;
}

const struct route *
route_at(size_t index)
{
	return index < sizeof routes / sizeof routes[0] ? &routes[index] : NULL;
}

int
route_parameter(const struct route *route, const char *name)
{
	const char *word = route->parameters;
	size_t wanted = strlen(name);

	for (int place = 0; word != NULL && *word != '\0'; place++) {
		size_t length = strcspn(word, " ");

		if (length == wanted && strncmp(word, name, length) == 0) {
			return place;
		}
		word += length;
		word += strspn(word, " ");
	}
	return -1;
}
