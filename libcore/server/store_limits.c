#include "server/store_limits.h"

#include "limits/file.h"
#include "store/store.h"

static const char first_line[] = "# Written by lokid at its start, and when its limits change.\n";

/* 1: it is of somebody else, 0: it is not there or of lokid, when text has it. */
static int read_kept(struct store *s, struct buf *text, struct err *e)
{
	struct err why;

	if (store_get(s, LIMITS_OF_STORE, YAML_SIZE_MAX, text, &why) < 0) {
		if (why.code == ERR_NO)
			return 0;
		return why.code == ERR_LIMIT ? 1 : err_set(e, why.code, "%s", why.msg);
	}
	return !bytes_starts(buf_bytes(text), bytes_str(first_line));
}

int store_limits_write(const struct config *c, struct limits_set *limits, struct cache *cache,
		       struct err *e)
{
	struct limits_set *set = c->compact.retention_enabled ? limits_set_hold(limits)
							      : limits_set_for_ever(limits);
	struct store *s = store_open(c->store, STORE_WRITE, e);
	struct buf text = { 0 }, kept = { 0 };
	int rc;

	store_set_cache(s, cache, STORE_CACHED_INDEX);
	rc = s ? read_kept(s, &kept, e) : -1;
	buf_add_str(&text, first_line);
	limits_write_text(&text, set);
	/* The same is not written again: nobody who reads it needs to look. */
	if (rc == 0 && !bytes_eq(buf_bytes(&kept), buf_bytes(&text)))
		rc = store_put_named(s, LIMITS_OF_STORE, buf_bytes(&text), STORE_PUT_ANY, e);
	buf_release(&text);
	buf_release(&kept);
	store_close(s);
	limits_set_drop(set);
	return rc;
}
