/*
 * What there is to ask for: labels of streams that tell them apart, and fields that lines and
 * structured metadata have, with the types of their values. Loki's detected_labels and
 * detected_fields.
 */
#ifndef QUERY_DETECT_H
#define QUERY_DETECT_H

#include "query/format.h"
#include "query/series.h"

/*
 * Prints the labels of the streams that fit, with how many values each has, but those that have
 * only numbers or UUIDs (cluster, namespace, instance and pod are always there). Reads no line.
 * *ret_n: how many. Errors: of series_each; ERR_IO.
 */
MUST_CHECK int detect_labels(const struct series_opts *o, enum format format, FILE *out,
			     uint64_t *ret_n, struct err *e);

enum { DETECT_LINES = 1000, DETECT_FIELDS = 1000 };

/*
 * Looks at o->limit lines of the log query `text` and tells of each field in them (JSON, else
 * logfmt), in the metadata, and of each label that the query has extracted: its name, the type of
 * its values, how many there are, and which parsers give it; of at most `fields` fields. value_of
 * not empty: the values of that one instead. *ret_n: how many. Memory grows with the lines looked
 * at. Errors: ERR_QUERY; those of query_run.
 */
struct detect_opts {
	uint64_t fields;       /* 0 all */
	struct bytes value_of; /* name of a field */
	unsigned flags;	       /* of enum logql_flags */
};
MUST_CHECK int detect_fields(const struct query_opts *o, const struct detect_opts *d,
			     const char *text, enum format format, FILE *out, uint64_t *ret_n,
			     struct err *e);

#endif
