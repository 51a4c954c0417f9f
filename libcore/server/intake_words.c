#include "server/intake_words.h"

#include <stdlib.h>

#include "base/mem.h"
#include "ingest/levels.h"
#include "labels/service.h"

enum { WORDS_FIRST = 1024 };

static const struct bytes SERVICE_NAME = { "service_name", 12 };

struct words *words_new(uint64_t serial)
{
	struct words *w = mem_alloc(sizeof(*w));

	w->serial = serial;
	w->held = 1;
	w->streams = streams_new();
	w->packer = wal_packer_new(w->streams);
	return w;
}

struct words *words_hold(struct words *w)
{
	w->held++;
	return w;
}

void words_drop(struct words *w)
{
	if (!w || --w->held)
		return;
	wal_packer_free(w->packer);
	streams_free(w->streams);
	arena_release(&w->scratch);
	free(w->word);
	free(w->facts);
	free(w);
}

size_t words_memory(const struct words *w)
{
	return streams_memory(w->streams) + w->cap * sizeof(*w->word) +
	       w->cap_facts * sizeof(*w->facts);
}

/* Spellings of 128 bits stand for themselves. Who makes two of them equal mixes up streams of his
 * own tenant: the tenant's serial is part of what is hashed last. */
static struct hash128 key_of(const struct words_of *of, const struct push_labels *l)
{
	struct {
		struct hash128 spelling;
		uint64_t service, tenant, form; /* no gaps: all bytes are hashed */
	} k = { hash128(l->spelling), of->service_hash, of->serial, l->form };

	return hash128(bytes_of(&k, sizeof(k)));
}

/* Where the key's place is, if no other took it before. */
static size_t first_place(const struct words *w, const struct hash128 *key)
{
	size_t at;

	memcpy(&at, key->b, sizeof(at));
	return at & (w->cap - 1);
}

static size_t place_of(const struct words *w, const struct hash128 *key)
{
	size_t at = first_place(w, key);

	for (; w->word[at].stream != STREAM_NONE; at = (at + 1) & (w->cap - 1))
		if (hash128_cmp(&w->word[at].key, key) == 0)
			break;
	return at;
}

static void make_room(struct words *w)
{
	struct word *old = w->word;
	size_t old_cap = w->cap;

	if (w->n < w->cap - w->cap / 4)
		return;
	w->cap = old_cap ? 2 * old_cap : WORDS_FIRST;
	w->word = mem_alloc(w->cap * sizeof(*w->word));
	for (size_t i = 0; i < w->cap; i++)
		w->word[i].stream = STREAM_NONE;
	for (size_t i = 0; i < old_cap; i++)
		if (old[i].stream != STREAM_NONE)
			w->word[place_of(w, &old[i].key)] = old[i];
	free(old);
}

static void add_service_name(struct labels *l, const struct words_of *of, struct arena *a)
{
	struct label *v = arena_alloc(a, (l->n + 1) * sizeof(*v));
	struct bytes service = service_name_among(l, of->service, of->n_service);
	size_t at = 0;

	while (at < l->n && bytes_cmp(l->v[at].name, SERVICE_NAME) < 0)
		at++;
	if (l->n) {
		memcpy(v, l->v, at * sizeof(*v));
		memcpy(v + at + 1, l->v + at, (l->n - at) * sizeof(*v));
	}
	v[at] = (struct label){ SERVICE_NAME, service };
	*l = (struct labels){ v, l->n + 1 };
}

static void note_facts(struct words *w, uint32_t stream)
{
	struct word_facts f = { 0 };
	struct labels l = streams_labels(w->streams, stream, &w->scratch);

	f.level = level_of_labels(&l);
	for (size_t i = 0; i < l.n; i++) {
		if (l.v[i].name.n > f.longest_name)
			f.longest_name = (uint32_t)l.v[i].name.n;
		if (l.v[i].value.n > f.longest_value)
			f.longest_value = (uint32_t)l.v[i].value.n;
		f.n_names += !bytes_eq(l.v[i].name, SERVICE_NAME);
	}
	mem_grow(&w->facts, &w->cap_facts, (size_t)stream + 1, sizeof(*w->facts));
	w->facts[stream] = f;
	w->n_facts = (size_t)stream + 1;
}

void words_of_init(struct words_of *of)
{
	of->service_hash = 0;
	for (size_t i = 0; i < of->n_service; i++)
		of->service_hash = of->service_hash * 31 + hash64(bytes_str(of->service[i]));
}

/* A spelling that was not seen before. */
static int learn(struct words *w, const struct words_of *of, const struct push_labels *spelled,
		 uint32_t *ret, struct err *e)
{
	struct labels l = { 0 };

	arena_reset(&w->scratch);
	if (push_labels_parse(spelled, &w->scratch, &l, e) < 0)
		return -1;
	if (of->n_service && !labels_get_bytes(&l, SERVICE_NAME).p)
		add_service_name(&l, of, &w->scratch);
	if (l.n == 0)
		return 1;
	if (labels_check(&l, e) < 0)
		return err_wrap(e, "couldn't parse labels");
	if (streams_add(w->streams, of->tenant, &l, ret, e) < 0)
		return -1;
	if (*ret >= w->n_facts)
		note_facts(w, *ret);
	return 0;
}

struct hash128 words_expect(const struct words *w, const struct words_of *of,
			    const struct push_labels *l)
{
	struct hash128 key = key_of(of, l);

	if (w->cap) {
		const struct word *place = &w->word[first_place(w, &key)];

		__builtin_prefetch(place);
		__builtin_prefetch(&place->stream); /* some lie across two lines */
	}
	return key;
}

int words_stream(struct words *w, const struct words_of *of, const struct push_labels *l,
		 const struct hash128 *key, uint32_t *ret, struct err *e)
{
	uint32_t stream;
	size_t at;
	int rc;

	make_room(w);
	at = place_of(w, key);
	if (w->word[at].stream != STREAM_NONE) {
		*ret = w->word[at].stream;
		return 0;
	}
	rc = learn(w, of, l, &stream, e);
	if (rc != 0)
		return rc;
	w->word[at] = (struct word){ *key, stream };
	w->n++;
	*ret = stream;
	return 0;
}

void words_add_text(struct words *w, uint32_t stream, struct buf *out)
{
	struct labels l;

	arena_reset(&w->scratch);
	l = streams_labels(w->streams, stream, &w->scratch);
	labels_add_text(out, &l);
}
