#include "retention/overdue.h"

#include "base/num.h"
#include "limits/file.h"
#include "retention/hold.h"
#include "retention/retention.h"
#include "store/store.h"

int overdue_load(struct overdue *o, const char *limits, const char *hold, struct store *s,
		 int64_t grace_ns, struct err *e)
{
	struct report quiet = { 0 };

	*o = (struct overdue){ 0 };
	if (limits_load(limits, s, &o->limits, &quiet, e) < 0)
		return -1;
	if (!o->limits && !hold)
		return 0;
	o->hold =
		hold_load(hold, s, e); /* one that is named is read, and found wrong, in any case */
	if (!o->hold)
		return -1;
	if (!o->limits)
		return 0;
	o->now_ns = num_clip((num_wide)store_now_to_look(s, "") - grace_ns);
	return 0;
}

void overdue_release(struct overdue *o)
{
	limits_set_drop(o->limits);
	hold_free(o->hold);
	*o = (struct overdue){ 0 };
}

bool overdue_has(struct bytes tenant, const struct labels *stream, int64_t from, int64_t through,
		 void *overdue)
{
	const struct overdue *o = overdue;
	struct retention r = retention_of(limits_of(o->limits, tenant), stream);

	return through < retention_cut(r.period_ns, o->now_ns) &&
	       !hold_has(o->hold, tenant, stream, from, through);
}
