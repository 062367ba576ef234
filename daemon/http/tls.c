/* SPDX-License-Identifier: Apache-2.0 */
#include "tls.h"

#include "daemon/folder.h"
#include "protocol/crypto.h"
#include "server.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PEM_MAX = 64 * 1024, CHAIN_MAX = 8, KEY_ID_SIZE = 32, DAY_S = 86400 };

const char tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA:"
			      "-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:"
			      "-MAC-ALL:+AEAD:%SERVER_PRECEDENCE";

/* Invariant: nothing of a pair changes once it is in the list. */
struct pair {
	struct pair *former;
	gnutls_x509_crt_t certificates[CHAIN_MAX];
	unsigned count;
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned chain_count; /* of `chain` that are made */
	gnutls_privkey_t key;
	uint8_t key_id[KEY_ID_SIZE]; /* SHA-256 of the SubjectPublicKeyInfo */
};

struct tls {
	pthread_mutex_t mutex;
	struct pair *newest;
	struct pair *prepared; /* of the one thread that does; NULL: none */
};

/* ---- reading a pair ---- */

static void
pair_free(struct pair *pair)
{
	if (pair == NULL) {
		return;
	}
	for (unsigned i = 0; i < pair->chain_count; i++) {
		gnutls_pcert_deinit(&pair->chain[i]);
	}
	for (unsigned i = 0; i < pair->count; i++) {
		gnutls_x509_crt_deinit(pair->certificates[i]);
	}
	if (pair->key != NULL) {
		gnutls_privkey_deinit(pair->key);
	}
	free(pair);
}

static gnutls_datum_t
datum_of(const struct buffer *text)
{
	return (gnutls_datum_t){text->at, (unsigned)text->length};
}

static enum status
read_certificates(struct pair *pair, const char *path, struct error *err)
{
	struct buffer text;
	unsigned count = CHAIN_MAX;
	gnutls_datum_t datum;
	enum status status;
	int made;

	buffer_init(&text, PEM_MAX);
	status = folder_read(path, PEM_MAX, &text, err);
	if (status != STATUS_OK) {
		buffer_finish(&text);
		return status;
	}
	datum = datum_of(&text);
	made = gnutls_x509_crt_list_import(pair->certificates, &count, &datum, GNUTLS_X509_FMT_PEM,
					   GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);
	buffer_finish(&text);
	if (made <= 0) {
		return fail(err, STATUS_MALFORMED, "%s is no certificate in PEM (%s)", path,
			    gnutls_strerror(made));
	}
	pair->count = (unsigned)made;
	for (unsigned i = 0; i < pair->count; i++) {
		made = gnutls_pcert_import_x509(&pair->chain[i], pair->certificates[i], 0);
		if (made < 0) {
			return fail(err, STATUS_MALFORMED, "%s: %s", path, gnutls_strerror(made));
		}
		pair->chain_count++;
	}
	return STATUS_OK;
}

static enum status
check_mode(const char *path, struct error *err)
{
	struct stat about;

	/* A group is allowed: certbot gives its keys to one. */
	if (stat(path, &about) == 0 && (about.st_mode & S_IRWXO) != 0) {
		return fail(err, STATUS_DENIED, "%s: other users may read it; run chmod o= on it",
			    path);
	}
	return STATUS_OK;
}

static enum status
read_key(struct pair *pair, const char *path, struct error *err)
{
	struct buffer text;
	gnutls_datum_t datum;
	enum status status = check_mode(path, err);
	int made = GNUTLS_E_SUCCESS;

	if (status != STATUS_OK) {
		return status;
	}
	buffer_init(&text, PEM_MAX);
	/* At once, so that no part of the key stays behind where the buffer grew. */
	(void)buffer_extend(&text, PEM_MAX);
	buffer_clear(&text);
	status = folder_read(path, PEM_MAX, &text, err);
	if (status == STATUS_OK) {
		datum = datum_of(&text);
		made = gnutls_privkey_init(&pair->key);
		if (made >= 0) {
			made = gnutls_privkey_import_x509_raw(pair->key, &datum,
							      GNUTLS_X509_FMT_PEM, NULL, 0);
		}
	}
	if (text.at != NULL) {
		crypto_wipe(text.at, text.length);
	}
	buffer_finish(&text);
	return made >= 0 ? status
			 : fail(err, STATUS_MALFORMED,
				"%s is no private key in PEM without a password (%s)", path,
				gnutls_strerror(made));
}

/* Are they of one pair? Leaves the key id. */
static enum status
check_match(struct pair *pair, const struct tls_files *files, struct error *err)
{
	uint8_t of_key[KEY_ID_SIZE];
	size_t size = sizeof of_key;
	size_t other = sizeof pair->key_id;
	gnutls_pubkey_t public_key = NULL;
	int made = gnutls_pubkey_init(&public_key);

	if (made >= 0) {
		made = gnutls_pubkey_import_privkey(public_key, pair->key, 0, 0);
	}
	if (made >= 0) {
		made = gnutls_pubkey_get_key_id(public_key, GNUTLS_KEYID_USE_SHA256, of_key, &size);
	}
	gnutls_pubkey_deinit(public_key);
	if (made >= 0) {
		made = gnutls_x509_crt_get_key_id(pair->certificates[0], GNUTLS_KEYID_USE_SHA256,
						  pair->key_id, &other);
	}
	if (made < 0) {
		return fail(err, STATUS_MALFORMED, "%s: %s", files->key, gnutls_strerror(made));
	}
	if (memcmp(of_key, pair->key_id, KEY_ID_SIZE) != 0) {
		return fail(err, STATUS_INVALID, "%s is not the key of %s", files->key,
			    files->certificate);
	}
	return STATUS_OK;
}

static enum status
check_dates(const struct pair *pair, const char *path, int64_t now_s, struct error *err)
{
	int64_t begins = (int64_t)gnutls_x509_crt_get_activation_time(pair->certificates[0]);
	int64_t ends = (int64_t)gnutls_x509_crt_get_expiration_time(pair->certificates[0]);

	if (now_s > ends) {
		return fail(err, STATUS_CERTIFICATE, "%s has expired; renew it", path);
	}
	if (now_s < begins) {
		return fail(err, STATUS_CERTIFICATE,
			    "%s is not valid yet; is this machine's clock right?", path);
	}
	return STATUS_OK;
}

static enum status
pair_read(const struct tls_files *files, int64_t now_ms, struct pair **out, struct error *err)
{
	struct pair *pair = calloc(1, sizeof *pair);
	enum status status;

	if (pair == NULL) {
		return fail(err, STATUS_MEMORY, "a certificate");
	}
	status = read_certificates(pair, files->certificate, err);
	if (status == STATUS_OK) {
		status = read_key(pair, files->key, err);
	}
	if (status == STATUS_OK) {
		status = check_match(pair, files, err);
	}
	if (status == STATUS_OK) {
		status = check_dates(pair, files->certificate, now_ms / 1000, err);
	}
	if (status != STATUS_OK) {
		pair_free(pair);
		return status;
	}
	*out = pair;
	return STATUS_OK;
}

/* ---- the pair in use ---- */

enum status
tls_create(const struct tls_files *files, int64_t now_ms, struct tls **out, struct error *err)
{
	struct tls *tls = calloc(1, sizeof *tls);
	enum status status;

	if (tls == NULL || pthread_mutex_init(&tls->mutex, NULL) != 0) {
		free(tls);
		return fail(err, STATUS_MEMORY, "a certificate");
	}
	status = pair_read(files, now_ms, &tls->newest, err);
	if (status != STATUS_OK) {
		tls_free(tls);
		return status;
	}
	*out = tls;
	return STATUS_OK;
}

static struct pair *
newest_of(struct tls *tls)
{
	struct pair *pair;

	(void)pthread_mutex_lock(&tls->mutex);
	pair = tls->newest;
	(void)pthread_mutex_unlock(&tls->mutex);
	return pair;
}

static void
pin_of(const struct pair *pair, char out[TLS_PIN_SIZE])
{
	struct buffer text;

	buffer_init(&text, TLS_PIN_SIZE);
	base64url_encode(span_of(pair->key_id, sizeof pair->key_id), &text);
	(void)snprintf(out, TLS_PIN_SIZE, "sha256//%.*s=", (int)text.length, (const char *)text.at);
	buffer_finish(&text);
	for (char *at = out; *at != '\0'; at++) {
		*at = *at == '-' ? '+' : *at == '_' ? '/' : *at;
	}
}

enum status
tls_prepare(struct tls *tls, const struct tls_files *files, int64_t now_ms,
	    char pin_out[TLS_PIN_SIZE], struct error *err)
{
	struct pair *pair;
	enum status status = pair_read(files, now_ms, &pair, err);

	if (status != STATUS_OK) {
		return status;
	}
	pair_free(tls->prepared);
	tls->prepared = pair;
	pin_of(pair, pin_out);
	return STATUS_OK;
}

void
tls_take(struct tls *tls)
{
	(void)pthread_mutex_lock(&tls->mutex);
	tls->prepared->former = tls->newest;
	tls->newest = tls->prepared;
	tls->prepared = NULL;
	(void)pthread_mutex_unlock(&tls->mutex);
}

void
tls_free(struct tls *tls)
{
	if (tls == NULL) {
		return;
	}
	pair_free(tls->prepared);
	while (tls->newest != NULL) {
		struct pair *former = tls->newest->former;

		pair_free(tls->newest);
		tls->newest = former;
	}
	(void)pthread_mutex_destroy(&tls->mutex);
	free(tls);
}

void
tls_pin(struct tls *tls, char out[TLS_PIN_SIZE])
{
	pin_of(newest_of(tls), out);
}

bool
tls_trusted(struct tls *tls)
{
	const struct pair *pair = newest_of(tls);
	gnutls_x509_trust_list_t authorities;
	gnutls_x509_crt_t chain[CHAIN_MAX];
	unsigned result = GNUTLS_CERT_INVALID;
	bool verified;

	if (gnutls_x509_trust_list_init(&authorities, 0) < 0) {
		return false;
	}
	memcpy(chain, pair->certificates, sizeof chain);
	verified = gnutls_x509_trust_list_add_system_trust(authorities, 0, 0) > 0 &&
		   gnutls_x509_trust_list_verify_crt(authorities, chain, pair->count, 0, &result,
						     NULL) >= 0;
	gnutls_x509_trust_list_deinit(authorities, 1);
	return verified && result == 0;
}

int
tls_days_left(struct tls *tls, int64_t now_ms)
{
	const struct pair *pair = newest_of(tls);
	int64_t ends = (int64_t)gnutls_x509_crt_get_expiration_time(pair->certificates[0]);

	return (int)((ends - now_ms / 1000) / DAY_S);
}

static int
/* NOLINTNEXTLINE(readability-function-size): the library's signature */
pick(gnutls_session_t session, const struct gnutls_cert_retr_st *info, gnutls_pcert_st **certs,
     unsigned *count, gnutls_ocsp_data_st **ocsp, unsigned *ocsp_count, gnutls_privkey_t *key,
     unsigned *flags)
{
	struct tls *tls = server_tls(gnutls_session_get_ptr(session));
	struct pair *pair = tls == NULL ? NULL : newest_of(tls);

	(void)info;
	if (pair == NULL) {
		return -1;
	}
	/* The library only reads what it borrows so (flags 0). */
	*certs = pair->chain;
	*count = pair->chain_count;
	*ocsp = NULL;
	*ocsp_count = 0;
	*key = pair->key;
	*flags = 0;
	return 0;
}

tls_function
tls_picker(void)
{
	return (tls_function)pick;
}
