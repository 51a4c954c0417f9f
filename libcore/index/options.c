#include "index/options.h"

#include <math.h>
#include <stddef.h>

#include "base/num.h"
#include "cli/modes.h"

enum { LARGEST_DEFAULT = 10 };

void index_opts_init(struct index_opts *o)
{
	*o = (struct index_opts){ .store.delete_delay_ns = -1, .max_age_ns = -1 };
}

static int take_largest(void *at, const char *value, struct err *e)
{
	uint64_t n;

	if (cli_read_count(value, 0, UINT64_MAX, &n, e) < 0)
		return -1;
	*(uint64_t *)at = n ? n : UINT64_MAX;
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
	*(unsigned *)at = (unsigned)ceil(percent * FSCK_SAMPLE_ALL / 100);
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

static int take_seed(void *opts, const char *value, struct err *e)
{
	struct index_opts *o = opts;

	o->has_seed = true;
	return cli_read_count(value, 0, UINT64_MAX, &o->seed, e);
}

/* Of rows whose function takes all of the options, or one of them. */
#define WHOLE	  0
#define AT(field) offsetof(struct index_opts, field)

const struct cli_taken index_options[] = {
	{ { 0, "store", "DIR", "the store (lokid-data/store)" }, cli_take_text, AT(store.path) },
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
	    "--retain, --fsck: how long entries are kept (~lokid/limits.yaml of the store)" },
	  cli_take_text,
	  AT(store.limits) },
	{ { 0, "hold", "FILE", "--retain, --fsck: what stays in any case (~lokid/hold)" },
	  cli_take_text,
	  AT(store.hold) },
	{ { 0, "keep-bytes", "SIZE", "--retain: delete the oldest above so much" },
	  take_bytes,
	  AT(keep_bytes) },
	{ { 0, "keep-free", "PCT",
	    "--retain: delete the oldest until so much of the disk is free" },
	  take_percent,
	  AT(keep_free) },
	{ { 0, "now", "TIME", "--retain: when it is (by the store's clock)" }, take_now, WHOLE },
	{ { 0, "shard", "I/N", "--retain: of N programs this is number I, from 0" },
	  store_take_shard,
	  AT(store) },
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
	{ { 0, "salvage", NULL, "--repair: pack anew what is readable of damaged packs, too" },
	  cli_take_flag,
	  AT(salvage) },
	{ { 0, "blocks", NULL, "--fsck: decompress each block of packs, too" },
	  cli_take_flag,
	  AT(blocks) },
	{ { 0, "unnamed", NULL, "--fsck: look for nothing but packs that no index file names" },
	  cli_take_flag,
	  AT(unnamed) },
	{ { 0, "sample", "PCT", "--fsck: read so many percent of the packs, others each time" },
	  take_sample,
	  AT(sample) },
	{ { 0, "seed", "N", "--sample: which ones (default: the day)" }, take_seed, WHOLE },
	{ { 0, "freshness", NULL, "print the age of the newest entry of each tenant" },
	  cli_take_flag,
	  AT(freshness) },
	{ { 0, "max-age", "DURATION", "--freshness: exit 1 when it is older" },
	  store_take_delay,
	  AT(max_age_ns) },
	{ { 'o', "format", "text|jsonl",
	    "how lines are printed, but of --dump, which is JSON (text)" },
	  cli_take_format,
	  AT(store.format) },
	{ { 't', "tenant", "TENANT", "only this tenant (all)" },
	  store_take_tenant,
	  AT(store.tenant) },
	{ { 'n', "limit", "N", "--stats: at most N largest series, 0 for all (10)" },
	  take_largest,
	  AT(largest) },
	{ { 0, "day", "YYYY-MM-DD", "--compact: only this day" }, store_take_day, AT(store) },
	{ { 0, "delete-delay", "DURATION",
	    "delete what was replaced so long ago; --fsck: younger is no leftover (2h)" },
	  store_take_delay,
	  AT(store.delete_delay_ns) },
	{ { 0, "dry-run", NULL, "--compact, --retain, --repair: only say what would be done" },
	  cli_take_flag,
	  AT(store.dry_run) },
	STORE_OPTIONS(AT(store)),
	{ { 'v', "verbose", NULL, "say what each index file holds" },
	  cli_take_flag,
	  AT(store.verbose) },
	{ { 0 }, NULL, 0 },
};

/* What it is to do. */
enum { BUILD, REBUILD, COMPACT, RETAIN, DUMP, STATS, VERIFY, FSCK, FRESHNESS, MODES };
#define IN(mode) (1U << (mode))

struct modes {
	struct cli_mode v[MODES - 1];
};

static struct modes modes_of(const struct index_opts *o)
{
	return (struct modes){ {
		{ "--rebuild", o->rebuild },
		{ "--compact", o->compact },
		{ "--retain", o->retain },
		{ "--dump", o->dump },
		{ "--stats", o->stats },
		{ "--verify", o->verify },
		{ "--fsck", o->fsck },
		{ "--freshness", o->freshness },
	} };
}

/* Options that have an effect in some modes alone. */
static int check_belonging(const struct index_opts *o, const struct cli_mode *modes, size_t mode,
			   struct err *e)
{
	const struct store_opts *s = &o->store;
	/* Index files are what their names say; others look at what is in the store, not at what
	   was. */
	const unsigned cached = o->unnamed ? IN(FSCK) : 0;
	const struct cli_use uses[] = {
		{ "--day", s->one_day, IN(COMPACT) },
		{ "--delete-delay", s->delete_delay_ns >= 0, IN(COMPACT) | IN(RETAIN) | IN(FSCK) },
		{ "--dry-run", s->dry_run, IN(COMPACT) | IN(RETAIN) | IN(FSCK) },
		{ "--limits", s->limits, IN(RETAIN) | IN(FSCK) },
		{ "--hold", s->hold, IN(RETAIN) | IN(FSCK) },
		{ "--keep-bytes", o->keep_bytes > 0, IN(RETAIN) },
		{ "--keep-free", o->keep_free > 0, IN(RETAIN) },
		{ "--now", o->has_now, IN(RETAIN) },
		{ "--cache", s->cache.dir, IN(COMPACT) | IN(RETAIN) | IN(FRESHNESS) | cached },
		{ "--shard", s->n_shards > 0, IN(RETAIN) },
		{ "--limit", o->largest > 0, IN(STATS) },
		{ "--repair", o->repair, IN(FSCK) },
		{ "--salvage", o->salvage, IN(FSCK) },
		{ "--blocks", o->blocks, IN(FSCK) },
		{ "--unnamed", o->unnamed, IN(FSCK) },
		{ "--sample", o->sample > 0, IN(FSCK) },
		{ "--seed", o->has_seed, IN(FSCK) },
		{ "--max-age", o->max_age_ns >= 0, IN(FRESHNESS) },
		{ "--format", s->format, ~(IN(BUILD) | IN(REBUILD) | IN(DUMP)) & (IN(MODES) - 1) },
		{ "--tenant", s->tenant.n > 0, ~IN(BUILD) & (IN(MODES) - 1) },
	};

	if (cli_mode_check(modes, mode, uses, sizeof(uses) / sizeof(*uses), e) < 0)
		return -1;
	if (o->fsck && s->dry_run && !o->repair)
		return err_set(e, ERR_USAGE, "option '--dry-run' has no effect without '--repair'");
	if (o->salvage && !o->repair)
		return err_set(e, ERR_USAGE, "option '--salvage' has no effect without '--repair'");
	if (o->unnamed && (o->repair || o->blocks || o->sample))
		return err_set(e, ERR_USAGE,
			       "option '--unnamed' does not go with '--repair', '--blocks' or "
			       "'--sample'");
	if (o->has_seed && !o->sample)
		return err_set(e, ERR_USAGE, "option '--seed' has no effect without '--sample'");
	return 0;
}

int index_opts_check(struct index_opts *o, int n_operands, struct err *e)
{
	const struct modes modes = modes_of(o);
	size_t mode;

	if (cli_mode_find(modes.v, MODES - 1, &mode, e) < 0 ||
	    check_belonging(o, modes.v, mode, e) < 0 || cache_opts_check(&o->store.cache, e) < 0)
		return -1;
	if ((o->rebuild || o->compact || o->retain || o->fsck || o->freshness) && n_operands > 0)
		return err_set(e, ERR_USAGE, "%s takes no operands: it looks at all of the store",
			       modes.v[mode - 1].option);
	if (mode && n_operands > 0 && (o->store.tenant.n || o->store.path))
		return err_set(e, ERR_USAGE, "option '--%s' has no effect with '%s' of named files",
			       o->store.tenant.n ? "tenant" : "store", modes.v[mode - 1].option);
	if (o->freshness && o->max_age_ns < 0)
		return err_set(e, ERR_USAGE, "--freshness: '--max-age' says how old is too old");
	if (!o->store.path)
		o->store.path = STORE_DEFAULT_PATH;
	if (o->keep_free > 0 && store_is_url(o->store.path))
		return err_set(
			e, ERR_USAGE,
			"option '--keep-free': an object store has no disk that fills up; "
			"'--keep-bytes' bounds it, or max_storage_bytes of a tenant's limits");
	if (o->store.delete_delay_ns < 0)
		o->store.delete_delay_ns = STORE_DELETE_DELAY_NS;
	if (!o->has_seed) /* which packs a sample takes turns with the days */
		o->seed = (uint64_t)time_day(time_now_ns());
	if (!o->largest)
		o->largest = LARGEST_DEFAULT;
	return 0;
}

struct store *index_opts_open(const struct index_opts *o, struct err *e)
{
	return o->rebuild || o->fsck ? store_open_whole(o->store.path, e)
				     : store_open_marked(o->store.path, e);
}

struct fsck_ask index_opts_fsck(const struct index_opts *o, struct store *s)
{
	return (struct fsck_ask){ .check = { .store = s,
					     .tenant = o->store.tenant,
					     .depth = o->unnamed  ? FSCK_UNNAMED
						      : o->blocks ? FSCK_BLOCKS
								  : FSCK_BYTES,
					     .sample = o->sample,
					     .seed = o->seed,
					     .grace_ns = o->store.delete_delay_ns },
				  .repair = o->repair,
				  .salvage = o->salvage,
				  .dry_run = o->store.dry_run,
				  .format = o->store.format };
}
