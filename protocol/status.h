/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status: what can go wrong, in one table, and the error that carries it.
 *
 * A function that can fail returns an enum status and takes a `struct error *` last. At the source
 * it calls fail(); callers may put context in front with fail_context(). The sentence for a person
 * is put together only at the edge (error_sentence), in her language, as
 *     <what went wrong>: <detail>. <next step>
 * so the detail holds names, numbers and positions, never personal data and never advice.
 */
#ifndef SAMBUNG_PROTOCOL_STATUS_H
#define SAMBUNG_PROTOCOL_STATUS_H

#include <stddef.h>

#if defined(__GNUC__)
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define MUST_USE __attribute__((warn_unused_result))
#else
#define PRINTF_LIKE(text, first)
#define MUST_USE
#endif

/*
 * X(NAME, name, http status, worth trying again unchanged, what en, what id, next en, next id)
 * The order is not part of any format; the names are (API errors carry them in lower case).
 */
#define STATUS_TABLE(X)                                                                            \
	X(OK, "ok", 200, 0, "done", "selesai", "", "")                                             \
	X(MALFORMED, "malformed", 400, 0, "the bytes are not what the protocol says",              \
	  "data rusak", "Send it again; if it stays so, update the program",                       \
	  "Ulangi; bila tetap begitu, perbarui aplikasi")                                          \
	X(LIMIT, "limit", 413, 0, "larger than allowed", "melebihi batas ukuran",                  \
	  "Send less at once", "Kirim lebih sedikit sekaligus")                                    \
	X(INVALID, "invalid", 422, 0, "this value cannot be kept", "isian tidak dapat diterima",   \
	  "Correct the value and try again", "Perbaiki isian lalu coba lagi")                      \
	X(USAGE, "usage", 400, 0, "the command was not understood", "perintah tidak dimengerti",   \
	  "See --help", "Lihat --help")                                                            \
	X(NOT_FOUND, "not_found", 404, 0, "not found", "tidak ditemukan", "Check the id or name",  \
	  "Periksa nomor atau nama")                                                               \
	X(EXISTS, "exists", 409, 0, "it is there already", "sudah ada",                            \
	  "Choose another name or use what is there", "Pilih nama lain atau pakai yang sudah ada") \
	X(STALE, "stale", 409, 0, "somebody changed it after you looked",                          \
	  "sudah diubah orang lain", "Look at the new values and decide again",                    \
	  "Lihat isian terbaru lalu putuskan lagi")                                                \
	X(DENIED, "denied", 403, 0, "not allowed", "tidak diizinkan",                              \
	  "Ask an admin for the right", "Minta izin kepada admin")                                 \
	X(UNAUTHENTICATED, "unauthenticated", 401, 0, "the token is missing or unknown",           \
	  "token tidak dikenal", "Check SAMBUNG_TOKEN_FILE or ask for a new token",                \
	  "Minta token baru kepada admin")                                                         \
	X(CODE_UNKNOWN, "code_unknown", 403, 0, "the enrolment code is not known here",            \
	  "kode pendaftaran tidak dikenal", "Ask the admin for a new code",                        \
	  "Minta kode baru kepada admin")                                                          \
	X(CODE_EXPIRED, "code_expired", 403, 0, "the enrolment code has expired",                  \
	  "kode pendaftaran sudah kedaluwarsa", "Ask the admin for a new code",                    \
	  "Minta kode baru kepada admin")                                                          \
	X(CODE_USED, "code_used", 403, 0, "the enrolment code was used by another phone",          \
	  "kode sudah dipakai HP lain", "Ask the admin for a new code",                            \
	  "Minta kode baru kepada admin")                                                          \
	X(FOREIGN, "foreign", 403, 0, "this device is not known to this server",                   \
	  "HP ini tidak terdaftar di server ini",                                                  \
	  "Check the server address, or enrol again with a new code",                              \
	  "Periksa alamat server, atau daftar lagi dengan kode baru")                              \
	X(SIGNATURE, "signature", 400, 0, "the signature or seal does not fit",                    \
	  "tanda tangan atau segel tidak cocok", "Send it again from the device that made it",     \
	  "Kirim lagi dari HP yang membuatnya")                                                    \
	X(FORK, "fork", 409, 0, "two copies of this installation are in use",                      \
	  "ada dua salinan aplikasi ini", "Stop using the copy and enrol it with a new code",      \
	  "Hentikan salinan itu dan daftarkan dengan kode baru")                                   \
	X(REVOKED, "revoked", 403, 0, "this device was revoked", "HP ini sudah dicabut haknya",    \
	  "Ask the admin", "Hubungi admin")                                                        \
	X(GAP, "gap", 409, 1, "earlier changes are missing", "perubahan sebelumnya belum sampai",  \
	  "The device sends them again by itself", "HP akan mengirim ulang sendiri")               \
	X(UNREACHABLE, "unreachable", 502, 1, "the server could not be reached",                   \
	  "server tidak dapat dihubungi", "Everything is kept; try again when there is signal",    \
	  "Data aman di HP; coba lagi saat ada sinyal")                                            \
	X(BUSY, "busy", 503, 1, "busy", "sedang sibuk", "Try again in a moment",                   \
	  "Coba lagi sebentar lagi")                                                               \
	X(TIMEOUT, "timeout", 504, 1, "it took too long", "waktu habis",                           \
	  "Everything is kept; try again", "Data aman; coba lagi")                                 \
	X(FULL, "full", 507, 1, "the disk is full", "penyimpanan penuh",                           \
	  "Free some space and try again", "Kosongkan penyimpanan lalu coba lagi")                 \
	X(STORAGE, "storage", 500, 1, "the database could not be read or written",                 \
	  "basis data tidak dapat dibaca atau ditulis",                                            \
	  "Check the disk and the folder's permissions", "Periksa penyimpanan HP")                 \
	X(MEMORY, "memory", 500, 1, "out of memory", "memori habis",                               \
	  "Close other programs and try again", "Tutup aplikasi lain lalu coba lagi")              \
	X(NOT_ENROLLED, "not_enrolled", 409, 0, "this device is not enrolled",                     \
	  "HP ini belum didaftarkan", "Run `sambung enrol` with a code from the admin",            \
	  "Jalankan `sambung enrol` dengan kode dari admin")                                       \
	X(UNSUPPORTED, "unsupported", 415, 0, "made by a newer program",                           \
	  "dibuat oleh aplikasi yang lebih baru", "Update this program", "Perbarui aplikasi ini")  \
	X(CLOCK, "clock", 500, 0, "the clock or randomness is not to be had",                      \
	  "jam atau sumber acak tidak tersedia", "Restart the device", "Nyalakan ulang HP")        \
	X(INTERNAL, "internal", 500, 0, "a fault in this program", "kesalahan pada aplikasi",      \
	  "Report it with the log", "Laporkan kepada admin")

enum status {
#define STATUS_ENUM(NAME, name, http, retry, what_en, what_id, next_en, next_id) STATUS_##NAME,
	STATUS_TABLE(STATUS_ENUM)
#undef STATUS_ENUM
		STATUS_COUNT
};

enum language { LANGUAGE_EN, LANGUAGE_ID };

enum { ERROR_DETAIL_MAX = 240 };

struct error {
	enum status status;
	char detail[ERROR_DETAIL_MAX]; /* UTF-8, NUL-terminated, cut at a character when too long */
};

/*
 * Sets *err (which may be NULL) and is `status`, so a failure reads `return fail(err, …);`. A macro
 * around a function, so that an analyser of one file sees that the result is never OK; `code` is
 * evaluated twice.
 */
#define fail(err, code, ...) (error_set((err), (code), __VA_ARGS__), (enum status)(code))
void error_set(struct error *err, enum status status, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts "<context>: " in front of the detail and returns the status already there, so it needs the
 * error that fail() filled: without one (NULL) the status is lost and STATUS_INTERNAL. */
enum status fail_context(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* The name in lower case ("not_found"), never NULL. */
const char *status_name(enum status status);
/* The status of that name; STATUS_INTERNAL if there is none. */
enum status status_named(const char *name);
int status_http(enum status status);
/* Worth sending the same bytes again later. */
int status_retry(enum status status);
const char *status_what(enum status status, enum language language);
const char *status_next(enum status status, enum language language);

/* Writes "<what>: <detail>. <next>" (cut to size, NUL-terminated) and returns `out`. */
char *error_sentence(const struct error *err, enum language language, char *out, size_t size);

#endif
