#include "compact/options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/work.h"
#include "cli/modes.h"
#include "compact/memory.h"
#include "compact/merge.h"
#include "compact/packing.h"
#include "logql/selector.h"

enum { LEVEL_MAX = 19, DEFAULT_MEMORY = 512 << 20, DEFAULT_FAN_IN = 12, FAN_IN_MAX = 10000 };
static const int64_t DEFAULT_CANCEL_NS = 24 * 3600 * NS_PER_S;
static const uint64_t DEFAULT_PACK = 256 << 20, PACK_MIN = 1 << 10, PACK_MAX = UINT64_C(1) << 40;

void pack_opts_init(struct pack_opts *o)
{
	*o = (struct pack_opts){ .store = { .path = STORE_DEFAULT_PATH, .delete_delay_ns = -1 },
				 .params = chunk_params_default,
				 .cancel_ns = -1 };
	o->params.filter = BLOOM_SMALL;
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

static int take_filter(void *opts, const char *value, struct err *e)
{
	struct pack_opts *o = opts;

	if (!bloom_what_parse(bytes_str(value), &o->params.filter))
		return err_set(e, ERR_USAGE, "expected none, small or full, found '%s'", value);
	o->filter_given = true;
	return 0;
}

static int take_lines(void *opts, const char *value, struct err *e)
{
	static const char *const words[] = { "apart", "whole", NULL };
	struct pack_opts *o = opts;
	int word;

	if (cli_read_word(value, words, &word, e) < 0)
		return -1;
	o->params.lines = word == 0 ? CHUNK_LINES_APART : CHUNK_LINES_WHOLE;
	o->lines_given = true;
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

static int take_fan_in(void *at, const char *value, struct err *e)
{
	return cli_read_count(value, 2, FAN_IN_MAX, at, e);
}

static int take_pack_size(void *at, const char *value, struct err *e)
{
	return cli_read_size(value, PACK_MIN, PACK_MAX, at, e);
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

const struct cli_taken pack_options[] = {
	{ { 0, "store", "DIR", "the store (lokid-data/store)" }, cli_take_text, AT(store.path) },
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
	{ { 0, "lifecycle", NULL,
	    "--tier: give the bucket rules by which the object store does it" },
	  cli_take_flag,
	  AT(lifecycle) },
	{ { 0, "scrub", "RULES", "rewrite lines by the rules of this file" },
	  cli_take_text,
	  AT(scrub) },
	{ { 't', "tenant", "TENANT",
	    "of JSON lines that name none (fake); of a store, only this one" },
	  store_take_tenant,
	  AT(store.tenant) },
	{ { 0, "encoding", "zstd|snappy|none", "of the blocks (zstd)" }, take_encoding, WHOLE },
	{ { 0, "level", "N", "of zstd, 1 to 19" }, take_level, WHOLE },
	{ { 0, "block-size", "SIZE", "lines and metadata of a block at most" },
	  take_block_size,
	  WHOLE },
	{ { 0, "chunk-size", "SIZE", "lines and metadata of a chunk at most" },
	  take_chunk_size,
	  WHOLE },
	{ { 0, "max-entries", "N", "entries of a block at most" }, take_max_entries, WHOLE },
	{ { 0, "filter", "none|small|full", "what tells of blocks that lack a text (small)" },
	  take_filter,
	  WHOLE },
	{ { 0, "lines", "apart|whole",
	    "how lines of JSON, logfmt and access logs are stored (apart)" },
	  take_lines,
	  WHOLE },
	{ { 0, "memory", "SIZE", "about as much is used (512MiB)" }, cli_take_text, AT(memory) },
	{ { 'j', "jobs", "N", "threads (as many as processors, if memory allows)" },
	  take_jobs,
	  AT(jobs) },
	{ { 0, "day", "YYYY-MM-DD", "--compact, --copy: only this day" },
	  store_take_day,
	  AT(store) },
	{ { 0, "fan-in", "N", "--compact: packs that are merged at least (12)" },
	  take_fan_in,
	  AT(fan_in) },
	{ { 0, "pack-size", "SIZE", "--compact: of a new pack, about (256MiB)" },
	  take_pack_size,
	  AT(pack_bytes) },
	{ { 0, "limits", "FILE", "--delete: deletion_mode (~lokid/limits.yaml of the store)" },
	  cli_take_text,
	  AT(store.limits) },
	{ { 0, "hold", "FILE", "--delete, --scrub: what stays in any case (~lokid/hold)" },
	  cli_take_text,
	  AT(store.hold) },
	{ { 'o', "format", "text|jsonl", "how what was done is printed (text)" },
	  cli_take_format,
	  AT(store.format) },
	{ { 0, "cancel-period", "DURATION",
	    "--delete: leave requests alone that are younger (24h)" },
	  store_take_delay,
	  AT(cancel_ns) },
	{ { 0, "delete-delay", "DURATION",
	    "--compact, --delete, --scrub: delete what was replaced so long ago (2h)" },
	  store_take_delay,
	  AT(store.delete_delay_ns) },
	{ { 0, "shard", "I/N", "but of --tier: of N programs this is number I, from 0" },
	  store_take_shard,
	  AT(store) },
	{ { 0, "dry-run", NULL, "only say what would be done" }, cli_take_flag, AT(store.dry_run) },
	{ { 0, "from", "DIR", "--copy: the store that is read" }, cli_take_text, AT(from_path) },
	{ { 0, "to-tenant", "TENANT", "--copy: what the tenant is called in the other store" },
	  store_take_tenant,
	  AT(to_tenant) },
	{ { 0, "match", "SELECTOR", "--copy: only streams that fit, as {app=\"web\"}" },
	  take_match,
	  WHOLE },
	STORE_OPTIONS(AT(store)),
	{ { 'v', "verbose", NULL, "say what was done" }, cli_take_flag, AT(store.verbose) },
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

static uint64_t memory_min(const struct pack_opts *o, unsigned jobs)
{
	return in_store(o) ? merge_memory_min(&o->params, jobs)
			   : packing_memory_min(&o->params, jobs);
}

/* Who has typed what is no size is told which would do. */
static int read_memory(struct pack_opts *o, struct err *e)
{
	uint64_t least = memory_min(o, o->jobs ? (unsigned)o->jobs : 1);

	o->memory_bytes = DEFAULT_MEMORY;
	if (!o->memory || cli_read_size(o->memory, 1, UINT64_MAX, &o->memory_bytes, e) == 0)
		return 0;
	return cli_read_size(o->memory, compact_whole_memory(least), UINT64_MAX, &o->memory_bytes,
			     e);
}

static int check_memory(struct pack_opts *o, struct err *e)
{
	const struct chunk_params *p = &o->params;
	unsigned jobs = (unsigned)o->jobs;

	if (read_memory(o, e) < 0)
		return err_wrap(e, "option '--memory'");
	if (jobs == 0)
		jobs = in_store(o) ? merge_jobs_that_fit(p, o->memory_bytes, work_cpus())
				   : packing_jobs_that_fit(p, o->memory_bytes, work_cpus());
	o->jobs = jobs;
	if (compact_check_memory(o->memory_bytes, memory_min(o, jobs), jobs, e) < 0)
		return err_wrap(e, "option '--memory'");
	return 0;
}

/* What the program is to do. */
enum { TO_PACK, TO_COMPACT, TO_COPY, TO_ERASE, TO_TIER, TO_SCRUB, MODES };
#define IN(mode) (1U << (mode))

struct modes {
	struct cli_mode v[MODES - 1];
};

static struct modes modes_of(const struct pack_opts *o)
{
	return (struct modes){ {
		{ "--compact", o->compact },
		{ "--copy", o->copy },
		{ "--delete", o->erase },
		{ "--tier", o->tiers.n > 0 },
		{ "--scrub", o->scrub },
	} };
}

/* The sets of modes that several options have. */
#define NEW_CHUNKS (IN(TO_PACK) | IN(TO_COMPACT))
#define REWRITING  (IN(TO_ERASE) | IN(TO_SCRUB))

static int check_modes(struct pack_opts *o, struct err *e)
{
	const struct modes modes = modes_of(o);
	const struct store_opts *s = &o->store;
	const struct cli_use uses[] = {
		{ "--encoding", o->encoding_given, NEW_CHUNKS },
		{ "--level", o->level_given, NEW_CHUNKS },
		{ "--block-size", o->block_given, NEW_CHUNKS },
		{ "--chunk-size", o->chunk_given, NEW_CHUNKS },
		{ "--max-entries", o->entries_given, NEW_CHUNKS },
		{ "--filter", o->filter_given, NEW_CHUNKS },
		{ "--lines", o->lines_given, NEW_CHUNKS },
		{ "--memory", o->memory, NEW_CHUNKS | REWRITING },
		{ "--day", s->one_day, IN(TO_COMPACT) | IN(TO_COPY) },
		{ "--fan-in", o->fan_in > 0, IN(TO_COMPACT) },
		{ "--pack-size", o->pack_bytes > 0, IN(TO_COMPACT) },
		{ "--delete-delay", s->delete_delay_ns >= 0, IN(TO_COMPACT) | REWRITING },
		{ "--shard", s->n_shards > 0, IN(TO_COMPACT) | IN(TO_COPY) | REWRITING },
		{ "--dry-run", s->dry_run, ~IN(TO_PACK) & (IN(MODES) - 1) },
		{ "--lifecycle", o->lifecycle, IN(TO_TIER) },
		{ "--jobs", o->jobs > 0, NEW_CHUNKS | IN(TO_COPY) | REWRITING },
		{ "--hold", s->hold, REWRITING },
		{ "--limits", s->limits, IN(TO_ERASE) },
		{ "--cancel-period", o->cancel_ns >= 0, IN(TO_ERASE) },
		{ "--format", s->format, ~IN(TO_PACK) & (IN(MODES) - 1) },
		{ "--from", o->from_path, IN(TO_COPY) },
		{ "--to-tenant", o->to_tenant.n > 0, IN(TO_COPY) },
		{ "--match", o->selector.n > 0, IN(TO_COPY) },
		{ "--cache", s->cache.dir, IN(TO_COMPACT) | REWRITING },
	};
	size_t mode;

	if (cli_mode_find(modes.v, MODES - 1, &mode, e) < 0)
		return -1;
	if (o->lifecycle && s->format)
		return err_set(e, ERR_USAGE, "option '--format' has no effect with '--lifecycle'");
	o->mode = mode == TO_PACK ? NULL : modes.v[mode - 1].option;
	return cli_mode_check(modes.v, mode, uses, sizeof(uses) / sizeof(*uses), e);
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
	if (o->to_tenant.n && !o->store.tenant.n)
		return err_set(e, ERR_USAGE, "option '--to-tenant' needs '--tenant'");
	if (is_same_store(o->from_path, o->store.path) &&
	    (!o->to_tenant.n || bytes_eq(o->to_tenant, o->store.tenant)))
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
	if (o->store.delete_delay_ns < 0)
		o->store.delete_delay_ns = STORE_DELETE_DELAY_NS;
	if (o->cancel_ns < 0)
		o->cancel_ns = DEFAULT_CANCEL_NS;
}

int pack_opts_check(struct pack_opts *o, struct err *e)
{
	if (check_modes(o, e) < 0 || cache_opts_check(&o->store.cache, e) < 0)
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

bool pack_opts_need_no_store(const struct pack_opts *o)
{
	return o->lifecycle && o->store.dry_run && o->store.tenant.n && store_is_url(o->store.path);
}

struct store *pack_opts_open(const struct pack_opts *o, struct err *e)
{
	/* A folder is made by its first pack, so that a slip makes none. */
	bool by_pack =
		!o->copy && !store_is_url(o->store.path) && !store_names_parts(o->store.path);

	if (pack_opts_need_no_store(o))
		return store_open(o->store.path, STORE_READ, e);
	if (o->mode && !o->copy)
		return store_open_marked(o->store.path, e);
	return store_open(o->store.path,
			  o->store.dry_run || by_pack ? STORE_READ_IF_THERE : STORE_WRITE, e);
}

struct compact_opts pack_opts_compact(const struct pack_opts *o)
{
	return (struct compact_opts){ .tenant = o->store.tenant,
				      .one_day = o->store.one_day,
				      .day = o->store.day,
				      .params = o->params,
				      .memory_bytes = o->memory_bytes,
				      .jobs = (unsigned)o->jobs,
				      .pack_bytes = o->pack_bytes,
				      .fan_in = o->fan_in,
				      .shard = o->store.shard,
				      .n_shards = o->store.n_shards,
				      .delete_delay_ns = o->store.delete_delay_ns,
				      .dry_run = o->store.dry_run };
}

struct copy_opts pack_opts_copy(const struct pack_opts *o)
{
	return (struct copy_opts){ .tenant = o->store.tenant,
				   .to_tenant = o->to_tenant,
				   .selector = o->selector,
				   .match = o->match,
				   .n_match = o->n_match,
				   .one_day = o->store.one_day,
				   .day = o->store.day,
				   .jobs = (unsigned)o->jobs,
				   .shard = o->store.shard,
				   .n_shards = o->store.n_shards,
				   .dry_run = o->store.dry_run };
}
