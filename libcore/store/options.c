#include "store/options.h"

#include "labels/labels.h"
#include "store/shard.h"

int store_take_tenant(void *at, const char *value, struct err *e)
{
	if (labels_check_tenant(bytes_str(value), e) < 0)
		return -1;
	*(struct bytes *)at = bytes_str(value);
	return 0;
}

int store_take_delay(void *at, const char *value, struct err *e)
{
	int64_t ns;

	if (time_parse_age(bytes_str(value), &ns, e) < 0)
		return -1;
	if (ns < 0)
		return err_set(e, ERR_USAGE, "expected a duration of 0 or more, found '%s'", value);
	*(int64_t *)at = ns;
	return 0;
}

int store_take_day(void *at, const char *value, struct err *e)
{
	struct store_opts *o = at;

	if (!time_day_parse(bytes_str(value), &o->day))
		return err_set(e, ERR_USAGE, "expected a day as 2026-01-15, found '%s'", value);
	o->one_day = true;
	return 0;
}

int store_take_shard(void *at, const char *value, struct err *e)
{
	struct store_opts *o = at;

	return shard_read(value, &o->shard, &o->n_shards, e);
}
