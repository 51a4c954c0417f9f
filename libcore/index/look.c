#include "index/look.h"

#include <stdlib.h>

#include "base/io.h"
#include "base/num.h"
#include "index/check.h"
#include "index/fsck.h"
#include "index/live.h"
#include "json/json.h"
#include "store/names.h"

/* Faults of one file: the calls that find them know only the place inside. */
struct place {
	struct index_look *l;
	struct index *ix;
};

/* Of a check as JSON lines all that is told is an object, too. */
static void print_word(struct index_look *l, const char *word, const char *text)
{
	struct buf b = { 0 };

	if (l->what != INDEX_LOOK_VERIFY || l->format != CLI_JSONL || l->failure.code != ERR_NONE)
		return;
	buf_addf(&b, "{\"%s\":", word);
	json_add_quoted(&b, bytes_str(text));
	buf_add_str(&b, "}\n");
	if (l->sink(buf_bytes(&b), l->data, &l->failure) < 0 && l->failure.code == ERR_NONE)
		l->failure.code = ERR_IO;
	buf_release(&b);
}

static void tell_fault(struct index_look *l, const struct err *e)
{
	print_word(l, "fault", e->msg);
	l->fault(e, l->data);
}

static void tell_right(struct index_look *l, const char *name)
{
	print_word(l, "right", name);
	l->right(name, l->data);
}

static void on_fault(const struct err *e, void *data)
{
	const struct place *p = data;
	struct err full = *e;

	err_wrap(&full, "'%s'", index_label(p->ix));
	tell_fault(p->l, &full);
}

static void on_check_fault(const struct index_fault *f, void *data)
{
	on_fault(&f->err, data);
}

static int print_stats(struct index_look *l, struct err *e)
{
	struct buf out = { 0 };
	int rc;

	if (!l->stats)
		return 0;
	index_stats_print(l->stats, buf_bytes(&l->tenant), l->n_largest, l->format, &out);
	rc = l->sink(buf_bytes(&out), l->data, e);
	index_stats_free(l->stats);
	l->stats = NULL;
	buf_release(&out);
	return rc;
}

static int add_stats(struct index_look *l, struct index *ix, const bool *skip_pack, struct err *e)
{
	struct place place = { l, ix };
	struct bytes tenant = index_info(ix)->tenant;
	struct err why;

	if (l->stats && !bytes_eq(buf_bytes(&l->tenant), tenant) &&
	    (print_stats(l, e) < 0 ||
	     (l->format != CLI_JSONL && l->sink(BYTES_LIT("\n"), l->data, e) < 0)))
		return -1;
	if (!l->stats) {
		l->stats = index_stats_new();
		buf_reset(&l->tenant);
		buf_add_bytes(&l->tenant, tenant);
	}
	if (index_stats_add(l->stats, ix, skip_pack, &why) < 0)
		on_fault(&why, &place);
	return 0;
}

/* skip_pack is NULL for a file that is looked at alone. */
static int look(struct index_look *l, struct index *ix, const bool *skip_pack, struct err *e)
{
	struct place place = { l, ix };
	struct err why;

	switch (l->what) {
	case INDEX_LOOK_DUMP:
		if (index_dump(ix, l->sink, l->data, &why) == 0)
			break;
		if (why.code != ERR_CORRUPT) {
			*e = why;
			return -1;
		}
		on_fault(&why, &place);
		break;
	case INDEX_LOOK_STATS:
		return add_stats(l, ix, skip_pack, e);
	case INDEX_LOOK_VERIFY:
		if (index_check(NULL, ix, NULL, on_check_fault, &place) == 0)
			tell_right(l, index_label(ix));
		break;
	}
	return 0;
}

int index_look_file(struct index_look *l, const char *path, struct err *e)
{
	struct io_map map;
	struct index *ix;
	struct err why;
	int rc = 0;

	if (io_map(path, &map, &why) < 0) {
		tell_fault(l, &why);
		return 0;
	}
	ix = index_open(map.b, path, &why);
	if (ix)
		rc = look(l, ix, NULL, e);
	else
		tell_fault(l, &why);
	index_close(ix);
	io_unmap(&map);
	return rc;
}

/* ---- a store ---- */

static int look_at_day(struct live *live, struct bytes tenant, int32_t day, void *data,
		       struct err *e)
{
	struct index_look *l = data;
	int rc = 0;

	(void)tenant;
	(void)day;
	for (size_t i = 0; i < live->n_faults; i++)
		tell_fault(l, &live->faults[i].err);
	for (size_t i = 0; i < live->n && rc == 0; i++)
		rc = look(l, live->v[i], live->skip_pack[i], e);
	return rc;
}

/* What a check of the whole store finds. */
struct checking {
	struct index_look *l;
	struct store *s;
	struct buf tenant;			      /* of the last fault */
	uint64_t n_unnamed, n_leftovers, n_abandoned; /* of this tenant */
	uint64_t n_archived;			      /* packs of all tenants */
};

static void warn(struct checking *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void warn(struct checking *c, const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list va;

	va_start(va, fmt);
	buf_addv(&text, fmt, va);
	va_end(va);
	print_word(c->l, "warning", buf_str(&text));
	c->l->warn(buf_str(&text), c->l->data);
	buf_release(&text);
}

/* One line for all packs of a kind, and for all files. */
static void end_tenant(struct checking *c)
{
	struct bytes t = buf_bytes(&c->tenant);
	uint64_t n = c->n_unnamed;

	if (n)
		warn(c,
		     "tenant '%.*s': %llu %s in no index file: if no flush is under way, "
		     "idxbuild --fsck --repair adds %s older than --delete-delay",
		     BYTES_ARG(t), (unsigned long long)n, num_word(n, "pack is", "packs are"),
		     num_word(n, "it when it is", "them when they are"));
	n = c->n_leftovers;
	if (n)
		warn(c,
		     "tenant '%.*s': %llu %s in no index file and all of packs that are: if no "
		     "compaction is under way, one did not end, and idxbuild --compact deletes %s "
		     "after its delay",
		     BYTES_ARG(t), (unsigned long long)n, num_word(n, "pack is", "packs are"),
		     num_word(n, "it", "them"));
	n = c->n_abandoned;
	if (n)
		warn(c,
		     "%s%.*s%s%llu %s left by writers that died: idxbuild --fsck --repair deletes "
		     "%s",
		     t.n ? "tenant '" : "", BYTES_ARG(t), t.n ? "': " : "", (unsigned long long)n,
		     num_word(n, "*.tmp file is", "*.tmp files are"), num_word(n, "it", "them"));
	c->n_unnamed = c->n_leftovers = c->n_abandoned = 0;
	buf_reset(&c->tenant);
}

/* Of an index file, or of what it says of a pack. */
static void tell_error(struct checking *c, const struct index_fault *f)
{
	struct err full = f->err;

	if (f->kind != FAULT_UNMARKED)
		err_wrap(&full, "'%s/%s'", store_path_of(c->s, f->name), f->name);
	if (f->index)
		err_wrap(&full, "'%s/%s'", store_path_of(c->s, f->index), f->index);
	tell_fault(c->l, &full);
}

/* A pack that no index file names is of a flush that is under way, perhaps; idxbuild --fsck
 * tells what is wrong with it. */
static bool is_unnamed(const struct index_fault *f)
{
	struct store_name sn;

	return !f->index && store_name_parse(bytes_str(f->name), &sn, NULL) == 0 &&
	       sn.kind == STORE_PACK;
}

static void on_found(const struct index_fault *f, void *data)
{
	struct checking *c = data;

	if (!bytes_eq(f->tenant, buf_bytes(&c->tenant))) {
		end_tenant(c);
		buf_add_bytes(&c->tenant, f->tenant);
	}
	switch (f->kind) {
	case FAULT_FOREIGN: /* left alone, and in nobody's way, but in the place of a folder */
		if (!strchr(f->name + f->tenant.n + 1, '/'))
			tell_error(c, f);
		break;
	case FAULT_OVERLAP:
		break;
	case FAULT_ABANDONED:
		c->n_abandoned += f->n;
		break;
	case FAULT_LEFTOVER:
		c->n_leftovers++;
		break;
	case FAULT_SUPERFLUOUS:
		warn(c, "'%s/%s': %s; --compact deletes it", store_path_of(c->s, f->name), f->name,
		     f->err.msg);
		break;
	default:
		if (is_unnamed(f))
			c->n_unnamed++;
		else
			tell_error(c, f);
		break;
	}
}

static void on_right(const char *index, void *data)
{
	const struct checking *c = data;

	tell_right(c->l, index);
}

static void on_archived(uint64_t packs, void *data)
{
	((struct checking *)data)->n_archived += packs;
}

static void warn_of_archived(struct checking *c)
{
	const uint64_t n = c->n_archived;

	if (n)
		warn(c, "%llu %s archived and not read", (unsigned long long)n,
		     num_word(n, "pack is", "packs are"));
}

int index_look_store(struct index_look *l, struct store *s, struct bytes tenant, struct err *e)
{
	struct checking c = { .l = l, .s = s };
	const struct index_fsck f = {
		.store = s,
		.tenant = tenant,
		.depth = l->what == INDEX_LOOK_VERIFY ? FSCK_HEADS : FSCK_UNNAMED,
		.tell = on_found,
		.right = on_right,
		.archived = on_archived,
		.data = &c,
	};
	int rc = 0;

	if (l->what != INDEX_LOOK_VERIFY)
		rc = live_each(s, tenant, look_at_day, l, e);
	if (rc == 0 && l->what != INDEX_LOOK_DUMP) {
		rc = index_fsck(&f, e) < 0 ? -1 : 0;
		end_tenant(&c);
		warn_of_archived(&c);
	}
	buf_release(&c.tenant);
	return rc;
}

int index_look_end(struct index_look *l, struct err *e)
{
	int rc = print_stats(l, e);

	if (rc == 0 && l->failure.code != ERR_NONE)
		rc = err_set(e, l->failure.code, "%s", l->failure.msg);
	index_stats_free(l->stats);
	buf_release(&l->tenant);
	return rc;
}
