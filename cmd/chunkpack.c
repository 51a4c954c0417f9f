/* chunkpack - sort entries into packs of a store: one for each tenant and day. */
#include <errno.h>

#include "base/num.h"
#include "base/work.h"
#include "cli/cli.h"
#include "compact/packing.h"

enum {
	OPT_STORE = CLI_LONG,
	OPT_ENCODING,
	OPT_LEVEL,
	OPT_BLOCK_SIZE,
	OPT_CHUNK_SIZE,
	OPT_MAX_ENTRIES,
	OPT_MEMORY,
};

enum { FAULTS_SHOWN = 20, LEVEL_MAX = 19, DEFAULT_MEMORY = 512 << 20 };

static const struct cli_opt opts[] = {
	{ OPT_STORE, "store", "DIR", "write packs into this store (default lokid-data/store)" },
	{ 't', "tenant", "TENANT", "tenant of JSON lines that name none (default fake)" },
	{ OPT_ENCODING, "encoding", "zstd|snappy|none", "of the blocks (zstd)" },
	{ OPT_LEVEL, "level", "N", "of zstd, 1 to 19" },
	{ OPT_BLOCK_SIZE, "block-size", "SIZE", "lines and metadata of a block at most" },
	{ OPT_CHUNK_SIZE, "chunk-size", "SIZE", "lines and metadata of a chunk at most" },
	{ OPT_MAX_ENTRIES, "max-entries", "N", "entries of a block at most" },
	{ OPT_MEMORY, "memory", "SIZE", "write further packs beyond it (default 512MiB)" },
	{ 'j', "jobs", "N", "threads (default: one for each processor, if memory allows)" },
	{ 'v', "verbose", NULL, "say at the end what was packed" },
	{ 0 },
};

struct args {
	struct cli *cli;
	const char *store_path, *input;
	struct packing_opts packing;
	struct packing *job;
	uint64_t faults;
	bool verbose;
	bool level, block_size, chunk_size; /* were given */
};

static int print_pack(void *data, const char *name, struct err *e)
{
	const struct args *args = data;

	errno = 0;
	printf("%s/%s\n", store_path(args->packing.store), name);
	if (fflush(stdout) != 0)
		return err_sys(e, "cannot write to stdout");
	return 0;
}

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

static void read_option(struct cli *cli, struct args *args, int c)
{
	static const char *const encodings[] = { "none", "snappy", "zstd", NULL };
	static const enum codec_id ids[] = { CODEC_NONE, CODEC_SNAPPY, CODEC_ZSTD };
	struct packing_opts *p = &args->packing;
	struct err e;

	switch (c) {
	case OPT_STORE:
		args->store_path = cli_arg(cli);
		break;
	case 't':
		p->tenant = bytes_str(cli_arg(cli));
		if (labels_check_tenant(p->tenant, &e) < 0)
			cli_bad_value(cli, &e);
		break;
	case OPT_ENCODING:
		p->params.encoding = ids[cli_word(cli, encodings)];
		break;
	case OPT_LEVEL:
		args->level = true;
		p->params.level = (int)cli_count_in(cli, 1, LEVEL_MAX);
		break;
	case OPT_BLOCK_SIZE:
		args->block_size = true;
		p->params.block_bytes = (uint32_t)cli_size_in(cli, CHUNK_SIZE_MIN, CHUNK_SIZE_MAX);
		break;
	case OPT_CHUNK_SIZE:
		args->chunk_size = true;
		p->params.chunk_bytes = (uint32_t)cli_size_in(cli, CHUNK_SIZE_MIN, CHUNK_SIZE_MAX);
		break;
	case OPT_MAX_ENTRIES:
		p->params.block_entries = (uint32_t)cli_count_in(cli, 1, CHUNK_BLOCK_ENTRIES_MAX);
		break;
	case OPT_MEMORY:
		p->memory_bytes = cli_size(cli);
		break;
	case 'j':
		p->jobs = (uint32_t)cli_count_in(cli, 1, WORK_JOBS_MAX);
		break;
	case 'v':
		args->verbose = true;
		break;
	}
}

/* A chunk is not smaller than its blocks: the one of them that was given decides. */
static void check_sizes(const struct cli *cli, const struct args *args, struct chunk_params *p)
{
	if (p->chunk_bytes >= p->block_bytes)
		return;
	if (args->block_size && args->chunk_size)
		cli_usage(cli, "option '--chunk-size' has no effect when it is smaller than "
			       "'--block-size'");
	if (args->chunk_size)
		p->block_bytes = p->chunk_bytes;
	else
		p->chunk_bytes = p->block_bytes;
}

/* Options that only make sense together. */
static void check_options(const struct cli *cli, struct args *args)
{
	struct packing_opts *p = &args->packing;
	uint64_t least;

	if (args->level && p->params.encoding != CODEC_ZSTD)
		cli_usage(cli,
			  "option '--level' has no effect with another '--encoding' than zstd");
	check_sizes(cli, args, &p->params);
	if (p->jobs == 0)
		p->jobs = packing_jobs_that_fit(&p->params, p->memory_bytes, work_cpus());
	least = packing_memory_min(&p->params, p->jobs);
	if (p->memory_bytes < least)
		cli_usage(cli, "option '--memory': %u %s and this chunk size need %llu MiB",
			  p->jobs, num_word(p->jobs, "thread", "threads"),
			  (unsigned long long)(least >> 20) + 1);
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

static void pack(struct cli *cli, struct args *args)
{
	struct err e;

	args->job = packing_new(&args->packing);
	cli_each_input(cli, read_input, args);
	if (args->faults > FAULTS_SHOWN)
		cli_warn(cli, "%llu more %s", (unsigned long long)(args->faults - FAULTS_SHOWN),
			 num_word(args->faults - FAULTS_SHOWN, "fault", "faults"));
	if (packing_finish(args->job, &e) < 0)
		cli_report(cli, &e);
	if (args->verbose)
		say_stats(args);
	packing_free(args->job);
}

int main(int argc, char **argv)
{
	struct cli cli = {
		.prog = "chunkpack",
		.operands = "[FILE]...",
		.about = "Sort entries into packs of a store: one for each tenant and day.",
		.opts = opts,
		.examples = "example: walreplay --frames --unpacked --store S WALDIR | "
			    "chunkpack --store S | idxbuild --store S",
	};
	struct args args = { .cli = &cli,
			     .store_path = "lokid-data/store",
			     .packing = { .params = chunk_params_default,
					  .memory_bytes = DEFAULT_MEMORY,
					  .tenant = BYTES_LIT("fake"),
					  .on_pack = print_pack,
					  .on_problem = show_problem,
					  .data = &args } };
	struct err e;

	for (int c; (c = cli_next(&cli, argc, argv)) != -1;)
		read_option(&cli, &args, c);
	check_options(&cli, &args);
	args.packing.store = store_open(args.store_path, STORE_WRITE, &e);
	if (args.packing.store)
		pack(&cli, &args);
	else
		cli_report(&cli, &e);
	store_close(args.packing.store);
	return cli_exit(&cli);
}
