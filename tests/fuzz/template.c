/* Any text as a template: what parses is executed on one entry, and ends within the limits. */
#include "fuzz.h"

#include <stdlib.h>

#include "template/template.h"

static struct bytes get_label(void *ctx, size_t i)
{
	struct bytes name = template_name(ctx, i);

	return name.n % 2 ? BYTES_LIT("12.5") : BYTES_LIT("{\"a\":[1,null,\"h\xc3\xa9 \xff\"]}");
}

static size_t get_labels(void *ctx, struct arena *mem, struct template_label **ret)
{
	(void)ctx;
	*ret = arena_alloc(mem, 2 * sizeof(**ret));
	(*ret)[0] = (struct template_label){ BYTES_LIT("b"), BYTES_LIT("2026-01-15") };
	(*ret)[1] = (struct template_label){ BYTES_LIT("a"), BYTES_LIT("") };
	return 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { .code = ERR_NONE };
	struct template *t = template_parse(BYTES_LIT("line"), bytes_of(data, size), &e);
	struct template_entry entry = { .line = BYTES_LIT("k=v 1.5s 3KB \xe2\x82"),
					.ts_ns = INT64_C(1768472231328620347),
					.ctx = t,
					.label = get_label,
					.labels = get_labels };
	struct template_run *run;
	struct bytes out;

	if (!t) {
		if (e.code != ERR_QUERY)
			abort();
		return 0;
	}
	run = template_run_new();
	for (int i = 0; i < 2; i++)
		if (template_execute(t, run, &entry, &out) == 0 && out.n > TEMPLATE_OUTPUT_MAX)
			abort();
	template_run_free(run);
	template_free(t);
	return 0;
}
