/* walreplay - print what the write-ahead log holds. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "cli/cli.h"
#include "ingest/replay.h"
#include "time/time.h"
#include "wal/segment.h"

enum { OPT_FRAMES = CLI_LONG, OPT_VERIFY, OPT_FROM, OPT_TO, OPT_MATCH };

static const char DEFAULT_WAL[] = "lokid-data/wal";

static const struct cli_opt opts[] = {
	{ OPT_FRAMES, "frames", NULL, "write frames, for chunkpack, in place of JSON lines" },
	{ OPT_VERIFY, "verify", NULL, "read and check everything, print nothing" },
	{ OPT_FROM, "from", "TIME", "only entries at this time or later" },
	{ OPT_TO, "to", "TIME", "only entries before this time" },
	{ 't', "tenant", "TENANT", "only entries of this tenant" },
	{ OPT_MATCH, "match", "SELECTOR", "only streams that fit, as {app=\"web\"}" },
	{ 'v', "verbose", NULL, "say also what is no damage: torn tails, segments left out" },
	{ 0 },
};

struct args {
	struct cli *cli;
	struct replay_opts replay;
	struct replay *r;
	struct arena arena;
	struct matcher *match;
	size_t n_match;
	const char *name; /* of the input being read */
	bool verbose, out_failed;
};

static void report(const struct err *e, void *data)
{
	struct args *a = data;
	struct err named = *e;

	err_wrap(&named, "'%s'", a->name);
	if (e->code != ERR_NO)
		cli_report(a->cli, &named);
	else if (a->verbose)
		cli_note(a->cli, "%s: torn tail, cut there", named.msg);
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
	if (matcher_parse(bytes_str(cli_arg(a->cli)), &a->arena, &a->match, &a->n_match, &e) < 0)
		cli_bad_value(a->cli, &e);
}

static void parse_options(struct args *a, int argc, char **argv)
{
	for (int c; (c = cli_next(a->cli, argc, argv)) != -1;) {
		switch (c) {
		case OPT_FRAMES:
			a->replay.format = REPLAY_FRAMES;
			break;
		case OPT_VERIFY:
			a->replay.format = REPLAY_VERIFY;
			break;
		case OPT_FROM:
			a->replay.from_ns = parse_time(a);
			break;
		case OPT_TO:
			a->replay.to_ns = parse_time(a);
			break;
		case 't':
			a->replay.tenant = bytes_str(cli_arg(a->cli));
			break;
		case OPT_MATCH:
			parse_match(a);
			break;
		case 'v':
			a->verbose = true;
			break;
		}
	}
	a->replay.match = a->match;
	a->replay.n_match = a->n_match;
}

static void replay_one(struct args *a, int fd, const char *name)
{
	struct err e;

	if (a->out_failed)
		return;
	a->name = name;
	if (replay_fd(a->r, fd, &e) < 0) {
		err_wrap(&e, "'%s'", name);
		cli_report(a->cli, &e);
		a->out_failed = e.code == ERR_FULL || e.code == ERR_IO;
	}
}

static void replay_dir(struct args *a, const char *dir)
{
	struct wal_list l = { 0 };
	struct err e;

	if (wal_list_dir(dir, &l, &e) < 0)
		cli_report(a->cli, &e);
	for (size_t i = 0; i < l.n; i++)
		replay_one(a, l.v[i].fd, l.v[i].path);
	wal_list_release(&l);
}

static void replay_operand(struct args *a, const char *operand)
{
	struct stat st;
	struct err e;
	int fd;

	if (strcmp(operand, "-") == 0) {
		replay_one(a, STDIN_FILENO, "stdin");
		return;
	}
	if (stat(operand, &st) == 0 && S_ISDIR(st.st_mode)) {
		replay_dir(a, operand);
		return;
	}
	fd = io_open(operand, &e);
	if (fd < 0) {
		cli_report(a->cli, &e);
		return;
	}
	replay_one(a, fd, operand);
	close(fd);
}

int main(int argc, char **argv)
{
	struct cli cli = {
		.prog = "walreplay",
		.operands = "[SEGMENT|DIR]...",
		.about = "Print what the write-ahead log holds (lokid-data/wal by default).",
		.opts = opts,
		.examples = "  walreplay --match '{app=\"web\"}' --from -1h\n"
			    "  walreplay --frames lokid-data/wal | chunkpack | idxbuild",
	};
	struct args a = {
		.cli = &cli,
		.replay = { .from_ns = INT64_MIN,
			    .to_ns = INT64_MAX,
			    .out_fd = STDOUT_FILENO,
			    .report = report },
	};
	struct err e;

	parse_options(&a, argc, argv);
	a.replay.data = &a;
	a.r = replay_new(&a.replay);
	if (cli.n_operands == 0)
		replay_dir(&a, DEFAULT_WAL);
	for (int i = 0; i < cli.n_operands; i++)
		replay_operand(&a, cli.operand[i]);
	if (!a.out_failed && replay_flush(a.r, &e) < 0)
		cli_report(&cli, &e);
	replay_free(a.r);
	for (size_t i = 0; i < a.n_match; i++)
		matcher_release(&a.match[i]);
	arena_release(&a.arena);
	return cli_exit(&cli);
}
