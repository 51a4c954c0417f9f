#include "query/fetch.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "query/load.h"

enum {
	THREADS = 2, /* so that one's requests are under way while the other's answers come */
	WINDOW = 32 << 20,
	WINDOW_FIRST = 2 << 20, /* when the scan may end soon */
	BATCH = 8 << 20,
	READS_MAX = 4096, /* of a batch */
};

enum state { IDLE, COMING, HERE, FAILED, GONE };

struct item {
	const struct piece *piece;
	enum state state;
	uint32_t uses; /* units that are still to come */
	size_t n[FETCH_PARTS];
	char *p; /* the parts one after another, when HERE */
	struct err *err;
};

struct fetch {
	const struct plan *plan;
	struct item *item;
	size_t n_items;
	uint32_t *item_of; /* by number of a piece; MAP_NONE: it is not fetched */

	pthread_mutex_t lock; /* guards what follows, and states and uses of items */
	pthread_cond_t changed;
	size_t next;   /* items before it were looked at */
	uint64_t held; /* bytes of items COMING or HERE */
	uint64_t window;
	bool stop;
	unsigned n_threads;
	pthread_t thread[THREADS];
};

static size_t size_of(const struct item *it)
{
	return it->n[FETCH_HEAD] + it->n[FETCH_BLOCK];
}

/* ---- what is fetched ---- */

/* Ranges of which several pieces need all, and which item has them. */
struct shared {
	struct map items;
	struct arena keys;
};

/* Of what several pieces lie in: the item that has it already, or MAP_NONE, and then it is number
 * `next`. */
static uint32_t find_shared(struct shared *s, const struct store_read *v, uint32_t next)
{
	struct {
		const struct store_file *file;
		uint64_t off;
	} key = { v->file, v->off };
	struct bytes k = bytes_of(&key, sizeof(key));
	uint64_t hash = hash64(k);
	uint32_t at = map_get(&s->items, hash, k);

	if (at == MAP_NONE)
		map_put(&s->items, hash, arena_copy(&s->keys, k), next);
	return at;
}

static void note(struct fetch *f, struct shared *shared, const struct piece *p)
{
	size_t number = (size_t)(p - f->plan->piece);
	struct store_read v[FETCH_PARTS];
	struct item *it;

	if (f->item_of[number] == MAP_NONE) {
		p->source->ops->where(p->source, p, v);
		if (v[FETCH_BLOCK].n == 0)
			f->item_of[number] =
				find_shared(shared, &v[FETCH_HEAD], (uint32_t)f->n_items);
	}
	if (f->item_of[number] == MAP_NONE) {
		f->item_of[number] = (uint32_t)f->n_items;
		it = &f->item[f->n_items++];
		*it = (struct item){ .piece = p };
		for (int i = 0; i < FETCH_PARTS; i++)
			it->n[i] = v[i].n;
	}
	f->item[f->item_of[number]].uses++;
}

static void note_all(struct fetch *f, const struct fetch_opts *o)
{
	const struct plan *p = f->plan;
	struct shared shared = { 0 };

	for (size_t i = 0; i < p->n_units; i++)
		for (uint32_t k = 0; k < p->unit[i].n; k++) {
			const struct piece *x = plan_piece(p, &p->unit[i], k);

			if (x->source->ops->where &&
			    (!o->needed || o->needed(o->data, &p->unit[i], x)))
				note(f, &shared, x);
		}
	map_release(&shared.items);
	arena_release(&shared.keys);
}

/* ---- the threads ---- */

struct batch {
	struct item **item;
	struct store_read *read; /* FETCH_PARTS of each item */
	size_t n, cap, cap_read;
};

/* Takes the next items; held lock. */
static void take_batch(struct fetch *f, struct batch *b)
{
	uint64_t max = f->window / 2 < BATCH ? f->window / 2 : BATCH, bytes = 0;

	b->n = 0;
	while (f->next < f->n_items && bytes < max && b->n < READS_MAX / FETCH_PARTS) {
		struct item *it = &f->item[f->next++];

		if (it->state == IDLE && it->uses == 0)
			it->state = GONE;
		if (it->state != IDLE)
			continue;
		it->state = COMING;
		bytes += size_of(it);
		mem_grow(&b->item, &b->cap, b->n + 1, sizeof(struct item *));
		b->item[b->n++] = it;
	}
	f->held += bytes;
	pthread_cond_broadcast(&f->changed);
}

static void read_batch(struct batch *b)
{
	struct err first;

	mem_grow(&b->read, &b->cap_read, b->n * FETCH_PARTS, sizeof(*b->read));
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		struct store_read *v = &b->read[i * FETCH_PARTS];

		it->p = mem_alloc(size_of(it) + 1);
		it->piece->source->ops->where(it->piece->source, it->piece, v);
		v[FETCH_HEAD].p = it->p;
		v[FETCH_BLOCK].p = it->p + it->n[FETCH_HEAD];
	}
	/* each says for itself whether it came */
	if (b->n && store_read_all(b->read, b->n * FETCH_PARTS, &first) < 0)
		return;
}

static const struct err *fault(const struct store_read v[FETCH_PARTS])
{
	for (int i = 0; i < FETCH_PARTS; i++)
		if (v[i].err.code != ERR_NONE)
			return &v[i].err;
	return NULL;
}

static void drop(struct fetch *f, struct item *it)
{
	f->held -= size_of(it);
	free(it->p);
	it->p = NULL;
	it->state = GONE;
}

/* Held lock. */
static void end_batch(struct fetch *f, struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct err *why = fault(&b->read[i * FETCH_PARTS]);

		it->state = HERE;
		if (why) {
			drop(f, it);
			it->err = mem_alloc(sizeof(*it->err));
			*it->err = *why;
			it->state = FAILED;
		} else if (it->uses == 0) { /* nobody waited for it */
			drop(f, it);
		}
	}
	pthread_cond_broadcast(&f->changed);
}

static void *run(void *data)
{
	struct fetch *f = data;
	struct batch b = { 0 };

	pthread_mutex_lock(&f->lock);
	for (;;) {
		while (!f->stop && f->next < f->n_items && f->held >= f->window)
			pthread_cond_wait(&f->changed, &f->lock);
		if (f->stop || f->next >= f->n_items)
			break;
		take_batch(f, &b);
		pthread_mutex_unlock(&f->lock);
		read_batch(&b);
		pthread_mutex_lock(&f->lock);
		end_batch(f, &b);
	}
	pthread_mutex_unlock(&f->lock);
	free(b.item);
	free(b.read);
	return NULL;
}

static bool has_far(const struct plan *p)
{
	for (size_t i = 0; i < p->n_sources; i++)
		if (p->source[i]->ops->where)
			return true;
	return false;
}

struct fetch *fetch_new(const struct plan *p, const struct fetch_opts *o)
{
	struct fetch *f;

	if (!has_far(p))
		return NULL;
	f = mem_alloc(sizeof(*f));
	f->plan = p;
	f->item = mem_alloc((p->n_pieces + 1) * sizeof(*f->item));
	f->item_of = mem_alloc((p->n_pieces + 1) * sizeof(*f->item_of));
	for (size_t i = 0; i < p->n_pieces; i++)
		f->item_of[i] = MAP_NONE;
	note_all(f, o);
	f->window = o->may_end ? WINDOW_FIRST : WINDOW;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->changed, NULL);
	while (f->n_threads < THREADS && f->n_items &&
	       pthread_create(&f->thread[f->n_threads], NULL, run, f) == 0)
		f->n_threads++;
	return f;
}

void fetch_free(struct fetch *f)
{
	if (!f)
		return;
	pthread_mutex_lock(&f->lock);
	f->stop = true;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
	for (unsigned i = 0; i < f->n_threads; i++)
		pthread_join(f->thread[i], NULL);
	for (size_t i = 0; i < f->n_items; i++) {
		free(f->item[i].p);
		free(f->item[i].err);
	}
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->lock);
	free(f->item);
	free(f->item_of);
	free(f);
}

/* ---- for who decodes ---- */

static int give_fault(const struct err *why, struct err *e)
{
	return err_set(e, why->code, "%s%s", why->code == ERR_NO ? "the pack is gone: " : "",
		       why->msg);
}

static void give_far(const struct load_mem *m, const struct store_read v[FETCH_PARTS],
		     struct bytes ret[FETCH_PARTS])
{
	ret[FETCH_HEAD] = bytes_of(m->far.p, v[FETCH_HEAD].n);
	ret[FETCH_BLOCK] = bytes_of(m->far.p + v[FETCH_HEAD].n, v[FETCH_BLOCK].n);
}

/* Into m->far, where it stays until another piece is read so. */
static int read_now(const struct piece *p, struct load_mem *m, struct bytes ret[FETCH_PARTS],
		    struct err *e)
{
	struct store_read v[FETCH_PARTS];

	p->source->ops->where(p->source, p, v);
	if (m->far_of != p) {
		struct err why;

		m->far_of = NULL;
		buf_reset(&m->far);
		v[FETCH_HEAD].p = buf_reserve(&m->far, v[FETCH_HEAD].n + v[FETCH_BLOCK].n);
		v[FETCH_BLOCK].p = m->far.p + v[FETCH_HEAD].n;
		if (store_read_all(v, FETCH_PARTS, &why) < 0)
			return give_fault(&why, e);
		m->far_of = p;
	}
	give_far(m, v, ret);
	return 0;
}

/* Waits until the threads have it, unless they have no room for it. Held lock. */
static void wait_for(struct fetch *f, const struct item *it)
{
	for (;;) {
		if (it->state == IDLE && f->held >= f->window && f->window < WINDOW) {
			f->window *= 2; /* the scan goes on; so it is worth to be ahead */
			pthread_cond_broadcast(&f->changed);
		}
		if (it->state != COMING &&
		    (it->state != IDLE || f->held >= f->window || f->n_threads == 0))
			return;
		pthread_cond_wait(&f->changed, &f->lock);
	}
}

int fetch_bytes(struct fetch *f, const struct piece *p, struct load_mem *m,
		struct bytes ret[FETCH_PARTS], struct err *e)
{
	uint32_t number = f && m->far_of != p ? f->item_of[p - f->plan->piece] : MAP_NONE;
	const struct err *why = NULL;
	struct item *it;
	bool here;

	if (number == MAP_NONE)
		return read_now(p, m, ret, e);
	it = &f->item[number];
	pthread_mutex_lock(&f->lock);
	wait_for(f, it);
	here = it->state == HERE;
	if (it->state == IDLE)
		it->state = GONE; /* read here; the threads pass it by */
	else if (it->state == FAILED)
		why = it->err;
	pthread_mutex_unlock(&f->lock);
	if (why)
		return give_fault(why, e);
	if (!here)
		return read_now(p, m, ret, e);
	ret[FETCH_HEAD] = bytes_of(it->p, it->n[FETCH_HEAD]);
	ret[FETCH_BLOCK] = bytes_of(it->p + it->n[FETCH_HEAD], it->n[FETCH_BLOCK]);
	return 0;
}

void fetch_doubt(const struct piece *p)
{
	struct store_read v[FETCH_PARTS];

	p->source->ops->where(p->source, p, v);
	for (int i = 0; i < FETCH_PARTS; i++)
		store_file_doubt(v[i].file, v[i].off, v[i].n);
}

int fetch_again(const struct piece *p, struct load_mem *m, struct bytes ret[FETCH_PARTS],
		struct err *e)
{
	fetch_doubt(p);
	m->far_of = NULL;
	return read_now(p, m, ret, e);
}

void fetch_unit_done(struct fetch *f, const struct unit *u)
{
	if (!f)
		return;
	pthread_mutex_lock(&f->lock);
	for (uint32_t k = 0; k < u->n; k++) {
		uint32_t number = f->item_of[plan_piece(f->plan, u, k) - f->plan->piece];
		struct item *it = number == MAP_NONE ? NULL : &f->item[number];

		if (!it || it->uses == 0 || --it->uses)
			continue;
		if (it->state == HERE) {
			drop(f, it);
			pthread_cond_broadcast(&f->changed);
		}
	}
	pthread_mutex_unlock(&f->lock);
}
