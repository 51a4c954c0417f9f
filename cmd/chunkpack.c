/* chunkpack - sort entries into packs of a store; merge, copy and delete from such packs. */
#include <errno.h>

#include "base/num.h"
#include "cli/cli.h"
#include "compact/compact.h"
#include "compact/copy.h"
#include "compact/options.h"
#include "compact/packing.h"
#include "compact/report.h"
#include "erase/command.h"
#include "store/stats.h"
#include "store/tenants.h"

enum { FAULTS_SHOWN = 20 };

struct args {
	struct cli *cli;
	struct pack_opts opts;
	struct store *store, *from;
	struct cache *cache;
	const char *input;
	struct packing *job;
	uint64_t faults;
};

static int flush_stdout(struct err *e)
{
	errno = 0;
	return fflush(stdout) == 0 ? 0 : err_sys(e, "cannot write to stdout");
}

static int print_pack(void *data, const char *name, struct err *e)
{
	printf("%s/%s\n", store_path(((const struct args *)data)->store), name);
	return flush_stdout(e);
}

/* ---- packing ---- */

static void show_problem(void *data, enum packing_problem_kind kind, const struct err *problem)
{
	struct args *args = data;
	struct err e = *problem;

	if (kind == PACKING_NOTE) {
		cli_warn(args->cli, "'%s': %s", args->input, e.msg);
	} else if (++args->faults <= FAULTS_SHOWN) {
		err_wrap(&e, "'%s'", args->input);
		cli_report(args->cli, &e);
	}
}

static int read_input(int fd, const char *name, void *data, struct err *e)
{
	struct args *args = data;

	args->input = name;
	return packing_read(args->job, fd, e);
}

/* A folder was only looked at, and becomes a store by what is written to it. */
static struct store *make_store(void *data, struct err *e)
{
	struct args *args = data;

	store_close(args->store);
	args->store = store_open(args->opts.store.path, STORE_WRITE, e);
	return args->store;
}

static void pack(struct args *args)
{
	const struct pack_opts *o = &args->opts;
	struct packing_opts p = { .store = store_is_url(o->store.path) ? args->store : NULL,
				  .need_store = make_store,
				  .params = o->params,
				  .memory_bytes = o->memory_bytes,
				  .jobs = (unsigned)o->jobs,
				  .tenant = o->store.tenant.n ? o->store.tenant : BYTES_LIT("fake"),
				  .on_pack = print_pack,
				  .on_problem = show_problem,
				  .data = args };
	struct buf said = { 0 };
	struct err e;

	args->job = packing_new(&p);
	cli_each_input(args->cli, read_input, args);
	if (args->faults > FAULTS_SHOWN)
		cli_warn(args->cli, "%llu more %s",
			 (unsigned long long)(args->faults - FAULTS_SHOWN),
			 num_word(args->faults - FAULTS_SHOWN, "fault", "faults"));
	if (packing_finish(args->job, &e) < 0 ||
	    (!p.store && !args->cli->failure && !make_store(args, &e)))
		cli_report(args->cli, &e);
	if (o->store.verbose) {
		report_packing(&said, packing_stats(args->job));
		cli_note(args->cli, "%s", buf_str(&said));
	}
	buf_release(&said);
	packing_free(args->job);
}

/* ---- compaction ---- */

static void show_fault(void *data, const struct err *fault)
{
	cli_report_once(((const struct args *)data)->cli, fault);
}

static int print_line(void *data, struct buf *b, struct err *e)
{
	(void)data;
	printf("%s\n", buf_str(b));
	buf_release(b);
	return flush_stdout(e);
}

static int print_plan(void *data, const struct compact_plan *p, struct err *e)
{
	struct buf b = { 0 };

	report_plan(&b, p);
	return print_line(data, &b, e);
}

static void say_text(void *data, const char *text)
{
	const struct args *args = data;

	if (args->opts.store.verbose)
		cli_note(args->cli, "%s", text);
}

static void say_warning(void *data, const char *text)
{
	cli_warn(((const struct args *)data)->cli, "%s", text);
}

static void say_day(void *data, const struct compact_day *d)
{
	struct buf b = { 0 };

	report_compacted(&b, d);
	say_text(data, buf_str(&b));
	buf_release(&b);
}

static void say_deleted(void *data, const char *name)
{
	const struct args *args = data;

	if (args->opts.store.verbose)
		cli_note(args->cli, "%s '%s/%s'",
			 args->opts.store.dry_run ? "would delete" : "deleted",
			 store_path_of(args->store, name), name);
}

static void say_left(void *data, struct bytes tenant, int32_t day, const char *why)
{
	struct buf b = { 0 };

	report_tenant_day(&b, tenant, day);
	buf_add_str(&b, why);
	say_text(data, buf_str(&b));
	buf_release(&b);
}

static void compact(struct args *args)
{
	struct compact_opts c = pack_opts_compact(&args->opts);
	struct err e;

	c.store = args->store;
	c.on_pack = print_pack;
	c.on_plan = print_plan;
	c.on_fault = show_fault;
	c.on_day = say_day;
	c.on_deleted = say_deleted;
	c.on_left = say_left;
	c.data = args;
	if (compact_store(&c, &e) < 0)
		cli_report(args->cli, &e);
}

/* ---- copying ---- */

static int print_copied(void *data, const struct copy_day *d, struct err *e)
{
	const struct args *args = data;
	struct buf b = { 0 };

	report_copied(&b, d, args->opts.store.dry_run ? REPORT_DRY : REPORT_DONE);
	return print_line(data, &b, e);
}

static void say_written(void *data, const char *name)
{
	const struct args *args = data;

	if (args->opts.store.verbose)
		cli_note(args->cli, "wrote '%s/%s'", store_path_of(args->store, name), name);
}

static void copy(struct args *args)
{
	struct copy_opts c = pack_opts_copy(&args->opts);
	struct err e;

	c.from = args->from;
	c.to = args->store;
	c.on_day = print_copied;
	c.on_object = say_written;
	c.on_fault = show_fault;
	c.data = args;
	if (copy_store(&c, &e) < 0)
		cli_report(args->cli, &e);
}

/* ---- deletion ---- */

static void erase(struct args *args)
{
	const struct erase_out out = { print_line, say_text, say_warning, show_fault, args };
	struct err e;

	if (erase_command(&args->opts, args->store, &out, &e) < 0)
		cli_report(args->cli, &e);
}

/* ---- storage classes ---- */

static void tier(struct args *args)
{
	const struct pack_opts *o = &args->opts;
	const struct tier_opts t = { args->store,  o->store.tenant, o->tiers,	o->store.dry_run,
				     o->lifecycle, print_line,	    show_fault, args };
	struct err e;

	if (tier_store(&t, &e) < 0)
		cli_report(args->cli, &e);
}

/* ---- stores ---- */

static int open_stores(struct args *args, struct err *e)
{
	const struct pack_opts *o = &args->opts;

	if (o->copy && !(args->from = store_open_marked(o->from_path, e)))
		return -1;
	args->store = pack_opts_open(o, e);
	store_say_peer(args->store, args->cli);
	store_set_cache(args->store, args->cache, STORE_CACHED_INDEX);
	return args->store ? 0 : -1;
}

static void (*job_of(const struct pack_opts *o))(struct args *)
{
	return o->copy ? copy : o->compact ? compact : o->tiers.n ? tier : !o->mode ? pack : erase;
}

int main(int argc, char **argv)
{
	struct args args = { 0 };
	struct cli cli = {
		.prog = "chunkpack",
		.operands = "[FILE]...",
		.about = "Sort entries into packs of a store: one for each tenant and day.",
		.taken = pack_options,
		.data = &args.opts,
		.examples = "examples: walreplay --frames --unpacked --store S WALDIR | "
			    "chunkpack --store S | idxbuild --store S\n"
			    "          chunkpack --compact --store S\n"
			    "          chunkpack --copy --from S --store T",
	};
	struct err e;

	args.cli = &cli;
	pack_opts_init(&args.opts);
	if (cli_next(&cli, argc, argv) != -1 || pack_opts_check(&args.opts, &e) < 0)
		cli_usage(&cli, "%s", e.msg);
	if (args.opts.mode && cli.n_operands > 0)
		cli_usage(&cli, "%s takes no operands: its packs are those of the store",
			  args.opts.mode);
	args.cache = cache_opts_open(&args.opts.store.cache, &cli);
	if (open_stores(&args, &e) < 0)
		cli_report(&cli, &e);
	else if (!args.opts.mode || store_seeks_tenant(args.from ? args.from : args.store,
						       args.opts.store.tenant, &cli))
		job_of (&args.opts)(&args);
	store_say_stats(args.opts.store.stats ? args.store : NULL, args.cache, &cli);
	store_close(args.store);
	store_close(args.from);
	cache_close(args.cache);
	pack_opts_release(&args.opts);
	return cli_exit(&cli);
}
