/*
 * Syslog, as RFC 5424 and RFC 3164 have it and as devices send it: a message becomes an entry, its
 * text the line. There is no message that is refused: what is of neither form is a line.
 * lokid-push(7), "SYSLOG".
 */
#ifndef PUSH_SYSLOG_H
#define PUSH_SYSLOG_H

#include "push/pairs.h"

struct syslog_opts {
	int64_t now_ns; /* of a message without a time; and a time without a year is within six
			   months of it */
	int32_t zone_s; /* east of UTC: of a time without a zone */
	/* Which of host, app, facility, severity, level, proc_id, msg_id are labels, comma between;
	 * the others, and structured data as id_name, are metadata. */
	struct bytes labels;
	const struct label *extra; /* more labels of all, in place of its own of that name */
	size_t n_extra;
};

extern const struct bytes syslog_labels_default; /* host,app */

/* What is kept from one message to the next of one sink. {0} at first. */
struct syslog {
	struct push_pairs labels, meta;
	struct push_current current;
};

void syslog_release(struct syslog *s);

/* A message without its frame: stream, when it is another one than that of the message before, and
 * entry. Errors: ERR_LIMIT, too much structured data; the sink's own. */
MUST_CHECK int syslog_push(struct syslog *s, const struct syslog_opts *o, struct bytes message,
			   const struct push_sink *sink, struct arena *a, struct err *e);

/*
 * The next message of a connection (RFC 6587), taken off *rest: counted ("27 <13>..."), or up to a
 * newline or NUL, one by one. 1; 0: there is none, or not all of it yet (with SYSLOG_END what is
 * left is one). Borrowed from *rest. Errors: ERR_LIMIT, longer than max; where the next begins is
 * not known then.
 */
enum syslog_more { SYSLOG_MORE, SYSLOG_END };
MUST_CHECK int syslog_next(struct bytes *rest, size_t max, enum syslog_more more, struct bytes *ret,
			   struct err *e);

#endif
