#include "ingest/segment_task.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/owner.h"
#include "ingest/mend.h"
#include "wal/sidecar.h"

static const char UNSOUND[] =
	"packed, but a pack or an index file of the store is missing or damaged";

static bool is_same_folder(const char *a, const char *b)
{
	struct stat sa, sb;

	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

int segment_task_check_default(const struct segment_task *t, const char *log, struct err *e)
{
	if (t->mode == SEGMENT_SALVAGE && !is_same_folder(t->salvage_dir, log))
		return err_set(e, ERR_USAGE,
			       "--salvage '%s' says where new segments go; name the segment or "
			       "folder that is read, too",
			       t->salvage_dir);
	/* Only one that is not there is told so: one that may not be read is another matter. */
	if (access(log, F_OK) < 0 && errno == ENOENT)
		return err_set(e, ERR_IO, "there is no log '%s'; name a segment or a folder", log);
	return 0;
}

static void fail(struct segment_task *t, struct err *e, const char *name)
{
	err_wrap(e, "'%s'", name);
	t->fail(e, t->data);
}

static void note(struct segment_task *t, const char *name, const char *what)
{
	struct buf b = { 0 };

	buf_addf(&b, "'%s': %s", name, what);
	t->note(buf_str(&b), t->data);
	buf_release(&b);
}

/* From replay: damage, or a torn tail, which is none. */
static void on_report(const struct err *e, void *data)
{
	struct segment_task *t = data;
	struct err named = *e;

	if (e->code == ERR_NO) {
		err_wrap(&named, "torn tail, cut there");
		note(t, t->name, named.msg);
		return;
	}
	t->damaged = true;
	fail(t, &named, t->name);
}

void segment_task_begin(struct segment_task *t)
{
	t->replay.report = on_report;
	t->replay.data = t;
	t->r = replay_new(&t->replay);
}

/* Of what is not packed yet a tenant may have nothing; of a whole log it has something, or is
 * misspelt. */
static void warn_of_tenant(const struct segment_task *t)
{
	struct buf b = { 0 };

	if (t->mode != SEGMENT_REPLAY || !replay_lacks_tenant(t->r))
		return;
	buf_addf(&b, "nothing that was read is of tenant '%.*s'", BYTES_ARG(t->replay.tenant));
	t->warn(buf_str(&b), t->data);
	buf_release(&b);
}

void segment_task_end(struct segment_task *t)
{
	const struct live_fault *fault = NULL;
	size_t n = 0;
	struct err e;

	if (!replay_out_failed(t->r) && replay_flush(t->r, &e) < 0)
		t->fail(&e, t->data);
	if (t->cover)
		fault = cover_faults(t->cover, &n);
	for (size_t i = 0; i < n; i++)
		t->fail(&fault[i].err, t->data);
	warn_of_tenant(t);
	replay_free(t->r);
	buf_release(&t->out);
}

static void replay_one(struct segment_task *t, int fd, const char *name, enum replay_input input,
		       uint64_t was_good)
{
	struct err e;

	if (replay_out_failed(t->r))
		return;
	t->name = name;
	t->damaged = false;
	if (replay_fd(t->r, fd, input, was_good, &e) < 0) {
		t->damaged = e.code == ERR_CORRUPT;
		fail(t, &e, name);
	}
}

/* cut_from: the size it had when its sidecar was made, which was told; 0 it has it still. Where a
 * second segment begins in it is returned; 0 none. */
static uint64_t stats_one(struct segment_task *t, int fd, const char *name, enum wal_state state,
			  uint64_t was_good, uint64_t cut_from)
{
	struct wal_stats stats;
	struct err e;

	if (wal_stats_fd(fd, was_good, &stats, &e) < 0) {
		fail(t, &e, name);
		return 0;
	}
	stats.cut_from = cut_from;
	wal_stats_add(&t->out, name, &stats, state, t->stats_format);
	if (!cut_from && wal_stats_damage(&stats, &e) < 0)
		fail(t, &e, name);
	return stats.second;
}

/* A file of the log holds one segment: what packs and indexes cover is a segment, what is deleted a
 * file. */
static void check_single(struct segment_task *t, const struct wal_segment *s, uint64_t second)
{
	struct err e;

	if (s->in_log && second && wal_segment_is_several(second, &e) < 0)
		fail(t, &e, s->path);
}

/* Tells it when a segment is shorter than it was. */
static bool is_cut(struct segment_task *t, const struct wal_segment *s)
{
	uint64_t was;
	struct err e;

	if (!wal_sum_is_cut(s, &was))
		return false;
	if (wal_sum_say_cut(s, was, &e) < 0)
		fail(t, &e, s->path);
	return true;
}

static bool is_empty(struct segment_task *t, const struct wal_segment *s)
{
	if (s->is_empty)
		note(t, s->path, "empty, nothing is in it");
	return s->is_empty;
}

static void salvage_one(struct segment_task *t, const struct wal_segment *s)
{
	struct salvage_counts c;
	char *path, *rest;
	struct err e;

	if (s->state == WAL_OPEN) {
		err_set(&e, ERR_AGAIN, "its writer still has it open");
		fail(t, &e, s->path);
		return;
	}
	if (!is_cut(t, s) && is_empty(t, s))
		return;
	if (salvage_segment(s, t->salvage_dir, &c, &path, &rest, &e) < 0) {
		fail(t, &e, s->path);
		return;
	}
	if (c.undamaged) {
		note(t, s->path, "undamaged, left out");
		return;
	}
	buf_addf(&t->out, "%s: ", s->path);
	salvage_counts_add(&t->out, &c, path, rest);
	buf_add_char(&t->out, '\n');
	if (c.lost_entries || !path) {
		err_set(&e, ERR_CORRUPT,
			path ? "damaged: not all of it could be saved"
			     : "damaged: nothing of it could be saved; move it "
			       "out of the log, what it held is lost");
		fail(t, &e, s->path);
	}
	free(path);
	free(rest);
}

static void say_mended(struct segment_task *t, const struct wal_segment *s, const struct mended *m)
{
	struct err e;

	buf_addf(&t->out, "%s: ", s->path);
	salvage_counts_add(&t->out, &m->counts, m->saved ? s->path : NULL, m->rest);
	buf_addf(&t->out, "; set aside as %s\n", m->aside);
	if (!m->counts.lost_entries && m->saved)
		return;
	err_set(&e, ERR_CORRUPT, "damaged: %s",
		m->saved ? "not all of it could be saved" : "nothing of it could be saved");
	fail(t, &e, s->path);
}

/* 1, 0. Damage that nobody has met is in no sidecar: all is read. Errors: covered_is_damaged's. */
static int is_damaged(const struct wal_segment *s, struct err *e)
{
	struct streams *streams;
	struct wal_sum sum = { 0 };
	int ret = covered_is_damaged(s, e);

	if (ret != 0)
		return ret;
	streams = streams_new();
	if (wal_sum_read(s, WAL_SUM_VERIFY, streams, &sum, e) == 0)
		ret = sum.tail == WAL_TAIL_DAMAGED;
	else
		ret = e->code == ERR_CORRUPT ? 1 : -1;
	wal_sum_release(&sum);
	streams_free(streams);
	return ret;
}

static void mend_one(struct segment_task *t, const struct wal_segment *s)
{
	struct mended m;
	struct err e;
	int damaged;

	if (s->state == WAL_OPEN) {
		note(t, s->path, "its writer still has it open, left out");
		return;
	}
	damaged = is_damaged(s, &e);
	if (damaged == 0)
		return;
	if (damaged < 0 || mend_segment(s, &m, &e) < 0) {
		fail(t, &e, s->path);
		return;
	}
	if (m.counts.undamaged)
		note(t, s->path, "undamaged after all, left out");
	else
		say_mended(t, s, &m);
	mended_release(&m);
}

/* One of a later version is sound, for who can read it: --mend leaves it. */
static void say_damaged(const struct wal_segment *s, struct err *e)
{
	if (s->has_header || wal_segment_check(s, e) == 0 || e->code != ERR_VERSION)
		err_set(e, ERR_CORRUPT, "damaged, left out; see --verify and --mend");
}

/* What the store says of a segment; COVERED_OPEN, with the error told, when that cannot be known.
 */
static enum covered ask(struct segment_task *t, const struct wal_segment *s)
{
	enum covered is;
	struct err e;

	if (covered_ask(t->cover, s, &is, &e) < 0) {
		fail(t, &e, s->path);
		return COVERED_OPEN;
	}
	if (is == COVERED_OPEN)
		note(t, s->path, "its writer still has it open, left out");
	if (is == COVERED_EMPTY)
		is_empty(t, s);
	if (is == COVERED_DAMAGED && !t->quiet && !is_cut(t, s)) {
		say_damaged(s, &e);
		fail(t, &e, s->path);
	}
	return is;
}

static void prune_one(struct segment_task *t, const struct wal_segment *s)
{
	enum covered is = ask(t, s);
	struct err e;

	if (is == COVERED_NOT)
		note(t, s->path, "not packed yet, left");
	if (is == COVERED_UNSOUND) {
		err_set(&e, ERR_CORRUPT, "%s, left; see idxbuild --verify", UNSOUND);
		fail(t, &e, s->path);
	}
	if (is != COVERED_WHOLE && is != COVERED_EMPTY)
		return;
	if (wal_segment_delete(s, &e) < 0)
		t->fail(&e, t->data);
	else if (!t->quiet)
		buf_addf(&t->out, "%s\n", s->path);
}

static void unpacked_one(struct segment_task *t, const struct wal_segment *s)
{
	enum covered is = ask(t, s);
	struct err e;

	if (is == COVERED_WHOLE)
		note(t, s->path, "packed, left out");
	if (is == COVERED_UNSOUND) {
		err_set(&e, ERR_CORRUPT, "%s, given again; see idxbuild --verify", UNSOUND);
		fail(t, &e, s->path);
	}
	if (is != COVERED_NOT && is != COVERED_UNSOUND)
		return;
	replay_one(t, s->fd, s->path, REPLAY_CLOSED, wal_sum_was_good(s));
	if (t->damaged && covered_note_damage(s, &e) < 0)
		note(t, s->path, e.msg);
}

/* A segment that is cut may have gone on, for all that its own bytes say. */
static void replay_segment(struct segment_task *t, const struct wal_segment *s)
{
	bool cut = is_cut(t, s);

	if (cut ? !s->has_header : is_empty(t, s))
		return;
	replay_one(t, s->fd, s->path, s->state == WAL_CLOSED && !cut ? REPLAY_CLOSED : REPLAY_PART,
		   wal_sum_was_good(s));
	check_single(t, s, replay_second(t->r));
}

static void stats_segment(struct segment_task *t, const struct wal_segment *s)
{
	bool cut = is_cut(t, s);
	uint64_t was = 0;

	if (!(cut ? s->has_header : !is_empty(t, s)))
		return;
	if (cut && !wal_sum_is_cut(s, &was))
		was = s->size; /* the sidecar went meanwhile: it was told all the same */
	check_single(t, s, stats_one(t, s->fd, s->path, s->state, wal_sum_was_good(s), was));
}

/* New segments are made there. */
static void warn_of_owner(struct segment_task *t, const char *segment)
{
	const char *slash = strrchr(segment, '/');
	struct buf folder = { 0 };
	struct err why;

	if (t->mode == SEGMENT_SALVAGE)
		buf_add_str(&folder, t->salvage_dir);
	else
		buf_add(&folder, slash ? segment : ".", slash ? (size_t)(slash - segment) : 1);
	if (!t->owner_told && owner_is_other(buf_str(&folder), "walreplay", &why)) {
		t->owner_told = true;
		t->warn(why.msg, t->data);
	}
	buf_release(&folder);
}

void segment_task_do(struct segment_task *t, const struct wal_segment *s)
{
	if (t->mode == SEGMENT_SALVAGE || t->mode == SEGMENT_MEND)
		warn_of_owner(t, s->path);
	switch (t->mode) {
	case SEGMENT_REPLAY:
		replay_segment(t, s);
		break;
	case SEGMENT_UNPACKED:
		unpacked_one(t, s);
		break;
	case SEGMENT_STATS:
		stats_segment(t, s);
		break;
	case SEGMENT_PRUNE:
		prune_one(t, s);
		break;
	case SEGMENT_SALVAGE:
		salvage_one(t, s);
		break;
	case SEGMENT_MEND:
		mend_one(t, s);
		break;
	}
}

void segment_task_do_fd(struct segment_task *t, int fd, const char *name, enum wal_state state)
{
	if (t->mode == SEGMENT_STATS)
		stats_one(t, fd, name, state, 0, 0);
	else
		replay_one(t, fd, name, REPLAY_PART, 0);
}
