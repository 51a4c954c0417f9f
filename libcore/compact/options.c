#include "compact/options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/work.h"
#include "compact/merge.h"
#include "compact/packing.h"
#include "index/options.h"
#include "index/shard.h"
#include "logql/selector.h"
#include "store/stats.h"
#include "time/time.h"

enum { LEVEL_MAX = 19, DEFAULT_MEMORY = 512 << 20, DEFAULT_FAN_IN = 12, FAN_IN_MAX = 10000 };
static const int64_t DEFAULT_CANCEL_NS = 24 * 3600 * NS_PER_S;
static const uint64_t DEFAULT_PACK = 256 << 20, PACK_MIN = 1 << 10, PACK_MAX = UINT64_C(1) << 40;

void pack_opts_init(struct pack_opts *o)
{
	*o = (struct pack_opts){ .store_path = "lokid-data/store",
				 .params = chunk_params_default,
				 .delete_delay_ns = -1,
				 .cancel_ns = -1 };
}

void pack_opts_release(struct pack_opts *o)
{
	for (size_t i = 0; i < o->n_match; i++)
		matcher_release(&o->match[i]);
	arena_release(&o->mem);
}

static int take_encoding(void *opts, const char *value, struct err *e)
{
	static const char *const words[] = { "none", "snappy", "zstd", NULL };
	static const enum codec_id ids[] = { CODEC_NONE, CODEC_SNAPPY, CODEC_ZSTD };
	struct pack_opts *o = opts;
	int word;

	if (cli_read_word(value, words, &word, e) < 0)
		return -1;
	o->params.encoding = ids[word];
	o->encoding_given = true;
	return 0;
}

static int take_level(void *opts, const char *value, struct err *e)
{
	struct pack_opts *o = opts;
	uint64_t n;

	if (cli_read_count(value, 1, LEVEL_MAX, &n, e) < 0)
		return -1;
	o->params.level = (int)n;
	o->level_given = true;
	return 0;
}

static int take_chunk_part(const char *value, uint32_t *ret, bool *ret_given, struct err *e)
{
	uint64_t n;

	if (cli_read_size(value, CHUNK_SIZE_MIN, CHUNK_SIZE_MAX, &n, e) < 0)
		return -1;
	*ret = (uint32_t)n;
	*ret_given = true;
	return 0;
}

static int take_block_size(void *opts, const char *value, struct err *e)
{
	struct pack_opts *o = opts;

	return take_chunk_part(value, &o->params.block_bytes, &o->block_given, e);
}

static int take_chunk_size(void *opts, const char *value, struct err *e)
{
	struct pack_opts *o = opts;

	return take_chunk_part(value, &o->params.chunk_bytes, &o->chunk_given, e);
}

static int take_max_entries(void *opts, const char *value, struct err *e)
{
	struct pack_opts *o = opts;
	uint64_t n;

	if (cli_read_count(value, 1, CHUNK_BLOCK_ENTRIES_MAX, &n, e) < 0)
		return -1;
	o->params.block_entries = (uint32_t)n;
	o->entries_given = true;
	return 0;
}

static int take_jobs(void *at, const char *value, struct err *e)
{
	return cli_read_count(value, 1, WORK_JOBS_MAX, at, e);
}

static int take_day(void *opts, const char *value, struct err *e)
{
	struct pack_opts *o = opts;

	if (!time_day_parse(bytes_str(value), &o->day))
		return err_set(e, ERR_USAGE, "expected a day as 2026-01-15, found '%s'", value);
	o->one_day = true;
	return 0;
}

static int take_fan_in(void *at, const char *value, struct err *e)
{
	return cli_read_count(value, 2, FAN_IN_MAX, at, e);
}

static int take_pack_size(void *at, const char *value, struct err *e)
{
	return cli_read_size(value, PACK_MIN, PACK_MAX, at, e);
}

static int take_shard(void *opts, const char *value, struct err *e)
{
	struct pack_opts *o = opts;

	return shard_read(value, &o->shard, &o->n_shards, e);
}

static int take_match(void *opts, const char *value, struct err *e)
{
	struct pack_opts *o = opts;

	for (size_t i = 0; i < o->n_match; i++)
		matcher_release(&o->match[i]);
	o->n_match = 0;
	o->selector = bytes_str(value);
	return logql_matchers(o->selector, LOGQL_ANY_SELECTOR, &o->mem, &o->match, &o->n_match, e);
}

static int take_tiers(void *at, const char *value, struct err *e)
{
	return tiers_parse(value, at, e);
}

/* Of rows whose function takes all of the options, or one of them. */
#define WHOLE	  0
#define AT(field) offsetof(struct pack_opts, field)

static int take_format(void *opts, const char *value, struct err *e)
{
	static const char *const formats[] = { "text", "jsonl", NULL };
	struct pack_opts *o = opts;
	int i;

	if (cli_read_word(value, formats, &i, e) < 0)
		return -1;
	o->jsonl = i == 1;
	o->format_given = true;
	return 0;
}

const struct cli_taken pack_options[] = {
	{ { 0, "store", "DIR", "write packs into this store (default lokid-data/store)" },
	  cli_take_text,
	  AT(store_path) },
	{ { 0, "compact", NULL, "merge small packs of the store into larger ones" },
	  cli_take_flag,
	  AT(compact) },
	{ { 0, "copy", NULL, "copy packs and index files of one store into another" },
	  cli_take_flag,
	  AT(copy) },
	{ { 0, "delete", NULL, "apply the requests to delete: rewrite the packs concerned" },
	  cli_take_flag,
	  AT(erase) },
	{ { 0, "tier", "AGE=CLASS,...", "move old packs to other storage classes of S3" },
	  take_tiers,
	  AT(tiers) },
	{ { 0, "lifecycle", NULL, "--tier: print rules by which the object store does it" },
	  cli_take_flag,
	  AT(lifecycle) },
	{ { 0, "scrub", "RULES", "rewrite lines by the rules of this file" },
	  cli_take_text,
	  AT(scrub) },
	{ { 't', "tenant", "TENANT",
	    "of JSON lines that name none (fake); of a store, only this one" },
	  index_take_tenant,
	  AT(tenant) },
	{ { 0, "encoding", "zstd|snappy|none", "of the blocks (zstd)" }, take_encoding, WHOLE },
	{ { 0, "level", "N", "of zstd, 1 to 19" }, take_level, WHOLE },
	{ { 0, "block-size", "SIZE", "lines and metadata of a block at most" },
	  take_block_size,
	  WHOLE },
	{ { 0, "chunk-size", "SIZE", "lines and metadata of a chunk at most" },
	  take_chunk_size,
	  WHOLE },
	{ { 0, "max-entries", "N", "entries of a block at most" }, take_max_entries, WHOLE },
	{ { 0, "memory", "SIZE", "about as much is used (512MiB)" },
	  cli_take_size,
	  AT(memory_bytes) },
	{ { 'j', "jobs", "N", "threads (default: one for each processor, if memory allows)" },
	  take_jobs,
	  AT(jobs) },
	{ { 0, "day", "YYYY-MM-DD", "--compact, --copy: only this day" }, take_day, WHOLE },
	{ { 0, "fan-in", "N", "--compact: packs that are merged at least (12)" },
	  take_fan_in,
	  AT(fan_in) },
	{ { 0, "pack-size", "SIZE", "--compact: of a new pack, about (256MiB)" },
	  take_pack_size,
	  AT(pack_bytes) },
	{ { 0, "limits", "FILE", "--delete: deletion_mode (default STORE/~lokid/limits.yaml)" },
	  cli_take_text,
	  AT(limits) },
	{ { 0, "hold", "FILE", "--delete, --scrub: what must stay (default STORE/~lokid/hold)" },
	  cli_take_text,
	  AT(hold) },
	{ { 'o', "format", "text|jsonl", "--delete, --scrub: how what went is printed (text)" },
	  take_format,
	  WHOLE },
	{ { 0, "cancel-period", "DURATION",
	    "--delete: leave requests alone that are younger (24h)" },
	  index_take_delay,
	  AT(cancel_ns) },
	{ { 0, "delete-delay", "DURATION",
	    "--compact, --delete: delete what was replaced so long ago (2h)" },
	  index_take_delay,
	  AT(delete_delay_ns) },
	{ { 0, "shard", "I/N", "--compact, --copy, --delete: of N programs this is I, from 0" },
	  take_shard,
	  WHOLE },
	{ { 0, "dry-run", NULL,
	    "--compact, --copy, --delete, --tier: only say what would be done" },
	  cli_take_flag,
	  AT(dry_run) },
	{ { 0, "from", "DIR", "--copy: the store that is read" }, cli_take_text, AT(from_path) },
	{ { 0, "to-tenant", "TENANT", "--copy: what the tenant is called in the other store" },
	  index_take_tenant,
	  AT(to_tenant) },
	{ { 0, "match", "MATCHERS", "--copy: only streams such as {app=\"web\"}" },
	  take_match,
	  WHOLE },
	{ { 0, "require-private", NULL, "refuse a store whose name leads to a public address" },
	  store_take_private,
	  0 },
	CACHE_OPTIONS(AT(cache)),
	{ { 0, "store-stats", NULL, "say at the end what was asked of the store" },
	  cli_take_flag,
	  AT(store_stats) },
	{ { 'v', "verbose", NULL, "say what was done" }, cli_take_flag, AT(verbose) },
	{ { 0 }, NULL, 0 },
};

/* A chunk is not smaller than its blocks: the one of them that was given decides. */
static int check_sizes(struct pack_opts *o, struct err *e)
{
	struct chunk_params *p = &o->params;

	if (p->chunk_bytes >= p->block_bytes)
		return 0;
	if (o->block_given && o->chunk_given)
		return err_set(e, ERR_USAGE,
			       "option '--chunk-size' has no effect when it is smaller than "
			       "'--block-size'");
	if (o->chunk_given)
		p->block_bytes = p->chunk_bytes;
	else
		p->chunk_bytes = p->block_bytes;
	return 0;
}

/* Works on packs that are there, chunk by chunk. */
static bool in_store(const struct pack_opts *o)
{
	return o->compact || o->erase || o->scrub;
}

static int check_memory(struct pack_opts *o, struct err *e)
{
	const struct chunk_params *p = &o->params;
	uint64_t least;
	unsigned jobs = (unsigned)o->jobs;

	if (!o->memory_bytes)
		o->memory_bytes = DEFAULT_MEMORY;
	if (jobs == 0)
		jobs = in_store(o) ? merge_jobs_that_fit(p, o->memory_bytes, work_cpus())
				   : packing_jobs_that_fit(p, o->memory_bytes, work_cpus());
	o->jobs = jobs;
	least = in_store(o) ? merge_memory_min(p, jobs) : packing_memory_min(p, jobs);
	if (o->memory_bytes >= least)
		return 0;
	return err_set(e, ERR_USAGE, "option '--memory': %u %s and this chunk size need %llu MiB",
		       jobs, num_word(jobs, "thread", "threads"),
		       (unsigned long long)(least >> 20) + 1);
}

/* What the program is to do: one of them. */
enum { TO_PACK = 1, TO_COMPACT = 2, TO_COPY = 4, TO_ERASE = 8, TO_TIER = 16, TO_SCRUB = 32 };
static const char *const mode_option[] = { "--compact", "--copy", "--delete", "--tier",
					   "--scrub" }; /* from TO_COMPACT on */

/* An option that has a meaning for some of them alone. */
struct use {
	const char *option;
	bool given;
	unsigned modes;
};

static int no_effect(const struct use *u, unsigned mode, struct err *e)
{
	struct buf with = { 0 };

	if (mode != TO_PACK) {
		return err_set(e, ERR_USAGE, "option '%s' has no effect with '%s'", u->option,
			       mode_option[__builtin_ctz(mode) - 1]);
	}
	for (unsigned i = 0; i < sizeof(mode_option) / sizeof(*mode_option); i++)
		if (u->modes & (TO_COMPACT << i))
			buf_addf(&with, "%s'%s'", with.n ? " or " : "", mode_option[i]);
	err_set(e, ERR_USAGE, "option '%s' has no effect without %s", u->option, buf_str(&with));
	buf_release(&with);
	return -1;
}

static unsigned mode_of(const struct pack_opts *o)
{
	return o->copy	    ? TO_COPY
	       : o->compact ? TO_COMPACT
	       : o->erase   ? TO_ERASE
	       : o->tiers.n ? TO_TIER
	       : o->scrub   ? TO_SCRUB
			    : TO_PACK;
}

static int check_one_mode(const struct pack_opts *o, struct err *e)
{
	const bool given[] = { o->compact, o->copy, o->erase, o->tiers.n > 0, o->scrub != NULL };
	const char *first = NULL;

	for (size_t i = 0; i < sizeof(given); i++) {
		if (given[i] && first)
			return err_set(e, ERR_USAGE, "options '%s' and '%s' exclude each other",
				       first, mode_option[i]);
		if (given[i])
			first = mode_option[i];
	}
	return 0;
}

static int check_modes(const struct pack_opts *o, struct err *e)
{
	const unsigned mode = mode_of(o);
	const struct use uses[] = {
		{ "--encoding", o->encoding_given, TO_PACK | TO_COMPACT },
		{ "--level", o->level_given, TO_PACK | TO_COMPACT },
		{ "--block-size", o->block_given, TO_PACK | TO_COMPACT },
		{ "--chunk-size", o->chunk_given, TO_PACK | TO_COMPACT },
		{ "--max-entries", o->entries_given, TO_PACK | TO_COMPACT },
		{ "--memory", o->memory_bytes > 0, TO_PACK | TO_COMPACT | TO_ERASE | TO_SCRUB },
		{ "--day", o->one_day, TO_COMPACT | TO_COPY },
		{ "--fan-in", o->fan_in > 0, TO_COMPACT },
		{ "--pack-size", o->pack_bytes > 0, TO_COMPACT },
		{ "--delete-delay", o->delete_delay_ns >= 0, TO_COMPACT | TO_ERASE | TO_SCRUB },
		{ "--shard", o->n_shards > 0, TO_COMPACT | TO_COPY | TO_ERASE | TO_SCRUB },
		{ "--dry-run", o->dry_run, TO_COMPACT | TO_COPY | TO_ERASE | TO_TIER | TO_SCRUB },
		{ "--lifecycle", o->lifecycle, TO_TIER },
		{ "--jobs", o->jobs > 0, TO_PACK | TO_COMPACT | TO_COPY | TO_ERASE | TO_SCRUB },
		{ "--hold", o->hold != NULL, TO_ERASE | TO_SCRUB },
		{ "--limits", o->limits != NULL, TO_ERASE },
		{ "--cancel-period", o->cancel_ns >= 0, TO_ERASE },
		{ "--format", o->format_given, TO_ERASE | TO_SCRUB },
		{ "--from", o->from_path != NULL, TO_COPY },
		{ "--to-tenant", o->to_tenant.n > 0, TO_COPY },
		{ "--match", o->selector.n > 0, TO_COPY },
		{ "--cache", o->cache.dir != NULL, TO_COMPACT | TO_ERASE | TO_SCRUB },
	};

	if (check_one_mode(o, e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(uses) / sizeof(*uses); i++)
		if (uses[i].given && !(uses[i].modes & mode))
			return no_effect(&uses[i], mode, e);
	return 0;
}

static bool is_same_store(const char *a, const char *b)
{
	char *ra = realpath(a, NULL), *rb = realpath(b, NULL);
	bool same = strcmp(ra ? ra : a, rb ? rb : b) == 0;

	free(ra);
	free(rb);
	return same;
}

static int check_copy(struct pack_opts *o, struct err *e)
{
	if (!o->from_path)
		return err_set(e, ERR_USAGE, "option '--copy' needs '--from'");
	if (o->to_tenant.n && !o->tenant.n)
		return err_set(e, ERR_USAGE, "option '--to-tenant' needs '--tenant'");
	if (is_same_store(o->from_path, o->store_path) &&
	    (!o->to_tenant.n || bytes_eq(o->to_tenant, o->tenant)))
		return err_set(e, ERR_USAGE,
			       "option '--copy' needs another store, or another tenant");
	if (!o->jobs)
		o->jobs = work_cpus();
	return 0;
}

static void set_defaults(struct pack_opts *o)
{
	if (!o->fan_in)
		o->fan_in = DEFAULT_FAN_IN;
	if (!o->pack_bytes)
		o->pack_bytes = DEFAULT_PACK;
	if (o->delete_delay_ns < 0)
		o->delete_delay_ns = INDEX_DELAY_NS;
	if (o->cancel_ns < 0)
		o->cancel_ns = DEFAULT_CANCEL_NS;
}

int pack_opts_check(struct pack_opts *o, struct err *e)
{
	if (check_modes(o, e) < 0 || cache_opts_check(&o->cache, e) < 0)
		return -1;
	if (o->copy)
		return check_copy(o, e);
	if (o->tiers.n)
		return 0;
	set_defaults(o);
	if (o->level_given && o->params.encoding != CODEC_ZSTD)
		return err_set(
			e, ERR_USAGE,
			"option '--level' has no effect with another '--encoding' than zstd");
	if (check_sizes(o, e) < 0)
		return -1;
	return check_memory(o, e);
}

struct store *pack_opts_open(const struct pack_opts *o, struct err *e)
{
	/* A folder is made by its first pack, so that a slip makes none. */
	bool by_pack =
		!o->copy && !store_is_url(o->store_path) && !store_names_parts(o->store_path);

	if (pack_opts_mode(o) && !o->copy)
		return store_open_marked(o->store_path, e);
	return store_open(o->store_path, o->dry_run || by_pack ? STORE_READ_IF_THERE : STORE_WRITE,
			  e);
}

const char *pack_opts_mode(const struct pack_opts *o)
{
	unsigned mode = mode_of(o);

	return mode == TO_PACK ? NULL : mode_option[__builtin_ctz(mode) - 1];
}

struct compact_opts pack_opts_compact(const struct pack_opts *o)
{
	return (struct compact_opts){ .tenant = o->tenant,
				      .one_day = o->one_day,
				      .day = o->day,
				      .params = o->params,
				      .memory_bytes = o->memory_bytes,
				      .jobs = (unsigned)o->jobs,
				      .pack_bytes = o->pack_bytes,
				      .fan_in = o->fan_in,
				      .shard = o->shard,
				      .n_shards = o->n_shards,
				      .delete_delay_ns = o->delete_delay_ns,
				      .dry_run = o->dry_run };
}

struct copy_opts pack_opts_copy(const struct pack_opts *o)
{
	return (struct copy_opts){ .tenant = o->tenant,
				   .to_tenant = o->to_tenant,
				   .selector = o->selector,
				   .match = o->match,
				   .n_match = o->n_match,
				   .one_day = o->one_day,
				   .day = o->day,
				   .jobs = (unsigned)o->jobs,
				   .shard = o->shard,
				   .n_shards = o->n_shards,
				   .dry_run = o->dry_run };
}
