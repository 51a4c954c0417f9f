#include "query/fields.h"

#include "base/mem.h"
#include "query/keys.h"

enum { KEYS_MAX = 4096, SLOTS = 2 * KEYS_MAX };

static void forget(struct line_fields *f)
{
	arena_reset(&f->text);
	if (f->n > 1)
		memset(f->slot, 0, SLOTS * sizeof(*f->slot));
	mem_grow(&f->key, &f->cap, 1, sizeof(*f->key));
	f->key[0] = (struct field_key){ .below = PATH_ROOT };
	f->n = 1;
	f->era = f->b->keys->era;
	f->forgotten++;
}

static struct line_fields *fields_new(const struct stage *s, struct block *b, struct bytes before,
				      struct bytes behind)
{
	struct line_fields *f = mem_alloc(sizeof(*f));

	f->b = b;
	f->hints = &s->pipeline->hints;
	f->stage = (uint32_t)(s - s->pipeline->stage);
	f->before = before;
	f->behind = behind;
	f->slot = mem_alloc(SLOTS * sizeof(*f->slot));
	forget(f);
	return f;
}

void fields_free(struct line_fields *f)
{
	if (!f)
		return;
	free(f->key);
	free(f->slot);
	free(f->seen);
	free(f->v);
	arena_release(&f->text);
	free(f);
}

/* What depends on the stream: how the label is called, and by that who asks for it. */
static void settle(struct line_fields *f, struct field_key *k)
{
	const struct hints *h = f->hints;
	struct block *b = f->b;
	size_t old = f->n_seen;

	if (!k->want)
		return;
	k->label = block_base_has(b, k->name) ? names_extracted(b->names, k->name) : k->name;
	k->counts = h->required && hints_want(h, k->label);
	k->filter = hints_filter(h, k->label);
	if (k->label >= old) {
		mem_grow(&f->seen, &f->n_seen, (size_t)k->label + 1, sizeof(*f->seen));
		memset(f->seen + old, 0, (f->n_seen - old) * sizeof(*f->seen));
	}
}

static void begin_stream(struct line_fields *f)
{
	f->stream = f->b->stream;
	for (size_t k = 1; k < f->n; k++)
		settle(f, &f->key[k]);
}

static void begin_line(struct line_fields *f)
{
	if (++f->serial == 0) {
		memset(f->seen, 0, f->n_seen * sizeof(*f->seen));
		f->serial = 1;
	}
	f->n_v = 0;
	f->found = 0;
}

struct line_fields *fields_begin_block(const struct stage *s, struct block *b, struct bytes before,
				       struct bytes behind)
{
	struct line_fields *f = b->fields[s - s->pipeline->stage];

	if (!f)
		f = b->fields[s - s->pipeline->stage] = fields_new(s, b, before, behind);
	if (f->era != b->keys->era || f->n >= KEYS_MAX)
		forget(f);
	if (f->stream != b->stream)
		begin_stream(f);
	return f;
}

void fields_record(struct line_fields *f)
{
	begin_line(f);
	f->records = true;
}

void fields_recorded(struct line_fields *f)
{
	f->records = false;
}

struct line_fields *fields_begin(const struct stage *s, struct block *b, uint32_t i,
				 struct bytes before, struct bytes behind)
{
	struct line_fields *f = fields_begin_block(s, b, before, behind);

	begin_line(f);
	f->el = &b->el[i];
	/* Some filters look at the error too. */
	return f->el->n && block_error(b, i).n ? NULL : f;
}

struct bytes fields_line(struct block *b, uint32_t i)
{
	struct bytes line = block_line(b, i);

	if (!b->line && b->run.lines + b->run.lines_len - (line.p + line.n) >= NEAR_PAD)
		return line;
	return arena_copy_near(&b->mem, line);
}

static uint32_t find_key(const struct line_fields *f, uint64_t hash, uint32_t object,
			 struct bytes raw, size_t *ret_slot)
{
	size_t s = hash % SLOTS;

	for (; f->slot[s]; s = (s + 1) % SLOTS) {
		const struct field_key *k = &f->key[f->slot[s]];

		if (k->hash == hash && k->object == object && bytes_eq(k->raw, raw))
			break;
	}
	*ret_slot = s;
	return f->slot[s];
}

static void set_text(const struct line_fields *f, struct field_key *k)
{
	struct bytes part[3] = { f->before, k->raw, f->behind };

	if (f->before.n + k->raw.n + f->behind.n > NEAR_START_MAX)
		return;
	for (int i = 0; i < 3; i++) {
		memcpy(k->text + k->len, part[i].p, part[i].n);
		k->len += (uint32_t)part[i].n;
	}
}

static uint32_t add_key(struct line_fields *f, uint64_t hash, uint32_t object, struct bytes raw)
{
	const struct key *known =
		keys_get(f->b->keys, f->hints, f->b->names, f->key[object].below, raw);
	struct field_key k = { .object = object,
			       .hash = hash,
			       .name = known->name,
			       .origin = known->origin + f->stage,
			       .below = known->below,
			       .want = known->want,
			       .want_below = known->want_below };

	/* The key's numbers are of a new era: those from before mean nothing any more. */
	if (f->b->keys->era != f->era)
		return 0;
	k.raw = arena_copy(&f->text, raw);
	set_text(f, &k);
	settle(f, &k);
	mem_grow(&f->key, &f->cap, f->n + 1, sizeof(*f->key));
	f->key[f->n] = k;
	return (uint32_t)f->n++;
}

uint32_t fields_key(struct line_fields *f, uint32_t object, uint32_t at, struct bytes raw)
{
	uint64_t hash = hash64(raw) + object * UINT64_C(0x9e3779b97f4a7c15);
	size_t slot;
	uint32_t k = find_key(f, hash, object, raw, &slot), *next;

	if (!k) {
		if (f->n >= KEYS_MAX)
			return 0;
		k = f->slot[slot] = add_key(f, hash, object, raw);
	}
	next = f->key[at >> 1].after[at & 1];
	if (k && next[0] != k) {
		next[1] = next[0];
		next[0] = k;
	}
	return k;
}

static bool is_there(const struct elabels *el, uint32_t name)
{
	for (uint32_t k = 0; k < el->n; k++)
		if (el->v[k].name == name)
			return true;
	return false;
}

enum fields_step fields_take(struct line_fields *f, uint32_t key, struct bytes value)
{
	const struct field_key *k = &f->key[key];

	if (f->seen[k->label] == f->serial || (!f->records && is_there(f->el, k->label)))
		return FIELDS_ODD;
	f->seen[k->label] = f->serial;
	if (k->filter && !f->records) {
		switch (filter_ask(k->filter, value, &f->b->gave_up)) {
		case FILTER_NO:
			return FIELDS_REFUSED;
		case FILTER_ERROR:
			return FIELDS_ODD;
		case FILTER_YES:
			break;
		}
	}
	if (f->n_v == f->cap_v)
		mem_grow(&f->v, &f->cap_v, f->n_v + 1, sizeof(*f->v));
	f->v[f->n_v++] = (struct field_value){ key, value };
	if (k->counts && !f->records && ++f->found == f->hints->n_required)
		return FIELDS_ENOUGH;
	return FIELDS_GO_ON;
}

void fields_set_labels(struct line_fields *f, uint32_t i)
{
	struct elabels *el = &f->b->el[i];
	size_t n = el->n + f->n_v;

	if (f->n_v == 0)
		return;
	if (el->cap < n) {
		struct elabel *v = arena_alloc(&f->b->mem, n * sizeof(*v));

		if (el->n)
			memcpy(v, el->v, el->n * sizeof(*v));
		el->v = v;
		el->cap = (uint32_t)n;
	}
	for (size_t k = 0; k < f->n_v; k++) {
		const struct field_key *key = &f->key[f->v[k].key];

		el->v[el->n++] = (struct elabel){ .value = f->v[k].value,
						  .name = key->label,
						  .kind = LABEL_PARSED,
						  .origin = key->origin & ((1U << 30) - 1) };
	}
}
