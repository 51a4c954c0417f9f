/* chunkpack - sort entries into packs of a store; merge, copy and delete from such packs. */
#include <errno.h>

#include "base/num.h"
#include "base/owner.h"
#include "cli/cli.h"
#include "compact/command.h"
#include "compact/options.h"
#include "compact/packing.h"
#include "compact/report.h"
#include "erase/command.h"
#include "store/stats.h"
#include "store/tenants.h"

struct args {
	struct cli *cli;
	struct pack_opts opts;
	bool made; /* the store, to be written to */
	struct store *store, *from;
	struct cache *cache;
	const char *input;
	struct packing *job;
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
	} else {
		err_wrap(&e, "'%s'", args->input);
		cli_report_fault(args->cli, &e);
	}
}

static int read_input(int fd, const char *name, void *data, struct err *e)
{
	struct args *args = data;
	bool failed = packing_failed(args->job);

	args->input = name;
	if (packing_read(args->job, fd, e) == 0)
		return 0;
	if (failed || !packing_failed(args->job))
		return -1;
	cli_report(args->cli, e); /* the store's fault, not the input's */
	return 0;
}

/* A folder was only looked at, and becomes a store by what is written to it. */
static struct store *make_store(void *data, struct err *e)
{
	struct args *args = data;

	store_close(args->store);
	args->store = store_open(args->opts.store.path, STORE_WRITE, e);
	args->made = args->store != NULL;
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
	if (packing_finish(args->job, &e) < 0 ||
	    (!p.store && !args->made && !args->cli->failure && !make_store(args, &e)))
		cli_report(args->cli, &e);
	if (o->store.verbose) {
		report_packing(&said, packing_stats(args->job));
		cli_note(args->cli, "%s", buf_str(&said));
	}
	buf_release(&said);
	packing_free(args->job);
}

/* ---- what is there already ---- */

static int to_stdout(struct bytes text, void *data, struct err *e)
{
	(void)data;
	fwrite(text.p, 1, text.n, stdout);
	return flush_stdout(e);
}

static void on_note(const char *text, void *data)
{
	cli_note(((const struct args *)data)->cli, "%s", text);
}

static void on_warning(const char *text, void *data)
{
	cli_warn(((const struct args *)data)->cli, "%s", text);
}

static void on_fault(const struct err *fault, void *data)
{
	cli_report_fault(((const struct args *)data)->cli, fault);
}

static int print_line(void *data, struct buf *b, struct err *e)
{
	(void)data;
	printf("%s\n", buf_str(b));
	buf_release(b);
	return flush_stdout(e);
}

static void show_fault(void *data, const struct err *fault)
{
	on_fault(fault, data);
}

static int tier(struct args *args, struct err *e)
{
	const struct pack_opts *o = &args->opts;
	const struct tier_opts t = { .store = args->store,
				     .tenant = o->store.tenant,
				     .tiers = o->tiers,
				     .dry_run = o->store.dry_run,
				     .lifecycle = o->lifecycle,
				     .json = o->store.format == CLI_JSONL,
				     .print = print_line,
				     .fault = show_fault,
				     .data = args };

	return tier_store(&t, e);
}

static int work(struct args *args, struct err *e)
{
	const struct pack_opts *o = &args->opts;
	const struct index_says says = { .store = args->store,
					 .dry_run = o->store.dry_run,
					 .sink = to_stdout,
					 .note = o->store.verbose ? on_note : NULL,
					 .warn = on_warning,
					 .fault = on_fault,
					 .data = args };

	if (!pack_opts_need_no_store(o) &&
	    !store_seeks_tenant(o->copy ? args->from : args->store, o->store.tenant, args->cli))
		return 0;
	return o->copy	    ? copy_command(o, args->from, args->store, says, e)
	       : o->compact ? compact_command(o, args->store, says, e)
	       : o->tiers.n ? tier(args, e)
			    : erase_command(o, args->store, says, e);
}

/* ---- stores ---- */

static int open_stores(struct args *args, struct err *e)
{
	const struct pack_opts *o = &args->opts;
	struct err why;

	if (o->copy && !(args->from = store_open_marked(o->from_path, e)))
		return -1;
	args->store = pack_opts_open(o, e);
	store_say_peer(args->store, args->cli);
	if (!o->store.dry_run && owner_is_other(o->store.path, args->cli->prog, &why))
		cli_warn_once(args->cli, &why);
	store_set_cache(args->store, args->cache, STORE_CACHED_INDEX);
	return args->store ? 0 : -1;
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
	if (open_stores(&args, &e) < 0 || (args.opts.mode && work(&args, &e) < 0))
		cli_report(&cli, &e);
	else if (!args.opts.mode)
		pack(&args);
	store_say_stats(args.opts.store.stats ? args.store : NULL, args.cache, &cli);
	store_close(args.store);
	store_close(args.from);
	cache_close(args.cache);
	pack_opts_release(&args.opts);
	return cli_exit(&cli);
}
