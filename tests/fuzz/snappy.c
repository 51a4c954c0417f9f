/* Any bytes as snappy's format, and packed into it: what is valid, and what comes out, is what the
 * library says. */
#include "fuzz.h"

#include <snappy-c.h>
#include <stdlib.h>

#include "codec/snap.h"
#include "codec/unsnap.h"

enum { MAX = 1 << 20 };

static void expect(bool is)
{
	if (!is)
		abort();
}

/* The library takes a literal of 2^32 bytes for one of none. */
static bool has_longest_literal(struct bytes in)
{
	return memmem(in.p, in.n, "\xfc\xff\xff\xff\xff", 5);
}

static void unpack_both(struct bytes in)
{
	size_t n = 0, theirs_n = 0;
	bool has = unsnap_size(in, &n), valid;
	char *ours, *theirs;

	expect(has == (snappy_uncompressed_length(in.p, in.n, &theirs_n) == SNAPPY_OK));
	if (!has || n > MAX)
		return;
	expect(n == theirs_n);
	ours = malloc(n + 1);
	theirs = malloc(n + 1);
	valid = unsnap(in, ours, n);
	expect(valid == (snappy_uncompress(in.p, in.n, theirs, &theirs_n) == SNAPPY_OK) ||
	       (!valid && has_longest_literal(in)));
	expect(!valid || memcmp(ours, theirs, n) == 0);
	free(ours);
	free(theirs);
}

static void pack(struct bytes raw)
{
	char *packed = malloc(snap_bound(raw.n)), *back = malloc(raw.n + 1);
	size_t n = snap(raw, packed), back_n = raw.n;

	expect(n <= snap_bound(raw.n));
	expect(snappy_uncompress(packed, n, back, &back_n) == SNAPPY_OK && back_n == raw.n);
	expect(memcmp(back, raw.p, raw.n) == 0);
	unpack_both(bytes_of(packed, n));
	free(packed);
	free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	unpack_both(bytes_of(data, size));
	pack(bytes_of(data, size));
	return 0;
}
