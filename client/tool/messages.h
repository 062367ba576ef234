/* SPDX-License-Identifier: Apache-2.0 */
/*
 * messages: every text that the sambung command says to people, in English and Indonesian.
 *
 * One table, X(NAME, English, Indonesian), so that no text can miss a language (why not gettext:
 * docs/decisions/0003-texts-in-a-table.md). {1} and {2} stand for what the caller fills in. The
 * words: record = data, field = isian, type = jenis, change = perubahan, device = HP.
 */
#ifndef SAMBUNG_TOOL_MESSAGES_H
#define SAMBUNG_TOOL_MESSAGES_H

#include "client/include/sambung.h"

#include <stdio.h>

#define MESSAGE_TABLE(X)                                                                              \
	X(NONE, "", "")                                                                               \
	/* help */                                                                                    \
	X(PROGRAM_SUMMARY,                                                                            \
	  "Records visits without a network and syncs them when there is signal.",                    \
	  "Mencatat kunjungan tanpa sinyal dan menyinkronkannya saat sinyal ada.")                    \
	X(PROGRAM_DETAILS,                                                                            \
	  "Options may stand before or after the command; -- ends them. - as the last argument\n"     \
	  "reads the code, or the fields as name=value lines or one JSON object, from standard\n"     \
	  "input: use it for people's data, which others on the machine can read in arguments.\n"     \
	  "Exit status: 0 done, 1 failed, 2 not understood. `sambung COMMAND --help` tells more.",    \
	  "Pilihan boleh ditulis sebelum atau sesudah perintah; -- mengakhiri pilihan. - sebagai\n"   \
	  "argumen terakhir membaca kode, atau isian berupa baris nama=nilai atau satu objek\n"       \
	  "JSON, dari masukan standar: pakailah untuk data orang, sebab argumen dapat dibaca\n"       \
	  "pemakai lain di mesin yang sama. Status akhir: 0 selesai, 1 gagal, 2 tidak\n"              \
	  "dimengerti. `sambung PERINTAH --help` menjelaskan lebih lanjut.")                          \
	X(USAGE, "Usage", "Pemakaian")                                                                \
	X(COMMAND, "COMMAND", "PERINTAH")                                                             \
	X(COMMANDS, "Commands", "Perintah")                                                           \
	X(OPTIONS, "Options", "Pilihan")                                                              \
	X(FOLDER, "FOLDER", "FOLDER")                                                                 \
	X(VERSION_VALUE, "V", "V")                                                                    \
	X(NUMBER_VALUE, "N", "N")                                                                     \
	X(TEXT_VALUE, "TEXT", "TEKS")                                                                 \
	X(LANGUAGE_VALUE, "id|en", "id|en")                                                           \
	X(URL_VALUE, "URL", "ALAMAT")                                                                 \
	X(FILE_VALUE, "FILE", "BERKAS")                                                               \
	X(OPTION_DIR, "the folder of this installation (or SAMBUNG_DIR)",                             \
	  "folder data aplikasi ini (atau SAMBUNG_DIR)")                                              \
	X(OPTION_JSON, "print JSON, one object a line", "cetak JSON, satu objek per baris")           \
	X(OPTION_LANG, "language (otherwise from LC_ALL, LC_MESSAGES, LANG)",                         \
	  "bahasa (tanpa ini dari LC_ALL, LC_MESSAGES, LANG)")                                        \
	X(OPTION_HELP, "show this help", "tampilkan bantuan ini")                                     \
	X(OPTION_VERSION, "show the version", "tampilkan versi")                                      \
	X(PIN_VALUE, "FILE|-", "BERKAS|-")                                                            \
	X(OPTION_PIN, "a file with the PIN in a line, - for standard input (or SAMBUNG_PIN_FILE)",    \
	  "berkas berisi PIN dalam satu baris, - untuk masukan standar (atau SAMBUNG_PIN_FILE)")      \
	X(OPTION_BASE, "the version of the record that the form showed (default: the one held)",      \
	  "versi data yang tampak saat mengisi (biasanya: yang ada di HP)")                           \
	X(OPTION_OWN, "the last own change that the form showed (default: all)",                      \
	  "perubahan sendiri terakhir yang tampak saat mengisi (biasanya: semua)")                    \
	X(OPTION_REASON, "why it is put away", "alasan diarsipkan")                                   \
	X(OPTION_MATCH, "only records with this text in a field",                                     \
	  "hanya data yang salah satu isiannya memuat teks ini")                                      \
	X(OPTION_DUE, "only what is due", "hanya yang sudah waktunya")                                \
	X(OPTION_TO, "the server's address, such as https://sambung.example.id",                      \
	  "alamat server, misalnya https://sambung.example.id")                                       \
	X(OPTION_OUT, "write it into this file", "tulis ke berkas ini")                               \
	X(OPTION_FORGET, "remove it: it was given to somebody", "hapus: sudah diserahkan")            \
	/* commands: arguments, summary, details */                                                   \
	X(CARRY_OUT_ARGUMENTS, "FILE", "BERKAS")                                                      \
	X(CARRY_OUT_SUMMARY, "write what waits into a file for somebody with signal",                 \
	  "tulis yang menunggu ke berkas untuk dibawa orang yang bersinyal")                          \
	X(CARRY_OUT_DETAILS,                                                                          \
	  "Works without a network. The file is sealed: whoever carries it can read nothing.\n"       \
	  "Everything stays in the queue here until an answer says that the server has it.",          \
	  "Tidak perlu jaringan. Berkas itu tersegel: pembawanya tidak dapat membaca apa pun.\n"      \
	  "Semua tetap di antrean HP ini sampai ada jawaban bahwa server sudah menerimanya.")         \
	X(CARRY_DELIVER_ARGUMENTS, "FILE --to URL", "BERKAS --to ALAMAT")                             \
	X(CARRY_DELIVER_SUMMARY, "deliver another phone's file and write the answer beside it",       \
	  "antarkan berkas HP lain dan tulis jawabannya di sampingnya")                               \
	X(CARRY_DELIVER_DETAILS,                                                                      \
	  "Needs the network, but no enrolment and no folder. The answers go to FILE.reply, which\n"  \
	  "goes back to that phone. If it is cut off, run it again; twice does no harm. With --dir\n" \
	  "of an enrolled phone that is synced too, and the answers tell which log it was shown.",    \
	  "Perlu jaringan, tetapi tidak perlu pendaftaran atau folder. Jawabannya ditulis ke\n"       \
	  "BERKAS.reply, yang dibawa kembali ke HP itu. Bila terputus, ulangi saja; dua kali pun\n"   \
	  "tidak apa-apa. Dengan --dir HP yang terdaftar, HP itu ikut sinkron, dan jawabannya\n"      \
	  "menyebut catatan server yang tampak olehnya.")                                             \
	X(CARRY_IN_ARGUMENTS, "FILE.reply", "BERKAS.reply")                                           \
	X(CARRY_IN_SUMMARY, "take the answers to a file that was carried",                            \
	  "terima jawaban atas berkas yang sudah dibawa")                                             \
	X(CARRY_IN_DETAILS, "Works without a network. May be done twice, late, or after a sync.",     \
	  "Tidak perlu jaringan. Boleh dua kali, terlambat, atau sesudah sinkron.")                   \
	X(ENROL_ARGUMENTS, "CODE | -", "KODE | -")                                                    \
	X(ENROL_SUMMARY, "enrol this device with a code from the admin",                              \
	  "daftarkan HP ini dengan kode dari admin")                                                  \
	X(ENROL_DETAILS,                                                                              \
	  "Needs the network once. The code works for one device; with the same code again an\n"      \
	  "enrolment that was cut off is finished. - reads the code from standard input.",            \
	  "Perlu jaringan satu kali. Satu kode untuk satu HP; dengan kode yang sama, pendaftaran\n"   \
	  "yang terputus diselesaikan. - membaca kode dari masukan standar.")                         \
	X(FORM_ARGUMENTS, "TYPE", "JENIS")                                                            \
	X(FORM_SUMMARY, "show the fields of a type of record", "tampilkan isian suatu jenis data")    \
	X(FORM_DETAILS,                                                                               \
	  "Names, labels, units, ranges and choices. Types: family, person, visit, …",                \
	  "Nama, label, satuan, batas dan pilihan. Jenis: family (keluarga), person (anggota),\n"     \
	  "visit (kunjungan), …")                                                                     \
	X(RECORD_ARGUMENTS, "TYPE FIELD=VALUE … | TYPE -", "JENIS ISIAN=NILAI … | JENIS -")           \
	X(RECORD_SUMMARY, "record something new", "catat data baru")                                  \
	X(RECORD_DETAILS,                                                                             \
	  "Works without a network; stored durably when the command ends. The date is today's,\n"     \
	  "the village that of the record above it or the only one of this device, unless given.\n"   \
	  "Values: 8.4, true, 2026-11-20, a choice by name, choices a,b, a record's id, lat,lon.",    \
	  "Tidak perlu jaringan; tersimpan aman saat perintah selesai. Tanpa diisi, tanggal adalah\n" \
	  "hari ini dan desa mengikuti data induknya atau satu-satunya desa HP ini.\n"                \
	  "Nilai: 8.4, true, 2026-11-20, nama pilihan, pilihan a,b, nomor data, lintang,bujur.")      \
	X(EDIT_ARGUMENTS, "ID FIELD=VALUE … | ID -", "NOMOR ISIAN=NILAI … | NOMOR -")                 \
	X(EDIT_SUMMARY, "change fields of a record", "ubah isian suatu data")                         \
	X(EDIT_DETAILS,                                                                               \
	  "An empty value clears the field; +a,-b adds to and takes from a set of choices. Saving\n"  \
	  "the right value of a field with rival values settles it.",                                 \
	  "Nilai kosong mengosongkan isian; +a,-b menambah dan mengurangi himpunan pilihan.\n"        \
	  "Menyimpan nilai yang benar pada isian yang berbeda menyelesaikan perbedaannya.")           \
	X(ARCHIVE_ARGUMENTS, "ID --reason TEXT | ID -", "NOMOR --reason TEKS | NOMOR -")              \
	X(ARCHIVE_SUMMARY, "put a record away", "arsipkan suatu data")                                \
	X(ARCHIVE_DETAILS,                                                                            \
	  "Nothing is destroyed: `sambung edit ID archived=` brings it back. - reads reason=TEXT.",   \
	  "Tidak ada yang dihapus: `sambung edit NOMOR archived=` mengembalikannya. - membaca\n"      \
	  "reason=TEKS.")                                                                             \
	X(LIST_ARGUMENTS, "TYPE [--match TEXT | -] [--due]", "JENIS [--match TEKS | -] [--due]")      \
	X(LIST_SUMMARY, "list records of a type", "daftar data suatu jenis")                          \
	X(LIST_DETAILS,                                                                               \
	  "--match looks in all text fields, letters of either case alike. --due: the next visit\n"   \
	  "is due, or a follow-up is open past its date. - reads match=TEXT.",                        \
	  "--match mencari di semua isian teks, huruf besar dan kecil sama. --due: sudah waktunya\n"  \
	  "dikunjungi, atau tindak lanjut lewat batas waktunya. - membaca match=TEKS.")               \
	X(SHOW_ARGUMENTS, "ID", "NOMOR")                                                              \
	X(SHOW_SUMMARY, "show one record", "tampilkan satu data")                                     \
	X(SHOW_DETAILS, "Fields with labels, rival values with who wrote them, and risk flags.",      \
	  "Isian dengan label, nilai yang berbeda beserta penulisnya, dan tanda risiko.")             \
	X(EVIDENCE_ARGUMENTS, "--out FILE | --forget", "--out BERKAS | --forget")                     \
	X(EVIDENCE_SUMMARY, "write down what shows that the server contradicted itself",              \
	  "tulis bukti bahwa server membantah pernyataannya sendiri")                                 \
	X(EVIDENCE_DETAILS,                                                                           \
	  "What the server signed about its log, twice, and what does not fit. It names\n"            \
	  "nobody. Give the file to your supervisor; then --forget removes it from here.",            \
	  "Dua pernyataan bertanda tangan server tentang catatannya, dan apa yang tidak\n"            \
	  "cocok. Tidak memuat nama siapa pun. Serahkan berkasnya kepada petugas PKB;\n"              \
	  "lalu --forget menghapusnya dari HP ini.")                                                  \
	X(STATUS_ARGUMENTS, "", "")                                                                   \
	X(STATUS_SUMMARY, "show what waits to be sent", "tampilkan apa yang menunggu dikirim")        \
	X(STATUS_DETAILS, "Whose device it is, what waits, and when it last synced.",                 \
	  "HP milik siapa, apa yang menunggu, dan kapan terakhir sinkron.")                           \
	X(RECORDS_ARGUMENTS, "TYPE", "JENIS")                                                         \
	X(RECORDS_SUMMARY, "print all records of a type as JSON",                                     \
	  "cetak semua data suatu jenis sebagai JSON")                                                \
	X(RECORDS_DETAILS, "One record a line, ordered by id, always as JSON.",                       \
	  "Satu data per baris, urut nomor, selalu JSON.")                                            \
	X(SYNC_ARGUMENTS, "", "")                                                                     \
	X(SYNC_SUMMARY, "send what waits and receive what others changed",                            \
	  "kirim yang menunggu dan terima perubahan orang lain")                                      \
	X(SYNC_DETAILS,                                                                               \
	  "May be cut off and repeated at any moment; nothing is lost and nothing counted twice.\n"   \
	  "The exit status is 0 only if everything is in sync.",                                      \
	  "Boleh terputus dan diulang kapan saja; tidak ada yang hilang atau terhitung dua kali.\n"   \
	  "Status akhir 0 hanya bila semuanya sudah sinkron.")                                        \
	X(RECEIPT_ARGUMENTS, "[--out FILE]", "[--out BERKAS]")                                        \
	X(RECEIPT_SUMMARY, "get a proof that what was recorded here is in the server's log",          \
	  "minta bukti bahwa yang dicatat di HP ini ada di catatan server")                           \
	X(RECEIPT_DETAILS,                                                                            \
	  "Syncs, checks the proof against what was recorded here, and keeps it; without a network\n" \
	  "the last one is shown. Anybody who has the server's log key can check it; nobody's name\n" \
	  "is in it.",                                                                                \
	  "Sinkron, lalu bukti dicocokkan dengan yang dicatat di HP ini dan disimpan; tanpa\n"        \
	  "jaringan, bukti terakhir ditampilkan. Siapa pun yang punya kunci catatan server dapat\n"   \
	  "memeriksanya; tidak ada nama orang di dalamnya.")                                          \
	X(PIN_SET_COMMAND_ARGUMENTS, "", "")                                                          \
	X(PIN_SET_COMMAND_SUMMARY, "lock this phone's data with a PIN",                               \
	  "kunci data di HP ini dengan PIN")                                                          \
	X(PIN_SET_COMMAND_DETAILS,                                                                    \
	  "At least 6 digits or letters; more are much safer. Who forgets it enrols anew, in\n"       \
	  "another folder, and loses what was not synced. Commands then ask for it;\n"                \
	  "`sambung status` shows counts without.",                                                   \
	  "Sedikitnya 6 angka atau huruf; lebih panjang jauh lebih aman. Bila lupa, HP harus\n"       \
	  "didaftarkan lagi dengan folder lain dan yang belum sinkron hilang. Perintah lain lalu\n"   \
	  "meminta PIN; `sambung status` tetap menampilkan jumlah tanpa PIN.")                        \
	X(PIN_CHANGE_ARGUMENTS, "", "")                                                               \
	X(PIN_CHANGE_SUMMARY, "change the PIN", "ganti PIN")                                          \
	X(PIN_CHANGE_DETAILS, "With --pin the first line is the old PIN, the second the new one.",    \
	  "Dengan --pin, baris pertama PIN lama, baris kedua PIN baru.")                              \
	X(PIN_REMOVE_ARGUMENTS, "", "")                                                               \
	X(PIN_REMOVE_SUMMARY, "unlock this phone's data for good",                                    \
	  "buka kunci data untuk seterusnya")                                                         \
	X(PIN_REMOVE_DETAILS, "Whoever has this phone's files can then read everything in them.",     \
	  "Siapa pun yang memegang berkas HP ini lalu dapat membaca semua isinya.")                   \
	X(PIN_ASK, "PIN", "PIN")                                                                      \
	X(PIN_NEW, "New PIN", "PIN baru")                                                             \
	X(PIN_AGAIN, "New PIN again", "PIN baru sekali lagi")                                         \
	X(PIN_NONE, "no PIN was given. Type it, or name a file of it with --pin",                     \
	  "PIN tidak diberikan. Ketik PIN, atau sebutkan berkasnya dengan --pin")                     \
	X(PIN_SHORT, "the PIN is too short. Take at least 6 digits or letters",                       \
	  "PIN terlalu pendek. Pakai sedikitnya 6 angka atau huruf")                                  \
	X(PIN_DIFFERS, "the two PINs differ. Nothing was changed; try again",                         \
	  "kedua PIN tidak sama. Tidak ada yang diubah; coba lagi")                                   \
	X(PIN_THERE, "there is a PIN already. Change it with `sambung pin change`",                   \
	  "sudah ada PIN. Ganti dengan `sambung pin change`")                                         \
	X(PIN_THERE_IS_NONE, "there is no PIN. Set one with `sambung pin set`",                       \
	  "belum ada PIN. Pasang dengan `sambung pin set`")                                           \
	X(PIN_SET, "The PIN is set. Everything on this phone opens only with it.",                    \
	  "PIN terpasang. Semua data di HP ini hanya terbuka dengan PIN itu.")                        \
	X(PIN_GONE, "There is no PIN any more.", "PIN sudah dilepas.")                                \
	X(AGENT_ARGUMENTS, "", "")                                                                    \
	X(AGENT_SUMMARY,                                                                              \
	  "stay in the background, and sync when there is something to say or hear",                  \
	  "tetap berjalan, dan sinkron saat ada yang perlu dikirim atau diterima")                    \
	X(AGENT_DETAILS,                                                                              \
	  "Syncs when something was recorded, otherwise once a day; while the server cannot be\n"     \
	  "reached, after 30 seconds, then more and more rarely, up to an hour. One line on\n"        \
	  "standard error for each sync. Other commands may be used meanwhile. SIGTERM or Ctrl-C\n"   \
	  "ends it, after the exchange that is under way.",                                           \
	  "Sinkron setelah ada yang dicatat, selain itu sekali sehari; selama server tidak dapat\n"   \
	  "dihubungi, setelah 30 detik, lalu makin jarang sampai satu jam. Satu baris di galat\n"     \
	  "standar untuk tiap sinkron. Perintah lain tetap dapat dipakai. SIGTERM atau Ctrl-C\n"      \
	  "mengakhirinya, setelah pertukaran yang sedang berjalan.")                                  \
	/* what was not understood (exit status 2) */                                                 \
	X(COMMAND_MISSING, "no command was given", "perintah belum disebut")                          \
	X(COMMAND_UNKNOWN, "there is no command '{1}'", "tidak ada perintah '{1}'")                   \
	X(OPTION_UNKNOWN, "there is no option '{1}' here", "tidak ada pilihan '{1}' di sini")         \
	X(OPTION_TWICE, "the option '{1}' stands twice", "pilihan '{1}' tertulis dua kali")           \
	X(OPTION_EMPTY, "the option '{1}' needs a value", "pilihan '{1}' perlu nilai")                \
	X(OPTION_VALUELESS, "the option '{1}' takes no value",                                        \
	  "pilihan '{1}' tidak memakai nilai")                                                        \
	X(OPTION_NUMBER, "the option '{1}' needs a whole number",                                     \
	  "pilihan '{1}' perlu bilangan bulat")                                                       \
	X(LANGUAGE_UNKNOWN, "there is no language '{1}'; there are id and en",                        \
	  "tidak ada bahasa '{1}'; yang ada id dan en")                                               \
	X(DIRECTORY_MISSING, "--dir or SAMBUNG_DIR must name the folder of this installation",        \
	  "--dir atau SAMBUNG_DIR harus menyebut folder data aplikasi ini")                           \
	X(ARGUMENTS_WRONG, "too few or too many arguments for '{1}'",                                 \
	  "argumen untuk '{1}' kurang atau berlebih")                                                 \
	X(REASON_MISSING, "a reason is needed to put a record away",                                  \
	  "perlu alasan untuk mengarsipkan data")                                                     \
	X(TO_MISSING, "--to must name the server's address", "--to harus menyebut alamat server")     \
	X(EVIDENCE_NONE,                                                                              \
	  "there is no evidence: the server has never contradicted itself on this phone. "            \
	  "Nothing is to be done",                                                                    \
	  "tidak ada bukti: server belum pernah membantah pernyataannya di HP ini. Tidak perlu "      \
	  "berbuat apa-apa")                                                                          \
	X(EVIDENCE_UNCLEAR, "either --out FILE or --forget is needed",                                \
	  "perlu --out BERKAS atau --forget")                                                         \
	X(ASSIGNMENT_WRONG, "argument {1} is not of the form FIELD=VALUE",                            \
	  "argumen {1} tidak berbentuk ISIAN=NILAI")                                                  \
	X(FIELD_TWICE, "the field '{1}' stands twice", "isian '{1}' tertulis dua kali")               \
	/* failures of the command's own (exit status 1): what. next step */                          \
	X(INPUT_UNREADABLE, "standard input could not be read: {1}. Try again",                       \
	  "masukan standar tidak dapat dibaca: {1}. Coba lagi")                                       \
	X(INPUT_LARGE, "standard input is longer than {1} bytes. Give one record at a time",          \
	  "masukan standar lebih dari {1} bita. Berikan satu data setiap kali")                       \
	X(INPUT_ZERO, "standard input holds a zero byte. Give it as UTF-8 text",                      \
	  "masukan standar memuat bita nol. Berikan sebagai teks UTF-8")                              \
	X(INPUT_LINE, "line {1} of standard input is not of the form name=value. Correct it",         \
	  "baris {1} masukan standar tidak berbentuk nama=nilai. Perbaiki baris itu")                 \
	X(INPUT_JSON, "standard input is not one JSON object (line {1}): {2}. Correct it",            \
	  "masukan standar bukan satu objek JSON (baris {1}): {2}. Perbaiki")                         \
	X(INPUT_NESTED,                                                                               \
	  "the JSON value of '{1}' is not a text, number, true, false, null or list "                 \
	  "of these. Correct it",                                                                     \
	  "nilai JSON untuk '{1}' bukan teks, bilangan, true, false, null atau daftar dari itu. "     \
	  "Perbaiki")                                                                                 \
	X(INPUT_TWICE, "standard input or an argument gives the field '{1}' again. Give it once",     \
	  "masukan standar atau argumen memberi isian '{1}' dua kali. Berikan sekali saja")           \
	X(INPUT_UNKNOWN, "'{1}' is not asked for here. Give {2}=TEXT only",                           \
	  "'{1}' tidak diminta di sini. Berikan {2}=TEKS saja")                                       \
	X(INPUT_EMPTY, "standard input is empty. Give what the command asks for",                     \
	  "masukan standar kosong. Berikan yang diminta perintah ini")                                \
	X(OUTPUT_FAILED, "the output could not be written: {1}. What was recorded is kept",           \
	  "keluaran tidak dapat ditulis: {1}. Yang sudah dicatat tetap tersimpan")                    \
	X(MEMORY_OUT, "out of memory. Close other programs and try again",                            \
	  "memori habis. Tutup aplikasi lain lalu coba lagi")                                         \
	X(LINE_BROKEN, "what libsambung gave is not JSON at byte {1}. Report it to the admin",        \
	  "keluaran libsambung bukan JSON pada bita {1}. Laporkan kepada admin")                      \
	X(SYNC_UNFINISHED, "not everything is in sync yet. Run `sambung sync` again",                 \
	  "belum semua sinkron. Jalankan `sambung sync` lagi")                                        \
	X(FILE_UNREADABLE, "{1} could not be read: {2}. Check its name",                              \
	  "{1} tidak dapat dibaca: {2}. Periksa nama berkasnya")                                      \
	X(FILE_LARGE, "{1} is too large. Check its name", "{1} terlalu besar. Periksa namanya")       \
	X(FILE_UNWRITTEN,                                                                             \
	  "{1} could not be written: {2}. Choose another place or free some space",                   \
	  "{1} tidak dapat ditulis: {2}. Pilih tempat lain atau kosongkan penyimpanan")               \
	X(FILE_THERE, "{1} is there already. Choose another name",                                    \
	  "{1} sudah ada. Pilih nama lain")                                                           \
	X(CARRY_NO_ANSWER,                                                                            \
	  "{1} is what this phone sends, not the answer to it. Let somebody with signal deliver\n"    \
	  "it; the answer that she brings back is {1}.reply",                                         \
	  "{1} adalah kiriman HP ini, bukan jawabannya. Minta orang yang bersinyal mengantarnya;\n"   \
	  "jawaban yang dibawa kembali adalah {1}.reply")                                             \
	X(CARRY_NO_FILE,                                                                              \
	  "{1} is the answer, which goes back to the phone: `sambung carry in` there. To deliver,\n"  \
	  "give the file that the phone wrote, without .reply",                                       \
	  "{1} adalah jawaban, yang dibawa kembali ke HP itu: `sambung carry in` di sana. Untuk\n"    \
	  "mengantar, berikan berkas dari HP itu, tanpa .reply")                                      \
	X(CARRY_FOREIGN,                                                                              \
	  "{1} holds no answer to a file of this phone, or only to an old one. Nothing is lost;\n"    \
	  "make a new file with `sambung carry out`",                                                 \
	  "{1} tidak memuat jawaban atas berkas HP ini, atau hanya atas berkas lama. Tidak ada\n"     \
	  "yang hilang; buat berkas baru dengan `sambung carry out`")                                 \
	/* results */                                                                                 \
	X(CONTRADICTION,                                                                              \
	  "the server contradicts what it signed before. Go on working, see `sambung status` "        \
	  "and tell your supervisor",                                                                 \
	  "server membantah pernyataan yang pernah ditandatanganinya. Tetaplah bekerja, "             \
	  "lihat `sambung status` dan beri tahu petugas PKB")                                         \
	X(EVIDENCE_WRITTEN,                                                                           \
	  "The evidence is in {1}. Give it to your supervisor. When she says that it is settled, "    \
	  "run `sambung evidence --forget`.",                                                         \
	  "Bukti ada di {1}. Serahkan kepada petugas PKB. Bila ia mengatakan masalahnya selesai, "    \
	  "jalankan `sambung evidence --forget`.")                                                    \
	X(EVIDENCE_FORGOTTEN,                                                                         \
	  "The evidence is gone from this phone. The next sync begins anew with what the "            \
	  "server says.",                                                                             \
	  "Bukti sudah dihapus dari HP ini. Sinkron berikutnya mulai lagi dari pernyataan "           \
	  "server.")                                                                                  \
	X(CARRIED_OUT,                                                                                \
	  "{2} written to {1}. Give it to somebody with signal, and bring back the\n"                 \
	  "answer; until then everything waits here.",                                                \
	  "{2} ditulis ke {1}. Titipkan kepada orang yang bersinyal, lalu minta jawabannya\n"         \
	  "kembali; sampai saat itu semua tetap menunggu di sini.")                                   \
	X(CARRIED_LEFT, "{1} found no room; make another file when the answer is here.",              \
	  "{1} belum tertampung; buat berkas lagi sesudah jawaban datang.")                           \
	X(CARRY_REST, " The rest comes and goes with the next file or sync.",                         \
	  " Sisanya menyusul dengan berkas atau sinkron berikutnya.")                                 \
	X(DELIVERED, "Delivered {2}. The answer is {1}: bring it back to the phone.",                 \
	  "Terantar {2}. Jawabannya {1}: bawa kembali ke HP itu.")                                    \
	X(PARCELS_ONE, "{1} parcel", "{1} paket")                                                     \
	X(PARCELS_MANY, "{1} parcels", "{1} paket")                                                   \
	X(ENROLLED, "This device is number {1}, of {2}. Now run `sambung sync`.",                     \
	  "HP ini terdaftar sebagai nomor {1}, milik {2}. Sekarang jalankan `sambung sync`.")         \
	X(SAVED, "{1} is saved (change {2}). It goes out with the next sync.",                        \
	  "{1} tersimpan (perubahan ke-{2}). Terkirim pada sinkron berikutnya.")                      \
	X(CHANGES_ONE, "{1} change", "{1} perubahan")                                                 \
	X(CHANGES_MANY, "{1} changes", "{1} perubahan")                                               \
	X(RECORDS_ONE, "{1} record", "{1} data")                                                      \
	X(RECORDS_MANY, "{1} records", "{1} data")                                                    \
	X(NO_RECORDS, "Nothing to show.", "Tidak ada data.")                                          \
	X(SYNC_COUNTS, "Sent {1}, received {2}.", "Terkirim {1}, diterima {2}.")                      \
	X(SYNC_DONE, " Everything is in sync.", " Semua sudah sinkron.")                              \
	X(SYNC_REST, " The rest is safe here and goes out with the next sync.",                       \
	  " Sisanya aman di sini dan terkirim pada sinkron berikutnya.")                              \
	X(SYNC_CONFLICTS,                                                                             \
	  "In {1}, somebody else had written another value; both are kept. `sambung list` marks\n"    \
	  "such records: look with `sambung show ID` and save the right value with `sambung edit`,\n" \
	  "or leave it to your supervisor.",                                                          \
	  "Pada {1}, orang lain menulis nilai yang berbeda; keduanya tersimpan. `sambung list`\n"     \
	  "menandai data itu: lihat dengan `sambung show NOMOR`, lalu simpan nilai yang benar\n"      \
	  "dengan `sambung edit`, atau serahkan kepada petugas PKB.")                                 \
	X(SYNC_QUARANTINED,                                                                           \
	  "{1} set aside at the server for the admin to look at; nothing is lost.",                   \
	  "{1} ditahan di server untuk diperiksa admin; tidak ada yang hilang.")                      \
	X(SYNC_ERASED,                                                                                \
	  "{1} destroyed, here too: the records they belong to were erased at somebody's request.\n"  \
	  "Do not record them again.",                                                                \
	  "{1} dihapus, juga di HP ini: datanya telah dihapus atas permintaan yang berhak.\n"         \
	  "Jangan dicatat lagi.")                                                                     \
	X(SYNC_CONTINUES,                                                                             \
	  "This phone was restored from a copy, or copied, and goes on as device {1}. Nothing\n"      \
	  "that was recorded on it is lost.",                                                         \
	  "HP ini dipulihkan dari salinan, atau disalin, dan lanjut sebagai HP nomor {1}. Semua\n"    \
	  "yang dicatat di HP ini tetap ada.")                                                        \
	X(RECEIPT_OLD, "Nothing new from the server now: this is the last receipt, of {1}.",          \
	  "Belum ada kabar baru dari server: ini bukti terakhir, dari {1}.")                          \
	X(RECEIPT_CHANGES,                                                                            \
	  "Proven: {1} recorded on this phone (device {2}) are in the server's log.",                 \
	  "Terbukti: {1} yang dicatat di HP ini (HP nomor {2}) ada di catatan server.")               \
	X(RECEIPT_SINCE, "From {1}, when the phone was enrolled, to the newest of {2}.",              \
	  "Sejak HP ini didaftarkan ({1}) sampai yang terbaru ({2}).")                                \
	X(RECEIPT_BEGUN,                                                                              \
	  "From {1}, when the phone was enrolled; the newest was of a record erased since.",          \
	  "Sejak HP ini didaftarkan ({1}); yang terbaru tentang data yang sudah dihapus.")            \
	X(RECEIPT_NEWEST, "The newest is of {1}.", "Yang terbaru: {1}.")                              \
	X(RECEIPT_SET_ASIDE, "The newest is set aside there for the admin to look at.",               \
	  "Yang terbaru ditahan di sana untuk diperiksa admin.")                                      \
	X(RECEIPT_QUEUED, "Not among them: {1} not sent yet.",                                        \
	  "Belum termasuk: {1} yang belum terkirim.")                                                 \
	X(RECEIPT_LOG,                                                                                \
	  "The log then had {1} entries and the mark {2}. Keep both: if somebody has\n"               \
	  "another mark for as many entries, one of you was shown a false log.",                      \
	  "Saat itu catatan server berisi {1} entri dengan tanda {2}. Simpan keduanya:\n"             \
	  "bila ada tanda lain untuk jumlah entri yang sama, ada catatan palsu.")                     \
	X(RECEIPT_NONE,                                                                               \
	  "there is no receipt: nothing of this phone is in the log yet, or the server is\n"          \
	  "older than receipts. Record something and sync",                                           \
	  "belum ada bukti: belum ada yang dari HP ini di catatan server, atau server belum\n"        \
	  "mengenal bukti. Catat sesuatu lalu sinkronkan")                                            \
	X(AGENT_NEXT, "Next sync in {1} at the latest",                                               \
	  "Sinkron berikutnya paling lambat {1} lagi")                                                \
	X(SECONDS, "{1} s", "{1} detik")                                                              \
	X(MINUTES, "{1} min", "{1} menit")                                                            \
	X(HOURS, "{1} h", "{1} jam")                                                                  \
	/* status */                                                                                  \
	X(NOT_ENROLLED,                                                                               \
	  "This device is not enrolled. Run `sambung enrol` with a code from the admin.",             \
	  "HP ini belum didaftarkan. Jalankan `sambung enrol` dengan kode dari admin.")               \
	X(STATUS_DEVICE, "Device", "HP nomor")                                                        \
	X(STATUS_CADRE, "Cadre", "Kader")                                                             \
	X(STATUS_QUEUED, "Waiting to be sent", "Menunggu dikirim")                                    \
	X(STATUS_SYNCED, "Last sync", "Sinkron terakhir")                                             \
	X(STATUS_CONFLICTS, "With rival values", "Dengan nilai berbeda")                              \
	X(STATUS_QUARANTINED, "Set aside at the server", "Ditahan di server")                         \
	X(STATUS_LEASE, "Open without contact until", "Terbuka tanpa kontak sampai")                  \
	X(STATUS_LEASE_OVER,                                                                          \
	  "The records are shut, because there was no contact for so long. `sambung sync` opens\n"    \
	  "them again; what waits is safe and goes out with it.",                                     \
	  "Data terkunci karena terlalu lama tidak ada kontak. `sambung sync` membukanya lagi;\n"     \
	  "yang menunggu tetap aman dan terkirim bersamanya.")                                        \
	X(STATUS_LOG, "The server's log", "Catatan server")                                           \
	X(STATUS_CONTRADICTION,                                                                       \
	  "Since {1} this phone holds two signed statements of the server that contradict\n"          \
	  "each other: somebody may have altered what was recorded. Everything here works\n"          \
	  "on. Run `sambung evidence --out FILE` and give the file to your supervisor.",              \
	  "Sejak {1} HP ini menyimpan dua pernyataan bertanda tangan server yang saling\n"            \
	  "membantah: mungkin ada yang mengubah catatan. Semua di HP ini tetap berjalan.\n"           \
	  "Jalankan `sambung evidence --out BERKAS`, lalu serahkan berkasnya kepada PKB.")            \
	X(STATUS_LOCKED, "(locked; shown with --pin)", "(terkunci; tampil dengan --pin)")             \
	X(STATUS_DESTROYED,                                                                           \
	  "This phone was revoked by the admin. The server received all {2} recorded on it; then\n"   \
	  "its data were destroyed ({1}).",                                                           \
	  "HP ini dicabut haknya oleh admin. Server sudah menerima {2} dari HP ini; sesudah itu\n"    \
	  "semua data di HP ini dihapus ({1}).")                                                      \
	X(STATUS_TELL, "Run `sambung sync` once more, so that the admin learns that it is done.",     \
	  "Jalankan `sambung sync` sekali lagi agar admin tahu bahwa data sudah dihapus.")            \
	X(STATUS_ENROL_ANEW, "To use it again: `sambung enrol` with a new code from the admin.",      \
	  "Untuk memakainya lagi: `sambung enrol` dengan kode baru dari admin.")                      \
	X(NEVER, "never", "belum pernah")                                                             \
	/* records */                                                                                 \
	X(COLUMN_ID, "Id", "Nomor")                                                                   \
	X(COLUMN_MARKS, "Marks", "Tanda")                                                             \
	X(MARK_CONFLICT, "rival values", "nilai berbeda")                                             \
	X(MARK_ARCHIVED, "archived", "diarsipkan")                                                    \
	X(YES, "yes", "ya")                                                                           \
	X(NO, "no", "tidak")                                                                          \
	X(EMPTY, "(empty)", "(kosong)")                                                               \
	X(FIELD_VILLAGE, "Village", "Desa atau kelurahan")                                            \
	X(FIELD_ARCHIVED, "Archived", "Diarsipkan")                                                   \
	X(FIELD_SAME_AS, "Same as", "Sama dengan")                                                    \
	X(FIELD_VERSION, "Version", "Versi")                                                          \
	X(SHOW_CONFLICTS, "Rival values, all kept:", "Nilai yang berbeda, semuanya tersimpan:")       \
	X(SHOW_SETTLE,                                                                                \
	  "Save the right value with `sambung edit {1} FIELD=VALUE`, or leave it to your\n"           \
	  "supervisor.",                                                                              \
	  "Simpan nilai yang benar dengan `sambung edit {1} ISIAN=NILAI`, atau serahkan kepada\n"     \
	  "petugas PKB.")                                                                             \
	X(BY_DEVICE, "{1}, device {2}", "{1}, HP {2}")                                                \
	X(NOT_SENT, "not sent yet", "belum terkirim")                                                 \
	/* forms */                                                                                   \
	X(FORM_FIELD, "Field", "Isian")                                                               \
	X(FORM_LABEL, "Label", "Label")                                                               \
	X(FORM_TYPE, "Kind", "Bentuk")                                                                \
	X(FORM_VALUES, "Values", "Nilai")                                                             \
	X(FORM_REQUIRED, "required", "wajib")                                                         \
	X(KIND_INTEGER, "number", "bilangan")                                                         \
	X(KIND_BOOLEAN, "true or false", "true atau false")                                           \
	X(KIND_CHOICE, "one of", "salah satu")                                                        \
	X(KIND_SET, "any of", "beberapa dari")                                                        \
	X(KIND_DATE, "date YYYY-MM-DD", "tanggal TTTT-BB-HH")                                         \
	X(KIND_TEXT, "text", "teks")                                                                  \
	X(KIND_REFERENCE, "id of a record", "nomor data")                                             \
	X(KIND_POINT, "lat,lon", "lintang,bujur")

enum message {
#define MESSAGE_ENUM(NAME, en, id) MESSAGE_##NAME,
	MESSAGE_TABLE(MESSAGE_ENUM)
#undef MESSAGE_ENUM
		MESSAGE_COUNT
};

/* The text as it stands in the table. */
const char *message_text(enum message message, enum sambung_language language);
/* Prints it with {1} and {2} replaced; either may be NULL where the text has none. Control
 * characters in them are printed as spaces. */
void message_print(FILE *out, enum sambung_language language, enum message message,
		   const char *first, const char *second);
/* The same as a new text (free). */
char *message_format(enum sambung_language language, enum message message, const char *first,
		     const char *second);

#endif
