#include "query/source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "chunk/chunk.h"
#include "codec/stream.h"
#include "entry/jsonl.h"
#include "entry/streams.h"
#include "json/json.h"
#include "query/limits.h"
#include "query/raw.h"
#include "store/store.h"
#include "time/time.h"
#include "wal/segment.h"

/* A file operand. */
struct input {
	enum { FILE_RAW, FILE_JSONL, FILE_CHUNKS, FILE_WAL, FILE_BAD /* and told so */ } kind;
	const char *name;
	bool empty; /* of what kind it is nobody can tell */
	int fd;	    /* CHUNKS */
	struct raw *raw;
	struct jsonl_data *jsonl;
	struct wal_segment segment;
};

struct sources {
	const struct source_opts *o;
	struct input *v;
	size_t n, at; /* at: which of them sources_next reads */
	bool behind;  /* it has met a stream */
	struct raw_clock clock;
	struct store *store;
	struct wal_list wal;
	struct streams *streams;
	struct covered covered;
	struct hide_later *hide; /* NULL: it was given */
};

/* Waits until a pipe has a byte or its end. */
static bool pipe_is_empty(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
	return !(p.revents & POLLIN);
}

enum on_stdin { NOTHING, EMPTY, SOMETHING };

/* What standard input is; what it holds is looked at only when it matters. */
static enum on_stdin look_at_stdin(bool wait)
{
	struct stat st;
	char byte;

	if (fstat(STDIN_FILENO, &st) < 0)
		return NOTHING;
	if (S_ISREG(st.st_mode))
		return st.st_size <= lseek(STDIN_FILENO, 0, SEEK_CUR) ? EMPTY : SOMETHING;
	if (S_ISFIFO(st.st_mode))
		return wait && pipe_is_empty(STDIN_FILENO) ? EMPTY : SOMETHING;
	if (S_ISSOCK(st.st_mode))
		return wait && recv(STDIN_FILENO, &byte, 1, MSG_PEEK) <= 0 ? EMPTY : SOMETHING;
	return NOTHING;
}

static const char default_store[] = "lokid-data/store", default_wal[] = "lokid-data/wal";

static bool default_is_there(void)
{
	return access(default_store, F_OK) == 0 || access(default_wal, F_OK) == 0;
}

bool sources_choose_default(struct source_opts *o)
{
	o->store = default_store;
	o->wal = default_wal;
	o->if_there = true;
	return default_is_there();
}

bool sources_choose(struct source_opts *o, char *const *files, size_t n)
{
	static char *const from_stdin[] = { "-" };
	enum on_stdin in;
	bool there;

	o->files = files;
	o->n_files = n;
	if (n || o->store || o->wal)
		return true;
	there = default_is_there();
	in = look_at_stdin(there);
	/* Cron and the like give an empty pipe to who is to read nothing. */
	if (in == SOMETHING || (in == EMPTY && !there)) {
		o->files = from_stdin;
		o->n_files = 1;
		return true;
	}
	return sources_choose_default(o);
}

/* Whether a line is an entry as programs pass them, and not just some JSON. */
static bool is_entry(struct bytes start)
{
	const char *nl = memchr(start.p, '\n', start.n);
	struct jsonl_reader r = { 0 };
	struct jsonl_entry x;
	struct err ignored;
	bool ret;

	if (start.n == 0 || start.p[0] != '{')
		return false;
	/* A first line that is longer than what was read is looked at by its beginning. */
	if (!nl)
		return bytes_starts(start, BYTES_LIT("{\"ts\":\"")) &&
		       memmem(start.p, start.n, "\"labels\":{", 10);
	ret = jsonl_parse(&r, bytes_of(start.p, (size_t)(nl - start.p)), &x, &ignored) == 0 &&
	      (x.has_ts || x.labels.n);
	jsonl_reader_release(&r);
	return ret;
}

/* --- operands -------------------------------------------------------------------------------- */

enum { HEAD = 4096, MAGIC_MAX = 8 };

/* A file being opened: what it is is told by its first bytes. */
struct opening {
	int fd;
	bool is_stdin, whole; /* whole: a plain file, standing at its start */
	char head[HEAD];
	size_t n;
	struct codec_stream *stream; /* of all but a plain file of lines */
	char text[HEAD];	     /* read from the stream already */
	size_t n_text;
};

/* A line that may be an entry is looked at to its end. */
static bool seen_enough(const char *p, size_t n)
{
	struct bytes text = codec_skip_bom(bytes_of(p, n));

	return n == HEAD || (n > 0 && memchr(p, '\n', n)) ||
	       (text.n >= MAGIC_MAX && text.p[0] != '{');
}

/* The first bytes. A plain file's stay to be read; those of a pipe are used up. */
static int read_head(struct opening *x, struct err *e)
{
	struct stat st;
	int64_t got;

	if (fstat(x->fd, &st) < 0)
		return err_sys(e, "cannot be looked at");
	if (S_ISDIR(st.st_mode))
		return err_set(e, ERR_IO, "a folder; --store names a store, --wal a log");
	x->whole = S_ISREG(st.st_mode) && lseek(x->fd, 0, SEEK_CUR) == 0;
	if (x->whole) {
		got = io_pread(x->fd, x->head, HEAD, 0, e);
		x->n = got < 0 ? 0 : (size_t)got;
		return got < 0 ? -1 : 0;
	}
	while (!seen_enough(x->head, x->n)) {
		do
			got = read(x->fd, x->head + x->n, HEAD - x->n);
		while (got < 0 && errno == EINTR);
		if (got < 0)
			return err_sys(e, "cannot read");
		if (got == 0)
			break;
		x->n += (size_t)got;
	}
	return 0;
}

/* The first bytes of the content, which is compressed or comes through a pipe. What is damaged is
 * told by whoever reads on. */
static void read_text(struct opening *x)
{
	struct err later;

	x->stream =
		codec_stream_new(x->fd, x->whole ? (struct bytes){ 0 } : bytes_of(x->head, x->n));
	while (!seen_enough(x->text, x->n_text)) {
		int64_t got =
			codec_stream_some(x->stream, x->text + x->n_text, HEAD - x->n_text, &later);

		if (got <= 0)
			break;
		x->n_text += (size_t)got;
	}
}

/* A descriptor of a plain file with the whole content. */
static int whole_file(struct opening *x, struct err *e)
{
	int fd;

	if (x->whole)
		return x->fd;
	fd = io_spool(x->fd, bytes_of(x->head, x->n), e);
	close(x->fd);
	x->fd = -1;
	return fd;
}

static int open_wal(struct sources *s, struct input *in, struct opening *x, struct err *e)
{
	int fd;

	if (!s->streams)
		s->streams = streams_new();
	in->kind = FILE_WAL;
	if (x->whole && !x->is_stdin) {
		close(x->fd);
		return wal_segment_open(in->name, &in->segment, e);
	}
	fd = whole_file(x, e);
	return fd < 0 ? err_wrap(e, "'%s'", in->name)
		      : wal_segment_open_fd(fd, in->name, &in->segment, e);
}

static int open_chunks(struct input *in, struct opening *x, struct err *e)
{
	in->kind = FILE_CHUNKS;
	in->fd = whole_file(x, e);
	return in->fd < 0 ? err_wrap(e, "'%s'", in->name) : 0;
}

/* A segment or a pack by its name, which nobody would want to be read as text. */
static bool named_as_ours(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && (strcmp(dot, ".wal") == 0 || strcmp(dot, ".pack") == 0);
}

static int open_text(struct sources *s, struct input *in, struct opening *x, struct err *e)
{
	bool is_auto = s->o->input == INPUT_AUTO;
	struct bytes head = bytes_of(x->head, x->n), start = codec_skip_bom(head);
	struct err warning;
	int r = 0;

	/* What is not read where it lies: also a file of which the first bytes are left out. */
	if (!x->whole || s->o->input == INPUT_JSONL || codec_stream_is_packed(head) ||
	    start.n < head.n || (is_auto && is_entry(start))) {
		read_text(x);
		start = codec_skip_bom(bytes_of(x->text, x->n_text));
	}
	in->empty = start.n == 0;
	if (s->o->input == INPUT_JSONL || (is_auto && is_entry(start))) {
		in->kind = FILE_JSONL;
		r = jsonl_data_read(x->stream, in->name, start, s->o, &in->jsonl, e);
	} else if (is_auto && named_as_ours(in->name)) {
		in->kind = FILE_BAD;
		err_set(e, ERR_CORRUPT,
			"'%s': neither a segment nor a pack: no magic (--input lines reads it "
			"as text)",
			in->name);
		s->o->damage(s->o->damage_data, e);
	} else {
		if (is_auto && codec_is_binary(start)) {
			err_set(&warning, ERR_CORRUPT, CODEC_IS_BINARY, in->name);
			s->o->warn(s->o->damage_data, &warning);
		}
		in->kind = FILE_RAW;
		in->raw = raw_new(x->fd, x->stream, in->name, start, s->o, &s->clock);
		return 0;
	}
	codec_stream_free(x->stream);
	close(x->fd);
	return r;
}

static int open_input(struct sources *s, struct input *in, struct err *e)
{
	struct opening x = { .is_stdin = strcmp(in->name, "-") == 0 };
	struct bytes start;

	x.fd = x.is_stdin ? dup(STDIN_FILENO) : io_open(in->name, e);
	if (x.fd < 0)
		return x.is_stdin ? err_sys(e, "stdin") : -1;
	if (x.is_stdin)
		in->name = "stdin";
	if (read_head(&x, e) < 0) {
		close(x.fd);
		return err_wrap(e, "'%s'", in->name);
	}
	start = bytes_of(x.head, x.n);
	if (s->o->input == INPUT_AUTO && chunk_is_magic(start))
		return open_chunks(in, &x, e);
	if (s->o->input == INPUT_AUTO && wal_is_magic(start))
		return open_wal(s, in, &x, e);
	return open_text(s, in, &x, e);
}

/* Each pack and segment that is read stays open. */
static void allow_open_files(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

/* Options that would change nothing, now that it is known what the files are. */
static int check_options(const struct sources *s, struct err *e)
{
	const struct source_opts *o = s->o;
	bool times = o->raw_time == RAW_TIME_LINE || o->raw_time == RAW_TIME_FIELD;
	bool all = sources_raw_only(s), any = false, content = false;

	for (size_t i = 0; i < s->n; i++) {
		any |= s->v[i].kind == FILE_RAW || s->v[i].kind == FILE_BAD;
		content |= !s->v[i].empty;
	}
	if (times && !any)
		return err_set(e, ERR_USAGE, "--time, --time-field: no file of raw lines is read");
	if (o->tenant.n && all && content)
		return err_set(e, ERR_USAGE, "option '--tenant': raw lines belong to none");
	return 0;
}

void source_add_warning(const struct source_opts *o, const struct err *e)
{
	struct buf text = { 0 };

	if (!o->warnings)
		return;
	json_add_quoted(&text, bytes_str(e->msg));
	if (!o->warnings->n || !memmem(o->warnings->p, o->warnings->n, text.p, text.n)) {
		if (o->warnings->n)
			buf_add_char(o->warnings, ',');
		buf_add_bytes(o->warnings, buf_bytes(&text));
	}
	buf_release(&text);
}

struct store *source_open_store(const struct source_opts *o, struct err *e)
{
	struct store *s = store_open(o->store, o->if_there ? STORE_READ_IF_THERE : STORE_READ, e);
	struct err why;

	/* Of a folder without a mark only an empty one is taken: others' folders are no tenants. An
	 * object store, and parts that may lie in one, are not asked once more for each query. */
	if (s && !o->if_there && !store_is_url(o->store) && !store_names_parts(o->store) &&
	    store_check_mark(s, &why) < 0) {
		store_close(s);
		s = store_open(o->store, STORE_READ_IF_THERE, e);
	}

	if (s) {
		store_set_cache(s, o->cache, STORE_CACHED_ALL);
		store_set_answer_age(s, o->list_age_ns);
		store_set_deadline(s, o->deadline_ns);
	}
	return s;
}

void sources_set_deadline(struct sources *s, int64_t at_ns)
{
	if (s->store)
		store_set_deadline(s->store, at_ns);
}

void source_say_late(const struct source_opts *o, struct err *e)
{
	if (e->code == ERR_AGAIN && o->deadline_ns && time_mono_ns() >= o->deadline_ns)
		err_set(e, ERR_AGAIN, LIMITS_TIMED_OUT);
}

void source_close_store(const struct source_opts *o, struct store *s)
{
	struct store_stats st;

	if (s && o->store_stats) {
		store_stats(s, &st);
		store_stats_sum(o->store_stats, &st);
	}
	if (s && o->store_away && store_is_away(s))
		*o->store_away = true;
	store_close(s);
}

int sources_open(const struct source_opts *o, struct sources **ret, struct err *e)
{
	struct sources *s = mem_alloc(sizeof(*s));

	allow_open_files();
	s->o = o;
	s->v = mem_alloc((o->n_files + 1) * sizeof(*s->v));
	for (size_t i = 0; i < o->n_files; i++) {
		struct input *in = &s->v[s->n++];

		in->name = o->files[i];
		in->fd = -1;
		if (open_input(s, in, e) < 0)
			goto fail;
	}
	if (o->store) {
		s->store = source_open_store(o, e);
		if (!s->store) {
			if (e->code == ERR_NO)
				e->code = ERR_IO; /* and not "nothing found" */
			goto fail;
		}
	}
	if (o->wal && !s->streams)
		s->streams = streams_new();
	if (check_options(s, e) < 0)
		goto fail;
	if (!o->hide)
		s->hide = hide_begin(o, s->store);
	*ret = s;
	return 0;
fail:
	sources_free(s);
	return -1;
}

void sources_free(struct sources *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++) {
		struct input *in = &s->v[i];

		raw_free(in->raw);
		jsonl_data_free(in->jsonl);
		if (in->kind == FILE_WAL)
			wal_segment_release(&in->segment);
		if (in->fd >= 0)
			close(in->fd);
	}
	free(s->v);
	hide_end(s->hide);
	source_close_store(s->o, s->store);
	wal_list_release(&s->wal);
	if (s->streams)
		streams_free(s->streams);
	free(s->covered.v);
	free(s);
}

bool sources_raw_only(const struct sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].kind != FILE_RAW)
			return false;
	return s->n && !s->store && !s->o->wal;
}

bool sources_stream(const struct sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].raw && !raw_is_whole(s->v[i].raw))
			return true;
	return false;
}

void sources_hint(const struct sources *s)
{
	struct err e;

	for (size_t i = 0; i < s->n; i++) {
		if (!s->v[i].raw || !raw_is_unfit(s->v[i].raw))
			continue;
		err_set(&e, ERR_NO,
			"'%s': raw lines have no labels, so no such selector finds them; {} does",
			s->v[i].name);
		s->o->note(s->o->damage_data, &e);
		return;
	}
}

void sources_keep(struct sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].raw)
			raw_keep(s->v[i].raw);
}

void sources_prompt(struct sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].raw)
			raw_prompt(s->v[i].raw);
}

static int plan_inputs(struct sources *s, struct plan *p, struct err *e)
{
	bool behind = false; /* lines behind a stream come after its lines: by sources_next */

	for (size_t i = 0; i < s->n; i++) {
		struct input *in = &s->v[i];
		uint64_t seq = (uint64_t)i << 40; /* files in the order of the operands */
		int r = 0;

		behind = behind || (in->kind == FILE_RAW && !raw_is_whole(in->raw));
		if (in->kind == FILE_RAW && !behind)
			r = raw_plan(in->raw, p, e);
		else if (in->kind == FILE_JSONL)
			source_jsonl(p, in->jsonl, seq);
		else if (in->kind == FILE_CHUNKS)
			r = source_chunks(p, in->name, in->fd, seq, s->o, e);
		else if (in->kind == FILE_WAL)
			r = source_wal(p, &in->segment, s->streams, NULL, s->o, e);
		if (r < 0)
			return -1;
	}
	return 0;
}

/* Segments are opened before the store is listed: what is packed and deleted meanwhile is found in
 * one or the other, and what is in both is left out here, by what the indexes say that they cover.
 */
static int plan_once(struct sources *s, struct plan *p, enum if_missing missing, struct err *e)
{
	if (s->o->wal) {
		wal_list_release(&s->wal);
		s->wal = (struct wal_list){ 0 };
		if (source_wal_list(s->o, &s->wal, e) < 0)
			return -1;
	}
	s->covered.n = 0;
	if (s->store && source_store(p, s->store, &s->covered, missing, s->o, e) < 0)
		return -1;
	if (plan_wait_hide(p, e) < 0)
		return -1;
	for (size_t i = 0; i < s->wal.n; i++)
		if (source_wal(p, &s->wal.v[i], s->streams, &s->covered, s->o, e) < 0)
			return -1;
	return 0;
}

enum { TRIES = 3 };

int sources_plan(struct sources *s, struct plan *p, struct err *e)
{
	p->views =
		views_make(&p->mem, s->o->tenant, p->match, p->n_match, s->o->match, s->o->n_match);
	p->hide = s->o->hide;
	p->later = s->hide;
	if ((s->n || !s->store) && plan_wait_hide(p, e) < 0)
		return -1;
	if (plan_inputs(s, p, e) < 0)
		return -1;
	for (int tries = 1;; tries++) {
		const struct source_seen store = p->seen[SOURCE_STORE], wal = p->seen[SOURCE_WAL];
		size_t n = p->n_pieces;

		if (plan_once(s, p, tries < TRIES ? MISSING_REPLACED : MISSING_LOST, e) == 0)
			return 0;
		if (e->code != ERR_NO)
			return -1;
		if (tries == TRIES) {
			e->code = ERR_AGAIN;
			return err_wrap(e, "the store changed three times while it was read");
		}
		p->n_pieces = n;
		p->seen[SOURCE_STORE] = store;
		p->seen[SOURCE_WAL] = wal;
	}
}

int sources_next(struct sources *s, struct plan *p, struct err *e)
{
	for (; s->at < s->n; s->at++) {
		struct raw *raw = s->v[s->at].raw;
		int r;

		if (!raw || (!s->behind && raw_is_whole(raw)))
			continue;
		s->behind = true;
		if (raw_is_whole(raw)) {
			s->at++;
			return raw_plan(raw, p, e) < 0 ? -1 : 1;
		}
		r = raw_next(raw, p, e);
		if (r != 0)
			return r;
	}
	return 0;
}
