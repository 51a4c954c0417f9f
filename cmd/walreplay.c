/* walreplay - print, check, prune and mend what the write-ahead log holds. */
#include <errno.h>
#include <unistd.h>

#include "cli/cli.h"
#include "ingest/segment_task.h"
#include "logql/selector.h"
#include "store/stats.h"
#include "store/store.h"
#include "time/time.h"

enum {
	OPT_FRAMES = CLI_LONG,
	OPT_VERIFY,
	OPT_STATS,
	OPT_FROM,
	OPT_TO,
	OPT_MATCH,
	OPT_UNPACKED,
	OPT_PRUNE,
	OPT_SALVAGE,
	OPT_MEND,
	OPT_STORE,
	OPT_STORE_STATS,
};

enum { N_GIVEN = OPT_STORE_STATS + 1 };
static const char DEFAULT_WAL[] = "lokid-data/wal", DEFAULT_STORE[] = "lokid-data/store";

static const struct cli_opt opts[] = {
	{ OPT_FRAMES, "frames", NULL, "write frames, for chunkpack, in place of JSON lines" },
	{ OPT_FROM, "from", "TIME", "only entries at this time or later" },
	{ OPT_TO, "to", "TIME", "only entries before this time" },
	{ 't', "tenant", "TENANT", "only entries of this tenant" },
	{ OPT_MATCH, "match", "SELECTOR", "only streams that fit, as {app=\"web\"}" },
	{ OPT_UNPACKED, "unpacked", NULL,
	  "only closed segments that the store does not cover yet" },
	{ OPT_STORE, "store", "DIR", "the store for --unpacked, --prune (lokid-data/store)" },
	{ OPT_STORE_STATS, "store-stats", NULL, "say at the end what was asked of the store" },
	{ OPT_STATS, "stats", NULL, "say what each segment holds" },
	{ 'o', "format", "text|jsonl", "of --stats (text)" },
	{ OPT_VERIFY, "verify", NULL, "read and check everything, print nothing" },
	{ OPT_PRUNE, "prune", NULL,
	  "delete closed segments that the store covers; print their names" },
	{ OPT_SALVAGE, "salvage", "DIR", "write what is good of each segment to a new one in DIR" },
	{ OPT_MEND, "mend", NULL, "put what is good of each segment in its place, and it aside" },
	{ 'q', "quiet", NULL, "--prune: no names, no word of damaged segments" },
	{ 'v', "verbose", NULL, "say also what is no damage: torn tails, segments left out" },
	{ 0 },
};

struct args {
	struct cli *cli;
	struct segment_task task;
	struct arena arena;
	struct matcher *match;
	size_t n_match;
	const char *store_path;
	struct store *store;
	bool verbose;
	bool given[N_GIVEN]; /* by letter or number: which options were */
};

static void fail(const struct err *e, void *data)
{
	cli_report(((const struct args *)data)->cli, e);
}

static void note(const char *text, void *data)
{
	struct args *a = data;

	if (a->verbose)
		cli_note(a->cli, "%s", text);
}

static void warn(const char *text, void *data)
{
	cli_warn(((const struct args *)data)->cli, "%s", text);
}

static int64_t parse_time(struct args *a)
{
	struct err e;
	int64_t ns;

	if (time_parse(bytes_str(cli_arg(a->cli)), time_now_ns(), &ns, &e) < 0)
		cli_bad_value(a->cli, &e);
	return ns;
}

static void parse_match(struct args *a)
{
	struct err e;

	if (a->match)
		cli_usage(a->cli, "option '--match' given twice");
	if (logql_matchers(bytes_str(cli_arg(a->cli)), LOGQL_ANY_SELECTOR, &a->arena, &a->match,
			   &a->n_match, &e) < 0)
		cli_bad_value(a->cli, &e);
}

static void parse_tenant(struct args *a)
{
	struct err e;

	a->task.replay.tenant = bytes_str(cli_arg(a->cli));
	if (labels_check_tenant(a->task.replay.tenant, &e) < 0)
		cli_bad_value(a->cli, &e);
}

static const char *name_of(int opt)
{
	const struct cli_opt *o = opts;

	while (o->letter != opt)
		o++;
	return o->name;
}

/* Options that would have no effect are refused, so that nobody believes in one. */
static void check_options(const struct args *a)
{
	static const int alone[] = { OPT_STATS, OPT_PRUNE, OPT_SALVAGE, OPT_MEND };
	static const int others[] = { OPT_STATS,    OPT_PRUNE,	OPT_SALVAGE, OPT_MEND,
				      OPT_UNPACKED, OPT_FRAMES, OPT_VERIFY,  OPT_FROM,
				      OPT_TO,	    't',	OPT_MATCH };
	const bool *given = a->given;

	for (size_t i = 0; i < sizeof(alone) / sizeof(*alone); i++)
		for (size_t k = 0; k < sizeof(others) / sizeof(*others); k++)
			if (alone[i] != others[k] && given[alone[i]] && given[others[k]])
				cli_usage(a->cli, "--%s and --%s do not go together",
					  name_of(alone[i]), name_of(others[k]));
	if (given[OPT_FRAMES] && given[OPT_VERIFY])
		cli_usage(a->cli, "--frames and --verify do not go together");
	if (given['o'] && !given[OPT_STATS])
		cli_usage(a->cli, "--format is for --stats alone");
	if ((given[OPT_STORE] || given[OPT_STORE_STATS]) && !given[OPT_UNPACKED] &&
	    !given[OPT_PRUNE])
		cli_usage(a->cli, "--%s is for --unpacked and --prune alone",
			  given[OPT_STORE] ? "store" : "store-stats");
	if (given['q'] && !given[OPT_PRUNE])
		cli_usage(a->cli, "--quiet is for --prune alone");
	if (given[OPT_FRAMES] && isatty(STDOUT_FILENO))
		cli_usage(a->cli, "frames are not for a terminal: --frames wants a pipe or a file");
}

static void parse_options(struct args *a, int argc, char **argv)
{
	static const char *const formats[] = { "text", "jsonl", NULL };
	static const enum segment_mode modes[N_GIVEN] = {
		[OPT_STATS] = SEGMENT_STATS, [OPT_UNPACKED] = SEGMENT_UNPACKED,
		[OPT_PRUNE] = SEGMENT_PRUNE, [OPT_SALVAGE] = SEGMENT_SALVAGE,
		[OPT_MEND] = SEGMENT_MEND,
	};
	struct replay_opts *r = &a->task.replay;

	for (int c; (c = cli_next(a->cli, argc, argv)) != -1;) {
		a->given[c] = true;
		if (modes[c])
			a->task.mode = modes[c];
		switch (c) {
		case OPT_FRAMES:
			r->format = REPLAY_FRAMES;
			break;
		case OPT_VERIFY:
			r->format = REPLAY_VERIFY;
			break;
		case 'o':
			a->task.stats_format = (enum wal_stats_format)cli_word(a->cli, formats);
			break;
		case OPT_FROM:
			r->from_ns = parse_time(a);
			break;
		case OPT_TO:
			r->to_ns = parse_time(a);
			break;
		case 't':
			parse_tenant(a);
			break;
		case OPT_MATCH:
			parse_match(a);
			break;
		case OPT_SALVAGE:
			a->task.salvage_dir = cli_arg(a->cli);
			break;
		case OPT_STORE:
			a->store_path = cli_arg(a->cli);
			break;
		}
	}
	a->task.quiet = a->given['q'];
	a->verbose = a->given['v'];
	check_options(a);
	r->match = a->match;
	r->n_match = a->n_match;
}

/* The store that --unpacked and --prune look at. One that is not there yet covers nothing. */
static int open_store(struct args *a, struct err *e)
{
	if (a->task.mode != SEGMENT_UNPACKED && a->task.mode != SEGMENT_PRUNE)
		return 0;
	/* Before the first flush there is none, but nothing can be pruned then. */
	if (a->task.mode == SEGMENT_PRUNE && store_is_absent(a->store_path))
		return err_set(e, ERR_IO, "there is no store '%s'", a->store_path);
	a->store = store_open(a->store_path, STORE_READ_IF_THERE, e);
	if (!a->store)
		return -1;
	a->task.cover = cover_new(a->store);
	return 0;
}

/* Results are out before the next segment's messages are. */
static void print_lines(struct args *a)
{
	if (a->task.out.n)
		fwrite(a->task.out.p, 1, a->task.out.n, stdout);
	buf_reset(&a->task.out);
}

static void one_operand(struct args *a, const char *path)
{
	struct wal_list l = { 0 };
	struct err e;

	if (strcmp(path, "-") == 0) {
		if (a->task.mode != SEGMENT_REPLAY && a->task.mode != SEGMENT_STATS)
			cli_usage(a->cli, "stdin is no segment of a folder");
		segment_task_do_fd(&a->task, STDIN_FILENO, "stdin", WAL_CLOSED);
		print_lines(a);
		return;
	}
	if (wal_list_path(path, &l, &e) < 0)
		cli_report(a->cli, &e);
	for (size_t i = 0; i < l.n; i++) {
		segment_task_do(&a->task, &l.v[i]);
		print_lines(a);
	}
	for (size_t i = 0; i < l.n_faults; i++) /* damage gives the exit status: it can be mended */
		cli_report(a->cli, &l.fault[i]);
	wal_list_release(&l);
	if (a->task.mode == SEGMENT_PRUNE && covered_sweep(path, &e) < 0)
		cli_report(a->cli, &e);
}

static void default_log(struct args *a)
{
	struct err e;

	if (segment_task_check_default(&a->task, DEFAULT_WAL, &e) == 0)
		one_operand(a, DEFAULT_WAL);
	else
		cli_report(a->cli, &e);
}

int main(int argc, char **argv)
{
	struct cli cli = {
		.prog = "walreplay",
		.operands = "[SEGMENT|DIR]...",
		.about = "Print what the write-ahead log holds (lokid-data/wal by default).",
		.opts = opts,
		.examples = "  walreplay --match '{app=\"web\"}' --from -1h\n"
			    "  walreplay --frames --unpacked | chunkpack | idxbuild && walreplay "
			    "--prune",
	};
	struct args a = {
		.cli = &cli,
		.task = { .replay = { .from_ns = INT64_MIN,
				      .to_ns = INT64_MAX,
				      .out_fd = STDOUT_FILENO },
			  .fail = fail,
			  .note = note,
			  .warn = warn },
		.store_path = DEFAULT_STORE,
	};
	struct err e;

	parse_options(&a, argc, argv);
	a.task.data = &a;
	if (open_store(&a, &e) < 0) {
		cli_report(&cli, &e);
		return cli_exit(&cli);
	}
	segment_task_begin(&a.task);
	if (cli.n_operands == 0)
		default_log(&a);
	for (int i = 0; i < cli.n_operands; i++)
		one_operand(&a, cli.operand[i]);
	segment_task_end(&a.task);
	cover_free(a.task.cover);
	store_say_stats(a.given[OPT_STORE_STATS] ? a.store : NULL, NULL, &cli);
	store_close(a.store);
	for (size_t i = 0; i < a.n_match; i++)
		matcher_release(&a.match[i]);
	arena_release(&a.arena);
	return cli_exit(&cli);
}
