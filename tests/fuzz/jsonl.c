/* JSON lines: what is taken is written again and read back the same. */
#include "fuzz.h"

#include <stdlib.h>

#include "entry/jsonl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jsonl_reader r = { 0 }, r2 = { 0 };
	struct metatab t = { 0 };
	struct arena a = { 0 };
	struct buf text = { 0 }, labels_json = { 0 };
	struct jsonl_entry en, back;
	struct labels labels = { 0 };
	struct metaview view;
	struct err e;
	uint32_t set;

	if (jsonl_parse(&r, bytes_of(data, size), &en, &e) < 0)
		goto out;
	if (en.labels.n && labels_parse_json(en.labels, &a, &labels, &e) < 0)
		goto out;
	labels_add_json(&labels_json, &labels);
	set = metatab_add(&t, en.meta, en.n_meta);
	view = metatab_view(&t);
	jsonl_add(&text, en.ts_ns, en.tenant, buf_bytes(&labels_json), en.line, &view, set);
	if (jsonl_parse(&r2, bytes_of(text.p, text.n - 1), &back, &e) < 0)
		abort();
	if (!entry_same(en.ts_ns, en.line, back.ts_ns, back.line) || en.n_meta != back.n_meta)
		abort();
out:
	buf_release(&text);
	buf_release(&labels_json);
	arena_release(&a);
	metatab_release(&t);
	jsonl_reader_release(&r);
	jsonl_reader_release(&r2);
	return 0;
}
