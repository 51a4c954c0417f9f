#include "store/shard.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/num.h"

bool shard_has(unsigned shard, unsigned n_shards, struct bytes tenant, int32_t day)
{
	struct buf key = { 0 };
	uint64_t h;

	if (n_shards <= 1)
		return true;
	buf_addf(&key, "%d/", day);
	buf_add_bytes(&key, tenant);
	h = hash64(buf_bytes(&key));
	buf_release(&key);
	return h % n_shards == shard;
}

int shard_read(const char *value, unsigned *ret_shard, unsigned *ret_n_shards, struct err *e)
{
	struct bytes rest = bytes_str(value), first;
	uint64_t i, n;

	if (!bytes_split(&rest, '/', &first) || !rest.p || !num_u64(first, &i) ||
	    !num_u64(rest, &n) || n > UINT32_MAX || i >= n)
		return err_set(e, ERR_USAGE, "expected I/N with I from 0 to N - 1, found '%s'",
			       value);
	*ret_shard = (unsigned)i;
	*ret_n_shards = (unsigned)n;
	return 0;
}
