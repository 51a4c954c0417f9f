/* Answers as text: for people, for pipes, and as Loki's HTTP API gives them. */
#ifndef QUERY_FORMAT_H
#define QUERY_FORMAT_H

#include <stdio.h>

#include "query/query.h"

enum format { FORMAT_DEFAULT, FORMAT_RAW, FORMAT_JSONL, FORMAT_CSV, FORMAT_API };

struct format_stream;

struct formatter {
	enum format format;
	struct bytes encoding_flags; /* API: FLAG,... that the answer names */
	bool frames; /* API: of a log query that goes on, a line for what is there at each pause */
	bool categorize; /* API: labels by where they come from, as Loki's categorize-labels */
	bool terminal;	 /* DEFAULT: control characters of lines are made visible */
	bool color;	 /* DEFAULT: lines by their level */
	FILE *out;
	const struct query_stats *stats; /* API: told in it; NULL: an empty object */
	const struct gate *gate;	 /* where it may have waited */
	const struct buf *warnings;	 /* API: members of a JSON array, at its end; or NULL */

	uint64_t n_entries; /* private from here */
	struct buf text, key, line;
	struct map by_labels; /* API: streams of the answer */
	struct arena mem;
	struct format_stream *stream;
	size_t n_streams, cap_streams, n_frame; /* n_frame: bytes in the frame, about */
};

void formatter_release(struct formatter *f);

/* The query itself, parsed with flags (of enum logql_flags) and laid out as Loki's format_query
 * does; with FORMAT_API its body. Errors: ERR_QUERY. */
MUST_CHECK int format_query(FILE *out, struct bytes text, unsigned flags, enum format format,
			    struct err *e);

/* To be used in struct query_out; data is the formatter. Errors: ERR_IO. */
int format_entry(void *data, const struct log_entry *entry, struct err *e);
int format_metric(void *data, const struct vec *v, const struct steps *steps, enum metric_kind kind,
		  struct err *e);
int format_pause(void *data, struct err *e);
/* Before the first and behind the last entry of a log query. */
MUST_CHECK int format_begin_log(struct formatter *f, struct err *e);
MUST_CHECK int format_end_log(struct formatter *f, struct err *e);

#endif
