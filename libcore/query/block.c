#include "query/block.h"

#include "base/mem.h"
#include "query/fields.h"
#include "query/stage.h"
#include "query/stage_shapes.h"
#include "template/template.h"

static const char extracted[] = "_extracted";

void names_init(struct names *t)
{
	*t = (struct names){ 0 };
	names_id(t, BYTES_LIT("__error__"));
	names_id(t, BYTES_LIT("__error_details__"));
	names_id(t, BYTES_LIT("__preserve_error__"));
	/* Shown as the first two, but never found by name. */
	mem_grow(&t->v, &t->cap, t->n + 2, sizeof(*t->v));
	t->v[t->n++] = t->v[NAME_ERROR];
	t->v[t->n++] = t->v[NAME_ERROR_DETAILS];
}

void names_release(struct names *t)
{
	arena_release(&t->text);
	free(t->v);
	map_release(&t->map);
	*t = (struct names){ 0 };
}

uint32_t names_id(struct names *t, struct bytes name)
{
	uint64_t hash = hash64(name);
	uint32_t id = map_get(&t->map, hash, name);

	if (id != MAP_NONE)
		return id;
	mem_grow(&t->v, &t->cap, t->n + 1, sizeof(*t->v));
	id = (uint32_t)t->n;
	t->v[t->n++] = arena_copy(&t->text, name);
	map_put(&t->map, hash, t->v[id], id);
	return id;
}

uint32_t names_extracted(struct names *t, uint32_t name)
{
	struct bytes old = t->v[name];
	struct buf b = { 0 };
	uint32_t id;

	buf_add_bytes(&b, old);
	buf_add(&b, extracted, sizeof(extracted) - 1);
	id = names_id(t, buf_bytes(&b));
	buf_release(&b);
	return id;
}

void names_copy(struct names *t, const struct names *from)
{
	names_init(t);
	for (size_t i = t->n; i < from->n; i++)
		names_id(t, from->v[i]);
}

void block_release(struct block *b)
{
	arena_release(&b->mem);
	buf_release(&b->scratch);
	free(b->sel);
	free(b->base.name);
	for (size_t i = 0; i < b->n_fields; i++)
		fields_free(b->fields[i]);
	free(b->fields);
	template_run_free(b->template_run);
	*b = (struct block){ 0 };
}

void block_reset(struct block *b, const struct labels *stream)
{
	arena_reset(&b->mem);
	b->run = (struct run){ 0 };
	b->have = 0;
	b->shapes = NULL;
	b->sel_list = false;
	b->first = 0;
	b->n_sel = 0;
	b->settled = 0;
	b->line = NULL;
	b->el = NULL;
	b->columns = NULL;
	b->serial++;
	if (b->base.labels == stream)
		return;
	b->base.labels = stream;
	b->stream++;
	mem_grow(&b->base.name, &b->base.cap, stream->n, sizeof(*b->base.name));
	for (size_t i = 0; i < stream->n; i++)
		b->base.name[i] = names_id(b->names, stream->v[i].name);
}

void block_select_all(struct block *b)
{
	b->sel_list = false;
	b->first = 0;
	b->n_sel = b->run.n;
}

uint32_t *block_sel_list(struct block *b)
{
	if (b->sel_list)
		return b->sel;
	mem_grow(&b->sel, &b->cap_sel, b->n_sel, sizeof(*b->sel));
	for (size_t k = 0; k < b->n_sel; k++)
		b->sel[k] = b->first + (uint32_t)k;
	b->sel_list = true;
	return b->sel;
}

void block_keep(struct block *b, const uint32_t *entry, size_t n)
{
	if (n == b->n_sel)
		return;
	mem_grow(&b->sel, &b->cap_sel, n, sizeof(*b->sel));
	if (n)
		memcpy(b->sel, entry, n * sizeof(*b->sel));
	b->sel_list = true;
	b->n_sel = n;
}

void block_set_line(struct block *b, uint32_t i, struct bytes line)
{
	if (!b->line) {
		b->line = arena_alloc(&b->mem, b->run.n * sizeof(*b->line));
		for (size_t k = 0; k < b->n_sel; k++) {
			uint32_t j = block_entry(b, k);

			b->line[j] = run_line(&b->run, j);
		}
	}
	b->line[i] = line;
}

int block_peek_lines(struct block *b, uint32_t *entry, size_t n, struct err *e)
{
	uint32_t *sel = b->sel;
	size_t n_sel = b->n_sel;
	bool sel_list = b->sel_list;
	unsigned lines = b->have & WANT_LINES;
	int r = 0;

	b->sel = entry;
	b->n_sel = n;
	b->sel_list = true;
	if (n)
		r = block_need(b, WANT_LENS | WANT_LINES, e);
	b->sel = sel;
	b->n_sel = n_sel;
	b->sel_list = sel_list;
	b->have = (b->have & ~(unsigned)WANT_LINES) | lines;
	return r;
}

int block_shapes_failed(const struct block *b, struct err *e)
{
	return err_wrap(e, "offset %llu: block %llu: lines", (unsigned long long)b->shapes_off,
			(unsigned long long)b->shapes_block);
}

bool block_base_has(const struct block *b, uint32_t name)
{
	for (size_t i = 0; i < b->base.labels->n; i++)
		if (b->base.name[i] == name)
			return true;
	return false;
}

/* The number of the label that a pair of metadata becomes: they are kept as they were sent, and
 * shown as labels can be called. */
static uint32_t name_of_meta(struct block *b, struct bytes text)
{
	uint32_t name;

	buf_reset(&b->scratch);
	stage_sanitize(&b->scratch, text);
	name = names_id(b->names, buf_bytes(&b->scratch));
	return block_base_has(b, name) ? names_extracted(b->names, name) : name;
}

size_t block_meta_names(struct block *b, const uint32_t **ret)
{
	const struct metaview *m = &b->run.meta;
	uint32_t *name;
	size_t n = 0;
	char *seen;

	*ret = NULL;
	if (!b->run.meta_set || m->n_sets == 0)
		return 0;
	seen = arena_zalloc(&b->mem, m->n_strings);
	name = arena_alloc(&b->mem, m->n_strings * sizeof(*name));
	for (uint32_t p = 0; p < m->set_first[m->n_sets]; p++) {
		uint32_t string = m->pair[(size_t)2 * p];

		if (!seen[string])
			name[n++] = name_of_meta(b, m->string[string]);
		seen[string] = 1;
	}
	*ret = name;
	return n;
}

/* The labels of a metadata set, as every entry that has it begins. A pair whose name the stream has
 * gets "_extracted"; the error labels may come from a client too. */
static struct elabels labels_of_set(struct block *b, uint32_t set)
{
	const struct metaview *m = &b->run.meta;
	size_t n = meta_n_pairs(m, set);
	struct elabels el = { arena_alloc(&b->mem, (n ? n : 1) * sizeof(*el.v)), 0, 0 };

	for (size_t i = 0; i < n; i++) {
		struct label l = meta_pair(m, set, i);

		el.v[el.n++] = (struct elabel){ .value = l.value,
						.name = name_of_meta(b, l.name),
						.kind = LABEL_META };
	}
	return el;
}

int block_need_labels(struct block *b, struct err *e)
{
	struct elabels *of_set = NULL;

	if (b->el)
		return 0;
	if (b->columns)
		return shapes_make_labels(b, e);
	if (block_need(b, WANT_META, e) < 0)
		return -1;
	b->el = arena_alloc(&b->mem, (b->run.n ? b->run.n : 1) * sizeof(*b->el));
	if (!b->run.meta_set || b->run.meta.n_sets == 0) {
		if (b->sel_list)
			for (size_t k = 0; k < b->n_sel; k++)
				b->el[b->sel[k]] = (struct elabels){ 0 };
		else if (b->n_sel)
			memset(b->el + b->first, 0, b->n_sel * sizeof(*b->el));
		return 0;
	}
	of_set = arena_zalloc(&b->mem, ((size_t)b->run.meta.n_sets + 1) * sizeof(*of_set));
	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t i = block_entry(b, k), set = b->run.meta_set[i];

		if (set && !of_set[set].v)
			of_set[set] = labels_of_set(b, set);
		b->el[i] = of_set[set];
	}
	return 0;
}

static struct elabel *find(const struct elabels *el, uint32_t name, bool gone)
{
	for (uint32_t k = 0; k < el->n; k++)
		if (el->v[k].name == name && (el->v[k].kind == LABEL_GONE) == gone)
			return &el->v[k];
	return NULL;
}

/* Where it came from; LABEL_GONE: it has none. */
static enum label_kind get_kind(const struct block *b, uint32_t i, uint32_t name, struct bytes *ret)
{
	if (b->el) {
		const struct elabel *l = find(&b->el[i], name, false);

		if (l) {
			*ret = l->value;
			return l->kind;
		}
		if (find(&b->el[i], name, true)) {
			*ret = (struct bytes){ 0 };
			return LABEL_GONE;
		}
	}
	for (size_t k = 0; k < b->base.labels->n; k++) {
		if (b->base.name[k] == name) {
			*ret = b->base.labels->v[k].value;
			return LABEL_STREAM;
		}
	}
	*ret = (struct bytes){ 0 };
	return LABEL_GONE;
}

bool block_get(const struct block *b, uint32_t i, uint32_t name, struct bytes *ret)
{
	return get_kind(b, i, name, ret) != LABEL_GONE;
}

/* Room for one more, and memory of its own. */
static void make_own(struct block *b, struct elabels *el)
{
	struct elabel *v;
	uint32_t cap;

	if (el->n < el->cap)
		return;
	cap = el->n < 8 ? 16 : 2 * el->n;
	v = arena_alloc(&b->mem, cap * sizeof(*v));
	if (el->n)
		memcpy(v, el->v, el->n * sizeof(*v));
	el->v = v;
	el->cap = cap;
}

static void remove_kind(struct block *b, struct elabels *el, uint32_t name, unsigned kinds)
{
	for (uint32_t k = 0; k < el->n; k++) {
		if (el->v[k].name != name || !(kinds >> el->v[k].kind & 1))
			continue;
		if (el->cap == 0)
			make_own(b, el);
		memmove(&el->v[k], &el->v[k + 1], (el->n - k - 1) * sizeof(*el->v));
		el->n--;
		k--;
	}
}

void block_set(struct block *b, uint32_t i, enum label_kind kind, uint32_t name, struct bytes value)
{
	struct elabels *el = &b->el[i];
	struct elabel *l = find(el, name, false);

	if (l) {
		if ((enum label_kind)l->kind > kind)
			return; /* who is stronger stays */
		if (el->cap == 0) {
			make_own(b, el);
			l = find(el, name, false);
		}
		*l = (struct elabel){ .value = value, .name = name, .kind = kind };
		return;
	}
	make_own(b, el);
	el->v[el->n++] = (struct elabel){ .value = value, .name = name, .kind = kind };
}

void block_set_field(struct block *b, uint32_t i, uint32_t name, uint32_t origin,
		     struct bytes value)
{
	struct elabels *el = &b->el[i];
	struct elabel *l = find(el, name, false);

	origin &= (1U << 30) - 1;
	if (l && (l->kind != LABEL_PARSED || l->origin != origin) && l->kind != LABEL_STREAM)
		return;
	if (l && el->cap) {
		l->value = value;
		return;
	}
	block_set(b, i, LABEL_PARSED, name, value);
	l = find(el, name, false);
	l->origin = origin & ((1U << 30) - 1);
}

void block_del(struct block *b, uint32_t i, uint32_t name)
{
	struct elabels *el = &b->el[i];

	remove_kind(b, el, name, 1U << LABEL_STREAM | 1U << LABEL_META | 1U << LABEL_PARSED);
	if (block_base_has(b, name) && !find(el, name, true)) {
		make_own(b, el);
		el->v[el->n++] = (struct elabel){ .name = name, .kind = LABEL_GONE };
	}
}

struct bytes block_error(const struct block *b, uint32_t i)
{
	const struct elabel *l = b->el ? find(&b->el[i], NAME_ERROR, false) : NULL;

	return l ? l->value : (struct bytes){ 0 };
}

void block_set_error(struct block *b, uint32_t i, const char *error, struct bytes details)
{
	block_set(b, i, LABEL_PARSED, NAME_ERROR, bytes_str(error));
	if (details.n)
		block_set(b, i, LABEL_PARSED, NAME_ERROR_DETAILS, details);
}

size_t block_n_labels(const struct block *b, uint32_t i)
{
	return b->base.labels->n + (b->el ? b->el[i].n : 0);
}

size_t block_labels(const struct block *b, uint32_t i, struct elabel *v)
{
	const struct elabels none = { 0 }, *el = b->el ? &b->el[i] : &none;
	size_t n = 0;

	for (size_t k = 0; k < b->base.labels->n; k++) {
		bool hidden = false;

		for (uint32_t j = 0; j < el->n && !hidden; j++)
			hidden = el->v[j].name == b->base.name[k];
		if (!hidden)
			v[n++] = (struct elabel){ .value = b->base.labels->v[k].value,
						  .name = b->base.name[k],
						  .kind = LABEL_STREAM };
	}
	for (uint32_t j = 0; j < el->n; j++) {
		uint32_t name = el->v[j].name;

		/* A field that is called as the error label gives way to an error. */
		if (el->v[j].kind == LABEL_GONE ||
		    ((name == NAME_FIELD_ERROR || name == NAME_FIELD_ERROR_DETAILS) &&
		     find(el, name - NAME_FIELD_ERROR, false)))
			continue;
		v[n++] = el->v[j];
	}
	return n;
}
