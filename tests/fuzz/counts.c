/* Counts as CSV or JSON: any text is rows that can be, or refused with a line; and what is read
 * comes to exactly the sum of its rows. */
#include "fuzz.h"

#include <stdlib.h>

#include "slo/tally.h"

static const struct slo base = { .name = BYTES_LIT("slo"),
				 .target = { 999, 3 },
				 .period = { .length_ns = 30 * 86400 * NS_PER_S } };

static void count(const struct slo_tally *t, const struct slo *o)
{
	const struct slo_alerts a = slo_alerts_default();
	struct slo_state s;
	struct err e = { 0 };

	slo_state_init(&s, o, INT64_C(1768471200) * NS_PER_S, 0);
	if ((slo_tally_state(t, &a, SLO_NOW_LAST, &s, &e) < 0 ||
	     slo_state_settle(&s, &a, &e) < 0) &&
	    e.code != ERR_CORRUPT && e.code != ERR_LIMIT)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slo_tally_opts o = { .base = &base, .has_target = true };
	struct slo_rows r = { 0 };
	struct slo_tally t = { 0 };
	struct slo_set set = { 0 };
	struct err e = { 0 };

	if (slo_rows_read(bytes_of(data, size), &r, &e) < 0) {
		if (e.code != ERR_CORRUPT && e.code != ERR_LIMIT)
			abort();
	} else {
		slo_tally_init(&t, &r);
		for (size_t i = 0; i < r.n; i++)
			if (slo_counts_check(&r.v[i].counts, &e) < 0)
				abort();
		if (slo_tally_objectives(&t, &o, &set, &e) < 0 && e.code != ERR_CORRUPT &&
		    e.code != ERR_LIMIT)
			abort();
		for (size_t i = 0; i < set.n && i < 20; i++)
			count(&t, &set.v[i]);
	}
	slo_set_release(&set);
	slo_tally_release(&t);
	slo_rows_release(&r);
	return 0;
}
