/*
 * A running server of Loki's API, lokid or Loki, that is asked in place of a store. It decides what
 * is seen; what it answers is read here into what the formatters print (format.h, series_print.h),
 * so that an answer looks the same wherever it comes from.
 */
#ifndef QUERY_REMOTE_H
#define QUERY_REMOTE_H

#include "httpc/options.h"
#include "query/query.h"

enum {
	REMOTE_ANSWER_MAX = 256 << 20, /* an answer that is larger is refused */
	/* So is one whose labels and lists, and copies of strings, take more memory. */
	REMOTE_READ_MAX = 2 * REMOTE_ANSWER_MAX,
	REMOTE_WARNINGS_MAX = 16, /* of those further ones nobody is told */
};

struct remote_opts {
	const char *addr; /* NULL: none is asked. A path in it stands before those of the API */
	struct httpc_given given;
};

struct remote;

/* Credentials are read into given, which must outlive it as all else that opts point to. tenant:
 * for the header, or empty; timeout_ns of each request, 0: 5 min. Errors: as httpc_given_read and
 * httpc_open. */
MUST_CHECK int remote_open(struct remote_opts *opts, struct bytes tenant, int64_t timeout_ns,
			   struct remote **ret, struct err *e);
void remote_close(struct remote *r);

/* Appends "name=value" to a form. */
void remote_add(struct buf *form, const char *name, struct bytes value);

/*
 * Gets a path of the API: *ret is the body, valid until the next call. Errors: as httpc_do; of a
 * status that is not 200 with the server's text: ERR_QUERY 400, ERR_LIMIT 413 and 422, ERR_AGAIN
 * 429, 408 and 5xx, else ERR_USAGE; ERR_LIMIT, more than REMOTE_ANSWER_MAX.
 */
MUST_CHECK int remote_get(struct remote *r, const char *path, struct bytes form, struct bytes *ret,
			  struct err *e);

/* ---- what is in a body; strings lie in it or in the arena. Errors of all: ERR_CORRUPT, it is no
 * answer of Loki's API to that; ERR_LIMIT, it needs more than REMOTE_READ_MAX, or a metric's points
 * lie on too many steps. ---- */

struct remote_entries {
	struct log_entry *v;
	size_t n, cap;
};

/* What was asked for: at most n entries of [from, to), INT64_MAX is no end (time/time.h). */
struct remote_page {
	enum direction dir;
	int64_t from, to;
	uint64_t n;
};

/* Of a log query, by time in the direction that was asked for, else as they stand there. Labels are
 * told apart where the server does so (categorize-labels). ERR_CORRUPT, too: more entries than were
 * asked for, or one of another time; so a server cannot make anybody hold more. */
MUST_CHECK int remote_read_entries(struct bytes body, const struct remote_page *asked,
				   struct arena *a, struct remote_entries *ret, struct err *e);

/* Of a metric query; *ret_kind is METRIC_INSTANT or METRIC_RANGE. ret is to be released. */
MUST_CHECK int remote_read_metric(struct bytes body, struct vec *ret, struct steps *ret_steps,
				  enum metric_kind *ret_kind, struct err *e);

/* Names or values; an answer without any has no list. */
MUST_CHECK int remote_read_words(struct bytes body, struct arena *a, struct bytes **ret,
				 size_t *ret_n, struct err *e);
MUST_CHECK int remote_read_series(struct bytes body, struct arena *a, struct labels **ret,
				  size_t *ret_n, struct err *e);
/* The warnings that any answer may have; without, and where it has something else, there are none.
 * At most REMOTE_WARNINGS_MAX. */
void remote_read_warnings(struct bytes body, struct arena *a, struct bytes *ret, size_t *ret_n);
/* A whole number that is a member of the body itself, as index/stats has them. */
MUST_CHECK int remote_read_count(struct bytes body, const char *name, uint64_t *ret, struct err *e);

#endif
