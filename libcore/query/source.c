#include "query/source.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "codec/stream.h"
#include "entry/jsonl.h"
#include "entry/streams.h"
#include "query/raw.h"
#include "store/store.h"
#include "wal/segment.h"

/* A file operand. */
struct input {
	enum { FILE_RAW, FILE_JSONL, FILE_CHUNKS, FILE_WAL, FILE_BAD /* and told so */ } kind;
	const char *name;
	int fd; /* CHUNKS */
	struct raw *raw;
	struct jsonl_data *jsonl;
	struct wal_segment segment;
};

struct sources {
	const struct source_opts *o;
	struct input *v;
	size_t n, at; /* at: which of them sources_next reads */
	struct store *store;
	struct wal_list wal;
	struct streams *streams;
	struct covered covered;
};

static bool stdin_has_data(void)
{
	struct stat st;

	return fstat(STDIN_FILENO, &st) == 0 &&
	       (S_ISFIFO(st.st_mode) || S_ISREG(st.st_mode) || S_ISSOCK(st.st_mode));
}

bool sources_choose(struct source_opts *o, char *const *files, size_t n)
{
	static char *const from_stdin[] = { "-" };

	o->files = files;
	o->n_files = n;
	if (n || o->store || o->wal)
		return true;
	if (stdin_has_data()) {
		o->files = from_stdin;
		o->n_files = 1;
		return true;
	}
	o->store = "lokid-data/store";
	o->wal = "lokid-data/wal";
	o->if_there = true;
	return access(o->store, F_OK) == 0 || access(o->wal, F_OK) == 0;
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

static int open_wal(struct sources *s, struct input *in, struct err *e)
{
	if (!s->streams)
		s->streams = streams_new();
	in->kind = FILE_WAL;
	return wal_segment_open(in->name, &in->segment, e);
}

/* The first bytes of a file's content. Of a plain file the descriptor stays at its start; of a pipe
 * they are used up, and given to whoever reads on. */
static int peek(int fd, char *p, size_t n, size_t *ret_n, bool *ret_used, struct err *e)
{
	struct stat st;
	int64_t got;

	*ret_used = fstat(fd, &st) != 0 || !S_ISREG(st.st_mode);
	*ret_n = 0;
	if (!*ret_used) {
		got = io_pread(fd, p, n, (uint64_t)lseek(fd, 0, SEEK_CUR), e);
	} else {
		got = read(fd, p, n);
		if (got < 0)
			return err_sys(e, "cannot read");
	}
	if (got < 0)
		return -1;
	*ret_n = (size_t)got;
	return 0;
}

/* What is inside a compressed file, by its first bytes. */
static bool packed_entries(int fd)
{
	struct codec_stream *c = codec_stream_new(fd);
	char head[4096];
	struct err ignored;
	int64_t got = codec_stream_read(c, head, sizeof(head), &ignored);
	bool ret = got > 0 && is_entry(bytes_of(head, (size_t)got));

	codec_stream_free(c);
	return lseek(fd, 0, SEEK_SET) == 0 && ret;
}

/* A segment or a pack by its name, which nobody would want to be read as text. */
static bool named_as_ours(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && (strcmp(dot, ".wal") == 0 || strcmp(dot, ".pack") == 0);
}

static int open_input(struct sources *s, struct input *in, struct err *e)
{
	bool is_stdin = strcmp(in->name, "-") == 0, used;
	int fd = is_stdin ? dup(STDIN_FILENO) : io_open(in->name, e);
	char head[4096];
	size_t n;
	struct bytes start;
	bool packed;

	if (fd < 0)
		return is_stdin ? err_sys(e, "stdin") : -1;
	if (is_stdin)
		in->name = "stdin";
	in->fd = -1;
	if (peek(fd, head, sizeof(head), &n, &used, e) < 0) {
		close(fd);
		return err_wrap(e, "'%s'", in->name);
	}
	start = bytes_of(head, n);
	packed = codec_stream_is_packed(start);
	if (s->o->input == INPUT_AUTO && !used && bytes_starts(start, BYTES_LIT("LOKI"))) {
		in->kind = FILE_CHUNKS;
		in->fd = fd;
		return 0;
	}
	if (s->o->input == INPUT_AUTO && !used && wal_is_magic(start)) {
		close(fd);
		return open_wal(s, in, e);
	}
	if (s->o->input == INPUT_AUTO && named_as_ours(in->name) && !packed && !is_entry(start)) {
		in->kind = FILE_BAD;
		close(fd);
		err_set(e, ERR_CORRUPT,
			"'%s': neither a segment nor a pack: no magic (--input lines reads it "
			"as text)",
			in->name);
		s->o->damage(s->o->damage_data, e);
		return 0;
	}
	if (s->o->input == INPUT_JSONL ||
	    (s->o->input == INPUT_AUTO &&
	     (packed && !used ? packed_entries(fd) : is_entry(start)))) {
		int r = jsonl_data_read(fd, in->name, used ? start : (struct bytes){ 0 }, s->o,
					&in->jsonl, e);

		in->kind = FILE_JSONL;
		close(fd);
		return r;
	}
	in->kind = FILE_RAW;
	in->raw = raw_new(fd, in->name, used ? start : (struct bytes){ 0 }, s->o);
	return 0;
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
		s->store = store_open(o->store, o->if_there ? STORE_READ_IF_THERE : STORE_READ, e);
		if (!s->store) {
			if (e->code == ERR_NO)
				e->code = ERR_IO; /* and not "nothing found" */
			goto fail;
		}
	}
	if (o->wal && !s->streams)
		s->streams = streams_new();
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
	store_close(s->store);
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

void sources_keep(struct sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].raw)
			raw_keep(s->v[i].raw);
}

static int plan_inputs(struct sources *s, struct plan *p, struct err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		struct input *in = &s->v[i];
		uint64_t seq = (uint64_t)i << 40; /* files in the order of the operands */
		int r = 0;

		if (in->kind == FILE_RAW && raw_is_whole(in->raw))
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
		if (wal_list_dir(s->o->wal, &s->wal, e) < 0)
			return -1;
		source_wal_faults(&s->wal, s->o);
	}
	s->covered.n = 0;
	if (s->store && source_store(p, s->store, &s->covered, missing, s->o, e) < 0)
		return -1;
	for (size_t i = 0; i < s->wal.n; i++)
		if (source_wal(p, &s->wal.v[i], s->streams, &s->covered, s->o, e) < 0)
			return -1;
	return 0;
}

enum { TRIES = 3 };

int sources_plan(struct sources *s, struct plan *p, struct err *e)
{
	if (plan_inputs(s, p, e) < 0)
		return -1;
	for (int tries = 1;; tries++) {
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
	}
}

int sources_next(struct sources *s, struct plan *p, struct err *e)
{
	for (; s->at < s->n; s->at++) {
		struct raw *raw = s->v[s->at].raw;
		int r;

		if (!raw || raw_is_whole(raw))
			continue;
		r = raw_next(raw, p, e);
		if (r != 0)
			return r;
	}
	return 0;
}
