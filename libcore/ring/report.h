/* What ringctl tells of a ring, in each of its formats. For command.c. */
#ifndef RING_REPORT_H
#define RING_REPORT_H

#include "report/table.h"
#include "ring/options.h"
#include "ring/view.h"

/* Which instances are asked for: all, or a tenant's shard. */
struct ring_report {
	struct ring_view view;
	enum ring_format format;
	struct buf *out;
};

/* For people to read, on a terminal or in a page: with units and words around the table. */
static inline bool ring_report_is_for_people(const struct ring_report *r)
{
	return r->format == RING_TEXT || r->format == RING_HTML;
}

/* One column of what is told: its heading for people, and the member of a JSON line, which a column
 * of CSV is called after; either may be NULL. An array of them is ended by one that has neither. */
struct ring_column {
	const char *heading;
	enum table_align align;
	const char *member;
};
/* Those of the format. */
void ring_report_columns(const struct ring_report *r, struct table *t,
			 const struct ring_column *columns);
/* A row for programs: as a line, or as CSV the members that columns name, empty where there is
 * none. object: of JSON; is emptied. */
void ring_report_object(const struct ring_report *r, struct table *t,
			const struct ring_column *columns, struct buf *object);

/* What stands around a table for people: a line before it and one behind it, each may be empty, and
 * a picture, NULL for none. */
struct ring_report_around {
	const char *title; /* of the page */
	struct bytes before, after;
	const struct ring_view *picture;
};
/* Tells the table in the format that is asked for, and releases it; as jsonl its rows have been
 * told already. */
void ring_report_end(const struct ring_report *r, struct table *t,
		     const struct ring_report_around *a);

/* Every instance: state, heartbeat, what it owns. Returns whether all is well: ERR_NO with what is
 * not, after it was told. */
MUST_CHECK int ring_report_status(const struct ring_report *r, struct err *e);

/* The stream's position, each instance met, whether it is an owner and why. Errors: ERR_NO,
 * insufficient zone diversity, or too few for a quorum, after it was told. */
MUST_CHECK int ring_report_owner(const struct ring_report *r, struct bytes tenant,
				 const struct labels *labels, struct err *e);

/* Each token, whose it is, and how many positions it has. name: of this instance alone; empty: of
 * all. Errors: ERR_NO, there is no such instance. */
MUST_CHECK int ring_report_tokens(const struct ring_report *r, struct bytes name, struct err *e);

#endif
