/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_cells: what imports wrote for one key, cell by cell, and how a new file differs from it.
 *
 * Stored as a CBOR map {tag: [value, seq]} (struct import_row). A column that a file lacks keeps
 * its cell: the next file that has the column is compared with that.
 */
#ifndef SAMBUNG_DAEMON_INGEST_IMPORT_CELLS_H
#define SAMBUNG_DAEMON_INGEST_IMPORT_CELLS_H

#include "protocol/arena.h"
#include "protocol/value.h"

struct import_cell {
	int32_t tag;
	struct value value; /* as kept; of a set the mask */
	uint64_t seq;	    /* of the import's change that wrote it; 0: none did */
	bool changed;	    /* the file says something else than `was` */
	struct value was;   /* what the import wrote last; empty if seq is 0 */
	uint64_t base;	    /* the version that the change will have as base; the caller's */
};

struct import_cells {
	struct import_cell *at; /* ascending tags */
	size_t count;
};

/* The cell with that tag, or NULL. */
const struct import_cell *import_cells_find(const struct import_cells *cells, int32_t tag);

/* Nothing at all means no cells. Texts borrow from `bytes`. STORAGE if they do not decode. */
enum status import_cells_get(struct span bytes, struct arena *arena, struct import_cells *out,
			     struct error *err);
void import_cells_put(const struct import_cells *cells, struct buffer *out);

/* All cells of both: the file's value where it has one, with what is known of the cell's past. A
 * cell that no import wrote and that is empty in the file is none. */
enum status import_cells_join(const struct import_cells *before, const struct import_cells *file,
			      struct arena *arena, struct import_cells *out, struct error *err);

#endif
