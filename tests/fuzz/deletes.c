/* Files of requests to delete: any text is a request, many, or an error; one is written as it was
 * read, and means the same then. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "deletes/filter.h"
#include "deletes/merged.h"

/* Whether it means an entry, of any time; 2: it cannot be asked. */
static int asked(const struct delete_request *r, struct bytes line)
{
	struct delete_filter f;
	int ret = 2;

	if (delete_filter_init(&f, r, NULL) == 0)
		ret = delete_filter_means(&f, r->start_ns, line);
	delete_filter_release(&f);
	return ret;
}

/* Of many in one. */
static void try_merged(struct bytes text)
{
	const struct bytes any = { 0 };
	struct merged m, again;
	struct arena a = { 0 };
	struct buf b = { 0 };
	struct err e;

	if (merged_parse_text(text, any, &a, &m, &e) == 0) {
		merged_add_text(&b, &m);
		if (merged_parse_text(buf_bytes(&b), any, &a, &again, &e) < 0 || again.n != m.n ||
		    again.n_replaces != m.n_replaces)
			abort();
		for (size_t i = 0; i < m.n; i++)
			if (strcmp(m.v[i].id, again.v[i].id) != 0)
				abort();
		for (size_t i = 0; i < m.n_replaces; i++)
			if (!bytes_eq(m.replaces[i], again.replaces[i]))
				abort();
	}
	arena_release(&a);
	buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_of(data, size);
	struct delete_request r, again;
	struct arena a = { 0 };
	struct buf b = { 0 };
	struct err e;

	try_merged(text);
	/* Of texts, of which almost none has the right id, also as the query of one. */
	if (deletes_parse_text(text, NULL, &a, &r, &e) < 0)
		r = (struct delete_request){ .query = text, .end_ns = (int64_t)size };
	deletes_set_id(&r);
	deletes_add_text(&b, &r);
	if (deletes_parse_text(buf_bytes(&b), r.id, &a, &again, &e) == 0) {
		if (!bytes_eq(again.query, r.query) || again.start_ns != r.start_ns ||
		    again.end_ns != r.end_ns || again.created_ns != r.created_ns ||
		    asked(&again, text) != asked(&r, text))
			abort();
	} else if (asked(&r, text) != 2) {
		abort();
	}
	arena_release(&a);
	buf_release(&b);
	return 0;
}
