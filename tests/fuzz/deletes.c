/* Files of requests to delete: any text is a request or an error; one is written as it was read,
 * and means the same then. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "deletes/filter.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_of(data, size);
	struct delete_request r, again;
	struct arena a = { 0 };
	struct buf b = { 0 };
	struct err e;

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
