/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status: what can go wrong, in one table, and the error that carries it.
 *
 * A function that can fail returns an enum status and takes a `struct error *` last. At the source
 * it calls fail(); callers may put context in front with fail_context(). The sentence for a person
 * is put together only at the edge (error_sentence), in her language, as
 *     <what went wrong>: <detail>. <next step>
 * so the detail holds names, numbers and positions, which are the same in every language, never
 * personal data and never advice. Where a cause needs words, it needs a status of its own.
 */
#ifndef SAMBUNG_PROTOCOL_STATUS_H
#define SAMBUNG_PROTOCOL_STATUS_H

#include <stdbool.h>
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
	X(NOT_NUMBER, "not_number", 422, 0, "not a number", "bukan angka",                         \
	  "Write digits, with a point for decimals, such as 12.5",                                 \
	  "Tulis dengan angka; desimal memakai titik, misalnya 12.5")                              \
	X(DECIMALS, "decimals", 422, 0, "more decimals than allowed",                              \
	  "angka di belakang titik melebihi batas", "Round the number", "Bulatkan angkanya")       \
	X(RANGE, "range", 422, 0, "outside the allowed range", "di luar batas yang diizinkan",     \
	  "Check the value and its unit", "Periksa nilai dan satuannya")                           \
	X(NOT_CHOICE, "not_choice", 422, 0, "not one of the choices", "bukan salah satu pilihan",  \
	  "Use one of the names listed here", "Pakai salah satu nama yang tertulis di sini")       \
	X(SET_UNCLEAR, "set_unclear", 422, 0, "the list of choices is not clear",                  \
	  "daftar pilihan tidak jelas",                                                            \
	  "Write the whole list (a,b) or only what changes (+a,-b), each choice once",             \
	  "Tulis daftar lengkap (a,b) atau perubahannya saja (+a,-b), tiap pilihan satu kali")     \
	X(NOT_BOOLEAN, "not_boolean", 422, 0, "neither true nor false", "bukan true atau false",   \
	  "Write true or false", "Isi true (ya) atau false (tidak)")                               \
	X(NOT_DATE, "not_date", 422, 0, "not a date", "bukan tanggal",                             \
	  "Write year-month-day, such as 2026-11-20",                                              \
	  "Tulis tahun-bulan-tanggal, misalnya 2026-11-20")                                        \
	X(NOT_POINT, "not_point", 422, 0, "not a point on the map", "bukan titik di peta",         \
	  "Write latitude,longitude, such as -3.32,114.59",                                        \
	  "Tulis lintang,bujur, misalnya -3.32,114.59")                                            \
	X(NOT_TEXT, "not_text", 422, 0, "not a text in UTF-8", "bukan teks UTF-8",                 \
	  "Write it again with ordinary letters", "Tulis ulang dengan huruf biasa")                \
	X(TOO_LONG, "too_long", 422, 0, "the text is longer than allowed",                         \
	  "teks melebihi panjang yang diizinkan", "Shorten it", "Persingkat")                      \
	X(NOT_ID, "not_id", 422, 0, "not a record id", "bukan nomor data",                         \
	  "Copy the id, which begins with r, from a list of records",                              \
	  "Salin nomornya, yang diawali r, dari daftar data")                                      \
	X(MISTYPED_ID, "mistyped_id", 422, 0, "the record id is mistyped",                         \
	  "nomor data salah ketik", "Compare each letter and digit",                               \
	  "Cocokkan tiap huruf dan angkanya")                                                      \
	X(OTHER_TYPE, "other_type", 422, 0, "the id belongs to a record of another type",          \
	  "nomor itu milik jenis data lain", "Give the id of the right record",                    \
	  "Berikan nomor data yang sesuai")                                                        \
	X(NOT_VILLAGE, "not_village", 422, 0, "not a village code",                                \
	  "bukan kode desa atau kelurahan", "Write its 10 digits, such as 6303072001",             \
	  "Tulis 10 angkanya, misalnya 6303072001")                                                \
	X(NOT_REGION, "not_region", 422, 0, "not a region code", "bukan kode wilayah",             \
	  "Write its 2, 4, 6 or 10 digits, such as 630307",                                        \
	  "Tulis 2, 4, 6, atau 10 angkanya, misalnya 630307")                                      \
	X(MISSING, "missing", 422, 0, "a required field is empty", "isian wajib masih kosong",     \
	  "Fill it in and save again", "Isi dulu lalu simpan lagi")                                \
	X(UNKNOWN_FIELD, "unknown_field", 422, 0, "there is no such field",                        \
	  "tidak ada isian dengan nama itu", "See the names with `sambung form`",                  \
	  "Lihat nama isian dengan `sambung form`")                                                \
	X(UNKNOWN_TYPE, "unknown_type", 422, 0, "there is no such type of record",                 \
	  "tidak ada jenis data itu", "Check the spelling, or sync to receive newer forms",        \
	  "Periksa ejaannya, atau sinkronkan untuk menerima formulir baru")                        \
	X(NOTHING_CHANGED, "nothing_changed", 422, 0, "nothing was changed",                       \
	  "tidak ada yang diubah", "Change a field, or leave the record as it is",                 \
	  "Ubah salah satu isian, atau biarkan data seperti semula")                               \
	X(NEWER_THAN_HELD, "newer_than_held", 422, 0, "newer than what this device holds",         \
	  "lebih baru daripada yang ada di HP ini", "Sync first, or give an older version",        \
	  "Sinkronkan dulu, atau pakai versi yang lebih lama")                                     \
	X(CODE_MISTYPED, "code_mistyped", 422, 0, "the enrolment code is mistyped or cut off",     \
	  "kode pendaftaran salah ketik atau terpotong",                                           \
	  "Copy the whole code, from sb1. to its end",                                             \
	  "Salin seluruh kode, dari sb1. sampai akhir")                                            \
	X(USAGE, "usage", 400, 0, "the command was not understood", "perintah tidak dimengerti",   \
	  "See --help", "Lihat --help")                                                            \
	X(NOT_FOUND, "not_found", 404, 0, "not found", "tidak ditemukan", "Check the id or name",  \
	  "Periksa nomor atau nama")                                                               \
	X(EXISTS, "exists", 409, 0, "it is there already", "sudah ada",                            \
	  "Choose another name or use what is there", "Pilih nama lain atau pakai yang sudah ada") \
	X(STALE, "stale", 409, 0, "somebody changed it after you looked",                          \
	  "sudah diubah orang lain", "Look at the new values and decide again",                    \
	  "Lihat isian terbaru lalu putuskan lagi")                                                \
	X(SET_ASIDE, "set_aside", 409, 0, "the change cannot be merged",                           \
	  "perubahan itu tidak dapat digabung", "If nothing helps, close it with a reason",        \
	  "Bila tidak ada jalan, tutup dengan alasan")                                             \
	X(DENIED, "denied", 403, 0, "not allowed", "tidak diizinkan",                              \
	  "Ask an admin for the right", "Minta izin kepada admin")                                 \
	X(UNAUTHENTICATED, "unauthenticated", 401, 0, "name, password or token is not known here", \
	  "nama, kata sandi, atau token tidak dikenal", "Sign in again, or ask for a new token",   \
	  "Masuk lagi, atau minta token baru")                                                     \
	X(LOCKED_OUT, "locked_out", 429, 0, "too many failed tries", "terlalu sering salah",       \
	  "Wait, then try again", "Tunggu dulu, lalu coba lagi")                                   \
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
	  "Check the server address; if right, keep the phone and tell the admin",                 \
	  "Periksa alamat server; bila benar, simpan HP dan hubungi admin")                        \
	X(SIGNATURE, "signature", 400, 0, "the signature or seal does not fit",                    \
	  "tanda tangan atau segel tidak cocok", "Send it again from the device that made it",     \
	  "Kirim lagi dari HP yang membuatnya")                                                    \
	X(FORK, "fork", 409, 0, "two copies of this installation are in use",                      \
	  "ada dua salinan aplikasi ini",                                                          \
	  "Sync again; if it stays so, keep the phone and tell the admin",                         \
	  "Sinkronkan lagi; bila tetap begitu, simpan HP dan hubungi admin")                       \
	X(HELD, "held", 409, 0,                                                                    \
	  "two copies of this installation are in use and wait for the admin",                     \
	  "ada dua salinan aplikasi ini; menunggu keputusan admin",                                \
	  "Everything is kept; the admin allows both, or revokes them and enrols one anew",        \
	  "Data aman di HP; hubungi admin")                                                        \
	X(REVOKED, "revoked", 403, 0, "this device was revoked", "HP ini sudah dicabut haknya",    \
	  "Ask the admin", "Hubungi admin")                                                        \
	X(DESTROYED, "destroyed", 403, 0,                                                          \
	  "this device was revoked, and what it held is destroyed",                                \
	  "HP ini sudah dicabut haknya; data di HP ini sudah dihapus",                             \
	  "Enrol it with a new code from the admin", "Daftarkan lagi dengan kode baru dari admin") \
	X(GAP, "gap", 409, 1, "earlier changes are missing", "perubahan sebelumnya belum sampai",  \
	  "The device sends them again by itself", "HP akan mengirim ulang sendiri")               \
	X(UNREACHABLE, "unreachable", 502, 1, "the server could not be reached",                   \
	  "server tidak dapat dihubungi", "Everything is kept; try again when there is signal",    \
	  "Data aman di HP; coba lagi saat ada sinyal")                                            \
	X(BUSY, "busy", 503, 1, "busy", "sedang sibuk", "Try again in a moment",                   \
	  "Coba lagi sebentar lagi")                                                               \
	X(TOO_FAST, "too_fast", 429, 1, "too many requests", "terlalu banyak permintaan",          \
	  "Wait a little and try again", "Tunggu sebentar lalu coba lagi")                         \
	X(CERTIFICATE, "certificate", 502, 1, "the server's certificate is not valid here",        \
	  "sertifikat server tidak sah",                                                           \
	  "Check date and time here; if they are right, ask the admin",                            \
	  "Periksa tanggal dan jam; bila benar, hubungi admin")                                    \
	X(TIMEOUT, "timeout", 504, 1, "it took too long", "waktu habis",                           \
	  "Everything is kept; try again", "Data aman; coba lagi")                                 \
	X(FULL, "full", 507, 1, "the disk is full", "penyimpanan penuh",                           \
	  "Free some space and try again", "Kosongkan penyimpanan lalu coba lagi")                 \
	X(SERVER_FULL, "server_full", 507, 1, "the server's disk is full",                         \
	  "penyimpanan server penuh", "All is kept here; tell the admin",                          \
	  "Data aman di HP; beri tahu admin")                                                      \
	X(STORAGE, "storage", 500, 1, "the database could not be read or written",                 \
	  "basis data tidak dapat dibaca atau ditulis",                                            \
	  "Check the disk and the folder's permissions", "Periksa penyimpanan HP")                 \
	X(MEMORY, "memory", 500, 1, "out of memory", "memori habis",                               \
	  "Close other programs and try again", "Tutup aplikasi lain lalu coba lagi")              \
	X(NOT_ENROLLED, "not_enrolled", 409, 0, "this device is not enrolled",                     \
	  "HP ini belum didaftarkan", "Run `sambung enrol` with a code from the admin",            \
	  "Jalankan `sambung enrol` dengan kode dari admin")                                       \
	X(ALREADY_ENROLLED, "already_enrolled", 409, 0, "this device is enrolled already",         \
	  "HP ini sudah terdaftar", "Go on with it; a new code is not needed",                     \
	  "Pakai terus; kode baru tidak diperlukan")                                               \
	X(PIN_WRONG, "pin_wrong", 403, 0, "the PIN is wrong", "PIN salah", "Try again",            \
	  "Coba lagi")                                                                             \
	X(PIN_NEEDED, "pin_needed", 401, 0, "a PIN is needed", "perlu PIN",                        \
	  "Give it at the prompt, or with --pin", "Isi PIN saat diminta, atau dengan --pin")       \
	X(LEASE_OVER, "lease_over", 403, 0,                                                        \
	  "this device has not reached the server for too long, and its records are shut",         \
	  "HP ini terlalu lama tidak sinkron; data di dalamnya terkunci",                          \
	  "Sync; what was recorded is safe and will be sent",                                      \
	  "Sinkronkan; yang sudah dicatat aman dan akan terkirim")                                 \
	X(NO_FORMS, "no_forms", 409, 0, "the forms have not been received yet",                    \
	  "formulir belum diterima", "Run `sambung sync`", "Jalankan `sambung sync`")              \
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
/* A value that cannot be kept: INVALID or one of the statuses that say why (HTTP 422). */
bool status_is_invalid(enum status status);
/* Worth sending the same bytes again later. */
int status_retry(enum status status);
const char *status_what(enum status status, enum language language);
const char *status_next(enum status status, enum language language);

/* Writes "<what>: <detail>. <next>" (cut to size, NUL-terminated) and returns `out`. */
char *error_sentence(const struct error *err, enum language language, char *out, size_t size);

#endif
