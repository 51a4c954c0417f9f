#include "ingest/segment_task.h"

#include <stdlib.h>

#include "ingest/salvage.h"

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

void segment_task_end(struct segment_task *t)
{
	struct err e;

	if (!t->out_failed && replay_flush(t->r, &e) < 0)
		t->fail(&e, t->data);
	replay_free(t->r);
	buf_release(&t->out);
}

static void replay_one(struct segment_task *t, int fd, const char *name, enum replay_input input)
{
	struct err e;

	if (t->out_failed)
		return;
	t->name = name;
	t->damaged = false;
	if (replay_fd(t->r, fd, input, &e) < 0) {
		t->out_failed = e.code == ERR_FULL || e.code == ERR_IO;
		t->damaged = e.code == ERR_CORRUPT;
		fail(t, &e, name);
	}
}

static void stats_one(struct segment_task *t, int fd, const char *name, enum wal_state state)
{
	struct wal_stats stats;
	struct err e;

	if (wal_stats_fd(fd, &stats, &e) < 0)
		fail(t, &e, name);
	else
		wal_stats_add(&t->out, name, &stats, state, t->stats_format);
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
	if (salvage_segment(s, t->salvage_dir, &c, &path, &rest, &e) < 0) {
		fail(t, &e, s->path);
		return;
	}
	buf_addf(&t->out, "%s: ", s->path);
	salvage_counts_add(&t->out, &c, path, rest);
	buf_add_char(&t->out, '\n');
	free(path);
	free(rest);
}

/* What the store says of a segment; COVERED_OPEN, with the error told, when that cannot be known.
 */
static enum covered ask(struct segment_task *t, const struct wal_segment *s, enum covered_why why)
{
	enum covered is;
	struct err e;

	if (covered_ask(t->cover, s, why, &is, &e) < 0) {
		fail(t, &e, s->path);
		return COVERED_OPEN;
	}
	if (is == COVERED_OPEN)
		note(t, s->path, "its writer still has it open, left out");
	if (is == COVERED_DAMAGED) {
		err_set(&e, ERR_CORRUPT, "damaged, left out; see --verify and --salvage");
		fail(t, &e, s->path);
	}
	return is;
}

static void prune_one(struct segment_task *t, const struct wal_segment *s)
{
	enum covered is = ask(t, s, COVER_TO_DELETE);
	struct err e;

	if (is == COVERED_NOT)
		note(t, s->path, "not packed yet, left");
	if (is != COVERED_WHOLE)
		return;
	if (wal_segment_delete(s, &e) < 0)
		t->fail(&e, t->data);
	else
		buf_addf(&t->out, "%s\n", s->path);
}

static void unpacked_one(struct segment_task *t, const struct wal_segment *s)
{
	enum covered is = ask(t, s, COVER_TO_PACK);
	struct err e;

	if (is == COVERED_WHOLE)
		note(t, s->path, "packed, left out");
	if (is != COVERED_NOT)
		return;
	replay_one(t, s->fd, s->path, REPLAY_CLOSED);
	if (t->damaged && covered_note_damage(s, &e) < 0)
		note(t, s->path, e.msg);
}

void segment_task_do(struct segment_task *t, const struct wal_segment *s)
{
	switch (t->mode) {
	case SEGMENT_REPLAY:
		replay_one(t, s->fd, s->path, s->state == WAL_CLOSED ? REPLAY_CLOSED : REPLAY_PART);
		break;
	case SEGMENT_UNPACKED:
		unpacked_one(t, s);
		break;
	case SEGMENT_STATS:
		stats_one(t, s->fd, s->path, s->state);
		break;
	case SEGMENT_PRUNE:
		prune_one(t, s);
		break;
	case SEGMENT_SALVAGE:
		salvage_one(t, s);
		break;
	}
}

void segment_task_do_fd(struct segment_task *t, int fd, const char *name, enum wal_state state)
{
	if (t->mode == SEGMENT_STATS)
		stats_one(t, fd, name, state);
	else
		replay_one(t, fd, name, REPLAY_PART);
}
