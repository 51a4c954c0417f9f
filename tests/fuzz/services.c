/* Services as CSV: any text is services, whose sum is that of all, or an error with its line. */
#include "fuzz.h"

#include <stdlib.h>

#include "base/num.h"
#include "cost/services.h"

/* The first byte: how long lines are that do not say it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct services s = { .bytes_per_line = size ? data[0] : 0 };
	num_wide day = 0, lines = 0;
	struct err e;

	if (size == 0 || size > 1 << 12)
		return 0;
	if (services_add(&s, bytes_of(data + 1, size - 1), "f", &e) < 0) {
		if (strncmp(e.msg, "f:", 2) != 0)
			abort();
	} else {
		for (size_t i = 0; i < s.n; i++) {
			day += s.v[i].day;
			lines += s.v[i].lines;
			if (s.v[i].day % 1440 != 0 || s.v[i].name.n > size)
				abort();
		}
		if (day != s.sum.day || lines != s.sum.lines || day * 366 > INT64_MAX)
			abort();
	}
	services_release(&s);
	return 0;
}
