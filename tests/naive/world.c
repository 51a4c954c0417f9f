/* Data in files, and what the programs' evaluator answers over them. */
#include "make.h"

#include <fcntl.h>

#include "../unit/unit.h"
#include "base/io.h"
#include "compact/packing.h"
#include "entry/jsonl.h"
#include "index/build.h"
#include "query/explain.h"
#include "query/query.h"
#include "time/time.h"
#include "wal/writer.h"

static struct err why;

static void must(int r)
{
	if (r < 0)
		fail_msg("%s", why.msg);
}

static struct bytes tenant_of(const struct nv_data *data, uint32_t stream)
{
	return data->tenant ? data->tenant[stream] : BYTES_LIT("fake");
}

/* --- writing --------------------------------------------------------------------------------- */

static void write_wal(const struct nv_data *data, unsigned parts, const char *dir)
{
	struct wal_writer_opts o = { .dir = dir, .node = "test", .sync = WAL_SYNC_NONE };
	struct entries es = { 0 };
	struct wal_writer *w;
	size_t batch = 0;

	must(wal_writer_open(&o, &w, &why));
	for (size_t i = 0; i < data->n; i++) {
		const struct nv_entry *x = &data->v[i];
		uint32_t stream;

		if (!(x->parts & parts))
			continue;
		must(streams_add(wal_writer_streams(w), tenant_of(data, x->stream),
				 &data->stream[x->stream], &stream, &why));
		entries_add(&es, stream, x->ts_ns, x->line,
			    metatab_add(&es.meta, x->meta.v, x->meta.n));
		if (++batch % 16 == 0)
			wal_writer_submit(w, &es, 0);
	}
	if (es.n)
		wal_writer_submit(w, &es, 0);
	must(wal_writer_close(w, &why));
	entries_release(&es);
}

static void add_json(struct buf *b, const struct nv_data *data, const struct nv_entry *x)
{
	struct metatab meta = { 0 };
	struct metaview view;
	struct buf labels = { 0 };
	uint32_t set = metatab_add(&meta, x->meta.v, x->meta.n);

	view = metatab_view(&meta);
	labels_add_json(&labels, &data->stream[x->stream]);
	jsonl_add(b, x->ts_ns, tenant_of(data, x->stream), buf_bytes(&labels), x->line, &view, set);
	buf_release(&labels);
	metatab_release(&meta);
}

static void write_file(const struct nv_data *data, unsigned parts, const char *path)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < data->n; i++)
		if (data->v[i].parts & parts)
			add_json(&b, data, &data->v[i]);
	must(file_replace_bytes(path, buf_bytes(&b), &why));
	buf_release(&b);
}

static void on_problem(void *data, enum packing_problem_kind kind, const struct err *problem)
{
	(void)data;
	(void)kind;
	fail_msg("%s", problem->msg);
}

static int on_pack(void *data, const char *name, struct err *e)
{
	(void)data;
	(void)name;
	(void)e;
	return 0;
}

static void write_packs(const struct nv_data *data, unsigned parts, struct store *st,
			const char *scratch)
{
	struct packing_opts o = { .store = st,
				  .params = chunk_params_default,
				  .memory_bytes = 256 << 20,
				  .jobs = 1,
				  .tenant = BYTES_LIT("fake"),
				  .on_pack = on_pack,
				  .on_problem = on_problem };
	struct packing *p;
	int fd;

	o.params.level = data->strong ? 4 : 1;
	o.params.small = data->no_bundles ? CHUNK_SMALL_APART : CHUNK_SMALL_BUNDLED;
	o.params.block_entries = data->block_entries ? data->block_entries : 8;
	o.params.lines = data->whole_lines ? CHUNK_LINES_WHOLE : CHUNK_LINES_APART;
	write_file(data, parts, scratch);
	must(fd = io_open(scratch, &why));
	p = packing_new(&o);
	must(packing_read(p, fd, &why));
	must(packing_finish(p, &why));
	packing_free(p);
	close(fd);
}

/* Packs of the entries with these parts, one run after the other. */
static void write_store(const struct nv_data *data, const unsigned *parts, size_t n,
			const char *path, const char *scratch)
{
	static const struct build_events silent;
	struct store *st = store_open(path, STORE_WRITE, &why);

	must(st ? 0 : -1);
	for (size_t i = 0; i < n; i++)
		write_packs(data, parts[i], st, scratch);
	for (uint32_t i = 0; i < data->n_streams; i++)
		must(index_rebuild(st, tenant_of(data, i), &silent, &why) < 0 ? -1 : 0);
	store_close(st);
}

static void write_raw(const struct nv_data *raw, const char *path)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < raw->n; i++) {
		buf_add_bytes(&b, raw->v[i].line);
		buf_add_char(&b, '\n');
	}
	must(file_replace_bytes(path, buf_bytes(&b), &why));
	buf_release(&b);
}

void nv_world_make(const struct nv_data *data, const struct nv_data *raw, struct nv_world *ret)
{
	static const unsigned mixed[] = { NV_PART_PACK, NV_PART_PACK_2 };
	/* Two that overlap, and hold some of the entries both. */
	static const unsigned two[] = { NV_PART_WAL | NV_PART_PACK, NV_PARTS & ~NV_PART_WAL };
	struct buf scratch = { 0 };

	*ret = (struct nv_world){ .folder = new_folder() };
	buf_addf(&scratch, "%s/scratch", ret->folder);
	for (int i = 0; i < NV_PLACES; i++) {
		buf_addf(&ret->store[i], "%s/store-%d", ret->folder, i);
		buf_addf(&ret->wal[i], "%s/wal-%d", ret->folder, i);
	}
	buf_addf(&ret->file, "%s/file.jsonl", ret->folder);
	write_wal(data, NV_PART_WAL, buf_str(&ret->wal[NV_MIXED]));
	write_store(data, mixed, 2, buf_str(&ret->store[NV_MIXED]), buf_str(&scratch));
	write_file(data, NV_PART_FILE, buf_str(&ret->file));
	buf_addf(&ret->raw, "%s/raw.log", ret->folder);
	write_raw(raw, buf_str(&ret->raw));
	write_wal(data, NV_PARTS, buf_str(&ret->wal[NV_WAL]));
	write_store(data, two, 2, buf_str(&ret->store[NV_PACKS]), buf_str(&scratch));
	buf_release(&scratch);
}

void nv_world_remove(struct nv_world *w)
{
	for (int i = 0; i < NV_PLACES; i++) {
		buf_release(&w->store[i]);
		buf_release(&w->wal[i]);
	}
	buf_release(&w->file);
	buf_release(&w->raw);
	remove_folder(w->folder);
}

/* --- asking ---------------------------------------------------------------------------------- */

struct taking {
	struct arena *a;
	struct nv_answer *answer;
	size_t cap;
};

static int take_entry(void *data, const struct log_entry *x, struct err *e)
{
	struct taking *t = data;
	struct nv_answer *r = t->answer;
	struct nv_line *line;

	(void)e;
	if (r->n_lines == t->cap) {
		struct nv_line *more;

		t->cap = t->cap ? 2 * t->cap : 64;
		more = arena_alloc(t->a, t->cap * sizeof(*more));
		if (r->n_lines)
			memcpy(more, r->line, r->n_lines * sizeof(*more));
		r->line = more;
	}
	line = &r->line[r->n_lines++];
	*line = (struct nv_line){ .ts_ns = x->ts_ns, .line = arena_copy(t->a, x->line) };
	line->labels.v = arena_alloc(t->a, (x->labels->n + 1) * sizeof(struct label));
	for (size_t i = 0; i < x->labels->n; i++)
		if (!bytes_is(x->labels->v[i].name, "__error_details__"))
			line->labels.v[line->labels.n++] =
				(struct label){ arena_copy(t->a, x->labels->v[i].name),
						arena_copy(t->a, x->labels->v[i].value) };
	return 0;
}

static int take_metric(void *data, const struct vec *v, const struct steps *steps,
		       enum metric_kind kind, struct err *e)
{
	struct taking *t = data;
	struct nv_answer *r = t->answer;

	(void)e;
	(void)kind;
	r->start_ns = steps->start_ns;
	r->step_ns = steps->step_ns;
	r->n_steps = steps->n;
	r->step = arena_zalloc(t->a, steps->n * sizeof(*r->step));
	for (size_t k = 0; k < steps->n; k++) {
		r->step[k].v = arena_alloc(t->a, (v->n + 1) * sizeof(*r->step[k].v));
		r->step[k].is_scalar = v->is_scalar;
		for (size_t i = 0; i < v->n; i++)
			if (v->v[i].has[k])
				r->step[k].v[r->step[k].n++] =
					(struct nv_sample){ labels_copy(t->a, &v->v[i].labels),
							    v->v[i].v[k] };
	}
	return 0;
}

static int no_pause(void *data, struct err *e)
{
	(void)data;
	(void)e;
	return 0;
}

static void on_damage(void *data, const struct err *e)
{
	(void)data;
	fail_msg("%s", e->msg);
}

static void silent(void *data, const struct err *e)
{
	(void)data;
	(void)e;
}

struct source_opts nv_world_source(const struct nv_world *w, enum nv_place place,
				   const struct nv_ask *ask, char **files)
{
	struct nv_world *named = (struct nv_world *)(uintptr_t)w;
	struct source_opts o = { .tenant = ask->tenants.n ? ask->tenants : BYTES_LIT("fake"),
				 .match = ask->match,
				 .n_match = ask->n_match,
				 .input = INPUT_AUTO,
				 .limits_file = ask->limits_file,
				 .now_ns = ask->now_ns ? ask->now_ns : ask->at,
				 .damage = on_damage,
				 .warn = silent,
				 .note = silent };

	files[0] = (char *)(uintptr_t)buf_str(place == NV_RAW ? &named->raw : &named->file);
	if (place == NV_RAW) {
		o.tenant = (struct bytes){ 0 };
		o.input = INPUT_LINES;
		o.raw_time = RAW_TIME_LINE;
	}
	if ((place != NV_WAL || ask->has_store) && place != NV_RAW)
		o.store = buf_str(&named->store[place]);
	if (place != NV_PACKS && place != NV_RAW)
		o.wal = buf_str(&named->wal[place]);
	if (place == NV_MIXED || place == NV_RAW) {
		o.files = files;
		o.n_files = 1;
	}
	return o;
}

void nv_world_ask(const struct nv_world *w, enum nv_place place, const struct logql_query *q,
		  const struct nv_ask *ask, unsigned jobs, struct arena *a, struct nv_answer *ret,
		  struct err *ret_why)
{
	char *files[1];
	bool log = logql_is_log(q);
	struct query_opts o = { .source = nv_world_source(w, place, ask, files),
				.from = ask->from,
				.to = ask->to,
				.has_from = log || ask->is_range,
				.has_to = log || ask->is_range,
				.at = ask->at,
				.has_at = !log && !ask->is_range,
				.step_ns = ask->step_ns,
				.has_step = !log && ask->is_range,
				.kind = ask->is_range ? METRIC_RANGE : METRIC_INSTANT,
				.dir = ask->forward ? FORWARD : BACKWARD,
				.has_dir = log,
				.limit = log ? ask->limit : 0,
				.has_limit = log,
				.jobs = jobs };
	struct taking t = { a, ret, 0 };
	struct query_out out = { take_entry, take_metric, no_pause, &t };
	struct explain x;
	struct buf text = { 0 };
	uint64_t n;

	*ret = (struct nv_answer){ 0 };
	ret_why->msg[0] = '\0';
	/* Who is looked at gives the same answer. */
	explain_init(&x, EXPLAIN_ANALYZE);
	if (jobs > 1)
		o.explain = &x;
	ret->failed = query_run(q, &o, &out, &n, ret_why) < 0;
	explain_print(&x, &text);
	if (jobs > 1 && !ret->failed && text.n == 0)
		fail_msg("no explanation");
	buf_release(&text);
	explain_release(&x);
}
