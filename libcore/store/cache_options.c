#include "store/cache_options.h"

#include "base/num.h"

int cache_opts_check(const struct cache_opts *o, struct err *e)
{
	if (o->bytes && !o->dir)
		return err_set(e, ERR_USAGE, "option '--cache-size': --cache says of what");
	return 0;
}

static void warn(void *cli, const struct err *why)
{
	cli_warn_once(cli, why);
}

struct cache *cache_opts_open(const struct cache_opts *o, struct cli *c)
{
	struct cache_limits l = { .bytes = o->bytes };

	return o->dir ? cache_open(o->dir, &l, warn, c) : NULL;
}

void cache_add_counts(struct buf *b, const struct cache *c)
{
	struct cache_counts n;

	if (!c)
		return;
	cache_count(c, &n);
	buf_addf(b, "; cache: %llu %s (", (unsigned long long)n.hits,
		 num_word(n.hits, "hit", "hits"));
	num_add_size(b, n.hit_bytes);
	buf_addf(b, "), %llu missed, %llu put, %llu evicted, %llu damaged",
		 (unsigned long long)n.misses, (unsigned long long)n.puts,
		 (unsigned long long)n.evictions, (unsigned long long)n.damaged);
}
