/* Files of what is held: any text is one or an error; a line more holds no less, and what says
 * nothing changes nothing. */
#include "fuzz.h"

#include <stdlib.h>

#include "base/buf.h"
#include "retention/hold.h"

enum { STREAMS = 3, TIMES = 4 };

/* A bit for each tenant, stream and time that is held. */
static unsigned asked(const struct hold *h)
{
	static const char *const tenants[] = { "fake", "acme" };
	static const struct label a[] = { { { "app", sizeof("app") - 1 },
					    { "web", sizeof("web") - 1 } } },
				  b[] = { { { "app", sizeof("app") - 1 },
					    { "pay", sizeof("pay") - 1 } },
					  { { "env", sizeof("env") - 1 },
					    { "prod", sizeof("prod") - 1 } } };
	const struct labels streams[STREAMS] = { { NULL, 0 },
						 { (struct label *)(uintptr_t)a, 1 },
						 { (struct label *)(uintptr_t)b, 2 } };
	static const int64_t times[TIMES][2] = { { INT64_MIN, INT64_MIN },
						 { 0, 1768471200000000000 },
						 { 1768471200000000001, 1768471200000000001 },
						 { 1768471200000000002, INT64_MAX } };
	unsigned ret = 0, bit = 0;

	for (size_t t = 0; t < 2; t++)
		for (size_t s = 0; s < STREAMS; s++)
			for (size_t k = 0; k < TIMES; k++, bit++) {
				struct bytes tenant = bytes_str(tenants[t]);

				if (!hold_has(h, tenant, &streams[s], times[k][0], times[k][1]))
					continue;
				if (!hold_has_tenant(h, tenant))
					abort();
				ret |= 1U << bit;
			}
	return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_of(data, size);
	struct buf b = { 0 };
	struct hold *h, *same, *more;
	struct err e;

	if (size > 1 << 14)
		return 0;
	h = hold_parse(text, "f", &e);
	buf_add_str(&b, "\n# {app=\n\n \t\n");
	buf_add_bytes(&b, text);
	buf_add_str(&b, "\n");
	same = hold_parse(buf_bytes(&b), "f", &e);
	buf_add_str(
		&b,
		"acme {app=\"web\"} 2026-01-15T10:00:00.000000001Z 2026-01-15T10:00:00.000000001Z");
	more = hold_parse(buf_bytes(&b), "f", &e);
	if (!h != !same || !h != !more)
		abort();
	if (h) {
		unsigned was = asked(h), of_more = asked(more);

		if (asked(same) != was || (was & of_more) != was || of_more == 0)
			abort();
	}
	hold_free(h);
	hold_free(same);
	hold_free(more);
	buf_release(&b);
	return 0;
}
