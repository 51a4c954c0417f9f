#include "server/store_limits.h"

#include "limits/file.h"
#include "store/store.h"

/* The same is not written again: nobody who reads it needs to look. */
static bool is_there(struct store *s, struct bytes text)
{
	struct buf b = { 0 };
	bool ret = store_get(s, LIMITS_OF_STORE, YAML_SIZE_MAX, &b, NULL) == 0 &&
		   bytes_eq(buf_bytes(&b), text);

	buf_release(&b);
	return ret;
}

int store_limits_write(const struct config *c, struct limits_set *limits, struct err *e)
{
	struct limits_set *set = c->compact.retention_enabled ? limits_set_hold(limits)
							      : limits_set_for_ever(limits);
	struct store *s = store_open(c->store, STORE_WRITE, e);
	struct buf text = { 0 };
	int rc = s ? 0 : -1;

	buf_add_str(&text, "# Written by lokid at its start, and when its limits change.\n");
	limits_write_text(&text, set);
	if (s && !is_there(s, buf_bytes(&text)))
		rc = store_put_named(s, LIMITS_OF_STORE, buf_bytes(&text), STORE_PUT_ANY, e);
	buf_release(&text);
	store_close(s);
	limits_set_drop(set);
	return rc;
}
