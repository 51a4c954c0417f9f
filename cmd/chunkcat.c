/* chunkcat - print the entries of packs and chunks, or what they are made of. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "chunk/filters.h"
#include "chunk/verify.h"
#include "cli/cli.h"
#include "logql/selector.h"
#include "time/time.h"

enum {
	OPT_HEADER = CLI_LONG,
	OPT_BLOCKS,
	OPT_STATS,
	OPT_FILTERS,
	OPT_VERIFY,
	OPT_FROM,
	OPT_TO,
	OPT_MATCH,
};

enum { PRINT_BYTES = 1 << 16 };

enum mode { MODE_ENTRIES, MODE_HEADER, MODE_BLOCKS, MODE_STATS, MODE_FILTERS, MODE_VERIFY };

static const struct cli_opt opts[] = {
	{ OPT_HEADER, "header", NULL, "print the head of each chunk, as JSON lines" },
	{ OPT_BLOCKS, "blocks", NULL, "print a table of the blocks" },
	{ OPT_STATS, "stats", NULL, "print sums over all" },
	{ OPT_FILTERS, "filters", NULL, "print what filters packs have, and how full they are" },
	{ OPT_VERIFY, "verify", NULL, "check everything, print nothing" },
	{ OPT_FROM, "from", "TIME", "only entries at this time or later" },
	{ OPT_TO, "to", "TIME", "only entries before this time" },
	{ OPT_MATCH, "match", "SELECTOR", "only streams that fit, as {app=\"web\"}" },
	{ 'n', "limit", "N", "print at most N entries of each file, 0 for all (0)" },
	{ 'o', "format", "text|jsonl", "of --filters (text)" },
	{ 0 },
};

struct args {
	struct cli *cli;
	enum mode mode;
	struct chunk_choice which; /* .left of the file being read */
	struct arena arena;
	uint64_t limit; /* entries of each file, 0 when not given */
	struct chunk_scratch *scratch;
	struct chunk_stats stats;
	struct pack_filters filters;
	struct pack_check check;
	struct buf out;
	const char *name, *input; /* of the one being read; quoted when it is a file's */
	const char *what;	  /* the piece that is looked at */
	uint64_t at;		  /* offset of the piece being read */
};

static int flush(struct args *args, size_t unless_below, struct err *e)
{
	if (args->out.n < unless_below)
		return 0;
	errno = 0;
	if (args->out.n > 0 && fwrite(args->out.p, 1, args->out.n, stdout) < args->out.n)
		return err_sys(e, "cannot write to stdout");
	buf_reset(&args->out);
	return 0;
}

static void report(void *data, const struct err *fault)
{
	struct args *args = data;
	struct err e = *fault;

	err_wrap(&e, "%s: %s at offset %llu", args->input, args->what,
		 (unsigned long long)args->at);
	cli_report(args->cli, &e);
}

static int print_entries(struct args *args, const struct chunk_piece *piece, struct err *e)
{
	for (uint32_t i = 0; i < piece->chunk.fixed.n_blocks && args->which.left > 0; i++) {
		struct err why;

		if (chunk_add_entries(&args->out, piece, i, &args->which, args->scratch, &why) < 0)
			report(args, &why);
		if (flush(args, PRINT_BYTES, e) < 0)
			return -1;
	}
	return 0;
}

static void verify(struct args *args, const struct chunk_piece *piece)
{
	if (piece->kind == PIECE_CHUNK) {
		chunk_verify(piece, args->scratch, report, args);
		pack_check_filter(&args->check, piece, args->scratch, report, args);
	} else if (piece->kind != PIECE_BUNDLE) {
		pack_check_end(&args->check, piece, report, args);
	}
}

/* A chunk, or a bundle, whose chunks come next, a filter or a trailer. */
static int do_piece(struct args *args, const struct chunk_piece *piece, struct err *e)
{
	bool is_chunk = piece->kind == PIECE_CHUNK;
	struct err why;

	if (is_chunk && args->mode == MODE_VERIFY)
		pack_check_add(&args->check, piece);
	if (is_chunk && !chunk_is_chosen(&args->which, &piece->chunk))
		return 0;
	switch (args->mode) {
	case MODE_ENTRIES:
		return is_chunk ? print_entries(args, piece, e) : 0;
	case MODE_HEADER:
		chunk_add_header(&args->out, piece);
		break;
	case MODE_BLOCKS:
		if (is_chunk)
			chunk_add_blocks(&args->out, piece);
		break;
	case MODE_STATS:
		chunk_stats_add(&args->stats, piece);
		break;
	case MODE_FILTERS:
		if (pack_filters_add(&args->filters, piece, args->name, &args->out, &why) < 0)
			report(args, &why);
		break;
	case MODE_VERIFY:
		verify(args, piece);
		break;
	}
	return flush(args, PRINT_BYTES, e);
}

/* ret_last: what kind the last piece was. */
static int read_pieces(struct args *args, struct chunk_scan *scan, enum chunk_piece_kind *ret_last,
		       struct err *e)
{
	struct chunk_piece piece;
	int rc;

	*ret_last = PIECE_DAMAGE;
	while ((rc = chunk_scan_next(scan, &piece, e)) > 0) {
		args->at = piece.off;
		*ret_last = piece.kind;
		args->what = chunk_piece_name(piece.kind);
		if (piece.kind == PIECE_DAMAGE) {
			report(args, &piece.why);
			pack_check_damage(&args->check, &piece);
		} else if (do_piece(args, &piece, e) < 0) {
			return -1;
		}
	}
	return rc;
}

static int64_t fill(void *data, void *p, size_t n, struct err *e)
{
	return io_read(*(int *)data, p, n, e);
}

static int read_scan(struct args *args, struct chunk_scan *scan, enum chunk_piece_kind *ret_last,
		     struct err *e)
{
	int rc = read_pieces(args, scan, ret_last, e);

	chunk_scan_free(scan);
	if (args->mode == MODE_FILTERS)
		pack_filters_end(&args->filters, args->name, &args->out);
	return rc < 0 ? -1 : flush(args, 0, e);
}

static int cat_one(int fd, const char *name, void *data, struct err *e)
{
	struct args *args = data;
	struct buf input = { 0 };
	struct io_map map = { 0 };
	enum chunk_piece_kind last;
	struct stat st;
	int rc;

	buf_addf(&input, fd == STDIN_FILENO ? "%s" : "'%s'", name);
	args->name = name;
	args->input = buf_str(&input);
	args->which.left = args->limit ? args->limit : UINT64_MAX;
	pack_check_begin(&args->check, (struct bytes){ 0 });
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && lseek(fd, 0, SEEK_CUR) == 0) {
		rc = io_map_fd(fd, &map, e);
		if (rc == 0 && args->mode == MODE_VERIFY)
			pack_check_begin(&args->check, map.b);
		if (rc == 0)
			rc = read_scan(args, chunk_scan_new_bytes(map.b), &last, e);
		if (rc == 0)
			rc = pack_check_file(name, map.b, last, e);
		if (rc == 0 && args->mode == MODE_VERIFY)
			rc = pack_check_hash(name, map.b, e);
		io_unmap(&map);
	} else {
		rc = read_scan(args, chunk_scan_new(fill, &fd), &last, e);
	}
	buf_release(&input);
	return rc;
}

static const char *const mode_name[] = { NULL, "header", "blocks", "stats", "filters", "verify" };

static void set_mode(const struct cli *cli, struct args *args, enum mode mode)
{
	if (args->mode != MODE_ENTRIES && args->mode != mode)
		cli_usage(cli, "--%s and --%s: one at a time", mode_name[args->mode],
			  mode_name[mode]);
	args->mode = mode;
}

static void check_options(const struct cli *cli, const struct args *args)
{
	if (args->limit && args->mode != MODE_ENTRIES)
		cli_usage(cli, "option '--limit' has no effect with '--%s'", mode_name[args->mode]);
	if (args->filters.format && args->mode != MODE_FILTERS)
		cli_usage(cli, "option '--format' is for '--filters' alone");
	if (args->mode == MODE_FILTERS &&
	    (args->which.n_matchers || args->which.from_ns != INT64_MIN ||
	     args->which.to_ns != INT64_MAX))
		cli_usage(cli, "--filters: a filter is of a whole pack, so nothing can be chosen");
}

static const char *const formats[] = { "text", "jsonl", NULL };

static void read_option(struct cli *cli, struct args *args, int c)
{
	struct err e;

	switch (c) {
	case OPT_HEADER:
	case OPT_BLOCKS:
	case OPT_STATS:
	case OPT_FILTERS:
	case OPT_VERIFY:
		set_mode(cli, args, (enum mode)(MODE_HEADER + (c - OPT_HEADER)));
		break;
	case OPT_FROM:
	case OPT_TO:
		if (time_parse(bytes_str(cli_arg(cli)), time_now_ns(),
			       c == OPT_FROM ? &args->which.from_ns : &args->which.to_ns, &e) < 0)
			cli_bad_value(cli, &e);
		break;
	case OPT_MATCH:
		if (logql_matchers(bytes_str(cli_arg(cli)), LOGQL_ANY_SELECTOR, &args->arena,
				   &args->which.matcher, &args->which.n_matchers, &e) < 0)
			cli_bad_value(cli, &e);
		break;
	case 'n':
		args->limit = cli_limit(cli);
		break;
	case 'o':
		args->filters.format = FILTERS_TEXT + cli_word(cli, formats);
		break;
	}
}

int main(int argc, char **argv)
{
	struct cli cli = {
		.prog = "chunkcat",
		.operands = "[FILE]...",
		.about = "Print the entries of packs and chunks, or what they are made of.",
		.opts = opts,
	};
	struct args args = { .cli = &cli, .which = { .from_ns = INT64_MIN, .to_ns = INT64_MAX } };
	int status;

	for (int c; (c = cli_next(&cli, argc, argv)) != -1;)
		read_option(&cli, &args, c);
	check_options(&cli, &args);
	args.scratch = chunk_scratch_new();
	if (args.mode == MODE_BLOCKS)
		chunk_add_blocks_title(&args.out);
	status = cli_each_input(&cli, cat_one, &args);
	if (args.mode == MODE_STATS) {
		chunk_stats_print(&args.stats, &args.out);
		fwrite(args.out.p, 1, args.out.n, stdout);
		status = cli_exit(&cli);
	}
	for (size_t i = 0; i < args.which.n_matchers; i++)
		matcher_release(&args.which.matcher[i]);
	chunk_scratch_free(args.scratch);
	pack_check_release(&args.check);
	pack_filters_release(&args.filters);
	arena_release(&args.arena);
	buf_release(&args.out);
	return status;
}
