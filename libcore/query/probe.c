#include "query/probe.h"

#include "base/mem.h"
#include "entry/columns.h"
#include "query/stage.h"

void probe_init(struct probe *p, size_t n_stages)
{
	*p = (struct probe){ .stage = mem_alloc((n_stages + 1) * sizeof(*p->stage)),
			     .n_stages = n_stages };
}

void probe_release(struct probe *p)
{
	free(p->stage);
	*p = (struct probe){ 0 };
}

static void add_step(struct probe_step *sum, const struct probe_step *x)
{
	sum->ns += x->ns;
	sum->blocks += x->blocks;
	sum->emptied += x->emptied;
	sum->entries_in += x->entries_in;
	sum->entries_out += x->entries_out;
	sum->bytes_in += x->bytes_in;
	sum->bytes_out += x->bytes_out;
}

void probe_add(struct probe *sum, const struct probe *p)
{
	for (size_t i = 0; i < p->n_stages; i++)
		add_step(&sum->stage[i], &p->stage[i]);
	add_step(&sum->load, &p->load);
	add_step(&sum->merge, &p->merge);
	add_step(&sum->take, &p->take);
	sum->lines_loaded += p->lines_loaded;
	sum->apart_loaded += p->apart_loaded;
	sum->ts_loaded += p->ts_loaded;
	sum->meta_loaded += p->meta_loaded;
	sum->done_ns += p->done_ns;
}

int64_t probe_since(const struct probe *p, const struct probe_mark *m)
{
	return time_mono_ns() - m->start_ns - (p->load.ns - m->loaded_ns);
}

void probe_loaded(struct probe *p, int64_t start_ns, unsigned have, unsigned had,
		  uint64_t line_bytes)
{
	unsigned first = have & ~had;

	p->load.ns += time_mono_ns() - start_ns;
	p->load.blocks++;
	p->load.bytes_out += line_bytes;
	p->apart_loaded += line_bytes > 0 && !(have & WANT_LINES);
	p->lines_loaded += (first & WANT_LINES) != 0;
	p->ts_loaded += (first & WANT_TS) != 0;
	p->meta_loaded += (first & WANT_META) != 0;
}

void probe_merging(struct probe *p, const struct probe_mark *m, uint64_t n_entries)
{
	p->merge.ns += probe_since(p, m);
	p->merge.blocks++;
	p->merge.entries_in += n_entries;
}

void probe_merged(struct probe *p, const struct probe_mark *m, const struct run *r)
{
	p->merge.ns += probe_since(p, m);
	p->merge.entries_out += r->n;
}

int64_t probe_work(const struct probe *p)
{
	int64_t sum = p->load.ns + p->merge.ns + p->take.ns + p->done_ns;

	for (size_t i = 0; i < p->n_stages; i++)
		sum += p->stage[i].ns;
	return sum;
}

static size_t line_len(const struct block *b, uint32_t i)
{
	return b->line ? b->line[i].n : b->run.line_off[i + 1] - b->run.line_off[i] - 1;
}

/* Of the lines that are in, 0 as long as their lengths are not loaded. */
static uint64_t bytes_in(const struct block *b)
{
	uint64_t sum = 0;

	if (!(b->have & WANT_LENS) || b->n_sel == 0)
		return 0;
	if (!b->line && !b->sel_list)
		return b->run.line_off[b->first + b->n_sel] - b->run.line_off[b->first] - b->n_sel;
	for (size_t k = 0; k < b->n_sel; k++)
		sum += line_len(b, block_entry(b, k));
	return sum;
}

void probe_took(struct probe *p, const struct probe_mark *m, const struct block *b)
{
	p->take.ns += probe_since(p, m);
	p->take.blocks++;
	p->take.entries_in += b->n_sel;
	p->take.bytes_in += bytes_in(b);
}

int probe_apply(const struct pipeline *p, size_t first, size_t end, struct block *b, struct err *e)
{
	struct probe *probe = b->probe;
	uint64_t bytes = bytes_in(b);

	for (size_t i = first; i < end && b->n_sel; i++) {
		struct probe_step *x = &probe->stage[i];
		struct probe_mark m;

		probe_begin(probe, &m);
		x->blocks++;
		x->entries_in += b->n_sel;
		if (p->stage[i].ops->apply(&p->stage[i], b, e) < 0)
			return -1;
		x->ns += probe_since(probe, &m);
		x->entries_out += b->n_sel;
		x->emptied += b->n_sel == 0;
		x->bytes_in += bytes;
		bytes = bytes_in(b);
		x->bytes_out += bytes;
	}
	return 0;
}
