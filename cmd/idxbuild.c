/* idxbuild - make index files over packs, merge them, and look into them. */
#include <unistd.h>

#include "base/num.h"
#include "base/owner.h"
#include "cli/cli.h"
#include "erase/beside.h"
#include "index/build.h"
#include "index/compact_ask.h"
#include "index/freshness.h"
#include "index/look.h"
#include "index/options.h"
#include "index/packlist.h"
#include "limits/file.h"
#include "retention/retain_ask.h"
#include "store/stats.h"
#include "store/store.h"
#include "store/tenants.h"

struct args {
	struct cli *cli;
	struct index_opts opts;
	bool made;
	enum err_code answer; /* when all else went well */
	struct store *store;
	struct limits_set *limits; /* of --freshness */
	struct cache *cache;
};

/* ---- building ---- */

static void on_fault(const struct err *e, void *data)
{
	cli_report_once(((struct args *)data)->cli, e);
}

static void on_made(const char *name, const struct index_info *in, void *data)
{
	struct args *a = data;

	a->made = true;
	printf("%s/%s\n", store_path_of(a->store, name), name);
	if (a->opts.store.verbose)
		cli_note(a->cli, "%s: %u %s, %u series, %u %s, %llu %s, replaces %u %s", name,
			 in->n_packs, num_word(in->n_packs, "pack", "packs"), in->n_series,
			 in->n_chunks, num_word(in->n_chunks, "chunk", "chunks"),
			 (unsigned long long)in->entries, num_word(in->entries, "entry", "entries"),
			 in->n_segments, num_word(in->n_segments, "segment", "segments"));
}

static void on_deleted(const char *name, void *data)
{
	struct args *a = data;

	if (a->opts.store.verbose)
		cli_note(a->cli, "%s '%s/%s'", a->opts.store.dry_run ? "would delete" : "deleted",
			 store_path_of(a->store, name), name);
}

static struct build_events events_of(struct args *a)
{
	return (struct build_events){ on_fault, on_made, on_deleted, a };
}

static int build(struct args *a, struct err *e)
{
	const struct build_events ev = events_of(a);
	struct packlist l = { 0 };
	bool from_stdin = a->cli->n_operands == 0;
	int rc = 0;

	for (int i = 0; i < a->cli->n_operands; i++) {
		struct err why;

		if (strcmp(a->cli->operand[i], "-") == 0)
			from_stdin = true;
		else if (packlist_add(&l, bytes_str(a->cli->operand[i]), &why) < 0)
			cli_report(a->cli, &why);
	}
	if (from_stdin && packlist_read(&l, STDIN_FILENO, on_fault, a, e) < 0)
		rc = err_wrap(e, "stdin");
	if (rc == 0 && l.n > 0) {
		a->store = store_open(a->opts.store.path, STORE_WRITE, e);
		rc = a->store && index_build(a->store, l.v, l.n, &ev, e) >= 0 ? 0 : -1;
	}
	packlist_release(&l);
	return rc;
}

static int rebuild_tenant(const char *name, uint64_t size, void *data, struct err *e)
{
	struct args *a = data;
	const struct build_events ev = events_of(a);

	(void)size;
	return index_rebuild(a->store, bytes_str(name), &ev, e) < 0 ? -1 : 0;
}

/* ---- looking ---- */

static int to_stdout(struct bytes text, void *data, struct err *e)
{
	(void)data;
	return fwrite(text.p, 1, text.n, stdout) == text.n ? 0 : err_sys(e, "write");
}

static void on_right(const char *name, void *data)
{
	struct args *a = data;

	if (a->opts.store.verbose)
		cli_note(a->cli, "'%s': right", name);
}

static void on_warning(const char *text, void *data)
{
	cli_warn(((struct args *)data)->cli, "%s", text);
}

static int look(struct args *a, struct err *e)
{
	struct index_look l = {
		.what = a->opts.dump	? INDEX_LOOK_DUMP
			: a->opts.stats ? INDEX_LOOK_STATS
					: INDEX_LOOK_VERIFY,
		.format = a->opts.store.format,
		.n_largest = a->opts.largest,
		.sink = to_stdout,
		.fault = on_fault,
		.right = on_right,
		.warn = on_warning,
		.data = a,
	};
	int rc = 0;

	if (a->cli->n_operands > 0) {
		for (int i = 0; i < a->cli->n_operands && rc == 0; i++)
			rc = index_look_file(&l, a->cli->operand[i], e);
	} else {
		a->store = store_open(a->opts.store.path, STORE_READ, e);
		rc = a->store ? 0 : -1;
		if (rc == 0 && store_seeks_tenant(a->store, a->opts.store.tenant, a->cli))
			rc = index_look_store(&l, a->store, a->opts.store.tenant, e);
	}
	return index_look_end(&l, rc == 0 ? e : NULL) < 0 ? -1 : rc;
}

/* ---- checking ---- */

static void on_note(const char *text, void *data)
{
	cli_note(((struct args *)data)->cli, "%s", text);
}

/* n has been told on stdout. */
static int answer(struct args *a, int64_t n, enum err_code code)
{
	a->answer = n > 0 ? code : ERR_NONE;
	return n < 0 ? -1 : 0;
}

static int fsck(struct args *a, struct err *e)
{
	struct fsck_ask ask = index_opts_fsck(&a->opts, a->store);

	ask.sink = to_stdout;
	ask.note = on_note;
	ask.fault = on_fault;
	ask.data = a;
	return answer(a, beside_fsck(&ask, &a->opts, e), ERR_CORRUPT);
}

static int64_t grace_of(struct bytes tenant, void *data)
{
	return limits_of(((struct args *)data)->limits, tenant)->creation_grace_period_ns;
}

static int freshness(struct args *a, struct err *e)
{
	const struct freshness f = { .store = a->store,
				     .tenant = a->opts.store.tenant,
				     .max_age_ns = a->opts.max_age_ns,
				     .grace_ns = grace_of,
				     .format = a->opts.store.format,
				     .sink = to_stdout,
				     .fault = on_fault,
				     .data = a };
	struct report quiet = { 0 };

	if (limits_load(NULL, a->store, &a->limits, &quiet, e) < 0)
		return -1;
	if (!a->limits)
		a->limits = limits_set_new();
	return answer(a, freshness_ask(&f, e), ERR_NO);
}

/* ---- merging, retention ---- */

static struct index_says says_of(struct args *a)
{
	return (struct index_says){ .store = a->store,
				    .dry_run = a->opts.store.dry_run,
				    .sink = to_stdout,
				    .note = a->opts.store.verbose ? on_note : NULL,
				    .warn = on_warning,
				    .fault = on_fault,
				    .data = a };
}

/* A look at a store writes nothing. */
static void warn_of_owner(struct args *a)
{
	const struct index_opts *o = &a->opts;
	struct err why;

	if (!o->store.dry_run && !o->freshness && (!o->fsck || o->repair) &&
	    owner_is_other(o->store.path, a->cli->prog, &why))
		cli_warn_once(a->cli, &why);
}

/* On the whole store, or on one tenant of it. */
static int work(struct args *a, struct err *e)
{
	const struct index_opts *o = &a->opts;
	bool is_there = store_seeks_tenant(a->store, o->store.tenant, a->cli);

	if (o->freshness) /* of one who has nothing, too */
		return freshness(a, e);
	if (!is_there)
		return 0;
	return o->compact  ? index_compact_ask(a->store, o, says_of(a), e)
	       : o->retain ? answer(a, retain_ask(a->store, o, says_of(a), e), ERR_NO)
	       : o->fsck   ? fsck(a, e)
			   : store_each_tenant(a->store, o->store.tenant, rebuild_tenant, a, e);
}

static int run(struct args *a, struct err *e)
{
	const struct index_opts *o = &a->opts;
	int rc;

	if (o->dump || o->stats || o->verify) {
		rc = look(a, e);
	} else if (o->rebuild || o->compact || o->retain || o->fsck || o->freshness) {
		warn_of_owner(a);
		a->store = index_opts_open(o, e);
		store_set_cache(a->store, a->cache, STORE_CACHED_INDEX);
		rc = a->store ? work(a, e) : -1;
		if (rc == 0 && a->made) /* so it is a store, whether it still says so or not */
			rc = store_check_mark(a->store, NULL) < 0 ? store_mark(a->store, e) : 0;
	} else {
		warn_of_owner(a);
		return build(a, e);
	}
	if (!a->store && rc < 0 && e->code == ERR_NO)
		e->code = ERR_IO; /* the store was asked for by name */
	return rc;
}

int main(int argc, char **argv)
{
	struct args a = { 0 };
	struct cli cli = {
		.prog = "idxbuild",
		.operands = "[PACK]...",
		.about = "Make the index files over packs that operands or lines of stdin name.",
		.taken = index_options,
		.data = &a.opts,
		.examples = "  walreplay --frames --unpacked --store S WALDIR | chunkpack --store "
			    "S | idxbuild --store S\n"
			    "  idxbuild --retain --store S --dry-run",
	};
	struct err e;

	a.cli = &cli;
	index_opts_init(&a.opts);
	if (cli_next(&cli, argc, argv) != -1 || index_opts_check(&a.opts, cli.n_operands, &e) < 0)
		cli_usage(&cli, "%s", e.msg);
	a.cache = cache_opts_open(&a.opts.store.cache, &cli);
	if (run(&a, &e) < 0)
		cli_report(&cli, &e);
	store_say_peer(a.store, &cli);
	store_say_stats(a.opts.store.stats ? a.store : NULL, a.cache, &cli);
	limits_set_drop(a.limits);
	store_close(a.store);
	cache_close(a.cache);
	return cli_exit(&cli) ? cli.failure : err_exit_code(a.answer);
}
