#include "store/stats.h"

#include <stdlib.h>

#include "store/cache_options.h"

void store_say_stats(const struct store *s, const struct cache *cache, const struct cli *c)
{
	struct store_stats st;
	struct buf b = { 0 };

	if (!s)
		return;
	store_stats(s, &st);
	store_stats_add(&st, &b);
	cache_add_counts(&b, cache);
	cli_note(c, "%s", buf_str(&b));
	buf_release(&b);
}

void store_say_peer(const struct store *s, const struct cli *c)
{
	const struct store *one;

	for (size_t i = 0; s && (one = store_nth(s, i)); i++)
		if (store_peer(one))
			cli_note(c, "'%s' is at %s, a private address", store_path(one),
				 store_peer(one));
}

int store_take_private(void *at, const char *value, struct err *e)
{
	(void)at, (void)value;
	if (setenv("LOKID_REQUIRE_PRIVATE", "1", 1) < 0)
		return err_sys(e, "LOKID_REQUIRE_PRIVATE");
	return 0;
}
