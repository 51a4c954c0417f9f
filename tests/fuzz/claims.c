/* Documents with tables: any text is one or an error; what is found has a line of it, and was
 * looked at. */
#include "fuzz.h"

#include <stdlib.h>

#include "cost/claims.h"

struct seen {
	uint64_t n;
	uint32_t lines;
};

static void on_found(const struct claims_finding *f, void *data)
{
	struct seen *s = data;

	s->n++;
	if (f->line == 0 || f->line > s->lines || *f->text == '\0')
		abort();
}

static void check(struct bytes text, enum claims_form form)
{
	struct seen seen = { .lines = 1 };
	struct claims_sink sink = { .found = on_found, .data = &seen };
	struct arena mem = { 0 };
	struct claims_doc d;
	struct err e;

	for (size_t i = 0; i < text.n; i++)
		seen.lines += text.p[i] == '\n';
	if (claims_read(text, form, "f", &mem, &d, &e) == 0) {
		if (claims_check(&d, &sink, &e) < 0 && e.code != ERR_LIMIT)
			abort();
		if (sink.n_found != seen.n || sink.n_found > sink.n_checked)
			abort();
		claims_doc_release(&d);
	}
	arena_release(&mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 1 << 12)
		return 0;
	check(bytes_of(data, size), CLAIMS_MARKDOWN);
	check(bytes_of(data, size), CLAIMS_CSV);
	return 0;
}
