/*
 * From labels as pushes spell them to the stream's number and what limits ask of it: each spelling
 * is parsed once. What is known grows with every new label set, so it is forgotten as a whole when
 * it takes too much: batches that were filled with it hold it until they are packed. Private to the
 * intake.
 */
#ifndef SERVER_INTAKE_WORDS_H
#define SERVER_INTAKE_WORDS_H

#include <stdatomic.h>

#include "entry/streams.h"
#include "push/push.h"
#include "wal/pack.h"

/* What lokid-ingest keeps of streams at most, and so do we. */
enum { WORDS_MEMORY_MAX = 48 << 20 };

/* Of a stream: what its labels mean for limits and for its entries. */
struct word_facts {
	struct bytes level; /* that its labels give to its entries, or empty */
	uint32_t longest_name, longest_value;
	uint32_t n_names; /* without service_name */
};

struct word {
	struct hash128 key;
	uint32_t stream; /* STREAM_NONE: a free place */
};

/* Filled by one thread at a time. Streams and packer may be used by another for numbers that it was
 * told of. */
struct words {
	uint64_t serial; /* no two have the same */
	atomic_uint held;
	struct streams *streams;
	struct wal_packer *packer;
	struct word *word;
	size_t n, cap;
	struct word_facts *facts; /* by stream */
	size_t n_facts, cap_facts;
	struct arena scratch;
};

struct words *words_new(uint64_t serial); /* held once */
struct words *words_hold(struct words *w);
void words_drop(struct words *w); /* NULL: nothing */
size_t words_memory(const struct words *w);

/* What spellings of a push depend on. */
struct words_of {
	struct bytes tenant;
	uint64_t serial; /* the tenant's: no two ever had the same */
	/* Labels that become service_name where there is none; without any, none is added. */
	const char *const *service;
	size_t n_service;
	uint64_t service_hash; /* words_of_init */
};

void words_of_init(struct words_of *of);

/*
 * The key of these labels. The memory where they would be found is asked for, and comes while the
 * caller does something else: with very many streams it hardly ever lies in a cache.
 */
struct hash128 words_expect(const struct words *w, const struct words_of *of,
			    const struct push_labels *l);

/*
 * The stream of these labels, whose key it is. 1 when there is no label at all (*ret is then
 * untouched). Errors: those of push_labels_parse; ERR_USAGE, bad labels; ERR_LIMIT, too many
 * streams.
 */
MUST_CHECK int words_stream(struct words *w, const struct words_of *of, const struct push_labels *l,
			    const struct hash128 *key, uint32_t *ret, struct err *e);

/* {a="b"} */
void words_add_text(struct words *w, uint32_t stream, struct buf *out);

#endif
