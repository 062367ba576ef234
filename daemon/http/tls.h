/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls: the server's certificate and its key; the only file that knows GnuTLS. Any thread.
 *
 * Each handshake asks for the pair anew (server.c), so another one can take its place while
 * connections go on: those that are open keep what they began with. A pair that was replaced stays
 * in memory until tls_free, for a handshake may still use it: some 10 KiB for each change of the
 * files.
 */
#ifndef SAMBUNG_DAEMON_HTTP_TLS_H
#define SAMBUNG_DAEMON_HTTP_TLS_H

#include "protocol/bytes.h"

struct tls;

/* "sha256//" and the SHA-256 of the SubjectPublicKeyInfo in base64: as libcurl takes it. */
enum { TLS_PIN_SIZE = 8 + 44 + 1 };

/* PEM files. The first certificate is the server's, what leads to its authority may follow. */
struct tls_files {
	const char *certificate;
	const char *key;
};

/*
 * Each error's detail names the file and says what is wrong with it. NOT_FOUND, STORAGE: it cannot
 * be read; DENIED: others may read the key; MALFORMED: it is none; INVALID: key and certificate are
 * of two pairs; CERTIFICATE: not valid yet, or no more.
 */
enum status tls_create(const struct tls_files *files, int64_t now_ms, struct tls **out,
		       struct error *err);
/* Reads them again, for tls_take; one thread. After a failure nothing has changed. */
enum status tls_prepare(struct tls *tls, const struct tls_files *files, int64_t now_ms,
			char pin_out[TLS_PIN_SIZE], struct error *err);
/* The pair that was prepared is in use from now on. */
void tls_take(struct tls *tls);
/* No handshake is under way any more. Takes NULL. */
void tls_free(struct tls *tls);

/* Of the pair in use. */
void tls_pin(struct tls *tls, char out[TLS_PIN_SIZE]);
/* Whether an authority that this machine trusts vouches for it, for any name. */
bool tls_trusted(struct tls *tls);
/* Whole days until it ends. */
int tls_days_left(struct tls *tls, int64_t now_ms);

/* TLS 1.2 and 1.3, forward secrecy, authenticated ciphers. */
extern const char tls_priorities[];

/* GnuTLS's gnutls_certificate_retrieve_function3, as the HTTP library takes it. The session's
 * pointer is the connection, of which server_tls knows the pair. */
typedef void (*tls_function)(void);
tls_function tls_picker(void);

#endif
