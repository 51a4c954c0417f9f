#include "index/options.h"

#include <math.h>
#include <stddef.h>

#include "base/num.h"
#include "index/shard.h"
#include "labels/labels.h"
#include "store/stats.h"
#include "time/time.h"

enum { LARGEST_DEFAULT = 10 };
static const char store_default[] = "lokid-data/store";

void index_opts_init(struct index_opts *o)
{
	*o = (struct index_opts){ .delete_delay_ns = -1, .max_age_ns = -1 };
}

int index_take_tenant(void *at, const char *value, struct err *e)
{
	if (labels_check_tenant(bytes_str(value), e) < 0)
		return -1;
	*(struct bytes *)at = bytes_str(value);
	return 0;
}

static int take_largest(void *at, const char *value, struct err *e)
{
	uint64_t n;

	if (cli_read_count(value, 0, UINT64_MAX, &n, e) < 0)
		return -1;
	*(uint64_t *)at = n ? n : UINT64_MAX;
	return 0;
}

static int take_day(void *opts, const char *value, struct err *e)
{
	struct index_opts *o = opts;

	if (!time_day_parse(bytes_str(value), &o->day))
		return err_set(e, ERR_USAGE, "expected a day as 2026-01-15, found '%s'", value);
	o->one_day = true;
	return 0;
}

int index_take_delay(void *at, const char *value, struct err *e)
{
	int64_t ns;

	if (time_parse_age(bytes_str(value), &ns, e) < 0)
		return -1;
	if (ns < 0)
		return err_set(e, ERR_USAGE, "expected a duration of 0 or more, found '%s'", value);
	*(int64_t *)at = ns;
	return 0;
}

/* "2.5" or "2.5%". at: a double. */
static int take_percent(void *at, const char *value, struct err *e)
{
	struct bytes text = bytes_str(value);
	double percent;

	if (text.n && text.p[text.n - 1] == '%')
		text.n--;
	if (!num_double(text, &percent) || !(percent > 0 && percent <= 100))
		return err_set(e, ERR_USAGE,
			       "expected a percentage above 0 and up to 100, found '%s'", value);
	*(double *)at = percent;
	return 0;
}

/* In hundredths of a percent, rounded up, so that none is too few. */
static int take_sample(void *at, const char *value, struct err *e)
{
	double percent;

	if (take_percent(&percent, value, e) < 0)
		return -1;
	*(unsigned *)at = (unsigned)ceil(percent * (FSCK_SAMPLE_ALL / 100));
	return 0;
}

static int take_bytes(void *at, const char *value, struct err *e)
{
	return cli_read_size(value, 1, UINT64_MAX, at, e);
}

static int take_now(void *opts, const char *value, struct err *e)
{
	struct index_opts *o = opts;

	o->has_now = true;
	return time_parse(bytes_str(value), time_now_ns(), &o->now_ns, e);
}

static int take_shard(void *opts, const char *value, struct err *e)
{
	struct index_opts *o = opts;

	return shard_read(value, &o->shard, &o->n_shards, e);
}

static int take_seed(void *opts, const char *value, struct err *e)
{
	struct index_opts *o = opts;

	o->has_seed = true;
	return cli_read_count(value, 0, UINT64_MAX, &o->seed, e);
}

static int take_format(void *opts, const char *value, struct err *e)
{
	static const char *const formats[] = { "text", "jsonl", NULL };
	struct index_opts *o = opts;
	int i;

	if (cli_read_word(value, formats, &i, e) < 0)
		return -1;
	o->format = (enum fsck_format)i;
	o->has_format = true;
	return 0;
}

/* Of rows whose function takes all of the options, or one of them. */
#define WHOLE	  0
#define AT(field) offsetof(struct index_opts, field)

const struct cli_taken index_options[] = {
	{ { 0, "store", "DIR", "the store (default lokid-data/store)" },
	  cli_take_text,
	  AT(store_path) },
	{ { 0, "rebuild", NULL, "make all index files anew, from packs alone" },
	  cli_take_flag,
	  AT(rebuild) },
	{ { 0, "compact", NULL, "merge index files of a day into one, delete what is obsolete" },
	  cli_take_flag,
	  AT(compact) },
	{ { 0, "retain", NULL, "delete what is older than its retention, print what goes" },
	  cli_take_flag,
	  AT(retain) },
	{ { 0, "limits", "FILE",
	    "--retain, --fsck: how long entries are kept (~lokid/limits.yaml)" },
	  cli_take_text,
	  AT(limits_file) },
	{ { 0, "hold", "FILE", "--retain, --fsck: what stays in any case (~lokid/hold)" },
	  cli_take_text,
	  AT(hold_file) },
	{ { 0, "keep-bytes", "SIZE", "--retain: delete the oldest above so much" },
	  take_bytes,
	  AT(keep_bytes) },
	{ { 0, "keep-free", "PCT",
	    "--retain: delete the oldest until so much of the disk is free" },
	  take_percent,
	  AT(keep_free) },
	{ { 0, "now", "TIME", "--retain: when it is (default: the store's clock)" },
	  take_now,
	  WHOLE },
	{ { 0, "shard", "I/N", "--retain: of N programs this is number I, from 0" },
	  take_shard,
	  WHOLE },
	{ { 0, "dump", NULL, "print index files as JSON lines" }, cli_take_flag, AT(dump) },
	{ { 0, "stats", NULL, "print values of each label, largest series, totals" },
	  cli_take_flag,
	  AT(stats) },
	{ { 0, "verify", NULL, "check every checksum and reference, of packs' heads too" },
	  cli_take_flag,
	  AT(verify) },
	{ { 0, "fsck", NULL, "check the store as a whole, print each fault" },
	  cli_take_flag,
	  AT(fsck) },
	{ { 0, "repair", NULL, "--fsck: mend it; what is in the way goes to ~lokid/lost" },
	  cli_take_flag,
	  AT(repair) },
	{ { 0, "blocks", NULL, "--fsck: decompress each block of packs, too" },
	  cli_take_flag,
	  AT(blocks) },
	{ { 0, "sample", "PCT", "--fsck: read so many percent of the packs, others each time" },
	  take_sample,
	  AT(sample) },
	{ { 0, "seed", "N", "--sample: which ones (default: the day)" }, take_seed, WHOLE },
	{ { 0, "freshness", NULL, "print the age of the newest entry of each tenant" },
	  cli_take_flag,
	  AT(freshness) },
	{ { 0, "max-age", "DURATION", "--freshness: exit 1 when it is older" },
	  index_take_delay,
	  AT(max_age_ns) },
	{ { 'o', "format", "text|jsonl", "--retain, --fsck, --freshness: how lines are printed" },
	  take_format,
	  WHOLE },
	{ { 't', "tenant", "TENANT", "only this tenant (default all)" },
	  index_take_tenant,
	  AT(tenant) },
	{ { 'n', "limit", "N", "--stats: at most N largest series (default 10, 0 = all)" },
	  take_largest,
	  AT(largest) },
	{ { 0, "day", "YYYY-MM-DD", "--compact: only this day" }, take_day, WHOLE },
	{ { 0, "delete-delay", "DURATION",
	    "delete what was replaced so long ago; --fsck: younger is no leftover (2h)" },
	  index_take_delay,
	  AT(delete_delay_ns) },
	{ { 0, "dry-run", NULL, "--compact, --retain, --repair: only say what would be done" },
	  cli_take_flag,
	  AT(dry_run) },
	{ { 0, "require-private", NULL, "refuse a store whose name leads to a public address" },
	  store_take_private,
	  0 },
	CACHE_OPTIONS(AT(cache)),
	{ { 0, "store-stats", NULL, "say at the end what was asked of the store" },
	  cli_take_flag,
	  AT(store_stats) },
	{ { 'v', "verbose", NULL, "say what each index file holds" }, cli_take_flag, AT(verbose) },
	{ { 0 }, NULL, 0 },
};

/* The one mode, or NULL: building. */
static int find_mode(const struct index_opts *o, const char **ret, struct err *e)
{
	const struct {
		bool given;
		const char *name;
	} modes[] = { { o->rebuild, "--rebuild" }, { o->compact, "--compact" },
		      { o->retain, "--retain" },   { o->dump, "--dump" },
		      { o->stats, "--stats" },	   { o->verify, "--verify" },
		      { o->fsck, "--fsck" },	   { o->freshness, "--freshness" } };

	*ret = NULL;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (!modes[i].given)
			continue;
		if (*ret)
			return err_set(e, ERR_USAGE, "%s and %s: one at a time", *ret,
				       modes[i].name);
		*ret = modes[i].name;
	}
	return 0;
}

/* Options that belong to others. */
static int check_belonging(const struct index_opts *o, const char *mode, struct err *e)
{
	const struct {
		bool given, has_effect;
		const char *name, *with;
	} rules[] = {
		{ o->one_day, o->compact, "--day", "'--compact'" },
		{ o->delete_delay_ns >= 0, o->compact || o->retain || o->fsck, "--delete-delay",
		  "'--compact', '--retain' or '--fsck'" },
		{ o->dry_run, o->compact || o->retain || o->repair, "--dry-run",
		  "'--compact', '--retain' or '--repair'" },
		{ o->limits_file, o->retain || o->fsck, "--limits", "'--retain' or '--fsck'" },
		{ o->hold_file, o->retain || o->fsck, "--hold", "'--retain' or '--fsck'" },
		{ o->keep_bytes > 0, o->retain, "--keep-bytes", "'--retain'" },
		{ o->keep_free > 0, o->retain, "--keep-free", "'--retain'" },
		{ o->has_now, o->retain, "--now", "'--retain'" },
		/* Others look at what is in the store, not at what was. */
		{ o->cache.dir, o->compact || o->retain || o->freshness, "--cache",
		  "'--compact', '--retain' or '--freshness'" },
		{ o->n_shards > 0, o->retain, "--shard", "'--retain'" },
		{ o->largest > 0, o->stats, "--limit", "'--stats'" },
		{ o->repair, o->fsck, "--repair", "'--fsck'" },
		{ o->blocks, o->fsck, "--blocks", "'--fsck'" },
		{ o->sample > 0, o->fsck, "--sample", "'--fsck'" },
		{ o->has_seed, o->sample > 0, "--seed", "'--sample'" },
		{ o->max_age_ns >= 0, o->freshness, "--max-age", "'--freshness'" },
		{ o->has_format, o->retain || o->fsck || o->freshness, "--format",
		  "'--retain', '--fsck' or '--freshness'" },
		{ o->tenant.n > 0, mode, "--tenant",
		  "'--rebuild', '--compact', '--retain', '--dump', '--stats', '--verify', "
		  "'--fsck' or '--freshness'" },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].given && !rules[i].has_effect)
			return err_set(e, ERR_USAGE, "option '%s' has no effect without %s",
				       rules[i].name, rules[i].with);
	return 0;
}

int index_opts_check(struct index_opts *o, int n_operands, struct err *e)
{
	const char *mode;

	if (find_mode(o, &mode, e) < 0 || check_belonging(o, mode, e) < 0 ||
	    cache_opts_check(&o->cache, e) < 0)
		return -1;
	if ((o->rebuild || o->compact || o->retain || o->fsck || o->freshness) && n_operands > 0)
		return err_set(e, ERR_USAGE, "%s takes no operands: it looks at all of the store",
			       mode);
	if (mode && n_operands > 0 && (o->tenant.n || o->store_path))
		return err_set(e, ERR_USAGE, "option '--%s' has no effect with '%s' of named files",
			       o->tenant.n ? "tenant" : "store", mode);
	if (o->freshness && o->max_age_ns < 0)
		return err_set(e, ERR_USAGE, "--freshness: '--max-age' says how old is too old");
	if (!o->store_path)
		o->store_path = store_default;
	if (o->delete_delay_ns < 0)
		o->delete_delay_ns = INDEX_DELAY_NS;
	if (!o->has_seed) /* which packs a sample takes turns with the days */
		o->seed = (uint64_t)time_day(time_now_ns());
	if (!o->largest)
		o->largest = LARGEST_DEFAULT;
	return 0;
}

struct store *index_opts_open(const struct index_opts *o, struct err *e)
{
	return o->rebuild || o->fsck ? store_open_whole(o->store_path, e)
				     : store_open_marked(o->store_path, e);
}

struct fsck_ask index_opts_fsck(const struct index_opts *o, struct store *s)
{
	return (struct fsck_ask){ .check = { .store = s,
					     .tenant = o->tenant,
					     .depth = o->blocks ? FSCK_BLOCKS : FSCK_BYTES,
					     .sample = o->sample,
					     .seed = o->seed,
					     .grace_ns = o->delete_delay_ns },
				  .repair = o->repair,
				  .dry_run = o->dry_run,
				  .format = o->format };
}
