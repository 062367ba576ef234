/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alter: what somebody with the right to write a database might do to it, one thing at a time.
 *
 * Which columns there are is asked of the database itself; what is no evidence stands in alter.c,
 * written down once more and not taken from the product.
 */
#ifndef SAMBUNG_TESTS_TWIN_ALTER_H
#define SAMBUNG_TESTS_TWIN_ALTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A column that is evidence, and how its alterations went. */
struct altered_column {
	char table[32];
	char column[32];
	bool key; /* part of the primary key: rows are told apart by it */
	unsigned tried;
	unsigned refused; /* by the database itself, or nothing changed */
	unsigned caught;
};

/* All of a database, as a new array. */
struct altered_column *alter_columns(const char *path, size_t *count_out);

/* Alters one value of that column, chosen by *random, in the database at `path`. False: the value
 * stayed, or the database refused. `told` says what was done, for who looks for a miss. */
bool alter_column(const char *path, const struct altered_column *column, uint64_t *random,
		  char *told, size_t told_size);
/* Deletes one row of a table; false as above. */
bool alter_delete(const char *path, const char *table, uint64_t *random, char *told,
		  size_t told_size);
/* Statements without results; dies on an error. */
void alter_run(const char *path, const char *sql);
/* The one number that a query gives. */
int64_t alter_number(const char *path, const char *sql);

#endif
