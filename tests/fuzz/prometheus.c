/* Answers of a Prometheus: any bytes are values or an error. */
#include "fuzz.h"

#include <stdlib.h>

#include "slo/prometheus.h"
#include "time/time.h"

enum { TIMES = 5 };

static void ask(struct bytes body, size_t n)
{
	const struct slo_times at = { .from_ns = INT64_C(1700000000) * NS_PER_S,
				      .step_ns = 60 * NS_PER_S,
				      .n = n };
	struct slo_value v[TIMES];
	struct err e = { 0 };

	if (prometheus_read(body, &at, v, NULL, NULL, &e) < 0) {
		if (e.code == ERR_NONE || !e.msg[0])
			abort();
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (v[i].is != SLO_NUMBER && v[i].v.units != 0)
			abort();
}

static int on_group(void *data, struct bytes name, const struct slo_value *v, struct err *e)
{
	(void)data;
	(void)e;
	if (v->is != SLO_NUMBER || (name.n && !name.p))
		abort();
	return 0;
}

static void ask_groups(struct bytes body)
{
	struct err e = { 0 };

	if (prometheus_read_groups(body, on_group, NULL, &e) < 0 &&
	    (e.code == ERR_NONE || !e.msg[0]))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ask_groups(bytes_of(data, size));
	ask(bytes_of(data, size), 1);
	ask(bytes_of(data, size), TIMES);
	return 0;
}
