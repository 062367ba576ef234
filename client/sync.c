/* SPDX-License-Identifier: Apache-2.0 */
#include "client/device.h"
#include "client/pace.h"

#include <string.h>

enum {
	WHY_SIZE = 200,
	URL_SIZE = CODE_URL_MAX + 32,
	STUCK_MAX = 4,	  /* exchanges in a row that bring nothing (14.10 has two), */
	REPEATED_MAX = 8, /* … and such as the network delivered twice */
};

void
device_connect(struct sambung *device)
{
	if (device->platform.post == transport_http_post && device->transport == NULL) {
		device->transport = transport_http_open();
	}
}

void
device_disconnect(struct sambung *device)
{
	transport_http_close(device->transport);
	device->transport = NULL;
}

static int
reply_append(void *sink, const void *bytes, size_t length)
{
	struct buffer *reply = sink;

	buffer_append(reply, bytes, length);
	return reply->status != STATUS_OK;
}

/* Does the plain line with which the server refuses what it cannot open begin with this status? */
static bool
answer_tells(struct span answer, enum status status)
{
	const char *name = status_name(status);
	size_t length = strlen(name);

	return answer.length > length && memcmp(answer.at, name, length) == 0 &&
	       answer.at[length] == ':';
}

/* What an answer without a parcel means. Only what stands before the server's parcels answers so:
 * a full server, a proxy, the login page of a hotel. */
static enum status
http_failed(int http_status, struct span answer, struct error *err)
{
	static const struct {
		int http;
		enum status status;
	} known[] = {
		{400, STATUS_MALFORMED},
		{401, STATUS_UNAUTHENTICATED},
		{403, STATUS_DENIED},
		{404, STATUS_NOT_FOUND},
		{413, STATUS_LIMIT},
		{415, STATUS_UNSUPPORTED},
		{429, STATUS_BUSY},
		{503, STATUS_BUSY},
		{504, STATUS_TIMEOUT},
		/* It is not this device's disk that is full. */
		{507, STATUS_SERVER_FULL},
	};

	if (answer_tells(answer, STATUS_SIGNATURE)) {
		/* It does not have the key for which the parcel was sealed. */
		return fail(err, STATUS_FOREIGN, "HTTP %d", http_status);
	}
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (known[i].http == http_status) {
			return fail(err, known[i].status, "HTTP %d", http_status);
		}
	}
	return fail(err, STATUS_UNREACHABLE, "HTTP %d", http_status);
}

/* Without the pins of the server's key. */
static int
address_length(const char *server)
{
	return (int)strcspn(server, "#");
}

/* The path goes in front of the pins, which stay for the transport. */
static enum status
url_make(const char *server, const char *path, struct buffer *out, struct error *err)
{
	const char *pins = server + address_length(server);
	size_t length = (size_t)(pins - server);

	while (length > 0 && server[length - 1] == '/') {
		length--;
	}
	buffer_append(out, server, length);
	buffer_printf(out, "%s%s", path, pins);
	buffer_append_byte(out, '\0');
	return buffer_status(out, "URL", err);
}

/* That the last answer asked for. */
static unsigned
retry_after_s(struct sambung *device)
{
	const struct sambung_platform *platform = &device->platform;

	if (platform->post == transport_http_post) {
		return transport_http_retry_after_s(device->transport);
	}
	return platform->retry_after_s == NULL ? 0 : platform->retry_after_s(platform->context);
}

enum status
device_post(struct sambung *device, const struct device_parcel *parcel, struct buffer *reply,
	    struct sambung_result *counted, struct error *err)
{
	const struct sambung_platform *platform = &device->platform;
	void *context = platform->post == transport_http_post ? (void *)device->transport
							      : platform->context;
	struct buffer url;
	char why[WHY_SIZE] = "";
	int http_status = 0;
	uint64_t up = 0;
	uint64_t down = 0;
	int failed = 1;
	enum status status;

	counted->retry_after_s = 0;
	buffer_init(&url, URL_SIZE);
	status = url_make(parcel->server, parcel->path, &url, err);
	if (status == STATUS_OK) {
		failed = platform->post(
			context, (const char *)url.at,
			(struct sambung_bytes){parcel->bytes.at, parcel->bytes.length},
			reply->limit, reply_append, reply, &http_status, &up, &down, why,
			sizeof why);
		counted->requests++;
		counted->bytes_up += up;
		counted->bytes_down += down;
		why[sizeof why - 1] = '\0';
	}
	buffer_finish(&url);
	if (status != STATUS_OK) {
		return status;
	}
	if (reply->status != STATUS_OK) {
		return buffer_status(reply, parcel->path, err);
	}
	if (failed != 0) {
		device->cut = up > 0;
		return fail(err,
			    failed == POST_CERTIFICATE ? STATUS_CERTIFICATE : STATUS_UNREACHABLE,
			    "%.*s%s%s", address_length(parcel->server), parcel->server,
			    why[0] == '\0' ? "" : ": ", why);
	}
	if (http_status != 200) {
		device->cut = http_status == 504;
		counted->retry_after_s = retry_after_s(device);
		status = http_failed(http_status, buffer_span(reply), err);
		device->put_off = status == STATUS_BUSY || status == STATUS_SERVER_FULL;
		return status;
	}
	/* Both kinds of parcel begin so; a login page does not. */
	if (reply->length == 0 || reply->at[0] != 0x01) {
		return fail(err, STATUS_UNREACHABLE, "%.*s: HTTP %d",
			    address_length(parcel->server), parcel->server, http_status);
	}
	return STATUS_OK;
}

/* What moves when an exchange gets anywhere. */
struct progress {
	uint32_t device;
	uint32_t fork_n;
	struct cursor cursor;
	uint32_t epoch;
	uint32_t acked_n;
	uint32_t schema_version;
	size_t schema_held;
};

static enum status
progress_read(struct sambung *device, struct progress *out, struct error *err)
{
	struct local_schema_part part = {0};
	struct local_state state;
	struct arena arena;
	enum status status = local_state_load(device->local, &state, err);

	arena_init(&arena, SCHEMA_BYTES_MAX + 1024);
	if (status == STATUS_OK) {
		status = local_schema_part(device->local, &arena, &part, err);
	}
	arena_finish(&arena);
	if (status == STATUS_OK) {
		*out = (struct progress){.device = state.device,
					 .fork_n = state.fork_n,
					 .cursor = state.cursor,
					 .epoch = state.epoch,
					 .acked_n = state.acked_n,
					 .schema_version = state.schema_version,
					 .schema_held = part.bytes.length};
	}
	return status;
}

static bool
progress_same(const struct progress *a, const struct progress *b)
{
	return a->device == b->device && a->fork_n == b->fork_n &&
	       a->cursor.complete == b->cursor.complete && a->cursor.key == b->cursor.key &&
	       a->cursor.id == b->cursor.id && a->epoch == b->epoch && a->acked_n == b->acked_n &&
	       a->schema_version == b->schema_version && a->schema_held == b->schema_held;
}

/* A sync that gets nowhere. */
struct standstill {
	struct progress before;
	unsigned stuck;
	unsigned repeated;
};

/* An answer that brings nothing asks for the same again. Of a request that comes twice only the
 * second answer may arrive, and that has nothing but acknowledgements: the fault of a network, so
 * the cadre tries again later. Otherwise one of the two sides is wrong, and would ask for ever. */
static enum status
standstill_check(struct sambung *device, bool again, struct standstill *still, struct error *err)
{
	struct progress now;
	enum status status = progress_read(device, &now, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (!progress_same(&still->before, &now)) {
		*still = (struct standstill){.before = now};
	} else if (device->repeated) {
		still->repeated++;
	} else {
		still->stuck++;
	}
	if (again && still->repeated >= REPEATED_MAX) {
		return fail(err, STATUS_UNREACHABLE, "%u requests came twice", still->repeated);
	}
	if (again && still->stuck >= STUCK_MAX) {
		return fail(err, STATUS_INTERNAL, "n %u, cursor %llu", now.acked_n,
			    (unsigned long long)now.cursor.complete);
	}
	return STATUS_OK;
}

/* One request and its answer. */
static int
sync_once(struct sambung *device, struct buffer *reply, int *again_out,
	  struct sambung_result *result, struct sambung_error *err)
{
	struct error inner = {0};
	struct local_state state;
	struct sambung_bytes request;
	struct device_parcel parcel = {.server = state.url, .path = "/v1/sync"};
	int failed;

	device->cut = false;
	device->put_off = false;
	device->repeated = false;
	failed = sambung_exchange_request(device, &request, err);
	if (failed != 0) {
		return failed;
	}
	buffer_clear(reply);
	parcel.bytes = span_of(request.at, request.length);
	if (local_state_load(device->local, &state, &inner) != STATUS_OK ||
	    device_post(device, &parcel, reply, result, &inner) != STATUS_OK) {
		return device_fail(err, &inner);
	}
	return sambung_exchange_reply(device, (struct sambung_bytes){reply->at, reply->length},
				      again_out, result, err);
}

/* Tries of one exchange. */
struct trying {
	unsigned tries;
	int64_t since_ms; /* the uptime when the sync last got anywhere */
};

static void
trying_start(struct sambung *device, struct trying *trying)
{
	trying->tries = 0;
	trying->since_ms = device->platform.uptime_ms(device->platform.context);
}

/* Waits if the exchange that failed so is to be tried again. */
static bool
trying_again(struct sambung *device, struct trying *trying, const struct sambung_result *result)
{
	const struct sambung_platform *platform = &device->platform;
	struct pace_failure failure = {.tries = ++trying->tries,
				       .cut = device->cut,
				       .busy = device->put_off,
				       .retry_after_s = result->retry_after_s};
	uint32_t random = 0;
	uint32_t wait_ms;

	if (!failure.cut) {
		exchange_excuse(device->exchange);
	}
	failure.elapsed_ms = platform->uptime_ms(platform->context) - trying->since_ms;
	if (platform->wait == NULL ||
	    platform->random(platform->context, &random, sizeof random) != 0 ||
	    !pace_retry(&failure, random, &wait_ms)) {
		return false;
	}
	return platform->wait(platform->context, wait_ms) == 0;
}

static int
sync_loop(struct sambung *device, sambung_progress_fn progress, void *context,
	  struct sambung_result *result, struct sambung_error *err)
{
	struct error inner = {0};
	struct standstill still = {.stuck = 0};
	struct trying trying;
	struct buffer reply;
	int again = 1;
	int failed = 0;

	buffer_init(&reply, PARCEL_REPLY_MAX);
	trying_start(device, &trying);
	while (failed == 0 && again != 0) {
		do {
			failed = sync_once(device, &reply, &again, result, err);
		} while (failed != 0 && result->synced == 0 &&
			 trying_again(device, &trying, result));
		trying_start(device, &trying);
		if (failed != 0 && result->synced != 0 && status_retry((enum status)failed)) {
			/* Only a proof was still to be asked for, and the next sync does. */
			failed = 0;
			break;
		}
		if (failed != 0 || (progress != NULL && progress(context, result) != 0)) {
			break;
		}
		if (standstill_check(device, again != 0, &still, &inner) != STATUS_OK) {
			failed = device_fail(err, &inner);
		}
	}
	buffer_finish(&reply);
	return failed;
}

int
sambung_sync(struct sambung *device, sambung_progress_fn progress, void *context,
	     struct sambung_result *result, struct sambung_error *err)
{
	int failed;

	*result = (struct sambung_result){0};
	device_connect(device);
	failed = sync_loop(device, progress, context, result, err);
	device_disconnect(device);
	if (failed != 0) {
		result->synced = 0;
	}
	return failed;
}
