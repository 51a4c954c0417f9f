/* chunkcat - print the entries of packs and chunks, or what they are made of. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "chunk/dump.h"
#include "chunk/verify.h"
#include "cli/cli.h"
#include "logql/selector.h"
#include "time/time.h"

enum {
	OPT_HEADER = CLI_LONG,
	OPT_BLOCKS,
	OPT_STATS,
	OPT_VERIFY,
	OPT_FROM,
	OPT_TO,
	OPT_MATCH,
};

enum { PRINT_BYTES = 1 << 16 };

enum mode { MODE_ENTRIES, MODE_HEADER, MODE_BLOCKS, MODE_STATS, MODE_VERIFY };

static const struct cli_opt opts[] = {
	{ OPT_HEADER, "header", NULL, "print the head of each chunk, as JSON lines" },
	{ OPT_BLOCKS, "blocks", NULL, "print a table of the blocks" },
	{ OPT_STATS, "stats", NULL, "print sums over all" },
	{ OPT_VERIFY, "verify", NULL, "check everything, print nothing" },
	{ OPT_FROM, "from", "TIME", "only entries at this time or later" },
	{ OPT_TO, "to", "TIME", "only entries before this time" },
	{ OPT_MATCH, "match", "SELECTOR", "only streams that fit, as {app=\"web\"}" },
	{ 'n', "limit", "N", "print at most N entries of each file, 0 for all (0)" },
	{ 0 },
};

struct args {
	struct cli *cli;
	enum mode mode;
	int64_t from_ns, to_ns;
	struct arena arena;
	struct matcher *matcher;
	size_t n_matchers;
	uint64_t limit, left; /* entries of each file, 0 when not given; of this one */
	struct chunk_scratch *scratch;
	struct chunk_stats stats;
	struct pack_check check;
	struct buf out, labels;
	const char *input; /* name of the one being read, quoted when it is a file's */
	const char *what;  /* the piece that is looked at */
	uint64_t at;	   /* offset of the piece being read */
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

static bool is_wanted(const struct args *args, const struct chunk *c)
{
	return c->through >= args->from_ns && (c->from < args->to_ns || args->to_ns == INT64_MAX) &&
	       matcher_match_labels(args->matcher, args->n_matchers, &c->labels);
}

static int print_entries(struct args *args, const struct chunk_piece *piece, struct err *e)
{
	const struct chunk *c = &piece->chunk;

	buf_reset(&args->labels);
	labels_add_json(&args->labels, &c->labels);
	for (uint32_t i = 0; i < c->fixed.n_blocks && args->left > 0; i++) {
		const struct chunk_block *b = &c->block[i];
		uint64_t off = chunk_block_off(c, i);
		struct run run;
		struct err why;

		if (b->max_ts < args->from_ns ||
		    (b->min_ts >= args->to_ns && args->to_ns != INT64_MAX))
			continue;
		if (chunk_read_block(c, b, bytes_sub(piece->bytes, off, piece->bytes.n), WANT_ALL,
				     args->scratch, &run, &why) < 0) {
			err_wrap(&why, "block %u at offset %llu", i,
				 (unsigned long long)(piece->off + off));
			report(args, &why);
			continue;
		}
		args->left -=
			chunk_add_entries(&args->out, &run, c->tenant, buf_bytes(&args->labels),
					  args->from_ns, args->to_ns, args->left);
		if (flush(args, PRINT_BYTES, e) < 0)
			return -1;
	}
	return 0;
}

static int do_chunk(struct args *args, const struct chunk_piece *piece, struct err *e)
{
	if (args->mode == MODE_VERIFY)
		pack_check_add(&args->check, piece);
	if (!is_wanted(args, &piece->chunk))
		return 0;
	switch (args->mode) {
	case MODE_ENTRIES:
		return print_entries(args, piece, e);
	case MODE_HEADER:
		chunk_add_header(&args->out, piece);
		break;
	case MODE_BLOCKS:
		chunk_add_blocks(&args->out, piece);
		break;
	case MODE_STATS:
		chunk_stats_add(&args->stats, piece);
		break;
	case MODE_VERIFY:
		chunk_verify(piece, args->scratch, report, args);
		pack_check_filter(&args->check, piece, args->scratch, report, args);
		break;
	}
	return flush(args, PRINT_BYTES, e);
}

/* A bundle, whose chunks come next, a filter or a trailer. */
static void do_other(struct args *args, const struct chunk_piece *piece)
{
	if (args->mode == MODE_HEADER)
		chunk_add_header(&args->out, piece);
	else if (args->mode == MODE_STATS)
		chunk_stats_add(&args->stats, piece);
	else if (args->mode == MODE_VERIFY && piece->kind != PIECE_BUNDLE)
		pack_check_end(&args->check, piece, report, args);
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
		if (piece.kind == PIECE_CHUNK) {
			if (do_chunk(args, &piece, e) < 0)
				return -1;
		} else if (piece.kind != PIECE_DAMAGE) {
			do_other(args, &piece);
		} else {
			report(args, &piece.why);
			pack_check_damage(&args->check, &piece);
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
	if (rc < 0)
		return -1;
	return flush(args, 0, e);
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
	args->input = buf_str(&input);
	args->left = args->limit ? args->limit : UINT64_MAX;
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

static const char *const mode_name[] = { NULL, "header", "blocks", "stats", "verify" };

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
}

static void read_option(struct cli *cli, struct args *args, int c)
{
	struct err e;

	switch (c) {
	case OPT_HEADER:
	case OPT_BLOCKS:
	case OPT_STATS:
	case OPT_VERIFY:
		set_mode(cli, args, (enum mode)(MODE_HEADER + (c - OPT_HEADER)));
		break;
	case OPT_FROM:
	case OPT_TO:
		if (time_parse(bytes_str(cli_arg(cli)), time_now_ns(),
			       c == OPT_FROM ? &args->from_ns : &args->to_ns, &e) < 0)
			cli_bad_value(cli, &e);
		break;
	case OPT_MATCH:
		if (logql_matchers(bytes_str(cli_arg(cli)), LOGQL_ANY_SELECTOR, &args->arena,
				   &args->matcher, &args->n_matchers, &e) < 0)
			cli_bad_value(cli, &e);
		break;
	case 'n':
		args->limit = cli_limit(cli);
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
	struct args args = { .cli = &cli, .from_ns = INT64_MIN, .to_ns = INT64_MAX };
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
	for (size_t i = 0; i < args.n_matchers; i++)
		matcher_release(&args.matcher[i]);
	chunk_scratch_free(args.scratch);
	pack_check_release(&args.check);
	arena_release(&args.arena);
	buf_release(&args.out);
	buf_release(&args.labels);
	return status;
}
