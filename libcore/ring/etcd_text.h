/*
 * What is said to etcd and what it answers, through its JSON gateway: keys and values in base64,
 * numbers of 64 bits as texts, what is zero left out. For etcd.c; no requests are made here.
 */
#ifndef RING_ETCD_TEXT_H
#define RING_ETCD_TEXT_H

#include "base/arena.h"
#include "ring/ring.h"

struct etcd_kv {
	struct bytes key, value;
	int64_t mod;   /* revision at which it was set last */
	int64_t lease; /* 0: none */
};

struct etcd_range {
	struct etcd_kv *v; /* in the arena, with all texts */
	size_t n;
	int64_t revision; /* of the store, when it was asked */
};

/* All that begins with `prefix`, which is not empty; or that key alone. */
void etcd_ask_prefix(struct buf *b, struct bytes prefix);
void etcd_ask_key(struct buf *b, struct bytes key);
/* Errors of all that read: ERR_CORRUPT, the answer is none, and what was expected. */
MUST_CHECK int etcd_read_range(struct bytes answer, struct arena *a, struct etcd_range *ret,
			       struct err *e);

/* A transaction: what must hold, and what is then done. {0} is a valid empty one. */
struct etcd_txn {
	struct buf compare, success;
	size_t n_operations;
};
enum { ETCD_OPERATIONS_MAX = 120 }; /* etcd takes 128 */
void etcd_txn_release(struct etcd_txn *t);
void etcd_txn_if_mod(struct etcd_txn *t, struct bytes key, int64_t mod); /* 0: is not there */
void etcd_txn_put(struct etcd_txn *t, struct bytes key, struct bytes value, int64_t lease);
void etcd_txn_delete(struct etcd_txn *t, struct bytes key);
void etcd_ask_txn(struct buf *b, const struct etcd_txn *t);
/* *ret: whether it was done. */
MUST_CHECK int etcd_read_txn(struct bytes answer, bool *ret, struct err *e);

void etcd_ask_grant(struct buf *b, int64_t ttl_s);
void etcd_ask_keepalive(struct buf *b, int64_t lease);
/* *ret: the lease; *ret_ttl_s: its seconds, which may be more than was asked for. */
MUST_CHECK int etcd_read_grant(struct bytes answer, int64_t *ret, int64_t *ret_ttl_s,
			       struct err *e);
/* *ret: the seconds of the lease; 0: it is dead. Errors: ERR_AGAIN as well, etcd broke off. */
MUST_CHECK int etcd_read_keepalive(struct bytes answer, int64_t *ret, struct err *e);

void etcd_ask_watch(struct buf *b, struct bytes prefix, int64_t from_revision);
/* Of one line of the answer, *ret: whether something has changed, or may have, as what was asked
 * for is not known any more. Errors: ERR_AGAIN as well, etcd broke off. */
MUST_CHECK int etcd_read_watch(struct bytes line, bool *ret, struct err *e);

void etcd_ask_token(struct buf *b, const char *user, const char *password);
/* Appends the token. */
MUST_CHECK int etcd_read_token(struct bytes answer, struct buf *ret, struct err *e);

/* Of an answer that is an error: what it says, or nothing; borrowed from the answer. */
struct bytes etcd_read_error(struct bytes answer);

/*
 * The ring that lies below prefix ("/prefix/"): PREFIXsettings, PREFIXinstances/NAME and, with a
 * lease, PREFIXalive/NAME. *ret, not initialised before. Errors: ERR_NO, there is none; as
 * ring_parse_text.
 */
MUST_CHECK int etcd_ring_of(const struct etcd_range *range, struct bytes prefix, struct ring *ret,
			    int64_t *ret_settings_mod, struct err *e);

#endif
