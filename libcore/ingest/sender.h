/*
 * Sends entries to a server's push API, in the place of a wal_writer: batches are given, and each
 * has its result, in order. One thread sends one request at a time; what fails for now (429, 5xx,
 * 408, no answer) is tried again, ever more slowly, and what the server does not want (another 4xx)
 * is dropped and said. When there is no sense in going on (retries are used up, or the server takes
 * nothing from us: 401, 403, 404, 405, a redirect) all that follows is refused, so that what was
 * sent is the input's beginning.
 *
 * A request whose answer did not come may have been taken, and is sent again: a server that keeps
 * equal entries of a stream once, as Loki does, has them once.
 */
#ifndef INGEST_SENDER_H
#define INGEST_SENDER_H

#include "entry/entries.h"
#include "entry/streams.h"
#include "httpc/httpc.h"

struct sender_result {
	uint64_t batch_id;
	uint64_t n_done, done_bytes;	   /* entries, bytes of lines */
	uint64_t n_refused, refused_bytes; /* of several tenants some may be taken, others not */
	const struct err *refused;	   /* NULL: all are done */
	bool is_over;			   /* nothing that follows will be sent */
};

struct sender_opts {
	const char *url;
	struct httpc_opts http;
	bool send_tenant;		  /* also the default one; others are always sent */
	unsigned retries;		  /* after the first attempt */
	int64_t wait_min_ns, wait_max_ns; /* before an attempt is repeated; 0: 500 ms, 5 min */
	/* Both are called in the sender's thread, one at a time. */
	void (*on_result)(const struct sender_result *r, void *data);
	void (*warn)(const struct err *e, void *data); /* what is tried again, and when */
	void *data;
};

struct sender;

/* Appends Loki's path, unless the URL has one of its own. */
void sender_url(const char *url, struct buf *out);

/* opts are copied; what they point to must outlive it. Errors: as httpc_open. */
MUST_CHECK int sender_open(const struct sender_opts *opts, struct sender **ret, struct err *e);

/* As of a wal_writer (wal/writer.h). */
struct streams *sender_streams(struct sender *s);
void sender_submit(struct sender *s, struct entries *es, uint64_t batch_id);
void sender_drain(struct sender *s);
void sender_forget_streams(struct sender *s);

/* Waits until all has its result, and frees it. */
void sender_close(struct sender *s);

#endif
