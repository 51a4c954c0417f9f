/* chunkpack - sort entries into packs of a store, one for each tenant and day; merge such packs. */
#include <errno.h>

#include "base/num.h"
#include "cli/cli.h"
#include "compact/compact.h"
#include "compact/options.h"
#include "compact/packing.h"
#include "time/time.h"

enum { FAULTS_SHOWN = 20 };

struct args {
	struct cli *cli;
	struct pack_opts opts;
	struct store *store;
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
	const struct args *args = data;

	printf("%s/%s\n", store_path(args->store), name);
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

static void say_stats(const struct args *args)
{
	const struct packing_stats *s = packing_stats(args->job);
	struct buf b = { 0 };

	num_add_count(&b, s->entries, "entry, ", "entries, ");
	num_add_size(&b, s->line_bytes);
	buf_add_str(&b, " of lines, ");
	num_add_count(&b, s->duplicates, "duplicate left out; ", "duplicates left out; ");
	num_add_count(&b, s->packs, "pack, ", "packs, ");
	num_add_size(&b, s->pack_bytes);
	cli_note(args->cli, "%s", buf_str(&b));
	buf_release(&b);
}

static void pack(struct args *args)
{
	const struct pack_opts *o = &args->opts;
	struct packing_opts p = { .store = args->store,
				  .params = o->params,
				  .memory_bytes = o->memory_bytes,
				  .jobs = (unsigned)o->jobs,
				  .tenant = o->tenant.n ? o->tenant : BYTES_LIT("fake"),
				  .on_pack = print_pack,
				  .on_problem = show_problem,
				  .data = args };
	struct err e;

	args->job = packing_new(&p);
	cli_each_input(args->cli, read_input, args);
	if (args->faults > FAULTS_SHOWN)
		cli_warn(args->cli, "%llu more %s",
			 (unsigned long long)(args->faults - FAULTS_SHOWN),
			 num_word(args->faults - FAULTS_SHOWN, "fault", "faults"));
	if (packing_finish(args->job, &e) < 0)
		cli_report(args->cli, &e);
	if (o->verbose)
		say_stats(args);
	packing_free(args->job);
}

/* ---- compaction ---- */

static void show_fault(void *data, const struct err *fault)
{
	struct args *args = data;

	cli_report(args->cli, fault);
}

static void add_day(struct buf *b, struct bytes tenant, int32_t day)
{
	char text[TIME_DAY_LEN + 1];

	time_day_text(day, text);
	buf_addf(b, "%.*s %s: ", BYTES_ARG(tenant), text);
}

static int print_plan(void *data, const struct compact_plan *p, struct err *e)
{
	struct buf b = { 0 };

	(void)data;
	add_day(&b, p->tenant, p->day);
	num_add_count(&b, p->packs, "pack, ", "packs, ");
	num_add_size(&b, p->bytes);
	buf_add_str(&b, ", would become ");
	num_add_count(&b, p->packs_out, "pack", "packs");
	printf("%s\n", buf_str(&b));
	buf_release(&b);
	return flush_stdout(e);
}

static void say_day(void *data, const struct compact_day *d)
{
	const struct args *args = data;
	struct buf b = { 0 };

	if (!args->opts.verbose)
		return;
	add_day(&b, d->tenant, d->day);
	num_add_count(&b, d->packs_in, "pack, ", "packs, ");
	num_add_size(&b, d->bytes_in);
	buf_add_str(&b, ", became ");
	num_add_count(&b, d->packs_out, "pack, ", "packs, ");
	num_add_size(&b, d->bytes_out);
	buf_add_str(&b, "; ");
	num_add_count(&b, d->duplicates, "duplicate left out; ", "duplicates left out; ");
	buf_addf(&b, "%.2f s", (double)d->took_ns / NS_PER_S);
	cli_note(args->cli, "%s", buf_str(&b));
	buf_release(&b);
}

static void say_deleted(void *data, const char *name)
{
	const struct args *args = data;

	if (args->opts.verbose)
		cli_note(args->cli, "%s '%s/%s'", args->opts.dry_run ? "would delete" : "deleted",
			 store_path(args->store), name);
}

static void say_busy(void *data, struct bytes tenant, int32_t day)
{
	const struct args *args = data;
	struct buf b = { 0 };

	add_day(&b, tenant, day);
	if (args->opts.verbose)
		cli_note(args->cli, "%sleft to another compaction, which is at work", buf_str(&b));
	buf_release(&b);
}

static void compact(struct args *args)
{
	const struct pack_opts *o = &args->opts;
	const struct compact_opts c = { .store = args->store,
					.tenant = o->tenant,
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
					.dry_run = o->dry_run,
					.on_pack = print_pack,
					.on_plan = print_plan,
					.on_fault = show_fault,
					.on_day = say_day,
					.on_deleted = say_deleted,
					.on_busy = say_busy,
					.data = args };
	struct err e;

	if (compact_store(&c, &e) < 0)
		cli_report(args->cli, &e);
}

/* What is packed may be the first of a store, what is merged lies in one. */
static struct store *open_store(const struct pack_opts *o, struct err *e)
{
	struct store *s;

	if (!o->compact)
		return store_open(o->store_path, STORE_WRITE, e);
	s = store_open(o->store_path, STORE_READ, e);
	if (!s && e->code == ERR_NO)
		e->code = ERR_IO; /* the store was asked for by name */
	if (s && store_check_mark(s, e) < 0) {
		store_close(s);
		return NULL;
	}
	return s;
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
			    "          chunkpack --compact --store S",
	};
	struct err e;

	args.cli = &cli;
	pack_opts_init(&args.opts);
	if (cli_next(&cli, argc, argv) != -1 || pack_opts_check(&args.opts, &e) < 0)
		cli_usage(&cli, "%s", e.msg);
	if (args.opts.compact && cli.n_operands > 0)
		cli_usage(&cli, "--compact takes no operands: it merges packs of the store");
	args.store = open_store(&args.opts, &e);
	if (!args.store)
		cli_report(&cli, &e);
	else if (args.opts.compact)
		compact(&args);
	else
		pack(&args);
	store_close(args.store);
	return cli_exit(&cli);
}
