/*
 * Entries in memory.
 *
 * struct entries is a heap of entries of many streams in order of arrival: an open WAL batch,
 * chunkpack's sort buffer. struct run is a run of entries of ONE stream by column, as a WAL batch
 * or a chunk's block gives it: what queries scan. No allocation per entry in either.
 */
#ifndef ENTRY_ENTRIES_H
#define ENTRY_ENTRIES_H

#include "entry/meta.h"

enum {
	ENTRY_LINE_MAX = 16 << 20, /* no format holds a longer line */
	RUN_ENTRIES_MAX = 1 << 24,
	RUN_LINES_MAX = 1 << 28, /* bytes of all lines of a run, newlines included */
};

struct entry_ref {
	int64_t ts_ns;
	uint64_t line_off; /* in text */
	uint32_t line_len;
	uint32_t stream; /* number given by the owner's stream table */
	uint32_t meta;	 /* set in the metatab, 0 none */
};

struct entries {
	struct entry_ref *v;
	size_t n, cap;
	struct buf text; /* each line with a newline behind it: lines that follow each other are
			    copied at once */
	struct metatab meta;
};

void entries_release(struct entries *es);
void entries_reset(struct entries *es); /* empties, keeps the memory */
void entries_add(struct entries *es, uint32_t stream, int64_t ts_ns, struct bytes line,
		 uint32_t meta);
/* Gives entry i another line. What it had stays in the text. */
void entries_set_line(struct entries *es, size_t i, struct bytes line);
size_t entries_memory(const struct entries *es);

/* Of all lines, if none was set or left out since it was added. */
static inline size_t entries_line_bytes(const struct entries *es)
{
	return es->text.n - es->n;
}

static inline struct bytes entries_line(const struct entries *es, size_t i)
{
	return bytes_of(es->text.p + es->v[i].line_off, es->v[i].line_len);
}

/*
 * A run. Line i is lines[line_off[i] .. line_off[i + 1] - 1): a newline, which is not part of the
 * line, stands behind each; a line may hold newlines of its own. Columns that were not asked for
 * are NULL. ts_ns need not be sorted in a run from the WAL; it is in one from a chunk.
 */
struct run {
	size_t n;
	const int64_t *ts_ns;
	const uint32_t *line_off; /* n + 1 */
	const char *lines;
	size_t lines_len;
	const uint32_t *meta_set; /* per entry; NULL when no entry has metadata */
	struct metaview meta;
};

static inline struct bytes run_line(const struct run *r, size_t i)
{
	return bytes_of(r->lines + r->line_off[i], r->line_off[i + 1] - r->line_off[i] - 1);
}

/*
 * The identity of an entry is tenant, stream, timestamp and line: of entries equal in it the first
 * stays, whatever their metadata. The one place that decides it, for entries already known to be of
 * one stream.
 */
static inline bool entry_same(int64_t a_ts_ns, struct bytes a_line, int64_t b_ts_ns,
			      struct bytes b_line)
{
	return a_ts_ns == b_ts_ns && bytes_eq(a_line, b_line);
}

#endif
