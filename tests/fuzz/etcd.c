/* What etcd answers: any text is an answer or an error, of whichever kind it is taken for. */
#include "fuzz.h"

#include <stdlib.h>

#include "base/buf.h"
#include "ring/etcd_text.h"

static void read_ring(struct bytes text)
{
	struct arena a = { 0 };
	struct etcd_range range;
	struct ring r;
	struct err e;
	int64_t mod;

	if (etcd_read_range(text, &a, &range, &e) == 0) {
		if (range.revision <= 0)
			abort();
		for (size_t i = 0; i < range.n; i++)
			if (range.v[i].key.n == 0 || range.v[i].mod <= 0)
				abort();
		if (etcd_ring_of(&range, BYTES_LIT("/r/"), &r, &mod, &e) == 0) {
			if (mod <= 0 || r.settings.replication == 0)
				abort();
			ring_release(&r);
		}
	}
	arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_of(data, size);
	struct buf token = { 0 };
	int64_t lease = 0, ttl_s = 0;
	bool yes = false;
	struct err e;

	read_ring(text);
	if (etcd_read_txn(text, &yes, &e) == 0 && yes && size < 20)
		abort();
	if (etcd_read_grant(text, &lease, &ttl_s, &e) == 0 && (lease <= 0 || ttl_s < 0))
		abort();
	if (etcd_read_keepalive(text, &ttl_s, &e) < 0 && e.msg[0] == '\0')
		abort();
	if (etcd_read_watch(text, &yes, &e) < 0 && e.msg[0] == '\0')
		abort();
	/* It becomes a header. */
	if (etcd_read_token(text, &token, &e) == 0)
		for (size_t i = 0; i < token.n; i++)
			if ((unsigned char)token.p[i] <= ' ')
				abort();
	if (etcd_read_error(text).n > size)
		abort();
	buf_release(&token);
	return 0;
}
