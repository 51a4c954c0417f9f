/*
 * The registry: families by name, the series of each by the text of its labels, which is at once
 * its key, its place in the order and what is written. Series are never taken out, so a pointer to
 * one stays good and its value is changed by atomics alone.
 */
#include "metrics/metrics.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "metrics/registry.h"

struct collector {
	metrics_collect_fn *fn;
	void *data;
};

struct metrics {
	pthread_mutex_t lock; /* all that follows, but not the values of series */
	struct metrics_group **group;
	size_t n_groups, cap_groups;
	struct map by_name;
	struct collector *collector;
	size_t n_collectors, cap_collectors;
	struct buf key;		    /* scratch */
	pthread_mutex_t collecting; /* held while collectors run; taken before lock */
};

struct metrics *metrics_new(void)
{
	struct metrics *m = mem_alloc(sizeof(*m));

	pthread_mutex_init(&m->lock, NULL);
	pthread_mutex_init(&m->collecting, NULL);
	return m;
}

static void group_free(struct metrics_group *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->series[i]);
	free(g->series);
	map_release(&g->by_labels);
	free(g);
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n_groups; i++)
		group_free(m->group[i]);
	free(m->group);
	free(m->collector);
	map_release(&m->by_name);
	buf_release(&m->key);
	pthread_mutex_destroy(&m->collecting);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

/* Adds the series that m->key spells. */
static struct metrics_series *add_series(struct metrics *m, struct metrics_group *g, uint64_t hash)
{
	size_t n_buckets = g->family->type == METRICS_HISTOGRAM ? g->family->n_buckets + 1 : 0;
	size_t n = sizeof(struct metrics_series) + n_buckets * sizeof(_Atomic uint64_t);
	struct metrics_series *s = mem_alloc(n + m->key.n);

	if (m->key.n)
		memcpy((char *)s + n, m->key.p, m->key.n);
	s->family = g->family;
	s->labels = bytes_of((char *)s + n, m->key.n);
	mem_grow(&g->series, &g->cap, g->n + 1, sizeof(struct metrics_series *));
	map_put(&g->by_labels, hash, s->labels, (uint32_t)g->n);
	g->series[g->n++] = s;
	return s;
}

static struct metrics_series *find_series(const struct metrics *m, const struct metrics_group *g,
					  uint64_t *ret_hash)
{
	uint32_t at =
		map_get(&g->by_labels, *ret_hash = hash64(buf_bytes(&m->key)), buf_bytes(&m->key));

	return at == MAP_NONE ? NULL : g->series[at];
}

static void spell_labels(struct buf *key, const struct metrics_family *f, const struct bytes *value)
{
	buf_reset(key);
	for (size_t i = 0; f->label && f->label[i]; i++) {
		assert(i < METRICS_LABELS_MAX);
		metrics_add_label(key, f->label[i], value ? value[i] : bytes_str(METRICS_OTHER));
	}
}

static struct metrics_group *group_of(struct metrics *m, const struct metrics_family *f)
{
	struct bytes name = bytes_str(f->name);
	uint64_t hash = hash64(name);
	uint32_t at = map_get(&m->by_name, hash, name);
	struct metrics_group *g;

	if (at != MAP_NONE) {
		assert(m->group[at]->family == f);
		return m->group[at];
	}
	g = mem_alloc(sizeof(*g));
	g->family = f;
	mem_grow(&m->group, &m->cap_groups, m->n_groups + 1, sizeof(struct metrics_group *));
	map_put(&m->by_name, hash, name, (uint32_t)m->n_groups);
	m->group[m->n_groups++] = g;
	if (!f->label || !f->label[0]) {
		buf_reset(&m->key);
		add_series(m, g, hash64(buf_bytes(&m->key)));
	}
	return g;
}

void metrics_register(struct metrics *m, const struct metrics_family *f)
{
	pthread_mutex_lock(&m->lock);
	group_of(m, f);
	pthread_mutex_unlock(&m->lock);
}

struct metrics_series *metrics_get(struct metrics *m, const struct metrics_family *f,
				   const struct bytes *value)
{
	struct metrics_group *g;
	struct metrics_series *s;
	uint64_t hash;

	pthread_mutex_lock(&m->lock);
	g = group_of(m, f);
	spell_labels(&m->key, f, value);
	s = find_series(m, g, &hash);
	if (!s && g->n >= METRICS_SERIES_MAX) {
		spell_labels(&m->key, f, NULL);
		s = find_series(m, g, &hash);
	}
	if (!s)
		s = add_series(m, g, hash);
	pthread_mutex_unlock(&m->lock);
	return s;
}

static void add_double(_Atomic double *to, double by)
{
	double was = atomic_load_explicit(to, memory_order_relaxed);

	while (!atomic_compare_exchange_weak_explicit(to, &was, was + by, memory_order_relaxed,
						      memory_order_relaxed))
		;
}

void metrics_add(struct metrics_series *s, double by)
{
	assert(s->family->type != METRICS_HISTOGRAM &&
	       (s->family->type != METRICS_COUNTER || by >= 0));
	add_double(&s->value, by);
}

void metrics_set(struct metrics_series *s, double to)
{
	assert(s->family->type != METRICS_HISTOGRAM);
	atomic_store_explicit(&s->value, to, memory_order_relaxed);
}

double metrics_value(const struct metrics_series *s)
{
	assert(s->family->type != METRICS_HISTOGRAM);
	return atomic_load_explicit(&s->value, memory_order_relaxed);
}

void metrics_observe_n(struct metrics_series *s, double v, uint64_t n)
{
	const struct metrics_family *f = s->family;
	size_t i = 0;

	assert(f->type == METRICS_HISTOGRAM);
	while (i < f->n_buckets && v > f->bucket[i])
		i++;
	atomic_fetch_add_explicit(&s->bucket[i], n, memory_order_relaxed);
	add_double(&s->value, v * (double)n);
}

void metrics_observe(struct metrics_series *s, double v)
{
	metrics_observe_n(s, v, 1);
}

void metrics_on_collect(struct metrics *m, metrics_collect_fn *fn, void *data)
{
	pthread_mutex_lock(&m->lock);
	mem_grow(&m->collector, &m->cap_collectors, m->n_collectors + 1, sizeof(*m->collector));
	m->collector[m->n_collectors++] = (struct collector){ fn, data };
	pthread_mutex_unlock(&m->lock);
}

void metrics_off_collect(struct metrics *m, metrics_collect_fn *fn, const void *data)
{
	size_t n = 0;

	pthread_mutex_lock(&m->collecting);
	pthread_mutex_lock(&m->lock);
	for (size_t i = 0; i < m->n_collectors; i++)
		if (m->collector[i].fn != fn || m->collector[i].data != data)
			m->collector[n++] = m->collector[i];
	m->n_collectors = n;
	pthread_mutex_unlock(&m->lock);
	pthread_mutex_unlock(&m->collecting);
}

/* The i-th; false when there are no more. */
static bool collector_at(struct metrics *m, size_t i, struct collector *ret)
{
	bool there;

	pthread_mutex_lock(&m->lock);
	there = i < m->n_collectors;
	if (there)
		*ret = m->collector[i];
	pthread_mutex_unlock(&m->lock);
	return there;
}

/* All families as they are now, to be written without the lock: series stay where they are. */
static struct metrics_group *snapshot(struct metrics *m, size_t *ret_n)
{
	struct metrics_group *v;

	pthread_mutex_lock(&m->lock);
	v = mem_alloc((m->n_groups + 1) * sizeof(*v));
	for (size_t i = 0; i < m->n_groups; i++) {
		const struct metrics_group *g = m->group[i];

		v[i] = (struct metrics_group){ .family = g->family, .n = g->n };
		v[i].series = mem_alloc((g->n + 1) * sizeof(struct metrics_series *));
		if (g->n)
			memcpy(v[i].series, g->series, g->n * sizeof(struct metrics_series *));
	}
	*ret_n = m->n_groups;
	pthread_mutex_unlock(&m->lock);
	return v;
}

void metrics_write(struct metrics *m, struct buf *out)
{
	struct metrics_group *v;
	struct collector c;
	size_t n;

	pthread_mutex_lock(&m->collecting);
	for (size_t i = 0; collector_at(m, i, &c); i++)
		c.fn(m, c.data);
	pthread_mutex_unlock(&m->collecting);
	v = snapshot(m, &n);
	metrics_write_groups(v, n, out);
	for (size_t i = 0; i < n; i++)
		free(v[i].series);
	free(v);
}
