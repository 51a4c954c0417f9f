/* idxbuild - make index files over packs, and look into them. */
#include <stdlib.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/cli.h"
#include "index/build.h"
#include "index/look.h"
#include "index/packlist.h"
#include "labels/labels.h"
#include "store/store.h"

enum { MODE_BUILD, MODE_REBUILD = CLI_LONG, MODE_DUMP, MODE_STATS, MODE_VERIFY, OPT_STORE };
enum { LARGEST_DEFAULT = 10 };

static const struct cli_opt opts[] = {
	{ OPT_STORE, "store", "DIR", "the store (default lokid-data/store)" },
	{ MODE_REBUILD, "rebuild", NULL, "make all index files anew, from packs alone" },
	{ MODE_DUMP, "dump", NULL, "print index files as JSON lines" },
	{ MODE_STATS, "stats", NULL, "print values of each label, largest series, totals" },
	{ MODE_VERIFY, "verify", NULL, "check every checksum and reference, of packs' heads too" },
	{ 't', "tenant", "TENANT", "only this tenant (default all)" },
	{ 'n', "limit", "N", "--stats: at most N largest series (default 10, 0 = all)" },
	{ 'v', "verbose", NULL, "say what each index file holds" },
	{ 0 },
};

struct args {
	struct cli *cli;
	const char *store_path;
	int mode;
	struct bytes tenant;
	uint64_t largest; /* 0 when not given */
	bool verbose, store_given, made;
	struct store *store;
};

/* ---- building ---- */

static void on_fault(const struct err *e, void *data)
{
	struct args *a = data;

	cli_report(a->cli, e);
}

static void on_made(const char *name, const struct index_info *in, void *data)
{
	struct args *a = data;

	a->made = true;
	printf("%s/%s\n", store_path(a->store), name);
	if (a->verbose)
		cli_note(a->cli, "%s: %u %s, %u series, %u %s, %llu %s, replaces %u %s", name,
			 in->n_packs, num_word(in->n_packs, "pack", "packs"), in->n_series,
			 in->n_chunks, num_word(in->n_chunks, "chunk", "chunks"),
			 (unsigned long long)in->entries, num_word(in->entries, "entry", "entries"),
			 in->n_segments, num_word(in->n_segments, "segment", "segments"));
}

static void on_deleted(const char *name, void *data)
{
	struct args *a = data;

	if (a->verbose)
		cli_note(a->cli, "deleted '%s/%s'", store_path(a->store), name);
}

static struct build_events events_of(struct args *a)
{
	return (struct build_events){
		.fault = on_fault, .made = on_made, .deleted = on_deleted, .data = a
	};
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
		a->store = store_open(a->store_path, STORE_WRITE, e);
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
	if (labels_check_tenant(bytes_str(name), NULL) < 0)
		return 0; /* not ours, as a disk's lost+found */
	return index_rebuild(a->store, bytes_str(name), &ev, e) < 0 ? -1 : 0;
}

static int rebuild(struct args *a, struct err *e)
{
	char *name;
	int rc;

	if (a->tenant.n == 0)
		return store_list_folders(a->store, "", rebuild_tenant, a, e);
	name = strndup(a->tenant.p, a->tenant.n);
	rc = rebuild_tenant(name, 0, a, e);
	free(name);
	return rc;
}

/* ---- looking ---- */

static int to_stdout(struct bytes text, void *data, struct err *e)
{
	(void)data;
	if (fwrite(text.p, 1, text.n, stdout) != text.n)
		return err_sys(e, "write");
	return 0;
}

static void on_right(const char *name, void *data)
{
	struct args *a = data;

	if (a->verbose)
		cli_note(a->cli, "'%s': right", name);
}

static void on_unnamed(uint64_t n_packs, struct bytes tenant, void *data)
{
	struct args *a = data;

	cli_warn(a->cli,
		 "tenant '%.*s': %llu %s in no index file: if no flush is under way, "
		 "idxbuild --rebuild adds %s",
		 BYTES_ARG(tenant), (unsigned long long)n_packs,
		 num_word(n_packs, "pack is", "packs are"), num_word(n_packs, "it", "them"));
}

static void on_abandoned(uint64_t n_files, struct bytes tenant, void *data)
{
	struct args *a = data;

	cli_warn(a->cli,
		 "tenant '%.*s': %llu %s left by writers that died: idxbuild --rebuild deletes %s",
		 BYTES_ARG(tenant), (unsigned long long)n_files,
		 num_word(n_files, "*.tmp file is", "*.tmp files are"),
		 num_word(n_files, "it", "them"));
}

static void on_superfluous(const char *name, void *data)
{
	struct args *a = data;

	cli_warn(a->cli,
		 "'%s/%s': superfluous, as after a flush that was broken off: other packs have all "
		 "its segments; delete it by hand",
		 store_path(a->store), name);
}

static int look(struct args *a, struct err *e)
{
	struct index_look l = {
		.what = a->mode == MODE_DUMP	? INDEX_LOOK_DUMP
			: a->mode == MODE_STATS ? INDEX_LOOK_STATS
						: INDEX_LOOK_VERIFY,
		.n_largest = a->largest ? a->largest : LARGEST_DEFAULT,
		.sink = to_stdout,
		.fault = on_fault,
		.right = on_right,
		.unnamed = on_unnamed,
		.abandoned = on_abandoned,
		.superfluous = on_superfluous,
		.data = a,
	};
	struct err why;
	int rc = 0;

	if (a->cli->n_operands > 0) {
		for (int i = 0; i < a->cli->n_operands && rc == 0; i++)
			rc = index_look_file(&l, a->cli->operand[i], e);
	} else {
		a->store = store_open(a->store_path, STORE_READ, e);
		if (a->store && a->mode == MODE_VERIFY && store_check_mark(a->store, &why) < 0) {
			why.code = ERR_CORRUPT;
			on_fault(&why, a);
		}
		rc = a->store ? index_look_store(&l, a->store, a->tenant, e) : -1;
	}
	return index_look_end(&l, rc == 0 ? e : NULL) < 0 ? -1 : rc;
}

static int run(struct args *a, struct err *e)
{
	int rc;

	switch (a->mode) {
	case MODE_BUILD:
		return build(a, e);
	case MODE_REBUILD:
		a->store = store_open(a->store_path, STORE_READ, e);
		rc = a->store ? rebuild(a, e) : -1;
		if (rc == 0 && a->made) /* so it is a store, whether it still says so or not */
			rc = store_check_mark(a->store, NULL) < 0 ? store_mark(a->store, e) : 0;
		break;
	default:
		rc = look(a, e);
		break;
	}
	if (!a->store && rc < 0 && e->code == ERR_NO)
		e->code = ERR_IO; /* the store was asked for by name */
	return rc;
}

static const char *mode_name(int mode)
{
	static const char *const name[] = { "--rebuild", "--dump", "--stats", "--verify" };

	return name[mode - MODE_REBUILD];
}

static void check_options(const struct cli *cli, const struct args *a)
{
	if (a->mode == MODE_REBUILD && cli->n_operands > 0)
		cli_usage(cli, "--rebuild takes no operands: it reads all packs of the store");
	if (a->largest && a->mode != MODE_STATS)
		cli_usage(cli, "option '--limit' has no effect without '--stats'");
	if (a->mode == MODE_BUILD && a->tenant.n)
		cli_usage(cli, "option '--tenant' has no effect without '--rebuild', '--dump', "
			       "'--stats' or '--verify'");
	if (a->mode != MODE_BUILD && cli->n_operands > 0 && (a->tenant.n || a->store_given))
		cli_usage(cli, "option '--%s' has no effect with '%s' of named files",
			  a->tenant.n ? "tenant" : "store", mode_name(a->mode));
}

int main(int argc, char **argv)
{
	struct cli cli = {
		.prog = "idxbuild",
		.operands = "[PACK]...",
		.about = "Make the index files over packs whose paths are operands or lines of "
			 "stdin.",
		.opts = opts,
		.examples = "  walreplay --frames --unpacked --store S WALDIR | chunkpack --store "
			    "S | idxbuild --store S",
	};
	struct args a = { .cli = &cli, .store_path = "lokid-data/store" };
	struct err e;

	for (int c; (c = cli_next(&cli, argc, argv)) != -1;) {
		switch (c) {
		case OPT_STORE:
			a.store_path = cli_arg(&cli);
			a.store_given = true;
			break;
		case MODE_REBUILD:
		case MODE_DUMP:
		case MODE_STATS:
		case MODE_VERIFY:
			if (a.mode && a.mode != c)
				cli_usage(&cli, "%s and %s: one at a time", mode_name(a.mode),
					  mode_name(c));
			a.mode = c;
			break;
		case 't':
			a.tenant = bytes_str(cli_arg(&cli));
			if (labels_check_tenant(a.tenant, &e) < 0)
				cli_bad_value(&cli, &e);
			break;
		case 'n':
			a.largest = cli_limit(&cli);
			break;
		case 'v':
			a.verbose = true;
			break;
		}
	}
	check_options(&cli, &a);
	if (run(&a, &e) < 0)
		cli_report(&cli, &e);
	store_close(a.store);
	return cli_exit(&cli);
}
