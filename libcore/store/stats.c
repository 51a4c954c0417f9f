#include "store/stats.h"

void store_say_stats(const struct store *s, const struct cli *c)
{
	struct store_stats st;
	struct buf b = { 0 };

	store_stats(s, &st);
	store_stats_add(&st, &b);
	cli_note(c, "%s", buf_str(&b));
	buf_release(&b);
}
