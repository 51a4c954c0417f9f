/*
 * The four columns in which a run of entries is stored, in the WAL and in chunks: timestamps, line
 * lengths, structured metadata, lines. Format: lokid-entry(5), "COLUMNS".
 */
#ifndef ENTRY_COLUMNS_H
#define ENTRY_COLUMNS_H

#include "entry/entries.h"

enum column { COL_TS, COL_LENS, COL_META, COL_LINES, COL_COUNT };
enum {
	WANT_TS = 1 << COL_TS,
	WANT_LENS = 1 << COL_LENS, /* gives line_off */
	WANT_META = 1 << COL_META,
	WANT_LINES = 1 << COL_LINES,
	WANT_ALL = WANT_TS | WANT_LENS | WANT_META | WANT_LINES,
	/* No column, and not for columns_decode: of lines that a chunk has taken apart, what
	 * chunk_open_shapes reads. */
	WANT_SHAPES = 1 << COL_COUNT,
};

/*
 * Appends the columns of the n entries es->v[order[0..n)] to out[]. n is 1 to RUN_ENTRIES_MAX, the
 * lines with a newline each at most RUN_LINES_MAX bytes. The metadata column stays empty when no
 * entry has any.
 */
struct columns_writer; /* scratch that is kept between calls; for one thread */
struct columns_writer *columns_writer_new(void);
void columns_writer_free(struct columns_writer *w);
void columns_encode(struct columns_writer *w, const struct entries *es, const uint32_t *order,
		    size_t n, struct buf out[COL_COUNT]);
/* The same in two: all but the lines, and these. */
void columns_encode_side(struct columns_writer *w, const struct entries *es, const uint32_t *order,
			 size_t n, struct buf out[COL_LINES]);
void columns_encode_lines(const struct entries *es, const uint32_t *order, size_t n,
			  struct buf *out);

/* Memory that decoded columns lie in; kept between calls. {0} is a valid empty one. */
struct run_mem {
	struct buf ts, off, set, strings, set_first, pair, wide;
};

void run_mem_release(struct run_mem *m);

/*
 * Decodes those columns of a run of n entries that `want` names; col[] of the others is not looked
 * at. WANT_LINES needs WANT_LENS, and col[COL_LINES] is borrowed by *ret; the rest lies in m, until
 * the next call with it. n is at most RUN_ENTRIES_MAX.  Errors: ERR_CORRUPT with the column's name
 * and what is wrong.
 */
MUST_CHECK int columns_decode(const struct bytes col[COL_COUNT], size_t n, unsigned want,
			      struct run_mem *m, struct run *ret, struct err *e);

#endif
