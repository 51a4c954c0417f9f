/* How records are read, for the formats that carry them. */
#ifndef PUSH_RECORDS_IN_H
#define PUSH_RECORDS_IN_H

#include "push/pairs.h"
#include "push/records.h"

/* A list of names, taken apart. */
struct record_names {
	struct bytes *v;
	size_t n;
};

struct records {
	struct bytes rest; /* of the body */
	size_t n_lines;	   /* read so far, blank ones too */
	const struct push_fields *fields;
	int64_t now_ns;
	const struct push_watch *watch; /* or NULL: a bad record is the body's error */
	const struct push_sink *sink;
	struct arena *a;
	struct record_names message, time, stream, ignore; /* of fields */
	struct push_pairs extra;			   /* of fields, normalised, in .names */
	struct arena names;
	struct push_pairs found, labels, meta; /* of the record */
	size_t n_own;			       /* of .labels: those not of .extra alone */
	bool plain;			       /* .current has the labels of .extra alone */
	struct push_current current;
	struct buf path;
	/* What the line before a record said: most are the same in all of a body. */
	struct bytes action_line, index;
	enum push_action action;
	struct arena target; /* the index, when it had escapes */
};

/* Reads one record (or finds that there is none: *ret_more is false then). */
typedef int records_step(struct records *r, bool *ret_more, struct err *e);
/* Until there are no more. `with` is copied, and says all down to the arena. */
MUST_CHECK int records_each(const struct records *with, records_step *step, struct err *e);

/* The next line that is not blank, without blanks at its ends. */
bool records_line(struct records *r, struct bytes *ret);

/* A record, and the name of its index, to the sink; -1 only when decoding is to end. */
MUST_CHECK int records_give(struct records *r, struct bytes text, struct bytes index,
			    struct err *e);
/* A record that is not taken: 0, or -1 when nobody watches. why gets the line's number. */
MUST_CHECK int records_bad(struct records *r, struct err *why, struct err *e);

#endif
