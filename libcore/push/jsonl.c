/* Records, one a line. */
#include "push/records_in.h"

static int read_line(struct records *r, bool *ret_more, struct err *e)
{
	static const struct bytes no_index = { NULL, 0 };
	struct bytes line;

	*ret_more = records_line(r, &line);
	if (!*ret_more)
		return 0;
	if (r->watch && r->watch->begin(r->watch->data, PUSH_CREATE, e) < 0)
		return -1;
	return records_give(r, line, no_index, e);
}

int push_jsonl(struct bytes body, const struct push_fields *fields, int64_t now_ns,
	       const struct push_watch *watch, const struct push_sink *sink, struct arena *a,
	       struct err *e)
{
	return records_each(&(struct records){ body, 0, fields, now_ns, watch, sink, .a = a },
			    read_line, e);
}
